"""P3 by a model: subcarriers for the links that a given selection of experts loads."""

from __future__ import annotations

from typing import Any

import numpy as np

from dmoe_models.algorithms.baselines import highest_scores
from dmoe_models.deadline import Deadline
from dmoe_models.errors import MethodError
from dmoe_models.model.energy import count_tokens, evaluate
from dmoe_models.model.instance import Instance
from dmoe_models.model.solution import Outcome, Solution
from formulations.catalogue import Language, Model
from formulations.solver_answer import Health


def solve_p3(
    language: Language,
    model: Model,
    instance: Instance,
    *,
    selection: Any = None,
    solver: str = "",
    time_limit: float | None = None,
) -> Outcome:
    """Solve P3, the assignment of subcarriers to the links that a selection loads.

    Parameters
    ----------
    language : Language
    model : Model
        Of P3.
    instance : Instance
    selection : (T, K) bool array, optional
        Top-k's by default.
    solver : str
        One that returns a vertex; the model's own by default.
    time_limit : float, optional
        Seconds.

    Returns
    -------
    Outcome
        `details`: p3_status, and p3_optimum_j (transmission energy of the loaded links, J).

    Raises
    ------
    MethodError
        For a solver that is unknown, not installed or returns no vertex, and a selection that
        loads a link that does not exist.
    SolutionError
        For a selection of the wrong shape or kind.
    """
    solver = solver or model.solver
    chosen = selection_for_p3(instance, selection)
    counts = count_tokens(instance, chosen)
    loaded = (counts > 0) & ~np.eye(instance.K, dtype=bool)
    if not loaded.any():  # everything at home: no model is needed, and solvers dislike empty ones
        nothing = np.full((instance.K, instance.K), -1)
        details: dict[str, Any] = {"p3_status": Health.OPTIMAL.value, "p3_optimum_j": 0.0}
        return Outcome(Solution(chosen, nothing), details=details)
    deadline = Deadline(time_limit)
    built = model.build_in(language.models, instance, selection=chosen)
    answer = language.solve(built, solver, time_limit=deadline.remaining, vertex=True)
    details = {"solver": solver, "solver_says": answer.message, "p3_status": answer.health.value}
    if answer.health is not Health.OPTIMAL:
        return Outcome(details=details)
    solution = Solution(chosen, language.models.read_assignment(built))
    assert solution.assignment is not None
    if (solution.assignment[loaded] < 0).any():
        raise MethodError(
            f"solver {solver} returned a fractional point of P3; use one that returns a vertex"
        )
    details["p3_optimum_j"] = evaluate(instance, solution).transmission_j
    return Outcome(solution, details=details)


def selection_for_p3(instance: Instance, selection: Any = None) -> np.ndarray:
    """Return the (T, K) selection that P3 serves: the one given, else top-k's with k = D.

    Parameters
    ----------
    instance : Instance
    selection : (T, K) bool array, optional

    Raises
    ------
    SolutionError
        For a selection of the wrong shape or kind.
    """
    if selection is None:
        return highest_scores(instance, instance.max_experts)
    given = Solution(selection)
    given.require_shape(instance)
    return given.selection
