"""The minimal feasible sets of tokens within a limit of cost: what an optimum may still choose.

The compiled counterpart of `dmoe_models.model.feasible_sets`, with a limit on the cost of a set,
for many tokens at once. Tokens for which some sum of scores lies too close to need for floating
point to decide are listed by the exact enumeration instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dmoe_models.algorithms.compiling import compiled
from dmoe_models.model.feasible_sets import feasible_sets
from dmoe_models.model.relevance import CLOSE


@dataclass(frozen=True)
class SetTable:
    """Sets of a batch of U tokens, one after the other.

    Attributes
    ----------
    offsets : (U + 1,) int array
        Token t's sets are rows offsets[t] to offsets[t + 1].
    members : (S, D) int array
        Expert indices, -1 where a set has fewer.
    counts : (U,) int array
        Number of sets of each token; above `max_sets` the rows of that token are left out.
    """

    offsets: np.ndarray
    members: np.ndarray
    counts: np.ndarray

    def incidence(self, experts: int) -> np.ndarray:
        """Return the (S, K) bool membership of all sets."""
        result = np.zeros((len(self.members), experts + 1), dtype=bool)
        rows = np.arange(len(self.members))[:, None]
        result[rows, self.members] = True  # -1 falls into the spare last column
        return result[:, :experts]


@compiled()
def _walk(
    scores: np.ndarray,
    energy: np.ndarray,
    order: np.ndarray,
    length: int,
    need: float,
    slots: int,
    limit: float,
    max_sets: int,
    members: np.ndarray,
    row: int,
) -> int:
    """Count a token's sets, and write them from `row` on if that is not negative.

    Returns the count, at most `max_sets` + 1; or -1 where a sum is too close to need.
    """
    running = np.zeros(length + 1)
    for q in range(length):
        running[q + 1] = running[q] + scores[order[q]]
    chosen = np.empty(slots, np.int64)
    total = np.zeros(slots + 1)
    cost = np.zeros(slots + 1)
    found = 0
    depth = 0
    q = 0
    while True:
        free = slots - depth
        last = min(q + free, length)
        if q < length and total[depth] + running[last] - running[q] >= need - CLOSE:
            expert = order[q]
            new_cost = cost[depth] + energy[expert]
            if new_cost <= limit:
                new_total = total[depth] + scores[expert]
                chosen[depth] = q
                if abs(new_total - need) <= CLOSE:
                    return -1
                if new_total > need:
                    found += 1
                    if found > max_sets:
                        return found
                    if row >= 0:
                        for k in range(depth + 1):
                            members[row + found - 1, k] = order[chosen[k]]
                elif depth + 1 < slots:
                    depth += 1
                    total[depth] = new_total
                    cost[depth] = new_cost
            q += 1
        else:
            if depth == 0:
                return found
            depth -= 1
            q = chosen[depth] + 1


@compiled()
def _walk_all(
    scores: np.ndarray,
    energy: np.ndarray,
    order: np.ndarray,
    lengths: np.ndarray,
    need: np.ndarray,
    slots: int,
    limit: np.ndarray,
    max_sets: int,
    counts: np.ndarray,
    members: np.ndarray,
    offsets: np.ndarray,
    write: bool,
) -> None:
    for t in range(len(need)):
        if write and (counts[t] > max_sets or offsets[t + 1] == offsets[t]):
            continue
        row = offsets[t] if write else -1
        found = _walk(
            scores[t],
            energy[t],
            order[t],
            lengths[t],
            need[t],
            slots,
            limit[t],
            max_sets,
            members,
            row,
        )
        if not write:
            counts[t] = found


def list_cheap_sets(
    gate_scores: np.ndarray,
    energy_j: np.ndarray,
    need: np.ndarray,
    max_experts: int,
    limit_j: np.ndarray,
    max_sets: int,
) -> SetTable:
    """List every token's minimal feasible sets of energy at most `limit_j`.

    Parameters
    ----------
    gate_scores : (U, K) array
    energy_j : (U, K) array
        J; infinite where an expert is out of reach.
    need : (U,) array
    max_experts : int
        D.
    limit_j : (U,) array
        J; infinite for no limit.
    max_sets : int
        A token with more sets than this is counted as `max_sets` + 1 and its sets are not listed.

    Returns
    -------
    SetTable
    """
    tokens = len(gate_scores)
    usable = np.isfinite(energy_j) & (gate_scores > 0)
    order = np.argsort(np.where(usable, -gate_scores, 1.0), axis=1, kind="stable")
    lengths = usable.sum(axis=1)
    counts = np.zeros(tokens, dtype=np.int64)
    nothing = np.zeros((0, max_experts), dtype=np.int64)
    fixed = (gate_scores, energy_j, order, lengths, need, max_experts, limit_j, max_sets, counts)
    _walk_all(*fixed, nothing, np.zeros(tokens + 1, dtype=np.int64), False)

    exact: dict[int, list[tuple[int, ...]]] = {}
    for t in np.flatnonzero(counts < 0).tolist():
        exact[t] = []
        for experts in feasible_sets(gate_scores[t], float(need[t]), max_experts, usable[t]):
            if energy_j[t, list(experts)].sum() <= limit_j[t]:
                exact[t].append(experts)
                if len(exact[t]) > max_sets:
                    break
        counts[t] = len(exact[t])

    listed = np.where(counts > max_sets, 0, counts)
    offsets = np.concatenate([[0], np.cumsum(listed)]).astype(np.int64)
    members = np.full((int(offsets[-1]), max_experts), -1, dtype=np.int64)
    by_walk = counts.copy()
    for t in exact:
        by_walk[t] = max_sets + 1  # skipped by the second walk
    fixed = (gate_scores, energy_j, order, lengths, need, max_experts, limit_j, max_sets, by_walk)
    _walk_all(*fixed, members, offsets, True)
    for t, sets in exact.items():
        if counts[t] <= max_sets:
            for row, experts_of_set in enumerate(sets, int(offsets[t])):
                members[row, : len(experts_of_set)] = experts_of_set
    return SetTable(offsets, members, counts)
