"""Commands on screens of every kind, and interrupted: one process loads all, and divides for each.

As a script it serves requests, a line of JSON each, and answers with a line. Every request is run
in a process that has been divided from this one, which spares it the imports; what Python does with
standard streams when it starts is done again there.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import traceback
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

SCREENS: dict[str, dict[str, Any]] = {
    "ordinary": {},
    "closed": {"closed": [1]},
    "all closed": {"closed": [0, 1, 2]},
    "pipe nobody reads": {"pipe": [1]},
    "both pipes unread": {"pipe": [1, 2]},
    "full": {"full": [1]},
    "no room for errors": {"full": [2]},
    "one column": {"terminal": 1, "COLUMNS": "1"},
    "no columns": {"terminal": 20, "COLUMNS": "0", "LINES": "0"},
    "columns of nonsense": {"terminal": 20, "COLUMNS": "wide"},
    "uncoloured": {"terminal": 80, "NO_COLOR": "1"},
    "dumb": {"terminal": 80, "TERM": "dumb"},
    "nameless": {"terminal": 80, "TERM": None},
    "ascii": {"encoding": "ascii"},
    "cp1252": {"encoding": "cp1252"},
    "latin-1": {"encoding": "latin-1"},
    "absent": {"closed": [0]},
}
"""What is unusual about each."""

MOMENTS = ("before", "work", "output")
"""Of an interrupt: the command begins, the code of other rooms runs, something is written."""


@dataclass(frozen=True)
class Done:
    """What a command left behind.

    Attributes
    ----------
    status : int
    seconds : float
        Since it was interrupted, or began.
    out, err : bytes
        As far as somebody could read them.
    files : dict of str to int
        Files that were written, and their sizes.
    """

    status: int
    seconds: float
    out: bytes
    err: bytes
    files: dict[str, int]


class Runner:
    """Runs commands, each in a copy of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ
            | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])},
            text=True,
        )

    def __call__(
        self,
        arguments: list[str],
        screen: str = "ordinary",
        moment: str = "",
        *,
        stuck: bool = False,
    ) -> Done:
        """Run ``dmoe``.

        Parameters
        ----------
        arguments : list of str
        screen : str
            From `SCREENS`.
        moment : str
            From `MOMENTS`: when it is interrupted.
        stuck : bool
            It is then in compiled code that does not let Python's threads run.
        """
        with tempfile.TemporaryDirectory() as name:
            place = Path(name) / "work"
            shutil.copytree(self._folder, place)
            before = _files(place)
            request = {"arguments": arguments, "place": str(place), "scratch": name}
            request |= {"screen": screen, "moment": moment, "stuck": stuck}
            assert self._server.stdin is not None and self._server.stdout is not None
            self._server.stdin.write(json.dumps(request) + "\n")
            self._server.stdin.flush()
            answer = json.loads(self._server.stdout.readline())
            texts = [(Path(name) / stream).read_bytes() for stream in ("out", "err")]
            after = {f: size for f, size in _files(place).items() if f not in before}
            return Done(answer["status"], answer["seconds"], *texts, after)

    def close(self) -> None:
        """End the process."""
        self._server.kill()
        self._server.communicate()


def _files(place: Path) -> dict[str, int]:
    return {
        str(file.relative_to(place)): file.stat().st_size
        for file in place.rglob("*")
        if file.is_file()
    }


# ------------------------------------------------------------------------------ in the server


def serve() -> None:
    """Load every command, then answer requests until there are no more."""
    import formulations.catalogue  # noqa: F401
    from dmoe_models import solve
    from dmoe_models.presentation.plot_style import Picture  # noqa: F401
    from instances.families import draw

    from command_samples import found

    list(found())
    for method in ("jesa", "local-search", "greedy"):  # what is compiled, from its cache
        solve(draw("rayleigh", 1, K=3, T=4), method)
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        request = json.loads(line)
        scratch = Path(request["scratch"])
        clock = scratch / "interrupted"
        terminal = _terminal(SCREENS[request["screen"]].get("terminal", 0))
        began = time.time()
        child = os.fork()
        if child == 0:
            try:
                _run(request, scratch, clock, terminal)
            finally:
                os._exit(99)
        if terminal:
            _show(terminal, scratch / "out")
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        since = float(clock.read_text()) if clock.exists() else began
        answers.write(json.dumps({"status": status, "seconds": time.time() - since}) + "\n")
        answers.flush()


def _terminal(columns: int) -> tuple[int, int] | None:
    """Return the outer and the inner end of a terminal so wide."""
    if not columns:
        return None
    outer, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    return outer, inner


