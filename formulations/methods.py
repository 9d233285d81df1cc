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
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np

from dmoe_models.algorithms.baselines import highest_scores
from dmoe_models.deadline import Deadline, OutOfTimeError
from dmoe_models.errors import MethodError
from dmoe_models.model.energy import count_tokens, evaluate
from dmoe_models.model.gap import OPTIMALITY_GAP, relative_gap
from dmoe_models.model.instance import Instance
from dmoe_models.model.relevance import maximal_failing_set, meets_need
from dmoe_models.model.solution import Outcome, Solution
from dmoe_models.referee.check import check
from formulations.data import cheapest_candidates
from formulations.solve import (
    TOLERANCES,
    Health,
    SolverAnswer,
    solve_cvxpy,
    solve_highs,
    solve_pyomo,
)
from formulations.with_cvxpy import models as cvxpy_models
from formulations.with_highs import models as highs_model
from formulations.with_pyomo import models as pyomo_models


@dataclass(frozen=True)
class Language:
    """A modelling language, or HiGHS itself: the module with its models, and what solves them."""

    models: ModuleType
    solve: Callable[..., SolverAnswer]


PYOMO = Language(pyomo_models, solve_pyomo)
CVXPY = Language(cvxpy_models, solve_cvxpy)
HIGHS = Language(highs_model, solve_highs)


def _distrust(
    language: Language,
    instance: Instance,
    build: Callable[[Deadline], Any],
    read: Callable[[Any], Solution],
    solver: str,
    time_limit: float | None,
) -> Outcome:
    """Build a model and solve it until its answer is right, or time is up."""
    deadline = Deadline(time_limit)
    started = time.perf_counter()
    details: dict[str, Any] = {"solver": solver}
    try:
        model = build(deadline)
    except OutOfTimeError as error:
        return Outcome(details=details | {"failed": str(error)})
    details["build_s"] = time.perf_counter() - started
    unit, static = model.data.unit_j, instance.static_total_j
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
            answer = language.solve(
                model, solver, time_limit=deadline.remaining, tolerance=tolerance
            )
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
                language.models.forbid(model, token, failing)
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


def _candidates(instance: Instance, reduce: bool) -> np.ndarray | None:
    return cheapest_candidates(instance) if reduce else None


def _read_p2(language: Language, model: Any) -> Solution:
    models = language.models
    return Solution(models.read_selection(model), models.read_assignment(model))


def p1_milp(
    language: Language,
    instance: Instance,
    *,
    solver: str = "highs",
    time_limit: float | None = None,
) -> Outcome:
    """Solve P1 by its MILP.

    Parameters
    ----------
    language : Language
    instance : Instance
        P1.
    solver : str
    time_limit : float, optional
        Seconds.

    Returns
    -------
    Outcome
        `details`: solver, build_s and solve_s (seconds), solves, cuts, nodes, solver_says.

    Raises
    ------
    MethodError
        For a solver that is unknown, not installed, or not for this kind of model.
    """
    models = language.models
    return _distrust(
        language,
        instance,
        lambda deadline: models.p1_milp(instance, deadline=deadline),
        lambda model: Solution(models.read_selection(model), instance.assignment),
        solver,
        time_limit,
    )


def p2_milp(
    language: Language,
    instance: Instance,
    *,
    solver: str = "highs",
    time_limit: float | None = None,
    disaggregated: bool = False,
    reduce: bool = True,
) -> Outcome:
    """Solve P2 by its MILP; parameters, returns and errors as for `p1_milp`, and

    Parameters
    ----------
    disaggregated : bool
        One row per token instead of per link.
    reduce : bool
        Keep the L cheapest subcarriers of each link only, which loses nothing.
    """
    candidates = _candidates(instance, reduce)
    return _distrust(
        language,
        instance,
        lambda deadline: language.models.p2_milp(
            instance, disaggregated=disaggregated, candidates=candidates, deadline=deadline
        ),
        partial(_read_p2, language),
        solver,
        time_limit,
    )


def p2_set(
    language: Language,
    instance: Instance,
    *,
    solver: str = "highs",
    time_limit: float | None = None,
    reduce: bool = True,
) -> Outcome:
    """Solve P2 by its set formulation; parameters, returns and errors as for `p2_milp`.

    Raises
    ------
    MethodError
        Also where there are too many minimal feasible sets.
    """
    candidates = _candidates(instance, reduce)
    return _distrust(
        language,
        instance,
        lambda deadline: language.models.p2_set(instance, candidates=candidates, deadline=deadline),
        partial(_read_p2, language),
        solver,
        time_limit,
    )


