"""Figures of a run: the energy after every step of a descent, solutions and bounds over time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from dmoe_models.errors import DmoeError
from dmoe_models.presentation.plot_canvas import (
    canvas,
    require,
    say,
    time_axis,
    unit_axis,
    whole_numbers,
)
from dmoe_models.presentation.plot_style import SMALL, literal, styles
from dmoe_models.solving.result import Result, Status

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LEAST_S = 1e-6
"""Seconds; a shorter time is drawn there."""


def iterations(result: Result, ax: Axes | None = None) -> Axes:
    """Draw the energy after every step of a descent such as JESA's, and the proved bound.

    Parameters
    ----------
    result : Result
        Of a method whose `details` hold `energies_j`, and `start_energy_j` where it has a start.
    ax : Axes, optional

    Returns
    -------
    Axes
        Energy over steps. Step 0 is the start: the first selection at the start's prices, below
        all others where these are no assignment's.

    Raises
    ------
    DmoeError
        For what is no result or no Axes, and where the method recorded no energies.
    """
    details = require("result", result, Result).details
    energies = details.get("energies_j")
    if energies is None:
        raise DmoeError(
            f"method {result.method} records no energies by step; plot.bounds draws its solutions"
        )
    if not len(energies):
        raise DmoeError(f"method {result.method} found no solution of {result.instance}: no step")
    ax = canvas(ax)
    start = float(details.get("start_energy_j", math.nan))
    steps = np.arange(1, len(energies) + 1)
    shown = np.asarray(energies, dtype=float)
    if start >= shown[0]:  # an assignment, which P3 improves
        steps, shown = np.arange(len(energies) + 1), np.append(start, shown)
    line: dict[str, Any] = {"color": "0", "marker": "o", "markersize": 5}
    alternates = not math.isnan(start)
    ax.plot(steps, shown, label="assignment (P3)" if alternates else "energy", **line)
    if math.isfinite(result.bound):
        ax.axhline(result.bound, color="0.5", linestyle=":", label="proved lower bound")
    if alternates:
        chosen = (steps > 0) & (steps % 2 == 0)
        mark: dict[str, Any] = {"color": "white", "edgecolor": "0", "zorder": 3}
        if chosen.any():
            ax.scatter(steps[chosen], shown[chosen], s=28, label="selection (DES)", **mark)
        what = "start" if start >= shown[0] else "start at best prices, no assignment"
        ax.scatter([0], [start], s=42, marker="D", label=what, **mark)
    ax.set_title(literal(result.method), fontsize=10)
    ax.set_xlabel("step")
    ax.set_xlim(-0.5, max(steps[-1], 1) + 0.5)
    whole_numbers(ax.xaxis)
    _energy_axis(ax)
    ax.legend(frameon=False, fontsize=SMALL)
    return ax


def bounds(
    results: Result | Iterable[Result] | Mapping[str, Result], ax: Axes | None = None
) -> Axes:
    """Draw when each method found its solutions, and the bounds that each proved.

    Solutions on the way are those in `details["incumbents"]`, bounds those in `details["bounds"]`:
    pairs of seconds and joule. What a plug-in claims as bounds on the way is not drawn.

    Parameters
    ----------
    results : Result, iterable of Result, or mapping of them by label
        Of one instance. Without labels the second run of a method is called by its name and a 2.
    ax : Axes, optional

    Returns
    -------
    Axes
        Energy over seconds: a step line for each method, ending at its answer, and a thinner one
        without marks for its bound, ending at a bar.

    Raises
    ------
    DmoeError
        For what are no results, or of several instances, or for what is no Axes.
    """
    several = _by_label(results)
    ax = canvas(ax)
    looks = styles(several)
    times: list[float] = []
    lines, names = [], []
    for label, result in several.items():
        style = looks[label]
        end = max(result.runtime, _LEAST_S)
        found = _course(result.details.get("incumbents"), end, result.objective)
        if found:
            lines += ax.step(*zip(*found, strict=True), where="post", markersize=5, **style)
            names.append(literal(label))
        course = None if "claimed_bound" in result.details else result.details.get("bounds")
        proved = _course(course, end, result.bound)
        if proved:
            bar: dict[str, Any] = {"marker": "_", "markersize": 14, "markevery": [-1]}
            bar |= {"color": style["color"], "linestyle": style["linestyle"], "linewidth": 0.8}
            drawn = ax.step(*zip(*proved, strict=True), where="post", **bar)
            if not found:
                lines += drawn
                names.append(literal(f"{label} (bound)"))
        times += [seconds for seconds, _ in found + proved]
    if times:
        time_axis(ax, min(times), max(times))
        place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0)}
        title = "solutions;\nthin, bar: bound"
        # Both are given to the legend, since a name may begin with what hides a label.
        ax.legend(lines, names, frameon=False, title=title, fontsize=SMALL, **place)
    elif any(result.status == Status.INFEASIBLE for result in several.values()):
        say(ax, "proved to have no solution")
    else:
        say(ax, "no solution and no bound")
    ax.set_xlabel("time")
    _energy_axis(ax)
    return ax


def _by_label(results: Any) -> dict[str, Result]:
    """Return the results of one instance by labels, of which no two are alike."""
    if isinstance(results, Result):
        return {results.method: results}
    if not isinstance(results, Iterable):
        raise DmoeError("results are what solve returned: one, a list, or a mapping by label")
    several: dict[str, Result] = {}
    for label in results:
        result = require(
            "results", results[label] if isinstance(results, Mapping) else label, Result
        )
        name = str(label) if isinstance(results, Mapping) else result.method
        number = 1
        while name in several:
            number += 1
            name = f"{result.method} {number}"
        several[name] = result
    if not several:
        raise DmoeError("results: there is none to draw")
    instances = list(dict.fromkeys(result.instance for result in several.values()))
    if len(instances) > 1:
        raise DmoeError(f"results are of several instances: {instances[0]}, {instances[1]}")
    return several


def _course(pairs: Any, end: float, last: float) -> list[tuple[float, float]]:
    """Return pairs of seconds and joule up to the end, without what is no number."""
    found = []
    with suppress(TypeError, ValueError):  # a plug-in says what it likes
        found = [(max(float(s), _LEAST_S), float(e)) for s, e in pairs or ()]
    found = sorted(pair for pair in found if all(map(math.isfinite, pair)) and pair[0] <= end)
    return [*found, (end, last)] if math.isfinite(last) else found


def _energy_axis(ax: Axes) -> None:
    unit_axis(ax.yaxis, "J")
    ax.set_ylabel("energy of the round")
