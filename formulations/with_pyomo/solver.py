"""Pyomo models handed to a solver: choice, tolerances, time, and what its answer means."""

from __future__ import annotations

import io
import logging
import time
from typing import Any

import pyomo.environ as pyo
from pyomo.common.errors import ApplicationError
from pyomo.common.log import LoggingIntercept
from pyomo.contrib.solver.common.factory import SolverFactory as CurrentSolverFactory
from pyomo.contrib.solver.common.results import SolutionStatus
from pyomo.contrib.solver.common.results import TerminationCondition as Current

from dmoe_models.errors import MethodError
from formulations.solver_answer import OUT_OF_TIME, Health, SolverAnswer, finite_bound
from formulations.solver_options import TOLERANCES, highs_options, scip_options, whole_seconds

_ALIASES = {"scip": "scip_direct", "gurobi": "gurobi_direct", "knitro": "knitro_direct"}
"""Pyomo's present interfaces go by names that say how they hand a model over."""

_HEALTH = {
    Current.convergenceCriteriaSatisfied: Health.OPTIMAL,
    Current.maxTimeLimit: Health.LIMIT,
    Current.iterationLimit: Health.LIMIT,
    Current.objectiveLimit: Health.LIMIT,
    Current.provenInfeasible: Health.INFEASIBLE,
    Current.infeasibleOrUnbounded: Health.INFEASIBLE,
    Current.unbounded: Health.UNBOUNDED,
}

_CLASSIC_HEALTH = {
    "optimal": Health.OPTIMAL,
    "globallyOptimal": Health.OPTIMAL,
    "feasible": Health.LIMIT,  # GLPK, out of time with a solution
    "intermediateNonInteger": Health.LIMIT,  # CBC, out of time with a relaxation's point
    "maxTimeLimit": Health.LIMIT,
    "maxIterations": Health.LIMIT,
    "maxEvaluations": Health.LIMIT,
    "infeasible": Health.INFEASIBLE,
    "infeasibleOrUnbounded": Health.INFEASIBLE,
    "unbounded": Health.UNBOUNDED,
}

_NO_SOLUTION = ("infeasible", "infeasibleOrUnbounded", "intermediateNonInteger")
"""What Pyomo calls answers whose values, if there are any, are no solution."""

_NEARLY = 0.9
"""Share of a time limit from which a program may have stopped for it: clocks differ."""

MESSAGE_LENGTH = 300
"""Characters of what a failed program said that are kept."""


def solve(
    model: pyo.ConcreteModel,
    solver: str,
    *,
    time_limit: float | None = None,
    tolerance: float = TOLERANCES[0],
    vertex: bool = False,
) -> SolverAnswer:
    """Solve a Pyomo model and load its solution, if there is one.

    An interrupt in Python arrives when the solver returns, of SCIP at once: Pyomo keeps HiGHS, and
    what could stop it, to itself. The command `dmoe` ends whatever runs.

    Parameters
    ----------
    model : pyomo.environ.ConcreteModel
    solver : str
        "highs", "scip", or any that Pyomo knows and the user has installed.
    time_limit : float, optional
        Seconds.
    tolerance : float
        Feasibility tolerance (HiGHS and SCIP).
    vertex : bool
        Ask for a vertex of a linear program (HiGHS: by the simplex method).

    Returns
    -------
    SolverAnswer

    Raises
    ------
    MethodError
        For a solver that is unknown or not installed, and one whose program fails: quoted.
    """
    if time_limit is not None and time_limit <= 0:
        return OUT_OF_TIME
    # Pyomo warns of a solution that is not optimal, and logs what a program printed: our answer
    # says both.
    with LoggingIntercept(module="pyomo", level=logging.WARNING) as said:
        return _solve(model, solver, time_limit, tolerance, vertex, said)


def _solve(
    model: pyo.ConcreteModel,
    solver: str,
    time_limit: float | None,
    tolerance: float,
    vertex: bool,
    said: io.StringIO,
) -> SolverAnswer:
    name = _ALIASES.get(solver, solver)
    if name not in list(CurrentSolverFactory):
        return _solve_classic(model, solver, time_limit, said)
    engine = CurrentSolverFactory(name)
    if not engine.available():
        raise MethodError(f"solver {solver} is not installed")
    options: dict[str, Any] = {}
    if name == "highs":
        options = highs_options(tolerance, vertex=vertex)
    elif name.startswith("scip"):
        options = scip_options(tolerance)
    call: dict[str, Any] = {"time_limit": time_limit, "solver_options": options}
    if "rel_gap" in engine.config:
        call |= {"rel_gap": 0.0, "abs_gap": 0.0}
    results = engine.solve(
        model, load_solutions=False, raise_exception_on_nonoptimal_result=False, **call
    )
    if results.termination_condition is Current.interrupted:  # SCIP takes Ctrl-C for itself
        raise KeyboardInterrupt
    has_solution = results.solution_status in (SolutionStatus.feasible, SolutionStatus.optimal)
    if has_solution:
        results.solution_loader.load_vars()
    condition = results.termination_condition
    return SolverAnswer(
        health=_HEALTH.get(condition, Health.ERROR),
        has_solution=has_solution,
        bound=_bound(results.objective_bound),
        message=condition.name,
        nodes=_nodes(results.extra_info),
    )


def _solve_classic(
    model: pyo.ConcreteModel, solver: str, time_limit: float | None, said: io.StringIO
) -> SolverAnswer:
    """Solve by one of Pyomo's older interfaces (glpk, cbc, cplex, appsi_highs ...)."""
    engine = pyo.SolverFactory(solver)
    known = sorted({*_ALIASES, *CurrentSolverFactory})
    if type(engine).__name__ == "UnknownSolver":
        raise MethodError(
            f"unknown solver {solver!r}; known are {', '.join(known)}, and Pyomo's older ones"
        )
    if not engine.available(exception_flag=False):
        raise MethodError(f"solver {solver} is not installed")
    call: dict[str, Any] = {"load_solutions": False}
    if time_limit is not None:
        call["timelimit"] = whole_seconds(time_limit) if "glpk" in solver else time_limit
    started = time.perf_counter()
    try:
        results = engine.solve(model, **call)
    except (ApplicationError, ValueError, OSError) as error:  # of the program
        message = " ".join(f"{said.getvalue()} {error}".split())
        raise MethodError(f"solver {solver} failed: {message[:MESSAGE_LENGTH]}") from error
    condition = str(results.solver.termination_condition)
    if condition == "userInterrupt":
        raise KeyboardInterrupt
    health = _CLASSIC_HEALTH.get(condition, Health.ERROR)
    elapsed = time.perf_counter() - started
    stopped = time_limit is not None and elapsed >= _NEARLY * time_limit
    if health is Health.INFEASIBLE and stopped:  # CBC says so where its time was up, too
        health = Health.LIMIT
    has_solution = len(results.solution) > 0 and condition not in _NO_SOLUTION
    if has_solution:
        model.solutions.load_from(results)
    return SolverAnswer(
        health=health,
        has_solution=has_solution,
        bound=_bound(results.problem.lower_bound),
        message=condition,
    )


def _bound(bound: Any) -> float:
    """Return a bound that Pyomo may hold in an object of its own, or not at all."""
    try:
        return finite_bound(pyo.value(bound))
    except (TypeError, ValueError):
        return finite_bound(None)


def _nodes(extra_info: Any) -> int | None:
    """Return the number of nodes under the name that HiGHS's or SCIP's interface gives it."""
    for key in ("mip_node_count", "NNodes"):
        if key in extra_info:
            number = int(pyo.value(extra_info[key]))
            return number if number >= 0 else None
    return None
