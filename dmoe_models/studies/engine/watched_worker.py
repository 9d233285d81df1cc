"""A worker process and its watchdog: time, memory, and whether it is alive.

The work is done in a process of its own, so that a task that hangs in compiled code, or takes all
memory, or crashes the interpreter, costs that process and nothing else. The next task gets a new
one.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

import psutil

START_S = 900.0
"""Seconds that a worker may take to start: without a cache, it compiles."""

_LOOK_S = 0.2
"""Seconds between looks at a worker's memory."""

_ALONE = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)
"""A worker is one of many: libraries must not take all cores in each."""

_RUNNING: weakref.WeakSet[WatchedWorker] = weakref.WeakSet()


@dataclass(frozen=True)
class TaskAnswer:
    """What came of a task.

    Attributes
    ----------
    rows : list of dict
        Empty where it failed.
    failure : str
        Why it failed, or empty.
    again : bool
        Whether another try may help: the worker died, hung or grew too large.
    seconds : float
        That the worker spent on it; where it was lost, until it was.
    worker : str
        Which process did it.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    failure: str = ""
    again: bool = False
    seconds: float = 0.0
    worker: str = ""


class WatchedWorker:
    """A worker process, started when it is first needed, and again after it was lost.

    Parameters
    ----------
    time_limit_s : float
        Of a task.
    memory_limit_mb : float
        Of the process, resident.
    data : str, optional
        Directory of recorded data.
    """

    def __init__(
        self, time_limit_s: float, memory_limit_mb: float, data: str | None = None
    ) -> None:
        self.time_limit_s, self.memory_limit_mb, self.data = time_limit_s, memory_limit_mb, data
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._closed = False
        self._sent = 0
        _RUNNING.add(self)

    def run(self, contents: Sequence[dict[str, Any]]) -> Iterator[TaskAnswer]:
        """Have tasks done, one after the other; each has all of the time limit.

        The next task is always sent ahead, so that the worker need not wait for it.

        Parameters
        ----------
        contents : sequence of dict
            `Task.content` of each.

        Yields
        ------
        TaskAnswer
            In the order of the tasks.
        """
        process, sent = self._process, 0
        first, self._sent = self._sent, self._sent + len(contents)  # numbers of these tasks
        for number in range(len(contents)):
            began = time.perf_counter()
            lost = self._start()
            if lost:
                yield TaskAnswer(failure=lost, again=True, seconds=time.perf_counter() - began)
                continue
            if self._process is not process:  # a new one knows nothing of what was sent ahead
                process, sent = self._process, number
            assert process is not None
            for content in contents[sent : number + 2]:
                self._send(content, first + sent)
                sent += 1
            began = time.perf_counter()
            answer, lost = self._wait(self.time_limit_s)
            if answer is not None and not _is_answer(answer, first + number):
                self._kill()
                answer, lost = None, "the worker said what is no answer, stopped"
            if answer is None:
                seconds = time.perf_counter() - began
                yield TaskAnswer(failure=lost, again=True, seconds=seconds, worker=str(process.pid))
            else:
                yield TaskAnswer(
                    rows=answer.get("rows", []),
                    failure=answer.get("error", ""),
                    seconds=answer["seconds"],
                    worker=str(process.pid),
                )

    def _send(self, content: dict[str, Any], number: int) -> None:
        assert self._process is not None and self._process.stdin is not None
        message = {"number": number, "task": content, "data": self.data}
        with contextlib.suppress(OSError):  # it has died: the next look notices
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()

    def _start(self) -> str:
        """Start the process unless it runs; return why it cannot, or nothing."""
        if self._closed:
            return "the run is being ended"
        if self._process is not None and self._process.poll() is None:
            return ""
        environment = os.environ | _ALONE
        environment["PYTHONPATH"] = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "dmoe_models.studies.engine.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
                env=environment,
                start_new_session=True,  # an interrupt at the keyboard is for the client
            )
        except OSError as error:
            return f"a worker cannot be started: {error.strerror or error}"
        self._lines = queue.SimpleQueue()
        assert self._process.stdout is not None
        threading.Thread(
            target=_read, args=(self._process.stdout, self._lines), daemon=True
        ).start()
        answer, lost = self._wait(START_S)
        if answer is not None and "ready" not in answer:
            self._kill()
            answer, lost = None, "the worker said what is no answer, stopped"
        return "" if answer is not None else f"{lost}, while it started"

    def _wait(self, limit_s: float) -> tuple[dict[str, Any] | None, str]:
        """Wait for a line; return it, or None and why there is none (the process is gone then)."""
        process = self._process
        assert process is not None
        end = time.monotonic() + limit_s
        while True:
            left = end - time.monotonic()
            if left <= 0:
                self._kill()
                return None, f"time limit: still running after {limit_s:g} s, stopped"
            try:
                line = self._lines.get(timeout=min(_LOOK_S, left))
            except queue.Empty:
                if resident_mb(process.pid) > self.memory_limit_mb:
                    self._kill()
                    return None, f"memory limit: grew above {self.memory_limit_mb:g} MB, stopped"
                continue
            if line is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(1.0)  # for its own exit status
                self._kill()
                return None, f"the worker died ({_ending(process.returncode)})"
            try:
                answer = json.loads(line)
            except (ValueError, RecursionError):
                answer = None
            return (answer if isinstance(answer, dict) else {}), ""

    def _kill(self) -> None:
        """End the process and all that it started."""
        process = self._process
        if process is None:
            return
        with contextlib.suppress(OSError):
            os.killpg(process.pid, 9)
        with contextlib.suppress(OSError):
            process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._closed

    def close(self) -> None:
        """End the process; a task that it is doing ends as lost."""
        self._closed = True
        self._kill()


def _is_answer(answer: dict[str, Any], number: int) -> bool:
    """Whether a worker's message is of the form of `worker.perform`, and of the task asked for."""
    rows = answer.get("rows", [])
    seconds = answer.get("seconds")
    return (
        answer.get("number") == number
        and isinstance(rows, list)
        and isinstance(answer.get("error", ""), str)
        and ("rows" in answer) != ("error" in answer)
        and isinstance(seconds, (int, float))
    )


def close_all() -> None:
    """End all worker processes that this process started."""
    for worker in list(_RUNNING):
        worker.close()


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process, MB; zero where it is gone."""
    try:
        return float(psutil.Process(pid).memory_info().rss) / 1e6
    except psutil.Error:
        return 0.0


def _read(source: IO[str], lines: queue.SimpleQueue[str | None]) -> None:
    """Pass lines on; None at the end."""
    with contextlib.suppress(ValueError, OSError):  # closed while it was being read
        for line in source:
            lines.put(line)
    lines.put(None)


def _ending(code: int | None) -> str:
    if code is None or code >= 0:
        return f"exit status {code}"
    return f"signal {-code}"
