"""What all pictures have in common: they are read on paper, in grey, and without their text.

Series differ in mark, line and shade at once, never in colour. All settings are those of one
figure; nothing global is set, but by `use_style`, which a notebook calls for figures of its own.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from dmoe_models.values.value import Value

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
SMALL, LARGE = 8, 9
"""Points: of ticks, legends and titles of panels; of what axes show."""
LETTER = 0.066
"""Inches: a letter of the small size, about."""

Style: TypeAlias = dict[str, Any]
"""Keywords of a line: mark, line and shade."""

Numbers: TypeAlias = Any
"""What numpy makes an array of: a column, a list."""


@dataclass(frozen=True, eq=False)
class Picture(Value):
    """A figure and what is under it.

    Attributes
    ----------
    figure : matplotlib.figure.Figure
    caption : str
        What is drawn, of how many draws, what the bars are, how to read it.
    """

    figure: Figure
    caption: str

    def _ipython_display_(self) -> None:
        """Show both in a notebook."""
        from IPython.display import Markdown, display

        display(self.figure, Markdown(f"*{self.caption}*"))


def use_style() -> None:
    """Set pyplot's defaults for figures that are read in grey, in a notebook or on paper."""
    from matplotlib import pyplot

    pyplot.rcParams.update(
        {
            "figure.dpi": 90,
            "figure.constrained_layout.use": True,
            "font.size": LARGE,
            "axes.titlesize": 10,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "image.cmap": "Greys",
            "legend.frameon": False,
        }
    )


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
    titles: Sequence[str],
    *,
    columns: int = 4,
    height: float | None = None,
    margin: float = 0.0,
    share_x: bool = True,
    share_y: bool = True,
) -> tuple[Figure, list[Any]]:
    """Return a figure with a panel for every title.

    Parameters
    ----------
    titles : sequence of str
        Broken into lines where they are long.
    columns : int
        At most so many panels beside each other.
    height : float, optional
        Of a panel, inches; by default the wider, the higher.
    margin : float
        What stands to the left of all panels, inches.
    share_x, share_y : bool
        Whether all panels have the same axis.
    """
    from matplotlib.figure import Figure

    rows = -(-len(titles) // columns)
    wide = -(-len(titles) // rows)
    letters = int((WIDTH - margin) / wide / LETTER) - 4
    wrapped = [_broken(title, letters) for title in titles]
    above = 0.13 * max(title.count("\n") for title in wrapped)
    tall = above + (height or {1: 3.0, 2: 2.4, 3: 2.0}.get(wide, 1.7))
    figure = Figure(figsize=(WIDTH, 0.8 + rows * tall), layout="constrained")
    found: list[Any] = []
    for number, title in enumerate(wrapped):
        first = found[0] if found else None
        axes = figure.add_subplot(
            rows,
            wide,
            number + 1,
            sharex=first if share_x else None,
            sharey=first if share_y else None,
        )
        axes.set_title(title, fontsize=SMALL)
        axes.tick_params(
            which="both",
            labelsize=SMALL,
            labelbottom=not share_x or number + wide >= len(titles),
            labelleft=not share_y or number % wide == 0,
        )
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(color=GRID, linewidth=0.6)
        axes.set_axisbelow(True)
        found.append(axes)
    return figure, found


def panels_of_rows(
    titles: Sequence[str],
    rows: Sequence[str],
    *,
    marks_in_a_row: int = 1,
    headings: Collection[int] = (),
) -> tuple[Figure, list[Any]]:
    """Return a figure whose panels share the same named rows, the first on top.

    Parameters
    ----------
    titles : sequence of str
    rows : sequence of str
    marks_in_a_row : int
        That stand above each other.
    headings : collection of int
        Rows that stand out.
    """
    names = [_broken(row, 52) for row in rows]
    lines = [line for name in names for line in name.split("\n")]
    each = max(0.2 + 0.13 * max(name.count("\n") for name in names), 0.12 * marks_in_a_row)
    figure, found = panels(
        titles, height=0.4 + each * max(3, len(rows)), margin=LETTER * max(map(len, lines))
    )
    for axes in found:
        axes.set_yticks(range(len(rows)), names)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.grid(axis="y", visible=False)
        for row in range(1, len(rows)):
            axes.axhline(row - 0.5, color="0.93", linewidth=0.6, zorder=0)
        for row, label in enumerate(axes.get_yticklabels()):
            label.set_fontweight("bold" if row in headings else "normal")
    return figure, found


def name_axes(figure: Figure, x: str, y: str = "") -> None:
    """Write what the panels' axes show, once for all of them.

    Parameters
    ----------
    figure : Figure
    x, y : str
        Labels, with units.
    """
    figure.supxlabel(_broken(x, int(WIDTH / LETTER) - 12), fontsize=LARGE)
    if y:
        room = int(figure.get_figheight() / LETTER) - 12
        figure.supylabel(_broken(y, room), fontsize=LARGE)


def legend(figure: Figure, entries: Mapping[str, Style]) -> None:
    """Explain the marks and lines above the panels, in as many columns as there is room for.

    Parameters
    ----------
    figure : Figure
    entries : mapping of Style
        By name.
    """
    from matplotlib.lines import Line2D

    names = [_broken(name, 96) for name in entries]
    widths = [0.55 + LETTER * len(name) for name in entries]
    fitting = len(names) if sum(widths) < WIDTH else max(1, int(WIDTH / max([0.1, *widths])))
    figure.legend(
        [Line2D([], [], markersize=4.5, linewidth=1.2, **style) for style in entries.values()],
        names,
        loc="outside upper center",
        ncols=max(1, fitting),
        frameon=False,
        fontsize=SMALL,
        handlelength=2.6,
        columnspacing=1.2,
    )


def _broken(text: str, letters: int) -> str:
    """Return a text in lines of so many letters, as it is."""
    return literal("\n".join(textwrap.wrap(text, max(12, letters))))


def literal(text: str) -> str:
    """Return a text for a figure in which a dollar is a dollar, not the beginning of a formula."""
    return text.replace("$", r"\$")


# ------------------------------------------------------------------------------------------ data


def finite(values: Numbers, factor: float = 1.0) -> np.ndarray:
    """Return numbers times a factor; what is not finite is NaN, which no axis shows.

    Parameters
    ----------
    values : array
    factor : float
    """
    found = factor * np.asarray(values, dtype=float)
    return np.where(np.isfinite(found), found, math.nan)


def draw(axes: Any, x: Numbers, y: Numbers, style: Style, ends: Any = None) -> None:
    """Draw a series, with the two `ends` of its intervals where it has any.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    x, y : array
    style : Style
    ends : (low, high) of arrays, optional
    """
    every = 1 if style["linestyle"] == "none" else 1 + len(finite(x)) // 16
    axes.plot(finite(x), finite(y), markersize=4, linewidth=1.1, markevery=every, zorder=3, **style)
    if ends is not None:
        bars(axes, x, ends, style["color"])


def bars(axes: Any, places: Numbers, ends: Any, shade: str, *, direction: str = "y") -> None:
    """Draw intervals from ``ends[0]`` to ``ends[1]`` along an axis.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    places : array
        Where the intervals stand.
    ends : (low, high) of arrays
    shade : str
    direction : {"x", "y"}
        Of the intervals.
    """
    low, high = (finite(end) for end in ends)
    lines = axes.vlines if direction == "y" else axes.hlines
    lines(np.asarray(places, dtype=float), low, high, color=shade, linewidth=0.9, zorder=2)


def beside(number: int, count: int, width: float) -> float:
    """Return the offset of the `number`-th of `count` marks that share one position.

    Parameters
    ----------
    number, count : int
    width : float
        Between the first and the last of them.
    """
    return width * (number / (count - 1) - 0.5) if count > 1 else 0.0
