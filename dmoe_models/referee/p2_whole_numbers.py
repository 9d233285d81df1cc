"""A P2 instance in whole numbers: what the checker of trees calculates with.

Everything is a whole multiple of a unit that is a power of two. The unit is chosen so that a sum
over all tokens, or over the experts of one, of the largest price stays below 2**61, and a price of
a subcarrier below 2**60: then no entry of a table reaches 2**62. What is larger than 64 times the
target and all that is owed for subcarriers is taken for that, which is right of energies as
rounding down, and of prices as any are.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from dmoe_models.model.instance import Instance
from dmoe_models.referee.exact_arithmetic import exact_need, joules_below, static_energy
from dmoe_models.referee.p2_nodes import Prices
from dmoe_models.referee.p2_sets import NEVER, MinimalSets

_BITS = 61
_FAR = 64
_ABOVE = 1 + Fraction(1, 10**49)  # turns joules just below the truth into joules above it
_MOST_OWED = 2**60


class WholeInstance:
    """An instance, a claim about it, and a unit.

    Parameters
    ----------
    instance : Instance
    depth : int
        Subcarriers of a link that are options of their own.
    points : list of Prices
        All that will be used.
    claim : float or None
        Bound to be proved, J; None: that there is no solution.

    Attributes
    ----------
    links : list of (i, j)
        Those that can carry tokens.
    link_of : (K, K) int array
        Their numbers, -1 for none.
    columns, joules : (L, w) int arrays
        Each link's options, best first: subcarrier (M for "another") and c, `NEVER` past the last.
    computation : (K,) int array
        a.
    target : int
        What a bound without static energy has to reach.
    shift : int
        The unit is 2**-shift J.
    sets : MinimalSets
    """

    def __init__(
        self, instance: Instance, depth: int, points: list[Prices], claim: float | None
    ) -> None:
        self.instance = instance
        holders = sorted(set(instance.source.tolist()))
        self.links = [
            (i, j)
            for i in holders
            for j in range(instance.K)
            if i != j and (instance.gain[i, j] > 0).any()
        ]
        self.link_of = np.full((instance.K, instance.K), -1)
        for number, (i, j) in enumerate(self.links):
            self.link_of[i, j] = number
        self.columns, joules = self._options(depth)
        computation = [Fraction(a) for a in instance.computation_energy_j.tolist()]
        static = static_energy(instance)
        target = self._above_all(max(computation)) if claim is None else Fraction(claim) - static
        largest = max(
            *(Fraction(point.largest) for point in points),
            *computation,
            *(c for row in joules for c in row),
        )
        owed = max((Fraction(point.owed) for point in points), default=Fraction(0))
        if target > 0:  # far above it prices need not differ, and the unit can be smaller
            largest = min(largest, _FAR * target + owed)  # a bound pays what is owed first
        self.shift = _shift(max(largest * max(instance.T, 2 * instance.K), 2 * owed))
        self.largest = _whole(largest, self.shift)
        self.target = -_whole(-target, self.shift) + (claim is None)
        units = [min(_whole(a, self.shift), self.largest) for a in computation]
        self.computation = np.array(units, dtype=np.int64)
        self.joules = np.full(self.columns.shape, NEVER)
        for row, listed in enumerate(joules):
            units = [min(_whole(c, self.shift), self.largest) for c in listed]
            self.joules[row, : len(units)] = units
        reachable = (self.link_of >= 0) | np.eye(instance.K, dtype=bool)
        self.sets = MinimalSets(instance, exact_need(instance), reachable)

    def _options(self, depth: int) -> tuple[np.ndarray, list[list[Fraction]]]:
        """Return each link's `depth` best subcarriers and M for the others, with their joules."""
        exact = joules_below(self.instance)
        most = min(len(self.links), self.instance.M)
        width = min(depth + 1, most)
        columns = np.full((len(self.links), width), self.instance.M)
        joules = []
        for row, (i, j) in enumerate(self.links):
            gain = self.instance.gain[i, j]
            best = np.argsort(-gain, kind="stable")[:width]
            best = best[gain[best] > 0]
            columns[row, : len(best)] = best
            if len(best) > depth:
                columns[row, depth] = self.instance.M
            joules.append([exact(g) for g in gain[best].tolist()])
        return columns, joules

    def _above_all(self, computation: Fraction) -> Fraction:
        """Return an energy, J without static, that no solution exceeds."""
        exact = joules_below(self.instance)
        worst = Fraction(0)
        for i, j in self.links:
            gain = self.instance.gain[i, j]
            worst = max(worst, exact(float(gain[gain > 0].min())) * _ABOVE)
        return self.instance.T * self.instance.max_experts * (worst + computation)

    def token_prices(self, prices: Prices, tokens: np.ndarray) -> np.ndarray:
        """Return the (A, K) prices of some tokens, ascending, in units; nothing at home.

        Parameters
        ----------
        prices : Prices
        tokens : (A,) int array
            Ascending.
        """
        experts, source = self.instance.K, self.instance.source[tokens]
        common = np.zeros((experts, experts), dtype=np.int64)
        i, j = prices.links[:, :2].astype(np.int64).T
        common[i, j] = self._units(prices.links[:, 2], self.largest)
        position = np.full(self.instance.T, -1)
        position[tokens] = np.arange(len(tokens))
        table = common[source]
        t, j = prices.tokens[:, :2].astype(np.int64).T
        row = position[t]
        here = row >= 0
        table[row[here], j[here]] = self._units(prices.tokens[here, 2], self.largest)
        table[np.arange(len(table)), source] = 0
        return table

    def subcarrier_prices(self, prices: Prices) -> np.ndarray:
        """Return the (M + 1,) prices of subcarriers in units, and 0 for "another"."""
        mu = np.zeros(self.instance.M + 1, dtype=np.int64)
        owed = self._units(prices.subcarriers[:, 1], _MOST_OWED)
        mu[prices.subcarriers[:, 0].astype(np.int64)] = owed
        return mu

    def _units(self, joules: np.ndarray, largest: int) -> np.ndarray:
        """Return prices in units, rounded down (that of a double by a power of two is exact)."""
        with np.errstate(over="ignore"):
            scaled = np.floor(np.ldexp(joules, self.shift))
        below = scaled < float(_MOST_OWED)
        units = np.where(below, scaled, 0.0).astype(np.int64)
        return np.minimum(np.where(below, units, _MOST_OWED), largest)


def _shift(largest: Fraction) -> int:
    """Return s such that `largest` is below 2**61 in units of 2**-s J."""
    if largest == 0:
        return _BITS
    exponent = largest.numerator.bit_length() - largest.denominator.bit_length() + 1
    return _BITS - exponent


def _whole(value: Fraction, shift: int) -> int:
    """Return a rational in units of 2**-shift, rounded down."""
    return math.floor(value * Fraction(2) ** shift)
