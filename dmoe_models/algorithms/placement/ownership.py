"""Who owns which subcarrier, when links bid for them: a sparse assignment problem with its dual.

Every link (row) has a sorted list of its cheapest subcarriers and a fallback, which stands for
owning none or for everything that is not on its list. The dual variables matter here as much as the
assignment: they are what makes a bound, and they tell which options can be in no better solution.
scipy solves the assignment but keeps its duals to itself, so the shortest-augmenting-path method is
written out.

References
----------
R. Jonker, A. Volgenant, "A shortest augmenting path algorithm for dense and sparse linear
assignment problems", Computing 38 (1987).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dmoe_models.algorithms.compiling import compiled


@compiled()
def list_cheapest(
    energy_j: np.ndarray,
    links: np.ndarray,
    columns: np.ndarray,
    prices: np.ndarray,
    next_price: np.ndarray,
) -> None:
    """Fill the lists of each link's cheapest subcarriers, by inserting one after the other.

    Where M is far above the depth nearly all of them fail the first comparison.

    Parameters
    ----------
    energy_j : (K, K, M) array
        c[i, j, m], J per token.
    links : (L, 2) int array
    columns : (L, d) int array
        Filled with subcarriers; zeros at first.
    prices : (L, d) array
        Filled with their prices, ascending; infinite at first.
    next_price : (L,) array
        Filled with the price of the first subcarrier that is not listed; infinite at first.
    """
    depth = prices.shape[1]
    for link in range(len(links)):
        row = energy_j[links[link, 0], links[link, 1]]
        for m in range(len(row)):
            price = row[m]
            if price >= next_price[link]:
                continue
            if price >= prices[link, depth - 1]:
                next_price[link] = price
                continue
            next_price[link] = prices[link, depth - 1]
            k = depth - 1
            while k > 0 and prices[link, k - 1] > price:
                prices[link, k] = prices[link, k - 1]
                columns[link, k] = columns[link, k - 1]
                k -= 1
            prices[link, k] = price
            columns[link, k] = m


@compiled()
def add_bids(
    prices: np.ndarray,
    next_price: np.ndarray,
    link_of: np.ndarray,
    source: np.ndarray,
    token_prices: np.ndarray,
    bids: np.ndarray,
    bids_next: np.ndarray,
) -> None:
    """Add up what tokens would save if a link owned a subcarrier: sum_t (p[t, j] - c[l, k])^+.

    Parameters
    ----------
    prices : (L, d) array
        c[l, k], ascending in k but for infinite ones, which are no options.
    next_price : (L,) array
        Price of the first subcarrier that is not listed; infinite where all are.
    link_of : (K, K) int array
        Number of link i -> j, -1 where there is none.
    source : (U,) int array
    token_prices : (U, K) array
        p[t, j] >= 0; infinite where token t does not use expert j, and so bids nothing.
    bids : (L, d) array
        Filled.
    bids_next : (L,) array
        Filled, at the price `next_price`.
    """
    depth = prices.shape[1]
    bids[:] = 0.0
    bids_next[:] = 0.0
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
            if next_price[link] < price:
                bids_next[link] += price - next_price[link]


class Options(NamedTuple):
    """What every row may get, and at what cost; see `assign`."""

    cost: np.ndarray
    columns: np.ndarray
    fallback_cost: np.ndarray


class Matching(NamedTuple):
    """The assignment of the rows that have been treated, and its duals; see `assign`."""

    chosen: np.ndarray
    row_dual: np.ndarray
    column_dual: np.ndarray
    owner: np.ndarray  # (M,) row of each column, -1 for none


class Tree(NamedTuple):
    """The shortest paths from one row, while they are looked for.

    Attributes
    ----------
    distance : (M,) array
        Of each column; infinite where none is known.
    came_from, came_by : (M,) int arrays
        The row from which a column is reached, and the option's position in that row's list.
    scanned : (M,) bool array
        Whether the distance is final.
    touched : (M,) int array
        Columns of known distance, in the order in which they were met.
    visited : (L,) int array
        Rows that were gone on from, in that order.
    visited_at : (L,) array
        Their distances.
    """

    distance: np.ndarray
    came_from: np.ndarray
    came_by: np.ndarray
    scanned: np.ndarray
    touched: np.ndarray
    visited: np.ndarray
    visited_at: np.ndarray


def assign(
    cost: np.ndarray, columns: np.ndarray, fallback_cost: np.ndarray, number: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give every row one of its listed columns or its fallback, at least total cost.

    Parameters
    ----------
    cost : (L, d) array
        Of listed options; infinite for options that do not exist.
    columns : (L, d) int array
        Subcarrier of each listed option.
    fallback_cost : (L,) array
        Cost of the fallback, finite.
    number : int
        M, subcarriers.

    Returns
    -------
    chosen : (L,) int array
        Position in the list, -1 for the fallback.
    row_dual : (L,) array
    column_dual : (M,) array
        At most 0, and row_dual[l] + column_dual[columns[l, k]] <= cost[l, k] and row_dual[l] <=
        fallback_cost[l] up to rounding; their sums add up to the least cost.
    """
    chosen = np.full(len(cost), -1)
    row_dual = np.zeros(len(cost))
    column_dual = np.zeros(number)
    _assign_rows(cost, columns, fallback_cost, chosen, row_dual, column_dual)
    return chosen, row_dual, column_dual


