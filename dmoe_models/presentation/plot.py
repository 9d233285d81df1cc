"""Figures of an instance, a solution, a run, or rows: ``from dmoe_models import plot``.

========================================  =====================================================
``instance``, ``gates``, ``gains``        gate scores and channel gains
``solution``, ``selection``,              who serves whom, and on which subcarrier
``assignment``
``iterations``                            a descent such as JESA's, its start included
``bounds``                                solutions and bounds of several methods over time
``gaps``, ``times``, ``profile``,         rows of `validate`: gaps, runtimes, shares of instances
``proved``                                within a gap, and proved within a time
``time_profile``, ``energy_profile``      performance profiles of `compare`
``use_style``, ``excess_axis``            for figures of one's own
========================================  =====================================================

Every function draws on the axes that it is given as `ax`, or on new ones of pyplot, and returns
them, so that a caller can change labels, limits or scales afterwards; those of two panels take two
axes and return the figure. Axes are labelled in SI units with prefixes; methods differ in mark,
line and shade, so that a figure can be read in grey.
"""

from dmoe_models.presentation.instance_plots import (
    assignment,
    gains,
    gates,
    instance,
    selection,
    solution,
)
from dmoe_models.presentation.plot_axes import excess_axis
from dmoe_models.presentation.plot_style import use_style
from dmoe_models.presentation.row_plots import (
    energy_profile,
    gaps,
    profile,
    proved,
    time_profile,
    times,
)
from dmoe_models.presentation.run_plots import bounds, iterations

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
    "proved",
    "selection",
    "solution",
    "time_profile",
    "times",
    "use_style",
]