def _show(terminal: tuple[int, int], file: Path) -> None:
    """Write into a file what a terminal gets, until the command has ended."""
    outer, inner = terminal
    os.close(inner)
    with file.open("ab") as shown, suppress(OSError):  # nobody has the inner end any more
        while text := os.read(outer, 65536):
            shown.write(text)
    os.close(outer)


def _run(
    request: dict[str, Any], scratch: Path, clock: Path, terminal: tuple[int, int] | None
) -> None:
    """Be the process that a shell would have started."""
    os.setsid()
    os.chdir(request["place"])
    for stream in ("out", "err"):
        (scratch / stream).touch()
    settings: dict[str, Any] = dict(SCREENS[request["screen"]])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, stream in ((1, "out"), (2, "err")):
        os.dup2(os.open(scratch / stream, os.O_WRONLY | os.O_APPEND), number)
    for number in settings.pop("full", ()):
        os.dup2(os.open("/dev/full", os.O_WRONLY), number)
    for number in settings.pop("pipe", ()):
        end, other = os.pipe()
        os.dup2(other, number)
        os.close(end)
        os.close(other)
    for number in settings.pop("closed", ()):
        os.close(number)
    encoding = settings.pop("encoding", "utf-8")
    settings.pop("terminal", None)
    if terminal:
        os.dup2(terminal[1], 1)
        os.dup2(terminal[1], 2)
        os.close(terminal[0])
        os.close(terminal[1])
    os.environ["TERM"] = "xterm-256color"
    for name, value in settings.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
    os.environ.pop("DMOE_DATA", None)
    sys.stdin, sys.stdout, sys.stderr = (
        _as_python_would(number, mode, encoding, errors)
        for number, mode, errors in (
            (0, "r", "strict"),
            (1, "w", "strict"),
            (2, "w", "backslashreplace"),
        )
    )
    signal.signal(signal.SIGINT, signal.default_int_handler)

    from dmoe_models.cli.guard import guard

    if request["moment"]:
        guard()
        _interrupt(request["moment"], request["stuck"], clock)
    from dmoe_models.cli.app import dmoe
    from dmoe_models.cli.shell import run

    try:
        run(dmoe, "dmoe", request["arguments"])
    except SystemExit as left:
        status = left.code if isinstance(left.code, int) else 1
    except BaseException:
        traceback.print_exc()
        status = 98
    for stream in (sys.stdout, sys.stderr):  # as Python does at its end
        if stream is not None:
            try:
                stream.flush()
            except BaseException:
                status = 120
    os._exit(status)


def _as_python_would(number: int, mode: str, encoding: str, errors: str) -> Any:
    """Return a standard stream as Python opens it when it starts: None where it is closed."""
    try:
        os.fstat(number)
    except OSError:
        return None
    return open(number, mode, encoding=encoding, errors=errors, closefd=False)


def _interrupt(moment: str, stuck: bool, clock: Path) -> None:
    """Have the guard interrupted at a moment of the command."""
    guard_process = os.getppid()
    told = False

    def strike() -> None:
        nonlocal told
        if told:
            return
        told = True
        if not stuck:
            clock.write_text(repr(time.time()))
            os.kill(guard_process, signal.SIGINT)
            time.sleep(20)
        elif os.fork():
            deque(repeat(None, 10**10), maxlen=0)  # minutes within one instruction
        else:
            time.sleep(0.3)  # until it is there
            clock.write_text(repr(time.time()))
            os.kill(guard_process, signal.SIGINT)
            os._exit(0)

    if moment == "before":
        strike()
    elif moment == "work":
        rooms = ("dmoe_models", "formulations", "instances")
        calls = 0

        def count(frame: Any, event: str, argument: Any) -> None:
            nonlocal calls
            name = frame.f_globals.get("__name__", "")
            if event == "call" and name.startswith(rooms) and ".cli." not in f"{name}.":
                calls += 1
                if calls == 3:
                    sys.setprofile(None)
                    strike()

        sys.setprofile(count)
    else:
        from dmoe_models.cli.screen import Screen

        write, replace = Screen.write, os.replace

        def write_struck(self: Any, text: str) -> int:
            if self.name == "standard output":
                strike()
            return write(self, text)

        def replace_struck(*paths: Any) -> None:
            strike()
            replace(*paths)

        Screen.write, os.replace = write_struck, replace_struck  # type: ignore[method-assign]


if __name__ == "__main__":
    serve()
