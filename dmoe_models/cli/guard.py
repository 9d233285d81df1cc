"""A process that sees to it that Ctrl-C ends a command, whatever the command is doing.

Python notices a signal between two of its own instructions. A solver that was called, or a library
that is just being loaded, may run for hours until then. So a command runs in a child process, and
the process that the user started waits: told to stop, it passes that on, gives the child `GRACE_S`
to end by itself, with its files in order, and ends it then, with all that it had started.

This module imports little and is imported first: from then on an interrupt leaves no traceback.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, NoReturn

GRACE_S = 1.5
"""Seconds that a command has to end by itself."""

_SWEEP_S = 0.5
"""Seconds to wait at most until what was ended is gone."""

_SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]

_stopped_by = 0  # the signal that was raised, in the process that runs the command

_DIE_WITH_PARENT, _ADOPT_ORPHANS = 1, 36  # Linux: PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER


def guard() -> None:
    """Return in a child process; this one waits for it and exits as it does.

    Where a process cannot be divided (Windows), it just returns. A signal that the process was
    started to ignore, as by ``nohup``, stays ignored.
    """
    if not hasattr(os, "fork"):
        return
    handled = [number for number in _SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
    before = [signal.signal(number, _leave) for number in handled]
    if hasattr(signal, "SIGCHLD"):  # ignored, it would take the command's exit status with it
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    parent = os.getpid()
    _ask_linux(_ADOPT_ORPHANS, 1)
    signal.pthread_sigmask(signal.SIG_BLOCK, handled)  # until each of the two knows what to do
    try:
        child = os.fork()
    except OSError:  # no process is left to be had: then without a guard
        for number, handler in zip(handled, before, strict=True):
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, handled)
        return
    if child:
        _watch(child, handled)
    _ask_linux(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:  # it was killed before that
        os._exit(128 + signal.SIGKILL)
    sys.unraisablehook = _report_unless_interrupt
    signal.pthread_sigmask(signal.SIG_UNBLOCK, handled)


@contextmanager
def left_in_time() -> Iterator[None]:
    """Let the process end `GRACE_S` after the enclosed code exits, whatever threads go on.

    Python waits for threads that are not daemons. One of a method's may never end, and everything
    is written by then.
    """
    try:
        yield
    except SystemExit as leaving:
        import threading

        others = [t for t in threading.enumerate() if t is not threading.current_thread()]
        if not all(thread.daemon for thread in others):
            status = leaving.code if isinstance(leaving.code, int) else 0
            timer = threading.Timer(GRACE_S, os._exit, (status,))
            timer.daemon = True
            timer.start()
        raise


def interrupts_raise(wanted: bool) -> None:
    """Let signals raise KeyboardInterrupt, once; or just exit, where nothing is to put in order.

    Parameters
    ----------
    wanted : bool
        Without `guard` nothing changes.
    """
    for number in _SIGNALS:
        if signal.getsignal(number) in (_leave, _raise, _ignore):
            signal.signal(number, _raise if wanted else _leave)


def stopping() -> int:
    """Return the exit status that tells of the signal that was raised; 0 where there was none."""
    return 128 + _stopped_by if _stopped_by else 0


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    """Exit: the command has not begun, or is done."""
    for other in _SIGNALS:  # the guard passes on what a terminal has sent to all processes
        signal.signal(other, signal.SIG_IGN)
    _say("interrupted\n")
    os._exit(128 + number)


def _raise(number: int, frame: FrameType | None) -> NoReturn:
    """Raise KeyboardInterrupt; a second signal must not disturb what puts files in order."""
    global _stopped_by
    _stopped_by = number
    for other in _SIGNALS:
        if signal.getsignal(other) is _raise:
            signal.signal(other, _ignore)
    if "logging" in sys.modules:  # libraries report what the interrupt does to them
        sys.modules["logging"].disable()
    raise KeyboardInterrupt


def _ignore(number: int, frame: FrameType | None) -> None:
    """Do nothing: the command is ending."""


def _watch(child: int, handled: list[int]) -> NoReturn:
    """Wait for the child, stop it if told to, and exit."""
    stopped_by = 0

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopped_by
        if not stopped_by:
            stopped_by = number
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(child, number)
            signal.setitimer(signal.ITIMER_REAL, GRACE_S)

    def end(number: int, frame: FrameType | None) -> None:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)

    signal.signal(signal.SIGALRM, end)
    for number in handled:
        signal.signal(number, stop)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, handled)
    status = os.waitstatus_to_exitcode(_ending(child))
    for number in (*handled, signal.SIGALRM):
        signal.signal(number, _ignore)
    if stopped_by:
        _sweep()
        if status != 128 + stopped_by:  # it could not say so itself
            _say(("\x1b[?25h" if os.isatty(2) else "") + "interrupted\n")  # shows the cursor
        status = 128 + stopped_by
    if status < 0:  # it crashed, or was killed: so that whoever started this sees the same
        with suppress(OSError):  # of SIGKILL, which is as it is
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status)


def _ending(child: int) -> int:
    """Wait until a process ends; return how, as `os.waitpid` says it.

    A signal that comes just before a call that waits would not be handled until it returns. So each
    leaves a byte in a pipe, and this waits for bytes.
    """
    bytes_of_signals, end = os.pipe()
    os.set_blocking(end, False)
    signal.set_wakeup_fd(end, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, _ignore)  # one that leaves a byte
    while True:
        found, how = os.waitpid(child, os.WNOHANG)
        if found:
            return how
        select.select([bytes_of_signals], [], [])
        os.read(bytes_of_signals, 512)


def _report_unless_interrupt(unraisable: Any) -> None:
    """Report an error that nothing can catch; of an interrupt, the guard takes care."""
    if unraisable.exc_type is not KeyboardInterrupt:
        sys.__unraisablehook__(unraisable)


def _sweep() -> None:
    """End what the child had started and left: Linux has made it children of this process."""
    end = time.monotonic() + _SWEEP_S
    with suppress(OSError):  # no children are left, or this is not Linux
        while time.monotonic() < end:
            with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
                for child in file.read().split():
                    os.kill(int(child), signal.SIGKILL)
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
            time.sleep(0.01)


def _say(text: str) -> None:
    """Write to standard error, unless nobody reads there."""
    with suppress(OSError, ValueError):
        if select.select([], [2], [], 0)[1]:
            os.write(2, text.encode())


def _ask_linux(request: int, value: int) -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(request, value, 0, 0, 0)
