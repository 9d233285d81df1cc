"""DES in plain Python: the tree search that the compiled one is held against.

Experts stand in increasing ratio of cost to score. A node of the tree is a set of experts; its
children add one expert that stands later in that order. What a node's completions must still cost
is bounded from below by the linear relaxation of the covering constraint over the experts that may
still be added, which takes them whole in the order of their ratio and the last one in part. Both
this bound and the greatest score that the free slots can still collect worsen from one child to the
next, so the first child that fails either ends its family.

With bound "paper" an expert's cost is its energy. With bound "cardinality" every slot has a rent
mu >= 0 besides: as a completion uses at most the s slots left,

    its energy  >=  (relaxation with costs energy + mu)  -  mu s,

which is the bound that knows the cardinality limit. Any rent gives a valid bound; the one taken
maximises it at the root.

References
----------
Qin, Wu, Du, Huang, "Optimal Expert Selection for Distributed Mixture-of-Experts at the Wireless
Edge", arXiv 2503.13421: DES, its order, its bound and the top-D incumbent. Here a chain of
"exclude" decisions is one step, so that a node is a set; and sums that lie within 1e-12 of need are
decided exactly.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from itertools import accumulate

import numpy as np

from dmoe_models.deadline import Deadline
from dmoe_models.model.relevance import CLOSE, reaches


def search(
    energy_j: np.ndarray,
    gate_scores: np.ndarray,
    need: np.ndarray,
    max_experts: int,
    *,
    cardinality: bool,
    node_limit: int | None,
    deadline: Deadline,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Search all tokens, one after the other; arguments and answer are those of `compiled.search`.

    Parameters
    ----------
    energy_j, gate_scores : (T, K) arrays
        Joule per token; scores.
    need : (T,) array
        Right-hand side of C1.
    max_experts : int
        D.
    cardinality : bool
        Use the bound that knows D.
    node_limit : int or None
        Most nodes of one token's search.
    deadline : Deadline

    Returns
    -------
    selection (T, K), energy_j (T,), bound_j (T,), nodes (T,)
    """
    selection = np.zeros(gate_scores.shape, dtype=bool)
    found, bound = np.empty(len(need)), np.empty(len(need))
    nodes = np.empty(len(need), dtype=np.int64)
    limit = math.inf if node_limit is None else node_limit
    for t in range(len(need)):
        token = _Search(energy_j[t], gate_scores[t], float(need[t]), max_experts, cardinality)
        token.run(limit, deadline)
        selection[t, [token.experts[q] for q in token.best_set]] = True
        found[t], bound[t], nodes[t] = token.best, token.bound, token.nodes
    return selection, found, bound, nodes


