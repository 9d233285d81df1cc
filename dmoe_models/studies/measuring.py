"""One method on one instance of a study, whatever it may do: facts, and never an exception."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from dmoe_models.errors import DmoeError
from dmoe_models.model.gap import CERTIFIED_GAP, relative_excess
from dmoe_models.model.instance import Instance
from dmoe_models.solving.catalogue import find_method
from dmoe_models.solving.method import Variant
from dmoe_models.solving.result import Result, Status
from dmoe_models.solving.sandbox import Failure, contained
from dmoe_models.solving.solve import solve
from dmoe_models.studies.study import FAILED
from dmoe_models.values.value import Value
from dmoe_models.verification.row import NOT_RUN

DIGITS = 12
"""Significant digits of an energy that are kept: different ways of adding up agree in so many."""


@dataclass(frozen=True, eq=False)
class Attempt(Value):
    """What came of a method.

    Attributes
    ----------
    result : Result or None
    status : str
        That of the result; "not run" where the method declined, "failed" where it raised; a plug-in
        that declines, or returns what is no solution, has failed.
    reason : str
        Why; empty where there is a result.
    """

    result: Result | None
    status: str
    reason: str = ""

    @property
    def energy_j(self) -> float:
        """Energy of the solution, J, to `DIGITS` digits; NaN without one."""
        return math.nan if self.result is None else rounded(self.result.objective)

    @property
    def valid(self) -> bool:
        """Whether there is a solution that the referee accepts."""
        return self.result is not None and self.result.check is not None and self.result.check.ok

    def status_beside(self, optimum: str) -> str:
        """Return the status of a row that is about the optimum: of that, unless this failed."""
        return self.status if self.status == FAILED else optimum


def attempt(
    instance: Instance, variant: Variant, seed: int, time_limit_s: float, **options: Any
) -> Attempt:
    """Run a method; `options` are added to its own.

    Parameters
    ----------
    instance : Instance
    variant : Variant
        The method, with options of its own.
    seed : int
    time_limit_s : float
    **options
    """
    method = find_method(variant.method)
    given = replace(variant, options=dict(variant.options) | options)
    result = contained(
        lambda: solve(instance, given, seed=seed, time_limit=time_limit_s),
        sources=method.source_files,
    )
    if isinstance(result, Failure):
        if isinstance(result.error, DmoeError) and not method.foreign:
            return Attempt(None, NOT_RUN, one_line(result.error))
        error = result.error  # without the place in foreign code: rows stay what they were
        return Attempt(None, FAILED, f"{type(error).__name__}: {one_line(error)}")
    return Attempt(result, str(result.status))


@dataclass(frozen=True, eq=False)
class Optimum(Value):
    """The optimum of an instance, as far as it is proved.

    Attributes
    ----------
    energy_j : float
        J, to `DIGITS` digits; NaN where it is not certified.
    static_j : float
        What no decision changes.
    certified : bool
        The proved gap is at most 1e-9.
    status : str
        "optimal", "infeasible", or what else came of `exact`.
    gap, runtime_s : float
        The proved gap; seconds.
    details : dict
    """

    energy_j: float
    static_j: float
    certified: bool
    status: str
    gap: float
    runtime_s: float
    details: dict[str, Any]

    def excess(self, energy_j: float) -> float:
        """Return (E - OPT) / (OPT - static): how far above the optimum, 0 within its proof.

        NaN where the optimum is not certified.
        """
        share = relative_excess(energy_j, self.energy_j, self.static_j)
        return 0.0 if abs(share) <= CERTIFIED_GAP else rounded(share)

    def distance(self, bound_j: float) -> float:
        """Return (OPT - bound) / (OPT - static): how far a bound is below, 0 within the proof."""
        return 0.0 - self.excess(bound_j)


def certify(instance: Instance, seed: int, time_limit_s: float) -> Optimum:
    """Find an instance's optimum by `exact`, with its proof.

    Parameters
    ----------
    instance : Instance
    seed : int
    time_limit_s : float
    """
    tried = attempt(instance, Variant("exact", "exact"), seed, time_limit_s)
    static = instance.static_total_j
    result = tried.result
    if result is None:
        return Optimum(math.nan, static, False, tried.status, math.nan, math.nan, {})
    certified = result.status is Status.OPTIMAL and result.gap <= CERTIFIED_GAP
    return Optimum(
        energy_j=tried.energy_j if certified else math.nan,
        static_j=static,
        certified=certified,
        status=tried.status,
        gap=result.gap,
        runtime_s=result.runtime,
        details=result.details,
    )


def rounded(value: float) -> float:
    """Return a number to `DIGITS` significant digits."""
    return float(f"{value:.{DIGITS}g}")


def one_line(error: BaseException) -> str:
    """Return an error's text on one line."""
    return " ".join(str(error).split())
