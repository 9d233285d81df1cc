"""A search finds what is worse, proved, and drawn again by its steps; and it stops when told."""

import itertools
import json
import math
from dataclasses import replace

import pytest

from dmoe_models import DmoeError, InstanceError, MethodError, solve
from dmoe_models.solving.catalogue import METHODS
from instances.families import draw
from instances.library.set_file import read_set
from instances.library.sets import load_set
from instances.search.adversarial import search, write_found
from instances.search.excess import Measured, Target, measure

from shell import assert_refused, call

SMALL = {"K": 3, "T": 4}
JESA = Target("jesa", {"starts": 2, "threads": 1}, runs=3)

PLUGIN = """\
from dmoe_models import Outcome, Solution
import numpy as np


def nothing(instance):
    return Outcome()


def everybody(instance):
    return Solution(np.ones((instance.T, instance.K), dtype=bool), None)
"""


@pytest.fixture(scope="module")
def found():
    return search(JESA, "contended", SMALL, seed=1, draws=4, trials=80)


def test_what_is_found_is_drawn_again_by_its_steps(found):
    spec = found.spec
    assert spec.family == "mutant" and spec.parameters["steps"]
    again = draw("mutant", spec.seed, **spec.parameters)
    assert again.sha256 == found.instance.sha256
    assert again.metadata["parameters"]["base"] == "contended"


def test_it_is_as_bad_as_said_by_another_exact_method(found):
    assert measure(found.instance, JESA) == found.measured
    optimum = solve(found.instance, "exhaustive").objective
    assert found.measured.optimum_j == pytest.approx(optimum, rel=1e-9)
    assert solve(found.instance, "highs-p2-set").objective == pytest.approx(optimum, rel=1e-9)
    for seed, excess in enumerate(found.measured.excesses):
        answer = solve(found.instance, "jesa", seed=seed, starts=2)
        assert answer.check.ok
        assert answer.objective / optimum - 1 == pytest.approx(excess, abs=1e-9)


def test_a_search_gets_worse_and_worse(found):
    trials, excesses = zip(*found.history, strict=True)
    assert list(trials) == sorted(set(trials)) and trials[0] == 0
    assert all(a < b for a, b in itertools.pairwise(excesses))
    assert excesses[-1] > 2 * excesses[0]
    assert found.measured.excess >= 0.99 * excesses[-1]


def test_hardly_a_step_of_it_can_be_spared(found):
    steps = found.spec.parameters["steps"]
    least = 0.99 * found.history[-1][1]
    spared = 0
    for place in range(len(steps)):
        parameters = found.spec.parameters | {"steps": [*steps[:place], *steps[place + 1 :]]}
        shorter = measure(draw("mutant", found.spec.seed, **parameters), JESA)
        spared += shorter is not None and shorter.excess >= least
    # every step was tried, but some before others had gone
    assert spared <= 0.2 * len(steps) < 0.2 * found.history[-1][0]


def test_the_same_seed_finds_the_same():
    first, second = (
        search(Target("top-k"), "rayleigh", SMALL | {"M": 7}, seed=3, draws=3, trials=25)
        for _ in range(2)
    )
    assert first.spec == second.spec and first.history == second.history
    assert first.instance.M == 7
    other = search(Target("top-k"), "rayleigh", SMALL | {"M": 7}, seed=4, draws=3, trials=25)
    assert other.spec != first.spec


def test_p1_is_searched_too():
    found = search(Target("greedy"), "hard-p1", {"K": 5, "T": 3}, draws=4, trials=60)
    assert found.instance.problem == "P1"
    assert found.measured.excess > found.history[0][1]
    assert found.measured.optimum_j == solve(found.instance, "des").objective


def test_the_mean_lets_good_runs_count():
    assert Measured(1.0, (0.5,)).excess == pytest.approx(0.5)
    assert Measured(1.0, (0.0, 1e9)).excess == pytest.approx(1.0)
    assert Measured(1.0, (1.0, 3.0)).excess == pytest.approx(5 / 3)


def test_static_energy_is_left_out():
    instance = draw("uneven", 3, K=3, T=4)
    static = float(instance.static_energy_j.sum())
    measured = measure(instance, Target("top-k"))
    answer = solve(instance, "top-k").objective
    optimum = solve(instance, "exhaustive").objective
    assert static > 0
    assert measured.excess == pytest.approx((answer - optimum) / (optimum - static))


