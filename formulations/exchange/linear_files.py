"""A linear model as LP or MPS text that every reader takes for the same model.

Readers differ in what they take, and some change a model without a word where they differ. So:

- Section names are ``Minimize``, ``Subject To``, ``Bounds``, ``Generals`` and ``End``. CBC takes
  ``bin``, ``gen`` and ``int`` for variables, and then solves the relaxation.
- Binaries are generals with their bounds written out. GLPK opens a variable that ``Bounds`` fixed
  at zero to 0 and 1 where ``Binaries`` lists it.
- One term a line: CPLEX cuts lines at 560 characters.
- Every column stands in the objective, if need be with a zero: CBC knows no column that is in
  ``Bounds`` alone. The first term of an empty row is a zero too.
- Integer columns of MPS have bounds: without, they are binary to some and without limit to others.
- Numbers are the shortest decimals that read as the same double.

Names have at most `formulations.exchange.names.LONGEST_NAME` characters, and blanks nowhere, so
that an MPS file is read as free MPS (GLPK is to be told: ``--freemps``).
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler
from scipy import sparse

from dmoe_models.errors import MethodError

COMMENT_WIDTH = 200
"""Characters of a comment's line, well below what CPLEX cuts off."""


@dataclass(frozen=True)
class LinearModel:
    """Minimise cost x, subject to rows and bounds; some columns are integer.

    Attributes
    ----------
    columns, rows : sequence of str
        Names.
    cost, lower, upper : (C,) array
    integer : (C,) bool array
    matrix : (R, C) csr_array
    sense : (R,) int array
        1 for <=, 0 for =, -1 for >=, as Pyomo counts.
    right : (R,) array
    """

    columns: Sequence[str]
    rows: Sequence[str]
    cost: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    integer: np.ndarray
    matrix: sparse.csr_array
    sense: np.ndarray
    right: np.ndarray


def linear_model(built: pyo.ConcreteModel, name: Callable[[Any], str]) -> LinearModel:
    """Return a linear Pyomo model in arrays.

    Parameters
    ----------
    built : ConcreteModel
    name : callable
        Of a variable or a constraint.

    Raises
    ------
    MethodError
        Where its objective has a constant, or two rows one name: no file says these.
    """
    form = LinearStandardFormCompiler().write(built, mixed_form=True)
    if np.any(form.c_offset):
        raise MethodError(f"model {built.name}: its objective has a constant")
    rows = [name(row.constraint) for row in form.rows]
    twice = [row for row, number in Counter(rows).items() if number > 1]
    if twice:
        raise MethodError(f"model {built.name}: {len(twice)} rows have two sides, as {twice[0]}")
    bounds = [variable.bounds for variable in form.columns]
    return LinearModel(
        columns=[name(variable) for variable in form.columns],
        rows=rows,
        cost=form.c.toarray().ravel(),
        lower=np.array([-np.inf if low is None else low for low, _ in bounds], dtype=float),
        upper=np.array([np.inf if high is None else high for _, high in bounds], dtype=float),
        integer=np.array([not variable.is_continuous() for variable in form.columns], dtype=bool),
        matrix=form.A.tocsr(),
        sense=np.array([row.bound_type for row in form.rows], dtype=int),
        right=np.asarray(form.rhs, dtype=float),
    )


def lp_lines(model: LinearModel, problem: str, comments: Iterable[str]) -> Iterator[str]:
    """Yield the lines of an LP file.

    Parameters
    ----------
    model : LinearModel
    problem : str
        The model's name, in the form that CPLEX, Gurobi and CBC read.
    comments : iterable of str
    """
    yield from _comment_lines("\\ ", comments)
    yield f"\\Problem name: {problem}"
    yield "Minimize"
    yield " obj:"
    for name, cost in zip(model.columns, model.cost.tolist(), strict=True):
        yield _term(cost, name)
    yield "Subject To"
    for number, row in enumerate(model.rows):
        yield f" {row}:"
        entries = list(_entries(model.matrix, number))
        for column, value in entries or [(0, 0.0)]:
            yield _term(value, model.columns[column])
        yield f" {_RELATION[int(model.sense[number])]} {_decimal(model.right[number])}"
    yield "Bounds"
    for name, low, high in zip(model.columns, model.lower, model.upper, strict=True):
        yield f" {_bound(name, float(low), float(high))}"
    if model.integer.any():
        yield "Generals"
        yield from (f" {model.columns[n]}" for n in np.flatnonzero(model.integer).tolist())
    yield "End"


