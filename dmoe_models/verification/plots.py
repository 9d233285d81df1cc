"""Pictures of a report (gap and time, one mark per instance) and of a comparison (profiles)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dmoe_models.model.gap import OPTIMALITY_GAP
from dmoe_models.presentation.plot_style import FLOOR, GRID, literal, styles
from dmoe_models.solving.method import PLUG_IN
from dmoe_models.text import share
from dmoe_models.verification.row import Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MARKS = {"exact": ("o", "0.35"), "heuristic": ("s", "0.55"), "bound": ("^", "0.0")}
_PLUG_IN = ("*", "0.0")


def gap_figure(rows: Sequence[Row]) -> Figure:
    """Draw every gap to the best proved bound, in percent, and each method's median."""
    points = {
        name: [0.0 if row.gap <= OPTIMALITY_GAP else 100 * row.gap for row in own]
        for name, own in _by_method(rows, "gap").items()
    }
    figure, axes = _canvas(len(points))
    axes.set_xscale("symlog", linthresh=FLOOR, linscale=0.5)
    largest = max((value for values in points.values() for value in values), default=1.0)
    axes.set_xlim(-0.4 * FLOOR, max(100.0, 2 * largest))
    ticks = [0.0, 1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_xlabel("gap to the best proved bound (%); 0: optimal, gap of at most 0.0001 %")
    _draw(axes, points, rows)
    return figure


def time_figure(rows: Sequence[Row]) -> Figure:
    """Draw every runtime in seconds, and each method's median."""
    points = {
        name: [max(row.runtime_s, 1e-6) for row in own]
        for name, own in _by_method(rows, "runtime_s").items()
    }
    figure, axes = _canvas(len(points))
    axes.set_xscale("log")
    axes.set_xlabel("runtime (s), logarithmic")
    known = [value for values in points.values() for value in values]
    limits = {row.time_limit_s for row in rows}
    axes.set_xlim(min(known, default=1e-3) / 2, 2 * max([*known, *limits]))
    if len(limits) == 1:
        (limit,) = limits
        axes.axvline(limit, color="0.2", linestyle=":", linewidth=1)
        axes.annotate(
            f"limit {limit:g} s",
            (limit, 1.0),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            xytext=(0, 3),
            ha="center",
            fontsize=8,
        )
    _draw(axes, points, rows)
    return figure


def profile_figure(profile: pd.DataFrame, quantity: str) -> Figure:
    """Draw performance profiles: high at the left is fast or good, high at the right is reliable.

    Parameters
    ----------
    profile : DataFrame
        From `measures.performance_profile`.
    quantity : str
        "time", over the ratio to the fastest; "energy", over the excess to the best known.
    """
    figure, axes = _canvas(9)
    ratios = profile.index.to_numpy(dtype=float)
    if quantity == "time":
        places, start = ratios, 1.0
        axes.set_xscale("log")
        axes.set_xlabel("time to solve over that of the fastest method (ratio, logarithmic)")
    else:
        places, start = 100 * (ratios - 1), 0.0
        axes.set_xscale("symlog", linthresh=0.1, linscale=0.5)
        axes.set_xlabel("energy above the best known (%), without static energy")
    end = max(1.5 * float(places.max(initial=start)), 2.0)
    looks = styles(str(name) for name in profile.columns)
    lines, names = [], []
    for number, name in enumerate(profile.columns):
        shares = 100 * profile[name].to_numpy(dtype=float)
        last = float(shares[-1]) if len(shares) else 0.0
        lines += axes.step(
            [*places, end],
            [*shares, last],
            where="post",
            markersize=4,
            linewidth=1.4,
            markevery=(number % 5 * 0.02, 0.12),
            clip_on=False,
            **looks[str(name)],
        )
        names.append(literal(f"{name} ({share(last / 100)})"))
    axes.set_xlim(start, end)
    axes.set_ylim(0.0, 100.0)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_ylabel("share of instances (%)")
    figure.legend(  # both are given: a name may begin with what hides a label
        lines,
        names,
        loc="outside right upper",
        frameon=False,
        fontsize=8,
        title="method (in the end)",
    )
    return figure


def _by_method(rows: Sequence[Row], value: str) -> dict[str, list[Row]]:
    """Group the rows that have a finite value; every method keeps its line."""
    groups: dict[str, list[Row]] = {row.method: [] for row in rows}
    for row in rows:
        if math.isfinite(getattr(row, value)):
            groups[row.method].append(row)
    return groups


def _canvas(methods: int) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 1.3 + 0.33 * methods), layout="constrained")
    axes = figure.add_subplot()
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _draw(axes: Any, points: dict[str, list[float]], rows: Sequence[Row]) -> None:
    kinds = {row.method: row.kind for row in rows}
    for line, (name, values) in enumerate(points.items()):
        mark, shade = _MARKS.get(kinds[name], _PLUG_IN)
        # Spread over the height of the line by rank, so that equal values remain countable.
        order = np.argsort(np.argsort(values, kind="stable"), kind="stable")
        offset = 0.5 * ((order * 7 % 11) / 10 - 0.5) if len(values) > 1 else np.zeros(len(values))
        axes.scatter(
            values,
            line + offset,
            marker=mark,
            s=22,
            color=shade,
            alpha=0.75,
            linewidths=0,
            clip_on=False,
        )
        if values:
            axes.plot([np.median(values)] * 2, [line - 0.36, line + 0.36], color="0", linewidth=2)
    axes.set_yticks(range(len(points)), [literal(name) for name in points])
    axes.set_ylim(len(points) - 0.4, -0.6)
    axes.set_ylabel("method")
    for kind, (mark, shade) in {**_MARKS, PLUG_IN: _PLUG_IN}.items():
        if kind in kinds.values():
            axes.scatter([], [], marker=mark, s=22, color=shade, label=kind)
    axes.plot([], [], color="0", linewidth=2, label="median")
    axes.figure.legend(loc="outside upper right", ncols=5, frameon=False, fontsize=8)
