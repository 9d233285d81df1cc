"""Figures of an instance and of a solution: gains, gate scores, who serves whom, who owns what."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dmoe_models.errors import DmoeError
from dmoe_models.model.energy import count_tokens
from dmoe_models.model.instance import Instance
from dmoe_models.model.solution import Solution
from dmoe_models.presentation.plot_canvas import canvas, pair, require, say, whole_numbers
from dmoe_models.presentation.plot_style import literal
from dmoe_models.solving.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARK = 36.0
"""Points squared, of a mark in a map of few lines."""

_MARKED_LINES = 24
"""Lines of a map up to which marks have their full size."""

_NUMBERED_LINES = 60
"""Lines of a map up to which numbers can be read in the marks."""


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

    Raises
    ------
    DmoeError
        For what is no instance, or no Axes.
    """
    links = require("instance", instance, Instance).links
    ax = canvas(ax)
    linear = instance.gain[links[:, 0], links[:, 1]]
    if len(links):
        decibel = 10 * np.log10(linear, out=np.full(linear.shape, np.nan), where=linear > 0)
        _map(ax, decibel, "channel power gain (dB)")
    else:
        say(ax, "no link can carry a token")
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

    Raises
    ------
    DmoeError
        For what is no instance, or no Axes.
    """
    scores = require("instance", instance, Instance).gate_scores
    ax = canvas(ax)
    _map(ax, scores, "gate score")
    ax.set_xlabel("expert")
    ax.set_ylabel("token")
    return ax


def instance(instance: Instance, ax: Sequence[Axes] | None = None) -> Figure:
    """Draw an instance: its gate scores beside the gains of its links.

    Parameters
    ----------
    instance : Instance
    ax : two Axes, optional

    Returns
    -------
    Figure
        With the axes of `gates` and of `gains`.

    Raises
    ------
    DmoeError
        For what is no instance, or no two Axes.
    """
    require("instance", instance, Instance)
    figure, left, right, new = pair(ax)
    gates(instance, left)
    gains(instance, right)
    if new:
        figure.suptitle(literal(instance.name))
    return figure


def selection(instance: Instance, solution: Solution | Result, ax: Axes | None = None) -> Axes:
    """Draw which experts serve each token, over the gate scores that they have.

    Parameters
    ----------
    instance : Instance
    solution : Solution or Result
        Of that instance.
    ax : Axes, optional

    Returns
    -------
    Axes
        A circle for every expert that serves a token over a link, a square for one at home.

    Raises
    ------
    DmoeError
        For a solution that is missing or of another shape, or for what is no Axes.
    """
    chosen = _decisions(instance, solution).selection
    ax = gates(instance, ax)
    tokens, experts = np.nonzero(chosen)
    at_home = instance.source[tokens] == experts
    size = _MARK * min(1.0, _MARKED_LINES / instance.T)
    for some, mark, label in ((~at_home, "o", "over a link"), (at_home, "s", "at its own node")):
        style: dict[str, Any] = {"marker": mark, "facecolors": "white", "edgecolors": "black"}
        style |= {"linewidths": 1.0 if size == _MARK else 0.5}
        ax.scatter(experts[some], tokens[some], s=size, label=label, **style)
    title = "expert that serves the token"
    place: dict[str, Any] = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0), "ncols": 2}
    place |= {"markerscale": math.sqrt(_MARK / size)}
    ax.legend(title=title, title_fontsize=9, fontsize=8, frameon=False, **place)
    return ax


def assignment(instance: Instance, solution: Solution | Result, ax: Axes | None = None) -> Axes:
    """Draw which subcarriers each loaded link owns, over its gains.

    Parameters
    ----------
    instance : Instance
    solution : Solution or Result
        Of that instance.
    ax : Axes, optional

    Returns
    -------
    Axes
        A circle for every subcarrier of a link that carries tokens, with the number of tokens.

    Raises
    ------
    DmoeError
        For a solution that is missing or of another shape, or for what is no Axes.
    """
    decisions = _decisions(instance, solution)
    ax = gains(instance, ax)
    load = count_tokens(instance, decisions.selection)
    lines = len(instance.links)
    numbered = lines <= _NUMBERED_LINES
    size = 9.0 if numbered else 4.0
    for row, (i, j) in enumerate(instance.links):
        if load[i, j]:
            for subcarrier in _owned(instance, decisions, i, j):
                ax.plot(
                    subcarrier, row, "o", markersize=size, markerfacecolor="white", color="black"
                )
                if numbered:
                    ax.annotate(
                        str(load[i, j]), (subcarrier, row), ha="center", va="center", size=7
                    )
    ax.set_title("tokens on each owned subcarrier" if numbered else "owned subcarriers", fontsize=9)
    return ax


def solution(
    instance: Instance, solution: Solution | Result, ax: Sequence[Axes] | None = None
) -> Figure:
    """Draw a solution: who serves whom, beside which subcarrier each loaded link owns.

    Parameters
    ----------
    instance : Instance
    solution : Solution or Result
        Of that instance.
    ax : two Axes, optional

    Returns
    -------
    Figure
        With the axes of `selection` and of `assignment`.

    Raises
    ------
    DmoeError
        For a solution that is missing or of another shape, or for what are no two Axes.
    """
    decisions = _decisions(instance, solution)
    figure, left, right, new = pair(ax)
    selection(instance, decisions, left)
    assignment(instance, decisions, right)
    if new:
        figure.suptitle(literal(instance.name))
    return figure


def _decisions(instance: Any, solution: Any) -> Solution:
    """Return the decisions that were handed over, which fit the instance."""
    require("instance", instance, Instance)
    if isinstance(solution, Result):
        if solution.solution is None:
            raise DmoeError(f"method {solution.method} has no solution of {solution.instance}")
        solution = solution.solution
    require("solution", solution, Solution).require_shape(instance)
    return solution


def _map(ax: Axes, values: np.ndarray, label: str) -> None:
    image = ax.imshow(values, aspect="auto", cmap="Greys", interpolation="nearest")
    ax.figure.colorbar(image, ax=ax, label=label)
    whole_numbers(ax.xaxis, 6)
    whole_numbers(ax.yaxis)


def _name_links(ax: Axes, links: np.ndarray) -> None:
    """Label some rows by their links: all where there is room, else evenly spread ones."""
    step = max(1, -(-len(links) // 20))
    rows = range(0, len(links), step)
    ax.set_yticks(rows, [f"{links[row][0]} → {links[row][1]}" for row in rows], fontsize=8)
    ax.set_ylabel("link")


def _owned(instance: Instance, solution: Solution, i: int, j: int) -> list[int]:
    """Return the subcarriers of link i -> j in a solution; none that do not exist."""
    if solution.subcarriers is not None:
        return np.flatnonzero(solution.subcarriers[i, j]).tolist()
    subcarrier = int(solution.assignment_for(instance)[i, j])
    return [subcarrier] if 0 <= subcarrier < instance.M else []
