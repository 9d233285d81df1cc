"""The proof that a run of `exact` is, while it runs: the tree of what was excluded, and by what.

A node stands for a part of all solutions. It knows the best bound that was proved of it, at which
dual prices, and what became of it: nothing yet, a question with its two parts, or a reduction,
which drops what reduced costs exclude at some prices. Nothing is recorded unless it is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

Question = tuple[str, list[object]]
"""("owns", [i, j]), ("among", [i, j, subcarriers]) or ("uses", [t, j])."""


class DualPrices(NamedTuple):
    """Where the dual function was evaluated.

    Attributes
    ----------
    tokens : (U,) int array
        The undecided ones.
    token_prices : (U, K) array
        J; infinite where an expert is in no set that matters.
    subcarrier_prices : (M,) array
        J.
    depth : int
        Subcarriers of a link that were looked at.
    """

    tokens: np.ndarray
    token_prices: np.ndarray
    subcarrier_prices: np.ndarray
    depth: int


@dataclass(eq=False)
class ProofNode:
    """A node.

    Attributes
    ----------
    bound : float
        The best that was proved of it, J without static energy.
    prices : DualPrices or None
        Where; None only before anything was proved.
    reduction : DualPrices or None
        What is excluded at these prices is left out of the only part.
    question : Question or None
        What its two parts answer: no, yes.
    parts : list of Proof
    """

    bound: float = -math.inf
    prices: DualPrices | None = None
    reduction: DualPrices | None = None
    question: Question | None = None
    parts: list[ProofNode] = field(default_factory=list)

    def record_bound(self, bound: float, prices: DualPrices) -> None:
        """Keep a bound if it is the best so far.

        Parameters
        ----------
        bound : float
            J without static energy.
        prices : DualPrices
            Where the dual function has this value.
        """
        if bound > self.bound or self.prices is None:
            self.bound, self.prices = bound, prices

    def reduce(self, prices: DualPrices) -> ProofNode:
        """Leave out what is excluded at some prices; return what is left."""
        self.reduction = prices
        self.parts = [ProofNode(self.bound, self.prices)]
        return self.parts[0]

    def split(self, question: Question) -> list[ProofNode]:
        """Ask a question; return the parts that answer it by no and by yes."""
        self.question = question
        self.parts = [ProofNode(self.bound, self.prices) for _ in range(2)]
        return self.parts

    def preorder(self) -> Iterator[ProofNode]:
        """Walk through the tree, each node before its parts."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack += reversed(node.parts)
