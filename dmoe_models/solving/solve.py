"""`solve`: run a method on an instance, and vouch for its answer.

A method never grades itself: the energy is evaluated, the referee checks, the proved lower bound is
attached, and the status follows from these.
"""

from __future__ import annotations

import inspect
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, get_args

import numpy as np

from dmoe_models.algorithms.lower_bound import lower_bound
from dmoe_models.deadline import Deadline
from dmoe_models.errors import MethodError
from dmoe_models.model.energy import evaluate
from dmoe_models.model.gap import OPTIMALITY_GAP, relative_gap
from dmoe_models.model.instance import Instance
from dmoe_models.model.solution import Outcome, Solution
from dmoe_models.referee.check import check
from dmoe_models.solving.catalogue import Method, find_method
from dmoe_models.solving.result import Result, Status


def solve(
    instance: Instance,
    method: str,
    *,
    seed: int = 0,
    time_limit: float | None = None,
    **options: Any,
) -> Result:
    """Run a method on an instance; evaluate, check and bound its answer.

    Parameters
    ----------
    instance : Instance
    method : str
        A name from `methods()`, or ``path/to/file.py:function``.
    seed : int
        For methods that draw random numbers.
    time_limit : float, optional
        Seconds.
    **options
        Of the method, such as ``solver="scip"``, ``k=1`` or ``starts=10``.

    Returns
    -------
    Result
        OPTIMAL where the gap to the best proved bound is at most 1e-6; INFEASIBLE where a bound of
        +inf is proved; FEASIBLE; or UNKNOWN, also for an answer that the referee refuses (then
        `check` says why).

    Raises
    ------
    MethodError
        For an unknown method or option, a problem that the method does not solve, a missing
        package, or an answer that is no Solution.
    """
    Deadline(time_limit)  # refuses a limit that is none, whether or not the method takes one
    chosen = find_method(method)
    problem = instance.problem
    if problem not in chosen.problems and not (chosen.problems == ("P3",) and problem == "P2"):
        raise MethodError(
            f"method {chosen.name} solves {' and '.join(chosen.problems)}; "
            f"{instance.name} is a {problem} instance"
        )
    function = chosen.load()
    arguments = _accepted(chosen, function, {"seed": seed, "time_limit": time_limit}, options)

    bound = _attached_bound(instance)
    # Somebody else's code gets an instance of its own: what it does to it, it does to itself.
    given = instance.replace() if chosen.kind == "plug-in" else instance
    started, worked = time.perf_counter(), time.process_time()
    outcome = function(given, **arguments)
    runtime, work = time.perf_counter() - started, time.process_time() - worked
    if isinstance(outcome, Solution):
        outcome = Outcome(outcome)
    if not isinstance(outcome, Outcome):
        raise MethodError(f"method {chosen.name} returned {type(outcome).__name__}, no Solution")
    if not isinstance(outcome.bound, (int, float)) or math.isnan(outcome.bound):
        raise MethodError(f"method {chosen.name} returned bound {outcome.bound!r}, no number")
    # What somebody else's code claims is no proof: only LB counts for it.
    word = "claimed_bound" if chosen.kind == "plug-in" else "own_bound"
    if chosen.kind != "plug-in":
        bound = max(bound, float(outcome.bound))
    details = {**outcome.details, word: float(outcome.bound), "cpu_s": work}
    outcome = replace(outcome, details=details)
    return judge(instance, chosen.name, outcome, bound, runtime)


def judge(
    instance: Instance, method: str, outcome: Outcome, bound: float, runtime: float
) -> Result:
    """Turn a method's outcome and a proved bound into a Result: evaluate, check, decide status.

    A solution that the referee accepts is signed with the instance's hash and its energy.

    Parameters
    ----------
    instance : Instance
    method : str
        Name.
    outcome : Outcome
    bound : float
        Proved, J.
    runtime : float
        Seconds.
    """
    static = instance.static_total_j
    solution = outcome.solution
    objective, report = math.nan, None
    if solution is None:
        status = Status.INFEASIBLE if bound == math.inf else Status.UNKNOWN
    else:
        report = check(instance, solution)
        if not any(violation.constraint in ("shape", "index") for violation in report.violations):
            objective = evaluate(instance, solution).total_j
        if not report.ok:
            status = Status.UNKNOWN
        elif relative_gap(objective, bound, static) <= OPTIMALITY_GAP:
            status = Status.OPTIMAL
        else:
            status = Status.FEASIBLE
        if report.ok:
            solution = replace(solution, instance_sha256=instance.sha256, objective=objective)
    return Result(
        method=method,
        instance=instance.name,
        status=status,
        objective=objective,
        bound=bound,
        runtime=runtime,
        solution=solution,
        check=report,
        static_j=static,
        details=outcome.details,
    )


@lru_cache(maxsize=2)
def _attached_bound(instance: Instance) -> float:
    """LB of an instance: computed once when several methods are run on it in turn."""
    return lower_bound(instance).bound


def require_options(method: Method, options: Mapping[str, Any]) -> None:
    """Load a method and look at its options, before any work is done.

    Raises
    ------
    MethodError
        For a method that cannot be loaded, an option that it does not take, or one of another kind.
    """
    _accepted(method, method.load(), {}, options)


def _accepted(
    method: Method, function: Callable[..., Any], usual: dict[str, Any], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Match arguments with the function's signature.

    The usual ones are passed where they are taken; an option that is not taken is an error.
    """
    signature = inspect.signature(function, eval_str=method.kind != "plug-in")
    parameters = list(signature.parameters.values())[1:]
    annotations = {p.name: p.annotation for p in parameters}
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters)
    names = [p.name for p in parameters if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)]
    for option, value in options.items():
        if option not in names and not takes_any:
            raise MethodError(
                f"method {method.name} has no option {option!r}; it takes "
                f"{', '.join(names) or 'none'}"
            )
        if method.kind != "plug-in":
            _require_kind(method, option, value, annotations.get(option, Any))
    return {k: v for k, v in usual.items() if k in names} | dict(options)


def _require_kind(method: Method, option: str, value: Any, annotation: Any) -> None:
    """Refuse an option value that is not of the annotated kind; True is no number."""
    kinds = get_args(annotation) or (annotation,)
    if Any in kinds:
        return
    fits = {
        bool: isinstance(value, bool),
        int: isinstance(value, (int, np.integer)) and not isinstance(value, bool),
        float: isinstance(value, (int, float, np.number)) and not isinstance(value, bool),
        str: isinstance(value, str),
        type(None): value is None,
    }
    if not any(fits.get(kind, True) for kind in kinds):
        wanted = " or ".join("none" if k is type(None) else k.__name__ for k in kinds)
        raise MethodError(
            f"method {method.name}: option {option} = {value!r} is not of type {wanted}"
        )
