"""Each link's cheapest subcarriers, sorted: all that an assignment ever looks at.

Where L links share M subcarriers, some best assignment gives every link one of its own L cheapest:
of those, the other L - 1 links leave it one. Mostly the first few do, so the lists start short and
are made longer for those who ask; `beyond`, the price of the first subcarrier that is not listed,
is what tells them whether they have to.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dmoe_models.algorithms.compiling import compiled
from dmoe_models.model.instance import Instance


class Lists(NamedTuple):
    """The cheapest subcarriers of every link, to one depth.

    Attributes
    ----------
    columns : (L, d) int array
        Subcarriers, cheapest first and, of equals, in their own order.
    prices : (L, d) array
        Their joules per token; infinite past a link's last subcarrier, the column then being 0.
    beyond : (L,) array
        Price of the cheapest subcarrier that is not listed; infinite where no other can matter.
    """

    columns: np.ndarray
    prices: np.ndarray
    beyond: np.ndarray


class Candidates:
    """Lists of any depth, each made when it is first asked for and kept.

    What is asked for depends on nobody else's asking, and lists are never changed once they are
    made, so threads may share them.

    Parameters
    ----------
    energy_j : (K, K, M) array
        c[i, j, m], J per token.
    links : (L, 2) int array

    Attributes
    ----------
    most : int
        The depth at which every subcarrier that can matter is listed, min(L, M).
    """

    def __init__(self, energy_j: np.ndarray, links: np.ndarray) -> None:
        # one type of array, one compilation: numba tells read-only and transposed arrays apart
        self.energy_j, self.links = (np.ascontiguousarray(x).view() for x in (energy_j, links))
        self.energy_j.flags.writeable = self.links.flags.writeable = False
        self.most = min(len(links), energy_j.shape[2])
        self._known: dict[int, Lists] = {}

    def listed(self, depth: int) -> Lists:
        """Return the `depth` cheapest subcarriers of every link, or all that can matter."""
        depth = min(depth, self.most)
        if depth not in self._known:
            columns = np.zeros((len(self.links), depth), dtype=np.int64)
            prices = np.full((len(self.links), depth), np.inf)
            beyond = np.full(len(self.links), np.inf)
            _list_cheapest(self.energy_j, self.links, columns, prices, beyond)
            if depth == self.most:
                beyond[:] = np.inf
            self._known[depth] = Lists(columns, prices, beyond)
        return self._known[depth]


def candidates_of(instance: Instance) -> Candidates:
    """Return the lists of an instance's links, the same object at every call."""
    return instance.derived(_candidates)


def _candidates(instance: Instance) -> Candidates:
    return Candidates(instance.transmission_energy_j, instance.links)


@compiled()
def _list_cheapest(
    energy_j: np.ndarray,
    links: np.ndarray,
    columns: np.ndarray,
    prices: np.ndarray,
    beyond: np.ndarray,
) -> None:
    """Fill lists (of infinite prices at first) by inserting one subcarrier after the other.

    Where M is far above the depth nearly all of them fail the first comparison.
    """
    depth = prices.shape[1]
    for link in range(len(links)):
        row = energy_j[links[link, 0], links[link, 1]]
        for m in range(len(row)):
            price = row[m]
            if price >= beyond[link]:
                continue
            if price >= prices[link, depth - 1]:
                beyond[link] = price
                continue
            beyond[link] = prices[link, depth - 1]
            k = depth - 1
            while k > 0 and prices[link, k - 1] > price:
                prices[link, k] = prices[link, k - 1]
                columns[link, k] = columns[link, k - 1]
                k -= 1
            prices[link, k] = price
            columns[link, k] = m
