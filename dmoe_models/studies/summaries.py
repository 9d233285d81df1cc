"""From rows to the tables that verdicts are read off: one line per cell and method, with intervals.

All take the tidy table of a study (`Database.table`) and give plain tables, in which a figure `x`
stands beside `x_low` and `x_high`, the ends of its 95 % interval. Rows that failed are counted
(`failed`) and left out of everything else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pandas as pd

from dmoe_models.studies.asymptotics import distinct_probability
from dmoe_models.studies.intervals import (
    Interval,
    clustered_proportion,
    decay_interval,
    excess_interval,
    mean_interval,
    proportion_interval,
    ratio_interval,
)
from dmoe_models.studies.registry import FAILED, find_study

REFERENCES = ("Top-k", "H(1, D)", "greedy")
"""Labels of the methods against which savings are told."""


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
    return {name: make(named) for name, make in _TABLES[study].items()}


# ---------------------------------------------------------------------------------- asymptotics


def asymptotic_optimality(rows: pd.DataFrame) -> pd.DataFrame:
    """Return how often JESA is optimal, and how often all best subcarriers are distinct.

    One line per cell and method. `draws`; of all of them, `distinct` (number) and `p_distinct`, and
    `closed_form`, what fact 4 of the model says of it for independent, exchangeable gains.
    `certified`, draws with a certified optimum, and of these: `optimal` (number) and `p_optimal`;
    `missed`, draws whose best subcarriers are distinct and that the method did not solve, of which
    fact 4 allows JESA none; `optimal_without`, draws that it solved without that; `p_bound_tight`
    (LB is the optimum); `mean_excess`, `worst_excess` over the optimum.
    """

    def line(group: pd.DataFrame) -> dict[str, Any]:
        links, subcarriers = int(group["links"].iloc[0]), int(group["subcarriers"].iloc[0])
        known = _known(group)
        number, optimal = len(known), int(known["optimal"].sum())
        return {
            "links": links,
            "subcarriers": subcarriers,
            "draws": len(group),
            "certified": number,
            "optimal": optimal,
            **_figure("p_optimal", proportion_interval(optimal, number)),
            "distinct": int(group["distinct"].sum()),
            **_figure("p_distinct", proportion_interval(int(group["distinct"].sum()), len(group))),
            "closed_form": distinct_probability(links, subcarriers),
            "missed": int((known["distinct"] & ~known["optimal"]).sum()),
            "optimal_without": int((known["optimal"] & ~known["distinct"]).sum()),
            **_figure(
                "p_bound_tight",
                proportion_interval(int((known["bound_distance"] == 0).sum()), number),
            ),
            **_figure("mean_excess", excess_interval(known["excess"])),
            "worst_excess": float(known["excess"].max()),
        }

    return _per_cell("asymptotics", rows, ["method"], line)


def subcarriers_needed(rows: pd.DataFrame, target: float = 0.99) -> pd.DataFrame:
    """Return how many subcarriers per link are enough for JESA to be optimal so often.

    One line per method and everything of a cell but its number of subcarriers. `needed` is the
    least ratio M / L in the design from which on the share is at least `target`; `needed_surely`
    the same for the lower end of the interval; NaN where the design has none. `largest` is the
    largest ratio in the design.
    """
    table = asymptotic_optimality(rows)

    def line(group: pd.DataFrame) -> dict[str, Any]:
        group = group.assign(ratio=group["subcarriers"] / group["links"]).sort_values("ratio")
        return {
            "target": target,
            "needed": _from_where_on(group["ratio"], group["p_optimal"] >= target),
            "needed_surely": _from_where_on(group["ratio"], group["p_optimal_low"] >= target),
            "largest": float(group["ratio"].max()),
            "certified": int(group["certified"].sum()),
        }

    return _per_series(table, line)


def decay_rates(rows: pd.DataFrame) -> pd.DataFrame:
    """Return at which rate the probability of failure falls with the subcarriers.

    One line per method and everything of a cell but its number of subcarriers. `optimal_exponent`:
    b in P(JESA not optimal) ~ (M / L)^-b; `distinct_exponent`: the same for best subcarriers that
    are not all distinct, whose closed form has b = 1 in the limit.
    Cells in which more than half of the draws fail say nothing of a rate; NaN where too few of the
    others have failures.
    """
    table = asymptotic_optimality(rows)

    def line(group: pd.DataFrame) -> dict[str, Any]:
        ratio = group["subcarriers"] / group["links"]
        number = group["certified"].to_numpy()
        return {
            **_figure(
                "optimal_exponent",
                decay_interval(ratio, number - group["optimal"].to_numpy(), number),
            ),
            **_figure(
                "distinct_exponent",
                decay_interval(ratio, group["draws"] - group["distinct"], group["draws"]),
            ),
            "certified": int(number.sum()),
            "scales": len(group),
        }

    return _per_series(table, line)


def _from_where_on(ratio: pd.Series, enough: pd.Series) -> float:
    """Return the least ratio from which on `enough` holds throughout; NaN where there is none."""
    least = math.nan
    for value, holds in zip(ratio[::-1], enough[::-1], strict=True):
        if not holds:
            break
        least = float(value)
    return least


# ----------------------------------------------------------------------------------- optimality


def method_gaps(rows: pd.DataFrame) -> pd.DataFrame:
    """Return how far above the certified optimum each method is, one line per cell and method.

    `draws`, `certified`, `valid` (answers that the referee accepts, of certified draws), `optimal`
    and `p_optimal` (of certified draws), `mean_excess`, `median_excess`, `worst_excess` (of valid
    ones), `mean_s`.
    """
    return _per_cell("optimality", _part(rows, "methods"), ["method"], _gaps)


def method_gaps_by_family(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the same over all draws of a family; one line per family and method.

    A seed stands for the same gates and channels in all cells of a size, whose draws are therefore
    one cluster in the intervals. `beyond_jesa`: the mean excess beyond that of JESA, paired, over
    `paired` draws on which both have a valid answer.
    """
    chosen = _alive(_part(rows, "methods"))
    jesa = chosen[chosen["method"] == "JESA"].set_index(["cell", "seed"])["excess"]
    places = pd.MultiIndex.from_frame(chosen[["cell", "seed"]])
    chosen = chosen.assign(beyond=chosen["excess"].to_numpy() - jesa.reindex(places).to_numpy())

    def line(group: pd.DataFrame) -> dict[str, Any]:
        known = _known(group)
        beyond = _clusters(known[known["beyond"].notna()], "beyond")
        return _gaps(group, clustered=True) | {
            "paired": int(beyond["size"].sum()),
            **_figure("beyond_jesa", ratio_interval(beyond["sum"], beyond["size"])),
        }

    return _grouped(chosen, ["family", "method"], line)


