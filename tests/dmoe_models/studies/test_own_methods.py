"""Methods of one's own in a study: beside the configuration, misspelt, raising, in vain."""

from __future__ import annotations

import pytest

from dmoe_models import run_study
from dmoe_models.studies.configuration import read_design
from dmoe_models.studies.design import work_of
from dmoe_models.studies.engine.worker import perform

from shell import assert_refused, call

MINE = """\
import numpy as np

from dmoe_models import DmoeError, Solution
from tools_of_mine import start


def mine(instance, steps=3):
    return start(instance, steps)


def raises(instance):
    raise RuntimeError("at night")


def declines(instance):
    raise DmoeError("not today")


def table(instance):
    return {"selection": 1}


def nothing(instance):
    return None


def masked(instance):
    found = start(instance, 1)
    return Solution(np.ma.masked_array(found.selection, found.selection), found.assignment)


def nan(instance):
    return Solution(np.full((instance.T, instance.K), np.nan))
"""

STUDY = """\
study = "asymptotics"
title = "mine beside JESA"
methods = [
  "jesa",
  { method = "mine.py:mine", label = "mine", steps = 2 },
]

[[cells]]
seeds = 2
family = "rayleigh"
K = 3
T = 4
M = 6
"""


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "project"
    place.mkdir()
    (place / "mine.py").write_text(MINE)
    (place / "tools_of_mine.py").write_text(
        "from dmoe_models import solve\n\n\n"
        "def start(instance, steps):\n    return solve(instance, 'jesa', starts=steps).solution\n"
    )
    (place / "my.toml").write_text(STUDY)
    return place


def test_a_study_with_a_plug_in_beside_its_file_from_any_directory(folder, tmp_path, monkeypatch):
    assert len(STUDY.splitlines()) <= 13 and STUDY.count("\n\n") == 1  # 12 lines and a blank one
    monkeypatch.chdir(tmp_path)
    found = run_study(folder / "my.toml", tmp_path / "out", workers=0, allow_code=True)
    rows = found.rows.set_index("method")
    assert found.progress.failed == 0 and set(rows.index) == {"jesa", "mine"}
    assert (rows.loc["mine"].excess <= rows.loc["jesa"].excess.max()).all()
    before = read_design(folder / "my.toml", allow_code=True).sha256
    (folder / "tools_of_mine.py").write_text("def start(instance, steps): ...\n")
    assert read_design(folder / "my.toml", allow_code=True).sha256 != before


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("stepz = 2", ["stepz", "did you mean steps?"]),
        ("steps = 2, seed = 1", ["seed is not an option"]),
        ("K = 3", ["'K'", "it takes steps"]),
    ],
)
def test_a_misspelt_option_is_refused_before_the_run(folder, capsys, wrong, words):
    (folder / "my.toml").write_text(STUDY.replace("steps = 2", wrong))
    for permission in ([], ["--allow-code"]):
        done = call(
            capsys, "study", "asymptotics", "--config", folder / "my.toml", "--workers", "0",
            "--out", folder / "out", *permission,
        )  # fmt: skip
        assert_refused(done, *words)
    assert not (folder / "out").exists()


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("raises", "RuntimeError: at night"),
        ("declines", "DmoeError: not today"),
        ("table", "returned dict, no Solution"),
        ("nothing", "returned NoneType, no Solution"),
        ("masked", "masked"),
        ("nan", "selection[0,0] = nan"),
    ],
)
def test_a_method_that_fails_has_failed_rows(folder, function, reason):
    text = STUDY.replace("mine.py:mine", f"mine.py:{function}").replace(", steps = 2", "")
    (folder / "my.toml").write_text(text)
    task = read_design(folder / "my.toml", allow_code=True).tasks()[0]
    answer = perform(task.message())
    rows = [row for row in answer["rows"] if row["method"] == "mine"]
    assert [row["status"] for row in rows] == ["failed"] * 2
    assert all(reason in row["reason"] and str(folder) not in row["reason"] for row in rows)
    others = [row for row in answer["rows"] if row["method"] == "jesa"]
    assert [row["status"] for row in others] == ["optimal"] * 2
    assert work_of(task.message()).methods[1].label == "mine"


def test_a_run_whose_method_fails_ends_with_1_and_says_so(folder, capsys):
    (folder / "my.toml").write_text(
        STUDY.replace("mine.py:mine", "mine.py:raises").replace(", steps = 2", "")
    )
    done = call(
        capsys, "study", "asymptotics", "--config", folder / "my.toml", "--workers", "0",
        "--out", folder / "out", "--allow-code",
    )  # fmt: skip
    assert done.status == 1
    assert "2 rows failed: mine: RuntimeError: at night" in done.out
