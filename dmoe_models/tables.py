"""Rows as tables: the frames that are written to files, and plain text that can be pasted.

The text neither wraps nor truncates, whatever it is printed to. Any table of cells can be had as
text, Markdown and LaTeX.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import NamedTuple

import pandas as pd

from dmoe_models.rows import FAILED, NOT_RUN, Row
from dmoe_models.solution import OPTIMALITY_GAP, Status

Table = tuple[list[str], list[list[str]]]
"""Headers and lines of cells."""

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
        percent(row.gap),
        seconds(row.runtime_s),
        row.verdict or "-",
        row.reason or ("time limit" if row.at_limit else ""),
    ]


class SummaryTable(NamedTuple):
    """The summary of one set as text: a title, empty where there is one set only, and cells."""

    title: str
    headers: list[str]
    lines: list[list[str]]


def summary_tables(rows: Iterable[Row]) -> list[SummaryTable]:
    """Return one table for each set."""
    rows = list(rows)
    shown = {
        "solved": share,
        "mean_gap": percent,
        "median_gap": percent,
        "worst_gap": percent,
        "median_time_s": seconds,
    }
    found = []
    table = summary(rows)
    for name, part in table.groupby("instance_set", sort=False):
        own = {(row.instance, row.instance_sha256) for row in rows if row.instance_set == name}
        title = (
            f"{name} ({len(own)} instance{'s' * (len(own) != 1)})"
            if table.instance_set.nunique() > 1
            else ""
        )
        lines = [
            [shown.get(str(column), str)(value) for column, value in line.items()]
            for line in part.drop(columns="instance_set").to_dict("records")
        ]
        found.append(SummaryTable(title, list(SUMMARY_HEADERS.values())[1:], lines))
    return found


def percent(gap: float) -> str:
    """Write a gap; what counts as optimal is written as zero."""
    if math.isnan(gap):
        return "-"
    return "0 %" if gap <= OPTIMALITY_GAP else f"{100 * gap:.3g} %"


def share(part: float) -> str:
    """Write a share in whole percent; what is not nothing, or not all, is not written as that."""
    if math.isnan(part):
        return "-"
    if 0 < part < 0.005:
        return "< 1 %"
    return "> 99 %" if 0.995 <= part < 1 else f"{100 * part:.0f} %"


def seconds(value: float) -> str:
    """Write a runtime to two digits, or to the hundredth of a second."""
    if math.isnan(value):
        return "-"
    return f"{value:.2f}" if value >= 1 else f"{value:.2g}"


def _number(value: float) -> str:
    return "-" if math.isnan(value) or value == -math.inf else f"{value:.8g}"


def text_table(headers: Sequence[str], lines: Sequence[Sequence[str]], left: Iterable[int]) -> str:
    """Align cells under their headers, columns numbered in `left` to the left."""
    left = set(left)
    widths = [max(map(len, column)) for column in zip(headers, *lines, strict=True)]

    def written(cells: Sequence[str]) -> str:
        aligned = [
            cell.ljust(width) if number in left else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return "  ".join(aligned).rstrip()

    rule = "  ".join("-" * width for width in widths)
    return "\n".join([written(headers), rule, *map(written, lines)])


def markdown(table: Table, left: Iterable[int] = (0,)) -> str:
    """Return a table in Markdown, columns numbered in `left` to the left, others to the right."""
    headers, lines = table
    left = set(left)
    rule = [":--" if number in left else "--:" for number in range(len(headers))]
    return "".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"
        for cells in (headers, rule, *lines)
    )


_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
        "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
        "<": r"\textless{}", ">": r"\textgreater{}", "µ": r"\textmu{}",
        "|": r"\textbar{}",
    }
)  # fmt: skip


def latex(
    table: Table,
    notes: Iterable[str] = (),
    left: Iterable[int] = (0,),
    *,
    columns: str | None = None,
    long: bool = False,
) -> str:
    r"""Return a table as a LaTeX tabular for the package booktabs, notes as comments above.

    Parameters
    ----------
    table : Table
    notes : iterable of str
    left : iterable of int
        Columns to the left, others to the right.
    columns : str, optional
        LaTeX's own description of the columns, instead of `left`.
    long : bool
        A longtable, of the package of that name: it goes on over pages, under the same headers.
    """
    headers, lines = table
    left = set(left)
    columns = columns or "".join("l" if n in left else "r" for n in range(len(headers)))
    kind = "longtable" if long else "tabular"

    def row(cells: Sequence[str]) -> str:
        text = " & ".join(cell.translate(_LATEX) for cell in cells)
        # behind the line above, these would be arguments of its end
        return ("{}" if text.startswith(("[", "*")) else "") + text + r" \\"

    return "\n".join(
        [
            *[f"% {' '.join(note.split())}" for note in notes],
            rf"\begin{{{kind}}}{{{columns}}}",
            r"\toprule",
            row(headers),
            r"\midrule",
            *([r"\endhead"] if long else []),
            *map(row, lines),
            r"\bottomrule",
            rf"\end{{{kind}}}",
            "",
        ]
    )


def rows_text(rows: Iterable[Row]) -> str:
    """Return all rows as one aligned table."""
    return text_table(ROW_HEADERS, [row_cells(row) for row in rows], left=(0, 1, 2, 8, 9))


def summary_text(rows: Iterable[Row]) -> str:
    """Return the summary as one aligned table for each set."""
    return "\n\n".join(
        (f"{title}\n" if title else "") + text_table(headers, lines, left=(0, 1))
        for title, headers, lines in summary_tables(rows)
    )
