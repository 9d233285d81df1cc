"""What holds code that nobody vouches for: a wall clock, and the directory it was called in."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType


class OverdueError(BaseException):
    """The time is up. Not an Exception, so that `except Exception` in a plug-in lets it pass."""


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
