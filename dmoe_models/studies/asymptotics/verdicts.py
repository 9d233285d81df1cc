"""Verdicts of the study "asymptotics": does JESA become optimal as subcarriers grow, and where?"""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd
import scipy

from dmoe_models.studies.analysis.intervals import (
    CONFIDENCE,
    Interval,
    pooled_proportion,
    proportion_interval,
)
from dmoe_models.studies.analysis.verdicts import (
    HELD,
    IN_PART,
    MODEL,
    NOT_HELD,
    OURS,
    PAPER,
    UNDECIDED,
    axes,
    described,
    estimate_of,
    graded,
    lowest,
    near_optimal,
    of_method,
    sizes,
    span,
    table_of,
    verdict,
)
from dmoe_models.studies.asymptotics.tables import TARGET
from dmoe_models.studies.study import Tables, Verdict
from dmoe_models.text import in_percent

INDEPENDENT = ("rayleigh", "rician")
"""Families whose gains are independent over links and exchangeable over subcarriers."""

_METHOD = "JESA"
_VARYING = ("subcarriers_per_link", "M", "delay_spread_s")
_CHANNELS = {
    "tdl": "correlation over subcarriers (tapped delay lines)",
    "reciprocal": "reciprocal channels, whose two directions want the same subcarriers",
    "contended": "one frequency response common to all links",
    "measured": "channels measured indoors",
}


def judge(tables: Tables) -> Iterator[Verdict]:
    """Yield the verdicts."""
    everything = table_of(tables, "optimality")
    jesa = of_method(everything, _METHOD)
    jesa = jesa[jesa["certified"] > 0] if len(jesa) else jesa
    if jesa.empty:
        return
    jesa = jesa.assign(ratio=jesa["subcarriers"] / jesa["links"])
    theorem = jesa[jesa["family"].isin(INDEPENDENT)]
    if len(theorem):
        yield from _becomes_optimal(
            theorem,
            "JESA is asymptotically optimal: as subcarriers grow, the probability that it is "
            f"optimal goes to 1 (independent fading; {100 * TARGET:g} % counts).",
            f"{PAPER}, abstract",
            "probability",
        )
        yield _closed_form(theorem)
        yield from _event(theorem)
        yield from _rate(table_of(tables, "decay_rates"))
    for family, others in jesa[~jesa["family"].isin(INDEPENDENT)].groupby("family", sort=False):
        name = _CHANNELS.get(str(family), f"family {family}")
        yield from _becomes_optimal(
            others,
            f"JESA's asymptotic optimality survives {name}.",
            f"{PAPER}, abstract: in most scenarios",
            "channels",
        )
    yield from _enough(table_of(tables, "subcarriers_needed"))
    yield from near_optimal(jesa, "cells", "excess")
    yield from _starts(everything)