def highs_p2_milp(
    instance: Instance,
    *,
    time_limit: float | None = None,
    disaggregated: bool = False,
    reduce: bool = True,
) -> Outcome:
    """Solve P2 by its MILP on HiGHS; parameters, returns and errors as for `p2_milp`."""
    return p2_milp(
        HIGHS, instance, time_limit=time_limit, disaggregated=disaggregated, reduce=reduce
    )


def highs_p2_set(
    instance: Instance, *, time_limit: float | None = None, reduce: bool = True
) -> Outcome:
    """Solve P2 by its set formulation on HiGHS; parameters, returns and errors as for `p2_set`."""
    return p2_set(HIGHS, instance, time_limit=time_limit, reduce=reduce)


def pyomo_p2_minlp(
    instance: Instance, *, solver: str = "scip", time_limit: float | None = None
) -> Outcome:
    """Solve P2 as written; parameters, returns and errors as for `p1_milp`.

    Prices that span many orders of magnitude enter the products of this model, and a solver may
    then call it infeasible wrongly. Whether tokens can be served at all has nothing to do with
    prices, so that claim is passed on only where the MILP, which has no products, repeats it.
    """
    if solver in ("highs", "appsi_highs", "cbc", "glpk"):
        raise MethodError(f"solver {solver} takes no products of variables; use scip")
    deadline = Deadline(time_limit)
    outcome = _distrust(
        PYOMO,
        instance,
        lambda deadline: pyomo_models.p2_minlp(instance, deadline=deadline),
        lambda model: Solution(
            pyomo_models.read_selection(model), subcarriers=pyomo_models.read_subcarriers(model)
        ),
        solver,
        time_limit,
    )
    if outcome.bound == math.inf:
        again = p2_milp(PYOMO, instance, time_limit=deadline.at_least(0.1))
        if again.bound < math.inf:
            return Outcome(details=outcome.details | {"failed": "wrongly called infeasible"})
    return outcome


def p3_assignment(
    language: Language,
    instance: Instance,
    *,
    selection: Any = None,
    solver: str = "highs",
    time_limit: float | None = None,
) -> Outcome:
    """Solve P3, the assignment of subcarriers to the links that a selection loads.

    Parameters
    ----------
    language : Language
    instance : Instance
    selection : (T, K) bool array, optional
        Top-k's by default.
    solver : str
    time_limit : float, optional
        Seconds.

    Returns
    -------
    Outcome
        `details`: p3_status, and p3_optimum_j (transmission energy of the loaded links, J).

    Raises
    ------
    MethodError
        For a solver that is unknown, not installed or returns no vertex, and a selection that
        loads a link that does not exist.
    SolutionError
        For a selection of the wrong shape or kind.
    """
    if selection is None:
        chosen = highest_scores(instance, instance.max_experts)
    else:
        chosen = Solution(selection).selection
        Solution(chosen).require_shape(instance)
    counts = count_tokens(instance, chosen)
    loaded = (counts > 0) & ~np.eye(instance.K, dtype=bool)
    if not loaded.any():  # everything at home: no model is needed, and solvers dislike empty ones
        nothing = np.full((instance.K, instance.K), -1)
        details: dict[str, Any] = {"p3_status": Health.OPTIMAL.value, "p3_optimum_j": 0.0}
        return Outcome(Solution(chosen, nothing), details=details)
    deadline = Deadline(time_limit)
    model = language.models.p3_assignment(instance, chosen)
    answer = language.solve(model, solver, time_limit=deadline.remaining, vertex=True)
    details = {"solver": solver, "solver_says": answer.message, "p3_status": answer.health.value}
    if answer.health is not Health.OPTIMAL:
        return Outcome(details=details)
    solution = Solution(chosen, language.models.read_assignment(model))
    assert solution.assignment is not None
    if (solution.assignment[loaded] < 0).any():
        raise MethodError(
            f"solver {solver} returned a fractional point of P3; use one that returns a vertex"
        )
    details["p3_optimum_j"] = evaluate(instance, solution).transmission_j
    return Outcome(solution, details=details)


pyomo_p1_milp, cvxpy_p1_milp = partial(p1_milp, PYOMO), partial(p1_milp, CVXPY)
pyomo_p2_milp, cvxpy_p2_milp = partial(p2_milp, PYOMO), partial(p2_milp, CVXPY)
pyomo_p2_set, cvxpy_p2_set = partial(p2_set, PYOMO), partial(p2_set, CVXPY)
pyomo_p3_assignment = partial(p3_assignment, PYOMO)
cvxpy_p3_assignment = partial(p3_assignment, CVXPY)
