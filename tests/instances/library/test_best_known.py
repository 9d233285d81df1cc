"""The table of best known values: as wide as promised, sorted as measured, and true."""

from collections import Counter

import pytest

from instances.library.best_known_audit import audit, verify_set
from instances.library.record import CLASSES, FOLDER, WHOLE_MILP, read_record, record_path
from instances.library.sets import find_set, published_names
from instances.library.status import rendered, status_table

from places import ROOT
from shell import call
from volumes import CAMPAIGN

BY_DIFFICULTY = (*CLASSES, "hard", "open")
PAGE = ROOT / "docs" / "best_known.md"


@pytest.fixture(scope="module")
def table():
    return status_table([find_set(name) for name in published_names()], FOLDER)


def test_no_two_instances_share_a_name(table):
    assert not table["instance"].duplicated().any()


def test_sets_hold_what_was_measured(table):
    for name in BY_DIFFICULTY:
        assert set(table.loc[table["set"] == name, "class"]) == {name}
    assert set(table.loc[table["set"].isin(["smoke", "small"]), "class"]) == {"toy"}


def test_the_library_is_as_wide_as_promised(table):
    families = {spec.family for name in published_names() for spec in find_set(name).specs}
    assert len(families) >= 12
    assert table["class"].isin(BY_DIFFICULTY).sum() >= 150
    assert set(BY_DIFFICULTY) <= set(table["class"])


def test_what_must_be_proved_is_proved(table):
    sought = (table["problem"] == "P1") | table["class"].isin(CLASSES)
    assert set(table.loc[sought, "status"]) <= {"optimal", "infeasible"}
    assert set(table.loc[sought, "proof"]) == {"certificate"}


def test_hard_ones_are_closed_by_exact_and_not_by_the_whole_milp(table):
    hard = table.loc[table["set"] == "hard"]
    assert set(hard["status"]) == {"optimal"} and set(hard["proof"]) == {"certificate"}
    for name in hard["instance"]:
        measured = read_record(record_path(FOLDER, name)).measured
        assert measured["exact"].status == "optimal"
        assert measured[WHOLE_MILP["P2"]].status in ("feasible", "unknown")


def test_open_ones_were_tried(table):
    for name in table.loc[table["set"] == "open", "instance"]:
        record = read_record(record_path(FOLDER, name))
        assert record.measured["exact"].time_s >= CLASSES["medium"]
        assert record.gap < 0.1


def test_every_record_belongs_to_an_instance(table):
    named = {str(name) for name in table["instance"]}
    kinds = Counter()
    for path in FOLDER.iterdir():
        name, _, kind = path.name.partition(".")
        assert name in named, path
        kinds[kind] += 1
    assert set(kinds) == {"json", "solution.json", "certificate.json"}


def test_witnesses_and_certificates_hold(capsys):
    """Of the small sets; `dmoe library verify --values` goes through all of them."""
    audited = ["small", "hard"] if CAMPAIGN else ["small"]
    assert list(audit([find_set(name) for name in audited], FOLDER)) == []
    said = call(capsys, "library", "verify", "smoke", "--values")
    assert said.status == 0 and "no faults" in said.out


def test_the_page_is_the_table(table):
    assert PAGE.read_text(encoding="utf-8") == rendered(table, "markdown")


def test_a_set_and_its_records_are_verified_in_one_call(tmp_path):
    assert verify_set("smoke", FOLDER) == []
    assert verify_set("smoke", tmp_path) == []  # nothing is known there, and nothing wrong
    own = tmp_path / "smoke.toml"
    own.write_text(find_set("smoke").file.read_text())
    assert "no manifest" in verify_set(own, FOLDER)[0]
