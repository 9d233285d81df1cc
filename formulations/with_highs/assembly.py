"""One shape for both P2 models: choices, options and uses, put together and handed to HiGHS.

*Choices* (alpha, or sets z) have rows of their own. *Options* x are (link, subcarrier) pairs. A
*use* is what carries tokens over one link: all tokens of its node (the aggregated MILP), one token
(disaggregated), or a group of equal tokens (sets). Each spreads its load over the options of its
link by variables y. Options are ordered by link, so those of a use are a range, and all of y is a
concatenation of ranges: no Python loop runs over it.

Columns: choices, x, y. Rows: those of the choices, one a link, C3, carried, owner.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
from scipy import sparse

from dmoe_models.errors import MethodError
from formulations.data import ModelData
from formulations.solver_options import SMALL_MATRIX_VALUE

SPREAD_LIMIT = 10_000_000
"""Most variables y that a model is built with: about 4 GB while it is handed over."""


@dataclass(frozen=True)
class Choices:
    """The first columns of a model, the rows that bind them alone, and the load that they make.

    Attributes
    ----------
    cost : (C,) array
        In units of ``unit_j``.
    upper : (C,) array
        Upper bounds, 0 for what cannot be chosen.
    rows : (R, C) sparse array
    row_bounds : (R, 2) array
        Least and most of every row.
    load : (U, C) sparse array
        Tokens or groups that each use carries, by choice.
    """

    cost: np.ndarray
    upper: np.ndarray
    rows: sparse.csr_array
    row_bounds: np.ndarray
    load: sparse.csr_array


@dataclass(frozen=True)
class Uses:
    """What carries tokens over links.

    Attributes
    ----------
    carrier : (U,) int array
        The node, token or group whose load it is.
    link : (U,) int array
        Its link's number in ``data.links``.
    most : (U,) array
        Most load that it can have.
    weight : (U,) array
        Tokens per unit of load.
    """

    carrier: np.ndarray
    link: np.ndarray
    most: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True)
class HighsModel:
    """A model in HiGHS with what it takes to read it.

    Attributes
    ----------
    data : ModelData
    highs : highspy.Highs
        Holds the model.
    uses : Uses
    options : (O, 3) int array
        All (i, j, m) in which link (i, j) may own subcarrier m, ordered by link.
    ranges : (L, 2) int array
        First option and number of options of each link in ``data.links``.
    claimed : (M',) int array
        The subcarriers that have a row of C3.
    choices : int
        Columns before x.
    exclusive, carried : int
        First row of C3, and of what the uses carry.
    """

    data: ModelData
    highs: highspy.Highs
    uses: Uses
    options: np.ndarray
    ranges: np.ndarray
    claimed: np.ndarray
    choices: int
    exclusive: int
    carried: int


def concatenate_ranges(first: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the entries of the ranges first[u], ..., first[u] + count[u] - 1, one after another.

    Parameters
    ----------
    first, count : (U,) int arrays

    Returns
    -------
    owner, entry : (sum of count,) int arrays
        The range u that each entry is of, and the entry.
    """
    owner = np.repeat(np.arange(len(count)), count)
    before = np.cumsum(count) - count
    return owner, np.arange(len(owner)) + (first - before)[owner]


def incidence(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> sparse.csr_array:
    """Return the sparse matrix with ones at the given places.

    Parameters
    ----------
    rows, columns : (N,) int arrays
    shape : (int, int)
    """
    return sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)


def _widened(matrix: sparse.csr_array, width: int) -> sparse.csr_array:
    """Return the matrix with empty columns appended, `width` in all."""
    return sparse.csr_array(
        (matrix.data, matrix.indices, matrix.indptr), shape=(matrix.shape[0], width)
    )


def assemble(data: ModelData, choices: Choices, uses: Uses, *, relaxed: bool) -> HighsModel:
    """Return the model in HiGHS: the choices, and x and y with their rows.

    Parameters
    ----------
    data : ModelData
    choices : Choices
        alpha, or sets z.
    uses : Uses
    relaxed : bool
        The linear program: no column is integral.

    Returns
    -------
    HighsModel

    Raises
    ------
    MethodError
        Where y would have more than SPREAD_LIMIT entries, or HiGHS refuses the model.
    """
    options = data.option_table
    link = data.link_number[options[:, 0], options[:, 1]]
    number = np.bincount(link, minlength=len(data.links))
    ranges = np.column_stack([np.cumsum(number) - number, number])
    spread = int(number[uses.link].sum())
    if spread > SPREAD_LIMIT:
        raise MethodError(
            f"the model would have {spread:,} variables for tokens on subcarriers; at most "
            f"{SPREAD_LIMIT:,} are built"
        )
    first_x = len(choices.cost)
    first_y = first_x + len(options)
    width = first_y + spread
    use, option = concatenate_ranges(*data.in_time(ranges)[uses.link].T)
    x, y = first_x + option, np.arange(first_y, width)

    own = first_x + np.arange(len(options))
    has_options = np.flatnonzero(number)
    one_a_link = incidence(
        np.repeat(np.arange(len(has_options)), number[has_options]), own, (len(has_options), width)
    )
    claimed, claim = np.unique(options[:, 2], return_inverse=True)
    exclusive = incidence(claim, own, (len(claimed), width))
    carried = data.in_time(
        incidence(use, y, (len(uses.link), width)) - _widened(choices.load, width)
    )
    owner = sparse.csr_array(
        (
            np.column_stack([-uses.most[use], np.ones(spread)]).ravel(),
            np.column_stack([x, y]).ravel(),
            2 * np.arange(spread + 1),
        ),
        shape=(spread, width),
    )
    rows = _widened(choices.rows, width)
    matrix = data.in_time(
        sparse.vstack([rows, one_a_link, exclusive, carried, owner], format="csr")
    )
    packed = len(has_options) + len(claimed)
    unlimited = np.full(packed + len(uses.link) + spread, -np.inf)
    unlimited[packed : packed + len(uses.link)] = 0.0  # carried: an equation
    limit = np.concatenate([np.ones(packed), np.zeros(len(uses.link) + spread)])
    price = data.price[tuple(options.T)]

    highs = highspy.Highs()
    highs.silent()
    highs.setOptionValue("small_matrix_value", SMALL_MATRIX_VALUE)
    status = highs.passModel(
        width,
        matrix.shape[0],
        matrix.nnz,
        int(highspy.MatrixFormat.kRowwise),
        int(highspy.ObjSense.kMinimize),
        0.0,
        np.concatenate([choices.cost, np.zeros(len(options)), uses.weight[use] * price[option]]),
        np.zeros(width),
        np.concatenate([choices.upper, np.ones(len(options)), uses.most[use]]),
        np.concatenate([choices.row_bounds[:, 0], unlimited]),
        np.concatenate([choices.row_bounds[:, 1], limit]),
        matrix.indptr,
        matrix.indices,
        matrix.data,
        (np.arange(width) < (0 if relaxed else first_y)).astype(np.int32),
    )
    if status == highspy.HighsStatus.kError:
        raise MethodError("HiGHS does not take the model")
    bound_rows = choices.rows.shape[0]
    return HighsModel(
        data,
        highs,
        uses,
        options,
        ranges,
        claimed,
        choices=first_x,
        exclusive=bound_rows + len(has_options),
        carried=bound_rows + packed,
    )
