"""What a solver answers: whether it proved, stopped or failed, and the bound that it proved.

A solver's health is kept apart from whether it left a solution and from its bound. Everything that
is not understood is ERROR, which proves nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Any

SOLVER_INFINITY = 1e20
"""What solvers write for infinity, or more."""


class Health(Enum):
    """Why a solver stopped.

    Our models cannot be unbounded (every variable is, or has a non-negative price), so a solver's
    "infeasible or unbounded" is INFEASIBLE; UNBOUNDED means that something is wrong.
    """

    OPTIMAL = "optimal"
    LIMIT = "limit"
    INFEASIBLE = "infeasible"
    UNBOUNDED = "unbounded"
    ERROR = "error"


@dataclass(frozen=True)
class SolverAnswer:
    """A solver's answer about one model.

    Attributes
    ----------
    health : Health
    has_solution : bool
        The model's variables hold a point that the solver calls feasible.
    bound : float
        Proved lower bound in the model's units; -inf where there is none.
    message : str
        The solver's own word.
    nodes : int or None
        Branch-and-bound nodes, where the solver counts them.
    """

    health: Health
    has_solution: bool
    bound: float
    message: str
    nodes: int | None = None


OUT_OF_TIME = SolverAnswer(Health.LIMIT, False, -math.inf, "no time left before the solver started")


def finite_bound(bound: Any) -> float:
    """Return a solver's bound, or -inf for what is none: absent, NaN, the solver's infinity."""
    try:
        value = float(bound)
    except (TypeError, ValueError):
        return -math.inf
    return value if math.isfinite(value) and abs(value) < SOLVER_INFINITY else -math.inf
