"""Exchanges of subcarriers between links, compiled: the moves of `local_search`.

The search stands at an assignment and moves to a cheaper one as long as it can. In one move a link
takes a subcarrier it does not own; a link that owned it gets the first one's in return, if there is
one. The tokens of the one or two nodes concerned choose again among their listed sets. Where no
move helps, random exchanges perturb the best assignment found, and the search goes on from there.

All of it stands in one file because numba's cache notices changes of a function's own file only.
What is called in the innermost loops is inlined by force: calls that pass these tables cost more.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dmoe_models.algorithms.compiling import compiled

_LESS = 1 - 1e-12
"""An energy counts as lower if it is below this share of another: rounding must not move it."""


class SetsOfNodes(NamedTuple):
    """The sets that tokens choose among, token by token and node by node.

    Attributes
    ----------
    first_token : (K + 1,) int array
        Node i holds tokens first_token[i] to first_token[i + 1], counted in the order of nodes.
    first_set : (T + 1,) int array
        Token t's sets are rows first_set[t] to first_set[t + 1].
    links : (S, D) int array
        Links that a set uses, -1 where it has fewer.
    energy_j : (S,) array
        Computation energy of a set, J.
    """

    first_token: np.ndarray
    first_set: np.ndarray
    links: np.ndarray
    energy_j: np.ndarray


class LinkTables(NamedTuple):
    """What links may own, and what it costs.

    Attributes
    ----------
    energy_j : (L, M) array
        Joule per token on every subcarrier.
    wanted : (L, W) int array
        Subcarriers that a link may take, cheapest first.
    node : (L,) int array
        Node that the link leaves.
    """

    energy_j: np.ndarray
    wanted: np.ndarray
    node: np.ndarray


class Place(NamedTuple):
    """The assignment at which the search stands; all but `owned` and `stale` follow from it.

    Attributes
    ----------
    owned : (L,) int array
        Subcarrier of every link, -1 for none.
    stale : (L,) bool array
        Links whose moves have to be tried (again).
    owner : (M,) int array
        Link of every subcarrier, -1 for none.
    price : (L,) array
        Joule per token at which every link transmits, infinite where it owns nothing.
    cost : (K,) array
        Energy of every node's tokens, J.
    """

    owned: np.ndarray
    stale: np.ndarray
    owner: np.ndarray
    price: np.ndarray
    cost: np.ndarray


def start_at(owned: np.ndarray, nodes: int, subcarriers: int) -> Place:
    """Return the place of an assignment, to be filled by `search`.

    Parameters
    ----------
    owned : (L,) int array
        Subcarrier of every link, -1 for none.
    nodes, subcarriers : int
        K and M.
    """
    return Place(
        owned.copy(),
        np.ones(len(owned), dtype=bool),
        np.full(subcarriers, -1),
        np.full(len(owned), np.inf),
        np.empty(nodes),
    )


@compiled(_nrt=False)
def search(
    links: LinkTables, sets: SetsOfNodes, place: Place, best: np.ndarray, rounds: int, seed: int
) -> None:
    """Descend, then perturb the best assignment and descend again, `rounds` times.

    Parameters
    ----------
    links : LinkTables
    sets : SetsOfNodes
    place : Place
        Where to start; its arrays are overwritten.
    best : (L,) int array
        The best assignment found, filled: subcarrier of every link, -1 for none.
    rounds : int
        Perturbations.
    seed : int
        Of the perturbations.
    """
    np.random.seed(seed)
    least = np.inf
    for turn in range(rounds + 1):
        if turn > 0:
            _return_to(best, place)
        _fill(links, place)
        if turn > 0:
            _perturb(links, place)
        for node in range(len(place.cost)):
            place.cost[node] = _node_energy(node, place.price, sets)
        _descend(links, sets, place)
        total = place.cost.sum()
        if total < least * _LESS:
            least = total
            for link in range(len(best)):
                best[link] = place.owned[link]


@compiled(forceinline=True, _nrt=False)
def _node_energy(node: int, price: np.ndarray, sets: SetsOfNodes) -> float:
    """Return the energy, J, of a node's tokens, each on its cheapest set at the present prices."""
    total = 0.0
    for t in range(sets.first_token[node], sets.first_token[node + 1]):
        least = np.inf
        for s in range(sets.first_set[t], sets.first_set[t + 1]):
            cost = sets.energy_j[s]
            for q in range(sets.links.shape[1]):
                link = sets.links[s, q]
                if link >= 0:
                    cost += price[link]
            if cost < least:
                least = cost
        total += least
    return total


