"""Where tasks are done: by one worker process, or by the workers of a Dask cluster.

There are two schedulers on purpose. Dask decides which machine does which task, and moves tasks
away from a machine that is lost. It does not end a task: a thread that hangs in compiled code keeps
its Dask worker, and a Dask nanny that kills the worker for its memory also kills the other tasks
there and blames all of them. So every thread of a Dask worker drives a process of its own
(`watched_worker`), which alone knows when a task exceeds its time or its memory, and ends that task
and no other; the same process works where there is no Dask at all.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from dmoe_models.environment import available_cores
from dmoe_models.studies.design import Design, Task
from dmoe_models.studies.engine.watched_worker import TaskAnswer, WatchedWorker, close_all
from dmoe_models.studies.study import StudyError

_AHEAD = 3
"""Bundles under way for every worker: one that it does, and others so that it need not wait."""

_LOOPBACK = "127.0.0.1:0"
"""Where the embedded cluster's pages are to be seen: on this machine only."""

_REFRESH_S = 5.0
"""Seconds between looks at how many workers a scheduler has."""

Bundle = list[tuple[Task, int]]
"""Tasks, and which try of each it is."""


class Backend(Protocol):
    """Where tasks are done."""

    def room(self, left: int) -> int:
        """Return how many of the tasks that are left may be handed over now, as one bundle."""

    def submit(self, bundle: Bundle) -> None:
        """Hand tasks over."""

    def finished(self) -> Iterator[tuple[Task, int, TaskAnswer]]:
        """Wait for at least one answer."""


@contextlib.contextmanager
def opened(
    design: Design, workers: int | None, scheduler: str | None, data: Path | None
) -> Iterator[Backend]:
    """Yield where a run's tasks are done; its worker processes end with the enclosed code.

    Parameters
    ----------
    design : Design
        Whose limits hold for every task.
    workers : int or None
        Processes on this machine; None for one a core, 0 for one without Dask.
    scheduler : str or None
        Address of a Dask scheduler, whose workers are used instead.
    data : path or None
        Directory of recorded data.
    """
    limits: dict[str, Any] = {
        "time_limit_s": design.task_limit_s,
        "memory_limit_mb": design.memory_limit_mb,
        "data": None if data is None else str(Path(data).absolute()),
    }
    try:
        if scheduler is None and workers == 0:
            yield _Alone(WatchedWorker(**limits))
        else:
            with _client(workers, scheduler) as client:
                yield _Dask(client, limits)
    finally:
        close_all()


class _Alone:
    """One worker process, without Dask."""

    def __init__(self, runner: WatchedWorker) -> None:
        self._runner = runner
        self._bundle: Bundle = []

    def room(self, left: int) -> int:
        return 0 if self._bundle else 8  # each is in the database before the next begins

    def submit(self, bundle: Bundle) -> None:
        self._bundle = bundle

    def finished(self) -> Iterator[tuple[Task, int, TaskAnswer]]:
        bundle, self._bundle = self._bundle, []
        answers = self._runner.run([task.message() for task, _ in bundle])
        for (task, attempt), answer in zip(bundle, answers, strict=True):
            yield task, attempt, answer


