"""P3: subcarriers for given token counts, a linear assignment problem.

One subcarrier per loaded link suffices (docs/model.md, fact 1), so P3 is the assignment of loaded
links to distinct subcarriers at least n[i, j] c[i, j, m] in total. Links without tokens have weight
zero there. They still matter to an algorithm that prices experts by the current assignment, so they
get what they would like best among the leftovers, as if their weight were positive and vanishing
(what depends on that: fact 4, distinct bests).

Only short lists of each link's cheapest subcarriers are looked at. An option that stands for all
that is not listed, at the price of the first of it and shared with nobody, makes that a relaxation:
where the best assignment uses no such option it is the best of all, else the lists get longer
(fact 6, a relaxation that closes).
"""

from __future__ import annotations

import numpy as np

from dmoe_models.algorithms.placement.candidates import Candidates
from dmoe_models.errors import MethodError
from dmoe_models.input_checks import refuse_where
from dmoe_models.model.arrays import real_array, whole_array

_FIRST_DEPTH = 16
_DEEPER = 4  # times


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
    Loaded links come first; then as many idle links as possible, cheapest second, among the
    subcarriers left. Who asks about one instance again and again calls `assign_load`.
    """
    counts = whole_array("token_counts", token_counts, 2, MethodError)
    energy = real_array("transmission_energy_j", transmission_energy_j, 3, MethodError)
    if counts.shape != energy.shape[:2]:
        raise MethodError(
            f"token_counts {counts.shape} and transmission_energy_j {energy.shape} must be "
            "(K, K) and (K, K, M)"
        )
    refuse_where("token_counts", counts, counts < 0, "is negative", MethodError)
    refuse_where(
        "transmission_energy_j", energy, ~(energy >= 0), "is not a non-negative energy", MethodError
    )
    may_own = counts > 0
    if links is None:
        may_own[:] = True
    else:
        may_own[links[:, 0], links[:, 1]] = True
    np.fill_diagonal(may_own, False)
    return assign_load(counts, Candidates(energy, np.argwhere(may_own)))


def cheapest_assignment(transmission_energy_j: np.ndarray, links: np.ndarray) -> np.ndarray | None:
    """Return the assignment of all links whose joules per token have the least sum.

    Parameters
    ----------
    transmission_energy_j : (K, K, M) array
        c[i, j, m], J per token; infinite where the link has no gain on m.
    links : (L, 2) int array

    Returns
    -------
    (K, K) int array or None
        Subcarrier of each link, -1 elsewhere. None where the links cannot all have one.
    """
    nothing = np.zeros(transmission_energy_j.shape[:2], dtype=np.int64)
    assignment = allocate_subcarriers(nothing, transmission_energy_j, links)
    if assignment is None or (assignment[links[:, 0], links[:, 1]] < 0).any():
        return None
    return assignment


def assign_load(token_counts: np.ndarray, candidates: Candidates) -> np.ndarray | None:
    """Do what `allocate_subcarriers` does, for the links of an instance and its lists.

    Parameters
    ----------
    token_counts : (K, K) int array
        n[i, j] >= 0; the diagonal is ignored.
    candidates : Candidates
        Usually `candidates_of` an instance.

    Returns
    -------
    (K, K) int array or None
    """
    links = candidates.links
    weight = token_counts[links[:, 0], links[:, 1]]
    if weight.sum() < token_counts.sum() - np.trace(token_counts):
        return None  # tokens on a link without a subcarrier
    taken = np.zeros(candidates.energy_j.shape[2], dtype=bool)
    owned = np.full(len(links), -1)
    loaded = np.flatnonzero(weight > 0)
    owned[loaded] = _cheapest_columns(candidates, loaded, weight[loaded], taken)
    if (owned[loaded] < 0).any():
        return None
    taken[owned[loaded]] = True
    idle = np.flatnonzero(weight == 0)
    owned[idle] = _cheapest_columns(candidates, idle, np.ones(len(idle)), taken)
    assignment = np.full(token_counts.shape, -1)
    assignment[links[:, 0], links[:, 1]] = owned
    return assignment


def _cheapest_columns(
    candidates: Candidates, rows: np.ndarray, weight: np.ndarray, taken: np.ndarray
) -> np.ndarray:
    """Give as many links as possible a subcarrier of their own, at least total cost among those.

    Parameters
    ----------
    candidates : Candidates
    rows : (R,) int array
        Numbers of the links.
    weight : (R,) array
        What a link's prices are multiplied by, above 0.
    taken : (M,) bool array
        Subcarriers that are not to be had.

    Returns
    -------
    (R,) int array of subcarriers, -1 for links without one.
    """
    if len(rows) == 0:
        return np.empty(0, dtype=np.int64)
    # here, since it loads numba, which takes longer than most commands
    from dmoe_models.algorithms.placement.ownership import assign

    depth = _FIRST_DEPTH
    while True:
        lists = candidates.listed(depth)
        columns = lists.columns[rows]
        cost = np.where(taken[columns], np.inf, weight[:, None] * lists.prices[rows])
        unlisted = weight * lists.next_price[rows]
        # A link may also stay without a subcarrier, at a penalty above what all others together
        # could save by it: with costs of at most 1, one more link served outweighs all else.
        largest = max(
            cost.max(initial=0.0, where=np.isfinite(cost)),
            unlisted.max(initial=0.0, where=np.isfinite(unlisted)),
        )
        unit = largest if largest > 0 else 1.0
        fallback_cost = np.minimum(unlisted / unit, len(rows) + 1.0)
        chosen, _, _ = assign(cost / unit, columns, fallback_cost, len(taken))
        without = chosen < 0
        if not (without & np.isfinite(unlisted)).any():
            return np.where(without, -1, columns[np.arange(len(rows)), chosen])
        # where most want more than is listed they want the same, and will go on to the last
        depth = depth * _DEEPER if 2 * without.sum() < len(rows) else candidates.max_depth
