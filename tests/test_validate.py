"""The front door as a user meets it: one command, one table, a verdict, a report that survives."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from dmoe_models import write_instance
from dmoe_models.cli.commands.validate import validate
from instances.families import draw

from places import ROOT
from shell import assert_refused, call


@pytest.fixture(autouse=True)
def without_recorded_data(monkeypatch):
    monkeypatch.delenv("DMOE_DATA", raising=False)


def validated(capsys, *arguments):
    return call(capsys, *arguments, command=validate)


@pytest.fixture
def file(tmp_path):
    write_instance(draw("rayleigh", 1, K=3, T=4, M=6), tmp_path / "round.json")
    return tmp_path / "round.json"


def test_the_page_runs_from_a_checkout(tmp_path):
    done = subprocess.run(
        [sys.executable, ROOT / "validate.py", "smoke", "--methods", "jesa,des,exhaustive"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("no breach\n")
    assert "contended-K3-T6-M6-D2-s19" in done.stdout


def test_without_the_dependencies_it_says_what_to_do():
    done = subprocess.run(
        [sys.executable, "-S", ROOT / "validate.py"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("error: No module named") and "make setup" in done.stderr


RECORDED = Path(os.environ.get("DMOE_DATA") or "nowhere")


@pytest.mark.skipif(not RECORDED.is_dir(), reason="DMOE_DATA names no recorded data")
def test_recorded_data_joins_the_default(capsys):
    done = validated(capsys, "--data", RECORDED, "--methods", "greedy,des,lower-bound", "--json")
    document = json.loads(done.out)
    assert done.status == 0 and document["breaches"] == []
    recorded = [row for row in document["rows"] if row["instance"].startswith("recorded")]
    assert len(recorded) == 12 * 2 + 4 and all(row["gap"] < 0.2 for row in recorded)
    assert len({row["instance"] for row in document["rows"]}) == 28


def test_the_default_list_holds_every_method_that_applies(capsys, file):
    done = validated(capsys, file, "--json")
    assert done.status == 0
    document = json.loads(done.out)
    assert document["breaches"] == [] and document["notes"] == []
    methods = {row["method"] for row in document["rows"]}
    assert methods >= {
        "jesa",
        "top-k",
        "homogeneous",
        "greedy",
        "random",
        "exhaustive",
        "lower-bound",
        "pyomo-p2-minlp",
        "pyomo-p2-milp",
        "pyomo-p2-set",
        "cvxpy-p2-milp",
        "cvxpy-p2-set",
    }
    assert not methods & {"des", "pyomo-p1-milp", "pyomo-p3", "cvxpy-p3"}
    exact = [row for row in document["rows"] if row["kind"] == "exact"]
    assert all(row["optimal"] and row["verdict"] == "valid" for row in exact)


def test_what_the_default_list_leaves_out_is_said(capsys):
    done = validated(capsys, "smoke", "--solver", "highs", "--time-limit", "2")
    assert done.status == 0
    assert "left out of the default list: pyomo-p2-minlp, solver highs takes no" in done.out


def test_a_mixed_set_runs_each_method_where_it_applies(capsys):
    done = validated(capsys, "smoke", "--methods", "des,jesa", "--json")
    rows = json.loads(done.out)["rows"]
    assert [row["problem"] for row in rows if row["method"] == "des"] == ["P1"]
    assert {row["problem"] for row in rows if row["method"] == "jesa"} == {"P2"}


def test_an_instance_named_twice_runs_once(capsys, file):
    done = validated(capsys, file, file, "--methods", "greedy, greedy,", "--json")
    assert len(json.loads(done.out)["rows"]) == 1


def test_sets_are_summarised_one_by_one(capsys, file, tmp_path):
    report = tmp_path / "report"
    question = [file, "smoke", file, "--methods", "greedy,exhaustive", "--report", report]
    shown = validated(capsys, *question).out
    assert shown.count("mean gap") == 2 and shown.count("no breach") == 1
    first, second = (
        shown.index("\nfiles (1 instance)\nmethod"),
        shown.index("\nsmoke (13 instances)"),
    )
    assert first < second
    page = (report / "report.html").read_text()
    assert "<h3>files (1 instance)</h3>" in page and "<h3>smoke (13 instances)</h3>" in page
    table = pd.read_csv(report / "summary.csv").set_index(["instance_set", "method"]).instances
    assert table["files", "greedy"] == 1 and table["smoke", "greedy"] == 13
    assert {row["instance_set"] for row in rows_of(report / "rows.csv")} == {"files", "smoke"}
    # rows of the same directory count for the set that they are asked for with
    again = validated(capsys, "smoke", "--methods", "greedy", "--report", report).out
    assert "smoke (" not in again and again.count("mean gap") == 1
    assert {row["instance_set"] for row in rows_of(report / "rows.csv")} == {"smoke"}


def test_p3_methods_run_where_named(capsys, file):
    done = validated(capsys, file, "--methods", "pyomo-p3,top-k", "--json")
    first, second = json.loads(done.out)["rows"]
    assert first["objective_j"] == pytest.approx(second["objective_j"], rel=1e-9)


def test_a_method_that_applies_nowhere_is_refused(capsys, file):
    assert_refused(validated(capsys, file, "--methods", "des"), "des solves P1", "no such instance")


def test_a_damaged_file_is_one_line(capsys, tmp_path):
    (tmp_path / "round.json").write_text('{"format": "dmoe-instance", "version": 1, "name": ')
    assert_refused(validated(capsys, tmp_path / "round.json"), "round.json")


def test_a_missing_package_for_reports_is_said_before_the_work(capsys, monkeypatch, tmp_path):
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "pyarrow" else find(name, *a)
    )
    done = validated(capsys, "smoke", "--report", tmp_path / "report")
    assert_refused(done, 'pip install "dmoe-models[report]"', "pyarrow")
    assert not (tmp_path / "report").exists()


# ---------------------------------------------------------------------------------------- report


def test_a_report_is_whole(capsys, tmp_path):
    report = tmp_path / "report"
    methods = "jesa,top-k,exhaustive,des,lower-bound"
    done = validated(capsys, "smoke", "--methods", methods, "--report", report)
    assert done.status == 0
    files = {path.name for path in report.iterdir()}
    assert files == {
        "rows.jsonl",
        "rows.csv",
        "rows.parquet",
        "summary.csv",
        "gap.png",
        "time.png",
        "report.html",
    }
    columns, parquet = pd.read_csv(report / "rows.csv"), pd.read_parquet(report / "rows.parquet")
    assert len(columns) == len(parquet) == len((report / "rows.jsonl").read_text().splitlines())
    assert list(columns.columns) == list(parquet.columns)
    assert (columns.objective_j.dropna() == parquet.objective_j.dropna()).all()
    assert set(pd.read_csv(report / "summary.csv").method) == set(methods.split(","))
    for picture in ("gap.png", "time.png"):
        assert (report / picture).read_bytes().startswith(b"\x89PNG")

    page = (report / "report.html").read_text()
    assert page.count("<svg") == 2 and "No breach" in page
    for words in ("contended-K3-T6-M6-D2-s19", "C1 x 1", "highspy", "time limit (s)"):
        assert words in page
    for outside in ('src="', "<link", "<script", "@import"):
        assert outside not in page


def test_a_page_escapes_what_it_shows(capsys, tmp_path):
    instance = draw("rayleigh", 1, K=2, T=2).replace(name="<script>alert(1)</script>")
    write_instance(instance, tmp_path / "odd.json")
    report = tmp_path / "report"
    validated(capsys, tmp_path / "odd.json", "--methods", "greedy", "--report", report)
    page = (report / "report.html").read_text()
    assert "<script>" not in page and "&lt;script&gt;" in page


def test_a_report_of_failures_only_can_be_written(capsys, tmp_path):
    mine = tmp_path / "mine.py"
    mine.write_text("def f(instance):\n    raise ValueError('no')\n")
    done = validated(capsys, "smoke", "--methods", f"{mine}:f", "--report", tmp_path / "report")
    assert done.status == 0
    assert "ValueError: no" in (tmp_path / "report" / "report.html").read_text()


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_a_killed_run_leaves_its_rows_and_is_continued(tmp_path):
    (tmp_path / "slow.py").write_text(
        "import time\nfrom dmoe_models import solve\n"
        "def slow(instance):\n    time.sleep(0.25)\n    return solve(instance, 'greedy').solution\n"
    )
    report, journal = tmp_path / "report", tmp_path / "report" / "rows.jsonl"
    command = [
        sys.executable,
        str(ROOT / "validate.py"),
        "smoke",
        "--methods",
        "jesa,slow.py:slow,des",
        "--report",
        str(report),
    ]
    running = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while time.monotonic() < end and not (
        journal.exists() and len(journal.read_text().splitlines()) >= 5
    ):
        time.sleep(0.02)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    finished = [json.loads(line) for line in journal.read_text().splitlines()]
    assert 5 <= len(finished) < 26
    assert not (report / "rows.csv").exists()

    with journal.open("a") as file:
        file.write('{"instance": "cut sh')
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert again.returncode == 0, again.stderr
    rows = rows_of(report / "rows.csv")
    assert len(rows) == 26  # two methods on each of 13 instances
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    assert len(lines) == len({(line["instance"], line["method"]) for line in lines}) == 26
    assert lines[: len(finished)] == finished
    for old, new in zip(finished, rows, strict=False):  # same runs, to the last digit
        assert (old["instance"], old["method"]) == (new["instance"], new["method"])
        assert old["runtime_s"] == float(new["runtime_s"])

    fresh = [*command[:-1], str(tmp_path / "fresh")]
    subprocess.run(fresh, cwd=tmp_path, capture_output=True, timeout=60, check=True)
    known = [{k: v for k, v in row.items() if k != "runtime_s"} for row in rows]
    whole = rows_of(tmp_path / "fresh" / "rows.csv")
    assert known == [{k: v for k, v in row.items() if k != "runtime_s"} for row in whole]


def test_other_questions_in_the_same_directory_are_not_mixed_up(capsys, file, tmp_path):
    report = tmp_path / "report"
    validated(capsys, file, "--methods", "random", "--seed", "1", "--report", report)
    validated(capsys, file, "--methods", "random,greedy", "--seed", "2", "--report", report)
    assert len((report / "rows.jsonl").read_text().splitlines()) == 3
    assert [row["seed"] for row in rows_of(report / "rows.csv")] == ["2", "2"]
