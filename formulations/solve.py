"""Handing a model to a solver: choice, tolerances, time, and the one reading of what came back.

A solver's health (did it prove, stop or fail?) is kept apart from whether it left a solution and
from the bound that it proved. Everything that is not understood is ERROR, which proves nothing.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import cvxpy as cp
import pyomo.environ as pyo
from cvxpy.reductions.solvers.defines import INSTALLED_MI_SOLVERS
from pyomo.contrib.solver.common.factory import SolverFactory as CurrentSolverFactory
from pyomo.contrib.solver.common.results import SolutionStatus
from pyomo.contrib.solver.common.results import TerminationCondition as Current

from dmoe_models.errors import MethodError
from formulations.with_cvxpy.models import CvxpyModel
from formulations.with_highs.assembly import SMALL_MATRIX_VALUE, HighsModel

TOLERANCES = (1e-7, 1e-9)
"""Feasibility tolerances tried in turn, until the referee accepts and the gap closes."""


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
    """What a solver said.

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
        Branch-and-bound nodes, where the solver tells.
    """

    health: Health
    has_solution: bool
    bound: float
    message: str
    nodes: int | None = None


OUT_OF_TIME = SolverAnswer(Health.LIMIT, False, -math.inf, "no time left before the solver started")


def _highs_options(tolerance: float, *, vertex: bool) -> dict[str, Any]:
    options: dict[str, Any] = {
        "mip_feasibility_tolerance": tolerance,
        "primal_feasibility_tolerance": tolerance,
        "dual_feasibility_tolerance": tolerance,
        "small_matrix_value": SMALL_MATRIX_VALUE,
    }
    return options | ({"solver": "simplex"} if vertex else {})


def _scip_options(tolerance: float) -> dict[str, Any]:
    return {
        "numerics/feastol": tolerance,
        "numerics/dualfeastol": tolerance,
        "limits/gap": 0.0,
        "limits/absgap": 0.0,
        # Pyomo reads SCIP's output from a pipe, in a thread that has to wait for SCIP to end:
        # a log that fills the pipe stops both for ever, whatever the time limit.
        "display/verblevel": 0,
    }


# ------------------------------------------------------------------------------------- Pyomo

_PYOMO_ALIASES = {"scip": "scip_direct", "gurobi": "gurobi_direct", "knitro": "knitro_direct"}

_PYOMO_HEALTH = {
    Current.convergenceCriteriaSatisfied: Health.OPTIMAL,
    Current.maxTimeLimit: Health.LIMIT,
    Current.iterationLimit: Health.LIMIT,
    Current.objectiveLimit: Health.LIMIT,
    Current.interrupted: Health.LIMIT,
    Current.provenInfeasible: Health.INFEASIBLE,
    Current.infeasibleOrUnbounded: Health.INFEASIBLE,
    Current.unbounded: Health.UNBOUNDED,
}


def solve_pyomo(
    model: pyo.ConcreteModel,
    solver: str,
    *,
    time_limit: float | None = None,
    tolerance: float = TOLERANCES[0],
    vertex: bool = False,
) -> SolverAnswer:
    """Solve a Pyomo model and load its solution, if there is one.

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
        Ask for a vertex of a linear program (simplex).

    Raises
    ------
    MethodError
        For a solver that is unknown or not installed.
    """
    if time_limit is not None and time_limit <= 0:
        return OUT_OF_TIME
    name = _PYOMO_ALIASES.get(solver, solver)
    if name not in list(CurrentSolverFactory):
        return _solve_pyomo_classic(model, solver, time_limit)
    engine = CurrentSolverFactory(name)
    if not engine.available():
        raise MethodError(f"solver {solver} is not installed")
    options: dict[str, Any] = {}
    if name == "highs":
        options = _highs_options(tolerance, vertex=vertex)
    elif name.startswith("scip"):
        options = _scip_options(tolerance)
    call: dict[str, Any] = {"time_limit": time_limit, "solver_options": options}
    if "rel_gap" in engine.config:
        call |= {"rel_gap": 0.0, "abs_gap": 0.0}
    results = engine.solve(
        model, load_solutions=False, raise_exception_on_nonoptimal_result=False, **call
    )
    has_solution = results.solution_status in (SolutionStatus.feasible, SolutionStatus.optimal)
    if has_solution:
        results.solution_loader.load_vars()
    condition = results.termination_condition
    return SolverAnswer(
        health=_PYOMO_HEALTH.get(condition, Health.ERROR),
        has_solution=has_solution,
        bound=_finite_bound(results.objective_bound),
        message=condition.name,
        nodes=_nodes(results.extra_info),
    )


def _solve_pyomo_classic(
    model: pyo.ConcreteModel, solver: str, time_limit: float | None
) -> SolverAnswer:
    """Solve by one of Pyomo's older interfaces (glpk, cbc, cplex, appsi_highs ...)."""
    logging.getLogger("pyomo").setLevel(logging.ERROR)
    engine = pyo.SolverFactory(solver)
    known = sorted({*_PYOMO_ALIASES, *CurrentSolverFactory})
    if type(engine).__name__ == "UnknownSolver":
        raise MethodError(
            f"unknown solver {solver!r}; known are {', '.join(known)}, and Pyomo's older ones"
        )
    if not engine.available(exception_flag=False):
        raise MethodError(f"solver {solver} is not installed")
    call: dict[str, Any] = {"load_solutions": False}
    if time_limit is not None:
        call["timelimit"] = time_limit
    results = engine.solve(model, **call)
    condition = str(results.solver.termination_condition)
    health = {
        "optimal": Health.OPTIMAL,
        "globallyOptimal": Health.OPTIMAL,
        "maxTimeLimit": Health.LIMIT,
        "maxIterations": Health.LIMIT,
        "maxEvaluations": Health.LIMIT,
        "userInterrupt": Health.LIMIT,
        "infeasible": Health.INFEASIBLE,
        "infeasibleOrUnbounded": Health.INFEASIBLE,
        "unbounded": Health.UNBOUNDED,
    }.get(condition, Health.ERROR)
    has_solution = len(results.solution) > 0
    if has_solution:
        model.solutions.load_from(results)
    return SolverAnswer(health, has_solution, _finite_bound(results.problem.lower_bound), condition)


