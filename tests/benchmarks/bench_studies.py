"""The engine of studies: what it costs per task, and what a second worker brings.

``python tests/benchmarks/bench_studies.py [--quick]`` prints the rows that `rows` yields. Times are
counted from the first answer to the last: starting workers is not a cost of tasks. With two workers
on two cores the client shares them, so 2 cannot be reached.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from dmoe_models.studies.configuration import design_of
from dmoe_models.studies.design import Design
from dmoe_models.studies.engine.engine import run_design

from bench_des import row

TASKS, QUICK_TASKS = 2000, 60
OVERHEAD_MS = 5.0
SPEED_UP = 1.7

TEXT = """
study = "asymptotics"
batch = {batch}
methods = ["jesa"]
[[cells]]
seeds = {seeds}
family = "rayleigh"
K = 4
"""


class Watch:
    """When the first and the last answer came; the workers' own time, this process's CPU time."""

    def __init__(self) -> None:
        self.first = self.last = self.first_cpu = self.last_cpu = self.work = 0.0
        self.tasks = 0

    def begin(self, done: int, total: int, seeds: int) -> None:
        self.tasks = 0

    def step(self, task, answer, attempt: int, final: bool) -> None:
        assert not answer.failure, answer.failure
        self.last, self.last_cpu = time.perf_counter(), time.process_time()
        if self.tasks:
            self.work += answer.seconds
        else:
            self.first = self.last
            self.first_cpu = self.last_cpu
        self.tasks += 1

    @property
    def seconds(self) -> float:
        return self.last - self.first


def study(tasks: int, draws: int) -> Design:
    """A study of so many tasks, of so many draws each."""
    return design_of(TEXT.format(batch=draws, seeds=tasks * draws))


def watched(design: Design, workers: int) -> Watch:
    """Run a study from nothing."""
    watch = Watch()
    with tempfile.TemporaryDirectory() as folder:
        run_design(design, Path(folder), workers=workers, listener=watch)
    return watch


def rows(quick: bool = False) -> Iterator[dict]:
    """Measure everything, row by row."""
    tasks = QUICK_TASKS if quick else TASKS
    watch = watched(study(tasks, 1), 1)
    overhead = (watch.seconds - watch.work) / (watch.tasks - 1)
    case = f"studies: engine's overhead, {tasks} tasks of one draw"
    yield row(case, 1e3 * overhead, "ms a task", OVERHEAD_MS, at_least=False)
    of_client = (watch.last_cpu - watch.first_cpu) / (watch.tasks - 1)
    yield row("studies: of that, processor time of the client", 1e3 * of_client, "ms a task")
    one, two = (watched(study(tasks, 2), workers) for workers in (1, 2))
    yield row(
        f"studies: two workers / one, {tasks} tasks of {1e3 * one.work / (tasks - 1):.0f} ms",
        one.seconds / two.seconds,
        "times as fast",
        SPEED_UP,
    )


def main() -> None:
    """Print the rows."""
    for line in rows(quick="--quick" in sys.argv[1:]):
        print(f"{line['case']:72} {line['figure']:6.2f} {line['unit']}", flush=True)


if __name__ == "__main__":
    main()
