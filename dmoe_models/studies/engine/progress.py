"""How a run is going: a bar on a terminal, a line now and then in a file."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TextIO

from dmoe_models.studies.design import Task
from dmoe_models.studies.engine.engine import Listener
from dmoe_models.studies.engine.runner import Answer

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

    def step(self, task: Task, answer: Answer, attempt: int, final: bool) -> None:
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
        """Return one line that says it all."""
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


class Lines(Pace):
    """Plain lines, for files and pipes: at the start, every ten seconds, at the end."""

    def __init__(self, out: TextIO) -> None:
        super().__init__()
        self._out, self._said = out, 0.0

    def begin(self, done: int, total: int, seeds: int) -> None:
        """Say where the run begins."""
        super().begin(done, total, seeds)
        self._say(f"{done:,} of {total:,} tasks were done before")

    def step(self, task: Task, answer: Answer, attempt: int, final: bool) -> None:
        """Say at once what failed, and else now and then how it goes."""
        super().step(task, answer, attempt, final)
        if answer.failure:
            again = "failed" if final else "will be tried again"
            self._say(f"cell {task.cell.number}, seed {task.first_seed}: {answer.failure}; {again}")
        if time.monotonic() - self._said >= _EVERY_S or self.done == self.total:
            self._say(self.line())

    def _say(self, text: str) -> None:
        self._said = time.monotonic()
        print(text, file=self._out, flush=True)


class _Bar(Pace):
    """A bar on a terminal."""

    def __init__(self, bar: Any, task: Any) -> None:
        super().__init__()
        self._bar, self._task = bar, task

    def begin(self, done: int, total: int, seeds: int) -> None:
        super().begin(done, total, seeds)
        self._show()

    def step(self, task: Task, answer: Answer, attempt: int, final: bool) -> None:
        super().step(task, answer, attempt, final)
        if answer.failure:
            again = "failed" if final else "will be tried again"
            self._bar.console.print(
                f"cell {task.cell.number}, seed {task.first_seed}: {answer.failure}; {again}"
            )
        self._show()

    def _show(self) -> None:
        self._bar.update(self._task, completed=self.done, total=self.total, said=self.line())


@contextmanager
def watching(out: TextIO) -> Iterator[Listener]:
    """Yield a listener that tells `out` how the run goes."""
    if not out.isatty():
        yield Lines(out)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    with Progress(BarColumn(), TextColumn("{task.fields[said]}"), console=Console(file=out)) as bar:
        yield _Bar(bar, bar.add_task("", total=None, said="starting"))
