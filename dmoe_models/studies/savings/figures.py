"""Figures of the study "savings": what selection saves of each reference's energy, and where."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from dmoe_models.model.importance import DEFAULT_GAMMA0
from dmoe_models.presentation.plot_axes import few_ticks
from dmoe_models.presentation.plot_style import (
    SMALL,
    Picture,
    Style,
    bars,
    draw,
    finite,
    legend,
    name_axes,
    panels,
    panels_of_rows,
    styles,
)
from dmoe_models.studies.analysis.figure_tools import (
    counted,
    ends,
    in_order,
    in_parts,
    labels,
    line_text,
    main_method,
    of_main_method,
    parameter_text,
    parameters,
    varying,
)
from dmoe_models.studies.savings import layer_figures
from dmoe_models.studies.savings.layer_figures import DEFAULTS, GAMMA, HALF, OF_RATIO
from dmoe_models.studies.study import StudyFigure

_IMPORTANCE = "importance γ₀ of the first layer (layer l has its l-th power)"


def importance(table: pd.DataFrame) -> Picture | None:
    """Draw savings over the importance of layers, a line for every relevance or domain."""
    series = _over_importance(table)
    if series.empty:
        return None
    method = main_method(series)
    references = in_order(of_main_method(series)["reference"])
    shown = [
        (family, reference, part)
        for family in in_order(series["family"])
        for part in in_parts(in_order(series.loc[series["family"] == family, "line"]), 6)
        for reference in references
    ]
    entries = styles(in_order(series["line"]))
    figure, places = panels(
        [f"{family}, against {reference}" for family, reference, _ in shown],
        columns=len(references),
    )
    exact: Style = {"linestyle": "none", "marker": "+", "color": "0.0"}
    for axes, (family, reference, names) in zip(places, shown, strict=True):
        own = series[(series["family"] == family) & (series["reference"] == reference)]
        axes.axhline(50, **HALF)
        for name in names:
            line = own[own["line"] == name].sort_values(GAMMA)
            best = line[line["method"] == "exact"]
            line = line[line["method"] == method]
            draw(axes, line[GAMMA], 100 * line["saving"], entries[name], ends(line, "saving", 100))
            if method != "exact":
                axes.plot(best[GAMMA], finite(best["saving"], 100), markersize=6, zorder=4, **exact)
    if method != "exact" and "exact" in set(series["method"]):
        entries = entries | {"exact": exact}
    few_ticks(places[0], series[GAMMA])
    name_axes(figure, _IMPORTANCE, f"energy saved by {method} (%)")
    legend(figure, entries)
    return Picture(
        figure,
        f"Energy that {method} saves over all layers, against each reference, over the importance "
        f"of layers. {counted(series['draws'], 'draws')} a mark. {OF_RATIO}; dotted: one half.",
    )


def methods(table: pd.DataFrame) -> Picture | None:
    """Draw every method's energy over a reference's, over the importance of layers."""
    series = _over_importance(table)
    if series.empty:
        return None
    reference, among = in_order(series["reference"])[0], ""
    series = series[series["reference"] == reference]
    if "z" in series and series["z"].notna().any():
        wanted = 1.0 if (series["z"] == 1.0).any() else series["z"].dropna().iloc[0]
        chosen = series["z"].isna() | (series["z"] == wanted)
        among = (
            "" if chosen.all() else f" Of thresholds, {parameter_text('z', float(wanted))} alone."
        )
        series = series[chosen]
    series = series.assign(place=labels(series, _but_importance(series)))
    entries, names = styles(in_order(series["method"])), in_order(series["place"])
    figure, places = panels(names, columns=3)
    for axes, name in zip(places, names, strict=True):
        axes.axhline(100, color="0.3", linewidth=0.8)
        for method, style in entries.items():
            line = series[(series["place"] == name) & (series["method"] == method)]
            line = line.sort_values(GAMMA)
            low, high = ends(line, "saving", 100)
            energy = 100 - 100 * line["saving"]
            draw(axes, line[GAMMA], energy, style, (100 - high, 100 - low))
    places[0].set_ylim(bottom=0)
    few_ticks(places[0], series[GAMMA])
    name_axes(figure, _IMPORTANCE, f"energy over that of {reference} (%)")
    legend(figure, entries)
    return Picture(
        figure,
        f"Energy of every method over all layers, in percent of that of {reference} (the line "
        f"at 100 %), over the importance of layers.{among} {counted(series['draws'], 'draws')} a "
        f"mark. {OF_RATIO}; marks upon each other are of like energies.",
    )


def snr_computation(table: pd.DataFrame) -> Picture | None:
    """Draw savings over signal and computation as a map with numbers."""
    chosen = of_main_method(table)
    chosen = chosen[_on_the_map(chosen)]
    if chosen.empty:
        return None
    names = [n for n in parameters(chosen) if n not in ("snr_db", "computation_ratio")]
    chosen = chosen.assign(place=labels(chosen, names))
    shown = list(dict.fromkeys(zip(chosen["place"], chosen["reference"], strict=True)))
    snr, ratio = sorted(set(chosen["snr_db"])), sorted(set(chosen["computation_ratio"]))
    figure, places = panels(
        [f"{place}, against {reference}" for place, reference in shown],
        columns=min(chosen["reference"].nunique(), max(1, 18 // len(ratio))),
        height=0.3 + 0.42 * max(2, len(snr)),
    )
    shades = (
        10 * math.floor(10 * chosen["saving"].min()),
        10 * math.ceil(10 * chosen["saving"].max()),
    )
    for axes, (place, reference) in zip(places, shown, strict=True):
        own = chosen[(chosen["place"] == place) & (chosen["reference"] == reference)]
        _map(axes, own, snr, ratio, shades)
    name_axes(
        figure, "mean computation energy over mean best price of a link (ratio)", "mean SNR (dB)"
    )
    return Picture(
        figure,
        f"Energy that {main_method(table)} saves over all layers (%), with half the length of its "
        "95 % interval, over the mean SNR and the energy of computation beside that of "
        "transmission. The darker, the more; framed where the whole interval is above 50 %. "
        f"{counted(chosen['draws'], 'draws')} a field.",
    )


def where(table: pd.DataFrame) -> Picture | None:
    """Draw savings by all other conditions, a row for each."""
    chosen = of_main_method(table)
    chosen = chosen[~_on_the_map(chosen)]
    chosen = chosen[chosen["cell"].isin(_nearest_importance(chosen))]
    if chosen.empty:
        return None
    rows = _condition_rows(chosen)
    names = list(rows.values())
    headings = [row for row, cell in enumerate(rows) if isinstance(cell, str)]
    references = in_order(chosen["reference"])
    used = set()
    figure, places = panels_of_rows(
        [f"against {name}" for name in references], names, headings=headings
    )
    for axes, reference in zip(places, references, strict=True):
        axes.axvline(0, color="0.3", linewidth=0.8)
        axes.axvline(50, **HALF)
        for line in chosen[chosen["reference"] == reference].to_dict("records"):
            place, kind = list(rows).index(line["cell"]), _kind(line)
            interval = [100 * line["saving_low"]], [100 * line["saving_high"]]
            bars(axes, [place], interval, _KINDS[kind]["color"], direction="x")
            axes.plot(finite([line["saving"]], 100), [place], markersize=4.5, **_KINDS[kind])
            used.add(kind)
    name_axes(figure, f"energy saved by {main_method(table)} (%)")
    legend(figure, {kind: style for kind, style in _KINDS.items() if kind in used})
    return Picture(
        figure,
        f"Energy that {main_method(table)} saves over all layers, by condition: where more than "
        "half is saved (dotted), and where nothing. Of cells that differ in importance only, the "
        f"one nearest to the default, {DEFAULT_GAMMA0}. {counted(chosen['draws'], 'draws')} a row. "
        f"{OF_RATIO}.",
    )


# --------------------------------------------------------------------------------------- helpers

_KINDS: dict[str, Style] = {
    kind: {"marker": marker, "color": shade, "markerfacecolor": face, "linestyle": "none"}
    for kind, marker, shade, face in (
        ("interval above 50 %", "o", "0.0", "0.0"),
        ("interval above 0", "o", "0.35", "white"),
        ("interval holds 0", "x", "0.0", "none"),
        ("interval below 0", "v", "0.35", "0.6"),
        ("no interval", "d", "0.6", "white"),
    )
}


def _kind(line: dict[Any, Any]) -> str:
    low, high = line["saving_low"], line["saving_high"]
    if math.isnan(low) or math.isnan(high):
        return "no interval"
    if low <= 0:
        return "interval holds 0" if high >= 0 else "interval below 0"
    return "interval above 50 %" if low > 0.5 else "interval above 0"


def _condition_rows(table: pd.DataFrame) -> dict[Any, str]:
    """Return what tells each cell apart, under headings: what whole families have in common.

    Keys are cells, and of headings their own text.
    """
    cells = table.drop_duplicates("cell")
    differing = varying(cells, [name for name in parameters(cells) if name != "family"])
    families = [own for _, own in cells.groupby("family", sort=False)]
    within = [name for name in differing if any(varying(own, [name]) for own in families)]
    between = [name for name in differing if name not in within]
    rows: dict[Any, str] = {}
    heading = ""
    for line in cells.to_dict("records"):
        if between and line_text(line, between) != heading:
            heading = line_text(line, between)
            rows[f"{heading} {len(rows)}"] = heading or "by default"
        rows[line["cell"]] = line_text(line, ["family", *within])
    return rows


def _but_importance(table: pd.DataFrame) -> list[str]:
    return [name for name in parameters(table) if name != GAMMA]


def _over_importance(table: pd.DataFrame) -> pd.DataFrame:
    """Return the cells of series over importance; `line`: what tells a series from its family's."""
    if GAMMA not in table:
        return table.iloc[:0]
    names = _but_importance(table)
    several = table.groupby(names, dropna=False)[GAMMA].transform("nunique") > 1
    series = table[several]
    line: dict[Any, str] = {}
    for family, own in series.groupby("family", sort=False):
        chosen = varying(own, names)
        for place, values in zip(own.index, own[names].to_dict("records"), strict=True):
            line[place] = line_text(values, chosen) or str(family)
    return series.assign(line=[line[place] for place in series.index])


