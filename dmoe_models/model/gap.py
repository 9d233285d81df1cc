"""Distances between energies: the gap to a lower bound, the excess over the optimum, thresholds.

Both are shares of the energy that decisions can change: what is spent whatever is decided, the sum
of b[j], is taken off.
"""

from __future__ import annotations

import math

OPTIMALITY_GAP = 1e-6
"""A solution is called optimal where its proved gap is at most this."""

CERTIFIED_GAP = 1e-9
"""Proved gap at which `exact` stops, and up to which an energy is called the certified optimum."""


def relative_gap(objective: float, bound: float, static_j: float) -> float:
    """Return (objective - bound) / (objective - static_j), the share of avoidable energy.

    Zero where the objective is at most the bound, +inf for a bound of -inf, NaN without a solution.

    Parameters
    ----------
    objective : float
        Energy of a solution, J; NaN without one.
    bound : float
        A proved lower bound, J; -inf for none.
    static_j : float
        Energy that no decision changes, J, part of both.
    """
    if math.isnan(objective):
        return math.nan
    if objective <= bound:
        return 0.0
    if bound == -math.inf or objective <= static_j:
        return math.inf
    return (objective - bound) / (objective - static_j)


def relative_excess(energy_j: float, optimum_j: float, static_j: float) -> float:
    """Return (E - OPT) / (OPT - static): how far an energy is above the optimum, 0.5 for 50 %.

    Negative below the optimum, NaN without one. Where no energy can be avoided, zero at the optimum
    and +inf above it.

    Parameters
    ----------
    energy_j, optimum_j : float
        J.
    static_j : float
        Energy that no decision changes, J, part of both.
    """
    avoidable = optimum_j - static_j
    if avoidable <= 0:
        return 0.0 if energy_j <= optimum_j else math.inf
    return (energy_j - optimum_j) / avoidable


def format_gap(gap: float) -> str:
    """Return a gap in percent, as text: zero where it counts as optimal, "-" for NaN."""
    if math.isnan(gap):
        return "-"
    return "0 %" if gap <= OPTIMALITY_GAP else f"{100 * gap:.3g} %"
