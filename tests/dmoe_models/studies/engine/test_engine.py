"""The engine survives kills, hangs and hunger: the table is that of an undisturbed run."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd
import psutil
import pytest

from dmoe_models.studies.configuration import design_of as read_text
from dmoe_models.studies.engine.database import Database, read_table
from dmoe_models.studies.engine.engine import run_design
from dmoe_models.studies.engine.repeat import repeatable
from dmoe_models.studies.engine.watched_worker import WatchedWorker
from dmoe_models.studies.study import StudyError, find_study

import faulty

pytest.importorskip("distributed")

design_of = partial(read_text, allow_code=True)  # the plug-ins here are our own

COLUMNS = find_study("asymptotics").all_columns
TEXT = """
study = "asymptotics"
batch = 10
methods = ["jesa"]
[[cells]]
seeds = 100
family = ["rayleigh", "contended"]
gamma = 0.3
K = [3, 4]
"""


def method(name: str) -> str:
    return f"{Path(faulty.__file__).as_posix()}:{name}"


def assert_same(folder: Path, other: Path) -> None:
    """Row for row the same, but for times."""
    one, two = (repeatable(read_table(place), COLUMNS) for place in (folder, other))
    pd.testing.assert_frame_equal(one, two, check_exact=True)


class Heard:
    """A listener that only remembers."""

    def __init__(self) -> None:
        self.begun: list[tuple[int, int, int]] = []
        self.failures: list[tuple[str, int, bool]] = []
        self.steps = 0

    def begin(self, done, total, seeds):
        self.begun.append((done, total, seeds))

    def step(self, task, answer, attempt, final):
        self.steps += final
        if answer.failure:
            self.failures.append((answer.failure, attempt, final))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    ending = run_design(design_of(TEXT), folder, workers=0)
    assert (ending.done, ending.failed, ending.total) == (40, 0, 40)
    return folder


# ------------------------------------------------------------------------------- kills from outside


def start(folder: Path, tmp_path: Path, *words: str) -> subprocess.Popen:
    configuration = tmp_path / "study.toml"
    configuration.write_text(TEXT)
    command = [sys.executable, "-m", "dmoe_models", "study", "asymptotics", "--config"]
    return subprocess.Popen(
        [*command, str(configuration), "--out", str(folder), *words],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_heed_interrupts,
    )


def _heed_interrupts() -> None:
    """Undo what a shell does to its background jobs: it lets them ignore interrupts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def finished(folder: Path) -> int:
    with contextlib.suppress(StudyError), Database(folder) as database:
        return database.progress().done
    return 0


