"""Settings of solvers, the same whichever language hands them a model.

The energies of a model are scaled, and solver tolerances are absolute: both gaps are set to zero,
and feasibility is asked for to a tolerance that is tightened when an answer does not hold.
"""

from __future__ import annotations

import math
from typing import Any

TOLERANCES = (1e-7, 1e-9)
"""Feasibility tolerances tried in turn, until the referee accepts and the gap closes."""

SMALL_MATRIX_VALUE = 1e-12
"""HiGHS drops coefficients up to this size; it reads the option when a model is handed over."""


def highs_options(tolerance: float, *, vertex: bool) -> dict[str, Any]:
    """Return options of HiGHS by their own names, but for its time limit and gaps.

    Parameters
    ----------
    tolerance : float
        Feasibility tolerance.
    vertex : bool
        Solve a linear program by the simplex method, which returns a vertex.
    """
    options: dict[str, Any] = {
        "mip_feasibility_tolerance": tolerance,
        "primal_feasibility_tolerance": tolerance,
        "dual_feasibility_tolerance": tolerance,
        "small_matrix_value": SMALL_MATRIX_VALUE,
    }
    return options | ({"solver": "simplex"} if vertex else {})


HIGHS_NO_GAP = {"mip_rel_gap": 0.0, "mip_abs_gap": 0.0}
"""HiGHS would stop at a relative gap of 1e-4."""


def scip_options(tolerance: float) -> dict[str, Any]:
    """Return parameters of SCIP by their own names, but for its time limit.

    Parameters
    ----------
    tolerance : float
        Feasibility tolerance.
    """
    return {
        "numerics/feastol": tolerance,
        "numerics/dualfeastol": tolerance,
        "limits/gap": 0.0,
        "limits/absgap": 0.0,
        # Pyomo reads SCIP's output from a pipe, in a thread that has to wait for SCIP to end:
        # a log that fills the pipe stops both for ever, whatever the time limit.
        "display/verblevel": 0,
    }


GLPK_MOST_SECONDS = 2_000_000
"""GLPK counts milliseconds in 32 bits; this is 23 days."""


def whole_seconds(time_limit: float) -> int:
    """Return a time limit in whole seconds, rounded up: 0 means no limit to GLPK."""
    return max(1, math.ceil(min(time_limit, GLPK_MOST_SECONDS)))


def whole_milliseconds(time_limit: float) -> int:
    """Return a time limit in whole milliseconds, rounded up."""
    return max(1, math.ceil(1000 * min(time_limit, GLPK_MOST_SECONDS)))
