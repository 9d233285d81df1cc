"""A study's tables as people read them: words for names, percent for shares, one cell an estimate.

A number `x` of a summary stands beside `x_low` and `x_high`; here the three are one cell,
``98.4 [96.0, 99.6]``. Columns that say the same on every line stand once, above the table. An
axis that only a configuration knows stands under its own name.
"""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dmoe_models.studies.report.words import IMPLIED, MEASURED
from dmoe_models.text import (
    NOTHING,
    Table,
    format_estimate,
    format_labels,
    format_value,
    prefixed,
)

if TYPE_CHECKING:
    from dmoe_models.studies.study import Study, Verdict


@dataclass(frozen=True)
class Presented:
    """A table for people.

    Attributes
    ----------
    name : str
        Of its files.
    title : str
    notes : list of str
        Sentences that belong above it: what it shows, what all of its lines have in common.
    headers : list of str
        With units.
    lines : list of list of str
    left : tuple of int
        Columns of words; others are of numbers.
    labels : int
        So many columns, the first ones, say what a line is about.
    """

    name: str
    title: str
    notes: list[str]
    headers: list[str]
    lines: list[list[str]]
    left: tuple[int, ...]
    labels: int

    @property
    def table(self) -> Table:
        """Headers and lines."""
        return self.headers, self.lines


@dataclass(frozen=True)
class _Column:
    header: str
    unit: str
    cells: list[str]
    is_label: bool
    is_words: bool
    is_constant: bool

    @property
    def is_empty(self) -> bool:
        return all(cell == NOTHING for cell in self.cells)


def present(name: str, table: pd.DataFrame, study: Study | None = None) -> Presented:
    """Return a table of a study for people.

    Parameters
    ----------
    name : str
        Of the summary (`dmoe_models.studies.analysis.summaries`), or any other.
    table : DataFrame
        Where `x`, `x_low` and `x_high` are columns, the three are one.
    study : Study, optional
        Which has a title and an explanation for it, and may have columns of its own.
    """
    title, about = (study.about if study else {}).get(
        name, (name.replace("_", " ").capitalize(), "")
    )
    columns = _columns(table, MEASURED | dict(study.measured if study else {}))
    varying = [column for column in columns if not column.is_constant]
    notes = [about] if about else []
    if len(table) > 1 and varying:
        notes += _throughout([column for column in columns if column.is_constant])
        columns = _gathered(varying)
    return Presented(
        name=name,
        title=title,
        notes=notes,
        headers=[f"{c.header} ({c.unit})" if c.unit else c.header for c in columns],
        lines=[list(cells) for cells in zip(*(c.cells for c in columns), strict=True)],
        left=tuple(number for number, column in enumerate(columns) if column.is_words),
        labels=sum(column.is_label for column in columns),
    )


def _columns(table: pd.DataFrame, measured: Mapping[str, tuple[str, str]]) -> list[_Column]:
    names = [str(name) for name in table.columns]
    estimates = {name for name in names if {f"{name}_low", f"{name}_high"} <= set(names)}
    ends = {f"{name}_{end}" for name in estimates for end in ("low", "high")}
    left_out = ends | (IMPLIED - estimates)
    about = [name for name in names if name not in left_out | estimates | set(measured)]
    if "cell" in names and table.duplicated(about).any():
        about.insert(0, "cell")  # nothing else distinguishes its lines
    found = [_column(table, [name], name, ("", 1.0), True) for name in about]
    scales = {"": ("", 1.0), "%": ("%", 100.0)}
    for unit in ("J", "s"):
        own = [name for name in names if measured.get(name, ("", ""))[1] == unit]
        scales[unit] = prefixed(table[own].to_numpy(dtype=float).ravel(), unit)
    for name in names:
        if name not in left_out and name not in about:
            header, unit = measured.get(name, (name, ""))
            parts = [name, f"{name}_low", f"{name}_high"] if name in estimates else [name]
            found.append(_column(table, parts, header, scales[unit], False))
    return found


def _column(
    table: pd.DataFrame, names: list[str], header: str, scale: tuple[str, float], is_label: bool
) -> _Column:
    """Return the column that one of the table's, or the three of an estimate, become."""
    values = table[names[0]]
    if is_label:
        cells = format_labels(values)
    elif len(names) > 1:
        cells = [
            format_estimate(value, low, high, scale[1])
            for value, low, high in table[names].to_numpy(dtype=float)
        ]
    else:
        cells = [format_value(value, scale[1]) for value in values]
    return _Column(
        header=header,
        unit=scale[0],
        cells=cells,
        is_label=is_label,
        is_words=all(isinstance(value, (str, bool, np.bool_)) for value in values.dropna()),
        is_constant=len(table[names].drop_duplicates()) == 1,
    )


def _gathered(columns: list[_Column]) -> list[_Column]:
    """Put conditions that most lines do not have, where there are several, into one column."""
    rare = [c for c in columns if c.is_label and 2 * c.cells.count(NOTHING) > len(c.cells)]
    if len(rare) < 2:
        return columns
    cells = [
        ", ".join(
            f"{column.header} = {cell}"
            for column, cell in zip(rare, line, strict=True)
            if cell != NOTHING
        )
        or NOTHING
        for line in zip(*(column.cells for column in rare), strict=True)
    ]
    place = columns.index(rare[0])
    gathered = _Column("further conditions", "", cells, True, True, False)
    return [
        *columns[:place],
        gathered,
        *(column for column in columns[place:] if column not in rare),
    ]


def _throughout(columns: Sequence[_Column]) -> list[str]:
    """Say what columns hold that are the same on every line."""
    same = [f"{c.header} = {c.cells[0]} {c.unit}".rstrip() for c in columns if not c.is_empty]
    empty = [column.header for column in columns if column.is_empty]
    return [
        *([f"Throughout: {', '.join(same)}."] if same else []),
        *([f"Without any value: {', '.join(empty)}."] if empty else []),
    ]


# ------------------------------------------------------------------------------------- verdicts


def verdict_frame(verdicts: Sequence[Verdict]) -> pd.DataFrame:
    """Return verdicts as a table, one line for each, a column for all that they hold."""
    return pd.DataFrame([vars(verdict) for verdict in verdicts])


def tally(verdicts: Sequence[Verdict]) -> str:
    """Return how many claims have which outcome, in the order of first appearance."""
    outcomes = [verdict.outcome for verdict in verdicts]
    return ", ".join(f"{outcomes.count(name)} {name}" for name in dict.fromkeys(outcomes))


def verdict_text(verdicts: Sequence[Verdict], width: int = 100) -> str:
    """Return verdicts for a terminal: aligned, long sentences on several lines.

    Parameters
    ----------
    verdicts : sequence of Verdict
    width : int
        Of the terminal, in characters.
    """
    first = max([len(verdict.outcome) for verdict in verdicts] + [len("outcome")])
    second = min(36, max(16, (width - first) // 3))
    widths = (first, second, max(24, width - first - second - 4))
    lines = [("outcome", "claim", "finding"), tuple("-" * size for size in widths)]
    for verdict in verdicts:
        texts = (verdict.outcome, verdict.claim, verdict.sentence)
        wrapped = [textwrap.wrap(t, size) for t, size in zip(texts, widths, strict=True)]
        lines += itertools.zip_longest(*wrapped, fillvalue="")
    return "\n".join(
        "  ".join(cell.ljust(size) for cell, size in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