def wait_for(condition, seconds: float = 300.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def workers_of(pid: int) -> list:
    found = []
    with contextlib.suppress(psutil.Error):
        for process in psutil.Process(pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if "dmoe_models.studies.engine.worker" in process.cmdline():
                    found.append(process)
    return found


def test_the_client_killed_three_times(undisturbed, tmp_path):
    folder, chance = tmp_path / "killed", random.Random(time.time_ns())
    for _ in range(3):
        before, more = finished(folder), chance.randint(1, 9)
        client = start(folder, tmp_path, "--workers", "2")
        wait_for(lambda goal=before + more: finished(folder) >= goal)
        time.sleep(chance.uniform(0.0, 0.1))
        workers = workers_of(client.pid)
        client.kill()
        assert client.wait() == -signal.SIGKILL
        client.stderr.close()
        wait_for(lambda workers=workers: not any(w.is_running() for w in workers))
    heard = Heard()
    before = finished(folder)
    assert 3 <= before < 40
    ending = run_design(design_of(TEXT), folder, workers=2, listener=heard)
    assert ending.done == ending.total and not ending.failed
    assert heard.begun == [(before, 40, 10 * before)] and heard.steps == 40 - before
    assert_same(folder, undisturbed)
    with Database(folder) as database:
        assert [run["ended"] is None for run in database.sessions()] == [True] * 3 + [False]


def test_a_worker_killed_in_the_middle(undisturbed, tmp_path):
    folder = tmp_path / "killed"
    client = start(folder, tmp_path, "--workers", "2")
    wait_for(lambda: finished(folder) >= 2)
    victims = workers_of(client.pid)
    assert len(victims) == 2
    for victim in victims:
        victim.kill()
    _, said = client.communicate(timeout=300)
    assert client.returncode == 0, said
    assert "the worker died (signal 9); will be tried again" in said
    assert_same(folder, undisturbed)


def test_an_interrupt_leaves_a_state_that_goes_on(undisturbed, tmp_path):
    folder = tmp_path / "interrupted"
    client = start(folder, tmp_path, "--workers", "1")
    wait_for(lambda: finished(folder) >= 1)
    client.send_signal(signal.SIGINT)
    _, said = client.communicate(timeout=300)
    assert client.returncode == 130
    assert said.endswith("interrupted\n") and "Traceback" not in said
    assert 1 <= finished(folder) < 40
    run_design(design_of(TEXT), folder, workers=0)
    assert_same(folder, undisturbed)


# ---------------------------------------------------------------------------- faults from inside


def study_of(*methods: str, limits: str = "") -> str:
    """One cell for each method, of one task each; and a last one that is as it should be."""
    cells = [
        f'[[cells]]\nseeds = 2\nfamily = "rayleigh"\nK = 3\nmethods = ["{name}"]\n'
        for name in (*methods, "jesa")
    ]
    return f'study = "asymptotics"\n{limits}\n' + "".join(cells)


@pytest.mark.parametrize(
    ("name", "limits", "reason"),
    [
        ("hang", "task_limit_s = 3", "time limit: still running after 3 s, stopped"),
        ("die", "retries = 0", "the worker died (signal 9)"),
        ("babble", "retries = 0", "the worker said what is no answer, stopped"),
        ("grow", "retries = 0\nmemory_limit_mb = 700", "memory limit: grew above 700 MB, stopped"),
    ],
)
def test_a_fault_costs_retries_and_then_a_row_says_so(name, limits, reason, tmp_path):
    design, heard = design_of(study_of(method(name), limits=limits)), Heard()
    tries = 1 + design.retries
    ending = run_design(design, tmp_path, workers=0 if name == "grow" else 1, listener=heard)
    assert (ending.done, ending.failed) == (2, 1)
    assert heard.failures == [(reason, n, n == tries) for n in range(1, tries + 1)]
    table = read_table(tmp_path)
    assert table["status"].tolist() == ["failed"] * 2 + ["optimal"] * 2
    assert table["reason"].tolist() == [reason] * 2 + [""] * 2
    assert table["seed"].tolist() == [0, 1] * 2


def test_what_failed_is_tried_again_when_that_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("FAULTY_ONCE", str(tmp_path / "died"))
    design, heard = design_of(study_of(method("die_once"), limits="retries = 0")), Heard()
    assert run_design(design, tmp_path, workers=0).failed == 1
    assert run_design(design, tmp_path, workers=0, listener=heard).failed == 1
    assert heard.begun == [(2, 2, 4)] and heard.steps == 0  # nothing was left to do
    assert run_design(design, tmp_path, workers=0, retry_failed=True, listener=heard).failed == 0
    assert heard.begun[1] == (1, 2, 2) and heard.steps == 1


def test_a_task_whose_worker_died_once_is_done_by_another(tmp_path, monkeypatch):
    monkeypatch.setenv("FAULTY_ONCE", str(tmp_path / "died"))
    heard = Heard()
    run_design(design_of(study_of(method("die_once"))), tmp_path, workers=0, listener=heard)
    assert heard.failures == [("the worker died (signal 9)", 1, False)]
    assert set(read_table(tmp_path)["status"]) == {"optimal"}


def test_a_method_that_raises_costs_its_own_row(tmp_path):
    text = study_of().replace('["jesa"]', f'["jesa", "{method("complain")}", "des"]')
    heard = Heard()
    run_design(design_of(text), tmp_path, workers=0, listener=heard)
    table = read_table(tmp_path)
    assert not heard.failures and len(table) == 6
    assert table["reason"].tolist()[:2] == ["", "ArithmeticError: no more numbers"]
    assert "des solves P1" in table["reason"][2]
    assert table["optimal"].isna().tolist() == [False, True, True] * 2


def test_parameters_that_cannot_be_are_refused_before_anything_is_made(tmp_path):
    folder = tmp_path / "study"
    with pytest.raises(StudyError, match="D = 9 is outside 1 to K = 3"):
        run_design(design_of(study_of().replace("K = 3", "K = 3\nD = 9")), folder, workers=0)
    assert not folder.exists()


def test_parameters_that_cannot_be_fail_without_retries(tmp_path, monkeypatch):
    monkeypatch.setattr("dmoe_models.studies.engine.engine.try_cells", lambda design, data: None)
    heard = Heard()
    text = study_of().replace("K = 3", "K = 3\nD = 9")
    assert run_design(design_of(text), tmp_path, workers=0, listener=heard).failed == 1
    assert heard.failures == [("InstanceError: D = 9 is outside 1 to K = 3", 1, True)]


def test_an_answer_is_for_the_task_that_was_asked(undisturbed):
    """A run that is given up leaves answers on their way, which are not those of the next one."""
    tasks = design_of(TEXT).tasks()[:4]
    runner = WatchedWorker(60.0, 4000.0)
    try:
        first = runner.run([task.content() for task in tasks[:3]])
        next(first)
        first.close()
        answers = list(runner.run([tasks[3].content()]))
        assert answers[0].failure == "the worker said what is no answer, stopped"
        (answer,) = runner.run([tasks[3].content()])
        assert not answer.failure
        optima = read_table(undisturbed).query("cell == 3 and seed < 10")["optimum_j"].tolist()
        assert [row["optimum_j"] for row in answer.rows] == optima
    finally:
        runner.close()


@pytest.mark.parametrize("name", ["boast", "stammer"])
def test_what_a_method_says_of_itself_costs_nothing(tmp_path, name):
    text = study_of(method(name)).replace("asymptotics", "optimality")
    text = text.replace("K = 3", 'K = 3\npart = "selection"').replace('"jesa"', '"des"')
    ending = run_design(design_of(text), tmp_path, workers=0)
    assert (ending.done, ending.failed) == (2, 0)
    table = read_table(tmp_path)
    assert table["nodes"].isna().tolist() == [True, True, False, False]
    assert (table["reason"] == "").tolist() == [name == "boast"] * 2 + [True] * 2


def test_rows_that_cannot_be_kept_fail_their_task(tmp_path, monkeypatch):
    class Odd(WatchedWorker):
        def run(self, contents):
            for content, answer in zip(contents, super().run(contents), strict=True):
                odd = content["methods"][0]["method"] == "greedy"
                yield replace(answer, rows=[{"seed": "?"}]) if odd else answer

    monkeypatch.setattr("dmoe_models.studies.engine.backends.WatchedWorker", Odd)
    heard = Heard()
    ending = run_design(design_of(study_of("greedy")), tmp_path, workers=0, listener=heard)
    assert (ending.done, ending.failed) == (2, 1)
    assert heard.failures == [("a row has seed '?', which is not the task's", 1, True)]


def test_a_plugin_that_changes_while_it_runs(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("from dmoe_models import Outcome\ndef method(instance): return Outcome()\n")
    design = design_of(study_of(f"{file.as_posix()}:method"))
    file.write_text(file.read_text() + "# changed\n")
    heard = Heard()
    run_design(design, tmp_path / "study", workers=0, listener=heard)
    ((reason, attempt, final),) = heard.failures
    assert "its source is not what it was when the run began" in reason and (attempt, final) == (
        1,
        1,
    )


# ----------------------------------------------------------------------------------- other things


def test_a_scheduler_by_its_address(undisturbed, tmp_path):
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=False,
        dashboard_address=None,
        protocol="tcp://",
        memory_limit=0,
    ) as cluster:
        for name in ("one", "other"):  # the second finds what the first left on the workers
            run_design(design_of(TEXT), tmp_path / name, scheduler=cluster.scheduler_address)
            assert_same(tmp_path / name, undisturbed)
    for address, words in (
        ("nonsense://x", "is not of the form"),
        ("tcp://127.0.0.1:1", "Connection refused"),
    ):
        with pytest.raises(StudyError, match=f"scheduler {address}: .*{words}"):
            run_design(design_of(TEXT), tmp_path / "other", scheduler=address)


def test_tasks_wait_for_recorded_data(tmp_path):
    text = study_of() + study_of().partition("\n\n")[2].replace('"rayleigh"', '"measured"')
    ending = run_design(design_of(text), tmp_path, workers=0)
    assert (ending.done, ending.total, ending.waiting) == (1, 2, 1)


def test_what_is_missing_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(StudyError, match=r"not installed.*dmoe-models\[studies\].*--workers 0"):
        run_design(design_of(TEXT), tmp_path)
    assert not list(tmp_path.iterdir())
