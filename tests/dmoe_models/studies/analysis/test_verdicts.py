"""Verdicts from tables made up so that the outcome is known: each rule can say all its words."""

import itertools
import math
import random
import re

import pandas as pd
import pytest

from dmoe_models.studies.analysis.intervals import proportion_interval
from dmoe_models.studies.analysis.verdicts import (
    HELD,
    IN_PART,
    NOT_HELD,
    NOT_TESTED,
    OUTCOMES,
    UNDECIDED,
    axes,
    described,
    verdicts,
)
from dmoe_models.studies.study import StudyError

SHA = "0123456789abcdef"


def find(found, words):
    """The one verdict whose claim holds these words."""
    (one,) = [verdict for verdict in found if words in verdict.claim]
    return one


def figures(name, interval):
    return {name: interval[0], f"{name}_low": interval[1], f"{name}_high": interval[2]}


# ---------------------------------------------------------------------------------- asymptotics


def cell(family, ratio, optimal, distinct=None, closed=0.5, number=1000, **more):
    """One line of the table of optimality: K = 3, of so many draws."""
    distinct = min(optimal, round(closed * number)) if distinct is None else distinct
    line = {"cell": 0, "family": family, "K": 3, "subcarriers_per_link": ratio, "method": "JESA"}
    line |= {"links": 6, "subcarriers": 6 * ratio, "draws": number, "certified": number}
    line |= {"optimal": optimal, **figures("p_optimal", proportion_interval(optimal, number))}
    line |= {"distinct": distinct, **figures("p_distinct", proportion_interval(distinct, number))}
    line |= {"optimal_without": max(0, optimal - distinct) + more.get("missed", 0)}
    line |= {"closed_form": closed, "missed": 0, "mean_excess": 0.001, "mean_excess_low": 0.0005}
    return line | {"mean_excess_high": 0.002, "worst_excess": 0.1} | more


def of_cells(*lines, **others):
    return verdicts("asymptotics", {"optimality": pd.DataFrame(lines), **others}, SHA)


@pytest.mark.parametrize(
    ("fewest", "most", "outcome"),
    [
        (500, 1000, HELD),  # at least 99.6 % surely
        (995, 1000, HELD),
        (1000, 997, IN_PART),  # enough, but it fell
        (500, 990, UNDECIDED),  # 99 % is not proved by 990 of 1000, nor refuted
        (500, 900, IN_PART),  # below, but far fewer are missed
        (500, 600, NOT_HELD),
        (500, 400, NOT_HELD),
    ],
)
def test_becoming_optimal(fewest, most, outcome):
    for family, words in (("rayleigh", "asymptotically optimal"), ("reciprocal", "reciprocal")):
        found = of_cells(cell(family, 1, fewest), cell(family, 64, most))
        verdict = find(found, words)
        assert verdict.outcome == outcome
        assert verdict.effect == most / 1000 and verdict.low < verdict.effect <= verdict.high
        assert verdict.sample == 2000 and "2,000 draws" in verdict.sentence
        assert f"configuration {SHA[:12]}" in verdict.sentence and verdict.sha256 == SHA


def test_a_series_is_told_by_what_varies_in_it():
    lines = [cell("tdl", 1, 500), cell("tdl", 64, 1000), cell("tdl", 1, 500, band_turns=2.0)]
    lines += [cell("tdl", 64, 600, band_turns=2.0), cell("rayleigh", 1, 900)]
    table = pd.DataFrame(lines)
    table.insert(2, "band_turns", table.pop("band_turns"))
    verdict = find(verdicts("asymptotics", {"optimality": table}, SHA), "tapped delay lines")
    assert verdict.outcome == IN_PART and "falls in none of 2 series" in verdict.sentence
    assert "tdl" not in verdict.sentence and "band_turns = 2" in verdict.sentence
    assert axes(table) == ["family", "band_turns", "K", "subcarriers_per_link"]
    assert described(table.iloc[3], table) == "tdl, band_turns = 2, subcarriers_per_link = 64"
    assert described(table.iloc[4], table) == "rayleigh"


