"""What figures read off a study's tables: what distinguishes lines, and how that is written.

A table may come from `summaries` or from the file that was written of it; any parameter of any
family may be missing from it, or from some of its lines.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from dmoe_models.studies.analysis.verdicts import axes as parameters

__all__ = ["parameters"]

NODES = "K"
PANEL_LINES = 4
"""Lines in a small panel."""

_WORDS = {
    "snr_db": "SNR {} dB",
    "band_turns": "band turns {}",
    "computation_ratio": "comp. ratio {}",
    "tokens_per_node": "T/K = {}",
    "subcarriers_per_link": "M/L = {}",
    "delay_spread_s": "delay spread {} s",
    "bandwidth_hz": "B = {} Hz",
    "gamma0": "γ₀ = {}",
    "gamma": "γ = {}",
    "domain": "{}",
    "channel": "{} channel",
    "layers": "{} layers",
}
_TOGETHER = str.maketrans({" ": "\u00a0"})  # no line is broken within


def parameter_text(name: str, value: Any) -> str:
    """Return a parameter and its value in words.

    Parameters
    ----------
    name : str
    value : number or str
    """
    text = str(value)
    if isinstance(value, float):
        text = f"{value:g}"
        if not math.isclose(float(text), value, rel_tol=1e-9):  # others may be as near
            text = f"{value:.12g}"
    pattern = _WORDS.get(name, f"{name} = {{}}" if len(name) <= 2 else f"{name} {{}}")
    return pattern.format(text).translate(_TOGETHER)


def line_text(line: Mapping[Any, Any], names: Sequence[str]) -> str:
    """Return a line's values of some parameters in words, the family first; defaults are silent.

    Parameters
    ----------
    line : mapping
    names : sequence of str
    """
    family = [str(line["family"])] if "family" in names else []
    rest = [
        parameter_text(name, line[name])
        for name in names
        if name != "family" and pd.notna(line[name])
    ]
    return ", ".join([*family, *rest])


def varying(table: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Return those of some columns that do not have one value throughout.

    Parameters
    ----------
    table : DataFrame
    names : sequence of str
        Columns.
    """
    return [name for name in names if table[name].nunique(dropna=False) > 1]


def labels(table: pd.DataFrame, names: Sequence[str]) -> pd.Series:
    """Return for every line its family, and which of these parameters distinguish it.

    Parameters
    ----------
    table : DataFrame
    names : sequence of str
        Columns of parameters.
    """
    chosen = ["family", *(name for name in varying(table, names) if name != "family")]
    found = [line_text(line, chosen) for line in table[chosen].to_dict("records")]
    return pd.Series(found, index=table.index, dtype=object)


def node_labels(table: pd.DataFrame) -> pd.Series:
    """Return "K = 4" for every line."""
    known = table[NODES] if NODES in table else pd.Series(float("nan"), index=table.index)
    found = [parameter_text(NODES, float(k)) if pd.notna(k) else "K by default" for k in known]
    return pd.Series(found, index=table.index, dtype=object)


def in_order(column: pd.Series) -> list[str]:
    """Return the values of a column, each once, in order of appearance."""
    return [str(value) for value in dict.fromkeys(column)]


def by_nodes(table: pd.DataFrame) -> list[str]:
    """Return the labels of all numbers of nodes, the smallest first."""
    names = node_labels(table)
    return in_order(names.loc[table.sort_values(NODES).index] if NODES in table else names)


def main_method(table: pd.DataFrame) -> str:
    """Return "JESA", or the first method where there is no such."""
    names = in_order(table["method"])
    return "JESA" if "JESA" in names else names[0]


def of_main_method(table: pd.DataFrame) -> pd.DataFrame:
    """Return the lines of the main method."""
    return table[table["method"] == main_method(table)]


def in_parts(names: Sequence[str], limit: int = PANEL_LINES) -> list[list[str]]:
    """Return names in as few parts of at most so many as there can be, alike in size.

    Parameters
    ----------
    names : sequence of str
    limit : int
        Names in a part.
    """
    count = -(-len(names) // limit)
    size = -(-len(names) // max(1, count))
    return [list(names[start : start + size]) for start in range(0, len(names), max(1, size))]


def ends(table: pd.DataFrame, name: str, factor: float = 1.0) -> tuple[pd.Series, pd.Series]:
    """Return the ends of an estimate's intervals.

    Parameters
    ----------
    table : DataFrame
        With columns `name_low` and `name_high`.
    name : str
    factor : float
        100 for percent.
    """
    return factor * table[f"{name}_low"], factor * table[f"{name}_high"]


def of_mean(table: pd.DataFrame, name: str) -> str:
    """Return what the bars of a mean are, and why marks, if there are such, have none.

    Parameters
    ----------
    table : DataFrame
    name : str
        Of the mean.
    """
    bare = table[name].notna() & (table[f"{name}_low"].isna() | table[f"{name}_high"].isna())
    rest = "; a mark without one has too few draws above 0 for it" if bare.any() else ""
    return f"Bars are 95 % intervals of the mean{rest}"


def counted(numbers: pd.Series, of: str = "certified draws") -> str:
    """Return how many draws stand behind a mark, in words.

    Parameters
    ----------
    numbers : Series
        Draws of every mark.
    of : str
        What they are of.
    """
    low, high = int(numbers.min()), int(numbers.max())
    return f"{low:,} {of}" if low == high else f"{low:,} to {high:,} {of}"
