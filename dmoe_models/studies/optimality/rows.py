"""How far from optimal is each method, how tight is each bound, how large does a search grow?

A cell is of one of three parts:

- "methods": every method's energy beside the certified optimum of P2.
- "relaxations": LB and the linear relaxations of the three models of P2 beside that optimum, and
  whether a relaxation was integral.
- "selection": P1, subcarriers given (by the cheapest assignment where the family gives none): DES
  beside enumeration and MILPs, with the nodes that they explored.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from dmoe_models.algorithms.lower_bound import lower_bound
from dmoe_models.algorithms.placement.assignment import cheapest_assignment
from dmoe_models.errors import DmoeError, InstanceError
from dmoe_models.model.gap import CERTIFIED_GAP
from dmoe_models.model.instance import Instance
from dmoe_models.solving.result import Status
from dmoe_models.studies.cells import draw_cell
from dmoe_models.studies.measuring import (
    Attempt,
    Optimum,
    attempt,
    certify,
    one_line,
    rounded,
)
from dmoe_models.studies.study import FAILED, Column, Work
from dmoe_models.verification.row import NOT_RUN

COLUMNS = (
    Column("problem", "text", "P1 or P2"),
    Column("links", "whole", "L, links that can carry a token"),
    Column("subcarriers", "whole", "M"),
    Column("tokens", "whole", "T"),
    Column("certified", "truth", "the optimum is proved to a gap of 1e-9"),
    Column("optimum_j", "real", "certified optimum, J"),
    Column("method", "text", "label of the method, or the name of the relaxation"),
    Column("valid", "truth", "the referee accepts the solution"),
    Column("energy_j", "real", "energy of the solution, J, valid or not"),
    Column("excess", "real", "(E - OPT) / (OPT - static) where valid, 0 where within 1e-9"),
    Column("optimal", "truth", "the excess is 0"),
    Column("bound_j", "real", "value of the relaxation, J"),
    Column("distance", "real", "(OPT - bound) / (OPT - static), 0 where within 1e-7"),
    Column("integral", "truth", "the relaxation's decisions are whole"),
    Column("experts_per_token", "real", "mean over the tokens"),
    Column("nodes", "whole", "nodes explored, all tokens together (part selection)"),
    Column("subsets", "real", "sets of at most D experts, all tokens together"),
    Column("gap", "real", "proved gap of the optimum", repeatable=False),
    Column("method_s", "real", "time of the method, s", repeatable=False),
)
"""What a row holds, beside the columns of every study."""

RELAXATIONS = {
    "LB": "",
    "LP aggregated": "aggregated",
    "LP disaggregated": "disaggregated",
    "LP of sets": "set",
}
"""Bounds of the part "relaxations": LB, and models of `formulations.relaxations`."""

_SOLVER = 1e-7
"""Relative distance that counts as none: a linear program's value is right to so many digits."""


def rows(work: Work) -> Iterator[dict[str, Any]]:
    """Return a row for every seed and method, or relaxation."""
    part = work.cell["part"]
    of_part = {"methods": _methods, "relaxations": _relaxations, "selection": _selection}[part]
    for seed in work.seeds:
        instance = draw_cell(work.cell, seed, work.data)
        if part == "selection":
            instance = with_cheapest_assignment(instance)
        common = {
            "seed": seed,
            "problem": instance.problem,
            "links": len(instance.links),
            "subcarriers": instance.M,
            "tokens": instance.T,
            "subsets": float(instance.T) * subsets(instance.K, instance.max_experts),
        }
        for row in of_part(work, instance, seed):
            yield common | row


def _methods(work: Work, instance: Instance, seed: int) -> Iterator[dict[str, Any]]:
    optimum = certify(instance, seed, work.time_limit_s)
    for variant in work.methods:
        tried = attempt(instance, variant, seed, work.time_limit_s)
        yield _facts(optimum, tried) | {"method": variant.label}


