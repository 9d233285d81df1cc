"""Figures of the study "asymptotics": the theorem's setting, rates, and how many are enough."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dmoe_models.presentation.plot_axes import ratio_axis, share_axis
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
    by_nodes,
    counted,
    ends,
    in_order,
    of_main_method,
)
from dmoe_models.studies.asymptotics import channel_figures
from dmoe_models.studies.asymptotics.channel_figures import (
    PROPORTION,
    RATIO,
    of_series,
    reference,
    with_channels,
)
from dmoe_models.studies.asymptotics.rows import distinct_probability
from dmoe_models.studies.study import StudyFigure
from dmoe_models.text import format_estimate

_CLOSED_FORM: Style = {"linestyle": ":", "color": "0.0", "marker": ""}


def probability(table: pd.DataFrame) -> Picture:
    """Draw how often JESA is optimal beside how often all best subcarriers are distinct."""
    table, channel, method = reference(table)
    own, distinct = styles([f"{method} optimal", "best subcarriers all distinct"]).items()
    figure, places = panels(by_nodes(table), columns=3)
    for axes, nodes in zip(places, by_nodes(table), strict=True):
        line = table[table["nodes"] == nodes]
        for column, (_, style), side in (
            ("p_optimal", own, 1.03),
            ("p_distinct", distinct, 1 / 1.03),
        ):
            x = side * line["ratio"]
            draw(axes, x, 100 * line[column], style, ends(line, column, 100))
        ratio, form = _closed_form(line)
        axes.plot(ratio, 100 * form, **_CLOSED_FORM, linewidth=1.2)
    share_axis(places[0].yaxis)
    ratio_axis(places[0], table["ratio"])
    name_axes(figure, RATIO, "share of draws (%)")
    legend(figure, dict([own, distinct, ("closed form (independent links)", _CLOSED_FORM)]))
    return Picture(
        figure,
        f"Channel {channel}: how often {method} reaches the certified optimum, how often the best "
        "subcarriers of all links are distinct, which suffices for it, and the closed form of the "
        f"latter. {_counted(table)} {PROPORTION}.",
    )


def decay(table: pd.DataFrame, rates: pd.DataFrame) -> Picture:
    """Draw how the shares of failures fall, with the exponents of both.

    Parameters
    ----------
    table : DataFrame
        "optimality".
    rates : DataFrame
        "decay_rates".
    """
    table, channel, method = reference(table)
    own, distinct = styles([f"{method} not optimal", "best subcarriers not all distinct"]).items()
    fits = _fits(rates, channel, method)
    names = by_nodes(table)
    figure, places = panels(
        [f"{nodes}{fits.get(nodes, '')}" for nodes in names], columns=3, height=2.1
    )
    least = 1.0
    for axes, nodes in zip(places, names, strict=True):
        line = table[table["nodes"] == nodes]
        for column, (_, style), side in (
            ("p_optimal", own, 1.03),
            ("p_distinct", distinct, 1 / 1.03),
        ):
            x, share = side * finite(line["ratio"]), 1 - finite(line[column])
            low, high = 1 - finite(line[f"{column}_high"]), 1 - finite(line[f"{column}_low"])
            some = share > 0
            draw(axes, x[some], share[some], style)
            bars(axes, x, (np.maximum(low, 1e-9), high), style["color"])
            axes.plot(
                x[~some],
                high[~some],
                linestyle="none",
                marker="_",
                color=style["color"],
                markersize=7,
            )
            least = min([least, *low[low > 0], *high[high > 0]])
        ratio, form = _closed_form(line)
        axes.plot(ratio, 1 - form, **_CLOSED_FORM, linewidth=1.2)
    places[0].set_yscale("log")
    places[0].set_ylim(least / 1.5, 1.4)
    ratio_axis(places[0], table["ratio"])
    name_axes(figure, RATIO, "share of draws (logarithmic)")
    legend(figure, dict([own, distinct, ("1 - closed form (independent links)", _CLOSED_FORM)]))
    return Picture(
        figure,
        f"Channel {channel}: how the share of draws on which {method} misses the optimum, and of "
        "those on which best subcarriers coincide, fall with the subcarriers. Titles: exponent b "
        "of a fit of (M / L)^-b to the former, with its 95 % interval, where there is one. "
        f"{_counted(table)} {PROPORTION}; one from the bottom up to a stroke belongs to no failure "
        "at all.",
    )


def exponents(rates: pd.DataFrame) -> Picture | None:
    """Draw the exponents of decay of all series."""
    columns = ("optimal_exponent", "distinct_exponent")
    rates = of_main_method(of_series(rates))
    rates = rates[rates[list(columns)].notna().any(axis="columns")]
    if rates.empty:
        return None
    rows = rates["series"].tolist()
    method = rates["method"].iloc[0]
    entries = marks([f"{method} misses the optimum", "best subcarriers coincide"])
    figure, (axes,) = panels_of_rows([""], rows)
    for number, (column, style) in enumerate(zip(columns, entries.values(), strict=True)):
        y = np.arange(len(rows)) + beside(number, 2, 0.3)
        bars(axes, y, ends(rates, column), style["color"], direction="x")
        axes.plot(finite(rates[column]), y, markersize=4.5, **style)
    axes.axvline(0, color="0.3", linewidth=0.8)
    axes.axvline(1, color="0.3", linewidth=0.8, linestyle=":")
    name_axes(figure, "exponent b of the decay of a share of draws, as (M / L) to the power -b")
    legend(figure, entries)
    return Picture(
        figure,
        f"How fast two shares of draws fall with the subcarriers per link: on which {method} "
        "misses the optimum, and on which best subcarriers coincide (dotted: 1, the limit of its "
        "closed form; at 0 nothing falls). Of cells in which at most half of the draws fail, where "
        "there are enough; bars are 95 % intervals (likelihood ratio). "
        f"{counted(rates['certified'])} a mark.",
    )


def needed(table: pd.DataFrame) -> Picture:
    """Draw how many subcarriers per link suffice, by series and method."""
    table = of_series(table)
    methods, rows = in_order(table["method"]), in_order(table["series"])
    target = f"{100 * float(table['target'].iloc[0]):g} %"
    entries = marks([f"measured share at least {target}", f"lower end at least {target}"])
    figure, places = panels_of_rows(methods, rows)
    largest = float(table["largest"].max())
    none = 4.0 * largest
    for axes, method in zip(places, methods, strict=True):
        line = table[table["method"] == method]
        place = np.array([rows.index(row) for row in line["series"]])
        for number, (column, style) in enumerate(
            zip(("needed", "needed_surely"), entries.values(), strict=True)
        ):
            x = finite(line[column].fillna(none))
            axes.plot(x, place + beside(number, 2, 0.36), markersize=4.5, **style)
        axes.axvline(2.0 * largest, color="0.3", linewidth=0.8, linestyle=":")
    ratio_axis(places[0], [*table["needed"], *table["needed_surely"], largest])
    ticks = list(places[0].get_xticks())
    places[0].set_xticks([*ticks, none], [*(f"{tick:.3g}" for tick in ticks), "none"])
    places[0].set_xlim(right=1.5 * none)
    name_axes(figure, RATIO)
    legend(figure, entries)
    return Picture(
        figure,
        "Least number of subcarriers per link in the design from which on a method is optimal on "
        f"at least {target} of the draws, as measured and by the lower end of the 95 % interval "
        "(Clopper and Pearson), which only many draws bring so far; none: not with any number in "
        f"the design. {counted(table['certified'])} a series.",
    )


# --------------------------------------------------------------------------------------- helpers


def _closed_form(line: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return ratios and the closed form between the first and the last ratio of a line."""
    links = int(line["links"].iloc[0])
    first, last = line["subcarriers"].min(), line["subcarriers"].max()
    whole = np.unique(np.rint(np.geomspace(first, last, 60)).astype(int))
    return whole / links, np.array([distinct_probability(links, int(m)) for m in whole])


