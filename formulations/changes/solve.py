"""A model that somebody changed, solved and read back: docs/change_the_model.md."""

from __future__ import annotations

import importlib
import time
from typing import Any

from dmoe_models.algorithms.lower_bound import lower_bound
from dmoe_models.errors import MethodError
from dmoe_models.solving.result import Result
from dmoe_models.solving.solve import judge
from formulations.solving import WITHOUT_PRODUCTS, solve_until_exact


def solve_built(built: Any, solver: str = "", *, time_limit: float | None = None) -> Result:
    """Solve a model that `Model.build` returned and that may have been changed since.

    Constraints and variables may have been added. The objective must be the energy still: a bound
    that the solver proves is taken for one of it.

    Parameters
    ----------
    built : pyomo model or CvxpyModel
        Of P1 or P2, with constraints of one's own added; it then holds the solution, and rows that
        cut off what C1 refuses.
    solver : str
        The model's own by default; any that the language knows and that is installed.
    time_limit : float, optional
        Seconds.

    Returns
    -------
    Result
        Energy and referee's verdict are of the solution as one of the instance: the constraints of
        one's own are the solver's word. Bound, gap and status are of the changed model: optimal
        means that no solution of the *changed* model is better, infeasible that it has none.

    Raises
    ------
    MethodError
        For what `Model.build` did not return, P3, and a solver that is unknown, not installed, or
        not for this kind of model.
    """
    record, name = getattr(built, "record", None), getattr(built, "language", "")
    if record is None or name not in ("pyomo", "cvxpy"):
        raise MethodError(
            f"a {type(built).__name__} is not a model from formulations.models[...].build(instance)"
            " in Pyomo or CVXPY"
        )
    if record.problem == "P3":
        raise MethodError("model p3 does not hold its experts; change p2-milp instead")
    solver = solver or record.solver
    if record.products and solver in WITHOUT_PRODUCTS:
        raise MethodError(f"solver {solver} takes no products of variables; use scip")
    language = getattr(importlib.import_module(f"formulations.with_{name}.methods"), name.upper())
    instance = built.data.instance
    started = time.perf_counter()
    outcome = solve_until_exact(
        language,
        instance,
        lambda _: built,
        lambda solved: record.read(language.models, solved),
        solver,
        time_limit,
    )
    runtime = time.perf_counter() - started
    bound = max(outcome.bound, lower_bound(instance).bound)
    return judge(instance, f"{record.name}, changed", outcome, bound, runtime)
