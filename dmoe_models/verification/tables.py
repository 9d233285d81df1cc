"""Rows as tables: the frames that are written to files, and plain text that can be pasted.

The text neither wraps nor truncates, whatever it is printed to. Any table of cells can be had as
text, Markdown and LaTeX.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import NamedTuple

import pandas as pd

from dmoe_models.errors import DmoeError
from dmoe_models.input_checks import quote
from dmoe_models.model.gap import format_gap
from dmoe_models.solving.result import Status
from dmoe_models.text import Table, format_number, seconds, share, text_table
from dmoe_models.verification.row import FAILED, NOT_RUN, Row

ROW_HEADERS = (
    "instance",
    "method",
    "status",
    "energy (J)",
    "bound (J)",
    "best bound (J)",
    "gap",
    "time (s)",
    "referee",
    "remark",
)

SUMMARY_HEADERS = {
    "instance_set": "set",
    "method": "method",
    "kind": "kind",
    "instances": "instances",
    "optimal": "optimal",
    "infeasible": "infeasible",
    "solved": "solved",
    "mean_gap": "mean gap",
    "median_gap": "median gap",
    "worst_gap": "worst gap",
    "median_time_s": "median time (s)",
    "no_solution": "none found",
    "invalid": "invalid",
    "failed": "failed",
    "not_run": "not run",
    "at_limit": "at limit",
}

_FORMATS: dict[str, Callable[[float], str]] = {
    "solved": share,
    "mean_gap": format_gap,
    "median_gap": format_gap,
    "worst_gap": format_gap,
    "median_time_s": seconds,
}

LEGEND = (
    "bound: the method's own lower bound (a plug-in's is a claim and proves nothing); best bound: "
    "the best of all built-in methods and LB.",
    "gap: (energy - best bound) / (energy - static energy); of a method that gives a bound only, "
    "the best energy's gap to it.",
    "optimal: gap of at most 1e-6. infeasible: proved. solved: share of these two.",
    "none found: neither a solution nor a proof. invalid: refused by the referee. at limit: time "
    "was up before a proof.",
)


def frame(rows: Iterable[Row]) -> pd.DataFrame:
    """Return one line per row, all columns."""
    table = pd.DataFrame([asdict(row) for row in rows], columns=list(Row.__dataclass_fields__))
    return table.astype({"optimal": "boolean"})


def summary(rows: Iterable[Row]) -> pd.DataFrame:
    """Return one line per set and method, in the order of first appearance.

    Sets are populations of their own: nothing is averaged over several of them.

    Returns
    -------
    DataFrame
        instance_set, method, kind, instances, optimal, infeasible (proved), solved (share of both,
        NaN for a method that gives a bound only), mean_gap, median_gap, worst_gap,
        median_time_s, no_solution, invalid, failed, not_run, at_limit.
    """
    groups: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        groups.setdefault(row.instance_set, {}).setdefault(row.method, []).append(row)
    lines = [_summary_line(own) for methods in groups.values() for own in methods.values()]
    return pd.DataFrame(lines, columns=list(SUMMARY_HEADERS))


def _summary_line(rows: list[Row]) -> dict[str, object]:
    gaps = pd.Series([row.gap for row in rows if not math.isnan(row.gap)], dtype=float)
    times = pd.Series([row.runtime_s for row in rows], dtype=float)
    optimal = sum(row.optimal is True for row in rows)
    infeasible = sum(row.status == Status.INFEASIBLE for row in rows)
    bound_only = rows[0].kind == "bound"
    return {
        "instance_set": rows[0].instance_set,
        "method": rows[0].method,
        "kind": rows[0].kind,
        "instances": len(rows),
        "optimal": optimal,
        "infeasible": infeasible,
        "solved": math.nan if bound_only else (optimal + infeasible) / len(rows),
        "mean_gap": gaps.mean(),
        "median_gap": gaps.median(),
        "worst_gap": gaps.max(),
        "median_time_s": times.median(),
        "no_solution": sum(
            row.status == Status.UNKNOWN and not row.verdict and not bound_only for row in rows
        ),
        "invalid": sum(bool(row.verdict) and not row.valid for row in rows),
        "failed": sum(row.status == FAILED for row in rows),
        "not_run": sum(row.status == NOT_RUN for row in rows),
        "at_limit": sum(row.at_limit for row in rows),
    }


def row_cells(row: Row) -> list[str]:
    """Return a row's cells as text, under `ROW_HEADERS`."""
    return [
        row.instance,
        row.method,
        row.status,
        _number(row.objective_j),
        _number(row.own_bound_j),
        _number(row.best_bound_j),
        format_gap(row.gap),
        seconds(row.runtime_s),
        row.verdict or "-",
        row.reason or ("time limit" if row.at_limit else ""),
    ]


class SummaryTable(NamedTuple):
    """The summary of one set as text: a title, empty where there is one set only, and cells."""

    title: str
    headers: list[str]
    lines: list[list[str]]


def summary_tables(table: pd.DataFrame, rows: Iterable[Row]) -> list[SummaryTable]:
    """Return one table for each set.

    Parameters
    ----------
    table : DataFrame
        From `summary`.
    rows : iterable of Row
        The same that it was made of, for the number of instances.
    """
    sizes = Counter(
        name for name, *_ in {(r.instance_set, r.instance, r.instance_sha256) for r in rows}
    )
    found = []
    for name, part in table.groupby("instance_set", sort=False):
        size = sizes[str(name)]
        title = f"{name} ({size} instance{'s' * (size != 1)})" if len(sizes) > 1 else ""
        lines = _cells(part.drop(columns="instance_set"))
        found.append(SummaryTable(title, list(SUMMARY_HEADERS.values())[1:], lines))
    return found


_COUNTS = ("infeasible", "no_solution", "invalid", "failed", "not_run", "at_limit")


def paper_table(table: pd.DataFrame, columns: Sequence[str] | None = None) -> Table:
    """Return the summary for a page: one table, of the set only where there are several.

    Parameters
    ----------
    table : DataFrame
        From `summary`.
    columns : sequence of str, optional
        Of it; by default all but kinds of methods, and counts that are 0 for every method.

    Raises
    ------
    DmoeError
        For a column that the summary has not.
    """
    if columns is None:
        empty = {name for name in _COUNTS if not table[name].any()}
        one_set = table["instance_set"].nunique() < 2
        empty |= {"kind", *(["instance_set"] if one_set else [])}
        columns = [name for name in SUMMARY_HEADERS if name not in empty]
    for name in columns:
        if name not in SUMMARY_HEADERS:
            raise DmoeError(f"column {quote(name)} is not one of {', '.join(SUMMARY_HEADERS)}")
    return [SUMMARY_HEADERS[name] for name in columns], _cells(table[[*columns]])


def _cells(table: pd.DataFrame) -> list[list[str]]:
    return [
        [_FORMATS.get(str(column), str)(value) for column, value in line.items()]
        for line in table.to_dict("records")
    ]


def _number(value: float) -> str:
    return format_number(value, 8)


def rows_text(rows: Iterable[Row]) -> str:
    """Return all rows as one aligned table."""
    return text_table(ROW_HEADERS, [row_cells(row) for row in rows], left=(0, 1, 2, 8, 9))


def summary_text(tables: Iterable[SummaryTable]) -> str:
    """Return the summary as one aligned table for each set."""
    return "\n\n".join(
        (f"{table.title}\n" if table.title else "")
        + text_table(table.headers, table.lines, left=(0, 1))
        for table in tables
    )