def test_the_closed_form():
    good = [cell("rayleigh", ratio, 1000, distinct=500, closed=0.5) for ratio in range(1, 21)]
    assert find(of_cells(*good), "distinct with probability").outcome == HELD
    for line in good[:3]:  # by chance 17 of 20 or fewer contain it in one of sixteen tables
        line["closed_form"] = 0.9
    assert find(of_cells(*good), "distinct with probability").outcome == HELD
    for line in good[:5]:
        line["closed_form"] = 0.9
    verdict = find(of_cells(*good), "distinct with probability")
    assert verdict.outcome == NOT_HELD and "15 of 20 cells" in verdict.sentence


def test_cells_of_the_same_best_subcarriers_are_one_measurement_of_the_closed_form():
    good = [cell("rayleigh", ratio, 1000, distinct=500) for ratio in range(1, 21)]
    odd = [cell("rayleigh", 30, 1000, distinct=500, closed=0.9, snr_db=db) for db in range(6)]
    verdict = find(of_cells(*good, *odd), "distinct with probability")
    assert verdict.outcome == HELD and "20 of 21 cells" in verdict.sentence
    assert verdict.sample == 21_000


def test_the_event_of_the_theorem():
    suffices, explains = "Where the best subcarriers", "hardly ever optimal without"
    same = of_cells(cell("rayleigh", 1, 900, distinct=900))
    assert find(same, suffices).outcome == HELD and find(same, suffices).sample == 900
    assert find(same, explains).outcome == HELD
    found = of_cells(cell("rayleigh", 1, 900, distinct=300))
    assert find(found, suffices).outcome == HELD
    assert find(found, explains).outcome == NOT_HELD
    assert find(found, explains).effect == pytest.approx(2 / 3)
    few = of_cells(cell("rayleigh", 1, 100, distinct=100, number=120))
    assert find(few, explains).outcome == UNDECIDED  # 100 of 100 prove 96 % only
    missed = find(of_cells(cell("rayleigh", 1, 900, distinct=300, missed=2)), suffices)
    assert missed.outcome == NOT_HELD and missed.effect == pytest.approx(298 / 300)


@pytest.mark.parametrize(
    ("intervals", "outcome"),
    [
        ([(2.0, 1.5, 2.5), (3.0, 1.1, 5.0)], HELD),
        ([(2.0, 1.5, 2.5), (0.5, 0.3, 0.7)], IN_PART),
        ([(2.0, 1.5, 2.5), (1.3, 0.9, 1.7)], UNDECIDED),
        ([(0.5, 0.3, 0.7), (math.nan, math.nan, math.nan)], NOT_HELD),
    ],
)
def test_the_rate(intervals, outcome):
    rates = pd.DataFrame(
        {"family": "rayleigh", "K": k, "method": "JESA", "certified": 100}
        | figures("optimal_exponent", interval)
        for k, interval in enumerate(intervals, 3)
    )
    verdict = find(of_cells(cell("rayleigh", 1, 900), decay_rates=rates), "falls faster")
    assert verdict.outcome == outcome
    assert verdict.effect == min(value for value, *_ in intervals if value == value)


@pytest.mark.parametrize(
    ("needed", "surely", "possibly", "outcome"),
    [
        ([4.0, 8.0], [8.0, 16.0], [2.0, 4.0], HELD),
        ([4.0, 8.0], [8.0, math.nan], [2.0, 4.0], UNDECIDED),
        ([4.0, math.nan], [8.0, math.nan], [2.0, math.nan], IN_PART),
        ([4.0, math.nan], [math.nan, math.nan], [2.0, 2.0], UNDECIDED),
        ([math.nan, math.nan], [math.nan, math.nan], [math.nan, math.nan], NOT_HELD),
    ],
)
def test_how_many_are_enough(needed, surely, possibly, outcome):
    table = pd.DataFrame(
        {"family": "rayleigh", "K": [3, 4], "method": "JESA", "target": 0.99, "needed": needed}
        | {"needed_surely": surely, "needed_possibly": possibly}
        | {"largest": 64.0, "certified": 500}
    )
    nothing = {name: math.nan for name in table if name.startswith("needed")}
    others = table.assign(family="contended", **nothing)
    tables = {"subcarriers_needed": pd.concat([table, others])}
    found = of_cells(cell("rayleigh", 1, 900), **tables)
    verdict = find(found, "99 % of the draws")
    assert verdict.outcome == outcome and verdict.sample == 1000
    assert math.isinf(verdict.high) == (outcome != HELD)
    assert find(found, "not independent").outcome == NOT_HELD


