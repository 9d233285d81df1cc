"""Summaries of the study "optimality": gaps of methods, distances of bounds, nodes of searches."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from dmoe_models.studies.analysis.intervals import (
    Interval,
    clustered_proportion,
    excess_interval,
    mean_interval,
    proportion_interval,
    ratio_interval,
)
from dmoe_models.studies.analysis.summaries import alive, columns_of, grouped, known_of, per_cell
from dmoe_models.studies.optimality.rows import COLUMNS


def method_gaps(rows: pd.DataFrame) -> pd.DataFrame:
    """Return how far above the certified optimum each method is, one line per cell and method.

    `draws`, `certified`, `valid` (answers that the referee accepts, of certified draws), `optimal`
    and `p_optimal` (of certified draws), `mean_excess`, `median_excess`, `worst_excess` (of valid
    ones), `mean_s`.
    """
    return per_cell(COLUMNS, _part(rows, "methods"), ["method"], _gaps)


def method_gaps_by_family(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the same over all draws of a family; one line per family and method.

    A seed stands for the same gates and channels in all cells of a size, whose draws are therefore
    one cluster in the intervals. `beyond_jesa`: the mean excess beyond that of JESA, paired, over
    `paired` draws on which both have a valid answer; `p_beyond`, the share of these on which it is
    above JESA's.
    """
    chosen = alive(_part(rows, "methods"))
    jesa = chosen[chosen["method"] == "JESA"].set_index(["cell", "seed"])["excess"]
    places = pd.MultiIndex.from_frame(chosen[["cell", "seed"]])
    chosen = chosen.assign(beyond=chosen["excess"].to_numpy() - jesa.reindex(places).to_numpy())

    def line(group: pd.DataFrame) -> dict[str, Any]:
        known = known_of(group)
        paired = known[known["beyond"].notna()]
        beyond = _clusters(paired, "beyond")
        above = paired.assign(above=paired["beyond"] > 0)
        return _gaps(group, clustered=True) | {
            "paired": int(beyond["size"].sum()),
            **columns_of("beyond_jesa", ratio_interval(beyond["sum"], beyond["size"])),
            **columns_of("p_beyond", _share_of(above, "above", clustered=True)),
        }

    return grouped(chosen, ["family", "method"], line)


_SAME_DRAWS = ["links", "subcarriers", "tokens", "seed"]
"""Draws of a family that agree in these are of the same gates and channels."""


def _clusters(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the `sum` of a column over every cluster of draws, and the `size` of each."""
    entries = rows[name].astype(float).groupby([rows[key] for key in _SAME_DRAWS], dropna=False)
    return entries.agg(["sum", "size"])


def _share_of(rows: pd.DataFrame, name: str, *, clustered: bool) -> Interval:
    if not clustered:
        return proportion_interval(int(rows[name].sum()), len(rows))
    clusters = _clusters(rows, name)
    return clustered_proportion(clusters["sum"], clusters["size"])


def _mean_of(
    rows: pd.DataFrame, name: str, *, clustered: bool, limit: float = math.inf
) -> Interval:
    if not clustered or rows.empty:
        return excess_interval(rows[name], limit=limit)
    clusters = _clusters(rows, name)
    return excess_interval(clusters["sum"] * (len(clusters) / len(rows)), limit=limit)


def _gaps(group: pd.DataFrame, *, clustered: bool = False) -> dict[str, Any]:
    known = known_of(group)
    answered = known[known["excess"].notna()]
    excess = answered["excess"]
    return {
        "draws": len(group),
        "certified": len(known),
        "valid": int(known["valid"].sum()),
        "optimal": int(known["optimal"].sum()),
        **columns_of("p_optimal", _share_of(known, "optimal", clustered=clustered)),
        **columns_of("mean_excess", _mean_of(answered, "excess", clustered=clustered)),
        "median_excess": float(excess.median()),
        "worst_excess": float(excess.max()),
        "mean_s": float(group["method_s"].mean()),
    }


def bound_tightness(rows: pd.DataFrame) -> pd.DataFrame:
    """Return how far below the certified optimum each bound is, one line per cell and bound.

    `mean_distance`, `worst_distance`, `p_tight` (the distance is 0), `p_integral` (the relaxation's
    decisions are whole; missing for LB).
    """
    return per_cell(COLUMNS, _part(rows, "relaxations"), ["method"], _tightness)


def bound_tightness_by_family(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the same over all draws of a family and number of nodes; one line for every bound.

    Intervals are of clusters, as in `method_gaps_by_family`.
    """
    chosen = alive(_part(rows, "relaxations"))
    by = [name for name in ("family", "K", "method") if name in chosen]
    return grouped(chosen, by, lambda group: _tightness(group, clustered=True))


def _tightness(group: pd.DataFrame, *, clustered: bool = False) -> dict[str, Any]:
    known = group[group["certified"].fillna(False) & group["distance"].notna()]
    known = known.assign(tight=known["distance"] == 0)
    whole = known[known["integral"].notna()]
    return {
        "draws": len(group),
        "certified": len(known),
        **columns_of("mean_distance", _mean_of(known, "distance", clustered=clustered, limit=1.0)),
        "worst_distance": float(known["distance"].max()),
        **columns_of("p_tight", _share_of(known, "tight", clustered=clustered)),
        **columns_of("p_integral", _share_of(whole, "integral", clustered=clustered)),
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
            **columns_of("nodes_per_token", mean_interval(nodes)),
            "most_nodes_per_token": float(nodes.max()),
            "subsets_per_token": float(sets.mean()),
            "share": float((nodes / sets).mean()),
            "mean_s": float(group["method_s"].mean()),
        }

    return per_cell(COLUMNS, _part(rows, "selection"), ["method"], line)


def _part(rows: pd.DataFrame, part: str) -> pd.DataFrame:
    return rows[rows["part"] == part]


def tables(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return all tables of the study, by name."""
    return {
        "gaps": method_gaps(rows),
        "gaps_by_family": method_gaps_by_family(rows),
        "tightness": bound_tightness(rows),
        "tightness_by_family": bound_tightness_by_family(rows),
        "nodes": search_nodes(rows),
    }


ABOUT = {
    "gaps": (
        "Excess over the certified optimum",
        "Excesses are those of valid answers on certified draws.",
    ),
    "gaps_by_family": (
        "Excess over the certified optimum, by family",
        "Over all draws of a family. Excesses are those of valid answers on certified draws; "
        "beyond JESA: on draws on which both have one.",
    ),
    "tightness": (
        "How far bounds lie below the certified optimum",
        "Tight: the distance is 0. Integral: the relaxation's decisions are whole.",
    ),
    "tightness_by_family": (
        "How far bounds lie below the certified optimum, by family and size",
        "Over all draws of a family. Tight: the distance is 0. Integral: the relaxation's "
        "decisions are whole.",
    ),
    "nodes": (
        "Nodes that searches explore",
        "Optimal draws: on them the method has the certified optimum. Explored: of all sets.",
    ),
}
"""Title and explanation of each table."""
