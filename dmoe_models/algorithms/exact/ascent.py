"""Raising the dual bound by supergradient steps.

Steps have Polyak's length: towards the best known energy, shortened whenever the bound stalls. Now
and then the assignment and the selection that the dual suggests start a JESA descent; where prices
are nearly right, these are nearly optimal.

References
----------
B. Polyak, "Minimization of unsmooth functionals", USSR Computational Mathematics and Mathematical
Physics 9 (1969).
"""

from __future__ import annotations

import logging

import numpy as np

from dmoe_models.algorithms.exact.dual import DualPoint, DualProblem
from dmoe_models.algorithms.exact.state import SearchState
from dmoe_models.algorithms.jesa import descend
from dmoe_models.model.energy import assignment_energy_j, best_link_energy_j

_LOG = logging.getLogger("dmoe_models.exact")

_PATIENCE = 8  # steps without a better bound before the step length is cut
_SHORTER = 0.7
_HEURISTIC_EVERY = 10


def ascend(
    state: SearchState, problem: DualProblem, start: np.ndarray, max_steps: int
) -> DualPoint:
    """Raise the bound by supergradient steps, and try what the dual suggests as solutions.

    Parameters
    ----------
    state : SearchState
        Gets the bounds, and the solutions that are better than its best.
    problem : DualProblem
        Its lists are deepened where the dual asks for subcarriers that are not listed.
    start : (U, K) array
        Token prices, J.
    max_steps : int

    Returns
    -------
    DualPoint
        The one of the greatest bound.
    """
    floor = problem.price_table(best_link_energy_j(state.instance))
    length = 1.0
    idle = 0
    prices = start
    best: DualPoint | None = None
    steps = 0
    for steps in range(max_steps):
        state.log_progress(f"step {steps + 1}", state.bound_j)
        point = problem.evaluate(prices)
        while point.escaped.any() and not problem.lists.complete:
            problem.lists.deepen(2 * problem.lists.depth)
            point = problem.evaluate(prices)
        if best is None or point.bound > best.bound * (1 + 1e-13):
            best, idle = point, 0
            state.record_bound(problem, point)
        else:
            idle += 1
        if steps % _HEURISTIC_EVERY == _HEURISTIC_EVERY - 1 or steps == 2:
            suggest(state, problem, point)
        if state.closed or state.deadline.passed:
            break
        if idle >= _PATIENCE:
            length *= _SHORTER
            idle = 0
            prices = best.token_prices
            if length < 1e-3:
                break
            continue
        direction = problem.supergradient(point)
        size = float((direction * direction).sum())
        if size == 0:
            suggest(state, problem, point)
            break
        target = state.energy_j if state.solution is not None else 1.05 * best.bound
        prices = np.maximum(prices + length * (target - point.bound) / size * direction, floor)
    assert best is not None
    state.details["steps"] = state.details.get("steps", 0) + steps + 1
    state.details["depth"] = problem.lists.depth
    return best


def suggest(state: SearchState, problem: DualProblem, point: DualPoint) -> None:
    """Run JESA from the assignment and from the selection of a dual point.

    Parameters
    ----------
    state : SearchState
        Gets the solutions that are better than its best.
    problem : DualProblem
    point : DualPoint
    """
    suggested = problem.assignment(point)
    state.offer(
        descend(
            state.instance, assignment_energy_j(state.instance, suggested), deadline=state.deadline
        )
    )
    state.offer(descend(state.instance, problem.full_selection(point), deadline=state.deadline))