def test_near_optimality_names_where_it_fails():
    far = cell("contended", 1, 200) | figures("mean_excess", (0.15, 0.1, 0.2))
    verdict = find(of_cells(cell("rayleigh", 1, 900), far), "near")
    assert verdict.outcome == IN_PART and verdict.effect == 0.15
    assert "not in some of contended" in verdict.sentence and "1 of 2 cells" in verdict.sentence
    assert find(of_cells(far), "near").outcome == NOT_HELD


def test_starts():
    lines = [cell("rayleigh", 1, 500), cell("rayleigh", 1, 900) | {"method": "JESA, 10 starts"}]
    assert find(of_cells(*lines), "10 starts").outcome == HELD
    lines[1] |= {"optimal": 510}
    assert find(of_cells(*lines), "10 starts").outcome == UNDECIDED
    lines[1] |= {"optimal": 300}
    assert find(of_cells(*lines), "10 starts").outcome == NOT_HELD


# ----------------------------------------------------------------------------------- optimality


NO_DIFFERENCE = (0.0, 0.0, 0.0)


def family(name, method, optimal=100, excess=(0.0, 0.0, 0.0), valid=100, above=NO_DIFFERENCE):
    line = {"family": name, "method": method, "draws": 100, "certified": 100, "valid": valid}
    line |= (
        {"paired": valid} | figures("beyond_jesa", (0.5, -9.0, 10.0)) | figures("p_beyond", above)
    )
    line |= {"optimal": optimal, **figures("mean_excess", excess), "worst_excess": 2 * excess[2]}
    return line | figures("p_optimal", proportion_interval(optimal, 100))


def of_families(*lines):
    return verdicts("optimality", {"gaps_by_family": pd.DataFrame(lines)}, SHA)


def test_methods_over_families():
    lines = [family("rayleigh", "JESA", 90), family("contended", "JESA", 20, (0.1, 0.05, 0.15), 60)]
    most, some, few = (1.0, 0.9, 1.0), (0.5, 0.4, 0.6), (0.3, 0.2, 0.4)
    lines += [family(n, "Top-k", 0, above=most) for n in ("rayleigh", "contended")]
    lines += [family("rayleigh", "greedy", 0, above=most), family("tdl", "greedy", 0, above=some)]
    lines += [family("rayleigh", "H(1, D)", 0, above=most)]
    lines += [family("tdl", "H(1, D)", 0, above=few)]
    lines += [family("contended", "random", 0, above=few)]
    lines += [family("scarce", "random", 0, above=3 * (math.nan,))]
    lines += [family(name, "local search", 99) for name in ("rayleigh", "contended")]
    found = of_families(*lines)
    assert find(found, "near-optimal").outcome == IN_PART
    assert "not in contended" in find(found, "near-optimal").sentence
    assert find(found, "feasible answer").outcome == IN_PART
    assert find(found, "feasible answer").effect == 0.6
    assert find(found, "than Top-k").outcome == HELD
    assert find(found, "than greedy").outcome == UNDECIDED
    assert find(found, "than H(1, D)").outcome == IN_PART
    assert find(found, "than random").outcome == NOT_HELD
    assert "nothing to compare in scarce" in find(found, "than random").sentence
    assert find(found, "local search").outcome == HELD


