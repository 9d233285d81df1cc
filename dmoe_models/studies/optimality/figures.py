"""Figures of the study "optimality": methods, bounds and searches beside the certified optimum."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from dmoe_models.presentation.plot_axes import excess_axis, few_ticks, positive_axis, share_axis
from dmoe_models.presentation.plot_style import (
    Picture,
    Style,
    bars,
    beside,
    draw,
    finite,
    legend,
    marks,
    name_axes,
    panels,
    panels_of_rows,
    styles,
)
from dmoe_models.studies.analysis.figure_tools import (
    NODES,
    by_nodes,
    counted,
    ends,
    in_order,
    labels,
    node_labels,
    of_mean,
    parameters,
)
from dmoe_models.studies.study import StudyFigure

_SHOWS_ZERO = "the axis is logarithmic and shows 0"
_OF_CLUSTERS = (
    "Bars are 95 % intervals (Clopper and Pearson, for the number of independent draws that those "
    "of the family, of which some share a seed, are worth)"
)


def gaps(table: pd.DataFrame) -> Picture:
    """Draw how far above the optimum every method is, by family."""
    entries = marks(["mean", "worst draw", "no valid answer"])
    mean, worst, nothing = entries.values()
    methods, families = in_order(table["method"]), in_order(table["family"])
    figure, places = panels_of_rows(methods, families)
    for axes, method in zip(places, methods, strict=True):
        line = table[table["method"] == method]
        place = _places(line["family"], families)
        lost = line["mean_excess"].isna().to_numpy()
        bars(axes, place, ends(line, "mean_excess", 100), mean["color"], direction="x")
        axes.plot(finite(line["worst_excess"], 100), place, markersize=4, **worst)
        axes.plot(finite(line["mean_excess"], 100), place, markersize=4, **mean)
        axes.plot(np.zeros(int(lost.sum())), place[lost], markersize=4, **nothing)
    excess_axis(places[0].xaxis, 100 * table[["worst_excess", "mean_excess_high"]])
    name_axes(figure, "energy above the certified optimum (%)")
    if not table["mean_excess"].isna().any():
        del entries["no valid answer"]
    legend(figure, entries)
    return Picture(
        figure,
        "How far above the certified optimum the valid answers of each method are, over all sizes "
        f"and thresholds of a family. {counted(table['certified'])} a family. "
        f"{of_mean(table, 'mean_excess')}; {_SHOWS_ZERO}.",
    )


def optimal(table: pd.DataFrame) -> Picture:
    """Draw how often every method is optimal, by family."""
    (style,) = marks(["optimal"]).values()
    methods, families = in_order(table["method"]), in_order(table["family"])
    figure, places = panels_of_rows(methods, families)
    for axes, method in zip(places, methods, strict=True):
        line = table[table["method"] == method]
        place = _places(line["family"], families)
        bars(axes, place, ends(line, "p_optimal", 100), style["color"], direction="x")
        axes.plot(finite(line["p_optimal"], 100), place, markersize=4, **style)
    share_axis(places[0].xaxis)
    name_axes(figure, "draws solved to optimality (%)")
    return Picture(
        figure,
        "How often each method reaches the certified optimum with a valid answer, over all sizes "
        f"and thresholds of a family. {counted(table['certified'])} a family. {_OF_CLUSTERS}.",
    )


def time(table: pd.DataFrame) -> Picture | None:
    """Draw what a method's answer costs in time against what it is worth."""
    known = (table["mean_s"] > 0) & table["mean_excess"].notna()
    lost, table = int((~known).sum()), table[known]
    if table.empty:
        return None
    left_out = f" Without a valid answer, or a time: {lost:,} marks." if lost else ""
    entries = marks(in_order(table["method"]))
    figure, (axes,) = panels([""], height=3.6)
    for method, style in entries.items():
        line = table[table["method"] == method]
        y, (low, high) = finite(line["mean_excess"], 100), ends(line, "mean_excess", 100)
        axes.vlines(line["mean_s"], finite(low), finite(high), color="0.75", linewidth=0.7)
        axes.plot(finite(line["mean_s"]), y, markersize=4.5, **style)
    positive_axis(axes.xaxis, table["mean_s"])
    excess_axis(axes.yaxis, 100 * table[["mean_excess", "mean_excess_high"]], room=8)
    name_axes(figure, "mean time of a draw (s, logarithmic)", "mean energy above the optimum (%)")
    legend(figure, entries)
    return Picture(
        figure,
        "Mean time of a method on a draw against its mean excess over the certified optimum; a "
        "mark is a family, over all its sizes and thresholds. "
        f"{counted(table['certified'])} a mark.{left_out} {of_mean(table, 'mean_excess')}; "
        f"{_SHOWS_ZERO}.",
    )


