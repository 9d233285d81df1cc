"""Lines of summaries: groups of rows, each made into a line under the parameters of its cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from dmoe_models.studies.analysis.intervals import Interval
from dmoe_models.studies.study import FAILED, find_study


def columns_of(name: str, interval: Interval) -> dict[str, float]:
    """Return the three columns of a figure."""
    return {name: interval.value, f"{name}_low": interval.low, f"{name}_high": interval.high}


def alive(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows whose task did not fail: failed ones have no method."""
    return rows[rows["method"].notna()]


def grouped(
    rows: pd.DataFrame, by: list[str], line: Callable[[pd.DataFrame], dict[str, Any]]
) -> pd.DataFrame:
    """Make a line of every group."""
    if rows.empty:
        return pd.DataFrame()
    groups: Iterator[tuple[Any, pd.DataFrame]] = iter(rows.groupby(by, sort=False, dropna=False))
    return pd.DataFrame(
        [dict(zip(by, place, strict=True)) | line(group) for place, group in groups]
    )


def per_cell(
    study: str,
    rows: pd.DataFrame,
    by: list[str],
    line: Callable[[pd.DataFrame], dict[str, Any]],
) -> pd.DataFrame:
    """Make a line for every cell and more, with the cell's parameters and failed draws."""
    return labelled(study, rows, grouped(alive(rows), ["cell", *by], line))


def _parameters(study: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the parameters of the cells in a tidy table; index `cell`."""
    own = {column.name for column in find_study(study).all_columns}
    names = [name for name in rows.columns if name not in own]
    return rows.groupby("cell")[names].first().dropna(axis="columns", how="all")


def labelled(study: str, rows: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Put the parameters of its cell in front of every line, and the failed draws behind."""
    if lines.empty:
        return lines
    parameters = _parameters(study, rows)
    failed = (rows["status"] == FAILED).groupby(rows["cell"]).sum().rename("failed")
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