def test_local_search_that_is_worse_somewhere():
    lines = [family("a", "JESA", 90), family("a", "local search", 95)]
    lines += [family("b", "JESA", 90), family("b", "local search", 80)]
    assert find(of_families(*lines), "local search").outcome == IN_PART
    assert find(of_families(lines[2], lines[3]), "local search").outcome == NOT_HELD


def searched(name, experts, nodes, agree=10):
    line = {"cell": 0, "family": name, "K": experts, "method": "DES", "certified": 10}
    line |= (
        {"draws": 10} | figures("nodes_per_token", (nodes, nodes / 2, 2 * nodes)) | {"agree": agree}
    )
    return line | {"subsets_per_token": 125.0 * experts, "share": nodes / 1000}


def test_the_papers_bound_is_judged_where_it_was_run():
    ours, theirs = searched("rayleigh", 8, 1), searched("rayleigh", 8, 20)
    theirs |= {"method": "DES, bound of the paper"}

    def of(*lines):
        found = verdicts("optimality", {"nodes": pd.DataFrame(lines)}, SHA)
        return find(found, "significantly")

    assert of(ours).outcome == HELD and "stronger than the paper's" in of(ours).sentence
    assert of(ours, theirs).outcome == NOT_HELD and of(ours, theirs).effect == 0.02


def test_the_search_of_des():
    def of(*lines, agree=10):
        other = {"method": "enumeration", "cell": 0, "agree": agree, "certified": 10, "draws": 10}
        return verdicts("optimality", {"nodes": pd.DataFrame([*lines, other])}, SHA)

    easy, hard = searched("rayleigh", 8, 5), searched("hard-p1", 8, 500)
    small = searched("rayleigh", 4, 900)  # what counts is the largest K
    assert find(of(small, easy), "significantly").outcome == HELD
    both = find(of(small, easy, hard), "significantly")
    assert both.outcome == IN_PART and both.effect == 0.5 and "hard-p1" in both.sentence
    assert find(of(hard), "significantly").outcome == NOT_HELD
    assert find(of(easy), "finds the optimum").outcome == HELD
    alone = find(of(easy, agree=0), "finds the optimum")  # its own word is no evidence
    assert alone.outcome == IN_PART and "found as well on 0;" in alone.sentence
    some = find(of(easy | {"draws": 12}), "finds the optimum")
    assert some.outcome == IN_PART and "On 2 more no method proved one." in some.sentence
    wrong = find(of(easy, searched("hard-p1", 8, 500, agree=9)), "finds the optimum")
    assert wrong.outcome == NOT_HELD and wrong.effect == 0.95


def bound(name, number, distance, tight=0.0):
    line = {"cell": number, "part": "relaxations", "family": f"f{number}", "K": 3, "method": name}
    line |= {"certified": 1000, "p_tight": tight, "worst_distance": 2 * distance}
    return line | figures("mean_distance", (distance, distance / 2, 1.5 * distance))


def test_bounds():
    def of(*lines):
        return verdicts("optimality", {"tightness": pd.DataFrame(lines)}, SHA)

    words = "set model equals"
    assert find(of(bound("LP of sets", 0, 0.0, 1.0)), words).outcome == HELD
    assert find(of(bound("LP of sets", 0, 0.01, 0.998)), words).outcome == IN_PART
    assert find(of(bound("LP of sets", 0, 0.01, 0.98)), words).outcome == NOT_HELD
    lines = [bound("LB", 0, 0.001), bound("LB", 1, 0.3), bound("LP aggregated", 0, 0.2)]
    found = of(*lines, bound("LP aggregated", 1, 0.02))
    assert find(found, "LB, every link").outcome == IN_PART
    assert "not surely in all of f1" in find(found, "LB, every link").sentence
    assert find(found, "(aggregated)").outcome == IN_PART
    assert find(of(*lines[:1], lines[2]), "(aggregated)").outcome == HELD


# -------------------------------------------------------------------------------------- savings


