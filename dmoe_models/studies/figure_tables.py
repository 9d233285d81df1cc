"""What figures read off a study's tables: which parameters tell lines apart, and how they are said.

A table may come from `summaries` or from the CSV file that was written of it, and any parameter of
any family may be missing from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

NODES = "K"

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


def parameters(table: pd.DataFrame) -> list[str]:
    """Return the names of a table's parameters: all columns before the method but the cell."""
    names = [str(name) for name in table.columns]
    before = names[: names.index("method")] if "method" in names else []
    return [name for name in before if name not in ("cell", "layer")]


def said(name: str, value: Any) -> str:
    """Return a parameter and its value in words."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    short = len(name) <= 2
    return _WORDS.get(name, f"{name} = {{}}" if short else f"{name} {{}}").format(text)


def told(line: Mapping[Any, Any], names: Sequence[str]) -> str:
    """Return a line's values of some parameters in words, the family first; defaults are silent."""
    family = [str(line["family"])] if "family" in names and pd.notna(line["family"]) else []
    rest = [said(name, line[name]) for name in names if name != "family" and pd.notna(line[name])]
    return ", ".join([*family, *rest])


def varying(table: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Return those of some columns that do not have one value throughout."""
    return [name for name in names if table[name].nunique(dropna=False) > 1]


def labels(table: pd.DataFrame, names: Sequence[str]) -> pd.Series:
    """Return for every line what tells it apart by these parameters; the family in any case."""
    chosen = varying(table, names)
    if "family" in names and "family" not in chosen:
        chosen = ["family", *chosen]
    found = [told(line, chosen) or "all" for line in table[chosen].to_dict("records")]
    return pd.Series(found, index=table.index, dtype=object)


def node_labels(table: pd.DataFrame) -> pd.Series:
    """Return "K = 4" for every line."""
    if NODES not in table:
        return pd.Series("K by default", index=table.index, dtype=object)
    found = [f"K = {k:g}" if pd.notna(k) else "K by default" for k in table[NODES]]
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


def ends(table: pd.DataFrame, name: str, factor: float = 1.0) -> tuple[pd.Series, pd.Series]:
    """Return the ends of a figure's intervals."""
    return factor * table[f"{name}_low"], factor * table[f"{name}_high"]


def counted(numbers: pd.Series, of: str = "certified draws") -> str:
    """Return how many draws stand behind a mark, in words."""
    low, high = int(numbers.min()), int(numbers.max())
    return f"{low:,} {of}" if low == high else f"{low:,} to {high:,} {of}"
