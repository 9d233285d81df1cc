"""Solvers' solutions of exported models, read back as solutions of the instance, and judged.

C1 is exact in this project and within a tolerance in every solver. So a solution that comes back is
evaluated and refereed as every method's is, and what its file claims is only compared.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from dmoe_models.algorithms.lower_bound import lower_bound
from dmoe_models.errors import FileError
from dmoe_models.files.paths import naming, require_path
from dmoe_models.model.instance import Instance, require_instance
from dmoe_models.model.solution import Outcome, Solution
from dmoe_models.solving.result import Result
from dmoe_models.solving.solve import judge
from formulations.data import ModelData
from formulations.exchange.names import parse_name, require_same_instance, sets_by_name
from formulations.exchange.solver_files import read_solver_file

ROUNDING = 1e-5
"""How far a decision may be from 0 or 1, and, relatively, a claimed objective from the energy."""


def read_model_solution(instance: Instance, path: str | Path) -> Solution:
    """Turn a solver's solution file back into a solution of the instance.

    Only decisions are read; other variables of a model follow from them. A name that is missing is
    zero. Feasibility is not looked at: `judge_model_solution` asks the referee.

    Parameters
    ----------
    instance : Instance
        What the model was written from.
    path : str or path
        A solution file in one of the forms of `formulations.exchange.solver_files`. Those that
        number columns (AMPL's, GLPK's raw one) need the model's file beside, under the same name.

    Returns
    -------
    Solution
        Its objective is what the file claims, in joule; None where it claims nothing. A link that
        owns several subcarriers makes it one with `subcarriers`.

    Raises
    ------
    FileError
        One line that names the file and what is wrong in it: a variable that no model of the
        instance has, a value farther than 1e-5 from 0 and 1, a model of another instance, a form
        that is none of these; where the solver found no solution, with its own words.
    """
    require_instance(instance)
    require_path(path)
    path = Path(path)
    with naming(path):
        found = read_solver_file(path)
        require_same_instance(instance, found.problem, found.sha256)
        data = ModelData(instance)
        sets = sets_by_name(data) if any(n.startswith("set_") for n in found.values) else {}
        selection = np.zeros((instance.T, instance.K), dtype=bool)
        owned = np.zeros((instance.K, instance.K, instance.M), dtype=bool)
        for name, value in found.values.items():
            kind, index = parse_name(instance, sets, name)
            if kind == "auxiliary" or not _is_taken(name, value):
                continue
            if kind == "set":
                group, number = sets[name]
                selection[list(group.tokens)] |= group.members[number]
            else:
                (selection if kind == "select" else owned)[index] = True
        static = instance.static_total_j
        claim = None if found.objective is None else found.objective * data.unit_j + static
        if instance.problem == "P1":
            return Solution(selection, instance.assignment, objective=claim)
        if (owned.sum(axis=2) > 1).any():
            return Solution(selection, subcarriers=owned, objective=claim)
        assignment = np.where(owned.any(axis=2), owned.argmax(axis=2), -1)
        return Solution(selection, assignment, objective=claim)


def judge_model_solution(instance: Instance, path: str | Path) -> Result:
    """Read a solver's solution file, evaluate, check and bound it, as `solve` does an answer.

    Parameters
    ----------
    instance : Instance
    path : str or path
        As for `read_model_solution`.

    Returns
    -------
    Result
        With LB as its bound. `details`: claimed_objective_j, or None, and claim_holds (to a
        relative 1e-5 of what decisions change; None without a claim or a solution to compare).

    Raises
    ------
    FileError
        As `read_model_solution`.
    """
    solution = read_model_solution(instance, path)
    claim = solution.objective
    outcome = Outcome(replace(solution, objective=None))
    result = judge(instance, Path(path).name, outcome, lower_bound(instance).bound, 0.0)
    holds = None
    if claim is not None and np.isfinite(result.objective):
        scale = max(result.objective - result.static_j, ModelData(instance).unit_j)
        holds = bool(abs(claim - result.objective) <= ROUNDING * scale)
    return replace(result, details={"claimed_objective_j": claim, "claim_holds": holds})


def _is_taken(name: str, value: float) -> bool:
    """Return whether the decision of this name is taken: 1, not 0."""
    if min(abs(value), abs(value - 1)) > ROUNDING:
        raise FileError(f"variable {name} = {value!r} is not 0 or 1, as decisions are")
    return value > 0.5
