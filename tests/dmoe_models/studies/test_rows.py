"""What a task's rows say agrees with what the methods say, one by one."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from dmoe_models import Instance, solve
from dmoe_models.layers.rounds import run_rounds
from dmoe_models.solving.variants import variants
from dmoe_models.studies.asymptotics.rows import distinct_bests, distinct_probability
from dmoe_models.studies.cells import draw_cell, draw_layers
from dmoe_models.studies.measuring import Optimum, attempt, rounded
from dmoe_models.studies.optimality.rows import (
    RELAXATIONS,
    _best_proved,
    subsets,
    with_cheapest_assignment,
)
from dmoe_models.studies.study import Work, find_study, study_names
from instances.families import draw


def table(study: str, methods, cell, seeds=range(3)) -> pd.DataFrame:
    """Rows of a study; their columns are those that the study declares."""
    chosen = find_study(study)
    rows = list(chosen.rows(Work(cell, seeds, variants(methods), 20.0)))
    declared = {column.name for column in chosen.all_columns}
    for row in rows:
        assert set(row) | {"cell", "reason"} <= declared, set(row) - declared
    return pd.DataFrame(rows)


# ---------------------------------------------------------------------------------- asymptotics


def test_asymptotics():
    cell = {"family": "contended", "K": 3, "tokens_per_node": 2, "subcarriers_per_link": 2}
    found = table("asymptotics", ["jesa", {"method": "jesa", "label": "ten", "starts": 10}], cell)
    assert found["method"].tolist() == ["jesa", "ten"] * 3
    for seed in range(3):
        instance = draw("contended", seed, K=3, T=6, M=12)
        row = found[found["seed"] == seed].iloc[0]
        exact, jesa = solve(instance, "exact", seed=seed), solve(instance, "jesa", seed=seed)
        assert (row["links"], row["subcarriers"], row["tokens"]) == (6, 12, 6)
        assert row["certified"] and row["optimum_j"] == pytest.approx(exact.objective, rel=1e-9)
        above = jesa.objective / exact.objective - 1  # no static energy here
        assert row["excess"] == pytest.approx(above, abs=2e-9)
        assert row["optimal"] == (above <= 1e-9)
        bound = solve(instance, "lower-bound").bound
        assert row["bound_distance"] == pytest.approx(1 - bound / exact.objective, abs=2e-9)


def test_where_there_is_no_solution_nothing_is_optimal():
    cell = {"family": "scarce", "K": 3, "T": 6, "M": 1, "D": 1}
    row = table("asymptotics", ["jesa"], cell, range(1)).iloc[0]
    assert row["status"] == "infeasible" and not row["certified"]
    assert row["optimal"] is None and math.isnan(row["excess"]) and math.isnan(row["optimum_j"])


def test_distinct_bests_and_their_probability():
    drawn = [draw("rayleigh", seed, K=3, T=6, M=12) for seed in range(400)]
    share = np.mean([distinct_bests(instance) for instance in drawn])
    expected = distinct_probability(6, 12)
    assert expected == pytest.approx(12 * 11 * 10 * 9 * 8 * 7 / 12**6)
    assert abs(share - expected) < 4 * math.sqrt(expected * (1 - expected) / 400)
    assert not any(distinct_bests(draw("reciprocal", seed, K=3)) for seed in range(20))
    assert distinct_probability(6, 5) == 0.0 and distinct_probability(1, 1) == 1.0
    assert distinct_probability(6, 6) == pytest.approx(math.factorial(6) / 6**6)


# ----------------------------------------------------------------------------------- optimality


def test_methods():
    methods = ["exact", "jesa", {"method": "top-k", "k": 1, "label": "Top-1"}]
    methods.append({"method": "exhaustive", "limit": 1, "label": "declines"})
    found = table("optimality", methods, {"part": "methods", "family": "uneven", "K": 4})
    exact = found[found["method"] == "exact"]
    assert exact["optimal"].all() and (exact["excess"] == 0).all()
    one = found[found["method"] == "Top-1"]
    assert (one["experts_per_token"] == 1).all()
    assert one["excess"].isna().tolist() == (~one["valid"].astype(bool)).tolist()
    declined = found[found["method"] == "declines"]
    assert set(declined["status"]) == {"not run"} and declined["optimal"].isna().all()
    assert declined["reason"].str.contains("more than 1 minimal").all()


def test_relaxations():
    cell = {"part": "relaxations", "family": "contended", "K": 3, "T": 6, "gamma": 0.3}
    found = table("optimality", ["exact"], cell)
    distance = found.pivot(index="seed", columns="method", values="distance")[list(RELAXATIONS)]
    assert (distance >= 0).all(axis=None) and (distance < 1).all(axis=None)
    assert (distance["LP of sets"] <= distance["LP aggregated"] + 1e-7).all()
    instance = draw("contended", 2, K=3, T=6, gamma=0.3)
    bound = found[(found["seed"] == 2) & (found["method"] == "LB")]["bound_j"].iloc[0]
    assert bound == pytest.approx(solve(instance, "lower-bound").bound, rel=1e-11)


@pytest.mark.parametrize("family", ["rayleigh", "hard-p1"])
def test_selection(family):
    methods = ["des", {"method": "des", "bound": "paper"}, "exhaustive", "pyomo-p1-milp"]
    cell = {"part": "selection", "family": family, "K": 5, "T": 6, "D": 3}
    found = table("optimality", methods, cell)
    assert (found["problem"] == "P1").all() and found["valid"].all()
    assert found["certified"].all() and (found["excess"] == 0).all()
    assert (found["subsets"] == 6 * (5 + 10 + 10)).all()
    nodes = found.pivot(index="seed", columns="method", values="nodes")
    assert (nodes["des"] <= nodes["des (bound=paper)"]).all() and (nodes["des"] > 0).all()


def test_a_given_assignment_is_kept():
    given = draw("hard-p1", 1)
    assert with_cheapest_assignment(given) is given
    assert subsets(4, 2) == 10
    assert isinstance(with_cheapest_assignment(draw("rayleigh", 1)), Instance)


# -------------------------------------------------------------------------------------- savings


def test_savings_are_those_of_the_protocol():
    methods = ["jesa", "exact", "top-k", "lower-bound"]
    cell = {"family": "rayleigh", "K": 3, "T": 6, "layers": 2, "gamma0": 0.6}
    found = table("savings", methods, cell, range(2, 3))
    rounds = run_rounds(draw_layers(cell, 2), methods, seed=2).layers
    assert found["layer"].tolist() == rounds["layer"].tolist()
    assert found["method"].tolist() == rounds["method"].tolist()
    solved = rounds["energy_j"].notna()
    for name in ("energy_j", "transmission_j", "computation_j", "experts_per_token"):
        np.testing.assert_allclose(found[name][solved], rounds[name][solved], rtol=1e-11)
    bounds = found[found["method"] == "lower-bound"]
    np.testing.assert_allclose(bounds["energy_j"], rounds["bound_j"][~solved], rtol=1e-11)
    assert found[found["method"] == "exact"]["certified"].all()


# -------------------------------------------------------------------------------- small things


def test_excess_and_distance():
    optimum = Optimum(3.0, 1.0, True, "optimal", 0.0, 0.0, {})
    assert optimum.excess(4.0) == 0.5 and optimum.distance(2.0) == 0.5
    assert optimum.excess(3.0 + 1e-9) == 0.0 and optimum.excess(3.0 - 1e-9) == 0.0
    assert math.isnan(Optimum(math.nan, 0.0, False, "unknown", 0.0, 0.0, {}).excess(1.0))
    free = Optimum(1.0, 1.0, True, "optimal", 0.0, 0.0, {})
    assert free.excess(1.0) == 0.0 and free.excess(2.0) == math.inf
    assert rounded(1.23456789012345e-4) == 1.23456789012e-4
    assert math.isnan(rounded(math.nan)) and rounded(math.inf) == math.inf


def test_every_column_says_what_it_is():
    for name in study_names():
        study = find_study(name)
        assert study.name == name and study.title
        assert all(column.meaning for column in study.all_columns)


def test_a_cell_is_the_familys_draw():
    assert draw_cell({"family": "rayleigh", "K": 3}, 5) == draw("rayleigh", 5, K=3)


def test_a_method_without_an_answer_has_no_energy():
    """A bound is the energy of a bound alone: what JESA did not find saves nothing."""
    cell = {"family": "scarce", "K": 3, "tokens_per_node": 4, "gamma0": 0.7, "layers": 1}
    found = table("savings", ["jesa", "lower-bound"], cell, range(20)).set_index("method")
    without = found.loc["jesa"][found.loc["jesa", "experts_per_token"].isna()]
    assert len(without) > 0 and without["energy_j"].isna().all()
    assert np.isfinite(found.loc["lower-bound", "energy_j"].astype(float)).any()
    assert found.loc["lower-bound", "transmission_j"].isna().all()


def test_the_least_of_what_was_proved_is_the_optimum():
    """A proof that is wrong is not taken for the optimum because it came first."""
    instance = with_cheapest_assignment(draw("rayleigh", 1, K=4, T=6))
    right = attempt(instance, variants(["des"])[0], 0, 10.0)
    wrong = replace(
        right, result=replace(right.result, objective=2 * right.energy_j, bound=2 * right.energy_j)
    )
    for tries in ([wrong, right], [right, wrong]):
        optimum = _best_proved(instance, tries)
        assert optimum.energy_j == right.energy_j and optimum.excess(wrong.energy_j) > 0.5
