"""P3: subcarriers for given token counts, a linear assignment problem.

One subcarrier per loaded link suffices (its best one is never worse than the mean of several), so
P3 is the assignment of loaded links to distinct subcarriers at least n[i, j] c[i, j, m] in total.
Links without tokens have weight zero there. They still matter to an algorithm that prices experts
by the current assignment, so they get what they would like best among the leftovers, as if their
weight were positive and vanishing.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from dmoe_models.errors import MethodError
from dmoe_models.numbers import refuse_where, whole_array


def allocate_subcarriers(
    token_counts: np.ndarray,
    transmission_energy_j: np.ndarray,
    links: np.ndarray | None = None,
) -> np.ndarray | None:
    """Give every loaded link its own subcarrier, at least energy, and idle links the leftovers.

    Parameters
    ----------
    token_counts : (K, K) int array
        n[i, j] >= 0, tokens that link i -> j carries; the diagonal is ignored.
    transmission_energy_j : (K, K, M) array
        c[i, j, m], J per token; infinite where the link has no gain on m.
    links : (L, 2) int array, optional
        The links that may be idle owners; all off-diagonal ones by default.

    Returns
    -------
    (K, K) int array or None
        Subcarrier of each link, -1 for none. None where the loaded links cannot all be served.

    Notes
    -----
    Kuhn-Munkres by `scipy.optimize.linear_sum_assignment`. Loaded links come first; then as many
    idle links as possible, cheapest second, among the subcarriers left.
    """
    counts = whole_array("token_counts", token_counts, 2, MethodError)
    energy = np.asarray(transmission_energy_j, dtype=np.float64)
    if energy.ndim != 3 or counts.shape != energy.shape[:2]:
        raise MethodError(
            f"token_counts {counts.shape} and transmission_energy_j {energy.shape} must be "
            "(K, K) and (K, K, M)"
        )
    refuse_where("token_counts", counts, counts < 0, "is negative", MethodError)
    nodes, _, subcarriers = energy.shape
    off_diagonal = ~np.eye(nodes, dtype=bool)
    may_own = off_diagonal
    if links is not None:
        may_own = np.zeros((nodes, nodes), dtype=bool)
        may_own[links[:, 0], links[:, 1]] = True

    assignment = np.full((nodes, nodes), -1)
    loaded = np.argwhere((counts > 0) & off_diagonal)
    taken = assign_rows(
        counts[loaded[:, 0], loaded[:, 1], None] * energy[loaded[:, 0], loaded[:, 1]]
    )
    if taken is None:
        return None
    assignment[loaded[:, 0], loaded[:, 1]] = taken

    idle = np.argwhere((counts == 0) & off_diagonal & may_own)
    left = np.setdiff1d(np.arange(subcarriers), taken)
    owned = assign_most_rows(energy[idle[:, 0], idle[:, 1]][:, left])
    served = owned >= 0
    assignment[idle[served, 0], idle[served, 1]] = left[owned[served]]
    return assignment


def assign_rows(cost: np.ndarray) -> np.ndarray | None:
    """Give every row its own column at least total cost.

    Parameters
    ----------
    cost : (R, C) array
        Infinite where a row cannot take a column.

    Returns
    -------
    (R,) int array of columns, or None where not every row can have one.
    """
    rows, columns = cost.shape
    if rows == 0:
        return np.empty(0, dtype=np.int64)
    if rows > columns:
        return None
    try:
        return linear_sum_assignment(cost)[1]
    except ValueError:  # scipy's word for "no assignment of finite cost"
        if np.isnan(cost).any() or (cost == -np.inf).any():
            raise
        return None


def assign_most_rows(cost: np.ndarray) -> np.ndarray:
    """Give as many rows as possible a column of their own, at least total cost among those ways.

    Parameters
    ----------
    cost : (R, C) array
        Non-negative; infinite where a row cannot take a column.

    Returns
    -------
    (R,) int array of columns, -1 for rows without one.
    """
    rows, columns = cost.shape
    if rows == 0 or columns == 0:
        return np.full(rows, -1)
    full = assign_rows(cost)
    if full is not None:
        return full
    # Every row may also stay without a column, at a penalty above what all others together could
    # save by it: with costs scaled to at most 1, one more row served outweighs everything else.
    largest = cost[np.isfinite(cost)].max(initial=0.0)
    scaled = cost / largest if largest > 0 else cost
    unserved = np.full((rows, rows), np.inf)
    np.fill_diagonal(unserved, rows + 1.0)
    owned = linear_sum_assignment(np.hstack([scaled, unserved]))[1]
    return np.where(owned < columns, owned, -1)
