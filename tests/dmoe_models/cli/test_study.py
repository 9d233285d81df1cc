"""`dmoe study`: runs, goes on, tells how far it is, writes tables, and refuses in one line."""

from __future__ import annotations

import json
import subprocess
import sys

import pandas as pd
import pytest

from dmoe_models.presentation.progress import Lines
from dmoe_models.studies.configuration import read_design
from dmoe_models.studies.engine.database import CONFIGURATION, Database
from dmoe_models.studies.engine.progress import Pace, Reporter
from dmoe_models.studies.engine.watched_worker import TaskAnswer

from sample_report import DESIGN, sample
from shell import assert_refused, call

TEXT = """
study = "asymptotics"
title = "for tests"
batch = 2
methods = ["jesa"]
[[cells]]
seeds = 4
family = "rayleigh"
K = 3
"""


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(TEXT)
    return path


def test_run_status_report(capsys, config, tmp_path):
    folder = tmp_path / "study"
    command = ("study", "asymptotics", "--config", config, "--out", folder, "--workers", 0)
    done = call(capsys, *command)
    assert done.status == 0
    assert "2 of 2 tasks done, 0 failed" in done.out
    assert done.err.splitlines()[0] == "0 of 2 tasks were done before"
    assert done.err.splitlines()[-1].startswith("2 of 2 tasks, ")
    assert done.out.endswith(f"what was found: dmoe study report {folder}\n")

    done = call(capsys, *command, "--json")
    facts = json.loads(done.out)
    assert (facts["done"], facts["failed"], facts["total"], facts["waiting"]) == (2, 0, 2, 0)
    assert done.err == "2 of 2 tasks were done before\n"

    done = call(capsys, "study", "status", folder)
    assert done.status == 0 and facts["sha256"][:12] in done.out and "4 rows" in done.out
    status = json.loads(call(capsys, "study", "status", folder, "--json").out)
    assert status["sha256"] == facts["sha256"] and len(status["runs"]) == 1
    environment = status["runs"][0]["environment"]
    assert {"python", "cores", "versions", "commit"} <= set(environment)

    done = call(capsys, "study", "report", folder, "--json")
    found = json.loads(done.out)
    assert found["sha256"] == facts["sha256"] and found["verdicts"]
    claims = [verdict["claim"] for verdict in found["verdicts"]]
    assert not [claim for claim in claims if "asymptotic" in claim]  # one number of subcarriers
    assert {str(folder / name) for name in ("rows.csv", "report.html")} <= set(found["files"])
    rows = pd.read_csv(folder / "rows.csv")
    assert rows["seed"].tolist() == [0, 1, 2, 3] and rows["certified"].all()

    # the configuration that was kept gives the same study
    assert read_design(folder / CONFIGURATION).sha256 == facts["sha256"]


def test_a_report_for_people(capsys, tmp_path, monkeypatch):
    found = sample(waiting=50, failures={"it hung": 2})
    monkeypatch.setattr("dmoe_models.cli.commands.study.report.gather", lambda database: found)
    Database(tmp_path / "it", DESIGN).close()
    done = call(capsys, "study", "report", tmp_path / "it", "-o", tmp_path / "new", "--no-rows")
    assert done.status == 0 and done.err == ""
    lines = done.out.splitlines()
    assert lines[:2] == ["50 draws wait for recorded data.", "  2 x it hung"]
    assert lines[2].split() == ["outcome", "claim", "finding"]
    assert lines[4].startswith("held  ") and "On 98 % [96, 99] of 250 draws" in lines[4]
    assert lines[-1] == str(tmp_path / "new" / "report.html")
    assert not (tmp_path / "new" / "rows.csv").exists()


def test_status_of_a_study_that_has_just_begun(capsys, config, tmp_path):
    design = read_design(config)
    with Database(tmp_path / "new", design) as database:
        database.start_session({})
        database.store_failure(design.tasks()[0], "it hung", 2, 9.0)
    done = call(capsys, "study", "status", tmp_path / "new")
    assert done.status == 1
    assert "1 of 2 tasks done, 1 failed" in done.out and "1 x it hung" in done.out
    assert "(not ended)" in done.out


