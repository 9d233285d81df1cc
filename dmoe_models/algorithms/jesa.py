"""JESA: joint expert and subcarrier allocation (P2) by block coordinate descent.

From a starting assignment, repeat: DES chooses every token's experts at the current link prices;
the assignment problem P3 places the resulting load. Neither step raises the energy. A pass of DES
at the *new* prices that lowers nothing ends it: then the selection is optimal for the assignment
and the assignment for the selection, which makes a local optimum and no more.

References
----------
Qin, Wu, Du, Huang, arXiv 2503.13421 (JESA). Starting points, what idle links get and the handling
of links without a subcarrier are choices of this project, documented below.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from dmoe_models.algorithms.assignment import allocate_subcarriers
from dmoe_models.algorithms.des import select_experts
from dmoe_models.clock import Deadline
from dmoe_models.energy import (
    assignment_energy_j,
    best_link_energy_j,
    count_tokens,
    evaluate,
    expert_energy_j,
    selected_energy_j,
)
from dmoe_models.errors import MethodError
from dmoe_models.instance import Instance
from dmoe_models.solution import Outcome, Solution

STARTS = ("random", "assignment", "price")

_NOISE = 1e-12
"""Energies closer than this (relative) are equal: rounding must not keep the descent alive."""


@dataclass
class _Descent:
    """One run of JESA: its best decisions and the energy after every half-step."""

    start: str
    solution: Solution | None = None
    energy_j: float = math.inf
    energies_j: list[float] = field(default_factory=list)
    iterations: int = 0
    nodes: int = 0
    converged: bool = False


def jesa(
    instance: Instance,
    *,
    seed: int = 0,
    start: str = "random",
    starts: int = 1,
    max_iterations: int = 1000,
    time_limit: float | None = None,
) -> Outcome:
    """Solve P2 heuristically by alternating DES and P3.

    Parameters
    ----------
    instance : Instance
        P2.
    seed : int
        Of the random starts.
    start : {"random", "assignment", "price"}
        The first start: a random assignment of subcarriers to links; the assignment that is
        cheapest when every link counts alike; or every link at its own best price, which is no
        assignment but the point that LB is computed at.
    starts : int
        Number of starts; the best result is kept. The second is "price" (unless the first was),
        the others are random.
    max_iterations : int
        Of one start.
    time_limit : float, optional
        Seconds for all starts.

    Returns
    -------
    Outcome
        `details`: energies_j (J after every DES and every P3 step of the best start), iterations,
        nodes, converged, starts_j (energy of every start).
    """
    if start not in STARTS:
        raise MethodError(f"start = {start!r} is not one of {', '.join(STARTS)}")
    for name, number in (("starts", starts), ("max_iterations", max_iterations)):
        if not isinstance(number, int) or isinstance(number, bool) or number < 1:
            raise MethodError(f"{name} = {number!r} is not a whole number of at least 1")
    kinds = [start]
    if starts > 1:
        kinds.append("price" if start != "price" else "random")
    kinds += ["random"] * (starts - len(kinds))

    deadline = Deadline(time_limit)
    random = np.random.default_rng(seed)
    descents: list[_Descent] = []
    for kind in kinds:
        if descents and deadline.passed:
            break
        descents.append(_start(instance, kind, random, max_iterations, deadline))
    best = min(descents, key=lambda descent: descent.energy_j)
    details = {
        "start": best.start,
        "energies_j": best.energies_j,
        "iterations": best.iterations,
        "nodes": sum(descent.nodes for descent in descents),
        "converged": best.converged,
        "starts_j": [descent.energy_j for descent in descents],
    }
    return Outcome(best.solution, details=details)


def starting_prices(instance: Instance, start: str, random: np.random.Generator) -> np.ndarray:
    """Return the (K, K) link prices, J per token, at which the first DES works."""
    if start == "price":
        return best_link_energy_j(instance)
    if start == "random":
        assignment = _random_assignment(instance, random)
    else:
        nothing = np.zeros((instance.K, instance.K), dtype=np.int64)
        allocated = allocate_subcarriers(nothing, instance.transmission_energy_j, instance.links)
        assert allocated is not None  # nothing is loaded, so nothing can fail
        assignment = allocated
    return assignment_energy_j(instance, assignment)


def _random_assignment(instance: Instance, random: np.random.Generator) -> np.ndarray:
    """Give distinct random subcarriers to the links, in random order while they last."""
    assignment = np.full((instance.K, instance.K), -1)
    number = min(len(instance.links), instance.M)
    links = instance.links[random.permutation(len(instance.links))[:number]]
    assignment[links[:, 0], links[:, 1]] = random.permutation(instance.M)[:number]
    return assignment


def _start(
    instance: Instance,
    start: str,
    random: np.random.Generator,
    max_iterations: int,
    deadline: Deadline,
) -> _Descent:
    descent = _Descent(start)
    selection = _select(instance, starting_prices(instance, start, random), None, descent, deadline)
    if selection is None:
        # Some token cannot be served at the starting prices (too few subcarriers, or missing
        # links). Each link's own best price is the most permissive start there is.
        selection = _select(instance, best_link_energy_j(instance), None, descent, deadline)
    if selection is not None:
        _alternate(instance, selection, max_iterations, deadline, descent)
    return descent


def descend(
    instance: Instance, start: np.ndarray, *, deadline: Deadline, max_iterations: int = 1000
) -> Solution | None:
    """Run JESA's iterations from given prices or from a given selection.

    Parameters
    ----------
    start : (K, K) float array or (T, K) bool array
        Link prices, J per token, for a first DES pass; or the selection itself.
    deadline : Deadline
    max_iterations : int

    Returns
    -------
    Solution or None
        The local optimum; None where a token or a loaded link cannot be served.
    """
    descent = _Descent("given")
    if start.dtype == bool:
        selection: np.ndarray | None = start
    else:
        selection = _select(instance, start, None, descent, deadline)
    if selection is not None:
        _alternate(instance, selection, max_iterations, deadline, descent)
    return descent.solution


def _alternate(
    instance: Instance,
    selection: np.ndarray,
    max_iterations: int,
    deadline: Deadline,
    descent: _Descent,
) -> None:
    """P3 and DES in turn, recorded in `descent`, until DES at the new prices lowers nothing."""
    while descent.iterations < max_iterations:
        descent.iterations += 1
        counts = count_tokens(instance, selection)
        assignment = allocate_subcarriers(counts, instance.transmission_energy_j, instance.links)
        if assignment is None:
            return
        _record(instance, Solution(selection, assignment), descent)
        prices = assignment_energy_j(instance, assignment)
        improved = _select(instance, prices, selection, descent, deadline)
        if improved is None or improved is selection:
            descent.converged = improved is selection and not deadline.passed
            return
        selection = improved
        _record(instance, Solution(selection, assignment), descent)
        if deadline.passed:
            return


def _select(
    instance: Instance,
    link_energy_j: np.ndarray,
    current: np.ndarray | None,
    descent: _Descent,
    deadline: Deadline,
) -> np.ndarray | None:
    """Choose experts at given prices; `current` itself where no token gains."""
    energy = expert_energy_j(instance, link_energy_j)
    answer = select_experts(
        energy,
        instance.gate_scores,
        instance.threshold,
        instance.max_experts,
        time_limit=deadline.at_least(1e-3),
    )
    descent.nodes += int(answer.nodes.sum())
    if current is None:
        return answer.selection if answer.feasible else None
    before = selected_energy_j(energy, current)
    gains = answer.energy_j < before * (1 - _NOISE)
    if not gains.any():
        return current
    return np.where(gains[:, None], answer.selection, current)


def _record(instance: Instance, solution: Solution, descent: _Descent) -> None:
    energy = evaluate(instance, solution).total_j
    descent.energies_j.append(energy)
    if energy < descent.energy_j:
        descent.energy_j, descent.solution = energy, solution
