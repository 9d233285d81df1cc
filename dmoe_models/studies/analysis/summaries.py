"""From rows to the tables that verdicts are read off: one line per cell and method, with intervals.

All start from the tidy table of a study (`Database.table`) and give plain tables, in which a number
`x` stands beside `x_low` and `x_high`, the ends of its 95 % interval. Rows that failed are counted
(`failed`) and left out of everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pandas as pd

from dmoe_models.solving.catalogue import METHODS
from dmoe_models.studies.analysis.intervals import Interval
from dmoe_models.studies.study import COMMON, FAILED, Column, find_study

LABELS = {method.name: method.label for method in METHODS.values() if method.label}
"""What methods without a label of their own are called in tables."""


def summaries(study: str, rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return all tables of a study, by name; methods without a label get that of `LABELS`.

    Not so "homogeneous" where z is varied: without one of its own it takes the instance's.

    Parameters
    ----------
    study : str
    rows : DataFrame
        The tidy table of all rows.
    """
    present = set(rows["method"].dropna())
    labels = {name: label for name, label in LABELS.items() if label not in present}
    if "z" in rows and (rows["z"].dropna() != 1).any():
        labels.pop("homogeneous", None)
    return find_study(study).tables(rows.assign(method=rows["method"].replace(labels)))


def columns_of(name: str, interval: Interval) -> dict[str, float]:
    """Return the three columns of an estimate.

    Parameters
    ----------
    name : str
    interval : Interval
    """
    return {name: interval.value, f"{name}_low": interval.low, f"{name}_high": interval.high}


def alive(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows whose task did not fail: failed ones have no method."""
    return rows[rows["method"].notna()]


def grouped(
    rows: pd.DataFrame, by: list[str], line: Callable[[pd.DataFrame], dict[str, Any]]
) -> pd.DataFrame:
    """Make a line of every group of rows that agree in the columns `by`.

    Parameters
    ----------
    rows : DataFrame
    by : list of str
        Columns.
    line : callable
        From the rows of a group to its columns.
    """
    if rows.empty:
        return pd.DataFrame()
    groups: Iterator[tuple[Any, pd.DataFrame]] = iter(rows.groupby(by, sort=False, dropna=False))
    return pd.DataFrame(
        [dict(zip(by, place, strict=True)) | line(group) for place, group in groups]
    )


def per_cell(
    columns: Sequence[Column],
    rows: pd.DataFrame,
    by: list[str],
    line: Callable[[pd.DataFrame], dict[str, Any]],
) -> pd.DataFrame:
    """Make a line for every cell and more, with the cell's parameters and failed draws.

    Parameters
    ----------
    columns : sequence of Column
        The study's own.
    rows : DataFrame
        The tidy table of all rows.
    by : list of str
        What a line is of, beside a cell.
    line : callable
        From the rows of a line to its columns.
    """
    return labelled(columns, rows, grouped(alive(rows), ["cell", *by], line))


def _parameters(columns: Sequence[Column], rows: pd.DataFrame) -> pd.DataFrame:
    """Return the parameters of the cells in a tidy table; index `cell`."""
    own = {column.name for column in (*COMMON, *columns)}
    names = [name for name in rows.columns if name not in own]
    return rows.groupby("cell")[names].first().dropna(axis="columns", how="all")


def labelled(columns: Sequence[Column], rows: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Put the parameters of its cell in front of every line, and the failed draws behind.

    Parameters
    ----------
    columns : sequence of Column
        The study's own.
    rows : DataFrame
        The tidy table of all rows.
    lines : DataFrame
        One line for every cell and more, with a column `cell`.
    """
    if lines.empty:
        return lines
    parameters = _parameters(columns, rows)
    of_failed = rows["seed"].where(rows["status"] == FAILED)
    failed = of_failed.groupby(rows["cell"]).nunique().rename("failed")
    clash = [name for name in parameters if name in lines.columns]
    table = parameters.drop(columns=clash).merge(
        lines, left_index=True, right_on="cell", how="right"
    )
    table = table.merge(failed, left_on="cell", right_index=True, how="left")
    first = ["cell", *(str(name) for name in parameters if name not in clash)]
    return table[[*first, *(name for name in table.columns if name not in first)]].reset_index(
        drop=True
    )


def known_of(group: pd.DataFrame) -> pd.DataFrame:
    """Draws of a method with a certified optimum and an answer, whatever it is worth."""
    return group[group["certified"].fillna(False) & group["optimal"].notna()]
