"""Commands that fill folders leave all of it or nothing, and what was there before as it was."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

import pandas as pd
import pytest

from dmoe_models import solve, write_instance, write_solution
from instances.families import draw

from shell import assert_refused, call

SET = """\
title = "Two draws"
purpose = "To be built."
drawn = "Seeds 1 and 2."
not_covered = "Everything else."

[[draws]]
family = "rayleigh"
seeds = [1, 2]
parameters = { K = 3, T = 4 }
"""

STUDY = """\
study = "asymptotics"
methods = ["greedy"]
[[cells]]
seeds = 1
family = "rayleigh"
K = 3
T = 4
M = 6
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DMOE_DATA", raising=False)
    instance = draw("rayleigh", 1, K=3, T=4)
    write_instance(instance, tmp_path / "round.json")
    (tmp_path / "answers").mkdir()
    for seed in (1, 2):
        one = draw("rayleigh", seed, K=3, T=4)
        solution = solve(one, "greedy").solution
        write_solution(solution, tmp_path / "answers" / f"{seed}.solution.json", one)
    (tmp_path / "my.toml").write_text(SET)
    (tmp_path / "study.toml").write_text(STUDY)
    return tmp_path


def state(folder: Path) -> dict[str, bytes]:
    """Return the content of all files below a folder, hidden ones included."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
    }


UPDATE = ("library", "update", "answers", "--set", "my.toml", "--records", "out")
COMMANDS = {
    "library build": ("library", "build", "my.toml", "-o", "out"),
    "library build (nc)": ("library", "build", "my.toml", "-o", "out/deep", "--format", "nc"),
    "library update": UPDATE,
    "generate": ("generate", "rayleigh", "-p", "K=3", "--count", "3", "-o", "out"),
    "generate --set": ("generate", "--set", "my.toml", "-o", "out"),
    "solve --answers": ("solve", "round.json", "--method", "greedy", "--answers", "out"),
}


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize("there", [False, True], ids=["new", "there"])
@pytest.mark.parametrize("fault", ["full", "interrupt"])
def test_a_fault_at_the_second_file(folder, capsys, monkeypatch, words, there, fault):
    if there:
        (folder / "out").mkdir()
        (folder / "out" / "mine.txt").write_text("mine")
    before, replace, calls = state(folder), os.replace, []

    def failing(source, target):
        calls.append(target)
        if len(calls) == 2:
            if fault == "interrupt":
                raise KeyboardInterrupt
            raise OSError(errno.ENOSPC, "No space left on device", str(target))
        replace(source, target)

    monkeypatch.setattr(os, "replace", failing)
    done = call(capsys, *words)
    assert len(calls) == 2 and state(folder) == before
    if fault == "full":
        assert done.status == 2 and done.err.count("\n") == 1
        assert "out/" in done.err and "No space left on device" in done.err
        assert ".dmoe-" not in done.err
    else:
        assert done.status == 130


FILES = {
    "convert": ("convert", "round.json", "new.nc"),
    "export": ("export", "round.json", "-o", "new.mps"),
    "certify": ("certify", "round.json", "-o", "new.json"),
    "generate": ("generate", "rayleigh", "-o", "new.json"),
}


@pytest.mark.parametrize("words", FILES.values(), ids=FILES)
def test_a_file_that_cannot_be_put_in_place(folder, capsys, monkeypatch, words):
    def full(source, target):
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    before = state(folder)
    monkeypatch.setattr(os, "replace", full)
    done = call(capsys, *words)
    assert done.status == 2 and done.err.count("\n") == 1 and "No space left" in done.err
    assert "new." in done.err and state(folder) == before


REPORTS = {
    "validate": ("validate", "round.json", "--methods", "greedy", "--report", "out"),
    "rounds": ("rounds", "rayleigh", "-p", "K=3", "--layers", "1", "--methods", "greedy", "-o",
               "out"),
}  # fmt: skip


@pytest.mark.parametrize("words", REPORTS.values(), ids=REPORTS)
def test_a_disk_that_fills_up_under_a_report(folder, capsys, monkeypatch, words):
    def full(*arguments, **more):
        raise OSError(errno.ENOSPC, "No space left on device")

    before = set(state(folder))
    with monkeypatch.context() as broken:
        broken.setattr(pd.DataFrame, "to_parquet", full)
        done = call(capsys, *words)
    assert done.status == 2 and "No space left on device" in done.err
    kept = {"out", "out/rows.jsonl"} if words[0] == "validate" else set()  # rows that are finished
    assert set(state(folder)) - before == kept


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("library", "build", "my.toml", "-o", "out"), "is drawn before"),
        (("validate", "my.toml", "--methods", "nope", "--report", "out"), "nope"),
        (("validate", "round.json", "--methods", "des", "--answers", "out"), "des"),
        (("solve", "round.json", "--method", "jesa", "--option", "x=1", "--answers", "out"), "x"),
        (("generate", "rayleigh", "-p", "K=1", "--count", "2", "-o", "out/x"), "K = 1"),
        (("rounds", "rayleigh", "-p", "K=1", "-o", "out"), "K = 1"),
        (("compare", "round.json", "-o", "out"), "round.json"),
        (("convert", "round.json", "out/new.nc"), "out/new.nc"),
        (("import", "my.toml", "my.toml", "--nodes", "2", "-o", "out.json"), "my.toml"),
        (("export", "round.json", "-o", "out/new.mps"), "out/new.mps"),
        (("library", "update", "my.toml", "--set", "my.toml", "--records", "out"), ""),
        (("study", "asymptotics", "--config", "no.toml", "--out", "out"), "no.toml"),
        (("study", "report", "nothing", "-o", "out"), "nothing"),
        (("library", "search", "greedy", "-o", "out/bad.toml"), "its folder does not exist"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else "",
)
def test_a_wrong_question_leaves_nothing(folder, capsys, words, reason):
    if words[1] == "build":  # one name, other parameters: seen when it is drawn
        more = '\n[[draws]]\nfamily = "rayleigh"\nseeds = [2]\nparameters = { K = 3, T = 4%s }\n'
        (folder / "my.toml").write_text(SET + more % ", gamma = 0.4")
    before = state(folder)
    done = call(capsys, *words)
    assert done.status in (1, 2) and reason in done.err
    assert state(folder) == before


@pytest.mark.parametrize("there", [False, True], ids=["new", "there"])
def test_a_study_that_cannot_begin(folder, capsys, monkeypatch, there):
    if there:
        (folder / "out").mkdir()
    before = state(folder)

    def full(connection, design):
        connection.execute("CREATE TABLE facts (name TEXT)")
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("dmoe_models.studies.engine.database.create_tables", full)
    words = ("study", "asymptotics", "--config", "study.toml", "--workers", "0", "--out", "out")
    assert_refused(call(capsys, *words), "out/study.sqlite", "disk is full")
    assert state(folder) == before


def test_an_interrupted_validation_keeps_finished_rows_and_no_others(folder, capsys, monkeypatch):
    words = ("validate", "my.toml", "--methods", "greedy", "--report", "out")
    calls = []

    def interrupted(*arguments, **more):
        calls.append(1)
        if len(calls) > wanted:
            raise KeyboardInterrupt
        return run(*arguments, **more)

    from dmoe_models.verification import run as module

    run = module.solve
    monkeypatch.setattr(module, "solve", interrupted)
    before = state(folder)
    wanted = 0
    assert call(capsys, *words).status == 130 and state(folder) == before
    wanted, calls[:] = 1, []
    assert call(capsys, *words).status == 130
    assert len((folder / "out" / "rows.jsonl").read_text().splitlines()) == 1