def saved(number, saving, reach=0.01, method="JESA", reference="Top-k", **more):
    line = {"cell": number, "family": "rayleigh", "z": 1.0, "gamma0": 0.7} | more
    line |= {"method": method, "reference": reference, "draws": 30, "valid": 30, "certified": 30}
    line |= figures("saving", (saving, saving - reach, saving + reach))
    return line | {
        "above_half": saving - reach >= 0.5,
        "none": saving - reach <= 0 <= saving + reach,
    }


def of_savings(*lines):
    return verdicts("savings", {"savings": pd.DataFrame(lines)}, SHA)


def test_half_of_the_energy():
    words = "50 % or more of the energy of Top-k"
    series = [saved(n, s, gamma0=g) for n, (g, s) in enumerate([(0.5, 0.7), (0.7, 0.55), (1, 0.0)])]
    verdict = find(of_savings(*series), words)
    assert verdict.outcome == IN_PART and verdict.effect == 0.55 and verdict.sample == 90
    assert "up to gamma0 = 0.7 at z = 1" in verdict.sentence
    assert "cannot be told from none in 1: gamma0 = 1" in verdict.sentence
    assert find(of_savings(*series[:2]), words).outcome == HELD
    assert find(of_savings(series[2]), words).outcome == NOT_HELD
    assert find(of_savings(saved(0, 0.505)), words).outcome == UNDECIDED
    assert find(of_savings(saved(0, 0.7), saved(1, 0.505)), words).outcome == UNDECIDED


def test_more_importance_saves_less():
    words = "importance factor"
    falling = [saved(n, 0.7 - n / 10, gamma0=0.5 + n / 10) for n in range(3)]
    rising = [saved(n + 3, 0.1 + n / 10, gamma0=0.5 + n / 10, z=0.5) for n in range(3)]
    assert find(of_savings(*falling), words).outcome == HELD
    assert find(of_savings(*falling, *rising), words).outcome == IN_PART
    assert find(of_savings(*rising), words).outcome == NOT_HELD
    assert not [v for v in of_savings(falling[0]) if words in v.claim]


def test_whose_the_saving_is():
    words = "owed to the optimisation"
    top = saved(0, 0.6)
    for against, outcome in ((0.55, HELD), (0.1, IN_PART), (0.005, NOT_HELD)):
        verdict = find(of_savings(top, saved(0, against, reference="greedy")), words)
        assert verdict.outcome == outcome and verdict.effect == against


def test_what_jesa_leaves():
    words = "next to nothing"
    lines = [saved(0, 0.5), saved(0, 0.505, method="exact")]
    assert find(of_savings(*lines), words).outcome == HELD
    lines += [saved(1, 0.5, gamma0=0.9), saved(1, 0.6, method="exact", gamma0=0.9)]
    verdict = find(of_savings(*lines), words)
    assert verdict.outcome == IN_PART and verdict.effect == 0.6
    assert "gamma0 = 0.9" in verdict.sentence


def test_channels_and_recorded_gates():
    lines = [saved(n, s, channel=c) for n, (c, s) in enumerate([("fixed", 0.4), ("aging", 0.405)])]
    assert find(of_savings(*lines), "drawn anew").outcome == HELD
    lines.append(saved(2, 0.5, channel="redrawn"))
    assert find(of_savings(*lines), "drawn anew").outcome == NOT_HELD
    recorded = [saved(3, 0.6, family="recorded"), saved(4, 0.4, family="recorded", gamma0=0.9)]
    verdict = find(of_savings(*lines, *recorded), "recorded from a language model")
    assert verdict.outcome == IN_PART and verdict.effect == 0.4


def test_what_cannot_be_tested_is_said():
    verdict = find(of_savings(saved(0, 0.5)), "accurate")
    assert verdict.outcome == NOT_TESTED and math.isnan(verdict.effect) and verdict.sha256 == SHA


# ------------------------------------------------------------------- what must not be taken for so


