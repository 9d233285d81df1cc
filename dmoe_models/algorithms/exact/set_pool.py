"""The sets of experts that undecided tokens may choose among, by token."""

from __future__ import annotations

import numpy as np


class SetPool:
    """Known sets of the undecided tokens.

    Parameters
    ----------
    owner : (S,) int array
        Position of the token that each set belongs to.
    members : (S, K) bool array
    """

    def __init__(self, owner: np.ndarray, members: np.ndarray) -> None:
        self.owner = owner
        self.members = members
        self._known = {(int(t), m.tobytes()) for t, m in zip(owner, members, strict=True)}

    def __len__(self) -> int:
        return len(self.owner)

    def add(self, positions: np.ndarray, members: np.ndarray) -> int:
        """Add sets that are not known yet; return how many were new.

        Parameters
        ----------
        positions : (N,) int array
            Token of each set.
        members : (N, K) bool array
        """
        new = []
        for row, (t, m) in enumerate(zip(positions.tolist(), members, strict=True)):
            key = (t, m.tobytes())
            if key not in self._known:
                self._known.add(key)
                new.append(row)
        if new:
            self.owner = np.concatenate([self.owner, positions[new]])
            self.members = np.concatenate([self.members, members[new]])
        return len(new)

    def costs(self, expert_energy_j: np.ndarray) -> np.ndarray:
        """Return the (S,) cost of every set at (U, K) energies of the experts, J."""
        row, expert = np.nonzero(self.members)
        return sums(row, expert_energy_j[self.owner[row], expert], len(self.owner))

    def cheapest(self, costs: np.ndarray, tokens: int) -> tuple[np.ndarray, np.ndarray]:
        """Return for each token the number of its cheapest set, -1 for none, and its cost, J.

        Parameters
        ----------
        costs : (S,) array
            J; infinite for sets that are excluded.
        tokens : int
            U, number of tokens.
        """
        least = np.full(tokens, np.inf)
        np.minimum.at(least, self.owner, costs)
        best = np.full(tokens, -1)
        attained = np.flatnonzero((costs <= least[self.owner]) & np.isfinite(costs))[::-1]
        best[self.owner[attained]] = attained
        return best, least


def sums(number: np.ndarray, value: np.ndarray, length: int) -> np.ndarray:
    """Sum values by number. (numpy's own function returns integers where there are none.)

    Parameters
    ----------
    number : (N,) int array
        Where each value is added.
    value : (N,) array
    length : int
        Of the result.
    """
    return np.bincount(number, value, length).astype(np.float64)
