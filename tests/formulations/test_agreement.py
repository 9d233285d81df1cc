"""Every exact method gives the same status and the same optimum, enumeration first of all."""

from __future__ import annotations

import math

import pytest

from dmoe_models import Status, solve

from tiny import FEATURES, tiny_instance
from volumes import seeds

RELATIVE = 1e-6
INSTANCES = 340  # 34 of every feature
TRIED = len(seeds(INSTANCES, 68))  # about 7 of every feature, all in a campaign
CHUNK = 17

P2_METHODS = [
    ("pyomo-p2-milp", {"solver": "highs"}),
    ("pyomo-p2-milp", {"solver": "scip"}),
    ("pyomo-p2-milp", {"solver": "highs", "disaggregated": True, "reduce": False}),
    ("pyomo-p2-milp", {"solver": "scip", "disaggregated": True}),
    ("pyomo-p2-set", {"solver": "highs"}),
    ("pyomo-p2-set", {"solver": "scip", "reduce": False}),
    ("cvxpy-p2-milp", {"solver": "highs"}),
    ("cvxpy-p2-milp", {"solver": "highs", "disaggregated": True}),
    ("cvxpy-p2-set", {"solver": "highs"}),
    ("cvxpy-p2-set", {"solver": "scip"}),
]
P1_METHODS = [
    ("des", {}),
    ("pyomo-p1-milp", {"solver": "highs"}),
    ("pyomo-p1-milp", {"solver": "scip"}),
    ("cvxpy-p1-milp", {"solver": "highs"}),
    ("cvxpy-p1-milp", {"solver": "scip"}),
]


def chunks(number: int):
    return [range(start, min(start + CHUNK, number)) for start in range(0, number, CHUNK)]


def require_agreement(instance, methods):
    truth = solve(instance, "exhaustive")
    assert truth.status in (Status.OPTIMAL, Status.INFEASIBLE)
    for method, options in methods:
        result = solve(instance, method, **options)
        told = f"{instance.name}: {method} {options} says {result!r}, enumeration {truth!r}"
        assert result.status is truth.status, told
        if truth.status is Status.OPTIMAL:
            assert math.isclose(result.objective, truth.objective, rel_tol=RELATIVE), told
            own = result.details["own_bound"]  # before LB, which decides P1, is attached
            assert own <= truth.objective * (1 + RELATIVE), told
            assert own >= truth.objective - RELATIVE * abs(truth.objective), told
            assert result.check is not None and result.check.ok, told
    return truth.status


@pytest.mark.parametrize("own", chunks(TRIED), ids=lambda own: f"{own[0]}-{own[-1]}")
def test_p2_methods_agree_with_enumeration(own):
    for seed in own:
        require_agreement(tiny_instance(seed, max_nodes=4), P2_METHODS)


@pytest.mark.parametrize("own", chunks(TRIED), ids=lambda own: f"{own[0]}-{own[-1]}")
def test_p1_methods_agree_with_enumeration(own):
    for seed in own:
        require_agreement(tiny_instance(seed, given=True, max_nodes=4), P1_METHODS)


def test_instances_of_the_comparison_have_what_they_should():
    """Infeasible ones, capped tokens, near misses and the rest are really among them."""
    instances = [tiny_instance(seed, max_nodes=4) for seed in range(INSTANCES)]
    infeasible = sum(solve(i, "exhaustive").status is Status.INFEASIBLE for i in instances)
    assert infeasible >= 20
    assert sum(bool(i.capped.any()) for i in instances) >= 30
    assert sum(len(i.links) > i.M for i in instances) >= 15
    assert sum(i.strict_relevance for i in instances) >= 20
    assert {name.split("-", 1)[1].rsplit("-", 1)[0] for name in (i.name for i in instances)} == set(
        FEATURES
    )


@pytest.mark.parametrize("own", chunks(36), ids=lambda own: f"{own[0]}-{own[-1]}")
def test_p2_as_written_agrees_although_links_may_own_several_subcarriers(own):
    """Fact 1 (one subcarrier suffices), verified by a solver that may use several."""
    for seed in own:
        instance = tiny_instance(seed)
        instance = instance.replace(gain=instance.gain[:, :, :6])
        require_agreement(instance, [("pyomo-p2-minlp", {"solver": "scip"})])
