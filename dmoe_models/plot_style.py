"""What all pictures have in common: they are read on paper, in grey, and without their text.

Series differ in mark, line and shade at once, never in colour. Everything is said to the figure
itself; nothing global is set.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LINES = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)))
SHADES = ("0.0", "0.45", "0.6")
POINTS = ("o", "s", "^", "v", "D", "x", "*")
GRID = "0.88"
FLOOR = 1e-4
"""Percent; on an axis that shows 0, what is less is drawn between 0 and the first decade."""

WIDTH = 7.5
"""Inches: the text of a page."""
SMALL = 8
"""Points: ticks, legends and titles of small panels."""
LARGE = 9
"""Points: labels of axes."""

Style: TypeAlias = dict[str, Any]
"""Keywords of a line: mark, line and shade."""

Numbers: TypeAlias = Any
"""What numpy makes an array of: a column, a list."""


@dataclass(frozen=True)
class Picture:
    """A figure and what is under it.

    Attributes
    ----------
    figure : matplotlib.figure.Figure
    caption : str
        What is drawn, of how many draws, what the bars are, how to read it.
    """

    figure: Figure
    caption: str


def styles(names: Iterable[str]) -> dict[str, Style]:
    """Return a style for every name; no two of the first 105 are alike."""
    found: dict[str, Style] = {}
    for number, name in enumerate(dict.fromkeys(names)):
        shade = SHADES[number % len(SHADES)]
        found[name] = {
            "linestyle": LINES[number % len(LINES)],
            "color": shade,
            "marker": POINTS[number % len(POINTS)],
            "markerfacecolor": shade if number % 2 == 0 else "white",
        }
    return found


def marks(names: Iterable[str]) -> dict[str, Style]:
    """Return the same without lines."""
    return {name: style | {"linestyle": "none"} for name, style in styles(names).items()}


# ---------------------------------------------------------------------------------------- canvas


def panels(
    titles: Sequence[str], *, columns: int = 4, height: float | None = None, share_y: bool = True
) -> tuple[Figure, list[Any]]:
    """Return a figure with a panel for every title, on axes that all panels share.

    Parameters
    ----------
    titles : sequence of str
        Broken into lines where they are long.
    columns : int
        At most so many panels beside each other.
    height : float, optional
        Of a panel, inches; by default the wider, the higher.
    share_y : bool
        Whether panels share the vertical axis; the horizontal one they always do.
    """
    from matplotlib.figure import Figure

    down = -(-len(titles) // columns)
    across = -(-len(titles) // down)
    tall = height or {1: 3.0, 2: 2.4, 3: 2.0}.get(across, 1.7)
    figure = Figure(figsize=(WIDTH, 0.75 + down * tall), layout="constrained")
    found: list[Any] = []
    for number, title in enumerate(titles):
        first = found[0] if found else None
        axes = figure.add_subplot(
            down, across, number + 1, sharex=first, sharey=first if share_y else None
        )
        axes.set_title("\n".join(textwrap.wrap(title, 96 // across)), fontsize=SMALL)
        axes.tick_params(
            labelsize=SMALL,
            labelbottom=number + across >= len(titles),
            labelleft=not share_y or number % across == 0,
        )
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(color=GRID, linewidth=0.6)
        axes.set_axisbelow(True)
        found.append(axes)
    return figure, found


def name_axes(figure: Figure, x: str, y: str = "") -> None:
    """Write what the panels' axes show, once for all of them."""
    figure.supxlabel(x, fontsize=LARGE)
    if y:
        figure.supylabel(y, fontsize=LARGE)


def legend(figure: Figure, entries: Mapping[str, Style]) -> None:
    """Explain the marks and lines above the panels, in as many columns as there is room for."""
    from matplotlib.lines import Line2D

    if not entries:
        return
    widths = [0.6 + 0.062 * len(name) for name in entries]  # inches, about
    fitting = len(entries) if sum(widths) < WIDTH else max(1, int(WIDTH / max(widths)))
    figure.legend(
        [Line2D([], [], markersize=4.5, linewidth=1.2, **style) for style in entries.values()],
        list(entries),
        loc="outside upper center",
        ncols=fitting,
        frameon=False,
        fontsize=SMALL,
        handlelength=2.6,
        columnspacing=1.2,
    )