def _counted(table: pd.DataFrame) -> str:
    """Return how many draws stand behind a mark of either kind."""
    return (
        f"{counted(table['certified'])} a mark, of subcarriers {counted(table['draws'], 'draws')}."
    )


def _fits(rates: pd.DataFrame, channel: str, method: str) -> dict[str, str]:
    """Return the exponent of every number of nodes, with its interval, in words."""
    if rates.empty:
        return {}
    rates = of_series(rates)
    rates = rates[(rates["channel"] == channel) & (rates["method"] == method)]
    return {
        str(line["nodes"]): ": b = "
        + format_estimate(*(line[f"optimal_exponent{end}"] for end in ("", "_low", "_high")))
        for line in rates[rates["optimal_exponent"].notna()].to_dict("records")
    }


FIGURES = {
    "probability": StudyFigure(
        "How often JESA is optimal, and best subcarriers are distinct",
        ("optimality",),
        with_channels(probability),
    ),
    "channels": StudyFigure(
        "How often JESA is optimal, by channel",
        ("optimality",),
        with_channels(channel_figures.channels),
    ),
    "distinct": StudyFigure(
        "Distinct best subcarriers beside the closed form, by channel",
        ("optimality",),
        with_channels(channel_figures.distinct),
    ),
    "decay": StudyFigure(
        "How fast failures become rare", ("optimality", "decay_rates"), with_channels(decay)
    ),
    "exponents": StudyFigure("Exponents of that, by channel", ("decay_rates",), exponents),
    "excess": StudyFigure(
        "Excess over the certified optimum, by channel",
        ("optimality",),
        with_channels(channel_figures.excess),
    ),
    "starts": StudyFigure(
        "JESA from one start and from several",
        ("optimality",),
        with_channels(channel_figures.starts),
    ),
    "needed": StudyFigure("Subcarriers per link that are enough", ("subcarriers_needed",), needed),
}
"""The figures by name; a page shows them in this order."""
