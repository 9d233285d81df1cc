"""Solution files: round trips, and every fault named with its file."""

import copy
import json
import math
import os

import numpy as np
import pytest
from file_examples import (
    EXAMPLE_SOLUTION,
    HUGE,
    drop,
    error_of,
    example,
    instances,
    put,
    read_example_solution,
    schema,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from dmoe_models import Solution
from dmoe_models.files.solutions import read_solution, write_solution
from dmoe_models.referee.check import check


@settings(max_examples=60)
@given(instance=instances(), data=st.data())
def test_solution_round_trip(instance, data, tmp_path_factory):
    path = tmp_path_factory.mktemp("trip") / "solution.json"
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    nodes = instance.K
    form = data.draw(st.sampled_from(["assignment", "subcarriers", "neither"]))
    decision = {
        "assignment": {"assignment": rng.integers(-1, instance.M, (nodes, nodes))},
        "subcarriers": {"subcarriers": rng.random(instance.gain.shape) < 0.5},
        "neither": {},
    }[form]
    objective = data.draw(st.none() | st.floats(0, 1e300))
    solution = Solution(rng.random((instance.T, nodes)) < 0.5, **decision, objective=objective)
    write_solution(solution, path, instance)
    schema("solution").validate(json.loads(path.read_text(encoding="utf-8")))
    again = read_solution(path)
    assert again.selection.tolist() == solution.selection.tolist()
    assert again.instance_sha256 == instance.sha256
    assert again.objective == objective
    if form == "subcarriers":
        assert again.subcarriers.tolist() == solution.subcarriers.tolist()
        assert again.assignment is None
    else:
        assert again.assignment.tolist() == solution.assignment_for(instance).tolist()


def test_solutions_are_json(tmp_path):
    assert "use .json" in error_of(read_solution, tmp_path / "a.nc")


SEVERAL = {
    "subcarrier_count": 3,
    "subcarriers": [[[], [1], [0, 2]], [[], [], []], [[], [], []]],
}


def several(**changes):
    def mutate(document):
        del document["assignment"]
        document.update(copy.deepcopy(SEVERAL) | changes)

    return mutate


BROKEN_SOLUTIONS = {
    "another format": (put("format", value="dmoe-instance"), "format = 'dmoe-instance'", True),
    "version 0": (put("version", value=0), "version = 0", True),
    "unknown key": (put("selection", value=[]), "unknown key 'selection'", True),
    "instance missing": (drop("instance"), "key instance is missing", True),
    "hash missing": (drop("instance_sha256"), "key instance_sha256 is missing", True),
    "hash null": (put("instance_sha256", value=None), "instance_sha256 = None", True),
    "hash short": (put("instance_sha256", value="abc"), "instance_sha256 = 'abc'", True),
    "name a number": (put("instance", value=3), "instance = 3", True),
    "experts missing": (drop("experts"), "key experts is missing", True),
    "experts text": (put("experts", value="all"), "experts = 'all' is not a list", True),
    "experts flat": (put("experts", value=[0, 1, 2]), "experts[0] = 0 is not a list", True),
    "expert beyond": (put("experts", 1, 0, value=3), "experts[1][0] = 3 is not an expert", False),
    "expert negative": (put("experts", 1, 0, value=-1), "experts[1][0] = -1", True),
    "expert true": (put("experts", 1, 0, value=True), "experts[1][0] = True", True),
    "expert text": (put("experts", 1, 0, value="2"), "experts[1][0] = '2'", True),
    "expert huge": (put("experts", 1, 0, value=HUGE), "experts[1][0] = an integer", False),
    "expert nested": (put("experts", 1, 0, value=[2]), "experts[1][0] = [2]", True),
    "expert twice": (put("experts", 0, value=[0, 2, 0]), "experts[0][2] = 0 is given twice", True),
    "no assignment": (drop("assignment"), "exactly one of the keys", True),
    "both forms": (lambda d: d.update(SEVERAL), "exactly one of the keys", True),
    "assignment null": (put("assignment", value=None), "assignment", True),
    "assignment ragged": (put("assignment", 1, value=[1]), "assignment", True),
    "assignment not square": (put("assignment", value=[[-1, 0, 1]] * 2), "(2, 3)", False),
    "assignment text": (put("assignment", 0, 2, value="0"), "assignment[0,2] = '0'", True),
    "assignment half": (put("assignment", 0, 2, value=0.5), "assignment[0,2] = 0.5", True),
    "objective text": (put("objective", value="1e-3"), "objective = '1e-3'", True),
    "objective true": (put("objective", value=True), "objective = True", True),
    "objective NaN": (put("objective", value=math.nan), "objective = nan", False),
    "objective huge": (put("objective", value=HUGE), "objective = an integer", False),
    "count alone": (put("subcarrier_count", value=3), "subcarrier_count belongs beside", True),
    "count missing": (lambda d: (several()(d), d.pop("subcarrier_count")), "belongs beside", True),
    "count zero": (several(subcarrier_count=0), "subcarrier_count = 0", True),
    "count enormous": (several(subcarrier_count=10**12), "subcarrier_count = 10000", False),
    "count text": (several(subcarrier_count="3"), "subcarrier_count = '3'", True),
    "subcarrier beyond": (
        several(subcarrier_count=2),
        "subcarriers[0][2][1] = 2 is not a subcarrier (0 to 1)",
        False,
    ),
    "subcarrier twice": (
        several(subcarriers=[[[], [1, 1]], [[], []]]),
        "subcarriers[0][1][1] = 1 is given twice",
        True,
    ),
    "subcarriers flat": (several(subcarriers=[[0, 1], [1, 0]]), "subcarriers[0][0] = 0", True),
    "subcarriers ragged": (several(subcarriers=[[[], [1]], [[]]]), "subcarriers[1]: 1", True),
    "subcarriers object": (several(subcarriers={}), "subcarriers = {} is not a list", True),
}


@pytest.mark.parametrize("fault", BROKEN_SOLUTIONS)
def test_broken_solution_file(tmp_path, fault):
    mutate, expected, schema_knows = BROKEN_SOLUTIONS[fault]
    document = copy.deepcopy(EXAMPLE_SOLUTION)
    mutate(document)
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(document))
    text = error_of(read_solution, path)
    assert text.startswith(f"{path}: ")
    assert expected in text
    assert schema("solution").is_valid(document) is not schema_knows