# ------------------------------------------------------------------------------------------ data


def finite(values: Numbers, factor: float = 1.0) -> np.ndarray:
    """Return numbers times a factor; what is not finite is NaN, which no axis shows."""
    found = factor * np.asarray(values, dtype=float)
    return np.where(np.isfinite(found), found, math.nan)


def draw(axes: Any, x: Numbers, y: Numbers, style: Style, ends: Any = None) -> None:
    """Draw a series, with the two `ends` of its intervals where it has any."""
    value = finite(y)
    axes.plot(x, value, markersize=4, linewidth=1.1, zorder=3, **style)
    if ends is not None:
        bars(axes, x, ends, style["color"])


def bars(axes: Any, places: Numbers, ends: Any, shade: str, *, along: str = "y") -> None:
    """Draw intervals from ``ends[0]`` to ``ends[1]`` along an axis."""
    low, high = (finite(end) for end in ends)
    lines = axes.vlines if along == "y" else axes.hlines
    lines(np.asarray(places, dtype=float), low, high, color=shade, linewidth=0.9, zorder=2)


def spread(number: int, count: int, width: float) -> float:
    """Return by how much the `number`-th of some marks at one place stands beside it."""
    return width * (number - (count - 1) / 2) / max(1, count - 1) if count > 1 else 0.0


# ------------------------------------------------------------------------------------------ axes


def ratio_axis(axes: Any, values: Numbers, base: float = 2.0) -> None:
    """Make the horizontal axis logarithmic, with ticks at whole powers, few enough to be read."""
    known = finite(values)
    known = known[known > 0]
    axes.set_xscale("log", base=base)
    low, high = (known.min(), known.max()) if len(known) else (1.0, 1.0)
    axes.set_xlim(low / 1.4, high * 1.4)
    first, last = math.floor(math.log(low, base)), math.ceil(math.log(high, base))
    step = 1 + (last - first) // 5
    ticks = [base**power for power in range(first, last + 1, step)]
    ticks = [tick for tick in ticks if low / 1.4 <= tick <= high * 1.4] or [low]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()


def excess_axis(axis: Any, values: Numbers, room: int = 5) -> None:
    """Make an axis logarithmic down to `FLOOR` percent and show 0, with about `room` ticks."""
    known = finite(values)
    largest = max([1.0, *known[known > 0].tolist()])
    scale, limits = (
        (axis.axes.set_xscale, axis.axes.set_xlim)
        if axis.axis_name == "x"
        else (axis.axes.set_yscale, axis.axes.set_ylim)
    )
    scale("symlog", linthresh=FLOOR, linscale=0.5)
    top = math.ceil(math.log10(1.3 * largest))
    limits(-0.4 * FLOOR, 10.0**top)
    step = max(1, math.ceil((top + 4) / room))
    ticks = [0.0, *(10.0**power for power in range(top, -4, -step))]
    axis.set_ticks(ticks, labels=[f"{tick:g}" for tick in ticks])
    axis.set_minor_locator(_no_ticks())


def _no_ticks() -> Any:
    from matplotlib.ticker import NullLocator

    return NullLocator()


def share_axis(axis: Any) -> None:
    """Let an axis show shares, 0 to 100 percent."""
    limits = axis.axes.set_xlim if axis.axis_name == "x" else axis.axes.set_ylim
    limits(-4.0, 104.0)
    axis.set_ticks([0, 25, 50, 75, 100])


def rows_axis(axes: Any, names: Sequence[str]) -> None:
    """Give every name a row, the first on top."""
    axes.set_yticks(range(len(names)), list(names))
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
    for row in range(1, len(names)):
        axes.axhline(row - 0.5, color="0.93", linewidth=0.6, zorder=0)
