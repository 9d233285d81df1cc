"""A row: what is known about one method on one instance.

What a row says depends only on its own run; gaps, which need all methods of an instance, are worked
out from the rows whenever they are read.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from dmoe_models.files.plain_json import decode, plain
from dmoe_models.model.gap import OPTIMALITY_GAP, relative_gap
from dmoe_models.solving.method import PLUG_IN
from dmoe_models.values.value import Value

NOT_RUN = "not run"
"""Status of a method that declined an instance, such as an enumeration of too many cases."""

FAILED = "failed"
"""Status of a method that raised, hung or returned nonsense."""

OVERDUE = "overdue: "
"""Beginning of the reason in the row of a method that was stopped by the wall clock."""

AT_LIMIT = 0.95
"""Share of its time limit after which a run without a proof counts as cut short."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Row(Value):
    """One method on one instance.

    Attributes
    ----------
    instance, instance_sha256, problem : str
    nodes, tokens, subcarriers, max_experts : int
    method, kind : str
        What it is called in tables (its label, or its name), and "exact", "heuristic", "bound" or
        "plug-in".
    method_sha256 : str
        Hash of a plug-in's source (its file, with what it imports from beside it), so that an
        edited algorithm is run again; else empty.
    solver : str
        Empty where the method takes none, or its default was used.
    time_limit_s : float
    seed : int
    version : str
        Of this package.
    status : str
        A `Status`, or "not run" or "failed".
    objective_j, bound_j : float
        Energy (NaN without a solution) and the proved bound that stands in the method's result (at
        least LB; -inf where there is none, +inf for a proof of infeasibility).
    own_bound_j : float
        What the method itself gave as a bound, -inf for nothing. Of a plug-in it is a claim.
    static_j : float
    runtime_s : float
    verdict : str
        The referee's: "valid", the violated constraints, or empty without a solution.
    referee_energy_j : float
        The energy in exact arithmetic; NaN where it cannot be computed.
    reason : str
        Why it was not run, failed or was refused; empty otherwise.
    instance_set : str
        The set that the instance was run as a part of; empty in a journal, where it belongs to
        the run and not to the row.
    best_bound_j, gap : float
        Best proved bound over all methods, and the gap to it; NaN until `verification.graded`.
    optimal : bool or None
        The gap is at most 1e-6; None where there is none.
    incumbents : str
        When the method says that it found which solutions: JSON pairs [s, J]; empty where it does
        not. Nobody but the method has seen those on the way.
    method_name : str
        The method's name, where `method` is a label and not that name; else empty.
    options : str
        Of the method, as a JSON object; empty for none. The solver has a field of its own.
    """

    instance: str
    instance_sha256: str
    problem: str
    nodes: int
    tokens: int
    subcarriers: int
    max_experts: int
    method: str
    kind: str
    method_sha256: str
    solver: str
    time_limit_s: float
    seed: int
    version: str
    status: str
    objective_j: float = math.nan
    bound_j: float = -math.inf
    own_bound_j: float = -math.inf
    static_j: float = 0.0
    runtime_s: float = math.nan
    verdict: str = ""
    referee_energy_j: float = math.nan
    reason: str = ""
    instance_set: str = ""
    best_bound_j: float = math.nan
    gap: float = math.nan
    optimal: bool | None = None
    incumbents: str = ""
    method_name: str = ""
    options: str = ""

    @property
    def key(self) -> tuple[Any, ...]:
        """What a row must share with a planned run to stand for it; a label is no part of it."""
        return (
            self.instance_sha256,
            self.instance,
            self.name_of_method,
            self.options,
            self.method_sha256,
            self.solver,
            self.time_limit_s,
            self.seed,
            self.version,
        )

    @property
    def name_of_method(self) -> str:
        """The method's name, whatever its label."""
        return self.method_name or self.method

    @property
    def valid(self) -> bool:
        """Whether there is a solution that the referee accepts."""
        return self.verdict == "valid"

    @property
    def at_limit(self) -> bool:
        """Whether its time was up before it had a proof, see `cut_short`."""
        return cut_short(vars(self))

    def to_json(self) -> str:
        """Return the row as one line of JSON."""
        return json.dumps(plain(asdict(self)), allow_nan=False)


def cut_short(row: Mapping[str, Any]) -> bool:
    """Whether a run ended because its time was up: it then says nothing about the method's time.

    So it is where the wall clock stopped the method, and where it ran for at least `AT_LIMIT` of
    its limit without a proof of its own: neither of infeasibility nor by a bound that meets its
    energy. What others proved about the instance, and what a plug-in claims, are no such proof.

    Parameters
    ----------
    row : mapping
        The fields of a `Row`.
    """
    if row["reason"].startswith(OVERDUE):
        return True
    proved = row["kind"] != PLUG_IN and (
        row["own_bound_j"] == math.inf
        or relative_gap(row["objective_j"], row["own_bound_j"], row["static_j"]) <= OPTIMALITY_GAP
    )
    return not proved and row["runtime_s"] >= AT_LIMIT * row["time_limit_s"]


def row_from_json(line: str) -> Row | None:
    """Return the row in a line of a journal; None where it is no row (cut short by a kill, say)."""
    try:
        return decode(Row, json.loads(line))
    except ValueError:  # of JSON, and FileError
        return None