def _relaxations(work: Work, instance: Instance, seed: int) -> Iterator[dict[str, Any]]:
    optimum = certify(instance, seed, work.time_limit_s)
    from formulations import relaxations as models

    for name, model in RELAXATIONS.items():
        status, reason, value, integral = optimum.status, "", math.nan, None
        try:
            if model:
                answer = models.relaxation(instance, model, time_limit=work.time_limit_s)
                value, integral = answer.value_j, answer.integral
                if math.isnan(value):
                    status, reason = FAILED, "the linear program was not solved in time"
            else:
                value = lower_bound(instance).bound
        except DmoeError as error:
            status, reason = NOT_RUN, one_line(error)
        distance = optimum.distance(value)
        yield _of_optimum(optimum) | {
            "status": status,
            "reason": reason,
            "method": name,
            "bound_j": rounded(value),
            "distance": 0.0 if abs(distance) <= _SOLVER else distance,
            "integral": integral,
        }


def _selection(work: Work, instance: Instance, seed: int) -> Iterator[dict[str, Any]]:
    tries = [(v.label, attempt(instance, v, seed, work.time_limit_s)) for v in work.methods]
    optimum = _best_proved(instance, [tried for _, tried in tries])
    for label, tried in tries:
        details = {} if tried.result is None else tried.result.details
        yield _facts(optimum, tried) | {"method": label, "nodes": _count(details.get("nodes"))}


def _count(value: Any) -> int | None:
    """Return what a method says that it counted, where that is a count."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    return int(value) if whole and 0 <= value < 2**63 else None


def _best_proved(instance: Instance, tries: list[Attempt]) -> Optimum:
    """Return the optimum of P1: of what methods claim to have proved, the least, the first of it.

    A method whose own proof is wrong is above that wherever another one is right.
    """
    static = instance.static_total_j
    proved = [
        (tried, tried.result)
        for tried in tries
        if tried.result is not None
        and tried.result.status is Status.OPTIMAL
        and tried.result.gap <= CERTIFIED_GAP
    ]
    if proved:
        least = min(tried.energy_j for tried, _ in proved)
        alike = least + CERTIFIED_GAP * max(0.0, least - static)
        tried, result = next(pair for pair in proved if pair[0].energy_j <= alike)
        return Optimum(tried.energy_j, static, True, tried.status, result.gap, result.runtime, {})
    status = next((t.status for t in tries if t.status == str(Status.INFEASIBLE)), "unknown")
    return Optimum(math.nan, static, False, status, math.nan, math.nan, {})


def _of_optimum(optimum: Optimum) -> dict[str, Any]:
    return {
        "status": optimum.status,
        "certified": optimum.certified,
        "optimum_j": optimum.energy_j,
        "gap": optimum.gap,
    }


def _facts(optimum: Optimum, tried: Attempt) -> dict[str, Any]:
    """Return what a row says of a method beside the optimum."""
    result = tried.result
    excess = optimum.excess(tried.energy_j) if tried.valid else math.nan
    solution = None if result is None else result.solution
    return _of_optimum(optimum) | {
        "status": tried.status,
        "reason": tried.reason,
        "valid": tried.valid,
        "energy_j": tried.energy_j,
        "excess": excess,
        "optimal": excess == 0.0 if optimum.certified and result is not None else None,
        "experts_per_token": math.nan
        if solution is None
        else float(solution.selection.sum()) / len(solution.selection),
        "method_s": math.nan if result is None else result.runtime,
    }


def subsets(experts: int, largest: int) -> int:
    """Return how many sets of 1 to `largest` of so many experts there are.

    Parameters
    ----------
    experts : int
        K.
    largest : int
        D.
    """
    return sum(math.comb(experts, size) for size in range(1, largest + 1))


def with_cheapest_assignment(instance: Instance) -> Instance:
    """Return a P1 instance: P2's with the assignment of least total price; a P1 instance as it is.

    Raises
    ------
    InstanceError
        Where the links cannot all have a subcarrier.
    """
    if instance.assignment is not None:
        return instance
    assignment = cheapest_assignment(instance.transmission_energy_j, instance.links)
    if assignment is None:
        raise InstanceError(
            f"{len(instance.links)} links cannot all have one of {instance.M} subcarriers"
        )
    return instance.replace(assignment=assignment)
