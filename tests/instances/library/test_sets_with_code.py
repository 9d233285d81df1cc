"""A set whose families are its author's code: read freely, drawn from where that is permitted."""

from __future__ import annotations

import pytest

from dmoe_models import DmoeError, FileError, validate
from instances import load_set, read_set, status_table, update_records, verify_set, write_set
from instances.families import FAMILIES, draw

from shell import assert_refused, call

CODE = '''\
from pathlib import Path

from instances.families.parts import rayleigh_round

Path(__file__).with_name("RAN").touch()


def mine(draws, size, *, boost: float = 2.0):
    """Louder than Rayleigh fading."""
    fields = rayleigh_round(draws, size)
    return fields | {"gain": boost * fields["gain"]}
'''

SET = """\
title = "Draws of a family of my own"
purpose = "To be handed on."
drawn = "Seeds 1 and 2."
not_covered = "Nearly everything."

[[draws]]
family = "rayleigh"
seeds = [1]
parameters = { K = 3, T = 4 }

[[draws]]
family = "code/mine.py:mine"
seeds = [1, 2]
parameters = { K = 3, T = 4, boost = 3.0 }
"""


@pytest.fixture
def folder(tmp_path):
    """A set with code in a folder beside it; the working directory is another one."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "mine.py").write_text(CODE)
    (tmp_path / "own.toml").write_text(SET)
    return tmp_path


def has_run(folder) -> bool:
    return (folder / "code" / "RAN").exists()


def refusals(folder):
    """Return calls of Python that draw from the set."""
    name = str(folder / "own.toml")
    return {
        "load_set": lambda: load_set(name),
        "build": lambda: list(read_set(name).build()),
        "find": lambda: read_set(name).find("0" * 64),
        "spec": lambda: read_set(name).specs[1].build(),
        "write_set": lambda: write_set(read_set(name), folder / "out"),
        "verify_set": lambda: verify_set(name),
        "validate": lambda: validate(name, "greedy"),
        "update": lambda: list(update_records([folder / "x.json"], [read_set(name)], folder / "b")),
    }


@pytest.mark.parametrize("call_of", range(8))
def test_python_runs_no_code_unasked(folder, call_of):
    name, wanted = list(refusals(folder).items())[call_of]
    with pytest.raises(DmoeError) as caught:
        wanted()
    text = str(caught.value)
    assert "\n" not in text and not has_run(folder), name
    for word in ("draws[1].family", "code/mine.py:mine", "mine.py)", "--allow-code", "allow_code"):
        assert word in text, f"{name}: {text}"
    assert sorted(path.name for path in folder.iterdir()) == ["code", "own.toml"]


@pytest.mark.parametrize(
    "words",
    [
        ("library", "build", "own.toml", "-o", "out"),
        ("library", "verify", "own.toml"),
        ("library", "update", "own.toml", "--set", "own.toml", "--records", "best"),
        ("generate", "--set", "own.toml", "-o", "out"),
        ("validate", "own.toml", "--methods", "greedy"),
        ("validate", "smoke", "own.toml", "--methods", "greedy"),
    ],
    ids=" ".join,
)
def test_no_command_runs_code_unasked(folder, words, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    assert_refused(call(capsys, *words), "own.toml", "draws[1].family", "--allow-code")
    assert not has_run(folder) and not (folder / "out").exists()


def test_looking_at_a_set_runs_nothing(folder, capsys):
    page = call(capsys, "library", "show", folder / "own.toml")
    assert page.status == 0 and "code/mine.py:mine seed=2 K=3 T=4 boost=3.0" in page.out
    assert call(capsys, "library", "table", folder / "own.toml").status == 0
    assert len(status_table([read_set(folder / "own.toml")], folder)) == 0
    assert not has_run(folder)


def test_where_it_is_permitted_the_set_is_drawn(folder, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    loaded = load_set("own.toml", allow_code=True)
    assert [one.name for one in loaded] == [
        *("rayleigh-K3-T4-M9-D2-s1", "mine-K3-T4-M9-D2-s1", "mine-K3-T4-M9-D2-s2"),
    ]
    assert loaded[1].gain == pytest.approx(3.0 * draw("rayleigh", 1, K=3, T=4).gain)
    assert has_run(folder) and "mine" not in FAMILIES
    words = ("own.toml", "--allow-code")
    assert call(capsys, "library", "build", *words, "-o", "own").status == 0
    assert len(list((folder / "own").glob("*.json"))) == 3
    assert call(capsys, "library", "verify", *words).out == "own.toml: 3 instances, no faults\n"
    assert call(capsys, "generate", "--set", *words, "-o", "made").status == 0
    run = call(capsys, "validate", *words, "--methods", "greedy")
    assert run.status == 0 and "mine-K3" in run.out


def test_code_that_changed_is_noticed(folder, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    write_set(read_set("own.toml", allow_code=True), folder / "own")
    kept = (folder / "own.sha256").read_text()
    assert "  mine.py\n" in kept and len(read_set("own.toml").manifest) == 3
    code = folder / "code" / "mine.py"
    code.write_text(CODE + "# the same draws\n")
    (fault,) = verify_set("own.toml", allow_code=True)
    assert "mine.py" in fault and "is not what it was" in fault
    assert len(load_set("own.toml", allow_code=True)) == 3  # the numbers are
    code.write_text(CODE.replace("boost *", "1.5 * boost *") + "\n")
    words = ("library", "build", "own.toml", "--allow-code", "-o", "own")
    assert_refused(call(capsys, *words), "own.toml", "mine-K3", "mine.py, which drew it, is not")
    assert (folder / "own.sha256").read_text() == kept
    assert len(verify_set("own.toml", allow_code=True)) == 3


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("boost = 3.0", "bost = 3.0", ["'bost'", "did you mean boost", "T, M, D"]),
        ("mine.py:mine", "nowhere.py:mine", ["draws[1].family", "no file", "nowhere.py"]),
        ("code/mine.py:mine", "mini", ["draws[1].family = 'mini'", "is no family"]),
    ],
)
def test_what_shows_without_running_it_is_said_first(folder, capsys, before, after, words):
    (folder / "own.toml").write_text(SET.replace(before, after))
    for more in ((), ("--allow-code",)):
        run = call(capsys, "library", "build", folder / "own.toml", "-o", folder / "out", *more)
        assert_refused(run, "own.toml", *words)
        assert not (folder / "out").exists() and (more or not has_run(folder))


def test_source_that_is_no_python_is_one_line(folder):
    (folder / "code" / "mine.py").write_text("def mine(:\n")
    with pytest.raises(DmoeError, match=r"mine\.py: is not Python"):
        load_set(str(folder / "own.toml"))


@pytest.mark.parametrize(
    ("draws", "words"),
    [
        ('family = "tdl"\nseeds = [4, 2, 4]\n', ["draws[2].seeds[2] = 4", "by draws[2].seeds[0]"]),
        (
            'family = "rayleigh"\nseeds = [7, 1]\nparameters = { T = 4, K = 3 }\n',
            ["draws[2].seeds[1] = 1", "rayleigh", "by draws[0].seeds[0]"],
        ),
        (
            'family = "rayleigh"\nseeds = [1]\nparameters = { K = 3, T = 4, gamma = 0.49 }\n',
            ["draws[2].seeds[0]"],
        ),
        (
            'family = "code/mine.py:mine"\nseeds = [2]\n'
            "parameters = { boost = 3, T = 4, K = 3.0 }\n",
            ["draws[2].seeds[0]", "by draws[1].seeds[1]"],
        ),
    ],
)
def test_a_draw_that_stands_twice_is_refused_when_the_set_is_read(folder, draws, words):
    (folder / "own.toml").write_text(f"{SET}\n[[draws]]\n{draws}")
    with pytest.raises(FileError) as caught:
        read_set(folder / "own.toml")
    assert all(word in str(caught.value) for word in ["own.toml", *words]), str(caught.value)
    assert not has_run(folder)


def test_a_note_tells_draws_apart(folder):
    (folder / "own.toml").write_text(
        f'{SET}\n[[draws]]\nfamily = "rayleigh"\nseeds = [1]\nnote = "again"\n'
        "parameters = { K = 3, T = 4 }\n"
    )
    assert len(read_set(folder / "own.toml").specs) == 4
