"""The relative gap between an energy and a lower bound, and up to which gap it is optimal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


OPTIMALITY_GAP = 1e-6
"""A solution is called optimal where its proved gap is at most this."""


def relative_gap(objective: float, bound: float, static_j: float) -> float:
    """Return (objective - bound) / (objective - static_j), the share of avoidable energy.

    Zero where the objective is at most the bound, +inf for a bound of -inf, NaN without a solution.
    """
    if math.isnan(objective):
        return math.nan
    if objective <= bound:
        return 0.0
    if bound == -math.inf or objective <= static_j:
        return math.inf
    return (objective - bound) / (objective - static_j)
