"""The formulations as methods: build, solve, distrust, repeat.

A solver's answer is only a proposal. Selections are tested against C1 exactly; a set that the
solver's tolerance let by is cut off (with every larger set that misses need as well) and the model
solved again. What passes is evaluated and refereed. If it is refused, or the solver says "optimal"
while the evaluated energy lies above its bound, the tolerances are tightened. No answer is better
than a wrong one: then the outcome holds the bound alone.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from dmoe_models.algorithms.baselines import highest_scores
from dmoe_models.checker import check
from dmoe_models.clock import Deadline
from dmoe_models.energy import count_tokens, evaluate
from dmoe_models.errors import MethodError
from dmoe_models.instance import Instance
from dmoe_models.relevance import maximal_failing_set, meets_need
from dmoe_models.solution import OPTIMALITY_GAP, Outcome, Solution, relative_gap
from formulations import cvxpy_models, pyomo_models
from formulations.data import cheapest_candidates
from formulations.solve import TOLERANCES, Health, SolverAnswer, solve_cvxpy, solve_pyomo

Solve = Callable[..., SolverAnswer]


def _distrust(
    instance: Instance,
    build: Callable[[], Any],
    language: ModuleType,
    solve: Solve,
    read: Callable[[Any], Solution],
    solver: str,
    time_limit: float | None,
) -> Outcome:
    """Build a model and solve it until its answer is right, or time is up."""
    deadline = Deadline(time_limit)
    started = time.perf_counter()
    model = build()
    details: dict[str, Any] = {"solver": solver, "build_s": time.perf_counter() - started}
    unit, static = model.data.unit_j, float(instance.static_energy_j.sum())
    bound, best, best_energy = -math.inf, None, math.inf
    cuts = solves = nodes = 0

    def outcome(bound: float) -> Outcome:
        details.update(
            solves=solves,
            cuts=cuts,
            nodes=nodes,
            solver_says=answer.message,
            solve_s=time.perf_counter() - started - details["build_s"],
        )
        return Outcome(best, bound, details)

    for tolerance in TOLERANCES:
        while True:
            answer = solve(model, solver, time_limit=deadline.remaining, tolerance=tolerance)
            solves += 1
            nodes += answer.nodes or 0
            if answer.health is Health.INFEASIBLE and best is None:
                return outcome(math.inf)
            if answer.health in (Health.OPTIMAL, Health.LIMIT):
                bound = max(bound, answer.bound * unit + static)
            if not answer.has_solution:
                return outcome(bound)
            solution = read(model)
            refused = np.flatnonzero(
                ~meets_need(instance.gate_scores, solution.selection, instance.need)
            )
            if not refused.size:
                break
            for token in refused.tolist():
                failing = maximal_failing_set(
                    instance.gate_scores[token],
                    solution.selection[token],
                    float(instance.need[token]),
                )
                language.forbid(model, token, failing)
            cuts += refused.size
        if check(instance, solution).ok:
            energy = evaluate(instance, solution).total_j
            if energy < best_energy:
                best, best_energy = solution, energy
            if answer.health is Health.LIMIT:
                break
            if relative_gap(best_energy, bound, static) <= OPTIMALITY_GAP:
                break
    return outcome(bound)


def _read_p1(language: ModuleType, instance: Instance) -> Callable[[Any], Solution]:
    return lambda model: Solution(language.read_selection(model), instance.assignment)


def _read_p2(language: ModuleType) -> Callable[[Any], Solution]:
    return lambda model: Solution(language.read_selection(model), language.read_assignment(model))


def _p2_milp(
    language: ModuleType,
    solve: Solve,
    instance: Instance,
    solver: str,
    time_limit: float | None,
    disaggregated: bool,
    reduce: bool,
) -> Outcome:
    candidates = cheapest_candidates(instance) if reduce else None
    return _distrust(
        instance,
        lambda: language.p2_milp(instance, disaggregated=disaggregated, candidates=candidates),
        language,
        solve,
        _read_p2(language),
        solver,
        time_limit,
    )


def _p2_set(
    language: ModuleType,
    solve: Solve,
    instance: Instance,
    solver: str,
    time_limit: float | None,
    reduce: bool,
) -> Outcome:
    candidates = cheapest_candidates(instance) if reduce else None
    return _distrust(
        instance,
        lambda: language.p2_set(instance, candidates=candidates),
        language,
        solve,
        _read_p2(language),
        solver,
        time_limit,
    )


def _p3(
    language: ModuleType,
    solve: Solve,
    instance: Instance,
    selection: Any,
    solver: str,
    time_limit: float | None,
) -> Outcome:
    if selection is None:
        chosen = highest_scores(instance, instance.max_experts)
    else:
        chosen = Solution(selection).selection
        Solution(chosen).require_shape(instance)
    counts = count_tokens(instance, chosen)
    loaded = (counts > 0) & ~np.eye(instance.K, dtype=bool)
    if not loaded.any():  # everything at home: no model is needed, and solvers dislike empty ones
        nothing = np.full((instance.K, instance.K), -1)
        return Outcome(Solution(chosen, nothing), details={"p3_status": Health.OPTIMAL.value})
    deadline = Deadline(time_limit)
    model = language.p3_assignment(instance, chosen)
    answer = solve(model, solver, time_limit=deadline.remaining, vertex=True)
    details = {"solver": solver, "solver_says": answer.message, "p3_status": answer.health.value}
    if answer.health is not Health.OPTIMAL:
        return Outcome(details=details)
    solution = Solution(chosen, language.read_assignment(model))
    assert solution.assignment is not None
    if (solution.assignment[loaded] < 0).any():
        raise MethodError(
            f"solver {solver} returned a fractional point of P3; use one that returns a vertex"
        )
    details["p3_optimum_j"] = answer.bound * model.data.unit_j
    return Outcome(solution, details=details)


# --------------------------------------------------------------------------------- Pyomo


def pyomo_p1_milp(
    instance: Instance, *, solver: str = "highs", time_limit: float | None = None
) -> Outcome:
    """P1 by `pyomo_models.p1_milp`."""
    return _distrust(
        instance,
        lambda: pyomo_models.p1_milp(instance),
        pyomo_models,
        solve_pyomo,
        _read_p1(pyomo_models, instance),
        solver,
        time_limit,
    )


def pyomo_p2_milp(
    instance: Instance,
    *,
    solver: str = "highs",
    time_limit: float | None = None,
    disaggregated: bool = False,
    reduce: bool = True,
) -> Outcome:
    """P2 by `pyomo_models.p2_milp`; `reduce` keeps each link's L cheapest subcarriers only."""
    return _p2_milp(pyomo_models, solve_pyomo, instance, solver, time_limit, disaggregated, reduce)


