"""Verdicts of the study "optimality": how good are the methods, how tight the bounds?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from dmoe_models.studies.analysis.intervals import Interval, pooled_proportion, proportion_interval
from dmoe_models.studies.analysis.verdicts import (
    HELD,
    IN_PART,
    NEAR,
    NOT_HELD,
    OURS,
    PAPER,
    described,
    estimate_of,
    graded,
    highest,
    lowest,
    near_optimal,
    of_method,
    sizes,
    table_of,
    verdict,
    worst_draw,
)
from dmoe_models.studies.study import Tables, Verdict
from dmoe_models.text import in_percent

FEW = 0.01
"""Share of all sets up to which a search is said to explore few; ours."""

_BASELINES = ("Top-k", "H(1, D)", "greedy", "random")


def judge(tables: Tables) -> Iterator[Verdict]:
    """Yield the verdicts."""
    yield from _search(table_of(tables, "nodes"))
    families = table_of(tables, "gaps_by_family")
    if len(families):
        families = families[families["certified"] > 0]
        jesa = of_method(families, "JESA")
        yield from near_optimal(jesa, "families", "gaps", where=" where it has an answer")
        yield from _finds_answers(families)
        for label in _BASELINES:
            yield from _outperforms(families, label)
        yield from _local_search(families)
    yield from _bounds(table_of(tables, "tightness"))


# ------------------------------------------------------------------------------------------- P1


def _search(nodes: pd.DataFrame) -> Iterator[Verdict]:
    """Exactness: every draw agrees, with what another method proved on some of them.

    Few nodes, in a family: at most `FEW` where there are the most sets.
    """
    own = of_method(nodes, "DES")
    own = own[own["certified"] > 0] if len(own) else own
    if own.empty:
        return
    agree, certified = int(own["agree"].sum()), int(own["certified"].sum())
    draws = int(own["draws"].sum())
    others = nodes[~nodes["method"].str.startswith("DES") & nodes["cell"].isin(own["cell"])]
    by_others = int(others.groupby("cell")["agree"].max().sum())
    share = proportion_interval(agree, certified)
    right = HELD if by_others and certified == draws else IN_PART
    yield verdict(
        "DES finds the optimum of P1.",
        f"{PAPER}: a branch and bound",
        right if agree == certified else NOT_HELD,
        f"On {agree:,} of {certified:,} draws, {in_percent(share)}, its energy is the certified "
        f"optimum, which another method than DES found as well on {by_others:,}; {sizes(own)}."
        + (f" On {draws - certified:,} more no method proved one." if draws > certified else ""),
        "nodes",
        share,
        certified,
    )
    theirs = of_method(nodes, "DES, bound of the paper")
    whose = "the paper's" if len(theirs) else "this project's, stronger than the paper's"
    own = theirs if len(theirs) else own
    own = own[own["nodes_per_token"].notna() & (own["certified"] > 0)]
    if own.empty:
        return
    largest = [
        highest(group, "subsets_per_token") for _, group in own.groupby("family", sort=False)
    ]
    few = [line["share"] <= FEW for line in largest]
    words = "; ".join(
        f"{line['family']}, {sizes(line.to_frame().T)}: {line['nodes_per_token']:,.4g} nodes a "
        "token, "
        f"{100 * line['share']:.2g} % of {line['subsets_per_token']:,.0f} sets"
        for line in largest
    )
    worst = max(largest, key=lambda line: float(line["share"]))
    nodes_per_token, sets = estimate_of(worst, "nodes_per_token"), float(worst["subsets_per_token"])
    effect = Interval(*(number / sets for number in nodes_per_token))
    yield verdict(
        "The bound by linear relaxation reduces the search of DES significantly "
        f"(to {100 * FEW:g} % of the sets, at the largest K).",
        f"{PAPER}, abstract; the threshold is ours",
        graded(few, [not line for line in few]),
        f"With the bound that is {whose}: in {sum(few)} of {len(few)} families. {words}. "
        f"Largest share: {in_percent(effect)} ({worst['family']}).",
        "nodes",
        effect,
        int(own["certified"].sum()),
    )


# ------------------------------------------------------------------------------------------- P2


def _finds_answers(families: pd.DataFrame) -> Iterator[Verdict]:
    """Held in a family: no draw that has a certified optimum is left without a valid answer."""
    own = of_method(families, "JESA")
    if own.empty:
        return
    always = own["valid"] == own["certified"]
    worst = lowest(own.assign(found=own["valid"] / own["certified"]), "found")
    share = proportion_interval(int(worst["valid"]), int(worst["certified"]))
    yield verdict(
        "JESA finds a feasible answer wherever there is one.",
        f"{OURS}; assumed in the literature, where every link can have a subcarrier",
        graded(always, ~always),
        f"In {int(always.sum())} of {len(own)} families. Least: on {in_percent(share)} of "
        f"{int(worst['certified']):,} draws with a certified optimum ({worst['family']}).",
        "optimal",
        share,
        int(own["certified"].sum()),
    )


def _outperforms(families: pd.DataFrame, label: str) -> Iterator[Verdict]:
    """Held in a family: the whole interval of the share of draws it wins is above one half."""
    own = of_method(families, label)
    if own.empty or "p_beyond" not in own:
        return
    pairs = own[own["p_beyond"].notna()]
    if pairs.empty:
        return
    more = pairs["p_beyond_low"] > 0.5
    least = lowest(pairs, "p_beyond")
    effect = estimate_of(least, "p_beyond")
    alike = ", ".join(pairs.loc[~more, "family"])
    none = ", ".join(own.loc[own["p_beyond"].isna(), "family"])
    yield verdict(
        f"JESA needs less energy than {label}, on most draws.",
        f"{PAPER}, abstract" if label in ("Top-k", "H(1, D)") else OURS,
        graded(more, pairs["p_beyond_high"] < 0.5),
        f"Surely so in {int(more.sum())} of {len(pairs)} families, of draws on which both have a "
        f"valid answer{f'; not in {alike}' if alike else ''}"
        + (f"; nothing to compare in {none}" if none else "")
        + f". Least in {least['family']}, on {in_percent(effect)} of the draws, where {label} "
        f"needs {in_percent(estimate_of(least, 'beyond_jesa'))} of the optimum more in the mean.",
        "gaps",
        effect,
        int(pairs["paired"].sum()),
    )


def _local_search(families: pd.DataFrame) -> Iterator[Verdict]:
    """Held: surely no more than half of the draws that JESA leaves open, and no family is worse."""
    pairs = of_method(families, "JESA").merge(
        of_method(families, "local search"), on="family", suffixes=("", "_local")
    )
    if pairs.empty:
        return
    numbers, same = pairs["certified"], pairs["family"]
    base = pooled_proportion(pairs["optimal"], numbers, same)
    share = pooled_proportion(pairs["optimal_local"], pairs["certified_local"], same)
    if base.value == 1:
        return  # there is nothing to close
    no_fewer = pairs["p_optimal_local"] >= pairs["p_optimal"]
    closes = 1 - share.low <= (1 - base.high) / 2
    better = (pairs["p_optimal_local"] > pairs["p_optimal"]).any()
    yield verdict(
        "A local search from JESA's answer closes most of what JESA leaves open.",
        OURS,
        HELD if no_fewer.all() and closes else IN_PART if better else NOT_HELD,
        f"It is optimal on {in_percent(share)} of the draws, JESA on {in_percent(base)}; on no "
        f"fewer in {int(no_fewer.sum())} of {len(pairs)} families"
        + worst_draw(pairs["worst_excess_local"])
        + ".",
        "optimal",
        share,
        int(numbers.sum()),
    )


# --------------------------------------------------------------------------------------- bounds


def _bounds(tightness: pd.DataFrame) -> Iterator[Verdict]:
    known = tightness[tightness["certified"] > 0] if len(tightness) else tightness
    sets = of_method(known, "LP of sets")
    if len(sets):
        yield _integral(sets)
    tight = of_method(known, "LB")
    if len(tight):
        yield _lower_bound(tight)
    for label in ("LP aggregated", "LP disaggregated"):
        own = of_method(known, label)
        if len(own) and len(tight):
            yield _weaker(own, tight, label)


def _integral(sets: pd.DataFrame) -> Verdict:
    """Held: the relaxation equals the optimum on every draw; in part: surely on 99 %."""
    number = int(sets["certified"].sum())
    hits = (sets["p_tight"] * sets["certified"]).round()
    share = pooled_proportion(hits, sets["certified"], _draws(sets))
    worst = highest(sets, "worst_distance")
    outcome = HELD if hits.sum() == number else IN_PART if share.low >= 1 - FEW else NOT_HELD
    below = 100 * float(worst["worst_distance"])
    return verdict(
        "The linear relaxation of the set model equals the optimum.",
        f"{OURS}: nearly always, not always",
        outcome,
        f"On {in_percent(share)} of the draws"
        + (f"; worst {below:.2g} % below ({described(worst, sets)})." if below else "."),
        "integral",
        share,
        number,
    )


def _draws(lines: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Return what cells of the same draws have in common: family, nodes, tokens, subcarriers."""
    names = ("family", "K", "T", "tokens_per_node", "M", "subcarriers_per_link")
    own = lines[[name for name in names if name in lines]].astype(str)
    return list(own.itertuples(index=False, name=None))


