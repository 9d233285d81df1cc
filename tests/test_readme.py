"""What the README shows is run: every Python block, and its algorithm by the printed commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from dmoe_models.cli.commands.validate import validate

from places import ROOT
from shell import call

README = (ROOT / "README.md").read_text(encoding="utf-8")
FENCED = re.findall(r"^```(\w*)\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
BLOCKS = [text for language, text in FENCED if language == "python"]
SHELL = [text for language, text in FENCED if not language]
PLUG_INS = [block for block in BLOCKS if re.search(r"^def ", block, re.MULTILINE)]


def test_the_examples_run_and_are_as_short_as_promised():
    for block in BLOCKS:
        exec(compile(block, "README.md", "exec"), {"__name__": "readme"})
    (lines,) = [block.count("\n") for block in BLOCKS if block not in PLUG_INS]
    assert lines == 5  # "Five lines of Python"


def test_the_plug_in_is_verified_by_the_command(capsys, tmp_path, monkeypatch):
    (block,) = PLUG_INS
    (function,) = re.findall(r"^def (\w+)", block, re.MULTILINE)
    assert f"--method mine.py:{function} " in README
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(block)
    mine = f"mine.py:{function}"
    done = call(capsys, "smoke", "--methods", "des,jesa,exact", "--method", mine, command=validate)
    assert done.status == 0 and done.out.endswith("no breach\n")
    (line,) = [line for line in done.out.splitlines() if line.startswith(mine + "  plug-in")]
    *_, failed, not_run, _ = line.split()
    assert (failed, not_run) == ("0", "0")


def test_a_strangers_way_from_an_algorithm_to_the_table(capsys, tmp_path, monkeypatch):
    """Write it, verify it, compare it, offer it: the commands as they are printed."""
    (block,) = PLUG_INS
    (commands,) = [text for text in SHELL if "--method mine.py" in text]
    lines = [shlex.split(line) for line in commands.replace("\\\n", " ").splitlines()]
    assert [line[:2] for line in lines] == [
        ["dmoe", name] for name in ("validate", "compare", "library", "library")
    ]
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(block)
    Path("table").mkdir()
    before = call(capsys, *lines[3][1:])
    assert before.status == 0 and "16 not measured" in before.out
    done = call(capsys, *lines[0][1:])
    assert done.status == 0 and done.out.endswith("no breach\n")
    assert Path("report/report.html").exists()
    for line in lines[1:3]:
        assert call(capsys, *line[1:]).status == 0
    assert list(Path("compared").iterdir())
    after = call(capsys, *lines[3][1:])
    assert after.status == 0 and after.out.count(" optimal ") == 16
