"""The wall around foreign code: whatever a method does, its caller gets a result or a `Failure`.

Everything that runs methods uses `contained`: verifications, studies, and the commands `solve`,
`rounds` and `library search`. It works inside one process, so a call into compiled code is
interrupted only when it returns. Where a process has to be killed there are watchdogs of their own:
studies give each task a process with a limit of time and memory
(`studies.engine.watched_worker`), and CP-SAT runs in one (`formulations.with_cpsat`).
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn, TypeVar

import psutil

from dmoe_models.errors import DmoeError, MethodError
from dmoe_models.solving.own_code import as_written

T = TypeVar("T")

REFUSED, RAISED, EXITED, OVERDUE = "refused", "raised", "exited", "overdue"
"""Kinds of failure: a MethodError of this package, another error, sys.exit, out of time."""


_SERVERS = re.compile("resource_tracker|forkserver import")
"""Command lines of processes that Python keeps for later pools."""

_LISTED = os.path.exists(f"/proc/self/task/{os.getpid()}/children")
"""Whether the system lists the processes that one has begun, as Linux does."""


class OverdueError(BaseException):
    """The time is up. Not an Exception, so that `except Exception` in a plug-in lets it pass."""


@dataclass(frozen=True)
class Failure:
    """Why there is no result.

    Attributes
    ----------
    kind : str
        `REFUSED`, `RAISED`, `EXITED` or `OVERDUE`.
    reason : str
        One line; with file and line number where the error arose in foreign code.
    error : BaseException
    """

    kind: str
    reason: str
    error: BaseException

    def raise_for(self, subject: str) -> NoReturn:
        """Raise the error if its text is meant for a person, else a MethodError on the subject."""
        if isinstance(self.error, DmoeError):
            raise self.error
        raise MethodError(f"{subject}: {self.reason}") from self.error


def contained(
    work: Callable[[], T], *, sources: Collection[str] = (), limit_s: float | None = None
) -> T | Failure:
    """Do some work that runs methods, and return its result or why there is none.

    Standard output goes to standard error meanwhile, so that it holds nothing but tables, and the
    working directory is afterwards what it was before. Processes that the work began end with it
    where it fails. An interrupt by the user passes.

    Parameters
    ----------
    work : callable
    sources : collection of str
        Files of foreign code that is run. Without any, warnings are not shown: they come from
        solvers' interfaces.
    limit_s : float, optional
        Seconds after which it is stopped.

    Returns
    -------
    object or Failure
    """
    before = _processes() if sources else None
    try:
        with (
            contextlib.redirect_stdout(sys.stderr),
            warnings.catch_warnings(),
            same_directory(),
            wall_clock(limit_s),
        ):
            if not sources:
                warnings.simplefilter("ignore")
            return work()
    except KeyboardInterrupt:
        _end_processes(before)
        raise
    except OverdueError as error:
        _end_processes(before)
        return Failure(OVERDUE, f"still running after {limit_s:g} s, stopped", error)
    except SystemExit as error:
        return Failure(EXITED, f"called sys.exit({error.code!r})", error)
    except BaseException as error:
        _end_processes(before)
        place = _place(error, sources)
        if isinstance(error, MethodError) and not place:
            return Failure(REFUSED, one_line(str(error)), error)
        text = as_written(f"{type(error).__name__}: {error}")
        return Failure(RAISED, one_line(f"{text}{place}"), error)


def patience(time_limit: float) -> float:
    """Return the seconds after which a plug-in that ignores its time limit is stopped."""
    return 3.0 * time_limit + 2.0


def _processes() -> set[int]:
    """Return the numbers of the processes below this one.

    Linux lists them at once; to look at all processes there are, as psutil does, takes as long as
    a quick method does.
    """
    if not _LISTED:
        return {child.pid for child in psutil.Process().children(recursive=True)}
    found: set[int] = set()
    waiting = [os.getpid()]
    while waiting:
        threads = Path(f"/proc/{waiting.pop()}/task")
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # one has just ended
            for thread in os.listdir(threads):
                own = (threads / thread / "children").read_text().split()
                waiting += map(int, own)
                found.update(map(int, own))
    return found


def _end_processes(before: set[int] | None) -> None:
    """End the processes below this one that foreign code began: workers of a pool, solvers.

    Servers that Python keeps for later pools stay; they end with this process.

    Parameters
    ----------
    before : set of int or None
        Numbers of those that there were; None where no foreign code ran.
    """
    for number in set() if before is None else _processes() - before:
        with contextlib.suppress(psutil.Error):
            child = psutil.Process(number)
            server = child.ppid() == os.getpid() and _SERVERS.search(" ".join(child.cmdline()))
            if not server:  # what a server has forked has its command line, too
                child.kill()


def one_line(text: str) -> str:
    """Return a text on one line."""
    return " ".join(text.split())


def _place(error: BaseException, sources: Collection[str]) -> str:
    """Return where in foreign code an error arose; empty where it did not come from there."""
    names = {Path(source).name for source in sources}
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if Path(frame.filename).name in names:
            return f" ({Path(frame.filename).name}, line {frame.lineno})"
    return ""


@contextlib.contextmanager
def wall_clock(seconds: float | None) -> Iterator[None]:
    """Raise `OverdueError` in the enclosed code once `seconds` have passed.

    The alarm interrupts Python code in the main thread of a POSIX system; elsewhere there is none,
    and a call into compiled code is interrupted when it returns. It repeats every second, for code
    that swallows it.

    Parameters
    ----------
    seconds : float or None
        None for no alarm.
    """
    possible = (
        hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    )
    if seconds is None or not possible:
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        raise OverdueError

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def same_directory() -> Iterator[None]:
    """Return to the working directory after the enclosed code, wherever that goes."""
    try:
        before = os.getcwd()
    except FileNotFoundError:  # it was deleted earlier: nothing to return to
        yield
        return
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.chdir(before)
