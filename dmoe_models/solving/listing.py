"""Tables of what there is, and of parameters with default, unit and meaning, made to be read."""

from __future__ import annotations

import html
import shutil
import textwrap
from collections.abc import Callable
from typing import Any

import pandas as pd

from dmoe_models.text import text_table

_UNITS = {
    "_m_s": "m/s", "_s": "s", "_m": "m", "_hz": "Hz", "_dbm": "dBm", "_db": "dB", "_w": "W",
    "_k": "K", "_j": "J", "_bps": "bit/s", "_bits": "bit", "_mb": "MB",
    "time_limit": "s", "flop_per_token": "FLOP",
}  # fmt: skip
"""Ends of parameters' names -> units; a parameter without such an end has none."""

_NARROWEST = 20
"""Characters below which no column is wrapped, however narrow the terminal."""


def unit_of(parameter: str) -> str:
    """Return the unit of a parameter, which its name ends in; empty where it has none."""
    return next((unit for end, unit in _UNITS.items() if parameter.endswith(end)), "")


class Listing(pd.DataFrame):
    """A DataFrame that is shown whole: long texts go on in further lines.

    What is made from it (a part, a copy with other columns) is a DataFrame like any other.
    """

    @property
    def _constructor(self) -> Callable[..., pd.DataFrame]:
        return pd.DataFrame

    def __repr__(self) -> str:
        return listing_text(self)

    def _repr_html_(self) -> str:
        heads, rows = _cells(self)
        left = "style='text-align:left'"

        def line(cells: list[str], kind: str) -> str:
            inside = "".join(f"<{kind} {left}>{html.escape(cell)}</{kind}>" for cell in cells)
            return f"<tr>{inside}</tr>"

        body = "".join(line(row, "td") for row in rows)
        return f"<table><thead>{line(heads, 'th')}</thead><tbody>{body}</tbody></table>"


def listing_text(table: pd.DataFrame, width: int | None = None) -> str:
    """Return a table as plain text, whose last column goes on in further lines.

    Parameters
    ----------
    table : DataFrame
    width : int, optional
        Characters in a line; those of the terminal by default.
    """
    heads, rows = _cells(table)
    if not rows:
        return "none"
    width = width or shutil.get_terminal_size((100, 24)).columns
    columns = list(zip(heads, *rows, strict=True))
    before = sum(max(map(len, column)) + 2 for column in columns[:-1])
    room = max(width - before, _NARROWEST)
    lines = []
    for row in rows:
        last = textwrap.wrap(row[-1], room, break_on_hyphens=False) or [""]
        lines.append([*row[:-1], last[0]])
        lines += [["" for _ in row[:-1]] + [more] for more in last[1:]]
    return text_table(heads, lines, left=range(len(heads)))


def _cells(table: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    whole = table.reset_index() if table.index.name else table
    return list(whole.columns), [[_text(value) for value in row] for row in whole.to_numpy()]


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
