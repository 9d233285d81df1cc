"""One method on one instance, whatever it may do: the outcome is always a row."""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import json
import math
import sys
import traceback
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dmoe_models.environment import package_version
from dmoe_models.errors import DmoeError, MethodError
from dmoe_models.model.instance import Instance
from dmoe_models.solving.answers import Answers
from dmoe_models.solving.catalogue import Method
from dmoe_models.solving.result import Result
from dmoe_models.solving.sandbox import OverdueError, same_directory, wall_clock
from dmoe_models.solving.solve import solve
from dmoe_models.verification.row import FAILED, NOT_RUN, OVERDUE, Row


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
        if not (math.isfinite(self.time_limit) and self.time_limit > 0):
            raise MethodError(
                f"time limit {self.time_limit} is not a positive, finite number of seconds"
            )

    @property
    def patience(self) -> float:
        """Seconds after which a plug-in that ignores its limit is stopped."""
        return 3.0 * self.time_limit + 2.0


def blank_row(instance: Instance, method: Method, settings: Settings) -> Row:
    """Return the row of a run that has not begun: all that identifies it."""
    return Row(
        instance=instance.name,
        instance_sha256=instance.sha256,
        problem=instance.problem,
        nodes=instance.K,
        tokens=instance.T,
        subcarriers=instance.M,
        max_experts=instance.max_experts,
        method=method.name,
        kind=method.kind,
        method_sha256=source_sha256(method) if method.kind == "plug-in" else "",
        solver=(settings.solver or "") if takes_solver(method) else "",
        time_limit_s=float(settings.time_limit),
        seed=settings.seed,
        version=package_version(),
        status=NOT_RUN,
        static_j=instance.static_total_j,
    )


def run_method(
    instance: Instance,
    method: Method,
    settings: Settings,
    blank: Row,
    answers: Answers | None = None,
) -> Row:
    """Run one method; the row says what came of it.

    Parameters
    ----------
    instance : Instance
    method : Method
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
    options: dict[str, Any] = {"solver": blank.solver} if blank.solver else {}
    plug_in = method.kind == "plug-in"

    def failed(reason: str) -> Row:
        return replace(blank, status=FAILED, reason=_one_line(reason))

    try:
        with (
            _quietly(plug_in),
            same_directory(),
            wall_clock(settings.patience if plug_in else None),
        ):
            result = solve(
                instance,
                method.target if _file(method) else method.name,
                seed=settings.seed,
                time_limit=settings.time_limit,
                **options,
            )
    except KeyboardInterrupt:
        raise
    except OverdueError:
        return failed(f"{OVERDUE}still running after {settings.patience:g} s, stopped")
    except SystemExit as leaving:
        return failed(f"called sys.exit({leaving.code!r})")
    except BaseException as error:
        if isinstance(error, MethodError) and not plug_in:
            return replace(blank, reason=_one_line(str(error)))
        if isinstance(error, MethodError) and not _inside(error, method):
            return failed(str(error))
        return failed(f"{type(error).__name__}: {error}{_inside(error, method)}")
    if answers is not None:
        given = {"seed": settings.seed} | options
        answers.add(instance, method, result, options=given, time_limit=settings.time_limit)
    return _filled(blank, result)


def _filled(blank: Row, result: Result) -> Row:
    report = result.check
    own = "claimed_bound" if blank.kind == "plug-in" else "own_bound"
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
        reason=_one_line(reason),
        incumbents=_incumbents(result),
    )


def _incumbents(result: Result) -> str:
    """Return what `details` tell of the solutions on the way; nothing where that is nonsense."""
    try:
        pairs = [[float(t), float(e)] for t, e in result.details.get("incumbents", ())]
        return json.dumps(pairs, allow_nan=False) if pairs else ""
    except (TypeError, ValueError, OverflowError):
        return ""


@contextlib.contextmanager
def _quietly(plug_in: bool) -> Iterator[None]:
    """Keep standard output for the tables; warnings of solvers' interfaces say nothing new."""
    with contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
        if not plug_in:
            warnings.simplefilter("ignore")
        yield


def _inside(error: BaseException, method: Method) -> str:
    """Say where in a plug-in an error arose; empty where it did not come from there."""
    file = _file(method)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if file and Path(frame.filename).name == Path(file).name:
            return f" ({Path(file).name}, line {frame.lineno})"
    return ""


def _file(method: Method) -> str:
    """Return the file of a method that is ``path/to/file.py:function``, else nothing."""
    place = method.target.rpartition(":")[0]
    return place if place.endswith(".py") else ""


def _one_line(text: str) -> str:
    return " ".join(text.split())


def takes_solver(method: Method) -> bool:
    """Whether a built-in method has an option ``solver``; one that cannot be loaded has none."""
    if method.kind == "plug-in":
        return False
    try:
        return "solver" in inspect.signature(method.load()).parameters
    except DmoeError:
        return False


def source_sha256(method: Method) -> str:
    """Hash a plug-in's source file; empty where there is none to read."""
    try:
        source = _file(method)
        if not source:
            source = inspect.getsourcefile(inspect.unwrap(method.load())) or ""
        return hashlib.sha256(Path(source).read_bytes()).hexdigest()
    except (OSError, TypeError, DmoeError):
        return ""
