"""What a method decides (Solution, Outcome) and what is then known about it (Status, Result)."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dmoe_models.errors import SolutionError
from dmoe_models.numbers import shown, whole_array

if TYPE_CHECKING:
    from dmoe_models.checker import CheckReport
    from dmoe_models.instance import Instance

OPTIMALITY_GAP = 1e-6
"""A solution is called optimal where its proved gap is at most this."""


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
class Solution:
    """Decisions only: which experts serve each token, which subcarriers each link owns.

    Parameters
    ----------
    selection : (T, K) bool array
        alpha[t, j]: expert j serves token t.
    assignment : (K, K) int array, optional
        Subcarrier of link i -> j, -1 for none.
    subcarriers : (K, K, M) bool array, optional
        beta[i, j, m], for solutions that give a link several; at most one of the two is given.
    instance_sha256 : str, optional
        The instance that the decisions were made for.
    objective : float, optional
        The energy that the author claims, J; the referee checks it.

    Raises
    ------
    SolutionError
        For arrays of the wrong kind or dimension, or where both forms of beta are given.
    """

    selection: np.ndarray
    assignment: np.ndarray | None = None
    subcarriers: np.ndarray | None = None
    instance_sha256: str | None = None
    objective: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "selection", _boolean_array("selection", self.selection, 2))
        if self.assignment is not None and self.subcarriers is not None:
            raise SolutionError("give assignment or subcarriers, not both")
        if self.assignment is not None:
            array = whole_array("assignment", self.assignment, 2, SolutionError)
            object.__setattr__(self, "assignment", array)
        if self.subcarriers is not None:
            array = _boolean_array("subcarriers", self.subcarriers, 3)
            object.__setattr__(self, "subcarriers", array)
        if self.objective is not None:
            claim = self.objective
            if isinstance(claim, (bool, np.bool_)) or not isinstance(
                claim, (int, float, np.integer, np.floating)
            ):
                raise SolutionError(f"objective = {shown(claim)} is not a number")
            try:
                object.__setattr__(self, "objective", float(claim))
            except OverflowError:
                raise SolutionError(f"objective = {shown(claim)} is too large") from None
        if not isinstance(self.instance_sha256, str | None):
            raise SolutionError(f"instance_sha256 = {shown(self.instance_sha256)} is not a string")

    def require_shape(self, instance: Instance) -> None:
        """Raise SolutionError unless every array has the shape that `instance` asks for."""
        for name, shape in (
            ("selection", (instance.T, instance.K)),
            ("assignment", (instance.K, instance.K)),
            ("subcarriers", (instance.K, instance.K, instance.M)),
        ):
            array = getattr(self, name)
            if array is not None and array.shape != shape:
                raise SolutionError(f"{name}: shape {array.shape}, expected {shape}")

    def assignment_for(self, instance: Instance) -> np.ndarray:
        """Return this solution's assignment; the instance's own, or none at all, by default."""
        if self.assignment is not None:
            return self.assignment
        if instance.assignment is not None:
            return instance.assignment
        return np.full((instance.K, instance.K), -1)

    @property
    def experts(self) -> list[list[int]]:
        """Indices of the experts that serve each token."""
        return [np.flatnonzero(row).tolist() for row in self.selection]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Solution):
            return NotImplemented
        return (
            _same(self.selection, other.selection)
            and _same(self.assignment, other.assignment)
            and _same(self.subcarriers, other.subcarriers)
            and self.instance_sha256 == other.instance_sha256
            and self.objective == other.objective
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        tokens, experts = self.selection.shape
        per_token = self.selection.sum(axis=1).mean() if tokens else 0.0
        claimed = "" if self.objective is None else f", objective={self.objective:.6g} J"
        return f"Solution(T={tokens}, K={experts}, {per_token:.2f} experts per token{claimed})"

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per token with the indices of its experts."""
        return pd.DataFrame({"experts": self.experts}).rename_axis("token")


@dataclass(frozen=True)
class Outcome:
    """What a method hands back, before anyone has looked at it.

    Attributes
    ----------
    solution : Solution or None
    bound : float
        A lower bound on the optimum that the method itself proved, J; -inf for none and +inf for
        a proof that there is no solution.
    details : dict
        What the method wants to tell: nodes, iterations, energies per iteration. `incumbents`:
        pairs of seconds since the start and J, one for each solution that was the best so far;
        primal integrals are made of them.
    """

    solution: Solution | None = None
    bound: float = -math.inf
    details: dict[str, Any] = field(default_factory=dict)


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


@dataclass(frozen=True, repr=False)
class Result:
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
        cells = "".join(
            f"<tr><th style='text-align:left'>{html.escape(key)}</th>"
            f"<td style='text-align:left'>{html.escape(str(value))}</td></tr>"
            for key, value in self.summary().items()
        )
        return f"<table><caption>Result</caption>{cells}</table>"


def _boolean_array(name: str, value: Any, ndim: int) -> np.ndarray:
    try:
        array = np.array(value, order="C")
    except ValueError:
        raise SolutionError(f"{name}: rows differ in length or depth") from None
    if array.dtype != bool:
        if array.dtype.kind not in "iuf" or not np.isin(array, (0, 1)).all():
            raise SolutionError(f"{name}: entries must be true or false (or 0 and 1)")
        array = array.astype(bool)
    if array.ndim != ndim:
        raise SolutionError(f"{name}: expected {ndim} dimensions, got shape {array.shape}")
    array.setflags(write=False)
    return array


def _same(a: np.ndarray | None, b: np.ndarray | None) -> bool:
    return (a is None) == (b is None) and (a is None or b is None or np.array_equal(a, b))
