"""Everything that is in the house, found there: what is added is tested before it has a test.

Every method, family and study has to do what all of its kind do; such tests of models are in
`tests/formulations/test_catalogue.py`, of commands in `tests/dmoe_models/cli/test_commands.py`.
Nothing here names one of them.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from dmoe_models import Outcome, Solution, methods, read_instance, solve, write_instance
from dmoe_models.solving.catalogue import METHODS
from dmoe_models.studies.cells import needs_data
from dmoe_models.studies.configuration import configuration_file, read_design
from dmoe_models.studies.design import work_of
from dmoe_models.studies.study import find_study, study_help, study_names
from formulations import models
from instances import draw, list_families
from instances.families import FAMILIES

P2 = draw("contended", 19, K=3, T=4, M=6)
"""Three nodes and four tokens; some of them have a choice of experts."""

P1 = P2.replace(assignment=solve(P2, "jesa").solution.assignment)
"""The same with subcarriers given."""

OPTIMUM = {i.problem: solve(i, name).objective for i, name in ((P2, "exact"), (P1, "des"))}

# --------------------------------------------------------------------------------------- methods


def one_line(text: str) -> bool:
    """Whether a text says something, in one line."""
    return bool(text.strip()) and "\n" not in text


@pytest.mark.parametrize("name", METHODS)
def test_a_method_is_documented(name):
    method = METHODS[name]
    assert one_line(method.summary) and set(method.problems) <= {"P1", "P2", "P3"}
    assert method.kind in ("exact", "heuristic", "bound")
    if not method.installed:
        pytest.skip(f"{method.package} is not installed")
    for option, row in methods(name).iterrows():
        assert one_line(row["meaning"]) and row["type"], f"option {option}"


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("instance", [P1, P2], ids=["P1", "P2"])
def test_a_method_returns_decisions_that_can_be_true(name, instance):
    method = METHODS[name]
    if not method.applies_to(instance.problem):
        pytest.skip(f"solves {' and '.join(method.problems)} only")
    if not method.installed:
        pytest.skip(f"{method.package} is not installed")
    before = instance.sha256
    outcome = method.load()(instance)
    assert isinstance(outcome, (Outcome, Solution))
    first, second = (solve(instance, name, seed=7, time_limit=60) for _ in range(2))
    optimum = OPTIMUM[instance.problem]
    assert first.bound <= optimum * (1 + 1e-9)
    assert first.objective == second.objective or math.isnan(first.objective)
    if method.kind == "bound":
        assert math.isfinite(first.bound)
    elif not method.may_miss_relevance:
        assert first.check.ok
    if first.check is not None and first.check.ok:
        assert first.objective >= optimum * (1 - 1e-9)
    if method.kind == "exact":
        assert str(first.status) == "optimal"
        assert first.objective == pytest.approx(optimum, rel=1e-6)
    assert type(instance).sha256.func(instance) == before, "the instance was changed"


# -------------------------------------------------------------------------------------- families


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_is_documented(name):
    assert one_line(FAMILIES[name].description)
    table = list_families(name).set_index("parameter")
    for parameter, row in table.iterrows():
        assert one_line(row["meaning"]), parameter
    assert {"K", "T", "D", "z", "gamma", "strict"} <= set(table.index)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_draws_the_same_again(name, tmp_path):
    first, second = draw(name, 5), draw(name, 5)
    assert first.sha256 == second.sha256
    assert first.metadata["family"] == name and first.metadata["seed"] == 5
    parameters = dict(first.metadata["parameters"])
    assert draw(name, 5, **parameters).sha256 == first.sha256
    for suffix in (".json", ".nc"):
        write_instance(first, tmp_path / f"round{suffix}")
        assert read_instance(tmp_path / f"round{suffix}").sha256 == first.sha256


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_has_sizes(name):
    few = draw(name, 5, K=4, T=5)
    assert (few.K, few.T) == (4, 5)


# --------------------------------------------------------------------------------------- studies


@pytest.mark.parametrize("name", study_names())
@pytest.mark.parametrize("size", ["default", "full"])
def test_a_study_has_configurations(name, size):
    design = read_design(configuration_file(name, size), name)
    assert design.study.name == name and design.cells and design.tasks()


@pytest.mark.parametrize("name", study_names())
def test_a_study_makes_rows_and_tables(name):
    study = find_study(name)
    assert one_line(study.title) and one_line(study_help(name))
    columns = [column.name for column in study.all_columns]
    assert len(set(columns)) == len(columns)
    assert all(one_line(column.meaning) for column in study.all_columns)
    design = read_design(configuration_file(name), name)
    task = next(t for t in design.tasks() if not needs_data(work_of(t.content()).cell))
    work = work_of(task.content())
    rows = list(study.rows(work))
    assert rows and all(set(row) <= set(columns) for row in rows)


def test_tables_of_what_there_is_are_whole():
    for table in (methods(), models(), list_families()):
        assert isinstance(table, pd.DataFrame) and len(table)
        assert not table.astype(object).isna().to_numpy().any()
        assert all(np.unique(table.index, return_counts=True)[1] == 1)