@compiled(_nrt=False)
def _return_to(best: np.ndarray, place: Place) -> None:
    """Go back to the best assignment; links that own something else there are stale."""
    for link in range(len(best)):
        if place.owned[link] != best[link]:
            place.stale[link] = True
            place.owned[link] = best[link]


@compiled(_nrt=False)
def _fill(links: LinkTables, place: Place) -> None:
    """Note owners and prices of what links own."""
    place.owner[:] = -1
    for link in range(len(place.owned)):
        place.price[link] = np.inf
        m = place.owned[link]
        if m >= 0:
            place.owner[m] = link
            place.price[link] = links.energy_j[link, m]


@compiled(_nrt=False)
def _perturb(links: LinkTables, place: Place) -> None:
    """Carry out two to four random exchanges, whatever they cost."""
    for _ in range(2 + np.random.randint(3)):
        link = np.random.randint(len(place.owned))
        m = links.wanted[link, np.random.randint(links.wanted.shape[1])]
        if m != place.owned[link]:
            _exchange(link, m, links, place)


@compiled(forceinline=True, _nrt=False)
def _exchange(link: int, m: int, links: LinkTables, place: Place) -> None:
    """Give a link subcarrier m; the link that owned m, if any, gets the first one's in return."""
    before, other = place.owned[link], place.owner[m]
    place.owned[link] = m
    place.owner[m] = link
    place.price[link] = links.energy_j[link, m]
    if before >= 0:
        place.owner[before] = other
    if other >= 0:
        place.owned[other] = before
        place.price[other] = np.inf if before < 0 else links.energy_j[other, before]
    node = links.node[link]
    other_node = links.node[other] if other >= 0 else node
    for q in range(len(place.stale)):
        if links.node[q] == node or links.node[q] == other_node:
            place.stale[q] = True


@compiled(forceinline=True, _nrt=False)
def _descend(links: LinkTables, sets: SetsOfNodes, place: Place) -> None:
    """Make the moves that lower the energy, until no link has one."""
    moved = True
    while moved:
        moved = False
        for link in range(len(place.owned)):
            if not place.stale[link]:
                continue
            place.stale[link] = False
            for k in range(links.wanted.shape[1]):
                m = links.wanted[link, k]
                if m != place.owned[link] and _try_exchange(link, m, links, sets, place):
                    moved = True


@compiled(forceinline=True, _nrt=False)
def _try_exchange(link: int, m: int, links: LinkTables, sets: SetsOfNodes, place: Place) -> bool:
    """Exchange (see `_exchange`) if that lowers the energy; return whether it did."""
    price = place.price
    before, other = place.owned[link], place.owner[m]
    old, new = price[link], links.energy_j[link, m]
    old_of_other = new_of_other = np.inf
    if other >= 0:
        old_of_other = price[other]
        if before >= 0:
            new_of_other = links.energy_j[other, before]
    if new >= old and new_of_other >= old_of_other:
        return False
    node = links.node[link]
    other_node = node
    price[link] = new
    if other >= 0:
        price[other] = new_of_other
        other_node = links.node[other]
    present = place.cost[node]
    cost, cost_of_other = _node_energy(node, price, sets), 0.0
    if other_node != node:
        present += place.cost[other_node]
        cost_of_other = _node_energy(other_node, price, sets)
    if cost + cost_of_other < present * _LESS:
        place.cost[node] = cost
        if other_node != node:
            place.cost[other_node] = cost_of_other
        _exchange(link, m, links, place)
        return True
    price[link] = old
    if other >= 0:
        price[other] = old_of_other
    return False
