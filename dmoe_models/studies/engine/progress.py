"""How a run of a study is going: tasks, draws, pace, time left."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TextIO

from dmoe_models.presentation.progress import Asked, Display, in_notebook, progress, shown
from dmoe_models.studies.design import Task
from dmoe_models.studies.engine.engine import Listener
from dmoe_models.studies.engine.watched_worker import TaskAnswer

_EVERY_S = 10.0
"""Seconds between lines."""


class Pace:
    """Counts, rates and the time left, of this run.

    Attributes
    ----------
    done, total, failed, retried : int
        Tasks; failed and retried ones of this run only.
    draws : int
        Seeds of finished tasks.
    """

    def __init__(self) -> None:
        self.done = self.total = self.failed = self.retried = self.draws = 0
        self._first = (0, 0)
        self._began = time.monotonic()

    def begin(self, done: int, total: int, seeds: int) -> None:
        """Take note of where the run begins."""
        self.done, self.total, self.draws = done, total, seeds
        self._first = (done, seeds)
        self._began = time.monotonic()

    def step(self, task: Task, answer: TaskAnswer, attempt: int, final: bool) -> None:
        """Take note of an answer."""
        if not final:
            self.retried += 1
            return
        self.done += 1
        self.failed += bool(answer.failure)
        self.draws += task.seeds

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return max(1e-9, time.monotonic() - self._began)

    @property
    def left_s(self) -> float | None:
        """Seconds left at this run's pace; None before anything is finished."""
        finished = self.done - self._first[0]
        return (self.total - self.done) * self.seconds / finished if finished else None

    def line(self) -> str:
        """Return all of it in one line."""
        finished, draws = self.done - self._first[0], self.draws - self._first[1]
        words = [
            f"{self.done:,} of {self.total:,} tasks",
            f"{draws / self.seconds:.3g} draws/s",
            f"{finished / self.seconds:.3g} tasks/s",
        ]
        if self.retried:
            words.append(f"{self.retried} tried again")
        if self.failed:
            words.append(f"{self.failed} failed")
        if self.done < self.total and self.left_s is not None:
            words.append(f"{timedelta(seconds=round(self.left_s))} left")
        return ", ".join(words)


class Reporter(Pace):
    """Shows how a run goes: failures at once, and else now and then how far it is.

    Parameters
    ----------
    display : Display
    """

    def __init__(self, display: Display) -> None:
        super().__init__()
        self._display = display

    def begin(self, done: int, total: int, seeds: int) -> None:
        """Show where the run begins."""
        super().begin(done, total, seeds)
        if done or not in_notebook():  # a cell keeps its notes
            self._display.note(f"{done:,} of {total:,} tasks were done before")

    def step(self, task: Task, answer: TaskAnswer, attempt: int, final: bool) -> None:
        """Show what an answer means for the run."""
        super().step(task, answer, attempt, final)
        if answer.failure:
            again = "failed" if final else "will be tried again"
            where = f"cell {task.cell.number}, seed {task.first_seed}"
            self._display.note(f"{where}: {answer.failure}; {again}")
        self._display.show(self.line(), self.done, self.total)


class _Calls(Pace):
    """Calls a function with how the run goes, after every finished task."""

    def __init__(self, call: Callable[[str, int, int | None], None]) -> None:
        super().__init__()
        self._call = call

    def step(self, task: Task, answer: TaskAnswer, attempt: int, final: bool) -> None:
        super().step(task, answer, attempt, final)
        if final:
            self._call(self.line(), self.done, self.total)


@contextmanager
def listening(asked: Asked) -> Iterator[Listener | None]:
    """Yield a listener that shows how the run goes, or None where nobody watches.

    Parameters
    ----------
    asked : bool, callable or None
        As for `presentation.progress.watched`; a function is called with a line of words.
    """
    if callable(asked):
        yield _Calls(asked)
    elif shown(asked):
        with reporting(sys.stderr) as listener:
            yield listener
    else:
        yield None


@contextmanager
def reporting(out: TextIO) -> Iterator[Listener]:
    """Yield a listener that shows on `out` how the run goes."""
    with progress(out, pause_s=_EVERY_S, ending=True, transient=False) as display:
        yield Reporter(display)
