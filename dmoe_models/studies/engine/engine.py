"""The engine: hands out tasks, keeps what comes back, and goes on where it was.

Tasks go through Dask, to a cluster inside this process or to any scheduler by its address; every
Dask worker's thread has a process of its own for the work (`runner`), so limits hold the same
everywhere. A few tasks per worker are under way at a time, short ones of known length handed over
in bundles; the database, which only this process writes, knows the rest. So a kill costs what was
under way, and nothing else.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import platform
import socket
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from dmoe_models.environment import available_cores
from dmoe_models.files.plain_json import plain
from dmoe_models.studies.cells import needs_data
from dmoe_models.studies.design import Design, Task
from dmoe_models.studies.engine.database import FILE, Database
from dmoe_models.studies.engine.dry_run import try_cells
from dmoe_models.studies.engine.records import RecordError
from dmoe_models.studies.engine.runner import NEEDED, Answer, Runner, close_all
from dmoe_models.studies.study import StudyError

_AHEAD = 3
"""Bundles under way for every worker: one that it does, and others so that it need not wait."""

_BUNDLE_S = 0.25
"""Seconds of work that are handed over at a time, where tasks are short."""

_LOOPBACK = "127.0.0.1:0"
"""Where the embedded cluster's pages are to be seen: on this machine only."""

_REFRESH_S = 5.0
"""Seconds between looks at how many workers a scheduler has."""

_PACKAGES = (
    *("dmoe-models", "numpy", "scipy", "pandas", "numba", "highspy", "pyomo", "cvxpy"),
    *("dask", "distributed"),
)


Bundle = list[tuple[Task, int]]
"""Tasks, and which try of each it is."""


class Listener(Protocol):
    """Who wants to know how a run goes."""

    def begin(self, done: int, total: int, seeds: int) -> None:
        """`done` of `total` tasks, which hold `seeds` draws, were there before this run."""

    def step(self, task: Task, answer: Answer, attempt: int, final: bool) -> None:
        """An answer came; a task that failed is tried again unless it is final."""


@dataclass(frozen=True)
class Ending:
    """How a run ended.

    Attributes
    ----------
    done, failed, total : int
        Tasks of the study: finished ones (failed ones among them), failed ones, all.
    waiting : int
        Tasks that need recorded data, which was not given.
    """

    done: int
    failed: int
    total: int
    waiting: int


class _Backend(Protocol):
    """Where tasks are done."""

    def room(self, left: int) -> int:
        """Return how many of the tasks that are left may be handed over now, as one bundle."""

    def submit(self, bundle: Bundle) -> None:
        """Hand tasks over."""

    def finished(self) -> Iterator[tuple[Task, int, Answer]]:
        """Wait for at least one answer."""


def run_study(
    design: Design,
    folder: Path,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    data: Path | None = None,
    retry_failed: bool = False,
    listener: Listener | None = None,
) -> Ending:
    """Run a study, or go on with it, until all of its tasks are done.

    Parameters
    ----------
    design : Design
    folder : path
        Where the database is, or will be.
    workers : int, optional
        Processes on this machine; by default one for every core that this process may use. 0: one,
        without Dask.
    scheduler : str, optional
        Address of a Dask scheduler, whose workers are used instead.
    data : path, optional
        Directory of recorded data; tasks that need it wait for a run that has it.
    retry_failed : bool
        Try again what failed in earlier runs.
    listener : Listener, optional

    Returns
    -------
    Ending

    Raises
    ------
    StudyError
        Where the folder is another study's, a cell cannot be drawn, or workers cannot be had.
    KeyboardInterrupt
        When interrupted: what was finished is in the database, and the next run goes on.
    """
    require_engine(dask=scheduler is not None or workers != 0)
    if scheduler is not None:
        _require_listening(scheduler)
    if not (Path(folder) / FILE).exists():
        try_cells(design, data)
    with Database(folder, design) as database:
        if retry_failed:
            database.forget_failures()
        every, done = design.tasks(), database.finished()
        left = [task for task in every if task.key not in done]
        pending = [t for t in left if data is not None or not needs_data(t.cell.parameters)]
        if listener is not None:
            seeds = sum(task.seeds for task in every if task.key in done)
            listener.begin(len(every) - len(left), len(every), seeds)
        if pending:
            database.start_session(environment() | {"workers": workers, "cluster": bool(scheduler)})
            try:
                with _backend(design, workers, scheduler, data) as backend:
                    _work_off(database, backend, pending, design.retries, listener)
            except KeyboardInterrupt:
                database.end_session()
                raise
            database.end_session()
        progress = database.progress()
        return Ending(progress.done, progress.failed, progress.tasks, len(left) - len(pending))


def _work_off(
    database: Database,
    backend: _Backend,
    pending: list[Task],
    retries: int,
    listener: Listener | None,
) -> None:
    """Keep the backend busy until every pending task is in the database."""
    waiting = deque((task, 1) for task in pending)
    known: dict[int, float] = {}  # seconds that the last task of a cell took
    under_way = 0
    while waiting or under_way:
        while waiting and (most := backend.room(len(waiting))):
            bundle = _bundled(waiting, known, most)
            backend.submit(bundle)
            under_way += len(bundle)
        for task, attempt, answer in backend.finished():
            under_way -= 1
            known[task.cell.number] = answer.seconds
            final = not (answer.failure and answer.again and attempt <= retries)
            if not final:
                waiting.append((task, attempt + 1))
            elif answer.failure:
                database.store_failure(task, answer.failure, attempt, answer.seconds)
            else:
                try:
                    database.store(task, answer.rows, attempt, answer.seconds)
                except RecordError as error:
                    answer = replace(answer, rows=[], failure=str(error))
                    database.store_failure(task, answer.failure, attempt, answer.seconds)
            if listener is not None:
                listener.step(task, answer, attempt, final)