def test_what_is_not_proved_or_not_valid_is_not_taken(tmp_path):
    instance = draw("contended", 0, **SMALL)
    assert measure(instance, JESA) is not None
    assert measure(instance, JESA, least=100.0) is None
    (tmp_path / "mine.py").write_text(PLUGIN)
    for name in ("nothing", "everybody"):
        assert measure(instance, Target(f"{tmp_path / 'mine.py'}:{name}")) is None
    with pytest.raises(InstanceError, match="no valid answer, or no optimum was proved, on 2 dr"):
        search(Target(f"{tmp_path / 'mine.py'}:nothing"), "contended", SMALL, draws=2)
    hasty = replace(JESA, certificate_s=1e-6)  # in which little is proved
    assert measure(draw("contended", 308, K=4, T=8), hasty) is None


def test_a_bound_rejects_without_a_proof(monkeypatch):
    monkeypatch.delitem(METHODS, "exact")  # asking for a proof would fail
    assert measure(draw("tight", 0, **SMALL), JESA, least=3.0) is None


def test_seeds_are_for_methods_that_take_one():
    assert list(Target("jesa", runs=3).seeds) == [0, 1, 2]
    assert list(Target("top-k", runs=3).seeds) == [0]


def test_time_ends_a_search():
    found = search(JESA, "contended", SMALL, draws=1000, trials=10**9, time_limit=1.0)
    assert found.instance.K == 3


def test_the_file_is_a_set(found, tmp_path):
    file = tmp_path / "bad.toml"
    write_found(file, [found, found], JESA)
    chosen = read_set(file)
    assert [spec.note for spec in chosen.specs] == ["jesa-1", "jesa-2"]
    assert {instance.sha256 for instance in load_set(str(file))} == {found.instance.sha256}
    assert f"{100 * found.measured.excess:.2f} % above the optimum" in file.read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((Target("jasa"), "contended", {}), "unknown method 'jasa'"),
        ((JESA, "contendet", {}), "base = 'contendet' is not one of"),
        ((JESA, "contended", {"Q": 3}), "family contended has no parameter 'Q'"),
        ((Target("jesa", {"start": "x"}), "contended", {}), "start = 'x' is not one of"),
        ((Target("exact", {"colour": 3}), "contended", {}), "has no option 'colour'"),
        ((Target("des"), "contended", {}), "method des solves P1"),
    ],
)
def test_wrong_requests_are_refused(arguments, message):
    with pytest.raises(DmoeError, match=message):
        search(*arguments, draws=2, trials=2)


def test_wrong_numbers_are_refused():
    with pytest.raises(MethodError, match="runs = 0 is not a whole number"):
        Target("jesa", runs=0)
    with pytest.raises(MethodError, match="time_limit = 0"):
        Target("jesa", certificate_s=0)
    with pytest.raises(InstanceError, match="trials = -1 is not a whole number of at least 0"):
        search(JESA, "contended", SMALL, trials=-1)


def test_the_command_line(capsys, tmp_path):
    file = tmp_path / "bad.toml"
    words = ["-p", "K=3", "-p", "T=3", "--draws", "3", "--trials", "20", "-o", file]
    said = call(capsys, "library", "search", "top-k", *words, "--count", "2", "-v")
    assert said.status == 0 and f"2 draws in {file}" in said.out
    assert "% above the optimum" in said.err
    assert call(capsys, "library", "build", file, "-o", tmp_path / "bad").status == 0
    assert call(capsys, "library", "verify", file).status == 0
    again = call(capsys, "library", "search", "top-k", *words, "--json")
    (entry,) = json.loads(again.out)
    assert math.isfinite(entry["excess"]) and len(entry["instance_sha256"]) == 64
    assert again.err == ""


def test_the_command_line_refuses_in_one_line(capsys, tmp_path):
    file = tmp_path / "bad.toml"
    search_for = ("library", "search")
    assert_refused(
        call(capsys, *search_for, "jesa", "-o", tmp_path / "bad.json"), "file ends in .toml"
    )
    assert_refused(call(capsys, *search_for, "jasa", "-o", file), "unknown method 'jasa'")
    assert_refused(
        call(capsys, *search_for, "jesa", "--base", "x", "-o", file), "base = 'x' is not one of"
    )
    assert_refused(
        call(capsys, *search_for, "jesa", "--time-limit", "0", "-o", file), "time_limit = 0.0"
    )
    assert not file.exists()


def test_a_function_is_searched_for_like_a_name(tmp_path):
    def top_two(instance):
        return solve(instance, "top-k").solution

    found = search(Target(top_two, runs=1), "rayleigh", SMALL, seed=1, draws=2, trials=2)
    write_found(tmp_path / "bad.toml", [found], Target(top_two, runs=1))
    assert "top_two" in read_set(tmp_path / "bad.toml").title
