"""What a method decides: a Solution, and the Outcome that it hands back."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from os import PathLike
from typing import Any

import numpy as np
import pandas as pd

from dmoe_models.errors import SolutionError, require_kind
from dmoe_models.input_checks import quote, unicode_text
from dmoe_models.model.arrays import truth_array, whole_array
from dmoe_models.model.instance import Instance
from dmoe_models.text import html_grid
from dmoe_models.values.value import Value


@dataclass(frozen=True, eq=False, repr=False)
class Solution(Value):
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
        selection = truth_array("selection", self.selection, 2, SolutionError)
        object.__setattr__(self, "selection", selection)
        if self.assignment is not None and self.subcarriers is not None:
            raise SolutionError("give assignment or subcarriers, not both")
        if self.assignment is not None:
            array = whole_array("assignment", self.assignment, 2, SolutionError)
            object.__setattr__(self, "assignment", array)
        if self.subcarriers is not None:
            array = truth_array("subcarriers", self.subcarriers, 3, SolutionError)
            object.__setattr__(self, "subcarriers", array)
        if self.objective is not None:
            claim = self.objective
            if isinstance(claim, (bool, np.bool_)) or not isinstance(
                claim, (int, float, np.integer, np.floating)
            ):
                raise SolutionError(f"objective = {quote(claim)} is not a number")
            try:
                object.__setattr__(self, "objective", float(claim))
            except OverflowError:
                raise SolutionError(f"objective = {quote(claim)} is too large") from None
        if not isinstance(self.instance_sha256, str | None):
            raise SolutionError(f"instance_sha256 = {quote(self.instance_sha256)} is not a string")
        if self.instance_sha256 is not None:
            unicode_text("instance_sha256", self.instance_sha256, SolutionError)

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

    def __repr__(self) -> str:
        tokens, experts = self.selection.shape
        per_token = self.selection.sum(axis=1).mean() if tokens else 0.0
        claimed = "" if self.objective is None else f", objective={self.objective:.6g} J"
        return f"Solution(T={tokens}, K={experts}, {per_token:.2f} experts per token{claimed})"

    def _repr_html_(self) -> str:
        lines = [
            [str(token), ", ".join(map(str, np.flatnonzero(row)))]
            for token, row in enumerate(self.selection)
        ]
        notes = ["subcarriers as the instance has them"]
        if self.subcarriers is not None:
            notes = [f"{int(self.subcarriers.sum()):,} subcarriers owned by links"]
        elif self.assignment is not None:
            notes = [f"{int((self.assignment >= 0).sum()):,} links own a subcarrier"]
        return html_grid(repr(self), (["token", "experts"], lines), [0, 1], notes, room=10)

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per token with the indices of its experts."""
        return pd.DataFrame({"experts": self.experts}).rename_axis("token")


@dataclass(frozen=True, eq=False)
class Outcome(Value):
    """What a method hands back, before anyone has looked at it.

    Attributes
    ----------
    solution : Solution or None
    bound : float
        A lower bound on the optimum that the method itself proved, J; -inf for none and +inf for
        a proof that there is no solution.
    details : dict
        What the method reports of its run: nodes, iterations, energies per iteration. `incumbents`:
        pairs of seconds since the start and J, one for each solution that was the best so far;
        primal integrals are made of them. `bounds`: such pairs of when its bound rose.
    """

    solution: Solution | None = None
    bound: float = -math.inf
    details: dict[str, Any] = field(default_factory=dict)


def require_solution(value: Any, name: str = "solution") -> None:
    """Raise SolutionError for an argument that is no Solution.

    Parameters
    ----------
    value : object
        As it was handed over; of a Result or an Outcome the message names the attribute.
    name : str
        Of the argument.
    """
    hint = ""
    if isinstance(value, (str, PathLike)):
        hint = "; read_solution reads one from a file"
    elif hasattr(value, "solution"):
        hint = f"; {name}.solution is one" if value.solution is not None else "; it has none"
    require_kind(name, value, Solution, SolutionError, hint)