def _nearest_importance(table: pd.DataFrame) -> set[Any]:
    """Return the cells that are nearest to the default among those that differ in importance."""
    if GAMMA not in table or table.empty:
        return set(table["cell"])
    default = float(DEFAULTS[GAMMA])
    far = (table[GAMMA].fillna(default) - default).abs()
    least = far.groupby([table[name] for name in _but_importance(table)], dropna=False).idxmin()
    return set(table.loc[least, "cell"])


def _on_the_map(table: pd.DataFrame) -> pd.Series:
    """Return which lines have both a signal and a ratio of computation, and a saving."""
    found = table["saving"].notna()
    for name in ("snr_db", "computation_ratio"):
        found &= table[name].notna() if name in table else False
    return found


def _map(
    axes: Any,
    own: pd.DataFrame,
    snr: list[float],
    ratio: list[float],
    shades: tuple[float, float],
) -> None:
    from matplotlib.patches import Rectangle

    low, high = shades
    values = own.pivot_table(index="snr_db", columns="computation_ratio", values="saving")
    values = 100 * values.reindex(index=snr, columns=ratio)
    span = max(10.0, high - low)  # to the middle of the greys: numbers stay readable
    axes.imshow(
        values, cmap="Greys", vmin=low, vmax=low + 2.2 * span, aspect="auto", origin="lower"
    )
    axes.grid(visible=False)
    for line in own.to_dict("records"):
        x, y = ratio.index(line["computation_ratio"]), snr.index(line["snr_db"])
        half = 50 * (line["saving_high"] - line["saving_low"])
        text = f"{100 * line['saving']:.1f}" + ("" if math.isnan(half) else f"\n±{half:.1f}")
        axes.text(x, y, text, ha="center", va="center", fontsize=SMALL)
        if line["saving_low"] > 0.5:
            corner = (x - 0.44, y - 0.44)
            axes.add_patch(Rectangle(corner, 0.88, 0.88, fill=False, color="0.0", linewidth=1.2))
    axes.set_xticks(range(len(ratio)), [f"{value:g}" for value in ratio])
    axes.set_yticks(range(len(snr)), [f"{value:g}" for value in snr])


FIGURES = {
    "importance": StudyFigure("Saving over the importance of layers", ("savings",), importance),
    "methods": StudyFigure(
        "Energy of all methods over the importance of layers", ("savings",), methods
    ),
    "snr_computation": StudyFigure(
        "Saving over signal and computation", ("savings",), snr_computation
    ),
    "where": StudyFigure("Saving by condition", ("savings",), where),
    "layers": StudyFigure(
        "Energy and saving, layer by layer",
        ("energy_parts", "savings_by_layer"),
        layer_figures.layers,
    ),
    "patterns": StudyFigure(
        "Experts per token, layer by layer", ("energy_parts",), layer_figures.patterns
    ),
}
"""The figures by name; a page shows them in this order."""
