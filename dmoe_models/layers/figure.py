"""The picture of rounds: where the energy goes and which experts are chosen, layer by layer.

One row of panels per method that has solutions, all on the same scales, all in shades of grey.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dmoe_models.layers.rounds import Rounds
from dmoe_models.presentation.plot_style import GRID, LARGE, literal
from dmoe_models.text import prefixed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PARTS = {
    "computation_j": ("computation", "0.75", ""),
    "transmission_j": ("transmission", "0.3", ""),
    "static_j": ("static", "1.0", "////"),
}


def rounds_figure(rounds: Rounds, reference: str | None) -> Figure:
    """Draw energy, experts per token and the selection pattern of every method.

    Left: a layer's energy, split. Middle: the mean number of experts that serve a token. Right: of
    all that a layer's experts serve, the share of each expert.

    Parameters
    ----------
    rounds : Rounds
    reference : str or None
        Label of the method whose energy is drawn as a line in the others' panels.

    Returns
    -------
    Figure
    """
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    solved = rounds.layers[rounds.layers["energy_j"].notna()]
    methods = list(dict.fromkeys((rounds.layers if solved.empty else solved)["method"]))
    last = int(rounds.layers["layer"].max())
    room = ConstrainedLayoutEngine(wspace=0.03, hspace=0.03)
    figure = Figure(figsize=(11.0, 1.3 + 1.85 * len(methods)), layout=room)
    grid = figure.subplots(
        len(methods), 3, squeeze=False, sharex=True, width_ratios=(1.25, 1.0, 1.25)
    )
    unit, scale = prefixed(rounds.layers["energy_j"], "J")
    compared = rounds.layers[rounds.layers["method"] == reference] if reference else None
    for method, (energy, number, pattern) in zip(methods, grid, strict=True):
        own = rounds.layers[rounds.layers["method"] == method]
        _draw_energy(energy, own, None if method == reference else compared, scale)
        energy.set_title(literal(method), loc="left", fontsize=10, fontweight="bold")
        energy.set_ylabel(f"energy ({unit})")
        number.plot(
            own["layer"], own["experts_per_token"], "-o", color="0.2", markersize=3.5, linewidth=1
        )
        number.set_ylabel("experts per token")
        shares = _shares(rounds.loads, method, last)
        image = pattern.imshow(
            shares,
            cmap="Greys",
            vmin=0.0,
            aspect="auto",
            interpolation="nearest",
            vmax=100 * max(rounds.loads["share"].max(), 0.01) if len(rounds.loads) else 1.0,
            extent=(0.5, last + 0.5, len(shares) - 0.5, -0.5),
        )
        pattern.set_ylabel("expert")
    _scale_alike(grid, last)
    figure.colorbar(
        image, ax=grid[:, 2].tolist(), label="share of the tokens served (%)", aspect=30
    )
    figure.legend(
        *_legend(grid[:, 0], reference),
        loc="outside upper left",
        ncols=6,
        frameon=False,
        fontsize=LARGE,
    )
    return figure


def _draw_energy(
    axes: Any, own: pd.DataFrame, reference: pd.DataFrame | None, scale: float
) -> None:
    from matplotlib.transforms import offset_copy

    layers = own["layer"].to_numpy()
    top = np.zeros(len(own))
    for column, (label, shade, hatch) in _PARTS.items():
        height = np.nan_to_num(own[column].to_numpy(dtype=float)) * scale
        if column != "static_j" or height.any():
            axes.bar(
                layers,
                height,
                bottom=top,
                width=0.8,
                color=shade,
                hatch=hatch,
                edgecolor="0.3",
                linewidth=0.3,
                label=label,
            )
        top = top + height
    refused = (own["energy_j"].notna() & ~own["valid"].astype(bool)).to_numpy()
    if refused.any():
        axes.plot(
            layers[refused],
            top[refused],
            "x",
            color="0",
            markersize=4,
            clip_on=False,
            label="refused by the referee",
            zorder=4,
            transform=offset_copy(axes.transData, axes.figure, y=5, units="points"),
        )
    if reference is not None:
        axes.stairs(
            reference["energy_j"] * scale,
            np.append(layers - 0.5, layers[-1] + 0.5),
            baseline=None,
            color="0",
            linestyle=":",
            linewidth=1.2,
            label="reference",
            zorder=3,
        )
    if own["energy_j"].isna().all():
        axes.annotate("no solution", (0.5, 0.5), xycoords="axes fraction", ha="center", va="center")


def _shares(loads: pd.DataFrame, method: str, last: int) -> np.ndarray:
    """Return (experts, layers) shares in percent; NaN, which is left white, without a solution."""
    experts = int(loads["expert"].max()) + 1 if len(loads) else 1
    shares = np.full((experts, last), np.nan)
    own = loads[loads["method"] == method]
    shares[own["expert"].to_numpy(dtype=int), own["layer"].to_numpy(dtype=int) - 1] = 100 * own[
        "share"
    ].to_numpy(dtype=float)
    return shares


def _scale_alike(grid: np.ndarray, last: int) -> None:
    """Give all rows of a column the same scale, and whole numbers to what is counted."""
    from matplotlib.ticker import MaxNLocator

    for column in (0, 1):
        highest = max(axes.get_ylim()[1] for axes in grid[:, column])
        for axes in grid[:, column]:
            axes.set_ylim(0.0, highest)
            axes.grid(axis="y", color=GRID, linewidth=0.8)
            axes.set_axisbelow(True)
            axes.spines[["top", "right"]].set_visible(False)
    for axes in grid.flat:
        axes.set_xlim(0.5, last + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=9, min_n_ticks=1))
    for axes in grid[:, 2]:
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=6, min_n_ticks=1))
    for axes in grid[-1]:
        axes.set_xlabel("layer")


def _legend(panels: np.ndarray, reference: str | None) -> tuple[list[Any], list[str]]:
    """Return each kind of mark once, wherever it occurs."""
    found: dict[str, Any] = {}
    for axes in panels:
        for mark, label in zip(*axes.get_legend_handles_labels(), strict=True):
            name = literal(f"energy of {reference}") if label == "reference" else label
            found.setdefault(name, mark)
    return list(found.values()), list(found)