def test_the_same_draws_do_not_count_twice():
    """Six copies of one series prove no more than one of them; of other sizes they do."""
    words = "asymptotically optimal"
    copies = [cell("rayleigh", m, 350, number=350, snr=s) for s in range(6) for m in (1, 64)]
    table = pd.DataFrame(copies)
    table.insert(1, "snr_db", table.pop("snr"))
    assert find(verdicts("asymptotics", {"optimality": table}, SHA), words).outcome == UNDECIDED
    table["links"] = table["snr_db"] + 6
    assert find(verdicts("asymptotics", {"optimality": table}, SHA), words).outcome == HELD
    wrong = cell("rayleigh", 1, 1000, distinct=500, closed=0.9)
    lines = [cell("rayleigh", m, 1000, distinct=500, closed=0.5) for m in range(2, 21)]
    found = of_cells(*lines, *(5 * [wrong]))
    assert find(found, "distinct with probability").outcome == HELD  # one of twenty
    assert "19 of 20 cells" in find(found, "distinct with probability").sentence


def test_one_number_of_subcarriers_tells_of_no_limit():
    found = of_cells(cell("rayleigh", 64, 1000), cell("tdl", 64, 1000))
    assert not [v for v in found if "asymptotic" in v.claim]
    steady = find(of_cells(cell("tdl", 1, 1000), cell("tdl", 64, 1000)), "survives")
    assert "rises" not in steady.sentence


def test_draws_that_are_left_out_are_said():
    lines = [cell("rayleigh", 1, 500), cell("rayleigh", 64, 990, draws=1010)]
    assert "10 draws without a certified optimum are left out." in (
        find(of_cells(*lines), "asymptotically optimal").sentence
    )


def test_starts_are_compared_on_the_same_cells():
    hard, easy = cell("contended", 1, 100), cell("rayleigh", 1, 1000) | {"cell": 1}
    more = easy | {"method": "JESA, 10 starts"}
    verdict = find(of_cells(hard, easy, more), "10 starts")
    assert verdict.outcome == UNDECIDED and verdict.effect == 1.0


def test_a_local_search_that_closes_a_little_only():
    lines = [family("a", "JESA", 20), family("a", "local search", 50)]
    assert find(of_families(*lines), "closes most").outcome == IN_PART
    everything = [family("a", "JESA", 100), family("a", "local search", 100)]
    assert not [v for v in of_families(*everything) if "closes" in v.claim]


def test_an_optimum_that_is_not_certified_is_none():
    words = "next to nothing"
    lines = [saved(0, 0.5), saved(0, 0.505, method="exact") | {"certified": 29}]
    assert not [v for v in of_savings(*lines) if words in v.claim]
    lines += [saved(1, 0.5, gamma0=0.9), saved(1, 0.505, method="exact", gamma0=0.9)]
    verdict = find(of_savings(*lines), words)
    assert "1 of 1 conditions (1 more are not certified throughout)" in verdict.sentence


def test_wide_intervals_do_not_make_channels_alike():
    lines = [saved(n, 0.4, 0.2, channel=c) for n, c in enumerate(("fixed", "aging"))]
    assert find(of_savings(*lines), "drawn anew").outcome == UNDECIDED


# ------------------------------------------------------------------------------------------ all


def _ends(name):
    return f"{name}_low", f"{name}_high"


_TOGETHER = [
    ("mean_excess", *_ends("mean_excess"), "worst_excess"),  # no valid answer
    ("nodes_per_token", *_ends("nodes_per_token"), "share"),
    ("beyond_jesa", *_ends("beyond_jesa"), "p_beyond", *_ends("p_beyond")),
    ("optimal_exponent", *_ends("optimal_exponent")),
    ("needed", "needed_surely", "needed_possibly"),
    ("needed", "needed_surely"),
    ("needed_surely",),
    *(  # one draw only, or none that tells
        _ends(name)
        for name in ("mean_excess", "nodes_per_token", "optimal_exponent", "saving", "beyond_jesa")
    ),
]
"""What is missing together in real tables."""