# ------------------------------------------------------------------------------------- CVXPY

_HIGHS_HEALTH = {
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

_SCIP_HEALTH = {
    "optimal": Health.OPTIMAL,
    "timelimit": Health.LIMIT,
    "nodelimit": Health.LIMIT,
    "memlimit": Health.LIMIT,
    "gaplimit": Health.LIMIT,
    "sollimit": Health.LIMIT,
    "userinterrupt": Health.LIMIT,
    "infeasible": Health.INFEASIBLE,
    "inforunbd": Health.INFEASIBLE,
    "unbounded": Health.UNBOUNDED,
}

_CVXPY_HEALTH = {
    cp.OPTIMAL: Health.OPTIMAL,
    cp.USER_LIMIT: Health.LIMIT,
    cp.OPTIMAL_INACCURATE: Health.LIMIT,
    cp.INFEASIBLE: Health.INFEASIBLE,
    cp.settings.INFEASIBLE_OR_UNBOUNDED: Health.INFEASIBLE,
    cp.UNBOUNDED: Health.UNBOUNDED,
}


def solve_cvxpy(
    model: CvxpyModel,
    solver: str,
    *,
    time_limit: float | None = None,
    tolerance: float = TOLERANCES[0],
    vertex: bool = False,
) -> SolverAnswer:
    """Solve a CVXPY model; its variables hold the solution, if there is one.

    Parameters
    ----------
    model : CvxpyModel
    solver : str
        "highs", "scip", or any that CVXPY knows and the user has installed. The proved bound of
        those others is not read, so that their answers count as FEASIBLE at best.
    time_limit, tolerance, vertex
        As for `solve_pyomo`.

    Raises
    ------
    MethodError
        For a solver that is unknown or not installed, or a time limit that it does not take.
    """
    if time_limit is not None and time_limit <= 0:
        return OUT_OF_TIME
    name = solver.upper()
    if name not in cp.installed_solvers():
        raise MethodError(
            f"solver {solver} is not installed for CVXPY; installed are "
            f"{', '.join(s.lower() for s in cp.installed_solvers())}"
        )
    read: Callable[[dict[str, Any]], SolverAnswer]
    if name == "HIGHS":
        options = _highs_options(tolerance, vertex=vertex)
        options |= {"mip_rel_gap": 0.0, "mip_abs_gap": 0.0}
        options |= {} if time_limit is None else {"time_limit": float(time_limit)}
        read = _read_highs
    elif name == "SCIP":
        parameters = _scip_options(tolerance)
        parameters |= {} if time_limit is None else {"limits/time": time_limit}
        options = {"scip_params": parameters}
        read = _read_scip
    else:
        return _solve_cvxpy_other(model.problem, name, time_limit)
    # The steps of Problem.solve, taken one by one: the raw answer holds the bound, which the
    # problem forgets, and survives where `solve` would raise (no solution within the limit).
    data, chain, inverse = model.problem.get_problem_data(name, enforce_dpp=False)
    raw = chain.solve_via_data(model.problem, data, solver_opts=options)
    answer = read(raw)
    if answer.has_solution:
        with warnings.catch_warnings():  # "may be inaccurate": our caller checks, whatever it is
            warnings.simplefilter("ignore", UserWarning)
            model.problem.unpack_results(raw, chain, inverse)
    return answer


def _read_highs(raw: dict[str, Any]) -> SolverAnswer:
    info, status = raw["info"], raw["model_status"]
    health = _HIGHS_HEALTH.get(status, Health.ERROR)
    if info.mip_node_count >= 0:
        bound = info.mip_dual_bound
    else:  # a linear program
        bound = info.objective_function_value if health is Health.OPTIMAL else -math.inf
    return SolverAnswer(
        health,
        info.primal_solution_status == 2,
        _finite_bound(bound),
        status,
        info.mip_node_count if info.mip_node_count >= 0 else None,
    )


# -------------------------------------------------------------------------- HiGHS, directly


def solve_highs(
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
    time_limit, tolerance, vertex
        As for `solve_pyomo`.
    """
    if time_limit is not None and time_limit <= 0:
        return OUT_OF_TIME
    if solver != "highs":
        raise MethodError(f"solver {solver}: this model lives in HiGHS")
    highs = model.highs
    highs.clearSolver()  # or it would hold on to what it found at a looser tolerance
    options = _highs_options(tolerance, vertex=vertex)
    options |= {"mip_rel_gap": 0.0, "mip_abs_gap": 0.0}
    if time_limit is not None:  # HiGHS counts the time of earlier runs too
        options["time_limit"] = highs.getRunTime() + time_limit
    for name, value in options.items():
        highs.setOptionValue(name, value)
    highs.run()
    return _read_highs({"info": highs.getInfo(), "model_status": highs.getModelStatus().name})


def _read_scip(raw: dict[str, Any]) -> SolverAnswer:
    model, status = raw["model"], raw["scip_status"]
    bound = model.getDualbound()
    return SolverAnswer(
        _SCIP_HEALTH.get(status, Health.ERROR),
        "primal" in raw,
        _finite_bound(bound if abs(bound) < model.infinity() else -math.inf),
        status,
        int(model.getNTotalNodes()),
    )


def _solve_cvxpy_other(problem: cp.Problem, name: str, time_limit: float | None) -> SolverAnswer:
    if problem.is_mixed_integer() and name not in INSTALLED_MI_SOLVERS:
        raise MethodError(f"solver {name.lower()} takes no integer variables")
    options: dict[str, Any] = {}
    if time_limit is not None:
        takes: dict[str, dict[str, Any]] = {
            "GUROBI": {"TimeLimit": time_limit},
            "CBC": {"maximumSeconds": time_limit},
            "GLPK_MI": {"tm_lim": max(1, int(1000 * time_limit))},
            "CPLEX": {"cplex_params": {"timelimit": time_limit}},
            "SCIPY": {"scipy_options": {"time_limit": time_limit}},
        }
        if name not in takes:
            raise MethodError(f"solver {name.lower()}: how to give it a time limit is not known")
        options = takes[name]
    try:
        problem.solve(solver=name, **options)
    except cp.SolverError as error:
        return SolverAnswer(Health.ERROR, False, -math.inf, str(error))
    except ImportError as error:  # GLOP and PDLP of OR-Tools, next to highspy (see cpsat_worker)
        raise MethodError(f"solver {name.lower()} cannot be loaded: {error}") from error
    health = _CVXPY_HEALTH.get(problem.status, Health.ERROR)
    has_solution = problem.value is not None and math.isfinite(problem.value)
    return SolverAnswer(health, has_solution, -math.inf, str(problem.status))


def _finite_bound(bound: Any) -> float:
    """Return the bound, or -inf for what is none (absent, NaN, a solver's infinity)."""
    try:
        value = float(pyo.value(bound))
    except (TypeError, ValueError):
        return -math.inf
    return value if math.isfinite(value) and abs(value) < 1e20 else -math.inf


def _nodes(extra_info: Any) -> int | None:
    for key in ("mip_node_count", "NNodes"):
        if key in extra_info:
            number = int(pyo.value(extra_info[key]))
            return number if number >= 0 else None
    return None
