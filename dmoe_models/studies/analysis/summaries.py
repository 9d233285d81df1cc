"""From rows to the tables that verdicts are read off: one line per cell and method, with intervals.

All take the tidy table of a study (`Database.table`) and give plain tables, in which a figure `x`
stands beside `x_low` and `x_high`, the ends of its 95 % interval. Rows that failed are counted
(`failed`) and left out of everything else.
"""

from __future__ import annotations

import importlib

import pandas as pd

from dmoe_models.studies.study import find_study

LABELS = {
    "jesa": "JESA",
    "des": "DES",
    "top-k": "Top-k",
    "homogeneous": "H(1, D)",
    "local-search": "local search",
    "lower-bound": "LB",
}
"""What methods without a label of their own are called in tables."""


def summaries(study: str, rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return all tables of a study, by name; methods without a label get that of `LABELS`.

    Not so "homogeneous" where z is varied: without one of its own it takes the instance's.
    """
    present = set(rows["method"].dropna())
    labels = {name: label for name, label in LABELS.items() if label not in present}
    if "z" in rows and (rows["z"].dropna() != 1).any():
        labels.pop("homogeneous", None)
    named = rows.assign(method=rows["method"].replace(labels))
    of_study = importlib.import_module(f"dmoe_models.studies.{find_study(study).name}.tables")
    found: dict[str, pd.DataFrame] = of_study.tables(named)
    return found
