"""What came of each method on each instance, and what the instance's best known energy is."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dmoe_models.errors import DmoeError
from dmoe_models.model.gap import OPTIMALITY_GAP, relative_gap
from dmoe_models.solving.method import PLUG_IN
from dmoe_models.values.value import Value
from dmoe_models.verification.measures import primal_gap, primal_integral
from dmoe_models.verification.row import FAILED, NOT_RUN, OVERDUE, cut_short

SOLUTION, INFEASIBLE, NONE_FOUND = "solution", "infeasible", "none found"
TIMED_OUT, REFUSED, ABSENT = "timed out", "refused", "absent"
OUTCOMES = (SOLUTION, INFEASIBLE, NONE_FOUND, TIMED_OUT, REFUSED, FAILED, NOT_RUN, ABSENT)
"""What came of a method on an instance; the first two are answers. Absent: there is no row."""

ROUNDING = 1e-9  # relative, between a method's own sum and the evaluator's


@dataclass(frozen=True, eq=False)
class Options(Value):
    """How figures are computed.

    Attributes
    ----------
    time_shift_s : float
        Shift of geometric means of time.
    gap_shift : float
        Shift of geometric means of primal gaps.
    target_gap : float
        An instance is solved, as far as time goes, by a primal gap of at most this.
    horizon_s : float or None
        Of primal integrals; None for each instance's time limit.
    """

    time_shift_s: float = 0.01
    gap_shift: float = 0.01
    target_gap: float = OPTIMALITY_GAP
    horizon_s: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("time_shift_s", "gap_shift", "target_gap"):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) >= 0):
                raise DmoeError(f"{name} = {getattr(self, name)} is not a non-negative number")
        if self.horizon_s is not None and not (0 < self.horizon_s < math.inf):
            raise DmoeError(f"horizon_s = {self.horizon_s} is not a positive number of seconds")


def reference(rows: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return the instances that methods are compared on, and their best known energies.

    Parameters
    ----------
    rows : DataFrame
        One line per instance and method, see `read_rows`.
    names : list of str
        The methods that are compared. All methods count for the best known.

    Returns
    -------
    DataFrame
        instance, instance_sha256; static_j; best_j, the least valid energy, J, without static_j;
        proved, that it is optimal; infeasible, proved; limit_s, the time limit.
    """
    found = []
    for (name, sha), own in rows.groupby(["instance", "instance_sha256"], sort=False):
        compared = own[own.method.isin(names)]
        if compared.empty:
            continue
        valid = own[(own.verdict == "valid") & np.isfinite(own.objective_j)]
        trusted = own[(own.kind != PLUG_IN) & ~own.status.isin((FAILED, NOT_RUN))]
        static = float(own.static_j.iloc[0])
        best, bound = valid.objective_j.min(), trusted.bound_j.max()
        found.append(
            {
                "instance": name,
                "instance_sha256": sha,
                "static_j": static,
                "best_j": best - static,
                "proved": relative_gap(best, bound, static) <= OPTIMALITY_GAP,
                "infeasible": bound == math.inf and valid.empty,
                "limit_s": compared.time_limit_s.max(),
            }
        )
    return pd.DataFrame(found)


def classified(
    rows: pd.DataFrame, names: list[str], instances: pd.DataFrame, options: Options
) -> pd.DataFrame:
    """Return what came of each of the methods on each instance, one line for each pair.

    Parameters
    ----------
    rows : DataFrame
    names : list of str
        Methods.
    instances : DataFrame
        From `reference`, for the same rows and names.
    options : Options

    Returns
    -------
    DataFrame
        The columns of `Comparison.runs`, and place, the line of `instances`.
    """
    table = rows.set_index(["instance", "instance_sha256", "method"])
    known: dict[Any, Any] = dict(zip(table.index, table.to_dict("records"), strict=True))
    lines = []
    for place, instance in instances.iterrows():
        for name in names:
            row = known.get((instance.instance, instance.instance_sha256, name))
            lines.append({"place": place} | _run(row, name, instance, options))
    return pd.DataFrame(lines)


def _run(
    row: dict[str, Any] | None, name: str, instance: pd.Series, options: Options
) -> dict[str, Any]:
    horizon = options.horizon_s or float(instance.limit_s)
    outcome = ABSENT if row is None else _outcome(row, bool(instance.infeasible))
    energy = time = gap = integral = math.nan
    solved = math.inf
    trajectory = False
    if row is not None and outcome in (SOLUTION, INFEASIBLE):
        time = row["runtime_s"]
    if not math.isnan(instance.best_j):
        gap, integral = 1.0, horizon
    if row is not None and outcome == SOLUTION:
        energy = row["objective_j"] - instance.static_j
        gap = primal_gap(energy, instance.best_j)
        try:
            times, energies = _incumbents(row, instance.static_j)
        except DmoeError as error:
            raise DmoeError(f"{name} on {instance.instance}: {error}") from None
        trajectory = len(times) > 1
        integral = primal_integral(times, energies, instance.best_j, horizon)
    reached = outcome == INFEASIBLE or gap <= options.target_gap
    if reached and row is not None and not cut_short(row):
        solved = time
    return {
        "instance": instance.instance,
        "instance_sha256": instance.instance_sha256,
        "method": name,
        "outcome": outcome,
        "time_s": time,
        "solved_s": solved,
        "limit_s": float(instance.limit_s),
        "energy_j": energy,
        "best_j": instance.best_j,
        "gap": gap,
        "integral_s": integral,
        "trajectory": trajectory,
    }


def _outcome(row: dict[str, Any], infeasible: bool) -> str:
    if row["status"] == NOT_RUN:
        return NOT_RUN
    if row["status"] == FAILED:
        return TIMED_OUT if row["reason"].startswith(OVERDUE) else FAILED
    if row["verdict"] == "valid" and math.isfinite(row["objective_j"]):
        return SOLUTION
    if row["verdict"]:
        return REFUSED
    if infeasible and row["own_bound_j"] == math.inf:  # its own proof, not an attached one
        return INFEASIBLE
    return TIMED_OUT if cut_short(row) else NONE_FOUND


def _incumbents(row: dict[str, Any], static_j: float) -> tuple[list[float], list[float]]:
    """Return when a run found which energies; its end and its answer where that is not known.

    No claim counts that is earlier than the start or better than the answer that was refereed.
    """
    end, answer = row["runtime_s"], row["objective_j"]
    try:
        pairs = [(float(t), float(e)) for t, e in json.loads(row.get("incumbents") or "[]")]
    except (ValueError, TypeError):
        raise DmoeError("incumbents are not a list of [seconds, joules]") from None
    found_at = sorted((t, e) for t, e in pairs if 0 <= t <= end)
    found_at = [(t, max(e, answer)) for t, e in found_at if e >= answer * (1 - ROUNDING)]
    found_at.append((end, answer))
    return [t for t, _ in found_at], [e - static_j for _, e in found_at]
