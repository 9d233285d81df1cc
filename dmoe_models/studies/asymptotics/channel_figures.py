"""Figures of the study "asymptotics" that set one kind of channel beside another.

A channel is a family with all parameters that tell its series apart, but for the number of nodes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd

from dmoe_models.presentation.plot_axes import excess_axis, ratio_axis, share_axis
from dmoe_models.presentation.plot_style import (
    Picture,
    Style,
    beside,
    draw,
    finite,
    legend,
    marks,
    name_axes,
    panels,
    styles,
)
from dmoe_models.studies.analysis.figure_tools import (
    NODES,
    by_nodes,
    counted,
    ends,
    in_order,
    in_parts,
    labels,
    main_method,
    node_labels,
    of_main_method,
    of_mean,
    parameters,
)
from dmoe_models.studies.asymptotics.tables import series_parameters
from dmoe_models.studies.asymptotics.verdicts import INDEPENDENT

RATIO = "subcarriers per link, M / L (logarithmic)"
PROPORTION = "Bars are 95 % intervals (Clopper and Pearson)"


def channels(table: pd.DataFrame) -> Picture:
    """Draw how often JESA is optimal on every kind of channel."""
    table = of_main_method(table)

    def share(axes: Any, line: pd.DataFrame, style: Style, side: float) -> None:
        x = side * line["ratio"]
        draw(axes, x, 100 * line["p_optimal"], style, ends(line, "p_optimal", 100))

    figure, places, entries = _by_channel(table, share, styles(by_nodes(table)))
    share_axis(places[0].yaxis)
    name_axes(figure, RATIO, "draws solved to optimality (%)")
    legend(figure, entries)
    return Picture(
        figure,
        f"How often {main_method(table)} reaches the certified optimum, by kind of channel and "
        f"number of nodes. {counted(table['certified'])} a mark. {PROPORTION}; marks of one ratio "
        "stand beside each other.",
    )


def distinct(table: pd.DataFrame) -> Picture:
    """Draw the measured share of distinct best subcarriers against its closed form."""
    table = of_main_method(table)

    def against(axes: Any, line: pd.DataFrame, style: Style, _: float) -> None:
        x = 100 * line["closed_form"]
        draw(axes, x, 100 * line["p_distinct"], style, ends(line, "p_distinct", 100))

    figure, places, entries = _by_channel(table, against, marks(by_nodes(table)))
    for axes in places:
        axes.plot([0, 100], [0, 100], color="0.5", linewidth=0.8)
    places[0].set_xscale("linear")
    share_axis(places[0].xaxis)
    share_axis(places[0].yaxis)
    name_axes(
        figure,
        "closed form for independent links and exchangeable subcarriers (%)",
        "measured share of draws (%)",
    )
    legend(figure, entries)
    return Picture(
        figure,
        "How often the best subcarriers of all links are distinct: measured, against the closed "
        "form; on the diagonal both are the same. A mark is one number of subcarriers per link, "
        f"of {counted(table['draws'], 'draws')}. {PROPORTION}.",
    )


def excess(table: pd.DataFrame) -> Picture:
    """Draw how far above the optimum JESA is, on average and at worst."""
    table = of_main_method(table)
    worst: Style = {"linestyle": "none", "marker": "_", "color": "0.0"}

    def both(axes: Any, line: pd.DataFrame, style: Style, side: float) -> None:
        x = side * line["ratio"]
        draw(axes, x, 100 * line["mean_excess"], style, ends(line, "mean_excess", 100))
        most = worst | {"color": style["color"]}
        axes.plot(x, finite(line["worst_excess"], 100), markersize=6, **most)

    figure, places, entries = _by_channel(table, both, marks(by_nodes(table)))
    excess_axis(places[0].yaxis, 100 * table[["worst_excess", "mean_excess_high"]])
    name_axes(figure, RATIO, "energy above the certified optimum (%)")
    legend(figure, entries | {"worst draw": worst})
    return Picture(
        figure,
        f"How far above the certified optimum {main_method(table)} is: mean, and worst draw "
        f"(stroke, in the shade of its K). {counted(table['certified'])} a mark. "
        f"{of_mean(table, 'mean_excess')}; the axis is logarithmic and shows 0.",
    )


def starts(table: pd.DataFrame) -> Picture:
    """Draw how often each method is optimal."""
    entries = styles(in_order(table["method"]))
    _, plain, _ = reference(table)
    shown = _main_series(table, plain)
    figure, places = panels([f"{channel}, {nodes}" for channel, nodes in shown])
    for axes, (channel, nodes) in zip(places, shown, strict=True):
        own = table[(table["channel"] == channel) & (table["nodes"] == nodes)]
        for number, (method, style) in enumerate(entries.items()):
            line = own[own["method"] == method].sort_values("ratio")
            x = line["ratio"] * math.exp(beside(number, len(entries), 0.16))
            draw(axes, x, 100 * line["p_optimal"], style, ends(line, "p_optimal", 100))
    share_axis(places[0].yaxis)
    ratio_axis(places[0], table["ratio"])
    name_axes(figure, RATIO, "draws solved to optimality (%)")
    legend(figure, entries)
    return Picture(
        figure,
        f"How often each method reaches the certified optimum: channel {plain} with every number "
        "of nodes, the others with the one that most of them have. "
        f"{counted(table['certified'])} a mark. {PROPORTION}; marks of one ratio stand beside "
        "each other.",
    )


# --------------------------------------------------------------------------------------- helpers


def with_channels(make: Callable[..., Picture]) -> Callable[..., Picture | None]:
    """Let a figure have `ratio`, `channel` and `nodes` in every line of its first table."""
    return partial(_drawn, make)


def _drawn(
    make: Callable[..., Picture], table: pd.DataFrame, *others: pd.DataFrame
) -> Picture | None:
    table = table[table["links"] > 0]
    if table.empty:
        return None
    table = _named(table, series_parameters(table))
    return make(table.assign(ratio=table["subcarriers"] / table["links"]), *others)


def of_series(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of series with `channel`, `nodes` and `series`, both of them."""
    table = _named(table, parameters(table))
    return table.assign(series=table["channel"] + ", " + table["nodes"])


