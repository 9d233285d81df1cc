"""A study in one call: run, gone on with, and what it found."""

from __future__ import annotations

import pickle

import pytest

from dmoe_models import DmoeError, compare_studies, read_study, run_study
from dmoe_models.studies.study import StudyError

TEXT = """
study = "asymptotics"
methods = ["jesa"]
[[cells]]
seeds = 3
family = "rayleigh"
K = 2
T = 4
"""


def test_one_call_runs_a_study_and_returns_its_tables(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(TEXT)
    seen = []
    watch = {"progress": lambda words, done, total: seen.append((words, done, total))}
    report = run_study(file, tmp_path / "run", workers=0, **watch)
    assert [facts[1:] for facts in seen] == [(1, 1)] and "1 of 1 tasks" in seen[0][0]
    assert repr(report) == "StudyReport('asymptotics', 1 of 1 tasks, 3 rows)"
    assert "optimality" in report._repr_html_()
    assert pickle.loads(pickle.dumps(report)).rows.equals(report.rows)
    assert read_study(tmp_path / "run").rows.equals(report.rows)
    assert len(report.rows) == 3 and not report.remarks
    assert report.tables["optimality"]["draws"].tolist() == [3]
    again = run_study(str(file), tmp_path / "run", workers=0)  # nothing is left to do
    assert again.rows.equals(report.rows) and again.sha256 == report.sha256
    run_study(file, tmp_path / "elsewhere", workers=0)
    compared = compare_studies(tmp_path / "run", tmp_path / "elsewhere")
    assert compared.same and compared.rows == 3


def test_what_is_no_study(tmp_path):
    with pytest.raises(DmoeError, match="progress = 'yes'"):
        run_study("savings", tmp_path, progress="yes")
    with pytest.raises(DmoeError, match="no study"):
        read_study(tmp_path)
    with pytest.raises(StudyError, match="studies are asymptotics, optimality"):
        run_study("astrology", tmp_path)
    with pytest.raises(StudyError, match=r"none\.toml: No such file"):
        run_study(tmp_path / "none.toml", tmp_path)
