"""Integer models solved by CP-SAT, in a process of its own (`formulations.with_cpsat.worker`)."""

from __future__ import annotations

import math
import pickle
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import ortools  # noqa: F401 - says early that the package is missing, and loads nothing

from dmoe_models.deadline import Deadline
from dmoe_models.environment import available_cores
from dmoe_models.errors import MethodError
from formulations.with_cpsat import worker
from formulations.with_cpsat.models import IntegerModel

GRACE_S = 10.0
"""Seconds past its limit after which the process is ended.

CP-SAT looks at the clock now and then, and what it has proved by then is worth waiting for. No
thread of ours could stop it later than that: only killing the process does.
"""


@dataclass(frozen=True)
class Answer:
    """CP-SAT's answer about one model.

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
    """Return CP-SAT's answers to models that it solves in turn, in one process.

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
            [sys.executable, "-P", worker.__file__],
            input=pickle.dumps(task),
            capture_output=True,
            timeout=None if left is None else left + GRACE_S,
        )
    except subprocess.TimeoutExpired:
        return [NOT_BEGUN] * len(models)
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise MethodError(
            f"CP-SAT's process ended with code {done.returncode}"
            + (f": {lines[-1]}" if lines else "")
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
