"""Figures of rows, one line or one mark for each method: gaps, times, profiles.

Used by reports, and by notebooks through `dmoe_models.plot`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dmoe_models.errors import DmoeError
from dmoe_models.input_checks import quote
from dmoe_models.model.gap import OPTIMALITY_GAP
from dmoe_models.presentation.plot_axes import excess_axis
from dmoe_models.presentation.plot_canvas import canvas, time_axis
from dmoe_models.presentation.plot_style import GRID, SMALL, literal, styles
from dmoe_models.solving.method import PLUG_IN
from dmoe_models.solving.result import Status
from dmoe_models.text import share

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARKS = {
    "exact": ("o", "0.35"),
    "heuristic": ("s", "0.55"),
    "bound": ("^", "0.0"),
    PLUG_IN: ("*", "0.0"),
}
_LEAST_S = 1e-6
"""Seconds; a shorter time is drawn there."""


def gaps(rows: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw every gap to the best proved bound, a line of marks for each method, and its median.

    Parameters
    ----------
    rows : DataFrame or Verification
        Rows of a verification: columns `method` and `gap`; `kind` of the method decides the mark.
    ax : Axes, optional

    Returns
    -------
    Axes
        Gap in percent, logarithmic, with a place for 0; methods from top to bottom.
    """
    rows = _rows(rows, "gap")
    own = _by_method(rows, "gap")
    percent = {name: 100 * np.where(v > OPTIMALITY_GAP, v, 0.0) for name, v in own.items()}
    ax = _axes(ax, len(own), own)
    excess_axis(ax.xaxis, np.concatenate([[0.0], *percent.values()]), room=8)
    ax.set_xlabel("gap to the best proved bound (%); 0: optimal, gap of at most 0.0001 %")
    return _draw_marks(ax, percent, rows)


