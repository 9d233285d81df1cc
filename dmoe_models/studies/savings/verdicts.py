"""Verdicts of the study "savings": how much energy is saved, where, and by what?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from dmoe_models.model.importance import DEFAULT_GAMMA0
from dmoe_models.studies.analysis.verdicts import (
    HELD,
    IN_PART,
    NOT_HELD,
    NOT_TESTED,
    OURS,
    PAPER,
    axes,
    described,
    estimate_of,
    graded,
    highest,
    lowest,
    of_method,
    table_of,
    verdict,
)
from dmoe_models.studies.savings.tables import HALF
from dmoe_models.studies.study import Tables, Verdict
from dmoe_models.text import in_percent, share

ALMOST = 0.01
"""Part of the reference's energy up to which two methods are called alike; ours."""

ALIKE = 0.05
"""Distance of savings, intervals included, up to which they are called the same; ours."""

_DEFAULTS = {"family": "rayleigh", "K": 4, "D": 2, "z": 1.0, "gamma0": DEFAULT_GAMMA0}
_VARIED = ("snr_db", "computation_ratio", "channel", "domain")


def judge(tables: Tables) -> Iterator[Verdict]:
    """Yield the verdicts."""
    savings = table_of(tables, "savings")
    jesa = of_method(savings, "JESA")
    jesa = jesa[jesa["saving"].notna()] if len(jesa) else jesa
    if jesa.empty:
        return
    top, homogeneous = (jesa[jesa["reference"] == name] for name in ("Top-k", "H(1, D)"))
    if len(top):
        yield _half(top, "Top-k")
    if len(homogeneous):
        both = top.merge(homogeneous, on="cell", suffixes=("", "_other"))
        same = int((both["saving"] == both["saving_other"]).sum())
        yield _half(
            homogeneous,
            "H(1, D)",
            f" In {same} of {len(both)} conditions H(1, D) is Top-k: no D experts reach z = 1, and "
            "it takes the D best."
            if same
            else "",
        )
    yield from _recorded(jesa)
    yield from _importance(jesa)
    yield from _whose(jesa)
    yield from _optimal(savings)
    yield from _channels(jesa)
    yield Verdict(
        "JESA is more accurate than homogeneous selection.",
        f"{PAPER}, abstract",
        NOT_TESTED,
        "Accuracy belongs to a language model and its tasks, of which P1 and P2 know the relevance "
        "that is required (C1), no more.",
        "",
        math.nan,
        math.nan,
        math.nan,
        0,
    )


def _saving_text(line: Any, table: pd.DataFrame) -> str:
    """Say a saving, and where it was."""
    return f"{in_percent(estimate_of(line, 'saving'))} at {described(line, table)}"


