"""A model solved until its answer is exact.

A solver's answer is only a proposal. Selections are tested against C1 exactly; a set that the
solver's tolerance let by is cut off (with every larger set that misses need as well) and the model
solved again. What passes is evaluated and refereed. If it is refused, or the solver claims an
optimum while the evaluated energy lies above its bound, the tolerances are tightened. No answer is
better than a wrong one: then the outcome holds the bound alone.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from dmoe_models.deadline import Deadline, OutOfTimeError
from dmoe_models.errors import MethodError
from dmoe_models.model.energy import evaluate
from dmoe_models.model.gap import OPTIMALITY_GAP, relative_gap
from dmoe_models.model.instance import Instance
from dmoe_models.model.relevance import maximal_failing_set, meets_need
from dmoe_models.model.solution import Outcome, Solution
from dmoe_models.referee.check import check
from formulations.catalogue import Language, Model, models
from formulations.data import cheapest_candidates
from formulations.solver_answer import Health, SolverAnswer
from formulations.solver_options import TOLERANCES

WITHOUT_PRODUCTS = ("highs", "appsi_highs", "cbc", "glpk")
"""Solvers of linear models only."""


def solve_model(
    language: Language,
    model: Model,
    instance: Instance,
    *,
    solver: str = "",
    time_limit: float | None = None,
    reduce: bool = False,
    **options: Any,
) -> Outcome:
    """Solve a model of P1 or P2 until its answer is exact.

    A model with products of variables multiplies prices, which may span many orders of magnitude,
    and a solver may then call it infeasible wrongly. Whether tokens can be served at all has
    nothing to do with prices, so that claim is passed on only where the model named by the
    record's `confirmed_by`, which has no products, repeats it.

    Parameters
    ----------
    language : Language
    model : Model
    instance : Instance
    solver : str
        The model's own by default.
    time_limit : float, optional
        Seconds.
    reduce : bool
        Keep the L cheapest subcarriers of each link only.
    **options
        Of the building function.

    Returns
    -------
    Outcome
        `details`: those of `solve_until_exact`.

    Raises
    ------
    MethodError
        For a solver that is unknown, not installed, or not for this kind of model; a model that
        would be too large.
    """
    solver = solver or model.solver
    if model.products and solver in WITHOUT_PRODUCTS:
        raise MethodError(f"solver {solver} takes no products of variables; use scip")
    if reduce:
        options["candidates"] = cheapest_candidates(instance)
    deadline = Deadline(time_limit)
    outcome = solve_until_exact(
        language,
        instance,
        lambda until: model.build_in(language.models, instance, deadline=until, **options),
        lambda built: model.read(language.models, built),
        solver,
        time_limit,
    )
    if outcome.bound == math.inf and model.confirmed_by:
        again = solve_model(
            language,
            models[model.confirmed_by],
            instance,
            time_limit=deadline.at_least(0.1),
            reduce=True,
        )
        if again.bound < math.inf:
            return Outcome(details=outcome.details | {"failed": "wrongly called infeasible"})
    return outcome


def solve_until_exact(
    language: Language,
    instance: Instance,
    build: Callable[[Deadline], Any],
    read: Callable[[Any], Solution],
    solver: str,
    time_limit: float | None,
) -> Outcome:
    """Build a model and solve it until its answer is exact, or time is up.

    Parameters
    ----------
    language : Language
        Solves the model, and cuts off what C1 refuses.
    instance : Instance
    build, read : callable
        The model from a deadline, and the solution that the solved model holds.
    solver : str
    time_limit : float or None
        Seconds.

    Returns
    -------
    Outcome
        `details`: solver, build_s and solve_s (seconds), solves, cuts, nodes, solver_says; failed
        where time was up while the model was built.
    """
    deadline = Deadline(time_limit)
    started = time.perf_counter()
    details: dict[str, Any] = {"solver": solver}
    try:
        built = build(deadline)
    except OutOfTimeError as error:
        return Outcome(details=details | {"failed": str(error)})
    details["build_s"] = time.perf_counter() - started
    unit, static = built.data.unit_j, instance.static_total_j
    bound, best, best_energy = -math.inf, None, math.inf
    cuts = solves = nodes = 0

    def outcome(answer: SolverAnswer, bound: float) -> Outcome:
        details.update(
            solves=solves,
            cuts=cuts,
            nodes=nodes,
            solver_says=answer.message,
            solve_s=time.perf_counter() - started - details["build_s"],
        )
        return Outcome(best, bound, details)

    for tolerance in TOLERANCES:
        while True:  # until no selection is cut off
            answer = language.solve(
                built, solver, time_limit=deadline.remaining, tolerance=tolerance
            )
            solves += 1
            nodes += answer.nodes or 0
            if answer.health is Health.INFEASIBLE and best is None:
                return outcome(answer, math.inf)
            if answer.health in (Health.OPTIMAL, Health.LIMIT):
                bound = max(bound, answer.bound * unit + static)
            if not answer.has_solution:
                return outcome(answer, bound)
            solution = read(built)
            refused = list(refused_sets(instance.gate_scores, solution.selection, instance.need))
            if not refused:
                break
            for token, failing in refused:
                language.models.forbid(built, token, failing)
            cuts += len(refused)
        if check(instance, solution).ok:
            energy = evaluate(instance, solution).total_j
            if energy < best_energy:
                best, best_energy = solution, energy
            if answer.health is Health.LIMIT:
                break
            if relative_gap(best_energy, bound, static) <= OPTIMALITY_GAP:
                break
    return outcome(answer, bound)


def refused_sets(
    gate_scores: np.ndarray, selection: np.ndarray, need: np.ndarray
) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the tokens whose experts C1 refuses, and for each a set to cut off.

    Parameters
    ----------
    gate_scores, selection : (T, K) array
    need : (T,) array

    Yields
    ------
    token : int
    failing : (K,) bool array
        The token's experts and as many more as still miss need: no subset of it can serve the
        token.
    """
    for token in np.flatnonzero(~meets_need(gate_scores, selection, need)).tolist():
        yield (
            token,
            maximal_failing_set(gate_scores[token], selection[token], float(need[token])),
        )
