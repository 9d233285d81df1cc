"""Figures of the study "asymptotics": how JESA's optimality goes with subcarriers per link."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from dmoe_models.plot_style import (
    Picture,
    Style,
    bars,
    draw,
    excess_axis,
    finite,
    legend,
    marks,
    name_axes,
    panels,
    ratio_axis,
    rows_axis,
    share_axis,
    spread,
    styles,
)
from dmoe_models.studies.asymptotics import distinct_probability
from dmoe_models.studies.figure_tables import (
    NODES,
    by_nodes,
    counted,
    ends,
    in_order,
    labels,
    main_method,
    node_labels,
    parameters,
)
from dmoe_models.studies.summaries import series_parameters

INDEPENDENT = ("rayleigh", "tight", "dirichlet", "logistic-normal", "domains")
"""Families on the channel of `rayleigh`: the closed form of distinct best subcarriers holds."""

_RATIO = "subcarriers per link, M / L (logarithmic)"
_PROPORTION = "Bars are 95 % intervals (Clopper and Pearson)"


def probability(table: pd.DataFrame) -> Picture:
    """Draw how often JESA is optimal beside how often all best subcarriers are distinct."""
    table, channel, method = _reference(table)
    figure, places = panels(by_nodes(table), columns=3)
    entries = _probability_styles(method)
    for axes, nodes in zip(places, by_nodes(table), strict=True):
        line = table[table["nodes"] == nodes]
        for (column, name), style in zip(
            (("p_optimal", "optimal"), ("p_distinct", "distinct")),
            list(entries.values())[:2],
            strict=True,
        ):
            side = 1.03 if name == "optimal" else 1 / 1.03
            draw(axes, side * line["ratio"], 100 * line[column], style, ends(line, column, 100))
        ratio, form = _closed_form(line)
        axes.plot(ratio, 100 * form, **_CLOSED_FORM, linewidth=1.2)
        share_axis(axes.yaxis)
    ratio_axis(places[0], table["ratio"])
    name_axes(figure, _RATIO, "share of draws (%)")
    legend(figure, entries)
    return Picture(
        figure,
        f"{channel}: how often {method} reaches the certified optimum, how often the best "
        "subcarriers of all links are distinct (which suffices for it), and the closed form of the "
        f"latter. {counted(table['certified'])} a mark. {_PROPORTION}.",
    )


def channels(table: pd.DataFrame) -> Picture:
    """Draw how often JESA is optimal on every kind of channel."""
    table = _one_method(_prepared(table))
    figure = _by_channel(
        table,
        lambda axes, line, style, side: draw(
            axes, side * line["ratio"], 100 * line["p_optimal"], style, ends(line, "p_optimal", 100)
        ),
    )
    share_axis(figure.axes[0].yaxis)
    name_axes(figure, _RATIO, "draws solved to optimality (%)")
    return Picture(
        figure,
        f"How often {table['method'].iloc[0]} reaches the certified optimum, by kind of channel "
        f"and number of nodes. {counted(table['certified'])} a mark. {_PROPORTION}; marks of one "
        "ratio stand beside each other.",
    )


def distinct(table: pd.DataFrame) -> Picture:
    """Draw the measured share of distinct best subcarriers against its closed form."""
    table = _one_method(_prepared(table))
    entries = marks(by_nodes(table))
    names = in_order(table["channel"])
    figure, places = panels(names)
    for axes, name in zip(places, names, strict=True):
        axes.plot([0, 100], [0, 100], color="0.5", linewidth=0.8)
        for nodes, style in entries.items():
            line = table[(table["channel"] == name) & (table["nodes"] == nodes)]
            x = 100 * line["closed_form"]
            draw(axes, x, 100 * line["p_distinct"], style, ends(line, "p_distinct", 100))
        share_axis(axes.xaxis)
        share_axis(axes.yaxis)
    name_axes(
        figure,
        "closed form for independent links and exchangeable subcarriers (%)",
        "measured share of draws with distinct bests (%)",
    )
    legend(figure, entries)
    return Picture(
        figure,
        "How often the best subcarriers of all links are distinct: measured, against the closed "
        "form; on the diagonal both are the same. A mark is one number of subcarriers per link, "
        f"of {counted(table['certified'])}. {_PROPORTION}.",
    )


def decay(table: pd.DataFrame, rates: pd.DataFrame) -> Picture:
    """Draw how the shares of failures fall, with the exponents of both."""
    table, channel, method = _reference(table)
    entries = _probability_styles(method, "not ")
    names = by_nodes(table)
    exponents = _exponents(rates, channel, method)
    titles = [f"{nodes}: {exponents[nodes]}" if nodes in exponents else nodes for nodes in names]
    figure, places = panels(titles, columns=3)
    lowest = 1.0
    for axes, nodes in zip(places, names, strict=True):
        line = table[table["nodes"] == nodes]
        for column, style in zip(
            ("p_optimal", "p_distinct"), list(entries.values())[:2], strict=True
        ):
            share = 1 - finite(line[column])
            low, high = 1 - finite(line[f"{column}_high"]), 1 - finite(line[f"{column}_low"])
            x = line["ratio"].to_numpy() * (1.03 if column == "p_optimal" else 1 / 1.03)
            some = share > 0
            draw(axes, x[some], share[some], style)
            bars(axes, x, (np.maximum(low, 1e-9), high), style["color"])
            axes.plot(
                x[~some], high[~some], linestyle="none", marker="_", color=style["color"],
                markersize=7,
            )  # fmt: skip
            lowest = min([lowest, *low[low > 0], *high[high > 0]])
        ratio, form = _closed_form(line)
        axes.plot(ratio, 1 - form, **_CLOSED_FORM, linewidth=1.2)
        axes.set_yscale("log")
    places[0].set_ylim(lowest / 1.5, 1.4)
    ratio_axis(places[0], table["ratio"])
    name_axes(figure, _RATIO, "share of draws (logarithmic)")
    legend(figure, entries)
    return Picture(
        figure,
        f"{channel}: how the share of draws on which {method} misses the optimum, and the share on "
        "which best subcarriers coincide, fall with the subcarriers. Titles: exponent b of a fit "
        "by (M / L)^-b to the former, with its 95 % interval. "
        f"{counted(table['certified'])} a mark. {_PROPORTION}; one that reaches the bottom, below "
        "a short stroke, belongs to no failure at all.",
    )


def exponents(rates: pd.DataFrame, table: pd.DataFrame) -> Picture | None:
    """Draw the exponents of decay of all series."""
    rates = _one_method(_prepared_series(rates))
    rates = rates[rates[["optimal_exponent", "distinct_exponent"]].notna().any(axis="columns")]
    if rates.empty:
        return None
    rows = [f"{c}, {n}" for c, n in zip(rates["channel"], rates["nodes"], strict=True)]
    entries = marks(["misses the optimum", "best subcarriers coincide"])
    figure, (axes,) = panels([""], height=0.4 + 0.24 * len(rows))
    columns = ("optimal_exponent", "distinct_exponent")
    for number, (column, style) in enumerate(zip(columns, entries.values(), strict=True)):
        y = np.arange(len(rows)) + spread(number, 2, 0.3)
        axes.plot(finite(rates[column]), y, markersize=4.5, **style)
        bars(axes, y, ends(rates, column), style["color"], along="x")
    axes.axvline(0, color="0.3", linewidth=0.8)
    axes.axvline(1, color="0.3", linewidth=0.8, linestyle=":")
    rows_axis(axes, rows)
    name_axes(figure, "exponent b of the share of draws, (M / L)$^{-b}$")
    legend(figure, entries)
    return Picture(
        figure,
        f"How fast two shares of draws fall with the subcarriers per link: on which "
        f"{rates['method'].iloc[0]} misses the optimum, and on which best subcarriers coincide "
        "(dotted: 1, the limit of its closed form; at 0 nothing falls). Fits to cells in which at "
        "most half of the draws fail; bars are 95 % intervals of the likelihood ratio, and of "
        "series not shown the design tells no rate. "
        f"{counted(rates['certified'])} a mark.",
    )


def excess(table: pd.DataFrame) -> Picture:
    """Draw how far above the optimum JESA is, on average and at worst."""
    table = _one_method(_prepared(table))

    def both(axes: Any, line: pd.DataFrame, style: Style, side: float) -> None:
        x = side * line["ratio"]
        draw(axes, x, 100 * line["mean_excess"], style, ends(line, "mean_excess", 100))
        hollow = {"linestyle": "none", "markerfacecolor": "white", "markeredgewidth": 0.7}
        axes.plot(x, finite(line["worst_excess"], 100), markersize=3, **style | hollow)

    figure = _by_channel(table, both)
    excess_axis(figure.axes[0].yaxis, 100 * table["worst_excess"])
    name_axes(figure, _RATIO, "energy above the certified optimum (%)")
    return Picture(
        figure,
        f"How far above the certified optimum {table['method'].iloc[0]} is: mean (with line), and "
        f"worst draw (small, without). {counted(table['certified'])} a mark. Bars are 95 % "
        "intervals of the mean (Student); the axis is logarithmic and shows 0.",
    )


def starts(table: pd.DataFrame) -> Picture:
    """Draw how often each method is optimal."""
    table = _prepared(table)
    methods = styles(in_order(table["method"]))
    _, reference, _ = _reference(table)
    shown = _main_series(table, reference)
    figure, places = panels([f"{channel}, {nodes}" for channel, nodes in shown])
    for axes, (channel, nodes) in zip(places, shown, strict=True):
        for number, (method, style) in enumerate(methods.items()):
            line = table[
                (table["channel"] == channel)
                & (table["nodes"] == nodes)
                & (table["method"] == method)
            ]
            x = line["ratio"] * math.exp(spread(number, len(methods), 0.16))
            draw(axes, x, 100 * line["p_optimal"], style, ends(line, "p_optimal", 100))
        share_axis(axes.yaxis)
    ratio_axis(places[0], table["ratio"])
    name_axes(figure, _RATIO, "draws solved to optimality (%)")
    legend(figure, methods)
    return Picture(
        figure,
        f"How often each method reaches the certified optimum: {reference} with every number of "
        "nodes, other channels with the one that most of them have. "
        f"{counted(table['certified'])} a mark. {_PROPORTION}.",
    )


def needed(table: pd.DataFrame, optimality: pd.DataFrame) -> Picture:
    """Draw how many subcarriers per link suffice, by series and method."""
    table = _prepared_series(table)
    methods = in_order(table["method"])
    table["row"] = [f"{c}, {n}" for c, n in zip(table["channel"], table["nodes"], strict=True)]
    rows = in_order(table["row"])
    target = f"{100 * float(table['target'].iloc[0]):g} %"
    entries = marks([f"measured share at least {target}", f"lower end at least {target}"])
    figure, places = panels(methods, columns=3, height=0.4 + 0.22 * len(rows))
    largest = float(table["largest"].max())
    nowhere = 2.2 * largest
    for axes, method in zip(places, methods, strict=True):
        line = table[table["method"] == method]
        place = np.array([rows.index(row) for row in line["row"]])
        for number, (column, style) in enumerate(
            zip(("needed", "needed_surely"), entries.values(), strict=True)
        ):
            x = line[column].fillna(nowhere)
            axes.plot(x, place + spread(number, 2, 0.36), markersize=4.5, **style)
        axes.axvline(1.5 * largest, color="0.3", linewidth=0.8, linestyle=":")
        rows_axis(axes, rows)
    ratio_axis(places[0], [*table["needed"].dropna(), *table["largest"], nowhere])
    ticks = [t for t in places[0].get_xticks() if t <= largest]
    names = [f"{t:g}" for t in ticks]
    places[0].set_xticks([*ticks, nowhere], [*names, "none"])
    name_axes(figure, _RATIO)
    legend(figure, entries)
    return Picture(
        figure,
        "Least number of subcarriers per link in the design from which on the method is optimal on "
        f"at least {target} of the draws, as measured and by the lower end of the 95 % interval "
        "(Clopper and Pearson), which needs many draws; none: not with any in the design. "
        f"{counted(table['certified'])} a series.",
    )


# --------------------------------------------------------------------------------------- helpers

_CLOSED_FORM: Style = {"linestyle": ":", "color": "0.0", "marker": ""}


def _probability_styles(method: str, prefix: str = "") -> dict[str, Style]:
    two = styles([f"{method} {prefix}optimal", f"best subcarriers {prefix}all distinct"])
    form = "1 - closed form" if prefix else "closed form"
    return two | {f"{form} (independent links)": _CLOSED_FORM}


def _prepared(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with `ratio`, `channel` and `nodes` of every line, sorted by ratio."""
    names = [name for name in series_parameters(table) if name != NODES]
    return table.assign(
        ratio=table["subcarriers"] / table["links"],
        channel=labels(table, names),
        nodes=node_labels(table),
    )