def pyomo_p2_set(
    instance: Instance,
    *,
    solver: str = "highs",
    time_limit: float | None = None,
    reduce: bool = True,
) -> Outcome:
    """P2 by `pyomo_models.p2_set`; `reduce` keeps each link's L cheapest subcarriers only."""
    return _p2_set(pyomo_models, solve_pyomo, instance, solver, time_limit, reduce)


def pyomo_p2_minlp(
    instance: Instance, *, solver: str = "scip", time_limit: float | None = None
) -> Outcome:
    """P2 as written, by `pyomo_models.p2_minlp` and a global MINLP solver."""
    if solver in ("highs", "appsi_highs", "cbc", "glpk"):
        raise MethodError(f"solver {solver} takes no products of variables; use scip")
    return _distrust(
        instance,
        lambda: pyomo_models.p2_minlp(instance),
        pyomo_models,
        solve_pyomo,
        lambda model: Solution(
            pyomo_models.read_selection(model), subcarriers=pyomo_models.read_subcarriers(model)
        ),
        solver,
        time_limit,
    )


def pyomo_p3_assignment(
    instance: Instance,
    *,
    selection: Any = None,
    solver: str = "highs",
    time_limit: float | None = None,
) -> Outcome:
    """P3 by `pyomo_models.p3_assignment`, for top-k's selection unless one is given."""
    return _p3(pyomo_models, solve_pyomo, instance, selection, solver, time_limit)


# --------------------------------------------------------------------------------- CVXPY


def cvxpy_p1_milp(
    instance: Instance, *, solver: str = "highs", time_limit: float | None = None
) -> Outcome:
    """P1 by `cvxpy_models.p1_milp`."""
    return _distrust(
        instance,
        lambda: cvxpy_models.p1_milp(instance),
        cvxpy_models,
        solve_cvxpy,
        _read_p1(cvxpy_models, instance),
        solver,
        time_limit,
    )


def cvxpy_p2_milp(
    instance: Instance,
    *,
    solver: str = "highs",
    time_limit: float | None = None,
    disaggregated: bool = False,
    reduce: bool = True,
) -> Outcome:
    """P2 by `cvxpy_models.p2_milp`; `reduce` keeps each link's L cheapest subcarriers only."""
    return _p2_milp(cvxpy_models, solve_cvxpy, instance, solver, time_limit, disaggregated, reduce)


def cvxpy_p2_set(
    instance: Instance,
    *,
    solver: str = "highs",
    time_limit: float | None = None,
    reduce: bool = True,
) -> Outcome:
    """P2 by `cvxpy_models.p2_set`; `reduce` keeps each link's L cheapest subcarriers only."""
    return _p2_set(cvxpy_models, solve_cvxpy, instance, solver, time_limit, reduce)


def cvxpy_p3_assignment(
    instance: Instance,
    *,
    selection: Any = None,
    solver: str = "highs",
    time_limit: float | None = None,
) -> Outcome:
    """P3 by `cvxpy_models.p3_assignment`, for top-k's selection unless one is given."""
    return _p3(cvxpy_models, solve_cvxpy, instance, selection, solver, time_limit)