def test_a_report_of_what_cannot_be_true_ends_in_failure(capsys, config, tmp_path):
    pytest.importorskip("matplotlib")
    row = {"status": "optimal", "method": "jesa", "certified": True, "optimal": False}
    row |= {"links": 6, "subcarriers": 12, "tokens": 6, "distinct": False, "bound_distance": 0.0}
    with Database(tmp_path / "a", read_design(config)) as database:
        for task in database.design.tasks():
            seeds = range(task.first_seed, task.first_seed + task.seeds)
            database.store(task, [row | {"seed": seed, "excess": -0.25} for seed in seeds], 1, 0.5)
    done = call(capsys, "study", "report", tmp_path / "a", "--no-rows")
    assert done.status == 1 and done.out.startswith("4 rows cannot be true; ")
    assert "cell 0, seed 0: jesa is below the certified optimum by 0.25" in done.out
    page = (tmp_path / "a" / "report.html").read_text()
    assert "4 rows cannot be true" in page


def test_two_runs_are_compared(capsys, config, tmp_path):
    design = read_design(config)
    row = {"status": "optimal", "method": "jesa", "optimum_j": 1.5, "exact_s": 0.1}
    for name, energy, seconds in (("a", 1.5, 0.1), ("b", 1.5, 0.2), ("c", 1.25, 0.1)):
        with Database(tmp_path / name, design) as database:
            for task in design.tasks():
                seeds = range(task.first_seed, task.first_seed + task.seeds)
                rows = [row | {"seed": seed, "exact_s": seconds} for seed in seeds]
                rows[-1] |= {"optimum_j": energy}
                database.store(task, rows, 1, 0.5)
    with Database(tmp_path / "d", design) as database:
        database.store(design.tasks()[0], [row | {"seed": seed} for seed in (0, 1)], 1, 0.5)

    def compared(one, two):
        return call(capsys, "study", "compare", tmp_path / one, tmp_path / two)

    done = compared("a", "b")
    assert done.status == 0 and done.out.startswith("4 rows in both, 0 in ")
    done = compared("a", "c")
    assert done.status == 1 and "2 different values" in done.out
    assert done.out.splitlines()[-1].split() == ["0", "3", "jesa", "optimum_j", "1.5", "1.25"]
    done = compared("a", "d")
    assert done.status == 1 and "2 rows in both, 2 in " in done.out
    facts = json.loads(
        call(capsys, "study", "compare", tmp_path / "d", tmp_path / "a", "--json").out
    )
    assert facts == {"same": False, "rows": 2, "missing": 0, "more": 2, "differences": []}

    config.write_text(TEXT.replace("seeds = 4", "seeds = 5"))
    Database(tmp_path / "e", read_design(config)).close()
    assert_refused(compared("a", "e"), "different configurations")


def test_help(capsys):
    done = call(capsys, "study", "--help")
    for name in ("asymptotics", "optimality", "savings", "status", "report"):
        assert f"  {name} " in done.out
    assert "--scheduler" in call(capsys, "study", "savings", "--help").out


def test_dask_is_imported_by_a_run_only():
    code = (
        "import sys, dmoe_models, dmoe_models.cli.app, dmoe_models.studies.engine.engine\n"
        "found = [name for name in ('dask', 'distributed', 'matplotlib')"
        " if name in sys.modules]\n"
        "sys.exit(str(found) if found else 0)"
    )
    left = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert left.returncode == 0, left.stderr


def test_pace(config, capsys, monkeypatch):
    task = read_design(config).tasks()[0]
    monkeypatch.setattr("time.monotonic", lambda: 100.0)
    pace = Pace()
    pace.begin(2, 10, 4)
    monkeypatch.setattr("time.monotonic", lambda: 106.0)
    assert pace.left_s is None
    for number in range(4):
        pace.step(task, TaskAnswer(failure="x" if number == 0 else ""), 1, number != 1)
    assert (pace.done, pace.failed, pace.retried, pace.draws) == (5, 1, 1, 10)
    assert pace.line() == (
        "5 of 10 tasks, 1 draws/s, 0.5 tasks/s, 1 tried again, 1 failed, 0:00:10 left"
    )
    lines = Reporter(Lines(sys.stderr, 10.0, ending=True))
    lines.begin(0, 2, 0)
    lines.step(task, TaskAnswer(failure="it hung", again=True), 1, False)
    lines.step(task, TaskAnswer(failure="it hung", again=True), 2, True)
    done = capsys.readouterr().err.splitlines()
    assert done == [
        "0 of 2 tasks were done before",
        "cell 0, seed 0: it hung; will be tried again",
        "cell 0, seed 0: it hung; failed",
    ]
