"""CP-SAT in a process of its own: integer models on standard input, answers on standard output.

The wheels of OR-Tools bring a library of the name that highspy's has, libhighs.so.1, of another
version, and a process can hold only one of the two: whichever package is imported second fails
(google/or-tools issue 5246). So this file is run as a script. It imports nothing of this project;
what goes in and out are pickled dictionaries.

A model has Boolean columns 0, 1, ... and the keys

- cost: (C,) int64 array, to be minimised,
- exactly_one, at_most_one: lists of arrays of columns,
- implies: list of (n, 2) arrays; the first column of a pair implies the second,
- at_least: list of (columns, coefficients, least).
"""

from __future__ import annotations

import pickle
import sys
import time
from typing import Any

STARTED = time.perf_counter()

PARAMETERS = {
    "linearization_level": 2,
    "add_lp_constraints_lazily": False,
    "cp_model_probing_level": 0,
    "symmetry_level": 0,
}
"""What our models need of CP-SAT: their linear program, whole, is (nearly) integral. By default it
is left out or filled lazily, and instances of 16 tokens are not solved in 20 s instead of 0.02 s;
probing takes most of the time of the larger ones and finds nothing."""


def solved(model: dict[str, Any], time_limit: float | None, seed: int, workers: int) -> dict:
    """Solve one model.

    Parameters
    ----------
    model : dict
        The integer model, as it stands in the line of JSON.
    time_limit : float or None
        Seconds.
    seed, workers : int
        Of CP-SAT.

    Returns
    -------
    dict
        status (CP-SAT's word), value ((C,) bool array or None), bound (int or None), build_s,
        solve_s (seconds).
    """
    import numpy as np
    from ortools.sat.python import cp_model

    started = time.perf_counter()
    built = cp_model.CpModel()
    columns = [built.new_bool_var("") for _ in range(len(model["cost"]))]

    def of(numbers: Any) -> list:
        return [columns[number] for number in numbers.tolist()]

    for numbers in model["exactly_one"]:
        built.add_exactly_one(of(numbers))
    for numbers in model["at_most_one"]:
        built.add_at_most_one(of(numbers))
    for pairs in model["implies"]:
        for first, second in pairs.tolist():
            built.add_implication(columns[first], columns[second])
    for numbers, coefficients, least in model["at_least"]:
        row = cp_model.LinearExpr.weighted_sum(of(numbers), coefficients.tolist())
        built.add_linear_constraint(row, least, cp_model.INT_MAX)
    built.minimize(cp_model.LinearExpr.weighted_sum(columns, model["cost"].tolist()))

    ready = time.perf_counter()
    solver = cp_model.CpSolver()
    for name, value in PARAMETERS.items():
        setattr(solver.parameters, name, value)
    solver.parameters.random_seed = seed
    solver.parameters.num_workers = workers
    if workers > 1:  # or none of a few workers would use the linear program
        solver.parameters.extra_subsolvers.append("max_lp")
    if time_limit is not None:
        solver.parameters.max_time_in_seconds = max(0.01, time_limit - (ready - started))
    status = solver.solve(built)
    found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    return {
        "status": solver.status_name(status),
        "value": np.array(solver.response_proto.solution, dtype=bool) if found else None,
        # an integer: best_objective_bound is the same, as a double that may have been rounded up
        "bound": int(solver.response_proto.inner_objective_lower_bound),
        "build_s": ready - started,
        "solve_s": time.perf_counter() - ready,
    }


def main() -> None:
    """Solve models in turn until they are all solved, or time is up."""
    task = pickle.load(sys.stdin.buffer)
    limit, answers = task["time_limit"], []
    for model in task["models"]:
        left = None if limit is None else limit - (time.perf_counter() - STARTED)
        if left is not None and left <= 0:
            break
        answers.append(solved(model, left, task["seed"], task["workers"]))
    pickle.dump(answers, sys.stdout.buffer)


if __name__ == "__main__":
    main()
