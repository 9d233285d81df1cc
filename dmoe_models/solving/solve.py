"""`solve`: run a method on an instance, and judge its answer.

A method never grades itself: the energy is evaluated, the referee checks, the proved lower bound is
attached, and the status follows from these.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace
from functools import lru_cache
from typing import Any

from dmoe_models.algorithms.lower_bound import lower_bound
from dmoe_models.deadline import time_limit_s
from dmoe_models.errors import MethodError
from dmoe_models.model.energy import evaluate
from dmoe_models.model.gap import OPTIMALITY_GAP, relative_gap
from dmoe_models.model.instance import Instance, require_instance
from dmoe_models.model.solution import Outcome, Solution
from dmoe_models.referee.check import check
from dmoe_models.solving.catalogue import MethodLike, bind_method, find_method
from dmoe_models.solving.options import checked_seed, plain_value
from dmoe_models.solving.result import Result, Status
from dmoe_models.solving.variants import require_label


def solve(
    instance: Instance,
    method: MethodLike,
    *,
    seed: int = 0,
    time_limit: float | None = None,
    label: str | None = None,
    **options: Any,
) -> Result:
    """Run a method on an instance; evaluate, check and bound its answer.

    Parameters
    ----------
    instance : Instance
    method : str, callable, Variant, Method or BoundMethod
        A name from `methods()`; ``path/to/file.py:function``; a function of an instance that
        returns a Solution or an Outcome; or a Variant or a record from `catalogue.bind_method`,
        which have their options already.
    seed : int
        For methods that draw random numbers.
    time_limit : float, optional
        Seconds.
    label : str, optional
        What the result calls the method; by default its name.
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
    require_instance(instance)
    seed, limit = checked_seed(seed), time_limit_s(plain_value(time_limit))
    found = find_method(method)
    found.require_problem(instance)
    bound_method = bind_method(method, options)
    if label is not None:
        bound_method = replace(bound_method, label=require_label(label))
    name, foreign = bound_method.name, bound_method.foreign

    bound = _attached_bound(instance)
    # Foreign code gets an instance of its own: what it does to it, it does to itself.
    given = instance.replace() if foreign else instance
    started, worked = time.perf_counter(), time.process_time()
    outcome = bound_method.call(given, seed, limit)
    runtime, work = time.perf_counter() - started, time.process_time() - worked
    if isinstance(outcome, Solution):
        outcome = Outcome(outcome)
    if not isinstance(outcome, Outcome):
        raise MethodError(f"method {name} returned {type(outcome).__name__}, no Solution")
    if not isinstance(outcome.bound, (int, float)) or math.isnan(outcome.bound):
        raise MethodError(f"method {name} returned bound {outcome.bound!r}, no number")
    # What foreign code claims is no proof: only LB counts for it.
    if not foreign:
        bound = max(bound, float(outcome.bound))
    own = "claimed_bound" if foreign else "own_bound"
    details = {**outcome.details, own: float(outcome.bound), "cpu_s": work}
    return judge(instance, name, replace(outcome, details=details), bound, runtime)


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
