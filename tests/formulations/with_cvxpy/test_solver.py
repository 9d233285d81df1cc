"""CVXPY's solvers: who is known, and what their answers mean."""

from __future__ import annotations

import cvxpy as cp
import pytest

from dmoe_models import MethodError, solve
from formulations.solver_answer import Health
from formulations.with_cvxpy import models
from formulations.with_cvxpy.solver import solve as solve_cvxpy
from instances.families import draw


def line(text):
    return pytest.raises(MethodError, match=text)


@pytest.mark.parametrize("solver", ["highs", "scip", "scipy"])
def test_outcomes_are_told_apart(solver):
    instance = draw("rayleigh", 1, K=3, T=4)
    answer = solve_cvxpy(models.p2_milp(instance), solver)
    assert answer.health is Health.OPTIMAL
    assert answer.has_solution
    impossible = draw("scarce", 2, K=3, T=4, M=2)
    answer = solve_cvxpy(models.p2_milp(impossible), solver)
    assert answer.health is Health.INFEASIBLE
    assert not answer.has_solution


def test_no_time_left_is_a_limit_and_not_an_error():
    model = models.p2_milp(draw("rayleigh", 1, K=3, T=4))
    answer = solve_cvxpy(model, "highs", time_limit=0.0)
    assert answer.health is Health.LIMIT
    assert not answer.has_solution


def broken_library(*arguments, **options):
    raise ImportError("undefined symbol")


def test_unknown_and_missing_solvers_are_named():
    instance = draw("rayleigh", 1, K=2, T=2)
    with line("solver nosuch is not installed for CVXPY; installed are"):
        solve(instance, "cvxpy-p2-milp", solver="nosuch")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cp, "installed_solvers", lambda: ["GLOP"])
        patch.setattr(cp.Problem, "solve", broken_library)
        with line("solver glop cannot be loaded: undefined symbol"):
            solve(instance, "cvxpy-p3", solver="glop")
    with line("solver clarabel takes no integer variables"):
        solve(instance, "cvxpy-p2-milp", solver="clarabel")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cp, "installed_solvers", lambda: ["MOSEK"])
        with line("how to give it a time limit is not known"):
            solve(instance, "cvxpy-p3", solver="mosek", time_limit=9.5)
    assert solve(instance, "cvxpy-p3", solver="clarabel", time_limit=9.5).check.ok


def test_another_installed_solver_works_by_name():
    instance = draw("rayleigh", 2, K=3, T=4)
    result = solve(instance, "cvxpy-p2-milp", solver="scipy")
    truth = solve(instance, "exhaustive")
    assert result.check.ok
    assert result.objective == pytest.approx(truth.objective, rel=1e-3)
    assert result.bound <= truth.objective * (1 + 1e-9)
