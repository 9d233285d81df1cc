"""A node of the search over what the reductions leave, and its solved linear program."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dmoe_models.algorithms.exact.proof_tree import ProofNode

_INTEGRAL = 1e-6


@dataclass
class Relaxation:
    """The solved linear program over the current sets.

    Attributes
    ----------
    value_j : float
        Its optimum, J (not a proof).
    token_prices : (U, K) array
        Dual prices; infinite where no set that matters holds the expert.
    ownership : (L, d) array
        x[l, k], fractions of subcarriers owned.
    weight : (S,) array
        Of every set.
    use : (U, K) array
        Share of each expert in its token's sets.
    """

    value_j: float
    token_prices: np.ndarray
    ownership: np.ndarray
    weight: np.ndarray
    use: np.ndarray

    @property
    def integral(self) -> bool:
        """Whether every subcarrier is owned wholly or not at all."""
        return bool((np.abs(self.ownership - np.round(self.ownership)) <= _INTEGRAL).all())


@dataclass(frozen=True)
class Node:
    """A part of the residual problem's solutions.

    Attributes
    ----------
    bound : float
        Proved lower bound, J.
    allowed : (L, d) bool array
        Options that each link may own.
    must_own : (L,) bool array
        Links that own one of them.
    sets : (S,) bool array
        Sets that tokens may choose; sets that join the pool later are allowed.
    proof : ProofNode or None
        Where what is proved of it is recorded, if it is.
    """

    bound: float
    allowed: np.ndarray
    must_own: np.ndarray
    sets: np.ndarray
    proof: ProofNode | None = None

    def permits(self, number: int) -> np.ndarray:
        """Return `sets` for a pool that has grown to `number` sets."""
        return np.append(self.sets, np.ones(number - len(self.sets), dtype=bool))
