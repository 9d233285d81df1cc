"""The bound of a node of P2's tree, by weak duality.

For token prices p >= 0, subcarrier prices mu >= 0, and n0 tokens that are known to use a
link, every solution of a node, in which link l owns m(l) and token t uses S_t, has

    E = static + sum_t sum over S_t of a + sum over links of n(l) c[l, m(l)]
     >= static + sum_t min over S of (sum over S of a + sum over S, where that is not in n0, of p)
        + sum_l min over m of ( n0 c[l, m] + mu[m] - sum_t (p[t, j(l)] - c[l, m])^+ ) - sum_m mu[m],

since c >= p - (p - c)^+ for each use, the sum of (p - c)^+ over all tokens is at least that over
those that use the link, and no subcarrier is owned twice. "None" (0) is among a link's options
unless it carries tokens or has to own one. It is a non-decreasing function of c and a, which are
rounded down. All but the `depth` best subcarriers of a link are one option, at the price of the
best of them and mu = 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dmoe_models.referee.p2_nodes import Prices
from dmoe_models.referee.p2_sets import NEVER
from dmoe_models.referee.p2_whole_numbers import WholeInstance


@dataclass(frozen=True)
class Node:
    """What is left to decide.

    Attributes
    ----------
    columns, joules, open : (L, w) arrays
        Each link's options: subcarrier (M for "another"), c in units, and whether it is open.
    must_own : (L,) bool array
    load : (L,) int array
        n0 of the tokens that are decided.
    constant : int
        Their computation energy, in units.
    tokens : (A,) int array
        The others.
    listed : (A,) bool array
        Whose sets are listed.
    owner : (S,) int array
        Positions in `tokens`, ascending.
    members : (S, D) int array
        Experts, K where a set has fewer.
    decided : (T, D) int array
        The same of the sets of decided tokens; -1 for the others.
    empty : bool
        No solution is left.
    """

    columns: np.ndarray
    joules: np.ndarray
    open: np.ndarray
    must_own: np.ndarray
    load: np.ndarray
    constant: int
    tokens: np.ndarray
    listed: np.ndarray
    owner: np.ndarray
    members: np.ndarray
    decided: np.ndarray
    empty: bool = False


@dataclass(frozen=True)
class Bound:
    """The bound at some prices, and by how much it rises with each option."""

    bound: int
    reduced: np.ndarray  # (L, w)
    excess: np.ndarray  # (S,)
    least: np.ndarray  # (A,)
    expert_cost: np.ndarray  # (A, K)


def bound_at(whole: WholeInstance, node: Node, prices: Prices) -> Bound | None:
    """Return the bound of a node at given prices; None where it holds no solution.

    Parameters
    ----------
    whole : WholeInstance
    node : Node
    prices : Prices
        Any are right.
    """
    if node.empty:
        return None
    instance, experts = whole.instance, whole.instance.K
    source = instance.source[node.tokens]
    rows = np.arange(len(node.tokens))
    fixed, open_use = _uses(whole, node)
    paid = np.where(open_use, whole.token_prices(prices, node.tokens), 0)
    link = whole.link_of[source]
    load = node.load + np.bincount(link[fixed & (link >= 0)], minlength=len(whole.links))
    closed = np.append(~node.open.any(axis=1), False)  # the last: no link
    cost = paid + whole.computation
    cost[closed[link] | ((link < 0) & (np.arange(experts) != source[:, None]))] = NEVER

    least = np.full(len(rows), NEVER)
    if not node.listed.all():
        some = ~node.listed
        least[some] = whole.sets.least(node.tokens[some], cost[some])
    padded = np.append(cost, np.zeros((len(rows), 1), dtype=np.int64), axis=1)
    of_set = padded[node.owner[:, None], node.members].sum(axis=1)
    np.minimum.at(least, node.owner, of_set)
    if (least >= NEVER).any():
        return None

    mu = whole.subcarrier_prices(prices)
    bids = _bids(whole, node, paid, source)
    at_option = load[:, None] * np.where(node.open, node.joules, 0) + mu[node.columns] - bids
    at_option = np.where(node.open, at_option, NEVER)
    none = np.where(node.must_own | (load > 0), NEVER, 0)
    row = np.minimum(none, at_option.min(axis=1, initial=NEVER))
    if (row >= NEVER).any():
        return None
    bound = node.constant + sum(least.tolist()) + sum(row.tolist()) - sum(mu.tolist())
    return Bound(bound, at_option - row[:, None], of_set - least[node.owner], least, cost)


def _uses(whole: WholeInstance, node: Node) -> tuple[np.ndarray, np.ndarray]:
    """Return the (A, K) uses on which all sets of a token agree, and those that are open.

    What is in no set that is left is neither, and has no price.
    """
    experts = whole.instance.K
    held = np.bincount(
        (node.owner[:, None] * (experts + 1) + node.members).ravel(),
        minlength=len(node.tokens) * (experts + 1),
    ).reshape(-1, experts + 1)[:, :experts]
    count = np.bincount(node.owner, minlength=len(node.tokens))
    fixed = node.listed[:, None] & (held == count[:, None])
    return fixed, ~fixed & ((held > 0) | ~node.listed[:, None])


def _bids(whole: WholeInstance, node: Node, paid: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Return the (L, w) sums over tokens of (p - c)^+."""
    bids = np.zeros(node.joules.shape, dtype=np.int64)
    for i in np.unique(source).tolist():
        own = np.flatnonzero(whole.link_of[i] >= 0)
        links = whole.link_of[i, own]
        price = paid[source == i][:, own]
        step = max(1, (1 << 22) // max(1, node.joules[links].size))
        for start in range(0, len(price), step):
            above = price[start : start + step, :, None] - node.joules[links]
            bids[links] += np.maximum(above, 0).sum(axis=0)
    return bids
