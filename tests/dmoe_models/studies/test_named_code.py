"""A configuration that names code: mistakes that show are said, and then it is refused."""

from __future__ import annotations

import pytest

from dmoe_models import DmoeError, run_study, write_instance
from dmoe_models.studies.configuration import read_design
from dmoe_models.studies.engine.database import CONFIGURATION, Database
from dmoe_models.studies.report.files import require_report
from dmoe_models.studies.study import StudyError
from instances.families import draw

from shell import assert_refused, call

CODE = """\
from pathlib import Path

from dmoe_models import solve
from instances.families.parts import rayleigh_round

Path(__file__).with_name("RAN").touch()


def method(instance, steps=3, *, far=1.0):
    return solve(instance, "greedy").solution


def family(draws, size, *, boost: float = 2.0):
    fields = rayleigh_round(draws, size)
    return fields | {"gain": boost * fields["gain"]}
"""

STUDY = """\
study = "asymptotics"
methods = ["jesa"]

[[cells]]
seeds = 2
family = "rayleigh"
K = 3
T = 4
M = 6
"""

OWN_METHOD = STUDY.replace('"jesa"', '"jesa", { method = "mine.py:method", label = "mine" }')
OWN_FAMILY = STUDY.replace('"rayleigh"', '["rayleigh", "mine.py:family"]')


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(folder, text):
    (folder / "my.toml").write_text(text)
    return folder / "my.toml"


def ran(folder) -> bool:
    return (folder / "RAN").exists()


IN_A_CELL = STUDY.replace("seeds = 2", 'seeds = 2\nmethods = [{ method = "mine.py:method" }]')
PROGRAM = STUDY.replace('"jesa"', '{ method = "pyomo-p2-milp", solver = "./mine.py" }')
WORD = PROGRAM.replace("./mine.py", "ipopt2")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (OWN_METHOD, ["methods[1]", "mine.py:method"]),
        (OWN_FAMILY, ["cells[0].family", "mine.py:family"]),
        (IN_A_CELL, ["cells[0].methods[0]", "mine.py:method"]),
        (PROGRAM, ["methods[0]", "solver = './mine.py'", "program"]),
        (WORD, ["methods[0]", "solver = 'ipopt2'"]),
    ],
    ids=["method", "family", "method of a cell", "program", "word"],
)
def test_code_is_refused_unless_it_is_permitted(folder, capsys, text, words):
    file = written(folder, text)
    run = call(capsys, "study", "asymptotics", "--config", file, "--workers", "0", "--out", "st")
    assert_refused(run, "my.toml", "--allow-code", "allow_code=True", *words)
    for python in (lambda: run_study(file, "st", workers=0), lambda: read_design(file)):
        with pytest.raises(DmoeError, match="--allow-code"):
            python()
    assert not ran(folder) and not (folder / "st").exists()
    assert read_design(file, allow_code=True).cells


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (OWN_METHOD.replace("label", "stepz = 1, label"), ["'stepz'", "steps, far", "mean steps?"]),
        (OWN_METHOD.replace('"jesa"', '{ method = "jesa", start = "x", sart = 1 }'), ["'sart'"]),
        (
            OWN_METHOD.replace("= [", '= [{ method = "mine.py:method", far = 2 }, ').replace(
                "label", "fart = 1, label"
            ),
            ["'fart'", "did you mean far?"],
        ),
        (OWN_METHOD.replace("K = 3", "K = 3\nKK = 2"), ["'KK'"]),
        (OWN_FAMILY.replace("K = 3", "K = 3\nboots = 2.0"), ["'boots'"]),
        (OWN_METHOD.replace("mine.py:", "yours.py:"), ["no file", "yours.py"]),
        (OWN_FAMILY.replace("mine.py:", "yours.py:"), ["no file", "yours.py"]),
        (OWN_FAMILY.replace("mine.py:family", "mini"), ["unknown family 'mini'"]),
    ],
)
def test_what_is_wrong_is_said_first(folder, text, words):
    with pytest.raises(DmoeError) as caught:
        read_design(written(folder, text))
    message = str(caught.value)
    assert "\n" not in message and all(word in message for word in ["my.toml", *words]), message
    assert not ran(folder)


