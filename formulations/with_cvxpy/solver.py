"""CVXPY models handed to a solver: choice, tolerances, time, and what its answer means."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import cvxpy as cp
from cvxpy.reductions.solvers.defines import INSTALLED_MI_SOLVERS

from dmoe_models.errors import MethodError
from formulations.solver_answer import OUT_OF_TIME, Health, SolverAnswer, finite_bound
from formulations.solver_options import (
    HIGHS_NO_GAP,
    TOLERANCES,
    highs_options,
    scip_options,
    whole_milliseconds,
)
from formulations.with_cvxpy.models import CvxpyModel
from formulations.with_highs.solver import highs_answer

_SCIP_HEALTH = {
    "optimal": Health.OPTIMAL,
    "timelimit": Health.LIMIT,
    "nodelimit": Health.LIMIT,
    "memlimit": Health.LIMIT,
    "gaplimit": Health.LIMIT,
    "sollimit": Health.LIMIT,
    "infeasible": Health.INFEASIBLE,
    "inforunbd": Health.INFEASIBLE,
    "unbounded": Health.UNBOUNDED,
}

_HEALTH = {
    cp.OPTIMAL: Health.OPTIMAL,
    cp.USER_LIMIT: Health.LIMIT,
    cp.OPTIMAL_INACCURATE: Health.LIMIT,
    cp.INFEASIBLE: Health.INFEASIBLE,
    cp.settings.INFEASIBLE_OR_UNBOUNDED: Health.INFEASIBLE,
    cp.UNBOUNDED: Health.UNBOUNDED,
}

_TIME_LIMITS: dict[str, Callable[[float], dict[str, Any]]] = {
    "GUROBI": lambda seconds: {"TimeLimit": seconds},
    "CBC": lambda seconds: {"maximumSeconds": seconds},
    "GLPK_MI": lambda seconds: {"tm_lim": whole_milliseconds(seconds)},
    "GLPK": lambda seconds: {"tm_lim": whole_milliseconds(seconds)},
    "CLARABEL": lambda seconds: {"time_limit": seconds},
    "OSQP": lambda seconds: {"time_limit": seconds},
    "SCS": lambda seconds: {"time_limit_secs": seconds},
    "GLOP": lambda seconds: {"time_limit_sec": seconds},
    "PDLP": lambda seconds: {"time_limit_sec": seconds},
    "CPLEX": lambda seconds: {"cplex_params": {"timelimit": seconds}},
    "SCIPY": lambda seconds: {"scipy_options": {"time_limit": seconds}},
}
"""How solvers but HiGHS and SCIP take a time limit."""


def solve(
    model: CvxpyModel,
    solver: str,
    *,
    time_limit: float | None = None,
    tolerance: float = TOLERANCES[0],
    vertex: bool = False,
) -> SolverAnswer:
    """Solve a CVXPY model; its variables hold the solution, if there is one.

    An interrupt in Python arrives when the solver returns, of SCIP at once: CVXPY keeps HiGHS, and
    what could stop it, to itself. The command `dmoe` ends whatever runs.

    Parameters
    ----------
    model : CvxpyModel
    solver : str
        "highs", "scip", or any that CVXPY knows and the user has installed. The proved bound of
        those others is not read, so that their answers count as FEASIBLE at best.
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
    if name == "HIGHS":
        options = highs_options(tolerance, vertex=vertex) | HIGHS_NO_GAP
        options |= {} if time_limit is None else {"time_limit": float(time_limit)}
        return _solve_and_read(
            model, name, options, lambda raw: highs_answer(raw["info"], raw["model_status"])
        )
    if name == "SCIP":
        parameters = scip_options(tolerance)
        parameters |= {} if time_limit is None else {"limits/time": time_limit}
        return _solve_and_read(model, name, {"scip_params": parameters}, _scip_answer)
    return _solve_by_another(model.problem, name, time_limit)


def _solve_and_read(
    model: CvxpyModel,
    name: str,
    options: dict[str, Any],
    read: Callable[[dict[str, Any]], SolverAnswer],
) -> SolverAnswer:
    """Take the steps of `Problem.solve` one by one.

    The raw answer holds the bound, which the problem forgets, and survives where `Problem.solve`
    would raise (no solution within the limit).
    """
    data, chain, inverse = model.problem.get_problem_data(name, enforce_dpp=False)
    raw = chain.solve_via_data(model.problem, data, solver_opts=options)
    answer = read(raw)
    if answer.has_solution:
        with warnings.catch_warnings():  # "may be inaccurate": our caller checks, whatever it is
            warnings.simplefilter("ignore", UserWarning)
            model.problem.unpack_results(raw, chain, inverse)
    return answer


def _scip_answer(raw: dict[str, Any]) -> SolverAnswer:
    model, status = raw["model"], raw["scip_status"]
    if status == "userinterrupt":  # it takes Ctrl-C for itself
        raise KeyboardInterrupt
    bound = model.getDualbound()
    return SolverAnswer(
        health=_SCIP_HEALTH.get(status, Health.ERROR),
        has_solution="primal" in raw,
        bound=finite_bound(bound if abs(bound) < model.infinity() else -math.inf),
        message=status,
        nodes=int(model.getNTotalNodes()),
    )


def _solve_by_another(problem: cp.Problem, name: str, time_limit: float | None) -> SolverAnswer:
    """Solve by a solver whose bound is not read."""
    if problem.is_mixed_integer() and name not in INSTALLED_MI_SOLVERS:
        raise MethodError(f"solver {name.lower()} takes no integer variables")
    options: dict[str, Any] = {}
    if time_limit is not None:
        if name not in _TIME_LIMITS:
            raise MethodError(f"solver {name.lower()}: how to give it a time limit is not known")
        options = _TIME_LIMITS[name](time_limit)
    try:
        with warnings.catch_warnings():  # "may be inaccurate": our caller checks, whatever it is
            warnings.simplefilter("ignore", UserWarning)
            problem.solve(solver=name, **options)
    except cp.SolverError as error:
        return SolverAnswer(Health.ERROR, False, -math.inf, str(error))
    except ImportError as error:  # GLOP and PDLP of OR-Tools next to highspy: see with_cpsat.worker
        raise MethodError(f"solver {name.lower()} cannot be loaded: {error}") from error
    return SolverAnswer(
        health=_HEALTH.get(problem.status, Health.ERROR),
        has_solution=problem.value is not None and math.isfinite(problem.value),
        bound=-math.inf,
        message=str(problem.status),
    )