class _Dask:
    """The workers of a Dask cluster."""

    def __init__(self, client: Any, limits: Mapping[str, Any]) -> None:
        from distributed import as_completed

        self._client, self._limits = client, dict(limits)
        self._under_way: dict[str, Bundle] = {}
        self._completed = as_completed(loop=client.loop, with_results=True, raise_errors=False)
        self._workers, self._looked = 0, -_REFRESH_S

    def room(self, left: int) -> int:
        now = time.monotonic()
        if now - self._looked >= _REFRESH_S:
            self._workers, self._looked = max(1, sum(self._client.nthreads().values())), now
        slots = _AHEAD * self._workers
        return max(1, left // slots) if len(self._under_way) < slots else 0

    def submit(self, bundle: Bundle) -> None:
        task, attempt = bundle[0]
        # a name of its own for every try of every run: a scheduler may remember earlier ones
        name = f"{task.key[:16]}-{attempt}-{os.getpid()}-{time.monotonic_ns()}"
        contents = [task.message() for task, _ in bundle]
        future = self._client.submit(perform_watched, contents, self._limits, key=name, pure=False)
        self._under_way[name] = bundle
        self._completed.add(future)

    def finished(self) -> Iterator[tuple[Task, int, TaskAnswer]]:
        for future, result in self._completed.next_batch(block=True):
            bundle = self._under_way.pop(future.key)
            if future.status == "finished":
                answers = _answers(result, len(bundle))
            elif future.status == "error":
                error = result[1] if isinstance(result, tuple) else result
                answers = [TaskAnswer(failure=_dask_failure(error), again=True)] * len(bundle)
            else:
                raise StudyError("the Dask scheduler is gone; the same command goes on")
            for (task, attempt), answer in zip(bundle, answers, strict=True):
                yield task, attempt, answer
            future.release()


def _answers(result: Any, number: int) -> list[TaskAnswer]:
    """Read what `perform_watched` returned, on a worker that may be of another version."""
    try:
        answers = [TaskAnswer(**answer) for answer in result]
    except TypeError:
        answers = []
    if len(answers) == number:
        return answers
    return [
        TaskAnswer(failure="the Dask worker's answer has another form than this version's")
    ] * number


def _dask_failure(error: Any) -> str:
    if type(error).__name__ == "KilledWorker":
        return "the worker died (several Dask workers, each with this task)"
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


_LOCAL = threading.local()


def perform_watched(
    contents: Sequence[dict[str, Any]], limits: dict[str, Any]
) -> list[dict[str, Any]]:
    """Do tasks on a Dask worker, in this thread's own process; runs where the worker is.

    Parameters
    ----------
    contents : sequence of dict
        `Task.content` of each.
    limits : dict
        Arguments of `WatchedWorker`.
    """
    kept: tuple[dict[str, Any], WatchedWorker] | None = getattr(_LOCAL, "runner", None)
    if kept is None or kept[0] != limits or kept[1].closed:
        if kept is not None:
            kept[1].close()
        _LOCAL.runner = kept = (limits, WatchedWorker(**limits))
    return [vars(answer) for answer in kept[1].run(contents)]


@contextlib.contextmanager
def _client(workers: int | None, scheduler: str | None) -> Iterator[Any]:
    """Connect to a scheduler, or to a cluster of threads in this process that wait for workers."""
    import dask
    from distributed import Client, LocalCluster

    quiet = {
        "logging.distributed": "critical",
        "distributed.worker.profile.enabled": False,
        "distributed.scheduler.work-stealing": False,
    }
    with dask.config.set(quiet):
        if scheduler is not None:
            with Client(scheduler, timeout="20s", set_as_default=False) as client:
                yield client
            return
        cluster = LocalCluster(
            n_workers=1,
            threads_per_worker=workers or available_cores(),
            processes=False,
            memory_limit=0,
            dashboard_address=_LOOPBACK,
            worker_dashboard_address=_LOOPBACK,
            silence_logs=50,
        )
        with cluster, Client(cluster, set_as_default=False) as client:
            try:
                yield client
            finally:
                close_all()  # first: the threads wait for these processes


def require_listening(address: str) -> None:
    """Raise StudyError unless a process listens there; Dask's own client takes long to say so."""
    place = urlsplit(address)
    try:
        if place.scheme not in ("tcp", "tls", "ws", "wss") or not place.hostname or not place.port:
            raise ValueError("is not of the form tcp://HOST:PORT")
        socket.create_connection((place.hostname, place.port), timeout=20.0).close()
    except (OSError, ValueError) as error:
        raise StudyError(f"scheduler {address}: {error}") from error


def require_dask() -> None:
    """Raise StudyError, with what to install, where Dask is missing."""
    if importlib.util.find_spec("distributed") is None:
        raise StudyError(
            'package distributed is not installed; try: pip install "dmoe-models[studies]", or '
            "--workers 0, which does without"
        )
