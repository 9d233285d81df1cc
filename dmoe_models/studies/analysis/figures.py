"""The figures of a study, drawn from its tables alone: rows are not needed to draw them again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from dmoe_models.presentation.plot_style import Picture
from dmoe_models.studies.study import find_study


def figures(study: str, tables: Mapping[str, pd.DataFrame]) -> dict[str, Picture]:
    """Return all figures of a study, by name.

    Parameters
    ----------
    study : str
    tables : mapping of str to DataFrame
        From `dmoe_models.studies.analysis.summaries.summaries`, or read from the files that were
        written of them. What they do not hold is not drawn: lines without a certified draw, savings
        without any, and figures of which nothing is left.
    """
    found = {}
    for name, figure in find_study(study).figures.items():
        whole = [tables.get(table, pd.DataFrame()) for table in figure.tables]
        known = [_known(table) for table in whole]
        picture = None if known[0].empty else figure.draw(*known)
        if picture is not None:
            missing = len(whole[0]) - len(known[0])
            of = "draw" if "saving" in whole[0] else "certified draw"
            note = f" Left out: {missing:,} lines without a {of}." if missing else ""
            found[name] = replace(picture, caption=picture.caption + note)
    return found


def _known(table: pd.DataFrame) -> pd.DataFrame:
    """Return the lines that rest on draws.

    A saving needs no certified draw: beside it, `certified` counts those that the method solved.
    """
    needed = "draws" if "saving" in table else "certified"
    return table[table[needed] > 0] if needed in table else table