def _typical(table: pd.DataFrame) -> Any:
    """Return the line at the defaults; where there is none, the one with the median saving."""
    chosen = table
    for name, value in _DEFAULTS.items():
        if name in chosen:
            chosen = chosen[chosen[name].isna() | (chosen[name] == value)]
    for name in _VARIED:
        if name in chosen:
            chosen = chosen[chosen[name].isna()]
    if len(chosen):
        return chosen.iloc[0]
    return table.sort_values("saving").iloc[(len(table) - 1) // 2]


def _half(table: pd.DataFrame, reference: str, more: str = "") -> Verdict:
    """Held in a condition: the whole interval of the saving lies at or above 50 %."""
    above, vanished = table["above_half"], table["none"]
    below = table["saving_high"] < HALF
    typical = _typical(table)
    most, least = highest(table, "saving"), lowest(table, "saving")
    sentence = (
        f"Surely in {int(above.sum())} of {len(table)} conditions, surely not in "
        f"{int(below.sum())}. {_saving_text(typical, table)}; most "
        f"{_saving_text(most, table)}, least "
        f"{_saving_text(least, table)}."
    )
    edges = _edges(table)
    if edges:
        sentence += f" It surely is in every condition {edges}."
    if vanished.any():
        sentence += f" It cannot be told from none in {int(vanished.sum())}: " + "; ".join(
            described(line, table) for _, line in table[vanished].head(3).iterrows()
        )
        sentence += "." if vanished.sum() <= 3 else " and others."
    sentence += more
    return verdict(
        f"JESA saves 50 % or more of the energy of {reference}.",
        f"{PAPER}: often around 50 % or more",
        graded(above, below),
        sentence,
        "where",
        estimate_of(typical, "saving"),
        int(table["draws"].sum()),
    )


def _edges(table: pd.DataFrame) -> str:
    """Say up to which gamma0 every condition surely saves 50 %, for every z varied with it."""
    if not {"z", "gamma0"} <= set(axes(table)):
        return ""
    words = []
    for z, lines in table[table["z"].notna()].groupby("z"):
        every = lines.groupby("gamma0")["above_half"].all().sort_index()
        high = every.index[every.cummin()]
        if lines["gamma0"].nunique() > 1:
            words.append(
                f"up to gamma0 = {high.max():g} at z = {z:g}"
                if len(high)
                else f"at no gamma0 at z = {z:g}"
            )
    return ", ".join(words)


def _recorded(jesa: pd.DataFrame) -> Iterator[Verdict]:
    """Held in a condition: as for drawn gates."""
    table = jesa[(jesa["family"] == "recorded") & (jesa["reference"] == "Top-k")]
    if table.empty:
        return
    least, most = lowest(table, "saving"), highest(table, "saving")
    yield verdict(
        "JESA saves 50 % or more of the energy of Top-k, too, on gates recorded from a language "
        "model and measured channels.",
        f"{PAPER}: often around 50 % or more",
        graded(table["above_half"], table["saving_high"] < HALF),
        f"In {int(table['above_half'].sum())} of {len(table)} conditions surely; from "
        f"{_saving_text(least, table)} to {in_percent(estimate_of(most, 'saving'))} "
        f"at {described(most, table)}.",
        "where",
        estimate_of(least, "saving"),
        int(table["draws"].sum()),
    )


def _importance(jesa: pd.DataFrame) -> Iterator[Verdict]:
    """Held in a series over gamma0: no saving is higher than that at a lower gamma0."""
    table = jesa[jesa["reference"] == "Top-k"]
    if "gamma0" not in axes(table):
        return
    others = [name for name in axes(table) if name != "gamma0"]
    series = [
        group.sort_values("gamma0")
        for _, group in table.groupby(others, sort=False, dropna=False)
        if group["gamma0"].nunique() > 1
    ]
    if not series:
        return
    falls = [lines["saving"].is_monotonic_decreasing for lines in series]
    ends = pd.concat(series)
    low, high = (ends[ends["gamma0"] == end(ends["gamma0"])] for end in (min, max))
    best, last = highest(low, "saving"), lowest(high, "saving")
    yield verdict(
        "The importance factor trades energy for relevance: the less later layers count, the more "
        "is saved.",
        f"{PAPER}, abstract",
        graded(falls, [not fall for fall in falls]),
        f"The saving against Top-k falls throughout as gamma0 grows in {sum(falls)} of "
        f"{len(falls)} series, from {_saving_text(best, table)} to "
        f"{_saving_text(last, table)}.",
        "importance",
        estimate_of(best, "saving"),
        int(ends["draws"].sum()),
    )


def _whose(jesa: pd.DataFrame) -> Iterator[Verdict]:
    """Held in a condition: against greedy, at the same required relevance, it saves 50 %, too.

    Not held: it surely saves something nowhere. Top-k delivers more relevance than required, and so
    part of what is saved against it is had by any method that delivers no more.
    """
    table, top = (jesa[jesa["reference"] == reference] for reference in ("greedy", "Top-k"))
    if table.empty or top.empty:
        return
    typical = _typical(table)
    against = top.loc[top["cell"] == typical["cell"]]
    if against.empty:
        return
    some = float((table["saving_low"] > 0).mean())
    most = highest(table, "saving")
    halved = float(table["above_half"].mean())
    yield verdict(
        "What is saved is owed to the optimisation, not to asking for less relevance than Top-k "
        "delivers.",
        OURS,
        HELD if halved == 1 else IN_PART if some > 0 else NOT_HELD,
        f"JESA saves {_saving_text(against.iloc[0], top)} against Top-k, and there "
        f"{in_percent(estimate_of(typical, 'saving'))} against greedy, which meets the same "
        f"relevance; against greedy surely something in {share(some)} of {len(table)} "
        f"conditions, most {_saving_text(most, table)}.",
        "methods",
        estimate_of(typical, "saving"),
        int(table["draws"].sum()),
    )


def _optimal(savings: pd.DataFrame) -> Iterator[Verdict]:
    """Held in a condition: the optimum saves at most `ALMOST` of Top-k's energy more than JESA.

    By the means of the draws.

    Of conditions in which the optimum is certified on every draw and layer.
    """
    top = savings[savings["reference"] == "Top-k"]
    pairs = of_method(top, "JESA").merge(
        of_method(top, "exact")[
            ["cell", "saving", "saving_low", "saving_high", "draws", "certified"]
        ],
        on="cell",
        suffixes=("", "_exact"),
    )
    pairs = pairs[pairs["saving"].notna() & pairs["saving_exact"].notna()]
    of_all = len(pairs)
    same = pairs["draws"] == pairs["draws_exact"]
    pairs = pairs[same & (pairs["certified_exact"] == pairs["draws_exact"])]
    if pairs.empty:
        return
    more = pairs["saving_exact"] - pairs["saving"]
    worst = highest(pairs.assign(more=more), "more")
    optimum = estimate_of(worst, "saving", "_exact")
    yield verdict(
        "JESA leaves next to nothing: the certified optimum saves at most "
        f"{100 * ALMOST:g} % of Top-k's energy more.",
        OURS,
        graded(more <= ALMOST, more > ALMOST),
        f"In {int((more <= ALMOST).sum())} of {len(pairs)} conditions"
        + (f" ({of_all - len(pairs)} more are not certified throughout)" * (of_all > len(pairs)))
        + f". Largest difference at "
        f"{described(worst, of_method(top, 'JESA'))}: the optimum saves {in_percent(optimum)}, "
        f"JESA {in_percent(estimate_of(worst, 'saving'))}.",
        "methods",
        optimum,
        int(pairs["draws"].sum()),
    )


def _channels(jesa: pd.DataFrame) -> Iterator[Verdict]:
    """Held: all the intervals lie within `ALIKE` of each other; not held: two do not meet."""
    if "channel" not in jesa:
        return
    table = jesa[jesa["channel"].notna() & (jesa["reference"] == "Top-k")]
    if table["channel"].nunique() < 2:
        return
    others = [name for name in axes(table) if name != "channel"]
    groups = [group for _, group in table.groupby(others, sort=False, dropna=False)]
    groups = [group for group in groups if group["channel"].nunique() > 1]
    if not groups:
        return
    alike = [bool(g["saving_high"].max() - g["saving_low"].min() <= ALIKE) for g in groups]
    apart = [bool(g["saving_low"].max() > g["saving_high"].min()) for g in groups]
    words = ", ".join(
        f"{line['channel']} {in_percent(estimate_of(line, 'saving'))}"
        for _, line in groups[0].iterrows()
    )
    if len(groups) > 1:
        words += f" (the first of {len(groups)} conditions, of which {sum(alike)} are alike)"
    yield verdict(
        "The saving does not depend on whether the channel is drawn anew for every layer, stays, "
        "or ages.",
        OURS,
        graded(alike, apart),
        f"Against Top-k: {words}.",
        "where",
        estimate_of(groups[0].iloc[0], "saving"),
        int(table["draws"].sum()),
    )
