"""The figures of a study, drawn from its tables alone: rows are not needed to draw them again."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

import pandas as pd

from dmoe_models.plot_style import Picture

__all__ = ["Picture", "figures"]


def figures(study: str, tables: Mapping[str, pd.DataFrame]) -> dict[str, Picture]:
    """Return all figures of a study, by name.

    Parameters
    ----------
    study : str
    tables : mapping
        From `summaries`, or read from the files that were written of them. What the tables do not
        hold, because the configuration has no such cells, is not drawn.
    """
    makers = importlib.import_module(f"dmoe_models.studies.figures_{study}").MAKERS
    found = {}
    for name, (needed, make) in makers.items():
        chosen = [tables.get(table, pd.DataFrame()) for table in needed]
        if chosen[0].empty:
            continue
        picture = make(*chosen)
        if picture is not None:
            found[name] = picture
    return found
