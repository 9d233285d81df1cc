"""What is known about an answer after it was judged: Status and Result."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import pandas as pd

from dmoe_models.model.gap import format_gap, relative_gap
from dmoe_models.model.solution import Solution
from dmoe_models.referee.check import CheckReport
from dmoe_models.text import format_number, html_table
from dmoe_models.values.value import Value


class Status(StrEnum):
    """What is proved about an answer.

    OPTIMAL: feasible, with a proved gap of at most 1e-6. FEASIBLE: feasible, not proved optimal.
    INFEASIBLE: proved that there is no solution. UNKNOWN: no feasible solution known, nothing
    proved.
    """

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    UNKNOWN = "unknown"


@dataclass(frozen=True, eq=False, repr=False)
class Result(Value):
    """A method's answer, evaluated, checked and bounded by others than its author.

    Attributes
    ----------
    method, instance : str
        Names.
    status : Status
    objective : float
        Energy of the solution, J, by `evaluate`; NaN without a solution.
    bound : float
        A proved lower bound, J; -inf where there is none, +inf where infeasibility is proved.
    runtime : float
        Seconds that the method took (the attached lower bound and the check are not counted).
    solution : Solution or None
    check : CheckReport or None
        The referee's verdict on the solution.
    static_j : float
        The instance's static energy, J, which no decision changes.
    details : dict
    """

    method: str
    instance: str
    status: Status
    objective: float
    bound: float
    runtime: float
    solution: Solution | None
    check: CheckReport | None = None
    static_j: float = 0.0
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def gap(self) -> float:
        """Proved relative gap; NaN without a feasible solution."""
        if self.check is None or not self.check.ok:
            return math.nan
        return relative_gap(self.objective, self.bound, self.static_j)

    def summary(self) -> dict[str, Any]:
        """Return the figures of one row of a table."""
        return {
            "instance": self.instance,
            "method": self.method,
            "status": str(self.status),
            "objective_j": self.objective,
            "bound_j": self.bound,
            "gap": self.gap,
            "runtime_s": self.runtime,
            "valid": None if self.check is None else self.check.ok,
        }

    def to_dataframe(self) -> pd.DataFrame:
        """Return the summary as a table of one row."""
        return pd.DataFrame([self.summary()])

    def __repr__(self) -> str:
        return (
            f"Result({self.method!r} on {self.instance!r}: {self.status}, "
            f"objective={self.objective:.9g} J, bound={self.bound:.9g} J, gap={self.gap:.3g}, "
            f"runtime={self.runtime:.3g} s)"
        )

    def _repr_html_(self) -> str:
        facts = self.summary() | {"gap": format_gap(self.gap)}
        digits = {"objective_j": 9, "bound_j": 9, "runtime_s": 3}
        facts |= {name: format_number(facts[name], number) for name, number in digits.items()}
        names = {
            "objective_j": "energy (J)",
            "bound_j": "bound (J)",
            "runtime_s": "time (s)",
        }
        return html_table("Result", ((names.get(n, n), str(value)) for n, value in facts.items()))