@compiled()
def _assign_rows(
    cost: np.ndarray,
    columns: np.ndarray,
    fallback_cost: np.ndarray,
    chosen: np.ndarray,
    row_dual: np.ndarray,
    column_dual: np.ndarray,
) -> None:
    """Fill what `assign` returns, row after row, each along a shortest augmenting path.

    It returns nothing because numba runs Python code to return arrays, and would turn an interrupt
    that arrives there into a SystemError.
    """
    rows, number = len(cost), len(column_dual)
    options = Options(cost, columns, fallback_cost)
    matching = Matching(chosen, row_dual, column_dual, np.full(number, -1, np.int64))
    tree = Tree(
        np.full(number, np.inf),
        np.empty(number, np.int64),
        np.empty(number, np.int64),
        np.zeros(number, np.bool_),
        np.empty(number, np.int64),
        np.empty(rows, np.int64),
        np.empty(rows),
    )
    for start in range(rows):
        column, row, distance, touched, visited = _shortest_path(start, options, matching, tree)
        for q in range(visited):
            matching.row_dual[tree.visited[q]] += distance - tree.visited_at[q]
        for q in range(touched):
            m = tree.touched[q]
            if tree.scanned[m]:
                matching.column_dual[m] -= distance - tree.distance[m]
        _augment(start, column, row, options, matching, tree)
        for q in range(touched):
            m = tree.touched[q]
            tree.distance[m] = np.inf
            tree.scanned[m] = False


@compiled(forceinline=True, _nrt=False)
def _shortest_path(
    start: int, options: Options, matching: Matching, tree: Tree
) -> tuple[int, int, float, int, int]:
    """Find the shortest path from a row to a free column or to some row's fallback.

    Returns
    -------
    column : int
        The free column, or -1.
    row : int
        The row that falls back, where there is no column.
    distance : float
        The path's length.
    touched, visited : int
        Entries of `tree.touched` and `tree.visited`.
    """
    touched = visited = 0
    row, reached = start, 0.0
    end_column = end_row = -1
    end_distance = np.inf
    while True:
        tree.visited[visited] = row
        tree.visited_at[visited] = reached
        visited += 1
        shift = reached - matching.row_dual[row]
        if shift + options.fallback_cost[row] < end_distance:
            end_distance = shift + options.fallback_cost[row]
            end_row, end_column = row, -1
        for k in range(options.cost.shape[1]):
            # column duals are at most 0: it cannot be less than this, and most end here, among
            # them those of infinite cost
            if shift + options.cost[row, k] >= end_distance:
                continue
            m = options.columns[row, k]
            if tree.scanned[m]:
                continue
            new = shift + options.cost[row, k] - matching.column_dual[m]
            if new >= end_distance or new >= tree.distance[m]:
                continue
            if tree.distance[m] == np.inf:
                tree.touched[touched] = m
                touched += 1
            tree.distance[m] = new
            tree.came_from[m] = row
            tree.came_by[m] = k
            if matching.owner[m] < 0:
                end_distance, end_column = new, m
        nearest, reached = _nearest(end_distance, touched, tree)
        if nearest < 0:
            return end_column, end_row, end_distance, touched, visited
        tree.scanned[nearest] = True
        row = matching.owner[nearest]


@compiled(forceinline=True, _nrt=False)
def _nearest(limit: float, touched: int, tree: Tree) -> tuple[int, float]:
    """Return the nearest column of no final distance, and that; -1 if none is below the limit."""
    nearest, least = -1, limit
    for q in range(touched):
        m = tree.touched[q]
        if not tree.scanned[m] and tree.distance[m] < least:
            nearest, least = m, tree.distance[m]
    return nearest, least


@compiled(forceinline=True, _nrt=False)
def _augment(
    start: int, column: int, row: int, options: Options, matching: Matching, tree: Tree
) -> None:
    """Walk a path back to its start: each row on it takes the column it was reached from."""
    while True:
        if column >= 0:
            row = tree.came_from[column]
        position = matching.chosen[row]
        before = options.columns[row, position] if position >= 0 else -1
        if column >= 0:
            matching.owner[column] = row
            matching.chosen[row] = tree.came_by[column]
        else:
            matching.chosen[row] = -1
        if row == start:
            return
        column = before