def _lower_bound(lines: pd.DataFrame) -> Verdict:
    """Near, in a cell: the whole interval of the mean distance is at most `NEAR`."""
    near = lines["mean_distance_high"] <= NEAR
    worst = highest(lines, "mean_distance")
    effect = estimate_of(worst, "mean_distance")
    far = ", ".join(sorted(lines.loc[~near, "family"].unique()))
    return verdict(
        f"LB, every link at its best subcarrier, is tight (to {100 * NEAR:g} % in the mean).",
        OURS,
        graded(near, lines["mean_distance_low"] > NEAR),
        f"Surely in {int(near.sum())} of {len(lines)} cells"
        + (f"; not surely in all of {far}" if far else "")
        + f". Largest mean distance: {in_percent(effect)} ({described(worst, lines)}).",
        "tightness",
        effect,
        int(lines["certified"].sum()),
    )


def _weaker(lines: pd.DataFrame, bound: pd.DataFrame, label: str) -> Verdict:
    """Held in a cell: the relaxation's mean distance lies above that of LB, intervals apart."""
    pairs = lines.merge(bound, on="cell", suffixes=("", "_bound"))
    weaker = pairs["mean_distance_low"] > pairs["mean_distance_high_bound"]
    worst = highest(lines, "mean_distance")
    effect = estimate_of(worst, "mean_distance")
    return verdict(
        f"LB is a better bound than the linear relaxation of the MILP ({label.split()[-1]}).",
        OURS,
        graded(weaker, pairs["mean_distance_high"] < pairs["mean_distance_low_bound"]),
        f"In {int(weaker.sum())} of {len(pairs)} cells, intervals apart; the relaxation is up to "
        f"{in_percent(effect)} below the optimum in the mean ({described(worst, lines)}).",
        "tightness",
        effect,
        int(lines["certified"].sum()),
    )
