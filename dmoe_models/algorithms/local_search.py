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

from dmoe_models.algorithms.compiling import compiled
from dmoe_models.algorithms.exact.cheap_sets import SetTable, near_sets
from dmoe_models.algorithms.jesa import descend, starting_prices
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

MOST_SETS = 64
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
    starts : int
        JESA starts: the first at each link's own best price, the others random.
    rounds : int
        Perturbations after the first local optimum.
    time_limit : float, optional
        Seconds.

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
    """

    def __init__(self, instance: Instance, seed: int = 0) -> None:
        self.instance = instance
        self.seed = seed
        links = instance.links
        self.energy = instance.transmission_energy_j[links[:, 0], links[:, 1]]
        number = min(instance.M, max(1, len(links)))
        self.wanted = np.argsort(self.energy, axis=1, kind="stable")[:, :number]
        self.node = links[:, 0].copy()
        link_of = np.full((instance.K, instance.K), -1, dtype=np.int64)
        link_of[links[:, 0], links[:, 1]] = np.arange(len(links))

        at_best = expert_energy_j(instance, best_link_energy_j(instance))
        limit = np.full(instance.T, np.inf)
        table = near_sets(
            instance.gate_scores, at_best, instance.need, instance.max_experts, limit, MOST_SETS
        )
        members, offsets = table.members, table.offsets
        crowded = np.flatnonzero(table.counts > MOST_SETS)
        if len(crowded):
            members, offsets = _with_cheapest(instance, at_best, table, crowded)
        # sets as links, token by token and node by node
        order = np.argsort(instance.source, kind="stable")
        self.first_token = np.searchsorted(instance.source[order], np.arange(instance.K + 1))
        rows = [np.arange(offsets[t], offsets[t + 1]) for t in order]
        self.first_set = np.concatenate([[0], np.cumsum([len(r) for r in rows])]).astype(np.int64)
        chosen = members[np.concatenate(rows)]
        owner = np.repeat(instance.source[order], [len(r) for r in rows])
        real = chosen >= 0
        self.set_links = np.where(real, link_of[owner[:, None], np.maximum(chosen, 0)], -1)
        self.set_energy = np.where(
            real, instance.computation_energy_j[np.maximum(chosen, 0)], 0.0
        ).sum(axis=1)

    def improve(self, solution: Solution, rounds: int, deadline: Deadline) -> Solution | None:
        """Search from a solution's assignment; complete what is found by JESA's iterations."""
        links = self.instance.links
        assignment = solution.assignment_for(self.instance)
        owned = assignment[links[:, 0], links[:, 1]].astype(np.int64)
        self.seed += 1
        _iterate(
            self.energy,
            self.wanted,
            self.node,
            self.first_token,
            self.first_set,
            self.set_links,
            self.set_energy,
            owned,
            rounds,
            self.seed,
            np.full(self.instance.M, -1),
            np.full(len(links), np.inf),
            np.empty(self.instance.K),
            owned.copy(),
            np.ones(len(links), dtype=bool),
        )
        result = np.full((self.instance.K, self.instance.K), -1)
        result[links[:, 0], links[:, 1]] = owned
        prices = assignment_energy_j(self.instance, result)
        return descend(self.instance, prices, deadline=deadline)


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
            found = near_sets(
                instance.gate_scores[t][None],
                at_best[t][None],
                instance.need[t][None],
                instance.max_experts,
                np.array([middle]),
                MOST_SETS,
            )
            if found.counts[0] > MOST_SETS:
                high = middle
            else:
                low = middle
                if len(found.members):
                    best = found.members
                if found.counts[0] > MOST_SETS // 2:
                    break
        parts[t] = best
    offsets = np.concatenate([[0], np.cumsum([len(p) for p in parts])]).astype(np.int64)
    return np.concatenate(parts), offsets


@compiled(_nrt=False)
def _node_energy(
    node: int,
    price: np.ndarray,
    first_token: np.ndarray,
    first_set: np.ndarray,
    set_links: np.ndarray,
    set_energy: np.ndarray,
) -> float:
    """Energy of a node's tokens, each on its cheapest set at the links' current prices."""
    total = 0.0
    for t in range(first_token[node], first_token[node + 1]):
        least = np.inf
        for s in range(first_set[t], first_set[t + 1]):
            cost = set_energy[s]
            for q in range(set_links.shape[1]):
                link = set_links[s, q]
                if link >= 0:
                    cost += price[link]
            if cost < least:
                least = cost
        total += least
    return total


@compiled(_nrt=False)
def _iterate(
    energy: np.ndarray,
    wanted: np.ndarray,
    node: np.ndarray,
    first_token: np.ndarray,
    first_set: np.ndarray,
    set_links: np.ndarray,
    set_energy: np.ndarray,
    owned: np.ndarray,
    rounds: int,
    seed: int,
    owner: np.ndarray,
    price: np.ndarray,
    cost: np.ndarray,
    best_owned: np.ndarray,
    stale: np.ndarray,
) -> float:
    """Descend, then perturb and descend `rounds` times; `owned` ends as the best found.

    `owner` (of every subcarrier, at first -1), `price` (of every link, at first infinite), `cost`
    (of every node), `best_owned` and `stale` (links whose moves have to be tried, at first all) are
    its memory.
    """
    np.random.seed(seed)
    links = len(owned)
    nodes = len(first_token) - 1
    for link in range(links):
        if owned[link] >= 0:
            owner[owned[link]] = link
            price[link] = energy[link, owned[link]]
    for i in range(nodes):
        cost[i] = _node_energy(i, price, first_token, first_set, set_links, set_energy)
    best = np.inf
    for turn in range(rounds + 1):
        if turn > 0:
            for link in range(links):
                if owned[link] != best_owned[link]:
                    stale[link] = True
            # back to the best, then a few random exchanges
            owner[:] = -1
            for link in range(links):
                owned[link] = best_owned[link]
                price[link] = np.inf
                if owned[link] >= 0:
                    owner[owned[link]] = link
                    price[link] = energy[link, owned[link]]
            for _ in range(2 + np.random.randint(3)):
                a = np.random.randint(links)
                m = wanted[a, np.random.randint(wanted.shape[1])]
                before = owned[a]
                if m == before:
                    continue
                b = owner[m]
                owned[a] = m
                owner[m] = a
                price[a] = energy[a, m]
                if before >= 0:
                    owner[before] = -1
                if b >= 0:
                    owned[b] = before
                    price[b] = np.inf
                    if before >= 0:
                        owner[before] = b
                        price[b] = energy[b, before]
                for link in range(links):
                    if node[link] == node[a] or (b >= 0 and node[link] == node[b]):
                        stale[link] = True
            for i in range(nodes):
                cost[i] = _node_energy(i, price, first_token, first_set, set_links, set_energy)
        moved = True
        while moved:
            moved = False
            for a in range(links):
                if not stale[a]:
                    continue
                stale[a] = False
                for k in range(wanted.shape[1]):
                    m = wanted[a, k]
                    if m == owned[a]:
                        continue
                    b = owner[m]
                    before = owned[a]
                    old_a, i = price[a], node[a]
                    new_a = energy[a, m]
                    if b < 0:
                        if new_a >= old_a:
                            continue
                        price[a] = new_a
                        new_i = _node_energy(
                            i, price, first_token, first_set, set_links, set_energy
                        )
                        if new_i < cost[i] * (1 - 1e-12):
                            cost[i] = new_i
                            owned[a] = m
                            owner[m] = a
                            if before >= 0:
                                owner[before] = -1
                            moved = True
                            for link in range(links):
                                if node[link] == i:
                                    stale[link] = True
                        else:
                            price[a] = old_a
                        continue
                    j = node[b]
                    old_b = price[b]
                    new_b = np.inf
                    if before >= 0:
                        new_b = energy[b, before]
                    if new_a >= old_a and new_b >= old_b:
                        continue
                    price[a] = new_a
                    price[b] = new_b
                    old = cost[i]
                    new_i = _node_energy(i, price, first_token, first_set, set_links, set_energy)
                    new_j = 0.0
                    if j != i:
                        old += cost[j]
                        new_j = _node_energy(
                            j, price, first_token, first_set, set_links, set_energy
                        )
                    if new_i + new_j < old * (1 - 1e-12):
                        cost[i] = new_i
                        if j != i:
                            cost[j] = new_j
                        owned[a] = m
                        owned[b] = before
                        owner[m] = a
                        if before >= 0:
                            owner[before] = b
                        moved = True
                        for link in range(links):
                            if node[link] == i or node[link] == j:
                                stale[link] = True
                    else:
                        price[a] = old_a
                        price[b] = old_b
        total = cost.sum()
        if total < best * (1 - 1e-12):
            best = total
            for link in range(links):
                best_owned[link] = owned[link]
    for link in range(links):
        owned[link] = best_owned[link]
    return best
