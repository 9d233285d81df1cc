"""P3 by models: the assignment problem of a given selection, solved to a vertex."""

from __future__ import annotations

import numpy as np
import pytest

from dmoe_models import MethodError, solve
from instances.families import draw

from tiny import tiny_instance


def test_p3_takes_a_selection_and_equals_the_assignment_problem():
    for seed in range(30):
        instance = tiny_instance(10 * seed, max_nodes=4)
        greedy = solve(instance, "greedy")
        if greedy.solution is None:
            continue
        for method in ("pyomo-p3", "cvxpy-p3"):
            for solver in ("highs", "scip"):
                result = solve(instance, method, selection=greedy.solution.selection, solver=solver)
                assert result.objective == pytest.approx(greedy.objective, rel=1e-9)
                assert result.bound == solve(instance, "lower-bound").bound
                assert result.details["p3_status"] == "optimal"


def test_p3_on_ties_still_returns_a_vertex():
    instance = draw("ties", 1, K=4, T=8)
    for method in ("pyomo-p3", "cvxpy-p3"):
        assert solve(instance, method).check.ok


def test_p3_without_enough_subcarriers_found_none():
    instance = draw("scarce", 2, K=3, T=4, M=2)
    everything = np.ones((instance.T, instance.K), dtype=bool)
    for method in ("pyomo-p3", "cvxpy-p3"):
        result = solve(instance, method, selection=everything)
        assert result.solution is None
        assert result.details["p3_status"] == "infeasible"


def test_p3_refuses_a_selection_of_the_wrong_shape_or_over_a_missing_link():
    instance = draw("rayleigh", 1, K=3, T=4)
    with pytest.raises(ValueError, match="selection: shape"):
        solve(instance, "pyomo-p3", selection=np.ones((2, 2), dtype=bool))
    gain = np.array(instance.gain)
    gain[0, 1] = 0
    with pytest.raises(MethodError, match=r"link \(0, 1\) carries tokens but has no gain"):
        solve(
            instance.replace(gain=gain),
            "cvxpy-p3",
            selection=np.ones((instance.T, instance.K), dtype=bool),
        )
