"""What no single answer can settle: how good each is, and whether all of them can be true.

When the methods of an instance are done, every answer is measured against the best bound that any
built-in method proved, and all answers are held against each other. What cannot be true together is
a *breach*:

- a valid solution with less energy than a method's lower bound (below bound x (1 - 1e-6));
- two exact methods, both optimal, that differ by more than 1e-6;
- a valid solution of an instance that a method calls infeasible;
- evaluator and referee that differ by more than 1e-9 on the energy of one solution;
- an answer of a built-in method that the referee refuses (top-k, the homogeneous rule and P3 for
  top-k's selection may miss C1 and C2: theirs is a row without a gap), or one that crashes.

A plug-in whose solution is refused, or that raises, hangs or returns nonsense, gets a row that says
so. Its lower bound is a claim: it is held against every solution, but no gap is measured by it, and
nothing is optimal or infeasible because a plug-in says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace

from dmoe_models.algorithms.lower_bound import lower_bound
from dmoe_models.model.gap import OPTIMALITY_GAP, relative_gap
from dmoe_models.model.instance import Instance
from dmoe_models.solving.catalogue import METHODS
from dmoe_models.solving.method import PLUG_IN
from dmoe_models.solving.result import Status
from dmoe_models.verification.row import FAILED, NOT_RUN, Row

BREACH_TOLERANCE = 1e-6
"""Relative room that rounding and solvers get before two answers contradict each other."""

ENERGY_TOLERANCE = 1e-9
"""Largest relative difference between evaluator and referee."""


def trusted_bound(instance: Instance, rows: Iterable[Row]) -> float:
    """Return the best bound of the built-in methods, J; LB where none of them ran.

    Parameters
    ----------
    instance : Instance
    rows : iterable of Row
        Of that instance.
    """
    ran = [row for row in rows if row.kind != PLUG_IN and row.status not in (NOT_RUN, FAILED)]
    if not ran:
        return lower_bound(instance).bound
    return max(row.bound_j for row in ran)


def graded(rows: Iterable[Row], bound: float) -> list[Row]:
    """Measure the rows of one instance by the best proved bound.

    A valid solution gets its gap to the bound. A method that has only a bound to give gets the gap
    of the best solution to that bound.

    Parameters
    ----------
    rows : iterable of Row
    bound : float
        J.

    Returns
    -------
    list of Row
    """
    rows = list(rows)
    best = min((row.objective_j for row in rows if row.valid), default=math.nan)
    return [_graded(row, bound, best) for row in rows]


def _graded(row: Row, bound: float, best: float) -> Row:
    row = replace(row, best_bound_j=bound)
    if row.kind == PLUG_IN and row.status in (Status.UNKNOWN, Status.INFEASIBLE):
        claimed = math.inf in (row.own_bound_j, row.bound_j) and not row.verdict
        proved = claimed and bound == math.inf
        row = replace(row, status=str(Status.INFEASIBLE if proved else Status.UNKNOWN))
    if row.kind == "bound" and math.isfinite(row.bound_j):
        return replace(row, gap=relative_gap(best, row.bound_j, row.static_j))
    if not row.valid or bound == math.inf:
        return row
    gap = relative_gap(row.objective_j, bound, row.static_j)
    optimal = gap <= OPTIMALITY_GAP
    status = Status.OPTIMAL if optimal else Status.FEASIBLE
    return replace(row, gap=gap, optimal=optimal, status=str(status))


def breaches(rows: Iterable[Row]) -> list[str]:
    """Return what cannot be true together in the rows of one instance, one line each.

    Parameters
    ----------
    rows : iterable of Row
        As the methods left them: statuses are their own.

    Returns
    -------
    list of str
    """
    rows = list(rows)
    lines = [*_bounds_broken(rows), *_exact_methods_differ(rows), *_not_sound(rows)]
    return [f"{rows[0].instance}: {line}" for line in dict.fromkeys(lines)]


def _bounds_broken(rows: list[Row]) -> Iterator[str]:
    best = min((row for row in rows if row.valid), key=lambda row: row.objective_j, default=None)
    if best is None:
        return
    for row in rows:
        bound = max(row.own_bound_j, row.bound_j)
        source = row.method if row.own_bound_j == bound else "LB"
        if bound == math.inf:
            yield (
                f"{source} says infeasible, yet {best.method} has a valid solution "
                f"({best.objective_j:.9g} J)"
            )
        elif best.objective_j < bound * (1 - BREACH_TOLERANCE):
            yield (
                f"{source} gives a lower bound of {bound:.9g} J, yet {best.method} has "
                f"a valid solution of {best.objective_j:.9g} J"
            )


def _exact_methods_differ(rows: list[Row]) -> Iterator[str]:
    optima = [r for r in rows if r.kind == "exact" and r.status == Status.OPTIMAL and r.valid]
    if not optima:
        return
    low = min(optima, key=lambda row: row.objective_j)
    for row in optima:
        if row.objective_j - low.objective_j > BREACH_TOLERANCE * abs(low.objective_j):
            yield (
                f"exact methods differ: {low.method} {low.objective_j:.9g} J, "
                f"{row.method} {row.objective_j:.9g} J"
            )


def _not_sound(rows: list[Row]) -> Iterator[str]:
    for row in rows:
        difference = abs(row.objective_j - row.referee_energy_j)  # NaN where either is missing
        if difference > ENERGY_TOLERANCE * abs(row.referee_energy_j):
            yield (
                f"{row.method}: evaluator {row.objective_j:.12g} J, "
                f"referee {row.referee_energy_j:.12g} J"
            )
        if row.kind == PLUG_IN:
            continue
        if row.status == FAILED:
            yield f"{row.method} failed: {row.reason}"
        broken = {part.split(" ")[0] for part in row.verdict.split(", ") if not row.valid} - {""}
        method = METHODS.get(row.name_of_method)
        if broken - ({"C1", "C2"} if method is not None and method.may_miss_relevance else set()):
            yield f"the referee refuses the answer of {row.method}: {row.verdict} ({row.reason})"