def times(rows: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw every runtime, a line of marks for each method, and its median.

    Parameters
    ----------
    rows : DataFrame or Verification
        Rows of a verification: columns `method` and `runtime_s`; `kind` decides the mark, and one
        `time_limit_s` that all have is drawn.
    ax : Axes, optional

    Returns
    -------
    Axes
        Time, logarithmic; methods from top to bottom.
    """
    rows = _rows(rows, "runtime_s")
    own = {name: np.maximum(v, _LEAST_S) for name, v in _by_method(rows, "runtime_s").items()}
    ax = _axes(ax, len(own), own)
    limits = _limits(rows)
    shown = np.concatenate([*own.values(), limits])
    time_axis(ax, *((shown.min(), shown.max()) if len(shown) else (_LEAST_S, 1.0)))
    if len(limits) == 1:
        ax.axvline(limits[0], color="0.2", linestyle=":", linewidth=1, label="time limit")
    ax.set_xlabel("runtime, logarithmic")
    return _draw_marks(ax, own, rows)


def profile(rows: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the share of instances that each method solved within any gap.

    Parameters
    ----------
    rows : DataFrame or Verification
        Rows of a verification: columns `method`, `gap`, `instance`.
    ax : Axes, optional

    Returns
    -------
    Axes
        Share in percent over the gap in percent. An instance without a valid solution stays in the
        count. High at the left is optimal, high at the right is reliable.
    """
    rows = _rows(rows, "gap", "instance")
    own = _by_method(rows, "gap")
    counts = rows["method"].value_counts()
    percent = {name: 100 * np.where(v > OPTIMALITY_GAP, v, 0.0) for name, v in own.items()}
    places = np.unique(np.concatenate([[0.0], *percent.values()]))
    shares = {
        name: np.searchsorted(np.sort(values), places, side="right") / counts[name]
        for name, values in percent.items()
    }
    ax = _axes(ax, _legend_lines(shares), shares)
    excess_axis(ax.xaxis, places)
    ax.set_xlabel("gap to the best proved bound (%)")
    return _draw_profile(ax, pd.DataFrame(shares, index=places), ax.get_xlim()[1])


def proved(rows: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the share of instances on which each method's answer is proved, over its runtime.

    Proved is an answer within the optimality gap of the best bound that any method proved, or that
    there is none.

    Parameters
    ----------
    rows : DataFrame or Verification
        Rows of a verification: columns `method`, `gap`, `status`, `runtime_s`; of methods that give
        a bound only (`kind`) nothing is drawn.
    ax : Axes, optional

    Returns
    -------
    Axes
        Share in percent over time, logarithmic. High at the left is fast, high at the right is
        reliable.
    """
    rows = _rows(rows, "gap", "status", "runtime_s")
    if "kind" in rows:
        rows = rows[rows["kind"] != "bound"]
    sure = (rows["gap"] <= OPTIMALITY_GAP) | (rows["status"] == Status.INFEASIBLE)
    own = _by_method(rows.assign(runtime_s=rows["runtime_s"].where(sure)), "runtime_s")
    own = {name: np.maximum(values, _LEAST_S) for name, values in own.items()}
    counts = rows["method"].value_counts()
    places = np.unique(np.concatenate([*own.values(), []]))
    first, last = (places[0], places[-1]) if len(places) else (_LEAST_S, 1.0)
    last = max([last, *(limit for limit in _limits(rows) if math.isfinite(limit))])
    shares = {
        name: np.searchsorted(np.sort(values), places, side="right") / counts[name]
        for name, values in own.items()
    }
    ax = _axes(ax, _legend_lines(shares), shares)
    time_axis(ax, first, last)
    ax.set_xlabel("runtime, logarithmic")
    return _draw_profile(ax, pd.DataFrame(shares, index=places), ax.get_xlim()[1])


def time_profile(profile: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the performance profile of times to solve: `compare(...).time_profile`.

    Parameters
    ----------
    profile : DataFrame or Comparison
        From `verification.measures.performance_profile`.
    ax : Axes, optional

    Returns
    -------
    Axes
        Share of instances in percent over the ratio to the fastest, logarithmic. High at the left
        is fast, high at the right is reliable.
    """
    profile = _profile(profile, "time_profile")
    ax = _axes(ax, _legend_lines(profile), profile)
    end = max(1.5 * float(profile.index.max()), 2.0) if len(profile) else 2.0
    ax.set_xscale("log")
    ax.set_xlim(1.0, end)
    ax.set_xlabel("time to solve over that of the fastest method (ratio, logarithmic)")
    return _draw_profile(ax, profile, end)


def energy_profile(profile: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the performance profile of energies: `compare(...).energy_profile`.

    Parameters
    ----------
    profile : DataFrame or Comparison
        From `verification.measures.performance_profile`.
    ax : Axes, optional

    Returns
    -------
    Axes
        Share of instances in percent over the excess to the best known energy, percent. High at
        the left is good, high at the right is reliable.
    """
    profile = _profile(profile, "energy_profile")
    ax = _axes(ax, _legend_lines(profile), profile)
    percent = 100 * (profile.index.to_numpy(dtype=float) - 1)
    excess_axis(ax.xaxis, percent)
    ax.set_xlabel("energy above the best known (%), without static energy")
    return _draw_profile(ax, profile.set_axis(percent), ax.get_xlim()[1])


def figure_of(draw: Callable[[pd.DataFrame, Axes], Axes], table: pd.DataFrame) -> Figure:
    """Return a figure for a file, which pyplot does not know.

    Parameters
    ----------
    draw : callable
        One of the functions above.
    table : DataFrame
    """
    from matplotlib.figure import Figure

    names = table["method"].unique() if "method" in table else table.columns
    lines = len(names) if "method" in table else _legend_lines(names)
    figure = Figure(figsize=_size(lines, names), layout="constrained")
    draw(table, figure.add_subplot())
    return figure


def _size(lines: int, names: Iterable[Any]) -> tuple[float, float]:
    """Return a figure's size in inches: long names of methods take no room from the axes."""
    longest = max((len(str(name)) for name in names), default=0)
    return 8.0 + 0.08 * max(0, longest - 24), 1.3 + 0.33 * lines


def _legend_lines(names: Iterable[Any]) -> int:
    """Return how many lines of marks are as high as a legend of these methods; at least 9."""
    return max(9, math.ceil(0.6 * len(list(names))))


def _axes(ax: Axes | None, lines: int, names: Iterable[Any]) -> Axes:
    ax = canvas(ax, _size(lines, names))
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_axisbelow(True)
    return ax


def _rows(rows: Any, *columns: str) -> pd.DataFrame:
    """Return the rows of what was handed over, which have these columns."""
    return _table(rows, "rows", ("method", *columns), "rows of validate")


def _profile(profile: Any, name: str) -> pd.DataFrame:
    return _table(profile, name, (), f"{name} of compare")


def _table(given: Any, name: str, columns: tuple[str, ...], what: str) -> pd.DataFrame:
    """Return a table, or the one of that name that an object holds."""
    table = given if isinstance(given, pd.DataFrame) else getattr(given, name, None)
    if not isinstance(table, pd.DataFrame):
        call = what.rpartition(" ")[2]
        hint = f"; hand over what {call}(...) returned"
        raise DmoeError(f"{quote(given)} is no table, and has no {what}{hint}")
    for column in columns:
        if column not in table:
            raise DmoeError(f"rows have no column {column}")
    return table


def _limits(rows: pd.DataFrame) -> list[float]:
    return sorted(set(rows["time_limit_s"])) if "time_limit_s" in rows else []


def _by_method(rows: pd.DataFrame, value: str) -> dict[str, np.ndarray]:
    """Return the finite values of every method; a method without any keeps its line."""
    groups = rows.groupby("method", sort=False)[value]
    known = ((name, values.to_numpy(dtype=float)) for name, values in groups)
    return {str(name): values[np.isfinite(values)] for name, values in known}


def _draw_marks(ax: Axes, points: dict[str, np.ndarray], rows: pd.DataFrame) -> Axes:
    """Draw a line of marks for each method, spread over its height so that equal ones count."""
    kinds = dict(zip(rows["method"], rows.get("kind", rows["method"]), strict=True))
    explained = set()
    for line, (name, values) in enumerate(points.items()):
        kind = kinds[name]
        mark, shade = _MARKS.get(kind, ("o", "0.35"))
        order = np.argsort(np.argsort(values, kind="stable"), kind="stable")
        offset = 0.5 * ((order * 7 % 11) / 10 - 0.5) if len(values) > 1 else np.zeros(len(values))
        style: dict[str, Any] = {"marker": mark, "s": 22, "color": shade, "linewidths": 0}
        ax.scatter(values, line + offset, alpha=0.75, clip_on=False, **style)
        if kind in _MARKS and kind not in explained:
            explained.add(kind)
            ax.scatter([], [], label=kind, **style)
        if len(values):
            ax.plot([np.median(values)] * 2, [line - 0.36, line + 0.36], color="0", linewidth=2)
    ax.plot([], [], color="0", linewidth=2, label="median")
    ax.grid(axis="x", color=GRID, linewidth=0.8)
    ax.set_yticks(range(len(points)), [literal(name) for name in points])
    ax.set_ylim(len(points) - 0.4, -0.6)
    ax.set_ylabel("method")
    place: dict[str, Any] = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "ncols": 6}
    ax.legend(frameon=False, fontsize=SMALL, **place)
    return ax


def _draw_profile(ax: Axes, profile: pd.DataFrame, end: float) -> Axes:
    """Draw shares of instances over places, up to the end of the axis."""
    looks = styles(str(name) for name in profile.columns)
    lines, names = [], []
    for number, name in enumerate(profile.columns):
        shares = 100 * profile[name].to_numpy(dtype=float)
        last = float(shares[-1]) if len(shares) else 0.0
        style = looks[str(name)] | {"markersize": 4, "linewidth": 1.4, "clip_on": False}
        places = [*profile.index, end]
        every = (number % 5 * 0.02, 0.12)
        lines += ax.step(places, [*shares, last], where="post", markevery=every, **style)
        names.append(literal(f"{name} ({share(last / 100)})"))
    ax.set_ylim(0.0, 100.0)
    ax.grid(axis="y", color=GRID, linewidth=0.8)
    ax.set_ylabel("share of instances (%)")
    # Both are given to the legend, since a name may begin with what hides a label.
    place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0)}
    ax.legend(lines, names, frameon=False, fontsize=SMALL, title="method (in the end)", **place)
    return ax