def _prepared_series(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of series with `channel` and `nodes`."""
    names = [name for name in parameters(table) if name != NODES]
    return table.assign(channel=labels(table, names), nodes=node_labels(table))


def _one_method(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["method"] == main_method(table)]


def _reference(table: pd.DataFrame) -> tuple[pd.DataFrame, str, str]:
    """Return the main method on the plainest channel with independent links, with both names.

    Where no channel has independent links, on the first one.
    """
    table = _one_method(_prepared(table))
    independent = table[table["family"].isin(INDEPENDENT)]
    among = table if independent.empty else independent
    plain = min(in_order(among["channel"]), key=lambda name: name.count(","))
    chosen = among[among["channel"] == plain].sort_values("ratio")
    return chosen, plain, str(chosen["method"].iloc[0])


def _main_series(table: pd.DataFrame, reference: str) -> list[tuple[str, str]]:
    """Return the reference's series, and of every other channel the one with most usual K."""
    pairs = list(dict.fromkeys(zip(table["channel"], table["nodes"], strict=True)))
    usual = [nodes for channel, nodes in pairs if channel != reference]
    found = [pair for pair in pairs if pair[0] == reference]
    for channel in in_order(table["channel"]):
        own = [nodes for name, nodes in pairs if name == channel]
        if channel != reference:
            found.append((channel, max(own, key=usual.count)))
    return found


def _by_channel(
    table: pd.DataFrame, drawn: Callable[[Any, pd.DataFrame, Style, float], None]
) -> Any:
    """Return a figure with a panel for every channel and a line for every number of nodes."""
    names, entries = in_order(table["channel"]), styles(by_nodes(table))
    figure, places = panels(names)
    for axes, name in zip(places, names, strict=True):
        for number, (nodes, style) in enumerate(entries.items()):
            line = table[(table["channel"] == name) & (table["nodes"] == nodes)]
            if len(line):
                side = math.exp(spread(number, len(entries), 0.2))
                drawn(axes, line.sort_values("ratio"), style, side)
    ratio_axis(places[0], table["ratio"])
    legend(figure, entries)
    return figure


def _closed_form(line: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return ratios and the closed form between the first and the last ratio of a line."""
    links = int(line["links"].iloc[0])
    ratio = np.geomspace(line["ratio"].min(), line["ratio"].max(), 60)
    whole = np.unique(np.rint(ratio * links).astype(int))
    return whole / links, np.array([distinct_probability(links, int(m)) for m in whole])


def _exponents(rates: pd.DataFrame, channel: str, method: str) -> dict[str, str]:
    """Return the exponent of every number of nodes, with its interval, in words."""
    if rates.empty:
        return {}
    rates = _prepared_series(rates)
    rates = rates[(rates["channel"] == channel) & (rates["method"] == method)]
    rates = rates[rates["optimal_exponent"].notna()]
    return {
        str(line["nodes"]): "b = {:.2f} [{:.2f}, {:.2f}]".format(
            *(line[f"optimal_exponent{end}"] for end in ("", "_low", "_high"))
        )
        for line in rates.to_dict("records")
    }


MAKERS: dict[str, tuple[tuple[str, ...], Callable[..., Picture | None]]] = {
    "probability": (("optimality",), probability),
    "channels": (("optimality",), channels),
    "distinct": (("optimality",), distinct),
    "decay": (("optimality", "decay_rates"), decay),
    "exponents": (("decay_rates", "optimality"), exponents),
    "excess": (("optimality",), excess),
    "starts": (("optimality",), starts),
    "needed": (("subcarriers_needed", "optimality"), needed),
}
"""The figures by name: the tables that each needs, and what draws it."""
