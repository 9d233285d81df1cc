"""Verdicts: each claim about expert selection, and what the tables of a study say of it.

A verdict is a sentence made from numbers: the effect, its 95 % interval, how many draws it rests on
and the configuration that gave them. Whether a claim held is decided by a rule that stands in the
code beside it, the same for every configuration; intervals are one at a time, not of all verdicts
together.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from dmoe_models.studies.analysis.intervals import Interval
from dmoe_models.studies.study import Tables, Verdict, find_study
from dmoe_models.text import in_percent

HELD, IN_PART, NOT_HELD = "held", "held in part", "not held"
UNDECIDED, NOT_TESTED = "undecided", "not tested"
OUTCOMES = (HELD, IN_PART, NOT_HELD, UNDECIDED, NOT_TESTED)

PAPER = "Qin, Wu, Du, Huang, arXiv 2503.13421"
MODEL = "sufficient condition for asymptotic optimality: all best subcarriers are distinct"
OURS = "this project"

NEAR = 0.01
"""Mean excess, or distance of a bound, up to which it is called near the optimum; ours."""


def verdicts(study: str, tables: Tables, sha256: str) -> list[Verdict]:
    """Return the verdicts of a study.

    Parameters
    ----------
    study : str
    tables : mapping of str to DataFrame
        From `analysis.summaries.summaries`. A claim of which they hold nothing has no verdict.
    sha256 : str
        Hash of the configuration.

    Returns
    -------
    list of Verdict
    """
    return [_signed(verdict, sha256) for verdict in find_study(study).verdicts(tables)]


def _signed(verdict: Verdict, sha256: str) -> Verdict:
    """Put the number of draws and the configuration behind the sentence."""
    if verdict.outcome == NOT_TESTED:
        return replace(verdict, sha256=sha256)
    ending = f" ({verdict.sample:,} draws; configuration {sha256[:12]})"
    return replace(verdict, sentence=verdict.sentence + ending, sha256=sha256)


def verdict(
    claim: str,
    source: str,
    outcome: str,
    sentence: str,
    figure: str,
    effect: Interval,
    sample: int,
) -> Verdict:
    """Return a verdict that is not signed yet.

    Parameters
    ----------
    claim, source, outcome, sentence, figure : str
        As in `Verdict`.
    effect : Interval
        The number that the sentence turns on.
    sample : int
        Draws on which it rests.
    """
    return Verdict(claim, source, outcome, sentence, figure, *effect, int(sample))


def table_of(tables: Tables, name: str) -> pd.DataFrame:
    """Return a table, empty where there is none.

    Parameters
    ----------
    tables : mapping of DataFrame
    name : str
    """
    found = tables.get(name)
    return pd.DataFrame() if found is None else found


def of_method(table: pd.DataFrame, label: str) -> pd.DataFrame:
    """Return the lines of one method; none where the table has no methods.

    Parameters
    ----------
    table : DataFrame
    label : str
    """
    return table[table["method"] == label] if "method" in table else table.iloc[:0]


def axes(table: pd.DataFrame) -> list[str]:
    """Return the parameters of the cells: the columns before the method, but for their number."""
    columns = [str(name) for name in table.columns]
    before = columns[: columns.index("method")] if "method" in columns else columns
    return [name for name in before if name not in ("cell", "part", "layer")]


def estimate_of(line: Any, name: str, ending: str = "") -> Interval:
    """Return an estimate of a line with its interval: columns `name`, `name_low`, `name_high`.

    Parameters
    ----------
    line : mapping
    name : str
    ending : str
        Of all three names, as a merge of tables adds it.
    """
    return Interval(*(float(line[f"{name}{part}{ending}"]) for part in ("", "_low", "_high")))


def highest(table: pd.DataFrame, name: str) -> Any:
    """Return the line in which a column is greatest.

    Parameters
    ----------
    table : DataFrame
    name : str
    """
    return table.iloc[int(np.nanargmax(table[name].to_numpy(dtype=float)))]


def lowest(table: pd.DataFrame, name: str) -> Any:
    """Return the line in which a column is least.

    Parameters
    ----------
    table : DataFrame
    name : str
    """
    return table.iloc[int(np.nanargmin(table[name].to_numpy(dtype=float)))]


def described(line: Any, among: pd.DataFrame) -> str:
    """Return the parameters of a line in words: its family, and what varies within that.

    Parameters
    ----------
    line : mapping
    among : DataFrame
        The lines from which it is to be distinguished.
    """
    own = among
    words = []
    if "family" in among:
        own = among[among["family"] == line["family"]]
        if among["family"].nunique() > 1:
            words.append(str(line["family"]))
    for name in axes(among):
        value = line[name]
        if name != "family" and own[name].nunique(dropna=False) > 1 and not pd.isna(value):
            words.append(str(value) if isinstance(value, str) else f"{name} = {value:g}")
    return ", ".join(words) or "the only condition"


def worst_draw(excess: pd.Series) -> str:
    """Write how far above the optimum the worst draw is; nothing where none is."""
    worst = float(excess.max())
    if not worst > 0:
        return ""
    return f"; worst draw {in_percent(Interval(worst, math.nan, math.nan))} above the optimum"


def near_optimal(
    lines: pd.DataFrame, places: str, figure: str, *, where: str = ""
) -> Iterator[Verdict]:
    """Held in a line: the whole interval of JESA's mean excess is at most `NEAR`.

    Where fewer than two draws are above the optimum there is no interval, and the mean counts.

    Parameters
    ----------
    lines : DataFrame
        Of JESA: its mean excess in cells or families, with interval.
    places : {"cells", "families"}
        What the lines are.
    figure : str
        Name of the figure that shows it.
    where : str
        Which draws the mean is over, where it is not all.
    """
    known = lines[lines["mean_excess"].notna()] if len(lines) else lines
    if known.empty:
        return
    near = known["mean_excess_high"].fillna(known["mean_excess"]) <= NEAR
    alone = int(known["mean_excess_high"].isna().sum())
    worst = highest(known, "mean_excess")
    effect = estimate_of(worst, "mean_excess")
    far = ", ".join(sorted(known.loc[~near, "family"].unique()))
    yield verdict(
        f"JESA is near-optimal: a mean excess of at most {100 * NEAR:g} %{where}.",
        f"{OURS}; the literature uses JESA where the optimum is not known",
        graded(near, known["mean_excess_low"] > NEAR),
        f"In {int(near.sum())} of {len(known)} {places}"
        + (f", in {alone} by the mean alone (fewer than two draws above 0)" if alone else "")
        + (f"; not in {'some of ' if places == 'cells' else ''}{far}" if far else "")
        + f". Highest mean: {in_percent(effect)} ({described(worst, known)})"
        + worst_draw(known["worst_excess"])
        + ".",
        figure,
        effect,
        int(known["certified"].sum()),
    )


def span(values: pd.Series) -> str:
    """Write from where to where numbers go."""
    low, high = float(values.min()), float(values.max())
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def sizes(table: pd.DataFrame) -> str:
    """Write of how many nodes a table's cells are; of how many links where that is not known."""
    nodes = table["K"].dropna() if "K" in table else pd.Series(dtype=float)
    if len(nodes) == len(table):
        return f"K = {span(nodes)}"
    return f"{span(table['links'])} links" if "links" in table else "K by default"


def graded(agree: Any, disagree: Any) -> str:
    """Return the outcome for conditions, some of which agree or disagree with a claim, surely.

    Undecided where those that do neither could still change it: more draws would decide.

    Parameters
    ----------
    agree, disagree : (n,) sequence of bool
        Of every condition.
    """
    yes, no = (np.asarray(entries, dtype=bool) for entries in (agree, disagree))
    if yes.all():
        return HELD
    if no.all():
        return NOT_HELD
    return IN_PART if yes.any() and no.any() else UNDECIDED
