"""Pyomo's solvers: who is known, and what their answers mean."""

from __future__ import annotations

import math
from importlib import import_module

import pyomo.environ as pyo
import pytest
from pyomo.contrib.solver.common.factory import SolverFactory as CurrentSolverFactory

from dmoe_models import MethodError, solve
from formulations.solver_answer import Health
from formulations.solver_options import whole_seconds
from formulations.with_pyomo import models
from formulations.with_pyomo.solver import solve as solve_pyomo
from instances.families import draw


def line(text):
    return pytest.raises(MethodError, match=text)


def toy(*, upper, rows=()):
    """Minimise -x over 0 <= x <= upper and the given rows."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(domain=pyo.Integers, bounds=(0, upper))
    model.rows = pyo.ConstraintList()
    for row in rows:
        model.rows.add(row(model.x))
    model.energy = pyo.Objective(expr=-model.x)
    return model


@pytest.mark.parametrize("solver", ["highs", "scip", "appsi_highs"])
def test_outcomes_are_told_apart(solver):
    optimal = solve_pyomo(toy(upper=3), solver)
    assert optimal.health is Health.OPTIMAL
    assert optimal.has_solution
    assert optimal.bound == pytest.approx(-3)
    infeasible = solve_pyomo(toy(upper=3, rows=[lambda x: x >= 5]), solver)
    assert infeasible.health is Health.INFEASIBLE
    assert not infeasible.has_solution
    unbounded = solve_pyomo(toy(upper=None), solver)
    assert unbounded.health in (Health.UNBOUNDED, Health.INFEASIBLE)
    assert unbounded.bound == -math.inf


def test_no_time_left_is_a_limit_and_not_an_error():
    model = models.p2_milp(draw("rayleigh", 1, K=3, T=4))
    answer = solve_pyomo(model, "highs", time_limit=0.0)
    assert answer.health is Health.LIMIT
    assert not answer.has_solution


def direct(solver):
    """The interface that Pyomo's present factory has for a solver."""
    return CurrentSolverFactory(f"{solver}_direct")


def test_unknown_and_missing_solvers_are_named():
    instance = draw("rayleigh", 1, K=2, T=2)
    with line("unknown solver 'nosuch'; known are"):
        solve(instance, "pyomo-p2-milp", solver="nosuch")
    for solver, interface in (("cbc", pyo.SolverFactory("cbc")), ("gurobi", direct("gurobi"))):
        with pytest.MonkeyPatch.context() as patch:  # whatever this machine has
            patch.setattr(type(interface), "available", lambda *_, **__: False)
            with line(f"solver {solver} is not installed"):
                solve(instance, "pyomo-p2-milp", solver=solver)
    with line("takes no products of variables; use scip"):
        solve(instance, "pyomo-p2-minlp", solver="highs")
    with pytest.raises(ValueError, match="option solver = 3 is not of type str"):
        solve(instance, "pyomo-p2-milp", solver=3)


@pytest.mark.parametrize("solver", ["appsi_highs", "glpk", "cbc"])
def test_other_installed_solvers_work_by_name(solver):
    if not pyo.SolverFactory(solver).available(exception_flag=False):
        pytest.skip(f"{solver} is not installed")
    instance = draw("rayleigh", 2, K=3, T=4)
    result = solve(instance, "pyomo-p2-milp", solver=solver)
    truth = solve(instance, "exhaustive")
    assert result.check.ok
    assert result.objective == pytest.approx(truth.objective, rel=1e-3)
    assert result.bound <= truth.objective * (1 + 1e-9)


@pytest.mark.parametrize("limit", [0.01, 0.3, 9.5, 1e12])
@pytest.mark.parametrize("solver", ["highs", "scip", "appsi_highs", "glpk", "cbc"])
def test_time_limits_are_taken_by_every_solver(solver, limit):
    """GLPK wants whole seconds, and takes 0 for no limit."""
    if not pyo.SolverFactory(solver).available(exception_flag=False):
        pytest.skip(f"{solver} is not installed")
    answer = solve_pyomo(toy(upper=3), solver, time_limit=limit)
    assert answer.health in ((Health.OPTIMAL,) if limit > 1 else (Health.OPTIMAL, Health.LIMIT))
    assert whole_seconds(limit) == {0.01: 1, 0.3: 1, 9.5: 10, 1e12: 2_000_000}[limit]


@pytest.mark.parametrize("solver", ["highs", "scip", "appsi_highs", "glpk", "cbc"])
def test_what_layers_log_at_a_limit_stays_off_the_screen(solver, capfd):
    """A solution without a proof, or none: the answer says it, Pyomo's warnings do not."""
    if not pyo.SolverFactory(solver).available(exception_flag=False):
        pytest.skip(f"{solver} is not installed")
    instance = draw("rayleigh", 1, K=5, T=30, M=20)
    model = models.p2_milp(instance, disaggregated=True)
    answer = solve_pyomo(model, solver, time_limit=0.3)
    assert answer.health in (Health.LIMIT, Health.OPTIMAL, Health.ERROR)
    assert answer.bound * model.data.unit_j <= solve(instance, "exact").objective * (1 + 1e-6)
    printed = capfd.readouterr()
    assert printed.out == "" and printed.err == ""


def test_a_program_that_fails_is_quoted(monkeypatch):
    if not pyo.SolverFactory("glpk").available(exception_flag=False):
        pytest.skip("glpk is not installed")
    monkeypatch.setattr(import_module(solve_pyomo.__module__), "whole_seconds", lambda seconds: 9.5)
    with line("solver glpk failed: .*Invalid time limit") as refused:
        solve_pyomo(toy(upper=3), "glpk", time_limit=9.5)
    assert "\n" not in str(refused.value)


def test_cbc_out_of_time_has_not_proved_that_there_is_no_solution():
    """CBC then calls the model infeasible, or hands over a relaxation's point."""
    if not pyo.SolverFactory("cbc").available(exception_flag=False):
        pytest.skip("cbc is not installed")
    instance = draw("rayleigh", 1, K=5, T=30, M=20)
    for limit in (1e-6, 0.01, 0.05):
        answer = solve_pyomo(models.p2_milp(instance), "cbc", time_limit=limit)
        assert answer.health in (Health.LIMIT, Health.OPTIMAL)
        assert answer.bound < math.inf


@pytest.mark.parametrize("method", ["pyomo-p2-milp", "pyomo-p2-set", "pyomo-p2-minlp"])
def test_time_that_is_up_while_a_model_is_built_is_not_logged(method, capfd):
    instance = draw("rayleigh", 1, K=3, T=4, M=6)
    assert solve(instance, method, time_limit=1e-6).status.value == "unknown"
    assert capfd.readouterr() == ("", "")
