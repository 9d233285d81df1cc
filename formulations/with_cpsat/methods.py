"""CP-SAT of OR-Tools as methods: P1 by covering rows, P2 over minimal feasible sets.

Models are built here (`cpsat_model`) and solved in a process of its own (`cpsat_worker` says why).
Its start is not counted in build_s and solve_s, but in the time of the method.
"""

from __future__ import annotations

import math
import pickle
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import ortools  # says early that the package is missing, and loads nothing

from dmoe_models.deadline import Deadline, OutOfTimeError
from dmoe_models.environment import available_cores
from dmoe_models.errors import MethodError
from dmoe_models.model.energy import assignment_energy_j, evaluate, expert_energy_j
from dmoe_models.model.gap import OPTIMALITY_GAP, relative_gap
from dmoe_models.model.instance import Instance
from dmoe_models.model.relevance import maximal_failing_set, meets_need
from dmoe_models.model.solution import Outcome, Solution
from formulations.data import cheapest_candidates
from formulations.with_cpsat import worker as cpsat_worker
from formulations.with_cpsat.models import (
    IntegerModel,
    cover_model,
    read_assignment,
    read_selection,
    set_model,
)

VERSION = str(ortools.__version__)

GRACE_S = 10.0
"""Seconds past its limit after which the process is ended; CP-SAT looks at the clock now and then,
and what it has proved by then is worth waiting for."""

FINE = OPTIMALITY_GAP / 10
"""A relative gap that rounding may leave; where it leaves more, prices are rounded more finely."""


@dataclass(frozen=True)
class Answer:
    """What CP-SAT said about one model.

    Attributes
    ----------
    status : str
        Its own word.
    value : (C,) bool array or None
    bound_j : float
        Proved: +inf for an infeasible model, 0 where there is none.
    build_s, solve_s : float
        Seconds in CP-SAT's process, without its start.
    """

    status: str
    value: np.ndarray | None
    bound_j: float
    build_s: float
    solve_s: float


NOT_BEGUN = Answer("NOT_BEGUN", None, 0.0, 0.0, 0.0)


def run(
    models: Sequence[IntegerModel], deadline: Deadline, seed: int, workers: int | None
) -> list[Answer]:
    """Solve models in turn, in one process.

    Parameters
    ----------
    models : sequence of IntegerModel
    deadline : Deadline
        Models that it leaves no time for are answered by `NOT_BEGUN`.
    seed : int
    workers : int or None
        Threads; None for one on every core that this process may use.

    Raises
    ------
    MethodError
        Where the process fails, or a seed or number of workers cannot be.
    """
    if workers is not None and workers < 1:
        raise MethodError(f"workers = {workers} is not positive")
    if not 0 <= seed < 2**31:
        raise MethodError(f"seed = {seed} is outside 0 to 2^31 - 1, CP-SAT's range")
    left = deadline.remaining
    if left == 0.0:
        return [NOT_BEGUN] * len(models)
    task = {
        "models": [model.message() for model in models],
        "time_limit": left,
        "seed": seed,
        "workers": workers or available_cores(),
    }
    try:
        # -P: the directory of the script, where names like data and solve are, is not searched
        done = subprocess.run(
            [sys.executable, "-P", cpsat_worker.__file__],
            input=pickle.dumps(task),
            capture_output=True,
            timeout=None if left is None else left + GRACE_S,
        )
    except subprocess.TimeoutExpired:
        return [NOT_BEGUN] * len(models)
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise MethodError(
            f"CP-SAT's process ended with code {done.returncode}"
            + (f": {said[-1]}" if said else "")
        )
    answers = []
    for model, found in zip(models, pickle.loads(done.stdout), strict=False):
        if found["status"] == "MODEL_INVALID":
            raise MethodError("CP-SAT does not take the model")
        infeasible = found["status"] == "INFEASIBLE"
        bound = math.inf if infeasible else max(0.0, model.energy_j(found["bound"]))
        answers.append(
            Answer(found["status"], found["value"], bound, found["build_s"], found["solve_s"])
        )
    return answers + [NOT_BEGUN] * (len(models) - len(answers))


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
        cover_model(energy_j, gate_scores, need, max_experts, np.array(part))
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
            refused = tokens[~meets_need(gate_scores[tokens], selection[tokens], need[tokens])]
            for token in refused.tolist():
                failing = maximal_failing_set(
                    gate_scores[token], selection[token], float(need[token])
                )
                model.forbid(token, failing)
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
            model = set_model(
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
                read_selection(model, answer.value), read_assignment(model, answer.value)
            )
            found = evaluate(instance, solution).total_j
            if found < energy:
                best, energy = solution, found
        if answer.status != "OPTIMAL" or relative_gap(energy, bound, static) <= FINE:
            break
    return Outcome(best, bound, details)