def test_a_solution_with_several_subcarriers(tmp_path):
    document = copy.deepcopy(EXAMPLE_SOLUTION)
    several()(document)
    del document["objective"]
    schema("solution").validate(document)
    path = tmp_path / "several.json"
    path.write_text(json.dumps(document))
    solution = read_solution(path)
    assert np.argwhere(solution.subcarriers).tolist() == [[0, 1, 1], [0, 2, 0], [0, 2, 2]]
    assert solution.subcarriers.shape == (3, 3, 3)
    assert solution.objective is None


def test_solutions_that_cannot_be_written(tmp_path):
    path, good = tmp_path / "s.json", read_example_solution()
    other = example(importance=0.4)
    assert "made for another instance" in error_of(write_solution, good, path, other)
    small = Solution([[True, False]])
    assert "selection: shape (1, 2)" in error_of(write_solution, small, path, example())
    infinite = Solution(good.selection, good.assignment, objective=math.inf)
    assert "objective = inf" in error_of(write_solution, infinite, path, example())
    assert os.listdir(tmp_path) == []


def test_p1_solution_is_written_with_the_instances_assignment(tmp_path):
    given_assignment = EXAMPLE_SOLUTION["assignment"]
    instance = example(assignment=given_assignment)
    write_solution(Solution(read_example_solution().selection), tmp_path / "s.json", instance)
    solution = read_solution(tmp_path / "s.json")
    assert solution.assignment.tolist() == given_assignment
    assert check(instance, solution).ok
    assert check(example(), solution).counts == {"instance": 1}
