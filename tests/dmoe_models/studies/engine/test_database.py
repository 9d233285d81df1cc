"""The database: all of a task or nothing, never twice, and one writer."""

import math
from dataclasses import replace

import numpy as np
import pytest

from dmoe_models.studies.configuration import design_of, read_design
from dmoe_models.studies.engine.database import CONFIGURATION, FILE, Database, read_table
from dmoe_models.studies.study import Column, StudyError, find_study

TEXT = """
study = "asymptotics"
batch = 2
methods = ["jesa"]
[[cells]]
seeds = 4
family = "rayleigh"
K = [3, 4]
"""


def rows(task):
    return [
        {
            "seed": seed,
            "status": "optimal",
            "method": "jesa",
            "distinct": seed % 2 == 0,
            "links": 6,
            "optimum_j": 1.5 + seed,
            "excess": math.nan,
            "optimal": None,
        }
        for seed in range(task.first_seed, task.first_seed + task.seeds)
    ]


@pytest.fixture
def design():
    return design_of(TEXT)


def test_tables_do_not_depend_on_the_order_of_tasks(design, tmp_path):
    tables = []
    for name, tasks in (("a", design.tasks()), ("b", design.tasks()[::-1])):
        with Database(tmp_path / name, design) as database:
            for task in tasks:
                assert database.store(task, rows(task), 1, 0.5)
        tables.append(read_table(tmp_path / name))
    assert tables[0].equals(tables[1])
    assert tables[0]["seed"].tolist() == [0, 1, 2, 3] * 2
    assert tables[0]["K"].tolist() == [3] * 4 + [4] * 4
    assert tables[0]["distinct"].tolist() == [True, False] * 4
    assert tables[0]["optimal"].isna().all() and tables[0]["excess"].isna().all()
    assert tables[0]["optimum_j"].dtype == np.float64 and tables[0]["links"].dtype == "Int64"


def test_never_twice(design, tmp_path):
    task = design.tasks()[0]
    with Database(tmp_path, design) as database:
        assert database.store(task, rows(task), 1, 0.5)
        assert not database.store(task, rows(task), 2, 0.5)
        assert not database.store_failure(task, "too late", 2, 0.5)
        assert database.finished() == {task.key}
        assert database.progress().rows == 2 and database.progress().failed == 0


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"links": "many"}, "links = 'many', which is not of kind whole"),
        ({"links": "Infinity"}, "links = 'Infinity'"),
        ({"links": 2**63}, "links = 9223372036854775808"),
        ({"links": 2.5}, "links = 2.5"),
        ({"links": True}, "links = True"),
        ({"links": [1]}, r"links = \[1\]"),
        ({"excess": "much"}, "excess = 'much', which is not of kind real"),
        ({"excess": []}, r"excess = \[\]"),
        ({"excess": 10**400}, "excess = an integer of about 400 digits"),
        ({"optimal": 1}, "optimal = 1, which is not of kind truth"),
        ({"method": 3}, "method = 3, which is not of kind text"),
        ({"seed": None}, "seed None, which is not the task's"),
        ({"seed": 7}, "seed 7, which is not the task's"),
        ({"seed": 0}, "seed 1 has no row"),
        ({"colour": 7}, "'colour', which is no column"),
        (None, "no rows"),
    ],
)
def test_all_of_a_task_or_nothing(design, tmp_path, wrong, words):
    task = design.tasks()[0]
    one, other = rows(task)
    with Database(tmp_path, design) as database:
        with pytest.raises(StudyError, match=words):
            database.store(task, [one, None if wrong is None else other | wrong], 1, 0.5)
        assert database.finished() == set() and database.progress().rows == 0
        assert database.store(task, [one, other | {"cell": 1, "links": 6.0}], 1, 0.5)
    assert read_table(tmp_path)["cell"].tolist() == [0, 0]


def test_any_text_can_be_kept(design, tmp_path):
    task = design.tasks()[0]
    with Database(tmp_path, design) as database:
        database.store_failure(task, "\udcff \0 \n \u00e9", 1, 0.5)
        assert database.failures() == {"\\udcff \0 \n \u00e9": 1}
    assert set(read_table(tmp_path)["reason"]) == {"\\udcff \0 \n \u00e9"}


def test_a_full_disk_is_said_and_costs_the_task_only(design, tmp_path):
    one, other, *_ = design.tasks()
    with Database(tmp_path, design) as database:
        database.store(one, rows(one), 1, 0.5)
        pages = database._connection.execute("PRAGMA page_count").fetchone()[0]
        database._connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StudyError, match=r"study.sqlite: database or disk is full"):
            database.store_failure(other, "a long story " * 10_000, 1, 0.5)
        assert database.finished() == {one.key} and database.progress().rows == 2
        database._connection.execute("PRAGMA max_page_count = 100000")
        assert database.store(other, rows(other), 1, 0.5)


def test_a_damaged_file_is_said(design, tmp_path):
    with Database(tmp_path, design) as database:
        for task in design.tasks():
            database.store_failure(task, "a long story " * 1000, 1, 0.5)
    content = bytearray((tmp_path / FILE).read_bytes())
    content[16384:-4096] = b"\xff" * (len(content) - 16384 - 4096)
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(StudyError, match=r"study.sqlite: .*malformed"):
        read_table(tmp_path)