def test_a_study_with_a_family_and_a_method_of_ones_own(folder, capsys, monkeypatch):
    monkeypatch.delenv("DMOE_DATA", raising=False)  # it may be relative to another folder
    file = written(folder, OWN_METHOD.replace('"rayleigh"', '"mine.py:family"\nboost = [1.0, 9.0]'))
    words = ("study", "asymptotics", "--config", file, "--workers", "0", "--out", "st")
    done = call(capsys, *words, "--allow-code")
    assert done.status == 0 and "2 of 2 tasks done, 0 failed" in done.out
    (folder / "RAN").unlink()
    assert_refused(call(capsys, *words), "--allow-code")  # to go on is to run it again
    assert call(capsys, *words, "--allow-code").status == 0
    # what was found is read without the code
    (folder / "RAN").unlink(missing_ok=True)
    code = (folder / "mine.py").read_text()
    (folder / "mine.py").write_text(code + "\n")
    with Database(folder / "st") as database:
        table = database.table()
        assert set(database.design.sources) == {"mine.py:method", "mine.py:family"}
        # a folder that holds a report of it already
        (folder / "rep").mkdir()
        (folder / "rep" / CONFIGURATION).write_text(database.design.text)
        require_report(folder / "rep", database.design.sha256, database.design.sources)
        with pytest.raises(StudyError, match="of another study"):
            require_report(folder / "rep", "0" * 64, database.design.sources)
    assert len(table) == 8 and set(table["boost"]) == {1.0, 9.0}
    assert call(capsys, "study", "status", "st").status == 0
    assert call(capsys, "study", "compare", "st", "st").status == 0
    assert not ran(folder)
    # and going on with other code is refused
    refused = call(capsys, *words, "--allow-code")
    assert_refused(refused, "plug-ins whose source is another one by now")
    (folder / "mine.py").unlink()
    assert call(capsys, "study", "status", "st").status == 0


def test_paths_of_families_are_relative_to_the_configuration(folder, tmp_path_factory, monkeypatch):
    file = written(folder, OWN_FAMILY)
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    found = run_study(file, folder / "st", workers=0, allow_code=True)
    assert found.progress.failed == 0 and len(found.rows) == 4


def test_a_family_that_changes_while_a_study_runs_fails_its_tasks(folder):
    from dmoe_models.studies.engine.worker import perform

    design = read_design(written(folder, OWN_FAMILY), allow_code=True)
    task = next(t for t in design.tasks() if t.cell.family_sha256)
    assert len(perform(task.message())["rows"]) == 2
    (folder / "mine.py").write_text(CODE + "# changed\n")
    assert "its source is not what it was" in perform(task.message())["error"]


def test_names_in_rows_answers_and_certificates_are_names_only(folder, capsys):
    """What runs left behind names methods, and nothing of it is ever looked up to be run."""
    write_instance(draw("rayleigh", 1, K=3, T=4), folder / "round.json")
    run = call(
        *(capsys, "validate", "round.json", "--methods", "greedy", "--method", "mine.py:method"),
        *("--answers", "answers", "--report", "rep", "--json"),
    )
    assert run.status == 0 and ran(folder)
    (folder / "RAN").unlink()
    (folder / "mine.py").write_text(CODE + "\n")
    (folder / "rows.json").write_text(run.out)
    assert call(capsys, "compare", "rows.json").status == 0
    (folder / "own.toml").write_text(
        'title = "a"\npurpose = "b"\ndrawn = "c"\nnot_covered = "d"\n[[draws]]\n'
        'family = "rayleigh"\nseeds = [1]\nparameters = { K = 3, T = 4 }\n'
    )
    updated = call(capsys, "library", "update", "answers", "--set", "own.toml", "--records", "best")
    assert updated.status in (0, 1) and "accepted" in updated.out
    assert call(capsys, "library", "table", "own.toml", "--records", "best").status == 0
    assert not ran(folder)
