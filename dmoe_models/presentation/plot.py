"""Figures of an instance, a solution, a run, or rows: ``from dmoe_models import plot``.

Every function draws on the axes that it is given, or on new ones of pyplot, and returns them, so
that a caller can change labels, limits or scales afterwards. Axes are labelled in SI units with
prefixes; methods differ in mark, line and shade, so that a figure can be read in grey.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dmoe_models.errors import DmoeError
from dmoe_models.model.instance import Instance
from dmoe_models.model.solution import Solution
from dmoe_models.presentation.plot_axes import excess_axis
from dmoe_models.presentation.plot_style import literal, styles, use_style
from dmoe_models.presentation.row_plots import energy_profile, gaps, profile, time_profile, times
from dmoe_models.solving.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "assignment",
    "bounds",
    "energy_profile",
    "excess_axis",
    "gains",
    "gaps",
    "gates",
    "instance",
    "iterations",
    "profile",
    "selection",
    "solution",
    "time_profile",
    "times",
    "use_style",
]


def gains(instance: Instance, ax: Axes | None = None) -> Axes:
    """Draw the channel power gain of every link that can carry a token, on every subcarrier.

    Parameters
    ----------
    instance : Instance
    ax : Axes, optional

    Returns
    -------
    Axes
        A map of L links by M subcarriers in decibel; a gain of zero is left white.
    """
    ax = _axes(ax)
    links = instance.links
    linear = instance.gain[links[:, 0], links[:, 1]]
    decibel = 10 * np.log10(linear, out=np.full(linear.shape, np.nan), where=linear > 0)
    _map(ax, decibel, "channel power gain (dB)")
    _name_links(ax, links)
    ax.set_xlabel("subcarrier")
    return ax


def gates(instance: Instance, ax: Axes | None = None) -> Axes:
    """Draw the gate score of every token and expert.

    Parameters
    ----------
    instance : Instance
    ax : Axes, optional

    Returns
    -------
    Axes
        A map of T tokens by K experts.
    """
    ax = _axes(ax)
    _map(ax, instance.gate_scores, "gate score")
    ax.set_xlabel("expert")
    ax.set_ylabel("token")
    return ax


def instance(instance: Instance) -> Figure:
    """Draw an instance: its gate scores beside the gains of its links.

    Parameters
    ----------
    instance : Instance

    Returns
    -------
    Figure
        With the axes of `gates` and of `gains`.
    """
    figure, (left, right) = _canvas(2)
    gates(instance, left)
    gains(instance, right)
    figure.suptitle(literal(instance.name))
    return figure


def selection(instance: Instance, solution: Solution, ax: Axes | None = None) -> Axes:
    """Draw which experts serve each token, over the gate scores that they have.

    Parameters
    ----------
    instance : Instance
    solution : Solution
        Of that instance.
    ax : Axes, optional

    Returns
    -------
    Axes
        A circle for every expert that serves a token over a link, a square for one at home.
    """
    solution.require_shape(instance)
    ax = gates(instance, ax)
    tokens, experts = np.nonzero(solution.selection)
    at_home = instance.source[tokens] == experts
    for chosen, mark, label in ((~at_home, "o", "over a link"), (at_home, "s", "at its own node")):
        style: dict[str, Any] = {"marker": mark, "facecolors": "white", "edgecolors": "black"}
        ax.scatter(experts[chosen], tokens[chosen], s=36, label=label, **style)
    title = "expert that serves the token"
    place: dict[str, Any] = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0), "ncols": 2}
    ax.legend(title=title, title_fontsize=9, fontsize=8, frameon=False, **place)
    return ax


def assignment(instance: Instance, solution: Solution, ax: Axes | None = None) -> Axes:
    """Draw which subcarriers each loaded link owns, over its gains.

    Parameters
    ----------
    instance : Instance
    solution : Solution
        Of that instance.
    ax : Axes, optional

    Returns
    -------
    Axes
        A circle for every subcarrier of a link that carries tokens, with the number of tokens.
    """
    solution.require_shape(instance)
    ax = gains(instance, ax)
    load = np.zeros((instance.K, instance.K), dtype=int)
    np.add.at(load, instance.source, solution.selection.astype(int))
    for row, (i, j) in enumerate(instance.links):
        if load[i, j]:
            for subcarrier in _owned(instance, solution, i, j):
                ax.plot(subcarrier, row, "o", markersize=9, markerfacecolor="white", color="black")
                ax.annotate(str(load[i, j]), (subcarrier, row), ha="center", va="center", size=7)
    ax.set_title("tokens on each owned subcarrier", fontsize=9)
    return ax


def solution(instance: Instance, solution: Solution) -> Figure:
    """Draw a solution: who serves whom, beside which subcarrier each loaded link owns.

    Parameters
    ----------
    instance : Instance
    solution : Solution
        Of that instance.

    Returns
    -------
    Figure
        With the axes of `selection` and of `assignment`.
    """
    figure, (left, right) = _canvas(2)
    selection(instance, solution, left)
    assignment(instance, solution, right)
    figure.suptitle(literal(instance.name))
    return figure


def iterations(result: Result, ax: Axes | None = None) -> Axes:
    """Draw the energy after every step of a descent such as JESA's, and the proved bound.

    Parameters
    ----------
    result : Result
        Of a method whose `details` hold `energies_j`.
    ax : Axes, optional

    Returns
    -------
    Axes
        Energy over steps; step 0 is the first selection at the start's prices.

    Raises
    ------
    DmoeError
        Where the method recorded no energies.
    """
    energies = result.details.get("energies_j")
    if not energies:
        raise DmoeError(f"method {result.method} records no energies by iteration")
    ax = _axes(ax)
    style = styles([result.method])[result.method]
    ax.plot(range(len(energies)), energies, label=literal(result.method), **style)
    if math.isfinite(result.bound):
        ax.axhline(result.bound, color="0.5", linestyle=":", label="proved lower bound")
    ax.set_xlabel("step (selection and assignment in turn)")
    _whole_numbers(ax.xaxis)
    _energy_axis(ax)
    ax.legend(frameon=False)
    return ax


def bounds(results: Result | Iterable[Result], ax: Axes | None = None) -> Axes:
    """Draw when each method found its solutions, and the bound that each proved in the end.

    Parameters
    ----------
    results : Result or iterable of Result
        Of one instance.
    ax : Axes, optional

    Returns
    -------
    Axes
        Energy over seconds: a step line for each method, ending at its answer; its bound as a mark.
    """
    ax = _axes(ax)
    several = [results] if isinstance(results, Result) else list(results)
    looks = styles(result.method for result in several)
    for result in several:
        style = looks[result.method]
        found = [(float(s), float(e)) for s, e in result.details.get("incumbents", ())]
        if math.isfinite(result.objective):
            found.append((result.runtime, result.objective))
        if found:
            seconds, energies = zip(*sorted(found), strict=True)
            ax.step(seconds, energies, where="post", label=literal(result.method), **style)
        if math.isfinite(result.bound):
            ax.plot(result.runtime, result.bound, "_", color=style["color"], markersize=14)
    ax.set_xscale("log")
    _unit_axis(ax.xaxis, "s")
    ax.set_xlabel("time")
    _energy_axis(ax)
    ax.legend(frameon=False, title="energy found; a bar: bound proved", fontsize=8)
    return ax


def _axes(ax: Axes | None) -> Axes:
    return _canvas(1)[1][0] if ax is None else ax


def _canvas(count: int) -> tuple[Figure, Sequence[Axes]]:
    """Return a new figure of pyplot, which a notebook shows, with `count` axes in a row."""
    try:
        from matplotlib import pyplot
    except ImportError:
        raise DmoeError('plots need matplotlib: pip install "dmoe-models[report]"') from None
    width, height = (7.5, 3.6) if count > 1 else (5.0, 3.6)
    figure, axes = pyplot.subplots(
        1, count, figsize=(width, height), layout="constrained", squeeze=False
    )
    return figure, axes[0]


def _map(ax: Axes, values: np.ndarray, label: str) -> None:
    image = ax.imshow(values, aspect="auto", cmap="Greys", interpolation="nearest")
    ax.figure.colorbar(image, ax=ax, label=label)
    _whole_numbers(ax.xaxis)
    _whole_numbers(ax.yaxis)


def _name_links(ax: Axes, links: np.ndarray) -> None:
    """Label some rows by their links: all where there is room, else evenly spread ones."""
    step = max(1, -(-len(links) // 20))
    rows = range(0, len(links), step)
    ax.set_yticks(rows, [f"{links[row][0]} → {links[row][1]}" for row in rows], fontsize=8)
    ax.set_ylabel("link")


def _owned(instance: Instance, solution: Solution, i: int, j: int) -> list[int]:
    """Return the subcarriers of link i -> j in a solution."""
    if solution.subcarriers is not None:
        return np.flatnonzero(solution.subcarriers[i, j]).tolist()
    subcarrier = int(solution.assignment_for(instance)[i, j])
    return [] if subcarrier < 0 else [subcarrier]


def _energy_axis(ax: Axes) -> None:
    _unit_axis(ax.yaxis, "J")
    ax.set_ylabel("energy of the round")


def _whole_numbers(axis: Any) -> None:
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(integer=True))


def _unit_axis(axis: Any, unit: str) -> None:
    from matplotlib.ticker import EngFormatter

    axis.set_major_formatter(EngFormatter(unit=unit))