def _mutilated(lines, chance):
    """A table as another configuration may give it: lines, columns and values missing."""
    table = pd.DataFrame(lines)
    table = table.iloc[sorted(chance.sample(range(len(table)), chance.randint(0, len(table))))]
    fixed = [name for name in ("K", "z", "gamma0", "subcarriers_per_link") if name in table]
    table = table.drop(columns=[name for name in fixed if chance.random() < 0.3])
    for names in _TOGETHER:
        gone = [chance.random() < 0.2 for _ in range(len(table))]
        table.loc[gone, [name for name in names if name in table]] = math.nan
    for name in ("optimal", "distinct", "agree", "optimal_without"):
        if name in table and chance.random() < 0.2:
            table[name] = 0
    return table


@pytest.mark.parametrize("seed", range(12))
def test_no_table_breaks_a_verdict(seed):
    """Whatever is missing: no error, and no sentence with a NaN in it."""
    chance = random.Random(seed)
    cells = [
        cell(f, r, k) | {"method": m, "cell": n}
        for n, (f, r) in enumerate(itertools.product(("rayleigh", "tdl", "new"), (1, 64)))
        for m, k in (("JESA", 900), ("JESA, 10 starts", 1000), ("exact", 1000))
    ]
    series = [
        {"family": f, "K": 3, "method": "JESA", "target": 0.99, "needed": 4.0, "certified": 9}
        | {"needed_surely": 8.0, "needed_possibly": 2.0}
        | figures("optimal_exponent", (2.0, 1.5, 2.5))
        for f in ("rayleigh", "tdl")
    ]
    families = [
        family(f, m, 90, (0.1, 0.05, 0.2), above=(0.9, 0.8, 0.95))
        for f in ("rayleigh", "scarce")
        for m in ("JESA", "Top-k", "greedy", "local search")
    ]
    nodes = [searched("rayleigh", k, 5) for k in (4, 8)]
    nodes += [line | {"method": "enumeration"} for line in nodes]
    bounds = [bound(m, n, 0.1) for n in (0, 1) for m in ("LB", "LP of sets", "LP aggregated")]
    savings = [
        saved(n, s, gamma0=g, channel=c, method=m, reference=r)
        for n, (g, c, s) in enumerate([(0.5, "fixed", 0.6), (0.5, "aging", 0.5), (1.0, None, 0.0)])
        for m in ("JESA", "exact")
        for r in ("Top-k", "H(1, D)", "greedy")
    ]
    for _ in range(10):
        for study, tables in (
            ("asymptotics", {"optimality": cells, "decay_rates": series}),
            ("asymptotics", {"optimality": cells, "subcarriers_needed": series}),
            ("optimality", {"gaps_by_family": families, "nodes": nodes, "tightness": bounds}),
            ("savings", {"savings": savings}),
        ):
            made = {name: _mutilated(lines, chance) for name, lines in tables.items()}
            for verdict in verdicts(study, made, SHA):
                assert verdict.outcome in OUTCOMES
                assert not re.search(r"\bnan\b|\binf\b|<NA>", verdict.sentence), verdict.sentence


def test_tables_without_anything_give_no_verdicts():
    for study in ("asymptotics", "optimality", "savings"):
        assert verdicts(study, {}, SHA) == []
        assert verdicts(study, {"optimality": pd.DataFrame(), "savings": pd.DataFrame()}, SHA) == []
    with pytest.raises(StudyError, match="unknown study"):
        verdicts("nothing", {}, SHA)


def test_every_tested_verdict_quotes_what_it_must():
    found = of_cells(cell("rayleigh", 1, 900), cell("rayleigh", 64, 1000))
    found += of_savings(saved(0, 0.6), saved(0, 0.1, reference="greedy"))
    found += of_families(family("a", "JESA", 90), family("a", "Top-k", 0, above=(0.9, 0.8, 1.0)))
    for verdict in found:
        assert verdict.outcome in OUTCOMES and verdict.claim and verdict.source
        if verdict.outcome != NOT_TESTED:
            assert verdict.figure and verdict.low <= verdict.effect <= verdict.high
            assert re.search(r"\([\d,]+ draws; configuration 0123456789ab\)$", verdict.sentence)
