"""The peers of `exact`, one run of one of them, and what may honestly be said about it.

A peer's time is what it took to build the model and to solve it, as its details tell them apart;
the start of CP-SAT's process is not counted. Where it was stopped at its limit, its time is that
and more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dmoe_models import Instance, MethodError, Result, Status, solve
from dmoe_models.solving.catalogue import METHODS

SAME = 1e-9


class Peer(NamedTuple):
    """A method with options."""

    method: str
    options: dict


PEERS = {
    "aggregated on HiGHS": Peer("highs-p2-milp", {}),
    "disaggregated on HiGHS": Peer("highs-p2-milp", {"disaggregated": True}),
    "set on HiGHS": Peer("highs-p2-set", {}),
    # CVXPY hands a model to SCIP some ten times faster than Pyomo does
    "aggregated on SCIP": Peer("cvxpy-p2-milp", {"solver": "scip"}),
    "set on SCIP": Peer("cvxpy-p2-set", {"solver": "scip"}),
    # one worker has solved these models faster than two on two cores
    "set on CP-SAT": Peer("cpsat-p2", {"workers": 1}),
}


@dataclass(frozen=True)
class Run:
    """One run of a peer.

    Attributes
    ----------
    build_s, solve_s : float
    done : bool
        It ended with a proof, of an optimum or that there is none.
    objective : float
        NaN without a solution.
    refused : str
        Why the model was not built; empty where it was.
    """

    build_s: float
    solve_s: float
    done: bool
    objective: float
    refused: str = ""

    @property
    def seconds(self) -> float:
        return self.build_s + self.solve_s


def available(names) -> list[str]:
    """Those peers whose packages are installed."""
    return [name for name in names if METHODS[PEERS[name].method].installed]


def limit_s(own_s: float, target: float | None, most: float) -> float:
    """Seconds that a peer gets: twice what decides about the target, 5 to `most`."""
    return float(np.clip(2 * (target or 10.0) * own_s, min(5.0, most), most))


def run(name: str, instance: Instance, limit: float) -> Run:
    """Run a peer once."""
    method, options = PEERS[name]
    try:
        result = solve(instance, method, time_limit=limit, **options)
    except MethodError as error:
        return Run(np.nan, np.nan, False, np.nan, str(error))
    build = result.details.get("build_s", 0.0)
    done = proved(result)
    # one that was stopped while it built tells no seconds of solving
    solve_s = result.details.get("solve_s", result.runtime - build)
    return Run(build, solve_s if done else max(solve_s, limit - build), done, result.objective)


def proved(result: Result) -> bool:
    return result.status in (Status.OPTIMAL, Status.INFEASIBLE)


def difference(runs: list[Run], optima: list[float]) -> str:
    """Say how the objectives of some runs compare with the optima."""
    found = [run.objective for run in runs]
    without = sum(np.isnan(objective) for objective in found)
    excess = [f / o - 1 for f, o in zip(found, optima, strict=True) if not np.isnan(f)]
    words = []
    if excess:
        worst = max(excess, key=abs)
        words.append("same to 1e-9" if abs(worst) <= SAME else f"objective off by {worst:+.1e}")
    if without:
        words.append(f"no solution on {without}")
    return ", ".join(words)