_SAME_DRAWS = ["links", "subcarriers", "tokens", "seed"]
"""Draws of a family that agree in these are of the same gates and channels."""


def _clusters(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the `sum` of a column over every cluster of draws, and the `size` of each."""
    entries = rows[name].astype(float).groupby([rows[key] for key in _SAME_DRAWS], dropna=False)
    return entries.agg(["sum", "size"])


def _known(group: pd.DataFrame) -> pd.DataFrame:
    """Draws of a method with a certified optimum and an answer, whatever it is worth."""
    return group[group["certified"].fillna(False) & group["optimal"].notna()]


def _share_of(rows: pd.DataFrame, name: str, *, clustered: bool) -> Interval:
    if not clustered:
        return proportion_interval(int(rows[name].sum()), len(rows))
    clusters = _clusters(rows, name)
    return clustered_proportion(clusters["sum"], clusters["size"])


def _mean_of(rows: pd.DataFrame, name: str, *, clustered: bool, most: float = math.inf) -> Interval:
    if not clustered or rows.empty:
        return excess_interval(rows[name], most=most)
    clusters = _clusters(rows, name)
    return excess_interval(clusters["sum"] * (len(clusters) / len(rows)), most=most)


def _gaps(group: pd.DataFrame, *, clustered: bool = False) -> dict[str, Any]:
    known = _known(group)
    answered = known[known["excess"].notna()]
    excess = answered["excess"]
    return {
        "draws": len(group),
        "certified": len(known),
        "valid": int(known["valid"].sum()),
        "optimal": int(known["optimal"].sum()),
        **_figure("p_optimal", _share_of(known, "optimal", clustered=clustered)),
        **_figure("mean_excess", _mean_of(answered, "excess", clustered=clustered)),
        "median_excess": float(excess.median()),
        "worst_excess": float(excess.max()),
        "mean_s": float(group["method_s"].mean()),
    }


def bound_tightness(rows: pd.DataFrame) -> pd.DataFrame:
    """Return how far below the certified optimum each bound is, one line per cell and bound.

    `mean_distance`, `worst_distance`, `p_tight` (the distance is 0), `p_integral` (the relaxation's
    decisions are whole; missing for LB).
    """
    return _per_cell("optimality", _part(rows, "relaxations"), ["method"], _tightness)


def bound_tightness_by_family(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the same over all draws of a family and number of nodes; one line for every bound.

    Intervals are of clusters, as in `method_gaps_by_family`.
    """
    chosen = _alive(_part(rows, "relaxations"))
    by = [name for name in ("family", "K", "method") if name in chosen]
    return _grouped(chosen, by, lambda group: _tightness(group, clustered=True))


def _tightness(group: pd.DataFrame, *, clustered: bool = False) -> dict[str, Any]:
    known = group[group["certified"].fillna(False) & group["distance"].notna()]
    known = known.assign(tight=known["distance"] == 0)
    whole = known[known["integral"].notna()]
    return {
        "draws": len(group),
        "certified": len(known),
        **_figure("mean_distance", _mean_of(known, "distance", clustered=clustered, most=1.0)),
        "worst_distance": float(known["distance"].max()),
        **_figure("p_tight", _share_of(known, "tight", clustered=clustered)),
        **_figure("p_integral", _share_of(whole, "integral", clustered=clustered)),
    }


def search_nodes(rows: pd.DataFrame) -> pd.DataFrame:
    """Return how many nodes a search explores, beside all sets, one line per cell and method.

    `agree`: draws on which the method has the certified optimum. `nodes_per_token`: mean;
    enumeration explores `subsets_per_token`. `share`: of these, what was explored. `mean_s` of a
    draw.
    """

    def line(group: pd.DataFrame) -> dict[str, Any]:
        tokens = group["tokens"].astype(float)
        nodes = group["nodes"].astype(float) / tokens
        sets = group["subsets"] / tokens
        return {
            "draws": len(group),
            "certified": int(group["certified"].sum()),
            "agree": int(group["optimal"].fillna(False).sum()),
            **_figure("nodes_per_token", mean_interval(nodes)),
            "most_nodes_per_token": float(nodes.max()),
            "subsets_per_token": float(sets.mean()),
            "share": float((nodes / sets).mean()),
            "mean_s": float(group["method_s"].mean()),
        }

    return _per_cell("optimality", _part(rows, "selection"), ["method"], line)


def _part(rows: pd.DataFrame, part: str) -> pd.DataFrame:
    return rows[rows["part"] == part]


# -------------------------------------------------------------------------------------- savings


def savings_in_total(rows: pd.DataFrame, references: Sequence[str] = REFERENCES) -> pd.DataFrame:
    """Return what each method saves of each reference's energy over all layers.

    One line per cell, method and reference. `saving` is 1 - (sum of the method's energy) / (sum of
    the reference's) over draws, both over all layers, paired; draws on which either has a layer
    without an energy are left out. `valid` counts the draws on which the referee accepts the method
    on every layer, `certified` those on which its energy is the proved optimum on every layer, of
    the `draws` that are left. `above_half`: the whole interval lies at or above 50 %; `none`: it
    contains 0.
    """
    return _saved(rows, references, [])


def savings_by_layer(rows: pd.DataFrame, references: Sequence[str] = REFERENCES) -> pd.DataFrame:
    """Return the same for every layer."""
    return _saved(rows, references, ["layer"])


def _saved(rows: pd.DataFrame, references: Sequence[str], more: list[str]) -> pd.DataFrame:
    alive = _alive(rows)
    where = ["cell", *more, "method", "seed"]
    totals = alive.groupby(where, sort=False).agg(
        energy_j=("energy_j", _sum_of_all),
        valid=("valid", _all_true),
        certified=("certified", _all_true),
    )
    energies = totals["energy_j"].unstack("method")
    counted = {name: totals[name].unstack("method") for name in ("valid", "certified")}
    lines = []
    places: Any = energies.groupby(level=["cell", *more], sort=False)
    for place, group in places:
        for reference in references:
            if reference not in group or group[reference].isna().all():
                continue
            for method in group:
                if method == reference or group[method].isna().all():
                    continue
                ratio = ratio_interval(group[method], group[reference])
                saving = Interval(1 - ratio.value, 1 - ratio.high, 1 - ratio.low)
                used = group[method].notna() & group[reference].notna()
                lines.append(
                    dict(zip(["cell", *more], place, strict=True))
                    | {"method": method, "reference": reference, "draws": int(used.sum())}
                    | {
                        name: int(table.loc[group.index, method][used].fillna(False).sum())
                        for name, table in counted.items()
                    }
                    | _figure("saving", saving)
                    | {
                        "above_half": bool(saving.low >= 0.5),
                        "none": bool(saving.low <= 0 <= saving.high),
                    }
                )
    return _labelled("savings", rows, pd.DataFrame(lines))


def energy_parts(rows: pd.DataFrame) -> pd.DataFrame:
    """Return where the energy goes, one line per cell, method and layer.

    Means over draws: `energy_j`, `transmission_j`, `computation_j` of the layer,
    `transmission_share`, `experts_per_token`; `gamma`, and `capped`, the share of tokens whose
    threshold was lowered.
    """

    def line(group: pd.DataFrame) -> dict[str, Any]:
        return {
            "gamma": float(group["gamma"].iloc[0]),
            "draws": len(group),
            **_figure("energy_j", mean_interval(group["energy_j"])),
            "transmission_j": float(group["transmission_j"].mean()),
            "computation_j": float(group["computation_j"].mean()),
            "transmission_share": ratio_interval(group["transmission_j"], group["energy_j"]).value,
            "experts_per_token": float(group["experts_per_token"].mean()),
            "capped": float(group["capped"].sum()) / float(group["tokens"].sum()),
        }

    return _per_cell("savings", rows, ["method", "layer"], line)


def _sum_of_all(values: pd.Series) -> float:
    return math.fsum(values) if values.notna().all() else math.nan


def _all_true(values: pd.Series) -> bool:
    return bool(values.fillna(False).all())


# -------------------------------------------------------------------------------------- helpers


def _figure(name: str, interval: Interval) -> dict[str, float]:
    return {name: interval.value, f"{name}_low": interval.low, f"{name}_high": interval.high}


def _alive(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows whose task did not fail: failed ones have no method."""
    return rows[rows["method"].notna()]


def _grouped(
    rows: pd.DataFrame, by: list[str], line: Callable[[pd.DataFrame], dict[str, Any]]
) -> pd.DataFrame:
    if rows.empty:
        return pd.DataFrame()
    groups: Iterator[tuple[Any, pd.DataFrame]] = iter(rows.groupby(by, sort=False, dropna=False))
    return pd.DataFrame(
        [dict(zip(by, place, strict=True)) | line(group) for place, group in groups]
    )


def _per_cell(
    study: str,
    rows: pd.DataFrame,
    by: list[str],
    line: Callable[[pd.DataFrame], dict[str, Any]],
) -> pd.DataFrame:
    """Make a line for every cell and more, with the cell's parameters and failed draws."""
    return _labelled(study, rows, _grouped(_alive(rows), ["cell", *by], line))


def _parameters(study: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the parameters of the cells in a tidy table; index `cell`."""
    own = {column.name for column in find_study(study).all_columns}
    names = [name for name in rows.columns if name not in own]
    return rows.groupby("cell")[names].first().dropna(axis="columns", how="all")


def _labelled(study: str, rows: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Put the parameters of its cell in front of every line, and the failed draws behind."""
    if lines.empty:
        return lines
    parameters = _parameters(study, rows)
    failed = (rows["status"] == FAILED).groupby(rows["cell"]).sum().rename("failed")
    clash = [name for name in parameters if name in lines.columns]
    table = parameters.drop(columns=clash).merge(
        lines, left_index=True, right_on="cell", how="right"
    )
    table = table.merge(failed, left_on="cell", right_index=True, how="left")
    first = ["cell", *(str(name) for name in parameters if name not in clash)]
    return table[[*first, *(name for name in table.columns if name not in first)]].reset_index(
        drop=True
    )


def _per_series(
    table: pd.DataFrame, line: Callable[[pd.DataFrame], dict[str, Any]]
) -> pd.DataFrame:
    """Make a line for all cells of a summary that differ in their subcarriers only."""
    if table.empty:
        return table
    return _grouped(table, [*series_parameters(table), "method"], line)


def series_parameters(table: pd.DataFrame) -> list[str]:
    """Return the names of what tells series apart in the table of `asymptotic_optimality`.

    All parameters but the number of subcarriers. A delay spread goes with the subcarriers, as a
    finer division of one band, unless the same number of them comes with several.
    """
    names = [str(name) for name in table.columns]
    own = names[1 : names.index("method")]
    own = [name for name in own if name not in ("subcarriers_per_link", "M")]
    rest = [name for name in own if name != "delay_spread_s"]
    return own if table.duplicated([*rest, "method", "subcarriers"]).any() else rest


_TABLES: dict[str, dict[str, Callable[[pd.DataFrame], pd.DataFrame]]] = {
    "asymptotics": {
        "optimality": asymptotic_optimality,
        "subcarriers_needed": subcarriers_needed,
        "decay_rates": decay_rates,
    },
    "optimality": {
        "gaps": method_gaps,
        "gaps_by_family": method_gaps_by_family,
        "tightness": bound_tightness,
        "tightness_by_family": bound_tightness_by_family,
        "nodes": search_nodes,
    },
    "savings": {
        "savings": savings_in_total,
        "savings_by_layer": savings_by_layer,
        "energy_parts": energy_parts,
    },
}
"""The tables of each study: file name without suffix, and what makes it."""
