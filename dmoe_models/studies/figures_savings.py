"""Figures of the study "savings": what selection saves of the baselines' energy, and where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from dmoe_models.plot_style import (
    SMALL,
    Picture,
    bars,
    draw,
    finite,
    legend,
    name_axes,
    panels,
    rows_axis,
    styles,
)
from dmoe_models.studies.figure_tables import (
    counted,
    ends,
    in_order,
    labels,
    main_method,
    parameters,
    told,
    varying,
)

GAMMA = "gamma0"
DEFAULTS: dict[str, float | str] = {
    "z": 1.0,
    GAMMA: 0.7,
    "D": 2.0,
    "K": 4.0,
    "snr_db": 10.0,
    "channel": "redrawn",
}
"""What cells are near to that are shown for all (MODEL.md, section 8)."""

_RATIO = "Bars are 95 % intervals of the ratio of sums"
_HALF = {"color": "0.3", "linewidth": 0.8, "linestyle": ":"}
_IMPORTANCE = "importance $\\gamma_0$ (layer l: $\\gamma_0^l$)"
_MOST = 6  # lines in a panel


def importance(table: pd.DataFrame) -> Picture | None:
    """Draw savings over the importance of layers, a line for every relevance or domain."""
    series = _over_importance(table)
    if series.empty:
        return None
    method, references = main_method(series), in_order(series["reference"])
    shown = [(f, r, lines) for f, lines in _families(series) for r in references]
    lines_of = [name for _, lines in _families(series) for name in lines]
    entries = styles(lines_of)
    figure, places = panels(
        [f"{family}, against {reference}" for family, reference, _ in shown],
        columns=min(3, max(2, len(references))),
    )
    exact = {"linestyle": "none", "marker": "+", "color": "0.0"}
    for axes, (family, reference, names) in zip(places, shown, strict=True):
        own = series[(series["family"] == family) & (series["reference"] == reference)]
        axes.axhline(50, **_HALF)
        for name in names:
            line = own[own["line"] == name].sort_values(GAMMA)
            best = line[line["method"] == "exact"]
            line = line[line["method"] == method]
            draw(axes, line[GAMMA], 100 * line["saving"], entries[name], ends(line, "saving", 100))
            if method != "exact":
                axes.plot(best[GAMMA], finite(best["saving"], 100), markersize=6, zorder=4, **exact)
    if method != "exact" and "exact" in set(series["method"]):
        entries = entries | {"exact": exact}
    name_axes(figure, _IMPORTANCE, f"energy saved by {method} (%)")
    legend(figure, entries)
    return Picture(
        figure,
        f"Energy that {method} saves over all layers, against each reference, over the importance "
        f"of layers. {counted(series['draws'], 'draws')} a mark. {_RATIO}; the dotted line is a "
        "saving of one half.",
    )


def methods(table: pd.DataFrame) -> Picture | None:
    """Draw every method's energy over a reference's, over the importance of layers."""
    series = _over_importance(table)
    if series.empty:
        return None
    reference = in_order(series["reference"])[0]
    series = series[series["reference"] == reference]
    if "z" in series:
        wanted = 1.0 if (series["z"] == 1.0).any() else series["z"].dropna().min()
        series = series[series["z"].isna() | (series["z"] == wanted)]
    entries = styles(in_order(series["method"]))
    names = in_order(series["line"])
    figure, places = panels(names, columns=3)
    for axes, name in zip(places, names, strict=True):
        axes.axhline(100, color="0.3", linewidth=0.8)
        for method, style in entries.items():
            line = series[(series["line"] == name) & (series["method"] == method)]
            line = line.sort_values(GAMMA)
            low, high = ends(line, "saving", 100)
            draw(axes, line[GAMMA], 100 - 100 * line["saving"], style, (100 - high, 100 - low))
    places[0].set_ylim(bottom=0)
    name_axes(figure, _IMPORTANCE, f"energy over that of {reference} (%)")
    legend(figure, entries)
    return Picture(
        figure,
        f"Energy of every method over all layers, in percent of that of {reference} (line at "
        f"100 %), over the importance of layers. {counted(series['draws'], 'draws')} a mark. "
        f"{_RATIO}.",
    )


def snr_computation(table: pd.DataFrame) -> Picture | None:
    """Draw savings over signal and computation as a map with numbers."""
    chosen = _on_the_map(table)
    if chosen.empty:
        return None
    method = main_method(chosen)
    chosen = chosen[chosen["method"] == method]
    names = [n for n in parameters(chosen) if n not in ("snr_db", "computation_ratio")]
    chosen = chosen.assign(place=labels(chosen, names))
    shown = list(dict.fromkeys(zip(chosen["place"], chosen["reference"], strict=True)))
    snr = sorted(set(chosen["snr_db"]))
    ratio = sorted(set(chosen["computation_ratio"]))
    figure, places = panels(
        [f"{place}, against {reference}" for place, reference in shown],
        columns=2 if len(ratio) <= 6 else 1,
        height=0.5 + 0.42 * len(snr),
    )
    for axes, (place, reference) in zip(places, shown, strict=True):
        own = chosen[(chosen["place"] == place) & (chosen["reference"] == reference)]
        _map(axes, own, snr, ratio)
    name_axes(
        figure, "mean computation energy over mean best price of a link (ratio)", "mean SNR (dB)"
    )
    return Picture(
        figure,
        f"Energy that {method} saves over all layers (%), with half the width of its 95 % "
        "interval, over the mean SNR and the energy of computation beside that of transmission. "
        f"The darker, the more; framed where the whole interval is above 50 %. "
        f"{counted(chosen['draws'], 'draws')} a field.",
    )


def where(table: pd.DataFrame) -> Picture | None:
    """Draw savings by all other conditions, a row for each."""
    chosen = table[
        (table["method"] == main_method(table)) & ~table["cell"].isin(_on_the_map(table)["cell"])
    ]
    chosen = chosen[chosen["cell"].isin(_nearest_importance(chosen))]
    if chosen.empty:
        return None
    rows = _condition_rows(chosen)
    references = in_order(chosen["reference"])
    kinds = {
        "whole interval above 50 %": {"marker": "o", "color": "0.0", "markerfacecolor": "0.0"},
        "saves": {"marker": "o", "color": "0.35", "markerfacecolor": "white"},
        "costs": {"marker": "v", "color": "0.35", "markerfacecolor": "0.6"},
        "interval holds 0": {"marker": "x", "color": "0.0", "markerfacecolor": "none"},
    }
    kinds = {name: style | {"linestyle": "none"} for name, style in kinds.items()}
    figure, places = panels(
        [f"against {name}" for name in references], columns=2, height=0.5 + 0.2 * len(rows)
    )
    used: dict[str, Any] = {}
    for axes, reference in zip(places, references, strict=True):
        own = chosen[chosen["reference"] == reference]
        axes.axvline(0, color="0.3", linewidth=0.8)
        axes.axvline(50, **_HALF)
        for line in own.to_dict("records"):
            place = list(rows).index(line["cell"])
            kind = _kind(line)
            used[kind] = kinds[kind]
            ends_of = [100 * line["saving_low"]], [100 * line["saving_high"]]
            bars(axes, [place], ends_of, kinds[kind]["color"], along="x")
            axes.plot(finite([line["saving"]], 100), [place], markersize=4.5, **kinds[kind])
        rows_axis(axes, list(rows.values()))
    name_axes(figure, f"energy saved by {main_method(table)} (%)")
    legend(figure, {name: kinds[name] for name in kinds if name in used})
    return Picture(
        figure,
        f"Energy that {main_method(table)} saves over all layers, by condition. Of cells that "
        "differ in importance only, the one nearest to 0.7. "
        f"{counted(chosen['draws'], 'draws')} a row. {_RATIO}; dotted: one half.",
    )


def layers(parts: pd.DataFrame, saved: pd.DataFrame) -> Picture:
    """Draw energy and savings layer by layer, at the defaults or as near to them as there is."""
    cell = _nearest(parts)
    own = parts[parts["cell"] == cell]
    entries = styles(in_order(own["method"]))
    titles = {
        "energy_j": "energy (J)",
        "transmission_j": "transmission (J)",
        "computation_j": "computation (J)",
    }
    saved = saved[saved["cell"] == cell] if len(saved) else saved
    references = in_order(saved["reference"]) if len(saved) else []
    figure, places = panels(
        [*titles.values(), *(f"saved of {name} (%)" for name in references[:1])],
        columns=2, share_y=False,
    )  # fmt: skip
    for axes, column in zip(places, titles, strict=False):
        for method, style in entries.items():
            line = own[own["method"] == method].sort_values("layer")
            around = ends(line, column) if column == "energy_j" else None
            draw(axes, line["layer"], line[column], style, around)
        axes.set_ylim(bottom=0)
        axes.ticklabel_format(axis="y", style="sci", scilimits=(-2, 3), useMathText=True)
        axes.yaxis.get_offset_text().set_fontsize(SMALL)
    for axes, reference in zip(places[len(titles) :], references, strict=False):
        axes.axhline(50, **_HALF)
        for method, style in entries.items():
            line = saved[(saved["method"] == method) & (saved["reference"] == reference)]
            line = line.sort_values("layer")
            draw(axes, line["layer"], 100 * line["saving"], style, ends(line, "saving", 100))
    name_axes(figure, "layer")
    legend(figure, entries)
    return Picture(
        figure,
        f"Layer by layer, {_cell_name(parts, cell)}: mean energy of a layer, its two parts (a "
        "bound has none), and what is saved of the reference. "
        f"{counted(own['draws'], 'draws')}. Bars are 95 % intervals (Student's of the mean; of "
        "the ratio of sums for savings).",
    )


def patterns(parts: pd.DataFrame) -> Picture | None:
    """Draw how many experts serve a token, and how many tokens cannot have their threshold."""
    parts = parts[parts["experts_per_token"].notna()]
    if parts.empty:
        return None
    families = in_order(parts["family"])
    cells = {family: _nearest(parts[parts["family"] == family]) for family in families}
    entries = styles(in_order(parts["method"]))
    capped = {"linestyle": "none", "marker": "s", "color": "0.7", "markerfacecolor": "0.85"}
    figure, places = panels(families)
    for axes, family in zip(places, families, strict=True):
        own = parts[parts["cell"] == cells[family]]
        share = own.drop_duplicates("layer").sort_values("layer")
        axes.bar(share["layer"], share["capped"], width=0.8, color="0.85", zorder=1)
        for method, style in entries.items():
            line = own[own["method"] == method].sort_values("layer")
            draw(axes, line["layer"], line["experts_per_token"], style)
    places[0].set_ylim(bottom=0)
    name_axes(figure, "layer", "experts per token; share of tokens")
    legend(figure, entries | {"share of tokens capped": capped})
    return Picture(
        figure,
        "Mean number of experts per token by layer and method, in the cell of each family that is "
        "nearest to the defaults; bars on the ground: share of tokens that cannot reach their "
        f"threshold with D experts and have it lowered. {counted(parts['draws'], 'draws')} a mark.",
    )


# --------------------------------------------------------------------------------------- helpers


def _over_importance(table: pd.DataFrame) -> pd.DataFrame:
    """Return the cells of series over importance, with the name of their `line`."""
    if GAMMA not in table:
        return table.iloc[:0]
    names = [name for name in parameters(table) if name != GAMMA]
    found = []
    for _, group in table.groupby(names, dropna=False, sort=False):
        if group[GAMMA].nunique() > 1:
            found.append(group)
    if not found:
        return table.iloc[:0]
    series = pd.concat(found).sort_index()
    named = pd.Series("", index=series.index, dtype=object)
    for _, own in series.groupby("family", sort=False):
        named[own.index] = labels(own, names)
    return series.assign(line=named)


def _families(series: pd.DataFrame) -> list[tuple[str, list[str]]]:
    """Return families with the names of their lines, at most `_MOST` at a time."""
    found = []
    for family in in_order(series["family"]):
        names = in_order(series.loc[series["family"] == family, "line"])
        found += [(family, names[k : k + _MOST]) for k in range(0, len(names), _MOST)]
    return found


def _on_the_map(table: pd.DataFrame) -> pd.DataFrame:
    """Return the cells that have both a signal and a ratio of computation."""
    if not {"snr_db", "computation_ratio"} <= set(table):
        return table.iloc[:0]
    return table[table["snr_db"].notna() & table["computation_ratio"].notna()]


def _map(axes: Any, own: pd.DataFrame, snr: list[float], ratio: list[float]) -> None:
    from matplotlib.patches import Rectangle

    values = own.pivot_table(index="snr_db", columns="computation_ratio", values="saving")
    values = 100 * values.reindex(index=snr, columns=ratio)
    axes.imshow(values, cmap="Greys", vmin=-20, vmax=120, aspect="auto", origin="lower")
    axes.grid(visible=False)
    for line in own.to_dict("records"):
        x, y = ratio.index(line["computation_ratio"]), snr.index(line["snr_db"])
        half = 50 * (line["saving_high"] - line["saving_low"])
        value = 100 * line["saving"]
        axes.text(
            x, y, f"{value:.1f}\n\u00b1{half:.1f}", ha="center", va="center", fontsize=SMALL,
            color="1.0" if value > 55 else "0.0",
        )  # fmt: skip
        if line["saving_low"] > 0.5:
            frame = (x - 0.44, y - 0.44)
            axes.add_patch(Rectangle(frame, 0.88, 0.88, fill=False, color="0.0", linewidth=1.2))
    axes.set_xticks(range(len(ratio)), [f"{value:g}" for value in ratio])
    axes.set_yticks(range(len(snr)), [f"{value:g}" for value in snr])


def _kind(line: dict[Any, Any]) -> str:
    if line["saving_low"] > 0.5:
        return "whole interval above 50 %"
    if line["saving_low"] <= 0 <= line["saving_high"]:
        return "interval holds 0"
    return "saves" if line["saving"] > 0 else "costs"


def _nearest_importance(table: pd.DataFrame) -> set[int]:
    """Return the cells that are nearest to the default among those that differ in importance."""
    if GAMMA not in table:
        return set(table["cell"])
    default = float(DEFAULTS[GAMMA])
    far = (table[GAMMA].fillna(default) - default).abs()
    names = [name for name in parameters(table) if name != GAMMA]
    nearest = far.groupby([table[name] for name in names], dropna=False).idxmin()
    return set(table.loc[nearest, "cell"])


def _condition_rows(table: pd.DataFrame) -> dict[int, str]:
    """Return every cell with what tells it apart."""
    cells = table.drop_duplicates("cell")
    return dict(zip(cells["cell"], labels(cells, parameters(cells)), strict=True))


def _nearest(table: pd.DataFrame) -> int:
    """Return the cell that differs in least from the defaults, on Rayleigh fading if there is."""
    cells = table.drop_duplicates("cell")
    far = (cells["family"] != "rayleigh").astype(float)
    for name, value in DEFAULTS.items():
        if name in cells:
            far = far + (cells[name].notna() & (cells[name] != value)).astype(float)
    for name in ("computation_ratio", "strict_relevance"):
        if name in cells:
            far = far + cells[name].notna().astype(float)
    return int(cells["cell"].to_numpy()[far.to_numpy().argmin()])


def _cell_name(table: pd.DataFrame, cell: int) -> str:
    cells = table.drop_duplicates("cell")
    names = varying(cells, parameters(cells))
    (line,) = cells[cells["cell"] == cell].to_dict("records")
    return told(line, ["family", *(name for name in names if name != "family")])


MAKERS: dict[str, tuple[tuple[str, ...], Callable[..., Picture | None]]] = {
    "importance": (("savings",), importance),
    "methods": (("savings",), methods),
    "snr_computation": (("savings",), snr_computation),
    "where": (("savings",), where),
    "layers": (("energy_parts", "savings_by_layer"), layers),
    "patterns": (("energy_parts",), patterns),
}
"""The figures by name: the tables that each needs, and what draws it."""