def _bundled(waiting: deque[tuple[Task, int]], known: Mapping[int, float], most: int) -> Bundle:
    """Take the next task, and more while all are short; what failed before is tried alone."""
    bundle: Bundle = []
    seconds = 0.0
    while waiting and len(bundle) < most:
        task, attempt = waiting[0]
        seconds += known.get(task.cell.number, _BUNDLE_S) if attempt == 1 else _BUNDLE_S
        if bundle and seconds > _BUNDLE_S:
            break
        bundle.append(waiting.popleft())
        if seconds >= _BUNDLE_S:
            break
    return bundle


# ------------------------------------------------------------------------------------- backends


@contextlib.contextmanager
def _backend(
    design: Design, workers: int | None, scheduler: str | None, data: Path | None
) -> Iterator[_Backend]:
    limits: dict[str, Any] = {
        "time_limit_s": design.task_limit_s,
        "memory_limit_mb": design.memory_limit_mb,
        "data": None if data is None else str(Path(data).absolute()),
    }
    try:
        if scheduler is None and workers == 0:
            yield _Alone(Runner(**limits))
        else:
            with _client(workers, scheduler) as client:
                yield _Dask(client, limits)
    finally:
        close_all()


class _Alone:
    """One worker, and nobody in between."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._bundle: Bundle = []

    def room(self, left: int) -> int:
        return 0 if self._bundle else 8  # each is in the database before the next begins

    def submit(self, bundle: Bundle) -> None:
        self._bundle = bundle

    def finished(self) -> Iterator[tuple[Task, int, Answer]]:
        bundle, self._bundle = self._bundle, []
        answers = self._runner.run([task.content() for task, _ in bundle])
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
        contents = [task.content() for task, _ in bundle]
        future = self._client.submit(perform_watched, contents, self._limits, key=name, pure=False)
        self._under_way[name] = bundle
        self._completed.add(future)

    def finished(self) -> Iterator[tuple[Task, int, Answer]]:
        for future, result in self._completed.next_batch(block=True):
            bundle = self._under_way.pop(future.key)
            if future.status == "finished":
                answers = _answers(result, len(bundle))
            elif future.status == "error":
                error = result[1] if isinstance(result, tuple) else result
                answers = [Answer(failure=_dask_failure(error), again=True)] * len(bundle)
            else:
                raise StudyError("the Dask scheduler is gone; the same command goes on")
            for (task, attempt), answer in zip(bundle, answers, strict=True):
                yield task, attempt, answer
            future.release()


def _answers(result: Any, number: int) -> list[Answer]:
    """Read what `perform_watched` returned, on a worker that may be of another version."""
    try:
        answers = [Answer(**answer) for answer in result]
    except TypeError:
        answers = []
    if len(answers) == number:
        return answers
    return [
        Answer(failure="the Dask worker's answer has another form than this version's")
    ] * number


def _dask_failure(error: Any) -> str:
    if type(error).__name__ == "KilledWorker":
        return "the worker died (several Dask workers, each with this task)"
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


_LOCAL = threading.local()


def perform_watched(
    contents: Sequence[dict[str, Any]], limits: dict[str, Any]
) -> list[dict[str, Any]]:
    """Do tasks on a Dask worker, in this thread's own process; runs where the worker is."""
    kept: tuple[dict[str, Any], Runner] | None = getattr(_LOCAL, "runner", None)
    if kept is None or kept[0] != limits or kept[1].closed:
        if kept is not None:
            kept[1].close()
        _LOCAL.runner = kept = (limits, Runner(**limits))
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


def _require_listening(address: str) -> None:
    """Raise StudyError unless somebody listens there; Dask's own client takes long to say so."""
    place = urlsplit(address)
    try:
        if place.scheme not in ("tcp", "tls", "ws", "wss") or not place.hostname or not place.port:
            raise ValueError("is not of the form tcp://HOST:PORT")
        socket.create_connection((place.hostname, place.port), timeout=20.0).close()
    except (OSError, ValueError) as error:
        raise StudyError(f"scheduler {address}: {error}") from error


def require_engine(*, dask: bool = True) -> None:
    """Raise StudyError, with what to install, where an optional package is missing."""
    for package in ("psutil", *(("distributed",) if dask else ())):
        if importlib.util.find_spec(package) is None:
            raise StudyError(f"package {package} is not installed: {NEEDED}")


def environment() -> dict[str, Any]:
    """Return what a run is made on: versions, machine, commit where there is one."""
    versions: dict[str, str | None] = {}
    for name in _PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = None
    found = {
        "python": platform.python_version(),
        "system": platform.platform(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "versions": versions,
        "commit": _commit(),
    }
    kept: dict[str, Any] = plain(found)
    return kept


def _commit() -> str | None:
    """Return the commit of the source that runs, "+" where it was changed; None where unknown."""
    here = Path(__file__).parent

    def git(*words: str) -> str:
        answer = subprocess.run(
            ["git", "-C", str(here), *words], capture_output=True, text=True, timeout=10, check=True
        )
        return answer.stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no", "--", "../..")
        return git("rev-parse", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.SubprocessError):
        return None
