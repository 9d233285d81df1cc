"""The linear relaxations of the models of P2, for comparing how tight they are.

A value here is a solver's number, right to its tolerances, and proves nothing; the method
`set-bound` has a bound that is proved.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dmoe_models.deadline import Deadline, OutOfTimeError
from dmoe_models.errors import MethodError
from dmoe_models.model.instance import Instance
from formulations.catalogue import models
from formulations.data import cheapest_candidates
from formulations.solver_answer import Health
from formulations.solver_options import TOLERANCES
from formulations.with_highs.solver import solve as solve_highs

RELAXATIONS = {model.relaxation: model for model in models.values() if model.relaxation}
"""The models by the names of their relaxations."""


@dataclass(frozen=True)
class Relaxation:
    """The linear relaxation of a model, solved.

    Attributes
    ----------
    value_j : float
        Its optimum, J, static energy included; +inf where it is infeasible, NaN where the solver
        found neither.
    integral : bool
        All decisions (experts or sets, and subcarriers) are whole within 1e-6: an optimum of P2.
    rows, columns : int
    """

    value_j: float
    integral: bool
    rows: int
    columns: int


def relaxation(
    instance: Instance, model: str, *, reduce: bool = True, time_limit: float | None = None
) -> Relaxation:
    """Solve a model's linear relaxation on HiGHS.

    Parameters
    ----------
    instance : Instance
        P2.
    model : str
        One of `RELAXATIONS`: "aggregated", "disaggregated", "set".
    reduce : bool
        Keep the L cheapest subcarriers of each link only, which loses nothing.
    time_limit : float, optional
        Seconds.

    Returns
    -------
    Relaxation

    Raises
    ------
    MethodError
        For an unknown model, or one that would be too large.
    """
    if model not in RELAXATIONS:
        raise MethodError(f"model {model!r} is not one of {', '.join(RELAXATIONS)}")
    deadline = Deadline(time_limit)
    candidates = cheapest_candidates(instance) if reduce else None
    try:
        built = RELAXATIONS[model].build(
            instance, "highs", candidates=candidates, deadline=deadline, relaxed=True
        )
    except OutOfTimeError:
        return Relaxation(math.nan, False, 0, 0)
    highs = built.highs
    answer = solve_highs(built, time_limit=deadline.remaining, tolerance=TOLERANCES[-1])
    rows, columns = highs.getNumRow(), highs.getNumCol()
    if answer.health is not Health.OPTIMAL:
        value = math.inf if answer.health is Health.INFEASIBLE else math.nan
        return Relaxation(value, False, rows, columns)
    decisions = np.asarray(highs.getSolution().col_value)[: built.choices + len(built.options)]
    return Relaxation(
        value_j=answer.bound * built.data.unit_j + instance.static_total_j,
        integral=bool((np.abs(decisions - np.round(decisions)) <= 1e-6).all()),
        rows=rows,
        columns=columns,
    )
