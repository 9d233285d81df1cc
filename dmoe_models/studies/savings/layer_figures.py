"""Figures of the study "savings" that go layer by layer, in cells near to the defaults."""

from __future__ import annotations

from typing import Any

import pandas as pd

from dmoe_models.model.importance import DEFAULT_GAMMA0
from dmoe_models.presentation.plot_axes import few_ticks
from dmoe_models.presentation.plot_style import (
    Picture,
    Style,
    draw,
    legend,
    name_axes,
    panels,
    styles,
)
from dmoe_models.studies.analysis.figure_tools import (
    counted,
    ends,
    in_order,
    labels,
    line_text,
    parameters,
    varying,
)
from dmoe_models.text import prefixed

GAMMA = "gamma0"
DEFAULTS: dict[str, Any] = {
    "family": "rayleigh",
    "K": 4,
    "D": 2,
    "z": 1.0,
    GAMMA: DEFAULT_GAMMA0,
    "snr_db": 10.0,
    "channel": "redrawn",
    "computation_ratio": None,
}
"""Conditions that figures of one cell are near to (docs/model.md, section 8)."""

HALF: Style = {"color": "0.3", "linewidth": 0.8, "linestyle": ":"}
OF_RATIO = "Bars are 95 % intervals of the ratio of sums"


def layers(parts: pd.DataFrame, saved: pd.DataFrame) -> Picture:
    """Draw energy and savings layer by layer, at the defaults or as near to them as there is.

    Parameters
    ----------
    parts : DataFrame
        "energy_parts".
    saved : DataFrame
        "savings_by_layer".
    """
    cell = _nearest(parts)
    own = parts[parts["cell"] == cell]
    saved = saved[saved["cell"] == cell] if len(saved) else saved
    references = in_order(saved["reference"])[:1] if len(saved) else []
    entries = styles(in_order(own["method"]))
    unit, factor = prefixed(own["energy_j"], "J")
    titles = {
        "energy_j": f"energy of the layer ({unit})",
        "transmission_j": f"of it transmission ({unit})",
        "computation_j": f"of it computation ({unit})",
    }
    figure, places = panels(
        [*titles.values(), *(f"saved of the energy of {name} (%)" for name in references)],
        columns=2,
        share_y=False,
    )
    for axes, column in zip(places, titles, strict=False):
        for line, style in _lines(own, entries):
            around = ends(line, column, factor) if column == "energy_j" else None
            draw(axes, line["layer"], factor * line[column], style, around)
        axes.set_ylim(bottom=0)
    for axes, reference in zip(places[len(titles) :], references, strict=True):
        axes.axhline(50, **HALF)
        for line, style in _lines(saved[saved["reference"] == reference], entries):
            draw(axes, line["layer"], 100 * line["saving"], style, ends(line, "saving", 100))
    _layers_axis(places[0], own["layer"])
    name_axes(figure, "layer")
    legend(figure, entries)
    cells = parts.drop_duplicates("cell")
    (chosen,) = cells[cells["cell"] == cell].to_dict("records")
    name = line_text(chosen, ["family", *varying(cells, parameters(cells))])
    return Picture(
        figure,
        f"Layer by layer, in the cell nearest to the defaults ({name}): mean energy of a layer, "
        "its two parts, which a bound does not have, and what is saved. "
        f"{counted(own['draws'], 'draws')}. Bars are 95 % intervals: Student's of the mean, and of "
        "the ratio of sums.",
    )


def patterns(parts: pd.DataFrame) -> Picture | None:
    """Draw how many experts serve a token, and how many tokens cannot have their threshold."""
    parts = parts[parts["experts_per_token"].notna()]
    if parts.empty:
        return None
    cells = [_nearest(own) for _, own in parts.groupby("family", sort=False)]
    parts = parts[parts["cell"].isin(cells)]
    names = [name for name in parameters(parts) if name in ("family", "z", "D", GAMMA, "domain")]
    titles = labels(parts, names)
    entries = styles(in_order(parts["method"]))
    capped: Style = {"linestyle": "none", "marker": "s", "color": "0.82"}
    figure, places = panels(
        [titles[parts["cell"] == cell].iloc[0] for cell in cells], share_x=False
    )
    for axes, cell in zip(places, cells, strict=True):
        own = parts[parts["cell"] == cell]
        share = own.drop_duplicates("layer")
        axes.bar(share["layer"], share["capped"], width=0.9, color="0.82", zorder=1)
        for line, style in _lines(own, entries):
            draw(axes, line["layer"], line["experts_per_token"], style)
        _layers_axis(axes, own["layer"])
    places[0].set_ylim(bottom=0)
    name_axes(figure, "layer", "experts per token; share of tokens")
    legend(figure, entries | {"share of tokens capped": capped})
    return Picture(
        figure,
        "Mean number of experts per token by layer and method, in the cell of each family that is "
        "nearest to the defaults; from the ground: share of tokens that cannot reach their "
        f"threshold with D experts and have it lowered. {counted(parts['draws'], 'draws')} a mark.",
    )


# --------------------------------------------------------------------------------------- helpers


def _nearest(table: pd.DataFrame) -> Any:
    """Return the cell with the fewest conditions that are not the defaults, the first of equals."""
    cells = table.drop_duplicates("cell")
    far = pd.Series(0, index=cells.index)
    for name, value in DEFAULTS.items():
        if name in cells:
            far += (cells[name].notna() & (cells[name] != value)).astype(int)
    return cells["cell"].to_numpy()[far.to_numpy().argmin()]


def _lines(table: pd.DataFrame, entries: dict[str, Style]) -> list[tuple[pd.DataFrame, Style]]:
    """Return every method's line over layers, and its style."""
    ordered = table.sort_values("layer")
    return [(ordered[ordered["method"] == method], style) for method, style in entries.items()]


def _layers_axis(axes: Any, layers: pd.Series) -> None:
    few_ticks(axes, layers)
    axes.set_xlim(layers.min() - 0.7, layers.max() + 0.7)
