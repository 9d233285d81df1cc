"""Methods over instances: each of them gives one row, whatever it may do."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from dmoe_models.deadline import time_limit_s
from dmoe_models.environment import package_version
from dmoe_models.errors import MethodError
from dmoe_models.files.plain_json import plain
from dmoe_models.model.instance import Instance
from dmoe_models.solving import sandbox
from dmoe_models.solving.answers import Answers
from dmoe_models.solving.method import PLUG_IN, BoundMethod
from dmoe_models.solving.options import checked_seed, plain_value
from dmoe_models.solving.result import Result
from dmoe_models.solving.solve import solve
from dmoe_models.verification.cross_check import breaches, graded, trusted_bound
from dmoe_models.verification.journal import Journal
from dmoe_models.verification.row import FAILED, NOT_RUN, OVERDUE, Row

Plan: TypeAlias = list[tuple[Instance, list[BoundMethod]]]
"""Which methods run on which instance."""

Progress: TypeAlias = Callable[[Row, int, int | None], None]
"""Called with every row, its number (from 1) and the number of rows planned."""


@dataclass(frozen=True)
class Settings:
    """What is common to all runs.

    Attributes
    ----------
    time_limit : float
        Seconds per method and instance.
    seed : int
    solver : str or None
        For the methods that take one; None for their defaults.
    """

    time_limit: float = 10.0
    seed: int = 0
    solver: str | None = None

    def __post_init__(self) -> None:
        limit = time_limit_s(plain_value(self.time_limit))
        if limit is None:
            raise MethodError("time_limit = None: a verification needs one")
        object.__setattr__(self, "time_limit", limit)
        object.__setattr__(self, "seed", checked_seed(self.seed))

    @property
    def patience(self) -> float:
        """Seconds after which a plug-in that ignores its limit is stopped."""
        return sandbox.patience(self.time_limit)


def blank_row(instance: Instance, bound: BoundMethod, settings: Settings) -> Row:
    """Return the row of a run that has not begun: all that identifies it.

    Parameters
    ----------
    instance : Instance
    bound : BoundMethod
    settings : Settings
    """
    return Row(
        instance=instance.name,
        instance_sha256=instance.sha256,
        problem=instance.problem,
        nodes=instance.K,
        tokens=instance.T,
        subcarriers=instance.M,
        max_experts=instance.max_experts,
        method=bound.name,
        kind=bound.method.kind,
        method_sha256=bound.source_sha256,
        solver=str(bound.options.get("solver") or ""),
        time_limit_s=float(settings.time_limit),
        seed=settings.seed,
        version=package_version(),
        status=NOT_RUN,
        static_j=instance.static_total_j,
        method_name="" if bound.name == bound.method.name else bound.method.name,
        options=_options(bound),
    )


def _options(bound: BoundMethod) -> str:
    """Return the options of a method as they stand in its rows."""
    own = {name: value for name, value in bound.options.items() if name != "solver"}
    return json.dumps(plain(own), sort_keys=True) if own else ""


def run_method(
    instance: Instance,
    bound: BoundMethod,
    settings: Settings,
    blank: Row,
    answers: Answers | None = None,
) -> Row:
    """Run one method; the row says what came of it.

    Parameters
    ----------
    instance : Instance
    bound : BoundMethod
    settings : Settings
    blank : Row
        From `blank_row`, for the same three.
    answers : Answers, optional
        Where to keep the answer.

    Returns
    -------
    Row
        Not graded: its status is the method's own.
    """
    result = sandbox.contained(
        lambda: solve(instance, bound, seed=settings.seed, time_limit=settings.time_limit),
        sources=bound.method.source_files,
        limit_s=settings.patience if bound.foreign else None,
    )
    if isinstance(result, sandbox.Failure):
        if result.kind == sandbox.REFUSED and not bound.foreign:
            return replace(blank, reason=result.reason)
        beginning = OVERDUE if result.kind == sandbox.OVERDUE else ""
        return replace(blank, status=FAILED, reason=beginning + result.reason)
    if answers is not None:
        given = {"seed": settings.seed, **bound.options}
        answers.add(
            instance,
            bound.method,
            result,
            options=given,
            time_limit=settings.time_limit,
            label=bound.label,
        )
    return _filled(blank, result)


def _filled(blank: Row, result: Result) -> Row:
    report = result.check
    own = "claimed_bound" if blank.kind == PLUG_IN else "own_bound"
    reason = ""
    if report is not None and not report.ok:
        more = len(report.violations) - 1
        reason = report.violations[0].message + (f", and {more} more" if more else "")
    return replace(
        blank,
        status=str(result.status),
        objective_j=float(result.objective),
        bound_j=float(result.bound),
        own_bound_j=float(result.details.get(own, -math.inf)),
        runtime_s=float(result.runtime),
        verdict="" if report is None else report.verdict,
        referee_energy_j=math.nan if report is None else report.energy_j,
        reason=sandbox.one_line(reason),
        incumbents=_incumbents(result),
    )


def _incumbents(result: Result) -> str:
    """Return the solutions on the way, as `details` have them; nothing where that is nonsense."""
    try:
        pairs = [[float(t), float(e)] for t, e in result.details.get("incumbents", ())]
        return json.dumps(pairs, allow_nan=False) if pairs else ""
    except (TypeError, ValueError, OverflowError):
        return ""


def run_plan(
    plan: Plan,
    settings: Settings,
    journal: Journal | None = None,
    progress: Progress | None = None,
    answers: Answers | None = None,
    earlier: Mapping[tuple[str, str], Sequence[Row]] | None = None,
) -> tuple[list[Row], list[str]]:
    """Run a plan, grade its answers and hold them against each other.

    Parameters
    ----------
    plan : list of (Instance, list of BoundMethod)
    settings : Settings
    journal : Journal, optional
        Finished rows are taken from it and new ones appended to it.
    progress : callable, optional
    answers : Answers, optional
        Where to keep every answer; what is in the journal and has none there is run again.
    earlier : mapping, optional
        Rows of other methods, by name and hash of their instance, that stand beside the plan's.

    Returns
    -------
    rows : list of Row
        Graded, in the order of the plan; of an instance, those of earlier runs last.
    breaches : list of str
        One line each; empty where all answers can be true together.
    """
    journal = journal or Journal(None)
    total, done = sum(len(methods) for _, methods in plan), 0
    rows: list[Row] = []
    found: list[str] = []
    for instance, methods in plan:
        own: list[Row] = []
        for bound in methods:
            blank = blank_row(instance, bound, settings)
            row = journal.find(blank.key)
            if row is None or (
                answers is not None and not answers.has(instance, bound.method, bound.label)
            ):
                row = run_method(instance, bound, settings, blank, answers)
                journal.append(row)
            own.append(replace(row, method=blank.method, method_name=blank.method_name))
            done += 1
            if progress is not None:
                progress(row, done, total)
        own += (earlier or {}).get((instance.name, instance.sha256), ())
        rows += graded(own, trusted_bound(instance, own))
        found += breaches(own)
    return rows, found