def _named(table: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    channel = labels(table, [name for name in names if name != NODES])
    return table.assign(channel=channel, nodes=node_labels(table))


def reference(table: pd.DataFrame) -> tuple[pd.DataFrame, str, str]:
    """Return the main method's lines on the plainest channel with independent links, and its name.

    Where no channel has independent links, on the plainest one. Last comes the method's name.
    """
    table = of_main_method(table)
    independent = table[table["family"].isin(INDEPENDENT)]
    among = table if independent.empty else independent
    plain = min(in_order(among["channel"]), key=lambda name: name.count(","))
    return among[among["channel"] == plain].sort_values("ratio"), plain, main_method(table)


def _main_series(table: pd.DataFrame, plain: str) -> list[tuple[str, str]]:
    """Return the plainest channel's series, and of every other the one with the most usual K."""
    pairs = list(dict.fromkeys(zip(table["channel"], table["nodes"], strict=True)))
    usual = [nodes for channel, nodes in pairs if channel != plain]
    found = [pair for pair in pairs if pair[0] == plain]
    for channel in in_order(table["channel"]):
        own = [nodes for name, nodes in pairs if name == channel]
        if channel != plain:
            found.append((channel, max(own, key=usual.count)))
    return found


def _by_channel(
    table: pd.DataFrame,
    drawn: Callable[[Any, pd.DataFrame, Style, float], None],
    entries: dict[str, Style],
) -> tuple[Any, list[Any], dict[str, Style]]:
    """Return a figure with panels for every channel, and a line for every number of nodes."""
    shown = []
    for channel in in_order(table["channel"]):
        own = by_nodes(table[table["channel"] == channel])
        for part in in_parts(own):
            span = part[0] if len(part) == 1 else f"{part[0]} to {part[-1].split()[-1]}"
            title = channel if len(part) == len(own) else f"{channel}, {span}"
            shown.append((title, channel, part))
    figure, places = panels([title for title, _, _ in shown])
    for axes, (_, channel, part) in zip(places, shown, strict=True):
        for number, nodes in enumerate(part):
            line = table[(table["channel"] == channel) & (table["nodes"] == nodes)]
            side = math.exp(beside(number, len(part), 0.1 * (len(part) - 1)))
            drawn(axes, line.sort_values("ratio"), entries[nodes], side)
    ratio_axis(places[0], table["ratio"])
    return figure, places, entries
