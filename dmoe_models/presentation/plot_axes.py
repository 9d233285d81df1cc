"""Axes of pictures: ratios, excesses over an optimum, shares, positive numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dmoe_models.presentation.plot_style import FLOOR, Numbers, finite


def ratio_axis(axes: Any, values: Numbers, base: float = 2.0) -> None:
    """Make the horizontal axis logarithmic, with ticks at whole powers, few enough to be read.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    values : array
        What the axis shows.
    base : float
        Of the powers.
    """
    known = finite(values)
    known = known[known > 0]
    low, high = (known.min(), known.max()) if len(known) else (1.0, 1.0)
    axes.set_xscale("log", base=base)
    axes.set_xlim(low / 1.4, high * 1.4)
    first, last = math.floor(math.log(low, base)), math.ceil(math.log(high, base))
    step = 1 + (last - first) // 5
    ticks = [base**power for power in range(first, last + 1) if power % step == 0]
    ticks = [tick for tick in ticks if low / 1.1 <= tick <= high * 1.1]
    if len(ticks) < 2:
        ticks = [low, high] if high > 1.3 * low else [high]
    axes.set_xticks(ticks, [f"{tick:.3g}" for tick in ticks])
    axes.minorticks_off()


def excess_axis(axis: Any, values: Numbers, room: int = 5) -> None:
    """Make an axis logarithmic down to `FLOOR` percent and show 0, with at most `room` ticks.

    Parameters
    ----------
    axis : matplotlib.axis.Axis
    values : array
        What the axis shows, percent.
    room : int
    """
    known = finite(values)
    top = 2.0 * max([1.0, *known[known > 0].tolist()])
    _scale(axis, "symlog", linthresh=FLOOR, linscale=0.5)
    _limits(axis, -0.4 * FLOOR, top)
    powers = range(-3, math.floor(math.log10(top)) + 1)
    step = -(-len(powers) // (room - 1))
    ticks = [0.0, *(10.0**power for power in powers[step - 1 :] if power % step == 0)]
    names = [f"{tick:g}" if tick < 1e4 else f"1e{math.log10(tick):.0f}" for tick in ticks]
    axis.set_ticks(ticks, labels=names)
    axis.set_ticks([], minor=True)


def share_axis(axis: Any) -> None:
    """Let an axis show shares, 0 to 100 percent."""
    _limits(axis, -4.0, 104.0)
    axis.set_ticks([0, 25, 50, 75, 100])


def positive_axis(axis: Any, values: Numbers) -> None:
    """Make an axis logarithmic; where there is a 0, down to the least number but 0.

    Parameters
    ----------
    axis : matplotlib.axis.Axis
    values : array
        What the axis shows.
    """
    known = finite(values)
    above = known[known > 0].tolist() or [1.0]
    if (known <= 0).any():
        least, greatest = min(above), max(above)
        _scale(axis, "symlog", linthresh=least, linscale=0.3)
        _limits(axis, -0.3 * least, 2 * greatest)
        powers = range(math.ceil(math.log10(2 * least)), math.floor(math.log10(2 * greatest)) + 1)
        ticks = [10.0**power for power in powers][:: max(1, -(-len(powers) // 8))]
        names = [f"{tick:g}" if tick < 1e4 else f"1e{math.log10(tick):.0f}" for tick in ticks]
        axis.set_ticks([0.0, *ticks], labels=["0", *names])  # none where 0's label is
        axis.set_ticks([], minor=True)
    else:
        _scale(axis, "log")
        _limits(axis, min(above) / 2, 2 * max(above))


def few_ticks(axes: Any, values: Numbers, limit: int = 7) -> None:
    """Put ticks of the horizontal axis at some of the values, the least among them.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    values : array
        What the axis shows.
    limit : int
        Ticks.
    """
    known = np.unique(finite(values)[np.isfinite(finite(values))])
    chosen = known[:: max(1, -(-len(known) // limit))]
    axes.set_xticks(chosen, [f"{value:.3g}" for value in chosen])


def _scale(axis: Any, kind: str, **options: float) -> None:
    own = axis.axes.set_xscale if axis.axis_name == "x" else axis.axes.set_yscale
    own(kind, **options)


def _limits(axis: Any, low: float, high: float) -> None:
    own = axis.axes.set_xlim if axis.axis_name == "x" else axis.axes.set_ylim
    own(low, high)
