"""Local search over assignments: exchange, reassign and perturb subcarriers.

JESA moves all subcarriers at once, at token counts that belong to the old prices, and stops where
that helps no more. Local search moves one or two: a link takes a free subcarrier, or two links
exchange theirs, and the tokens of the nodes concerned choose again among their sets. A move is kept
if the energy falls. Where no move helps, a few random exchanges perturb the assignment and the
search goes on from there; it returns to the best assignment unless it finds a better one.

Tokens choose among their minimal feasible sets, listed once (for tokens with very many, those that
are cheapest at each link's own best price). The result is completed by JESA's iterations, which
choose among all sets.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from dmoe_models.algorithms import assignment_moves as moves
from dmoe_models.algorithms.jesa import descend, starting_prices
from dmoe_models.algorithms.selection.cheap_sets import SetTable, list_cheap_sets
from dmoe_models.algorithms.selection.des import select_experts
from dmoe_models.deadline import Deadline
from dmoe_models.errors import MethodError
from dmoe_models.model.energy import (
    assignment_energy_j,
    best_link_energy_j,
    evaluate,
    expert_energy_j,
)
from dmoe_models.model.instance import Instance
from dmoe_models.model.solution import Outcome, Solution

MAX_SETS = 64
"""Sets of one token that the search chooses among."""

_ROUNDS_AT_ONCE = 16  # perturbations between looks at the clock


def local_search(
    instance: Instance,
    *,
    seed: int = 0,
    starts: int = 2,
    rounds: int = 64,
    time_limit: float | None = None,
) -> Outcome:
    """Solve P2 heuristically by local search from JESA's solutions.

    Parameters
    ----------
    instance : Instance
        P2.
    seed : int
        Seed of the random starts and of the perturbations.
    starts : int
        Number of JESA starts: the first at each link's own best price, the others random.
    rounds : int
        Perturbations after the first local optimum.
    time_limit : float, optional
        Seconds; past it the best solution so far is returned.

    Returns
    -------
    Outcome
        `details`: jesa_j (energy of the best start), rounds, incumbents.
    """
    for name, number, least in (("starts", starts, 1), ("rounds", rounds, 0)):
        if not isinstance(number, int) or isinstance(number, bool) or number < least:
            raise MethodError(f"{name} = {number!r} is not a whole number of at least {least}")
    deadline, started = Deadline(time_limit), time.perf_counter()
    incumbents: list[tuple[float, float]] = []
    random = np.random.default_rng(seed)
    best, best_energy = None, np.inf
    for number in range(starts):
        prices = starting_prices(instance, "random" if number else "price", random)
        found = descend(instance, prices, deadline=deadline)
        if found is not None:
            energy = evaluate(instance, found).total_j
            if energy < best_energy:
                best, best_energy = found, energy
                incumbents.append((time.perf_counter() - started, energy))
        if deadline.passed:
            break
    if best is None:
        return Outcome(details={"failed": "no JESA start found a solution"})
    details: dict[str, Any] = {"jesa_j": best_energy, "rounds": 0, "incumbents": incumbents}
    if not len(instance.links):
        return Outcome(best, details=details)
    search = Search(instance, seed)
    done = 0
    while True:
        batch = min(_ROUNDS_AT_ONCE, rounds - done)
        assert best is not None
        found = search.improve(best, batch, deadline)
        energy = np.inf if found is None else evaluate(instance, found).total_j
        if energy < best_energy:
            best, best_energy = found, energy
            incumbents.append((time.perf_counter() - started, energy))
        done += batch
        if done >= rounds or deadline.passed:
            break
    details["rounds"] = done
    return Outcome(best, details=details)


class Search:
    """The tables that the compiled search works on, built once for an instance.

    Parameters
    ----------
    instance : Instance
    seed : int
        Seed of the perturbations.
    """

    def __init__(self, instance: Instance, seed: int = 0) -> None:
        self.instance = instance
        self.seed = seed
        links = instance.links
        energy = instance.transmission_energy_j[links[:, 0], links[:, 1]]
        number = min(instance.M, max(1, len(links)))
        wanted = np.argsort(energy, axis=1, kind="stable")[:, :number]
        self.links = moves.LinkTables(energy, wanted, links[:, 0].copy())
        self.sets = _sets_of_nodes(instance)

    def improve(self, solution: Solution, rounds: int, deadline: Deadline) -> Solution | None:
        """Search from a solution's assignment; complete what is found by JESA's iterations.

        Parameters
        ----------
        solution : Solution
        rounds : int
            Perturbations after the first local optimum.
        deadline : Deadline
            Of JESA's iterations; the search itself is not interrupted.

        Returns
        -------
        Solution or None
            None where JESA's iterations cannot serve the tokens.
        """
        instance, links = self.instance, self.instance.links
        owned = solution.assignment_for(instance)[links[:, 0], links[:, 1]].astype(np.int64)
        self.seed += 1
        place = moves.start_at(owned, instance.K, instance.M)
        moves.search(self.links, self.sets, place, owned, rounds, self.seed)
        assignment = np.full((instance.K, instance.K), -1)
        assignment[links[:, 0], links[:, 1]] = owned
        return descend(instance, assignment_energy_j(instance, assignment), deadline=deadline)


def _sets_of_nodes(instance: Instance) -> moves.SetsOfNodes:
    """List the minimal feasible sets of all tokens, or the cheapest of those with very many."""
    links = instance.links
    link_of = np.full((instance.K, instance.K), -1, dtype=np.int64)
    link_of[links[:, 0], links[:, 1]] = np.arange(len(links))
    at_best = expert_energy_j(instance, best_link_energy_j(instance))
    limit = np.full(instance.T, np.inf)
    table = list_cheap_sets(
        instance.gate_scores, at_best, instance.need, instance.max_experts, limit, MAX_SETS
    )
    members, offsets = table.members, table.offsets
    crowded = np.flatnonzero(table.counts > MAX_SETS)
    if len(crowded):
        members, offsets = _with_cheapest(instance, at_best, table, crowded)
    order = np.argsort(instance.source, kind="stable")
    rows = [np.arange(offsets[t], offsets[t + 1]) for t in order]
    lengths = [len(of_token) for of_token in rows]
    chosen = members[np.concatenate(rows)]
    owner = np.repeat(instance.source[order], lengths)
    real = chosen >= 0
    expert = np.maximum(chosen, 0)
    return moves.SetsOfNodes(
        np.searchsorted(instance.source[order], np.arange(instance.K + 1)),
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.where(real, link_of[owner[:, None], expert], -1),
        np.where(real, instance.computation_energy_j[expert], 0.0).sum(axis=1),
    )


def _with_cheapest(
    instance: Instance, at_best: np.ndarray, table: SetTable, crowded: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Fill in the sets of crowded tokens: their cheapest, found by bisection on a cost limit.

    The cheapest set of all is always among them (ties with it may be too many to list).
    """
    cheapest = select_experts(
        at_best[crowded],
        instance.gate_scores[crowded],
        instance.threshold[crowded],
        instance.max_experts,
    )
    parts = [table.members[table.offsets[t] : table.offsets[t + 1]] for t in range(instance.T)]
    for row, t in enumerate(crowded.tolist()):
        best = np.full((1, instance.max_experts), -1)
        members = np.flatnonzero(cheapest.selection[row])
        best[0, : len(members)] = members
        low = float(cheapest.energy_j[row])
        high = float(at_best[t][np.isfinite(at_best[t])].sum())
        for _ in range(24):
            middle = 0.5 * (low + high)
            found = list_cheap_sets(
                instance.gate_scores[t][None],
                at_best[t][None],
                instance.need[t][None],
                instance.max_experts,
                np.array([middle]),
                MAX_SETS,
            )
            if found.counts[0] > MAX_SETS:
                high = middle
            else:
                low = middle
                if len(found.members):
                    best = found.members
                if found.counts[0] > MAX_SETS // 2:
                    break
        parts[t] = best
    offsets = np.concatenate([[0], np.cumsum([len(p) for p in parts])]).astype(np.int64)
    return np.concatenate(parts), offsets