def tightness(table: pd.DataFrame) -> Picture:
    """Draw how far below the optimum every bound is, by family and number of nodes."""
    bounds, families = in_order(table["method"]), in_order(table["family"])
    entries = marks(by_nodes(table))
    worst: Style = {"linestyle": "none", "marker": "|", "color": "0.0"}
    figure, places = panels_of_rows(bounds, families, marks_in_a_row=len(entries))
    for axes, bound in zip(places, bounds, strict=True):
        for line, place, style in _by_nodes(table[table["method"] == bound], families, entries):
            bars(axes, place, ends(line, "mean_distance", 100), style["color"], direction="x")
            axes.plot(finite(line["worst_distance"], 100), place, markersize=4, **worst)
            axes.plot(finite(line["mean_distance"], 100), place, markersize=4, **style)
    excess_axis(places[0].xaxis, 100 * table[["worst_distance", "mean_distance_high"]])
    name_axes(figure, "bound below the certified optimum (%)")
    legend(figure, entries | {"worst draw": worst})
    return Picture(
        figure,
        "How far below the certified optimum each bound is: mean, and worst draw (stroke), by "
        f"family and number of nodes. {counted(table['certified'])} a mark. "
        f"{of_mean(table, 'mean_distance')}; {_SHOWS_ZERO}.",
    )


def integral(table: pd.DataFrame) -> Picture | None:
    """Draw how often the linear program of the set formulation is integral, and tight."""
    table = table[table["p_integral"].notna()]
    if table.empty:
        return None
    names = in_order(table["method"])
    name = "LP of sets" if "LP of sets" in names else names[0]
    table = table[table["method"] == name]
    families, entries = in_order(table["family"]), marks(by_nodes(table))
    titles = {"p_tight": "value is the optimum", "p_integral": "decisions are whole"}
    figure, places = panels_of_rows(list(titles.values()), families, marks_in_a_row=len(entries))
    for axes, column in zip(places, titles, strict=True):
        for line, place, style in _by_nodes(table, families, entries):
            bars(axes, place, ends(line, column, 100), style["color"], direction="x")
            axes.plot(finite(line[column], 100), place, markersize=4, **style)
    known = [95.0, *finite(table[[f"{column}_low" for column in titles]], 100).ravel()]
    places[0].set_xlim(5 * math.floor(np.nanmin(known) / 5) - 1, 101)
    name_axes(figure, "share of draws (%)")
    legend(figure, entries)
    return Picture(
        figure,
        f"{name}: how often its value is the certified optimum, and how often its decisions are "
        f"whole, by family and number of nodes. {counted(table['certified'])} a mark. "
        f"{_OF_CLUSTERS}.",
    )


def nodes(table: pd.DataFrame) -> Picture | None:
    """Draw how a search's nodes grow with the experts, beside all sets."""
    if NODES not in table:
        return None
    table = table[table[NODES].notna()]
    searches = table[table["nodes_per_token"].notna()]
    if searches.empty:
        return None
    own = [name for name in parameters(table) if name != NODES]
    table = table.assign(place=labels(table, own))
    titles, methods = in_order(table["place"]), in_order(searches["method"])
    all_sets = "all sets (enumeration)"
    entries = styles([*methods, all_sets])
    figure, places = panels(titles, columns=3)
    for axes, title in zip(places, titles, strict=True):
        lines = table[table["place"] == title].sort_values(NODES)
        sets = lines.drop_duplicates(NODES)
        draw(axes, sets[NODES], sets["subsets_per_token"], entries[all_sets])
        for number, method in enumerate(methods):
            line = lines[lines["method"] == method]
            x = line[NODES] + beside(number, len(methods), 0.3)
            draw(axes, x, line["nodes_per_token"], entries[method], ends(line, "nodes_per_token"))
    positive_axis(
        places[0].yaxis,
        pd.concat(
            [searches[f"nodes_per_token{end}"] for end in ("", "_high")]
            + [table["subsets_per_token"]]
        ),
    )
    few_ticks(places[0], table[NODES], limit=8)
    name_axes(figure, "experts, K", "nodes a token (logarithmic)")
    legend(figure, entries)
    return Picture(
        figure,
        "Nodes that a search explores per token, against the number of experts, beside all sets "
        f"that enumeration goes through. {counted(table['draws'], 'draws')} a mark. Bars are 95 % "
        "intervals of the mean; one that reaches the bottom holds 0.",
    )


# --------------------------------------------------------------------------------------- helpers


def _places(column: pd.Series, rows: Sequence[str]) -> np.ndarray:
    return np.array([rows.index(str(name)) for name in column], dtype=float)


def _by_nodes(
    table: pd.DataFrame, rows: Sequence[str], entries: dict[str, Style]
) -> list[tuple[pd.DataFrame, np.ndarray, Style]]:
    """Return for every number of nodes its lines, their places beside each other, and the style."""
    names, found = node_labels(table), []
    for number, (name, style) in enumerate(entries.items()):
        line = table[names == name]
        place = _places(line["family"], rows) + beside(number, len(entries), 0.5)
        found.append((line, place, style))
    return found


FIGURES = {
    "gaps": StudyFigure(
        "Excess over the certified optimum, by method and family", ("gaps_by_family",), gaps
    ),
    "optimal": StudyFigure(
        "How often methods are optimal, by family", ("gaps_by_family",), optimal
    ),
    "time": StudyFigure("Time beside excess", ("gaps_by_family",), time),
    "tightness": StudyFigure(
        "How far bounds lie below the certified optimum", ("tightness_by_family",), tightness
    ),
    "integral": StudyFigure(
        "How often the relaxation of the set model is the optimum",
        ("tightness_by_family",),
        integral,
    ),
    "nodes": StudyFigure("Nodes that searches explore", ("nodes",), nodes),
}
"""The figures by name; a page shows them in this order."""
