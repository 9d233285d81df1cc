"""What functions that draw share: axes given or made, arguments refused by name, units of axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from dmoe_models.errors import DmoeError
from dmoe_models.input_checks import quote

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_T = TypeVar("_T")

ONE, TWO = (5.0, 3.6), (7.5, 3.6)
"""Inches: figures of one and of two axes."""


def require(name: str, value: Any, kind: type[_T]) -> _T:
    """Return the value where it is of that kind.

    Parameters
    ----------
    name : str
        Of the argument, for the message.
    value : object
    kind : type

    Raises
    ------
    DmoeError
        Where it is not.
    """
    if not isinstance(value, kind):
        raise DmoeError(f"{name} = {quote(value)} is no {kind.__name__}")
    return value


def canvas(ax: Any, size: tuple[float, float] = ONE) -> Axes:
    """Return the axes that are given, or new ones of pyplot, which a notebook shows.

    Parameters
    ----------
    ax : Axes or None
    size : (float, float)
        Of a new figure, inches.

    Raises
    ------
    DmoeError
        Where matplotlib is missing, or what is given is no Axes.
    """
    if ax is not None:
        return _axes(ax)
    new: Axes = _pyplot().subplots(figsize=size, layout="constrained")[1]
    return new


def pair(ax: Any) -> tuple[Figure, Axes, Axes, bool]:
    """Return a figure, its left and right axes, and whether they are new.

    Parameters
    ----------
    ax : sequence of Axes or None
        Two of them.

    Raises
    ------
    DmoeError
        Where matplotlib is missing, or what is given are no two Axes.
    """
    if ax is None:
        figure, (left, right) = _pyplot().subplots(1, 2, figsize=TWO, layout="constrained")
        return figure, left, right, True
    try:
        left, right = ax
    except (TypeError, ValueError):
        raise DmoeError(f"ax = {quote(ax)} are no two Axes") from None
    return _axes(left).figure.get_figure(root=True), left, _axes(right), False


def unit_axis(axis: Any, unit: str) -> None:
    """Write an axis's numbers with SI prefixes, such as 20 ms.

    Parameters
    ----------
    axis : matplotlib.axis.Axis
    unit : str
    """
    from matplotlib.ticker import EngFormatter, NullFormatter

    axis.set_major_formatter(EngFormatter(unit=unit))
    axis.set_minor_formatter(NullFormatter())


def time_axis(ax: Axes, least: float, greatest: float) -> None:
    """Make the horizontal axis one of seconds, logarithmic, with room beside what it shows.

    Parameters
    ----------
    ax : Axes
    least, greatest : float
        s, what it shows.
    """
    from matplotlib.ticker import LogLocator

    ax.set_xscale("log")
    ax.set_xlim(least / 2, 2 * greatest)
    if greatest / least < 20:  # a decade apart there may be one tick, or none
        ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    unit_axis(ax.xaxis, "s")


def whole_numbers(axis: Any, room: int = 8) -> None:
    """Put ticks at whole numbers only, at most about `room` of them.

    Parameters
    ----------
    axis : matplotlib.axis.Axis
    room : int
    """
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(integer=True, nbins=room, min_n_ticks=1))


def say(ax: Axes, text: str) -> None:
    """Write in the middle of empty axes why nothing is drawn.

    Parameters
    ----------
    ax : Axes
    text : str
    """
    ax.set(xticks=[], yticks=[])
    ax.text(0.5, 0.5, text, ha="center", va="center", transform=ax.transAxes)


def _axes(ax: Any) -> Axes:
    from matplotlib.axes import Axes

    if not isinstance(ax, Axes):
        raise DmoeError(f"ax = {quote(ax)} is no Axes of matplotlib, as plt.subplots() makes them")
    return ax


def _pyplot() -> Any:
    try:
        from matplotlib import pyplot
    except ImportError:
        raise DmoeError('plots need matplotlib: pip install "dmoe-models[report]"') from None
    return pyplot
