"""The minimal feasible sets of many tokens at once, in whole numbers, for the checker of trees.

Sets are built expert by expert in decreasing score, a level at a time: a set that reaches need is
minimal if and only if no proper prefix of it does. Scores are rounded down to multiples of 2**-62,
so a sum is short by less than one of these for every expert; what is closer to need than that is
decided by fractions.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from dmoe_models.model.instance import Instance

NEVER = np.int64(2**62)
"""Cost of what cannot be had; sums of other costs stay below half of it."""

_SCORE_UNIT = 2.0**62
_BATCH = 1 << 20  # entries of a table


class MinimalSets:
    """What is common to all listings of one instance's sets.

    Parameters
    ----------
    instance : Instance
    need : list of float
        Right-hand side of C1.
    reachable : (K, K) bool array
        Node i can use expert j.
    """

    def __init__(self, instance: Instance, need: list[float], reachable: np.ndarray) -> None:
        self.scores, self.need = instance.gate_scores, need
        self.slots = min(instance.max_experts, instance.K)
        usable = reachable[instance.source] & (self.scores > 0)
        kept = np.where(usable, self.scores, 0.0)
        self.order = np.argsort(-kept, axis=1, kind="stable")
        self.usable = np.take_along_axis(usable, self.order, axis=1)
        self.units = np.take_along_axis((kept * _SCORE_UNIT).astype(np.int64), self.order, axis=1)
        self.lowest_need = (np.array(need) * _SCORE_UNIT).astype(np.int64)  # rounded down
        self.slack = np.int64(instance.K + 1)

    def below(
        self, tokens: np.ndarray, cost: np.ndarray, limit: np.ndarray, most: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """List every set that costs less than its token's limit.

        Parameters
        ----------
        tokens : (A,) int array
        cost : (A, K) int array
            `NEVER` where an expert is out of reach.
        limit : (A,) int array
        most : int
            Tokens with more sets, or more beginnings of sets, are left out.

        Returns
        -------
        owner : (S,) int array
            Positions in `tokens`, ascending.
        members : (S, D) int array
            Experts, K where a set has fewer.
        listed : (A,) bool array
        """
        experts = cost.shape[1]
        listed = np.ones(len(tokens), dtype=bool)
        counts = np.zeros(len(tokens), dtype=np.int64)
        owners, members = [np.zeros(0, dtype=np.int64)], [np.zeros((0, self.slots), dtype=np.int64)]
        for part in _parts(len(tokens), experts):
            bound = limit[part].copy()
            for owner, chosen, _, begun in self._levels(tokens[part], cost[part], bound):
                counts[part] += np.bincount(owner, minlength=len(bound))
                over = (counts[part] > most) | (begun > most)
                listed[part] &= ~over
                bound[over] = -1  # nothing more of these
                padded = np.full((len(owner), self.slots), experts)
                padded[:, : chosen.shape[1]] = chosen
                owners.append(owner + part.start)
                members.append(padded)
        owner, member = np.concatenate(owners), np.concatenate(members)
        kept = listed[owner]
        order = np.argsort(owner[kept], kind="stable")
        return owner[kept][order], member[kept][order], listed

    def least(self, tokens: np.ndarray, cost: np.ndarray) -> np.ndarray:
        """Return what each token's cheapest set costs; `NEVER` for one that has none.

        Parameters
        ----------
        tokens : (A,) int array
        cost : (A, K) int array
            `NEVER` where an expert is out of reach.

        Returns
        -------
        (A,) int array
        """
        result = np.full(len(tokens), NEVER)
        for part in _parts(len(tokens), cost.shape[1]):
            best = result[part]  # a view: what is found limits what is looked at next
            for owner, _, found, _ in self._levels(tokens[part], cost[part], best):
                np.minimum.at(best, owner, found)
        return result

    def _levels(
        self, tokens: np.ndarray, cost: np.ndarray, limit: np.ndarray
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
        """Yield the sets of 1, 2, ... experts below the limit, which may be lowered meanwhile.

        Owner, experts, cost, and of every token the number of sets that are only begun.
        """
        experts = cost.shape[1]
        order, units = self.order[tokens], self.units[tokens]
        price = np.where(self.usable[tokens], np.take_along_axis(cost, order, axis=1), NEVER)
        running = np.concatenate(
            [np.zeros((len(tokens), 1), dtype=np.int64), units.cumsum(axis=1)], axis=1
        )
        need = self.lowest_need[tokens]
        owner = np.arange(len(tokens))
        last = np.full(len(tokens), -1)
        total = np.zeros(len(tokens), dtype=np.int64)
        spent = np.zeros(len(tokens), dtype=np.int64)
        chosen = np.zeros((len(tokens), 0), dtype=np.int64)
        position = np.arange(experts)
        for free in range(self.slots, 0, -1):
            found = []
            for part in _parts(len(owner), experts):
                t = owner[part]
                ahead = running[t][:, np.minimum(position + free, experts)] - running[t][:, :-1]
                possible = position > last[part, None]
                possible &= total[part, None] + ahead + self.slack >= need[t, None]
                possible &= spent[part, None] + price[t] < limit[t, None]
                row, q = np.nonzero(possible)
                found.append((row + part.start, q))
            row = np.concatenate([pair[0] for pair in found])
            last = np.concatenate([pair[1] for pair in found])
            owner = owner[row]
            total = total[row] + units[owner, last]
            spent = spent[row] + price[owner, last]
            chosen = np.append(chosen[row], order[owner, last][:, None], axis=1)
            reached = self._reached(tokens, owner, chosen, total, need)
            rest = ~reached
            begun = np.bincount(owner[rest], minlength=len(tokens))
            yield owner[reached], chosen[reached], spent[reached], begun
            rest &= spent < limit[owner]
            owner, last, total, spent = owner[rest], last[rest], total[rest], spent[rest]
            chosen = chosen[rest]
            if not len(owner):
                return

    def _reached(
        self,
        tokens: np.ndarray,
        owner: np.ndarray,
        chosen: np.ndarray,
        total: np.ndarray,
        need: np.ndarray,
    ) -> np.ndarray:
        """Decide exactly which sets reach need."""
        reached = total > need[owner]
        for row in np.flatnonzero(~reached & (total + self.slack >= need[owner])).tolist():
            token = int(tokens[owner[row]])
            scores = map(Fraction, self.scores[token, chosen[row]].tolist())
            reached[row] = sum(scores, Fraction(0)) >= Fraction(self.need[token])
        return reached


def _parts(number: int, width: int) -> Iterator[slice]:
    """Split rows so that a table of them stays small."""
    step = max(1, _BATCH // max(width, 1))
    return (slice(start, min(start + step, number)) for start in range(0, number, step))