def mps_lines(model: LinearModel, problem: str, comments: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a free MPS file.

    Parameters
    ----------
    model : LinearModel
    problem : str
        The model's name.
    comments : iterable of str
    """
    yield from _comment_lines("* ", comments)
    yield f"NAME          {problem}"
    yield "ROWS"
    yield " N  obj"
    for row, sense in zip(model.rows, model.sense.tolist(), strict=True):
        yield f" {_KIND[sense]}  {row}"
    yield "COLUMNS"
    by_column = model.matrix.tocsc()
    inside, markers = False, 0
    for n, name in enumerate(model.columns):
        if inside != model.integer[n]:
            inside = not inside
            yield f"    MARKER{markers:04d}  'MARKER'  '{'INTORG' if inside else 'INTEND'}'"
            markers += 1
        yield f"    {name}  obj  {_decimal(model.cost[n])}"
        for number, value in _entries(by_column, n):
            yield f"    {name}  {model.rows[number]}  {_decimal(value)}"
    if inside:
        yield f"    MARKER{markers:04d}  'MARKER'  'INTEND'"
    yield "RHS"
    for row, right in zip(model.rows, model.right.tolist(), strict=True):
        if right:
            yield f"    RHS  {row}  {_decimal(right)}"
    yield "BOUNDS"
    for name, low, high in zip(model.columns, model.lower, model.upper, strict=True):
        for kind, limit in _mps_bounds(float(low), float(high)):
            yield f" {kind} BOUND  {name}{limit}"
    yield "ENDATA"


_RELATION = {1: "<=", 0: "=", -1: ">="}
_KIND = {1: "L", 0: "E", -1: "G"}


def _comment_lines(mark: str, comments: Iterable[str]) -> Iterator[str]:
    for comment in comments:
        for line in textwrap.wrap(comment, COMMENT_WIDTH) or [""]:
            yield f"{mark}{line}".rstrip()


def _decimal(value: float) -> str:
    """Return the shortest text that reads as the same double; whole numbers as such."""
    return repr(float(value)).removesuffix(".0")


def _term(value: float, name: str) -> str:
    return f" {'-' if value < 0 else '+'} {_decimal(abs(value))} {name}"


def _entries(matrix: Any, number: int) -> Iterator[tuple[int, float]]:
    """Yield place and value of what a row of a CSR, or a column of a CSC matrix holds."""
    part = slice(matrix.indptr[number], matrix.indptr[number + 1])
    return zip(matrix.indices[part].tolist(), matrix.data[part].tolist(), strict=True)


def _bound(name: str, low: float, high: float) -> str:
    if low == high:
        return f"{name} = {_decimal(low)}"
    if np.isinf(low) and np.isinf(high):
        return f"{name} free"
    if np.isinf(high):
        return f"{name} >= {_decimal(low)}"
    return f"{'-inf' if np.isinf(low) else _decimal(low)} <= {name} <= {_decimal(high)}"


def _mps_bounds(low: float, high: float) -> Iterator[tuple[str, str]]:
    """Yield kinds and values of a column's bounds, all of them written out."""
    if low == high:
        yield "FX", f"  {_decimal(low)}"
        return
    if np.isinf(low) and np.isinf(high):
        yield "FR", ""
        return
    yield ("MI", "") if np.isinf(low) else ("LO", f"  {_decimal(low)}")
    yield ("PL", "") if np.isinf(high) else ("UP", f"  {_decimal(high)}")