class _Search:
    """The search tree of one token; positions count in the order of increasing ratio."""

    def __init__(
        self,
        energies: np.ndarray,
        gate_scores: np.ndarray,
        need: float,
        max_experts: int,
        cardinality: bool,
    ) -> None:
        usable = np.flatnonzero(np.isfinite(energies) & (gate_scores > 0))
        energy, score = energies[usable], gate_scores[usable]
        self.need = need
        self.slots = min(max_experts, len(usable))
        self.close = CLOSE * max(1.0, sum(score.tolist()))
        self.rent = _best_rent(energy, score, need, self.slots) if cardinality else 0.0
        with np.errstate(over="ignore"):  # an overflowing ratio only makes an expert the last
            ratio = (energy + self.rent) / score
        order = np.argsort(ratio, kind="stable")
        self.experts: list[int] = usable[order].tolist()
        self.energy: list[float] = energy[order].tolist()
        self.score: list[float] = score[order].tolist()
        self.ratio: list[float] = ratio[order].tolist()
        self.cost_sums = [0.0, *accumulate(cost + self.rent for cost in self.energy)]
        self.score_sums = [0.0, *accumulate(self.score)]
        # top_sums[q][s]: the greatest score that s experts standing at q or later can have together
        self.top_sums = [
            [0.0, *accumulate(sorted(self.score[q:], reverse=True)[: self.slots])]
            for q in range(len(self.score))
        ]
        self.best, self.bound, self.nodes = math.inf, math.inf, 0
        self.best_set: tuple[int, ...] = ()

    def run(self, node_limit: float, deadline: Deadline) -> None:
        """Search until the end or a limit."""
        if self.need <= 0:
            self.best = self.bound = 0.0
            return
        by_score = sorted(range(len(self.score)), key=lambda q: (-self.score[q], self.experts[q]))
        top = tuple(by_score[: self.slots])
        if not reaches([self.score[q] for q in top], self.need):
            return  # the most relevant D experts miss need, and so does every other set
        self.best_set = top
        *_, self.best = accumulate(self.energy[q] for q in top)
        root = self._lower_bound(0, 0.0, self.need, self.slots)
        try:
            if deadline.passed:
                raise _LimitReachedError
            self._extend([], 0, 0.0, self.need, self.slots, node_limit, deadline)
            self.bound = self.best
        except _LimitReachedError:
            self.bound = min(self.best, max(root, 0.0))

    def _lower_bound(self, position: int, cost: float, missing: float, slots: int) -> float:
        """Bound the energy of all sets that extend one of energy `cost` from `position` on.

        `missing` is lowered by what rounding may have added to it. As costs are at most the last
        ratio times scores, that covers the rounding of their sums as well.
        """
        target = self.score_sums[position] + (missing - self.close)
        last = bisect_left(self.score_sums, target, position)
        if last <= position:
            relaxation = 0.0
        elif last >= len(self.score_sums):
            return math.inf
        else:
            whole = self.cost_sums[last - 1] - self.cost_sums[position]
            relaxation = whole + (target - self.score_sums[last - 1]) * self.ratio[last - 1]
        rounding = 1e-14 * slots * self.rent
        return cost + relaxation - self.rent * slots - rounding

    def _extend(
        self,
        chosen: list[int],
        position: int,
        cost: float,
        missing: float,
        slots: int,
        node_limit: float,
        deadline: Deadline,
    ) -> None:
        """Try every expert from `position` on as the next member of `chosen`."""
        for q in range(position, len(self.score)):
            if self.top_sums[q][min(slots, len(self.top_sums[q]) - 1)] < missing - self.close:
                return
            if self._lower_bound(q, cost, missing, slots) >= self.best:
                return
            self.nodes += 1
            if self.nodes >= node_limit or (self.nodes % 1024 == 0 and deadline.passed):
                raise _LimitReachedError
            chosen.append(q)
            left, energy = missing - self.score[q], cost + self.energy[q]
            if left <= self.close and reaches([self.score[p] for p in chosen], self.need):
                if energy < self.best:
                    self.best, self.best_set = energy, tuple(chosen)
            elif slots > 1:
                self._extend(chosen, q + 1, energy, left, slots - 1, node_limit, deadline)
            chosen.pop()


def _best_rent(energy: np.ndarray, score: np.ndarray, need: float, slots: int) -> float:
    """Return the rent at the maximum of the Lagrangian dual, found by bisection on the price.

    phi(price) = price need - sum of the `slots` largest (price score - energy)^+ is concave, and
    rises while the experts that hold the slots miss need.
    """
    if need <= 0 or slots == 0 or np.sort(score)[-slots:].sum() <= need:
        return 0.0  # no set, or none with a slot to spare for a cheaper one
    low, high = 0.0, 1e3 * float(energy.max()) / need
    for _ in range(60):
        price = (low + high) / 2
        value = price * score - energy
        holders = np.argsort(-value, kind="stable")[:slots]
        holders = holders[value[holders] > 0]
        low, high = (low, price) if score[holders].sum() >= need else (price, high)
    return max(0.0, float(np.sort(high * score - energy)[-slots]))


class _LimitReachedError(Exception):
    """A node or time limit was reached."""