def _series(table: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the lines that differ in their number of subcarriers only, fewest first."""
    fixed = [name for name in axes(table) if name not in _VARYING]
    return [
        group.sort_values("ratio")
        for _, group in (table.groupby(fixed, sort=False, dropna=False) if fixed else [((), table)])
        if group["ratio"].nunique() > 1
    ]


def _pooled(lines: pd.DataFrame, count: str = "optimal", of: str = "certified") -> Interval:
    """Return a proportion over cells; those of one family and size are of the same draws."""
    same = list(zip(lines["family"], lines["links"], lines["subcarriers"], strict=True))
    return pooled_proportion(lines[count], lines[of], same)


def _left_out(lines: pd.DataFrame) -> str:
    """Say on how many draws nothing is known; nothing where there are none."""
    number = int(lines["draws"].sum() - lines["certified"].sum())
    return f" {number:,} draws without a certified optimum are left out." if number else ""


def _becomes_optimal(
    table: pd.DataFrame, claim: str, source: str, figure: str
) -> Iterator[Verdict]:
    """Held: at the most subcarriers the whole interval is at least `TARGET`, and no series fell.

    Not held: it is below, and more than half as many draws are missed as at the fewest. Undecided
    where the interval holds `TARGET` and no series fell; in part otherwise. Where no series has two
    numbers of subcarriers there is nothing to say.
    """
    series = _series(table)
    if not series:
        return
    first = pd.DataFrame([lines.iloc[0] for lines in series])
    last = pd.DataFrame([lines.iloc[-1] for lines in series])
    start, end = _pooled(first), _pooled(last)
    falls = sum(a > b for a, b in zip(first["p_optimal"], last["p_optimal"], strict=True))
    outcome = IN_PART
    if end.low >= TARGET and not falls:
        outcome = HELD
    elif end.high < TARGET and 1 - end.value > (1 - start.value) / 2:
        outcome = NOT_HELD
    elif end.low < TARGET <= end.high and not falls:
        outcome = UNDECIDED
    sentence = (
        f"At {span(last['ratio'])} subcarriers per link JESA is optimal on {in_percent(end)} of "
        f"{int(last['certified'].sum()):,} draws, at {span(first['ratio'])} on "
        f"{in_percent(start)}; from there to here it falls in {falls or 'none'} of "
        f"{len(series)} series; {sizes(table)}."
    )
    if end.low < TARGET:
        worst = lowest(last, "p_optimal")
        share = proportion_interval(int(worst["optimal"]), int(worst["certified"]))
        sentence += f" Least: {in_percent(share)} at {described(worst, table)}."
    sentence += _left_out(table)
    yield verdict(claim, source, outcome, sentence, figure, end, int(table["certified"].sum()))


def _closed_form(table: pd.DataFrame) -> Verdict:
    """Held: no fewer of the intervals contain the closed form than 95 % of many would by chance.

    Cells of one family and size are of the same channels: of those, the one of most draws counts.
    """
    table = table.sort_values("draws", ascending=False, kind="stable")
    table = table.drop_duplicates(["family", "links", "subcarriers"])
    inside = (table["p_distinct_low"] <= table["closed_form"]) & (
        table["closed_form"] <= table["p_distinct_high"]
    )
    number, hits = len(table), int(inside.sum())
    by_chance = float(scipy.stats.binom.cdf(hits, number, CONFIDENCE))
    share = proportion_interval(hits, number)
    return verdict(
        "All best subcarriers are distinct with probability prod (1 - q / M), q < L "
        "(independent fading).",
        MODEL,
        HELD if by_chance > (1 - CONFIDENCE) / 2 else NOT_HELD,
        f"In {hits} of {number} cells, {in_percent(share)}, the interval of the measured "
        f"probability contains the closed form; {100 * CONFIDENCE:g} % or more are to be expected.",
        "distinct",
        share,
        int(table["draws"].sum()),
    )


def _event(table: pd.DataFrame) -> Iterator[Verdict]:
    """Sufficient: no draw with the event is missed. Explaining: hardly any (1 %) is without it."""
    optimal, missed = int(table["optimal"].sum()), int(table["missed"].sum())
    distinct = optimal - int(table["optimal_without"].sum()) + missed
    if not optimal or not distinct:  # nothing shows what the event does
        return
    share = proportion_interval(distinct - missed, distinct)
    yield verdict(
        "Where the best subcarriers of all links are distinct, JESA is optimal.",
        f"{PAPER}: the structure behind asymptotic optimality",
        NOT_HELD if missed else HELD,
        f"It is on {distinct - missed:,} of {distinct:,} such draws, {in_percent(share)}.",
        "probability",
        share,
        distinct,
    )
    without = _pooled(table, "optimal_without", "optimal")
    few = 1 - TARGET
    yield verdict(
        "It is hardly ever optimal without that, so that the closed form tells how soon it is.",
        OURS,
        graded([without.high <= few], [without.low > few]),
        f"Of the {optimal:,} draws on which JESA is optimal, {in_percent(without)} are without "
        "distinct best subcarriers.",
        "probability",
        without,
        int(table["certified"].sum()),
    )


def _rate(rates: pd.DataFrame) -> Iterator[Verdict]:
    """Held: in every series with a fit, the whole interval of the exponent lies above 1."""
    own = of_method(rates, _METHOD)
    if own.empty:
        return
    own = own[own["family"].isin(INDEPENDENT)]
    of_all = len(own)
    own = own[own["optimal_exponent"].notna()]
    if own.empty:
        return
    slowest = lowest(own, "optimal_exponent")
    effect = estimate_of(slowest, "optimal_exponent")
    yield verdict(
        "The probability that JESA misses the optimum falls faster than that of best subcarriers "
        "which are not distinct, 1 / M in the limit (independent fading).",
        OURS,
        graded(own["optimal_exponent_low"] > 1, own["optimal_exponent_high"] < 1),
        f"P(not optimal) falls as (M / L)^-b with b = {span(own['optimal_exponent'].round(2))} in "
        f"{len(own)} of {of_all} series, those with enough failures to tell; the slowest has "
        f"b = {effect.value:.2f}"
        + (f" [{effect.low:.2f}, {effect.high:.2f}]" if effect.low <= effect.high else "")
        + f" ({described(slowest, own)}).",
        "decay",
        effect,
        int(own["certified"].sum()),
    )


def _enough(needed: pd.DataFrame) -> Iterator[Verdict]:
    """Held: in every series of independent fading the lower end reaches the target, too."""
    own = of_method(needed, _METHOD)
    if own.empty:
        return
    theorem = own[own["family"].isin(INDEPENDENT)]
    if len(theorem):
        target = float(theorem["target"].iloc[0])
        known, sure = theorem["needed"].dropna(), theorem["needed_surely"].dropna()
        most = float(known.max()) if len(known) else math.nan
        surely = float(sure.max()) if len(sure) == len(theorem) else math.inf
        words = (
            f"{span(known)} subcarriers per link reach it from there on in {len(known)}"
            if len(known)
            else "No number of the design reaches it in any"
        )
        yield verdict(
            "A few subcarriers per link are enough for JESA to be optimal on "
            f"{100 * target:g} % of the draws (independent fading).",
            f"{OURS}: asymptotic optimality as a number",
            graded(theorem["needed_surely"].notna(), theorem["needed_possibly"].isna()),
            f"{words} of {len(theorem)} series; "
            f"with the lower end of the interval {len(sure) or 'none'} do"
            + (f", at {span(sure)}" if len(sure) else "")
            + ".",
            "needed",
            Interval(most, float(known.min()) if len(known) else math.nan, surely),
            int(theorem["certified"].sum()),
        )
    others = own[~own["family"].isin(INDEPENDENT)]
    if len(others):
        reached = others["needed"].notna()
        missing = others.loc[~reached, "family"].unique()
        share = proportion_interval(int(reached.sum()), len(others))
        yield verdict(
            "A few are enough where gains are not independent, too.",
            OURS,
            graded(others["needed_surely"].notna(), others["needed_possibly"].isna()),
            f"{int(reached.sum())} of {len(others)} series reach it, {in_percent(share)}"
            + (f", at {span(others['needed'].dropna())} per link" if reached.any() else "")
            + (f"; never within the design: series of {', '.join(missing)}" if len(missing) else "")
            + ".",
            "needed",
            share,
            int(others["certified"].sum()),
        )


def _starts(table: pd.DataFrame) -> Iterator[Verdict]:
    """Held: over all draws of the cells that both did, the whole interval lies above JESA's."""
    labels = [str(label) for label in table["method"].unique() if label != _METHOD]
    jesa = of_method(table, _METHOD)
    for label in labels:
        own = of_method(table, label)
        own = own[own["cell"].isin(jesa["cell"]) & (own["certified"] > 0)]
        if not label.startswith(_METHOD) or own.empty:
            continue
        share, base = _pooled(own), _pooled(jesa[jesa["cell"].isin(own["cell"])])
        better, worse = share.low > base.high, share.high < base.low
        yield verdict(
            f"More care with the start pays: {label} is optimal more often than {_METHOD} from one "
            "random start.",
            OURS,
            graded([better], [worse]),
            f"Over all cells of both it is on {in_percent(share)}, {_METHOD} on "
            f"{in_percent(base)}.",
            "starts",
            share,
            int(own["certified"].sum()),
        )
