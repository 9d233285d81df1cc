"""The separation of the set program's optimality cuts."""

from __future__ import annotations

import numpy as np

from dmoe_models.algorithms.compiling import compiled

VIOLATED_BY = 1e-8
"""What a violated cut is violated by at least, in the program's units."""


@compiled()
def most_violated_cuts(
    prices: np.ndarray,
    ownership: np.ndarray,
    use_link: np.ndarray,
    use: np.ndarray,
    cost: np.ndarray,
    unserved: float,
) -> np.ndarray:
    """Find the most violated cut of every use (see `set_program` for the cuts).

    Parameters
    ----------
    prices : (L, d) array
        f[l, k] in the program's units, ascending; infinite past a link's last subcarrier.
    ownership : (L, d) array
        x[l, k], fractions of subcarriers owned.
    use_link : (uses,) int array
        Link of each use.
    use : (uses,) array
        Weight of the token's sets that contain the expert.
    cost : (uses,) array
        Cost variable of each use, in the program's units.
    unserved : float
        Price of what is not served by owned subcarriers.

    Returns
    -------
    (uses,) int array
        Position k of the cut; -1 where none is violated.
    """
    position = np.full(len(use), -1)
    for u in range(len(use)):
        if use[u] <= VIOLATED_BY:
            continue
        link = use_link[u]
        paid = 0.0
        owned = 0.0
        k = 0
        while k < prices.shape[1] and prices[link, k] < np.inf:
            if owned + ownership[link, k] >= use[u] - 1e-9:
                break
            owned += ownership[link, k]
            paid += ownership[link, k] * prices[link, k]
            k += 1
        price = unserved
        if k < prices.shape[1] and prices[link, k] < np.inf:
            price = prices[link, k]
        if paid + price * (use[u] - owned) > cost[u] + VIOLATED_BY:
            position[u] = k
    return position
