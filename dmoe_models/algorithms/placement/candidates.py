"""Each link's cheapest subcarriers, sorted: all that an assignment ever looks at.

Where L links share M subcarriers, some best assignment gives every link one of its own L cheapest:
of those, the other L - 1 links leave it one (docs/model.md, fact 5, reductions). Mostly the first
few do, so the lists start short and are made longer where a caller asks for it; `next_price`, the
price of the first subcarrier that is not listed, shows whether that is necessary.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dmoe_models.model.instance import Instance


class CheapestSubcarriers(NamedTuple):
    """The cheapest subcarriers of every link, to one depth.

    Attributes
    ----------
    columns : (L, d) int array
        Subcarriers, cheapest first and, of equals, in their own order.
    prices : (L, d) array
        Their joules per token; infinite past a link's last subcarrier, the column then being 0.
    next_price : (L,) array
        Price of the cheapest subcarrier that is not listed; infinite where no other can matter.
    """

    columns: np.ndarray
    prices: np.ndarray
    next_price: np.ndarray


class Candidates:
    """Lists of any depth, each made when it is first asked for and kept.

    A list does not depend on which others were asked for, and is never changed once it is made, so
    threads may share them.

    Parameters
    ----------
    energy_j : (K, K, M) array
        c[i, j, m], J per token.
    links : (L, 2) int array

    Attributes
    ----------
    max_depth : int
        The depth at which every subcarrier that can matter is listed, min(L, M).
    """

    def __init__(self, energy_j: np.ndarray, links: np.ndarray) -> None:
        # one type of array, one compilation: numba tells read-only and transposed arrays apart
        self.energy_j, self.links = (np.ascontiguousarray(x).view() for x in (energy_j, links))
        self.energy_j.flags.writeable = self.links.flags.writeable = False
        self.max_depth = min(len(links), energy_j.shape[2])
        self._known: dict[int, CheapestSubcarriers] = {}

    def listed(self, depth: int) -> CheapestSubcarriers:
        """Return the `depth` cheapest subcarriers of every link, or all that can matter."""
        depth = min(depth, self.max_depth)
        if depth not in self._known:
            # here, since it loads numba, which takes longer than most commands
            from dmoe_models.algorithms.placement.ownership import list_cheapest

            columns = np.zeros((len(self.links), depth), dtype=np.int64)
            prices = np.full((len(self.links), depth), np.inf)
            next_price = np.full(len(self.links), np.inf)
            list_cheapest(self.energy_j, self.links, columns, prices, next_price)
            if depth == self.max_depth:
                next_price[:] = np.inf
            self._known[depth] = CheapestSubcarriers(columns, prices, next_price)
        return self._known[depth]


def candidates_of(instance: Instance) -> Candidates:
    """Return the lists of an instance's links, the same object at every call."""
    return instance.derived(_candidates)


def _candidates(instance: Instance) -> Candidates:
    return Candidates(instance.transmission_energy_j, instance.links)
