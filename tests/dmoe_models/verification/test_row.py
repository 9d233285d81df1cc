"""Rows survive their journal, and the journal survives a kill."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace

import pytest

from dmoe_models import FileError
from dmoe_models.files.plain_json import plain
from dmoe_models.verification.journal import Journal
from dmoe_models.verification.row import Row, row_from_json

ROW = Row(
    instance="round",
    instance_sha256="0" * 64,
    problem="P2",
    nodes=3,
    tokens=4,
    subcarriers=5,
    max_experts=2,
    method="jesa",
    kind="heuristic",
    method_sha256="",
    solver="",
    time_limit_s=10.0,
    seed=0,
    version="0.1.0",
    status="feasible",
    objective_j=0.1 + 0.2,
    bound_j=-math.inf,
    runtime_s=1e-3,
    verdict="valid",
    referee_energy_j=0.3,
)


def test_a_row_comes_back_from_its_line_bit_for_bit():
    odd = replace(ROW, bound_j=math.inf, reason='a "quoted"\u2028 word', optimal=True)
    for row in (ROW, odd):
        back = row_from_json(row.to_json())
        assert back is not None
        same = {k: v for k, v in asdict(row).items() if v == v}
        assert same == {k: v for k, v in asdict(back).items() if v == v}
        assert math.isnan(back.gap)


def test_a_line_is_strict_json():
    def refuse(constant):
        raise AssertionError(constant)

    content = json.loads(ROW.to_json(), parse_constant=refuse)
    assert content["bound_j"] == "-Infinity" and content["gap"] is None
    assert plain({"a": (math.nan, math.inf)}) == {"a": [None, "Infinity"]}


def test_a_line_of_before_there_were_incumbents_is_a_row():
    content = json.loads(ROW.to_json())
    assert content.pop("incumbents") == ""
    assert row_from_json(json.dumps(content)).key == ROW.key


@pytest.mark.parametrize(
    "line",
    ["", "{", "[]", "{}", ROW.to_json()[:-3], ROW.to_json().replace('"nodes": 3', '"nodes": "3"')],
)
def test_what_is_no_row_is_told_from_one(line):
    assert row_from_json(line) is None


def test_a_journal_continues_after_a_line_cut_short(tmp_path):
    path = tmp_path / "new" / "rows.jsonl"
    second = replace(ROW, method="greedy")
    journal = Journal(path)
    journal.append(ROW)
    assert path.read_text() == ROW.to_json() + "\n"  # flushed at once
    journal.append(second)
    journal.close()
    path.write_text(path.read_text()[:-20])

    journal = Journal(path)
    assert journal.find(ROW.key) is not None
    assert journal.find(second.key) is None
    journal.append(second)
    journal.close()
    assert path.read_text() == ROW.to_json() + "\n" + second.to_json() + "\n"


def test_only_the_same_run_is_reused(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(ROW.to_json() + "\n")
    journal = Journal(path)
    journal.close()
    assert journal.find(ROW.key) is not None
    for change in (
        {"instance": "other"},
        {"instance_sha256": "1" * 64},
        {"method": "greedy"},
        {"method_sha256": "2" * 64},
        {"solver": "scip"},
        {"time_limit_s": 20.0},
        {"seed": 1},
        {"version": "0.2.0"},
    ):
        assert journal.find(replace(ROW, **change).key) is None, change


def test_a_method_that_was_not_run_is_tried_again(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(replace(ROW, status="not run").to_json() + "\n")
    journal = Journal(path)
    journal.close()
    assert journal.find(ROW.key) is None


@pytest.mark.parametrize("text", ["my notes\n", "my notes", '{"mine": 1}\n'])
def test_a_file_of_someone_else_is_not_touched(tmp_path, text):
    path = tmp_path / "rows.jsonl"
    path.write_text(text)
    with pytest.raises(FileError, match=r"rows\.jsonl.*no rows"):
        Journal(path)
    assert path.read_text() == text


@pytest.mark.parametrize("text", ["", '{"inst', '{"instance": "of a later version", "new": 1}\n'])
def test_a_journal_without_a_finished_row_is_begun_or_continued(tmp_path, text):
    path = tmp_path / "rows.jsonl"
    path.write_text(text)
    journal = Journal(path)
    journal.append(ROW)
    journal.close()
    assert path.read_text().endswith(ROW.to_json() + "\n")
    assert len(path.read_text().splitlines()) == 1 + text.endswith("\n")


def test_a_journal_that_cannot_be_written_names_the_file(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="file"):
        Journal(tmp_path / "file" / "rows.jsonl")
