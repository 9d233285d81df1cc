"""The engine: hands out tasks, keeps what comes back, and goes on where it was.

Tasks go to a backend (`backends`): one worker process, or a Dask cluster. A few tasks per worker
are under way at a time, short ones of known length handed over in bundles; the database, which only
this process writes, knows the rest. So a kill costs what was under way, and nothing else.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from dmoe_models.environment import run_environment
from dmoe_models.studies.cells import needs_data
from dmoe_models.studies.design import Design, Task
from dmoe_models.studies.engine.backends import (
    Backend,
    Bundle,
    opened,
    require_dask,
    require_listening,
)
from dmoe_models.studies.engine.database import FILE, Database
from dmoe_models.studies.engine.dry_run import try_cells
from dmoe_models.studies.engine.records import RecordError
from dmoe_models.studies.engine.watched_worker import TaskAnswer

_BUNDLE_S = 0.25
"""Seconds of work that are handed over at a time, where tasks are short."""


class Listener(Protocol):
    """What is called as a run proceeds."""

    def begin(self, done: int, total: int, seeds: int) -> None:
        """`done` of `total` tasks, which hold `seeds` draws, were there before this run.

        Parameters
        ----------
        done, total : int
            Tasks.
        seeds : int
            Draws.
        """

    def step(self, task: Task, answer: TaskAnswer, attempt: int, final: bool) -> None:
        """An answer came; a task that failed is tried again unless it is final.

        Parameters
        ----------
        task : Task
        answer : TaskAnswer
        attempt : int
            Which try it was, from 1.
        final : bool
        """


@dataclass(frozen=True)
class Ending:
    """How a run ended.

    Attributes
    ----------
    done, failed, total : int
        Tasks of the study: finished ones (failed ones among them), failed ones, all.
    waiting : int
        Tasks that need recorded data, which was not given.
    failed_rows : mapping
        How many rows there are in which a method failed, by method and reason.
    """

    done: int
    failed: int
    total: int
    waiting: int
    failed_rows: Mapping[str, int] = field(default_factory=dict)


def run_design(
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
    if scheduler is not None or workers != 0:
        require_dask()
    if scheduler is not None:
        require_listening(scheduler)
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
            database.start_session(
                run_environment() | {"workers": workers, "cluster": bool(scheduler)}
            )
            with opened(design, workers, scheduler, data) as backend:
                try:
                    _work_off(database, backend, pending, design.retries, listener)
                except KeyboardInterrupt:  # at once: to end the workers may take too long
                    database.end_session()
                    raise
            database.end_session()
        progress = database.progress()
        return Ending(
            progress.done,
            progress.failed,
            progress.tasks,
            len(left) - len(pending),
            database.failed_rows(),
        )


def _work_off(
    database: Database,
    backend: Backend,
    pending: list[Task],
    retries: int,
    listener: Listener | None,
) -> None:
    """Keep the backend busy until every pending task is in the database."""
    waiting = deque((task, 1) for task in pending)
    known: dict[int, float] = {}  # seconds that the last task of a cell took
    under_way = 0
    while waiting or under_way:
        while waiting and (limit := backend.room(len(waiting))):
            bundle = _bundled(waiting, known, limit)
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


def _bundled(waiting: deque[tuple[Task, int]], known: Mapping[int, float], limit: int) -> Bundle:
    """Take the next task, and more while all are short; what failed before is tried alone."""
    bundle: Bundle = []
    seconds = 0.0
    while waiting and len(bundle) < limit:
        task, attempt = waiting[0]
        seconds += known.get(task.cell.number, _BUNDLE_S) if attempt == 1 else _BUNDLE_S
        if bundle and seconds > _BUNDLE_S:
            break
        bundle.append(waiting.popleft())
        if seconds >= _BUNDLE_S:
            break
    return bundle
