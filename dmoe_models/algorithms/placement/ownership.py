"""Who owns which subcarrier, when links bid for them: a sparse assignment problem with its dual.

Every link (row) has a sorted list of its cheapest subcarriers and one private option, which stands
for owning none or for everything beyond its list. The dual variables matter here as much as the
assignment: they are what makes a bound, and they tell which options can be in no better solution.
scipy solves the assignment but keeps its duals to itself, so the shortest-augmenting-path method is
written out.

References
----------
R. Jonker, A. Volgenant, "A shortest augmenting path algorithm for dense and sparse linear
assignment problems", Computing 38 (1987).
"""

from __future__ import annotations

import numpy as np

from dmoe_models.algorithms.compiling import compiled


@compiled()
def add_bids(
    prices: np.ndarray,
    beyond: np.ndarray,
    link_of: np.ndarray,
    source: np.ndarray,
    token_prices: np.ndarray,
    bids: np.ndarray,
    bids_beyond: np.ndarray,
) -> None:
    """Add up what tokens would save if a link owned a subcarrier: sum_t (p[t, j] - c[l, k])^+.

    Parameters
    ----------
    prices : (L, d) array
        c[l, k], ascending in k but for infinite ones, which are no options.
    beyond : (L,) array
        Price of the first subcarrier that is not listed; infinite where all are.
    link_of : (K, K) int array
        Number of link i -> j, -1 where there is none.
    source : (U,) int array
    token_prices : (U, K) array
        p[t, j] >= 0; infinite where token t does not use expert j, and so bids nothing.
    bids : (L, d) array
        Filled.
    bids_beyond : (L,) array
        Filled, at the price `beyond`.
    """
    depth = prices.shape[1]
    bids[:] = 0.0
    bids_beyond[:] = 0.0
    for t in range(len(source)):
        for j in range(token_prices.shape[1]):
            link = link_of[source[t], j]
            if link < 0:
                continue
            price = token_prices[t, j]
            if price == np.inf:
                continue
            for k in range(depth):
                if prices[link, k] < price:
                    bids[link, k] += price - prices[link, k]
                elif prices[link, k] < np.inf:
                    break
            if beyond[link] < price:
                bids_beyond[link] += price - beyond[link]


def assign(
    cost: np.ndarray, columns: np.ndarray, private: np.ndarray, number: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give every row one of its listed columns or its private option, at least total cost.

    Parameters
    ----------
    cost : (L, d) array
        Of listed options; infinite for options that do not exist.
    columns : (L, d) int array
        Subcarrier of each listed option.
    private : (L,) array
        Cost of the private option, finite.
    number : int
        M, subcarriers.

    Returns
    -------
    chosen : (L,) int array
        Position in the list, -1 for the private option.
    row_dual : (L,) array
    column_dual : (M,) array
        At most 0, and row_dual[l] + column_dual[columns[l, k]] <= cost[l, k] and row_dual[l] <=
        private[l] up to rounding; their sums add up to the least cost.
    """
    chosen = np.full(len(cost), -1)
    row_dual = np.zeros(len(cost))
    column_dual = np.zeros(number)
    _augment(cost, columns, private, chosen, row_dual, column_dual)
    return chosen, row_dual, column_dual


@compiled()
def _augment(
    cost: np.ndarray,
    columns: np.ndarray,
    private: np.ndarray,
    chosen: np.ndarray,
    row_dual: np.ndarray,
    column_dual: np.ndarray,
) -> None:
    """Fill what `assign` returns, row after row, each by a shortest augmenting path.

    It returns nothing because numba runs Python code to return arrays, and would turn an interrupt
    that arrives there into a SystemError.
    """
    rows, depth = cost.shape
    number = len(column_dual)
    owner = np.full(number, -1, np.int64)
    distance = np.full(number, np.inf)
    came_from = np.full(number, -1, np.int64)
    came_by = np.full(number, -1, np.int64)
    scanned = np.zeros(number, np.bool_)
    touched = np.empty(number, np.int64)
    visited = np.empty(rows, np.int64)
    visited_at = np.empty(rows)
    for start in range(rows):
        touched_count = 0
        visited_count = 0
        row = start
        reached = 0.0
        end_column = -1  # a free column, or
        end_row = -1  # a row that retreats to its private option
        end_distance = np.inf
        while True:
            visited[visited_count] = row
            visited_at[visited_count] = reached
            visited_count += 1
            shift = reached - row_dual[row]
            if shift + private[row] < end_distance:
                end_distance = shift + private[row]
                end_row, end_column = row, -1
            for k in range(depth):
                # column duals are at most 0: it cannot be less than this, and most end here, among
                # them those of infinite cost
                if shift + cost[row, k] >= end_distance:
                    continue
                m = columns[row, k]
                if scanned[m]:
                    continue
                new = shift + cost[row, k] - column_dual[m]
                if new >= end_distance or new >= distance[m]:
                    continue
                if distance[m] == np.inf:
                    touched[touched_count] = m
                    touched_count += 1
                distance[m] = new
                came_from[m] = row
                came_by[m] = k
                if owner[m] < 0:
                    end_distance = new
                    end_column = m
            nearest = -1
            least = end_distance
            for q in range(touched_count):
                m = touched[q]
                if not scanned[m] and distance[m] < least:
                    least = distance[m]
                    nearest = m
            if nearest < 0:
                break
            scanned[nearest] = True
            reached = least
            row = owner[nearest]
        for q in range(visited_count):
            row_dual[visited[q]] += end_distance - visited_at[q]
        for q in range(touched_count):
            m = touched[q]
            if scanned[m]:
                column_dual[m] -= end_distance - distance[m]
        # Walk the path back: each row on it takes the column it was reached from.
        if end_column >= 0:
            m = end_column
            row = -2
        else:
            row = end_row
            m = -1
        while True:
            if m >= 0:
                row = came_from[m]
                before = columns[row, chosen[row]] if chosen[row] >= 0 else -1
                owner[m] = row
                chosen[row] = came_by[m]
            else:
                before = columns[row, chosen[row]] if chosen[row] >= 0 else -1
                chosen[row] = -1
            if row == start:
                break
            m = before
        for q in range(touched_count):
            m = touched[q]
            distance[m] = np.inf
            scanned[m] = False
