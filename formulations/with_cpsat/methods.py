"""CP-SAT of OR-Tools as methods: P1 by covering rows, P2 over minimal feasible sets.

The start of CP-SAT's process is not counted in build_s and solve_s, but in the time of the method.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from dmoe_models.deadline import Deadline, OutOfTimeError
from dmoe_models.errors import MethodError
from dmoe_models.model.energy import assignment_energy_j, evaluate, expert_energy_j
from dmoe_models.model.gap import OPTIMALITY_GAP, relative_gap
from dmoe_models.model.instance import Instance
from dmoe_models.model.solution import Outcome, Solution
from formulations.data import cheapest_candidates
from formulations.solving import refused_sets
from formulations.with_cpsat.models import p1_cover, p2_set, read_assignment, read_sets
from formulations.with_cpsat.solver import NOT_BEGUN, run

FINE = OPTIMALITY_GAP / 10
"""A relative gap that rounding may leave; where it leaves more, prices are rounded more finely."""


def _rounded(bound_j: float, terms: int) -> float:
    """Take away what adding up so many doubles may have rounded up."""
    return bound_j if bound_j == math.inf else bound_j * (1 - terms * np.finfo(float).eps)


# --------------------------------------------------------------------------------------------- P1


@dataclass(frozen=True)
class Selected:
    """The answer for a batch of tokens.

    Attributes
    ----------
    selection : (T, K) bool array
        All false for a token without a set.
    found : bool
        Every token has one.
    bound_j : float
        Proved lower bound of the sum of energies.
    details : dict
    """

    selection: np.ndarray
    found: bool
    bound_j: float
    details: dict[str, Any]


def select_experts(
    energy_j: np.ndarray,
    gate_scores: np.ndarray,
    need: np.ndarray,
    max_experts: int,
    *,
    batch: int = 1,
    deadline: Deadline | None = None,
    seed: int = 0,
    workers: int | None = 1,
) -> Selected:
    """Choose for every token the cheapest set of at most D experts that meets C1.

    Parameters
    ----------
    energy_j : (T, K) array
        e[t, j] >= 0, J; infinite where token t cannot use expert j.
    gate_scores : (T, K) array
    need : (T,) array
    max_experts : int
        D.
    batch : int
        Tokens in one model. P1 separates, and CP-SAT does not notice: hard tokens of one model
        multiply its search. Many easy ones are solved faster together.
    deadline : Deadline, optional
    seed : int
    workers : int or None
        Threads; None for one on every core that this process may use.

    Returns
    -------
    Selected
        `details`: models, solves, cuts, build_s, solve_s, solver_says (of the last that was not
        optimal).
    """
    started = time.perf_counter()
    deadline = deadline or Deadline()
    selection = np.zeros(gate_scores.shape, dtype=bool)
    models = [
        p1_cover(energy_j, gate_scores, need, max_experts, np.array(part))
        for part in np.split(np.arange(len(need)), range(batch, len(need), batch))
    ]
    details: dict[str, Any] = {
        "models": len(models),
        "solves": 0,
        "cuts": 0,
        "solver_says": "OPTIMAL",
    }
    build = time.perf_counter() - started
    solve = 0.0
    bounds, found = [0.0] * len(models), [False] * len(models)
    open_models = list(range(len(models)))
    while open_models:
        answers = run([models[n].integer for n in open_models], deadline, seed, workers)
        again = []
        for number, answer in zip(open_models, answers, strict=True):
            model = models[number]
            build, solve = build + answer.build_s, solve + answer.solve_s
            bounds[number] = max(bounds[number], answer.bound_j)
            details["solves"] += answer is not NOT_BEGUN
            if answer.status != "OPTIMAL":
                details["solver_says"] = answer.status
            if answer.value is None:
                continue
            tokens = np.unique(model.tokens)
            selection[tokens] = False
            selection[model.tokens[answer.value], model.experts[answer.value]] = True
            refused = list(refused_sets(gate_scores[tokens], selection[tokens], need[tokens]))
            for row, failing in refused:
                model.forbid(int(tokens[row]), failing)
            details["cuts"] += len(refused)
            found[number] = not len(refused)
            if len(refused):
                again.append(number)
        open_models = again
    details |= {"build_s": build, "solve_s": solve}
    bound = _rounded(math.fsum(bounds), len(need) + 8)
    return Selected(selection, all(found), bound, details)


def cpsat_p1(
    instance: Instance,
    *,
    time_limit: float | None = None,
    seed: int = 0,
    workers: int | None = None,
    batch: int = 1,
) -> Outcome:
    """Solve P1 by CP-SAT, one model for every `batch` tokens.

    Parameters
    ----------
    instance : Instance
        P1.
    time_limit : float, optional
        Seconds.
    seed : int
    workers : int, optional
        Threads; by default one on every core that this process may use. With one, the same seed
        gives the same answer.
    batch : int
        Tokens in one model.

    Returns
    -------
    Outcome
        `details`: those of `select_experts`.

    Raises
    ------
    MethodError
        Where CP-SAT's process fails, or an option cannot be.
    """
    if batch < 1:
        raise MethodError(f"batch = {batch} is not positive")
    assert instance.assignment is not None
    prices = assignment_energy_j(instance, instance.assignment)
    answer = select_experts(
        expert_energy_j(instance, prices),
        instance.gate_scores,
        instance.need,
        instance.max_experts,
        batch=batch,
        deadline=Deadline(time_limit),
        seed=seed,
        workers=workers,
    )
    static = instance.static_total_j
    bound = _rounded(answer.bound_j + static, instance.K + 8)
    solution = Solution(answer.selection, instance.assignment) if answer.found else None
    return Outcome(solution, bound, answer.details)


# --------------------------------------------------------------------------------------------- P2


def cpsat_p2(
    instance: Instance,
    *,
    time_limit: float | None = None,
    seed: int = 0,
    workers: int | None = None,
    reduce: bool = True,
) -> Outcome:
    """Solve P2 by CP-SAT over minimal feasible sets.

    Where prices span so many orders of magnitude that rounding them leaves a gap, the model is
    solved once more, without whatever alone costs more than the solution found.

    Parameters
    ----------
    instance : Instance
        P2.
    time_limit : float, optional
        Seconds.
    seed : int
    workers : int, optional
        Threads; by default one on every core that this process may use. With one, the same seed
        gives the same answer.
    reduce : bool
        Keep the L cheapest subcarriers of each link only, which loses nothing.

    Returns
    -------
    Outcome
        `details`: columns, unit_j (what energies are rounded down to), solves, build_s, solve_s,
        solver_says.

    Raises
    ------
    MethodError
        Where there are too many minimal feasible sets or columns, CP-SAT's process fails, or an
        option cannot be.
    """
    deadline = Deadline(time_limit)
    static = instance.static_total_j
    candidates = cheapest_candidates(instance) if reduce else None
    best, energy, bound = None, math.inf, -math.inf
    details: dict[str, Any] = {"solves": 0, "build_s": 0.0, "solve_s": 0.0}
    for _ in range(2):
        started = time.perf_counter()
        try:
            model = p2_set(
                instance,
                candidates=candidates,
                # a little more than the solution costs: it must stay, and it was rounded
                budget_j=(energy - static) * (1 + 1e-9),
                deadline=deadline,
            )
        except OutOfTimeError as error:
            return Outcome(best, bound, details | {"failed": str(error)})
        details["build_s"] += time.perf_counter() - started
        (answer,) = run([model.integer], deadline, seed, workers)
        details |= {
            "columns": len(model.integer.cost),
            "unit_j": math.ldexp(1.0, -model.integer.exponent),
            "solves": details["solves"] + (answer is not NOT_BEGUN),
            "build_s": details["build_s"] + answer.build_s,
            "solve_s": details["solve_s"] + answer.solve_s,
            "solver_says": answer.status,
        }
        proved = _rounded(answer.bound_j + static, instance.T + instance.K + 8)
        # What the budget left out costs more than the energy that it was set by.
        bound = max(bound, min(proved, energy))
        if answer.value is not None:
            solution = Solution(
                read_sets(model, answer.value), read_assignment(model, answer.value)
            )
            found = evaluate(instance, solution).total_j
            if found < energy:
                best, energy = solution, found
        if answer.status != "OPTIMAL" or relative_gap(energy, bound, static) <= FINE:
            break
    return Outcome(best, bound, details)
