"""Solvers' answers are not believed: limits, sets that C1 refuses, wrong claims of optimality."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from dmoe_models import Status, solve
from formulations import models
from formulations.catalogue import Language
from formulations.data import ModelData
from formulations.solver_answer import Health, SolverAnswer
from formulations.solving import solve_model
from formulations.with_pyomo import models as pyomo_models
from formulations.with_pyomo.methods import PYOMO
from instances.families import draw

from tiny import tiny_instance


@pytest.mark.parametrize("method", ["pyomo-p2-set", "cvxpy-p2-set", "pyomo-p2-milp"])
def test_time_limits_are_kept_while_a_model_is_built(method):
    """The set model of this size takes far longer to write down than a second."""
    instance = draw("rayleigh", seed=1, K=12, T=256, M=144, D=4)
    started = time.perf_counter()
    result = solve(instance, method, time_limit=1.0)
    assert time.perf_counter() - started < 6.0
    assert result.status in (Status.FEASIBLE, Status.UNKNOWN)
    if "failed" in result.details:
        assert "time was up while" in result.details["failed"]
        assert result.details["own_bound"] == -math.inf


@pytest.mark.parametrize("language", ["pyomo", "cvxpy"])
@pytest.mark.parametrize("solver", ["highs", "scip"])
def test_time_limits_are_kept_and_leave_a_true_bound(language, solver):
    instance = draw("contended", 3, K=6, T=48, M=60)
    started = time.perf_counter()
    result = solve(instance, f"{language}-p2-milp", solver=solver, time_limit=2.0)
    assert time.perf_counter() - started < 8.0
    assert result.status in (Status.FEASIBLE, Status.UNKNOWN)
    exact = solve(instance, "pyomo-p2-set")
    assert exact.status is Status.OPTIMAL
    assert solve(instance, "lower-bound").bound <= result.bound <= exact.objective * (1 + 1e-6)
    if result.solution is not None:
        assert result.check.ok
        assert result.objective >= exact.objective * (1 - 1e-6)


class LyingSolver:
    """Stands where a solver does; every call takes the next answer from a list."""

    def __init__(self, answers):
        self.answers = list(answers)
        self.tolerances = []

    def __call__(self, model, solver, *, time_limit=None, tolerance=None):
        self.tolerances.append(tolerance)
        fill, health, bound = self.answers.pop(0)
        if fill is not None:
            fill(model)
        return SolverAnswer(health, fill is not None, bound, health.value)


def values(model, selection, assignment):
    for (t, j), variable in model.alpha.items():
        variable.set_value(int(selection[t, j]))
    for (i, j, m), variable in model.x.items():
        variable.set_value(int(assignment[i, j] == m))


def solved_by(solver, instance, model="p2-milp"):
    """The outcome of a model in Pyomo when this solver, and no other, is asked."""
    language = Language("pyomo", pyomo_models, solver)
    return solve_model(language, models[model], instance, solver="liar")


@pytest.fixture
def solved():
    instance = draw("rayleigh", 5, K=3, T=3)
    best = solve(instance, "exhaustive")
    unit = ModelData(instance).unit_j
    return instance, best, unit


def test_a_selection_that_c1_refuses_is_cut_off_and_the_model_solved_again(solved):
    instance, best, unit = solved
    nobody = np.zeros((instance.T, instance.K), dtype=bool)

    def wrong(model):
        values(model, nobody, best.solution.assignment)

    def right(model):
        assert len(model.cuts) == instance.T
        values(model, best.solution.selection, best.solution.assignment)

    solver = LyingSolver(
        [(wrong, Health.OPTIMAL, 0.0), (right, Health.OPTIMAL, best.objective / unit)]
    )
    outcome = solved_by(solver, instance)
    assert outcome.details["cuts"] == instance.T
    assert outcome.solution.experts == best.solution.experts
    assert outcome.bound == pytest.approx(best.objective, rel=1e-12)


def test_a_solution_that_the_referee_refuses_is_never_reported(solved):
    instance, best, unit = solved
    nothing = np.full((instance.K, instance.K), -1)

    def wrong(model):
        values(model, np.ones((instance.T, instance.K), dtype=bool), nothing)

    answers = [(wrong, Health.OPTIMAL, best.objective / unit)] * 2
    solver = LyingSolver(answers)
    outcome = solved_by(solver, instance)
    assert outcome.solution is None
    assert solver.tolerances == [1e-7, 1e-9]


def test_optimal_with_an_energy_above_the_bound_is_solved_again_more_tightly(solved):
    instance, best, unit = solved
    dear = solve(instance, "top-k", k=instance.max_experts).solution

    def poor(model):
        values(model, dear.selection, dear.assignment)

    def good(model):
        values(model, best.solution.selection, best.solution.assignment)

    bound = best.objective / unit
    answers = [(poor, Health.OPTIMAL, bound), (good, Health.OPTIMAL, bound)]
    outcome = solved_by(LyingSolver(answers), instance)
    assert outcome.solution.experts == best.solution.experts
    still_poor = solved_by(LyingSolver([(poor, Health.OPTIMAL, bound)] * 2), instance)
    assert still_poor.bound == pytest.approx(best.objective, rel=1e-12)
    assert still_poor.solution.experts == dear.experts


@pytest.mark.parametrize("health", [Health.ERROR, Health.UNBOUNDED])
def test_an_error_proves_nothing(solved, health):
    instance, best, unit = solved
    outcome = solved_by(LyingSolver([(None, health, 10 * best.objective / unit)]), instance)
    assert outcome.solution is None
    assert outcome.bound == -math.inf


def test_solver_tolerances_really_let_near_misses_by():
    """The reason for all of this: sums that miss need by 1e-8 are fine to HiGHS."""
    cuts = 0
    for seed in range(3, 10 * 60, 10):  # the feature "near"
        instance = tiny_instance(seed, max_nodes=4)
        result = solve(instance, "pyomo-p2-milp")
        truth = solve(instance, "exhaustive")
        assert result.status is truth.status
        cuts += result.details["cuts"]
    assert cuts > 0


def faded(**changes):
    """Three nodes with free experts at home, and one fade of 90 dB on a link that nobody needs."""
    gain = 1e-2 * np.random.default_rng(0).exponential(size=(3, 3, 5))
    gain[2, 1, 0] = 1e-11
    fields = {"gain": gain, "computation_energy_j": np.zeros(3), "source": [0, 0]}
    fields |= {"gate_scores": np.full((2, 3), 1 / 3), "importance": 1 / 3, "max_experts": 1}
    return draw("rayleigh", 1, K=3, T=2, M=5).replace(**(fields | changes))


@pytest.mark.parametrize(
    "method", ["pyomo-p2-milp", "cvxpy-p2-milp", "pyomo-p2-set", "cvxpy-p2-set"]
)
@pytest.mark.parametrize("solver", ["highs", "scip"])
def test_energies_stay_above_the_tolerances_whatever_the_fades(method, solver):
    assert solve(faded(), method, solver=solver).objective == 0.0
    away = faded(gate_scores=np.tile([0.2, 0.4, 0.4], (2, 1)))  # home is not enough
    truth = solve(away, "exhaustive")
    result = solve(away, method, solver=solver)
    assert result.status is Status.OPTIMAL
    assert result.objective == pytest.approx(truth.objective, rel=1e-6)


def test_the_ratio_model_alone_proves_no_infeasibility():
    def wrong_about_products(built, solver, **options):
        if built.find_component("beta") is None:
            return PYOMO.solve(built, solver, **options)
        return SolverAnswer(Health.INFEASIBLE, False, -math.inf, "infeasible")

    outcome = solved_by(wrong_about_products, faded(), "p2-minlp")
    assert outcome.bound == -math.inf
    assert outcome.details["failed"] == "wrongly called infeasible"
    scarce = draw("scarce", 2, K=3, T=4, M=2)
    assert solved_by(wrong_about_products, scarce, "p2-minlp").bound == math.inf
