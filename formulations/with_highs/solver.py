"""Models that are already in HiGHS: solved, and what HiGHS's answer means."""

from __future__ import annotations

import math
from typing import Any

from dmoe_models.errors import MethodError
from formulations.solver_answer import OUT_OF_TIME, Health, SolverAnswer, finite_bound
from formulations.solver_options import HIGHS_NO_GAP, TOLERANCES, highs_options
from formulations.with_highs.assembly import HighsModel
from formulations.with_highs.running import run_highs

_HEALTH = {
    "kOptimal": Health.OPTIMAL,
    "kTimeLimit": Health.LIMIT,
    "kIterationLimit": Health.LIMIT,
    "kSolutionLimit": Health.LIMIT,
    "kObjectiveBound": Health.LIMIT,
    "kObjectiveTarget": Health.LIMIT,
    "kInterrupt": Health.LIMIT,
    "kInfeasible": Health.INFEASIBLE,
    "kUnboundedOrInfeasible": Health.INFEASIBLE,
    "kUnbounded": Health.UNBOUNDED,
}

_FEASIBLE_POINT = 2
"""HiGHS's `primal_solution_status` where it holds a feasible point."""


def solve(
    model: HighsModel,
    solver: str = "highs",
    *,
    time_limit: float | None = None,
    tolerance: float = TOLERANCES[0],
    vertex: bool = False,
) -> SolverAnswer:
    """Solve a model that is already in HiGHS, from scratch; it then holds the solution.

    Parameters
    ----------
    model : HighsModel
    solver : str
        "highs": there is no other.
    time_limit : float, optional
        Seconds.
    tolerance : float
        Feasibility tolerance.
    vertex : bool
        Ask for a vertex of a linear program (by the simplex method).

    Returns
    -------
    SolverAnswer

    Raises
    ------
    MethodError
        For any other solver.
    """
    if time_limit is not None and time_limit <= 0:
        return OUT_OF_TIME
    if solver != "highs":
        raise MethodError(f"solver {solver}: this model lives in HiGHS")
    highs = model.highs
    highs.clearSolver()  # or it would hold on to what it found at a looser tolerance
    options = highs_options(tolerance, vertex=vertex) | HIGHS_NO_GAP
    if time_limit is not None:  # HiGHS counts the time of earlier runs too
        options["time_limit"] = highs.getRunTime() + time_limit
    for name, value in options.items():
        highs.setOptionValue(name, value)
    run_highs(highs)
    return highs_answer(highs.getInfo(), highs.getModelStatus().name)


def highs_answer(info: Any, status: str) -> SolverAnswer:
    """Return what HiGHS's answer means.

    Parameters
    ----------
    info : highspy.HighsInfo
    status : str
        Name of its model status.
    """
    health = _HEALTH.get(status, Health.ERROR)
    if info.mip_node_count >= 0:
        bound = info.mip_dual_bound
    else:  # a linear program
        bound = info.objective_function_value if health is Health.OPTIMAL else -math.inf
    return SolverAnswer(
        health=health,
        has_solution=info.primal_solution_status == _FEASIBLE_POINT,
        bound=finite_bound(bound),
        message=status,
        nodes=info.mip_node_count if info.mip_node_count >= 0 else None,
    )