def test_where_nothing_can_be_written_it_is_read_all_the_same(design, tmp_path, monkeypatch):
    task = design.tasks()[0]
    with Database(tmp_path, design) as database:
        database.store(task, rows(task), 1, 0.5)
    monkeypatch.setattr("os.access", lambda place, mode: False)  # for those who may write anywhere
    before = sorted(place.name for place in tmp_path.iterdir())
    with Database(tmp_path) as database:
        assert len(database.table()) == 2
        assert sorted(place.name for place in tmp_path.iterdir()) == before
        with pytest.raises(StudyError, match="readonly database"):
            database.end_session()


def test_rows_that_meant_something_else_are_not_read(design, tmp_path, monkeypatch):
    Database(tmp_path, design).close()
    study = find_study("asymptotics")
    monkeypatch.setattr("dmoe_models.studies.asymptotics.study.STUDY", replace(study, revision=2))
    with pytest.raises(StudyError, match=r"cannot be read with dmoe-models .* something else"):
        Database(tmp_path)
    more = replace(study, columns=(*study.columns, Column("colour", "text", "")))
    monkeypatch.setattr("dmoe_models.studies.asymptotics.study.STUDY", more)
    with pytest.raises(StudyError, match="no such column"):
        read_table(tmp_path)


def test_a_study_of_plugins_is_read_without_them(tmp_path):
    file, folder = tmp_path / "mine.py", tmp_path / "study"
    file.write_text("def method(instance): pass")
    text = TEXT.replace('"jesa"', f'"{file.as_posix()}:method"')
    Database(folder, design_of(text, allow_code=True)).close()
    file.write_text("def method(instance): return 1")
    with pytest.raises(StudyError, match="plug-ins whose source is another one by now"):
        Database(folder, design_of(text, allow_code=True))
    file.unlink()
    with Database(folder) as database:
        assert database.design.sha256 == database.facts["sha256"]


def test_failures(design, tmp_path):
    one, other, *_ = design.tasks()
    with Database(tmp_path, design) as database:
        database.store_failure(one, "it hung", 2, 9.0)
        database.store(other, rows(other), 1, 0.5)
        assert database.failures() == {"it hung": 1}
        failed = database.table().query("status == 'failed'")
        assert failed["reason"].tolist() == ["it hung"] * 2 and failed["seed"].tolist() == [0, 1]
        assert failed["optimum_j"].isna().all()
        assert database.forget_failures() == 1
        assert database.finished() == {other.key} and database.progress().rows == 2


def test_one_writer_and_any_number_of_readers(design, tmp_path):
    with Database(tmp_path, design) as writer:
        with pytest.raises(StudyError, match="another run is at work"):
            Database(tmp_path, design)
        task = design.tasks()[0]
        with Database(tmp_path) as reader:
            assert reader.progress().done == 0
            writer.store(task, rows(task), 1, 0.5)
            assert reader.progress().done == 1
            assert reader.design.sha256 == design.sha256
    Database(tmp_path, design).close()


def test_the_folder_keeps_its_configuration(design, tmp_path):
    Database(tmp_path, design).close()
    assert read_design(tmp_path / CONFIGURATION).sha256 == design.sha256
    with pytest.raises(StudyError, match="holds study asymptotics of configuration"):
        Database(tmp_path, design_of(TEXT.replace("seeds = 4", "seeds = 5")))
    # other words and limits are the same configuration
    Database(tmp_path, design_of("retries = 4\n" + TEXT)).close()


def test_versions_are_not_mixed(design, tmp_path, monkeypatch):
    Database(tmp_path, design).close()
    monkeypatch.setattr("dmoe_models.studies.engine.opening.package_version", lambda: "99")
    with pytest.raises(StudyError, match=r"was begun with dmoe-models .*, and this is 99"):
        Database(tmp_path, design)
    Database(tmp_path).close()  # reading is another matter


def test_folders_that_hold_no_study(tmp_path, design):
    with pytest.raises(StudyError, match="holds no study"):
        Database(tmp_path)
    (tmp_path / FILE).write_text("some text, long enough to be no database at all" * 50)
    for arguments in ((tmp_path,), (tmp_path, design)):
        with pytest.raises(StudyError, match="not a database"):
            Database(*arguments)


def test_sessions(design, tmp_path):
    for _ in range(2):
        with Database(tmp_path, design) as database:
            database.start_session({"python": "3", "share": math.nan})
            database.end_session()
    with Database(tmp_path) as database:
        assert [run["environment"] for run in database.sessions()] == [
            {"python": "3", "share": None}
        ] * 2


@pytest.mark.parametrize("infinity", [math.inf, "Infinity"])  # the second: as a worker sends it
def test_an_infinite_excess_is_kept(design, tmp_path, infinity):
    task = design.tasks()[0]
    endless = [row | {"excess": infinity, "bound_distance": math.inf} for row in rows(task)]
    with Database(tmp_path, design) as database:
        assert database.store(task, endless, 1, 0.5)
    assert read_table(tmp_path)["excess"].tolist() == [math.inf] * 2


def test_a_snapshot_is_of_one_moment(design, tmp_path):
    first, second = design.tasks()[:2]
    with Database(tmp_path, design) as writer, Database(tmp_path) as reader:
        writer.store(first, rows(first), 1, 0.5)
        with reader.snapshot():
            assert reader.progress().done == 1
            writer.store(second, rows(second), 1, 0.5)
            assert reader.progress().done == 1 and len(reader.table()) == 2
        assert reader.progress().done == 2 and len(reader.table()) == 4
