"""A catalogue of what is refused: broken solutions, files, offers and sets, each for its reason.

Every entry breaks one thing that was right, and names the words of the reason that a person reads.
Exit status 1 says "no" (an answer that is wrong), 2 says that a file or a question is.
"""

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest

from dmoe_models import read_instance, solve, write_instance, write_solution
from dmoe_models.solving.answers import Answers
from dmoe_models.solving.catalogue import find_method
from instances.families import draw
from instances.library.set_file import read_set
from instances.library.sets import write_set

from shell import Finished, call

SET = """\
title = "One draw"
purpose = "To be broken."
drawn = "Seed 1."
not_covered = "Everything else."
bundled = true

[[draws]]
family = "rayleigh"
seeds = [1]
parameters = { K = 3, T = 4 }
"""


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A folder in which all is well: instances, their solutions, answers, a set and its table."""
    folder = tmp_path_factory.mktemp("sound")
    (folder / "mine.toml").write_text(SET)
    write_set(read_set(folder / "mine.toml"), folder / "mine")
    p2 = read_instance(next((folder / "mine").glob("*.json")))
    p1 = draw("hard-p1", 2, K=4, T=3)
    for name, instance, method in (("p2", p2, "exact"), ("p1", p1, "des")):
        result = solve(instance, method)
        write_instance(instance, folder / f"{name}.json")
        write_solution(result.solution, folder / f"{name}.solution.json", instance)
        answers = Answers(folder / name)
        answers.add(instance, find_method(method), result, options={}, time_limit=None)
    return folder


@pytest.fixture
def folder(sound, tmp_path):
    shutil.copytree(sound, tmp_path / "folder")
    return tmp_path / "folder"


def edit(path: Path, change) -> None:
    """Change the content of a JSON file in place."""
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def put(**values):
    """Return a change that sets some keys."""
    return lambda content: content.update(values)


def entry(field, index, value):
    """Return a change of one entry of a nested list."""

    def change(content):
        inner = content[field]
        for position in index[:-1]:
            inner = inner[position]
        inner[index[-1]] = value

    return change


def drop(key):
    """Return a change that removes a key."""
    return lambda content: content.pop(key)


def refused(done: Finished, status: int, words: str) -> None:
    assert done.status == status, done
    text = done.out + done.err
    assert words in text, text
    assert "Traceback" not in text
    if status == 2:
        assert done.out == "" and done.err.startswith("error: ") and done.err.count("\n") == 1


# ----------------------------------------------------------------------- solutions that are wrong


def several_subcarriers(content):
    owned = [[[m] if m >= 0 else [] for m in row] for row in content.pop("assignment")]
    owned[0][0] = [0]
    content.update(subcarriers=owned, subcarrier_count=9)


def one_subcarrier_for_two(content):
    owner = content["assignment"]
    taken = next(m for row in owner for m in row if m >= 0)
    content["assignment"] = [
        [taken if i != j else -1 for j in range(len(owner))] for i in range(len(owner))
    ]


SOLUTIONS = {
    "token without experts": (entry("experts", (0,), []), "C1: token 0"),
    "more experts than D": (entry("experts", (1,), [0, 1, 2]), "C2: token 1: 3 experts"),
    "a subcarrier twice": (one_subcarrier_for_two, "belongs to"),
    "loaded link without subcarrier": (put(assignment=[[-1] * 3] * 3), "without a subcarrier"),
    "subcarrier that does not exist": (entry("assignment", (0, 1), 99), "99 is not a subcarrier"),
    "negative subcarrier": (entry("assignment", (0, 1), -2), "-2 is not a subcarrier"),
    "subcarrier on the diagonal": (entry("assignment", (0, 0), 8), "on the diagonal"),
    "several, on the diagonal": (several_subcarriers, "on the diagonal"),
    "objective too low": (put(objective=1e-9), "objective: claimed objective"),
    "objective of another instance": (put(instance_sha256="0" * 64), "instance: made for"),
    "a token too few": (lambda c: c["experts"].pop(), "shape: selection has shape (3, 3)"),
    "a node too few": (
        put(assignment=[[-1, 0], [1, -1]], experts=[[0], [0], [0], [0]]),
        "shape: assignment has shape (2, 2)",
    ),
}


@pytest.mark.parametrize("kind", SOLUTIONS)
def test_solution(folder, capsys, kind):
    change, words = SOLUTIONS[kind]
    edit(folder / "p2.solution.json", change)
    done = call(capsys, "check", folder / "p2.json", folder / "p2.solution.json")
    refused(done, 1, words)


def test_objective_that_is_off_by_two_parts_in_a_billion(folder, capsys):
    path = folder / "p2.solution.json"
    edit(path, lambda content: content.update(objective=content["objective"] * (1 + 5e-10)))
    assert call(capsys, "check", folder / "p2.json", path).status == 0
    edit(path, lambda content: content.update(objective=content["objective"] * (1 + 1.5e-9)))
    refused(call(capsys, "check", folder / "p2.json", path), 1, "objective: claimed objective")


def test_relevance_that_is_missed_in_the_last_digit(folder, capsys):
    """C1 is exact: the next double above what the chosen experts have is too much."""
    instance = read_instance(folder / "p2.json")
    solution = solve(instance, "exact").solution
    sums = [math.fsum(row) for row in np.where(solution.selection, instance.gate_scores, 0.0)]
    least = min(sums)
    gamma = least  # need = gamma (1 - 1e-9) is a little below
    while instance.replace(importance=gamma, strict_relevance=True).need[0] <= least:
        gamma = (
            float(np.nextafter(gamma * (1 + 1e-9), 1.0))
            if gamma == least
            else math.nextafter(gamma, 1.0)
        )
    harder = instance.replace(importance=gamma, strict_relevance=True)
    assert harder.need[0] <= least * (1 + 1e-15)
    write_instance(harder, folder / "harder.json")
    path = folder / "p2.solution.json"
    edit(path, put(instance_sha256=harder.sha256))
    refused(call(capsys, "check", folder / "harder.json", path), 1, "C1: token")


def test_p1_with_subcarriers_of_its_own(folder, capsys):
    path = folder / "p1.solution.json"
    instance = read_instance(folder / "p1.json")
    rotated = instance.assignment.copy()
    rotated[0, 1:] = np.roll(rotated[0, 1:], 1)
    edit(path, put(assignment=rotated.tolist(), objective=None))
    refused(call(capsys, "check", folder / "p1.json", path), 1, "assignment: link 0 ->")


# -------------------------------------------------------------------------- files that are broken


def text(value):
    """Return a change of a whole file."""
    return lambda path: path.write_bytes(value if isinstance(value, bytes) else value.encode())


def edited(change):
    return lambda path: edit(path, change)


SOLUTION_FILES = {
    "not JSON": (text("experts: 1, 2"), "is not complete, valid JSON"),
    "cut short": (lambda p: p.write_text(p.read_text()[:-20]), "is not complete, valid JSON"),
    "empty": (text(""), "is empty"),
    "not text": (text(b"\xff\xfe\x00{"), "is not UTF-8 text"),
    "a list": (text("[]"), "not a JSON object"),
    "key twice": (
        lambda p: p.write_text(p.read_text().replace("{", '{"objective": null,', 1)),
        "key 'objective' is given twice",
    ),
    "unknown key": (edited(put(expert=[])), "unknown key 'expert'; did you mean experts?"),
    "missing key": (edited(drop("experts")), "key experts is missing"),
    "another format": (edited(put(format="dmoe-instance")), "expected 'dmoe-solution'"),
    "a later version": (edited(put(version=2)), "only 1 can be read"),
    "hash that is none": (edited(put(instance_sha256="abc")), "64 lower-case hexadecimal"),
    "neither form of channel": (edited(drop("assignment")), "exactly one of the keys"),
    "both forms of channel": (edited(put(subcarriers=[])), "exactly one of the keys"),
    "count without lists": (edited(put(subcarrier_count=9)), "belongs beside subcarriers"),
    "expert twice": (edited(entry("experts", (2,), [1, 1])), "experts[2][1] = 1 is given twice"),
    "expert that is none": (edited(entry("experts", (0,), [3])), "is not an expert (0 to 2)"),
    "half an expert": (edited(entry("experts", (0,), [0.5])), "experts[0][0] = 0.5"),
    "experts that are no list": (edited(put(experts=7)), "experts = 7 is not a list"),
    "rows of different lengths": (edited(put(assignment=[[-1], [0, 1]])), "assignment"),
    "objective that is no number": (edited(put(objective=math.nan)), "objective = nan"),
    "nothing there": (lambda p: p.unlink(), "No such file"),
    "a folder": (lambda p: (p.unlink(), p.mkdir()), "is a directory"),
}


@pytest.mark.parametrize("kind", SOLUTION_FILES)
def test_solution_file(folder, capsys, kind):
    change, words = SOLUTION_FILES[kind]
    change(folder / "p2.solution.json")
    done = call(capsys, "check", folder / "p2.json", folder / "p2.solution.json")
    refused(done, 2, words)
    assert "p2.solution.json" in done.err


INSTANCE_FILES = {
    "scores that sum to less": (entry("gate_scores", (0,), [0.2, 0.2, 0.2]), "gate_scores[0]"),
    "negative score": (entry("gate_scores", (1,), [-0.5, 1.0, 0.5]), "gate_scores[1,0] = -0.5"),
    "negative gain": (entry("gain", (0, 1, 2), -1.0), "gain[0,1,2] = -1.0"),
    "gain that is no number": (entry("gain", (2, 1, 0), math.nan), "gain[2,1,0] = nan"),
    "source that is no node": (entry("source", (3,), 3), "source[3] = 3"),
    "no bandwidth": (put(bandwidth_hz=0.0), "bandwidth_hz = 0.0"),
    "more experts than there are": (put(max_experts=4), "max_experts = 4"),
    "no relevance": (put(relevance=0.0), "relevance = 0.0"),
    "misspelt option": (put(strict_relevanse=True), "did you mean strict_relevance?"),
    "missing field": (drop("noise_power_w"), "noise_power_w is missing"),
    "energies for two experts": (put(computation_energy_j=[1e-4, 1e-4]), "computation_energy_j"),
    "a subcarrier for two links": (
        put(assignment=[[-1, 0, 0], [-1, -1, -1], [-1, -1, -1]]),
        "assignment",
    ),
}


@pytest.mark.parametrize("kind", INSTANCE_FILES)
def test_instance_file(folder, capsys, kind):
    change, words = INSTANCE_FILES[kind]
    edit(folder / "p2.json", change)
    done = call(capsys, "check", folder / "p2.json", folder / "p2.solution.json")
    refused(done, 2, words)
    assert "p2.json" in done.err


# --------------------------------------------------------------------------- offers to the table


def answer_in(folder: Path) -> Path:
    return next(folder.glob("*.answer.json"))


def solution_of(folder: Path) -> Path:
    return next(folder.glob("*.solution.json"))


def answer(change):
    return lambda folder: edit(answer_in(folder), change)


def witness(change):
    return lambda folder: edit(solution_of(folder), change)


def certificate(content):
    def change(folder):
        edit(answer_in(folder), put(certificate="c.json"))
        if content is not None:
            (folder / "c.json").write_text(json.dumps(content))

    return change


FORGED = {
    "format": "dmoe-certificate",
    "version": 1,
    "instance": "forged",
    "instance_sha256": "0" * 64,
    "problem": "P1",
    "bound_j": 0.001,
    "tokens": [],
}

OFFERS = {
    "an instance of no set": (
        answer(put(instance_sha256="1" * 64, solution="")),
        "no instance of these sets",
    ),
    "a wrong objective": (witness(put(objective=1e-9)), "the referee finds objective"),
    "a witness that fails": (witness(entry("experts", (0,), [])), "the referee finds C1"),
    "a witness of another instance": (
        witness(put(instance_sha256="1" * 64)),
        "is for another instance than the answer",
    ),
    "a witness that is not there": (lambda f: solution_of(f).unlink(), "No such file"),
    "a bound above its own witness": (answer(put(bound_j=1.0)), "above a known solution"),
    "no solution, with a witness": (answer(put(bound_j="Infinity")), "above a known solution"),
    "a bound that is no number": (answer(put(bound_j=True)), "bound_j = True"),
    "a certificate that is not there": (certificate(None), "No such file"),
    "a certificate that is none": (certificate({}), "format is missing"),
    "a certificate of another instance": (certificate(FORGED), "the certificate fails: made for"),
    "a file somewhere else": (answer(put(solution="../p2.solution.json")), "not a file beside it"),
    "a run of no method": (answer(put(run={})), "run.method is missing"),
    "an answer that is a solution": (answer(put(format="dmoe-solution")), "'dmoe-answer'"),
}


def offer(capsys, folder: Path, name: str) -> Finished:
    chosen = ("--set", folder / "mine.toml", "--records", folder / "best")
    return call(capsys, "library", "update", folder / name, *chosen)


@pytest.mark.parametrize("kind", OFFERS)
def test_offer(folder, capsys, kind):
    change, words = OFFERS[kind]
    change(folder / "p2")
    done = offer(capsys, folder, "p2")
    refused(done, 1, words)
    assert "refused: " in done.out and not (folder / "best").exists()


def test_offer_of_a_bound_above_what_is_known(folder, capsys):
    assert offer(capsys, folder, "p2").status == 0
    before = [path.read_bytes() for path in sorted((folder / "best").iterdir())]
    edit(answer_in(folder / "p2"), put(bound_j=1.0, solution=""))
    refused(offer(capsys, folder, "p2"), 1, "is above a known solution of")
    edit(answer_in(folder / "p2"), put(bound_j="Infinity", solution=""))
    refused(offer(capsys, folder, "p2"), 1, "a bound of inf J is above a known solution")
    assert [path.read_bytes() for path in sorted((folder / "best").iterdir())] == before


RECORDS = {
    "unknown key": (put(objektive_j=1.0), "unknown key 'objektive_j'"),
    "missing key": (drop("history"), "key history is missing"),
    "objective that is a text": (put(objective_j="low"), "objective_j = 'low'"),
    "bound that is none": (put(bound_j=None), "bound_j = None"),
    "problem that is none": (put(problem="P4"), "problem = 'P4' is not P1 or P2"),
    "half a node": (put(nodes=2.5), "nodes = 2.5"),
    "certified perhaps": (put(certified="yes"), "certified = 'yes' is not true or false"),
    "history of nothing": (put(history=[{}]), "history[0].what is missing"),
    "measured by nobody": (put(measured={"exact": {}}), "measured.exact.method is missing"),
}


@pytest.mark.parametrize("kind", RECORDS)
def test_table_entry(folder, capsys, kind):
    assert offer(capsys, folder, "p2").status == 0
    change, words = RECORDS[kind]
    name = read_instance(folder / "p2.json").name
    edit(folder / "best" / f"{name}.json", change)
    table = ("library", "table", folder / "mine.toml", "--records", folder / "best")
    refused(call(capsys, *table), 2, words)
    refused(offer(capsys, folder, "p2"), 1, words)  # and nothing is built on it


def test_table_entry_of_another_instance(folder, capsys):
    assert offer(capsys, folder, "p2").status == 0
    name = read_instance(folder / "p2.json").name
    edit(folder / "best" / f"{name}.json", put(instance_sha256="1" * 64))
    refused(offer(capsys, folder, "p2"), 1, "is about another instance of that name")


# ------------------------------------------------------------------------------------------- sets


def replaced(old: str, new: str):
    def change(folder):
        file = folder / "mine.toml"
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))

    return change


def manifest(folder):
    (folder / "mine.sha256").write_text("0123  rayleigh\n")


SETS = {
    "no TOML": (replaced("[[draws]]", "[[draws"), "mine.toml"),
    "no datasheet": (replaced("purpose =", "reason ="), "unknown key reason"),
    "empty datasheet": (replaced('"Seed 1."', '" "'), "drawn = ' ' is not a text"),
    "no family": (replaced('"rayleigh"', '"raleigh"'), "family = 'raleigh' is no family"),
    "seeds that are none": (replaced("[1]", '["one"]'), "seeds[0] = 'one' is not a whole number"),
    "a parameter that is none": (replaced("T = 4", "tokens = 4"), "no parameter 'tokens'"),
    "a size that is none": (replaced("T = 4", "T = 0"), "T = 0"),
    "the same draw twice": (replaced("[1]", "[1, 1]"), "draws[0].seeds[1] = 1: rayleigh is drawn"),
    "a manifest that is none": (manifest, "line 1 is not a SHA-256"),
    "another draw than the manifest's": (replaced("[1]", "[2]"), "manifest says nothing about it"),
}


@pytest.mark.parametrize("kind", SETS)
def test_set(folder, capsys, kind):
    change, words = SETS[kind]
    change(folder)
    refused(call(capsys, "library", "build", folder / "mine.toml", "-o", folder / "o"), 2, words)


BUNDLED = {
    "a number changed": (lambda p: edit(p, put(noise_power_w=2e-5)), "not what the set draws"),
    "a file gone": (lambda p: p.unlink(), "No such file"),
    "a file too many": (lambda p: shutil.copy(p, p.with_name("x.json")), "does not belong"),
}


@pytest.mark.parametrize("kind", BUNDLED)
def test_bundled_file(folder, capsys, kind):
    change, words = BUNDLED[kind]
    change(next((folder / "mine").glob("*.json")))
    refused(call(capsys, "library", "verify", folder / "mine.toml"), 1, words)


@pytest.mark.parametrize(
    "command",
    [
        ("solve", "p2.json", "--method", "jesa", "-o", "p2.json"),
        ("certify", "p2.json", "-o", "p2.json"),
        ("certify", "p2.json", "-o", "c.json", "--solution", "p2.json"),
        ("certify", "p2.json", "-o", "c.json", "--solution", "c.json"),
        ("read-solution", "p2.json", "model.sol", "-o", "p2.json"),
    ],
)
def test_a_file_that_is_read_is_not_written(folder, capsys, monkeypatch, command):
    monkeypatch.chdir(folder)
    before = Path("p2.json").read_bytes()
    refused(call(capsys, *command), 2, "name another file")
    assert Path("p2.json").read_bytes() == before and not Path("c.json").exists()


def test_rows_that_are_cut_short(folder, capsys):
    call(capsys, "validate", folder / "p2.json", "--methods", "exact", "--report", folder / "r")
    rows = folder / "r" / "rows.csv"
    head, row, *_ = rows.read_text().splitlines()
    rows.write_text(f"{head}\n{row[:120]}")
    refused(call(capsys, "compare", rows), 2, "row 1 is cut short")


def test_a_search_with_a_method_that_raises(folder, capsys):
    (folder / "bad.py").write_text("def f(instance):\n    raise ValueError('no')\n")
    asked = ("library", "search", f"{folder / 'bad.py'}:f", "-p", "K=3", "-p", "T=3")
    done = call(capsys, *asked, "--trials", 1, "--draws", 1, "-o", folder / "bad.toml")
    refused(done, 2, "ValueError: no")


def test_there_are_enough_of_them():
    catalogue = (SOLUTIONS, SOLUTION_FILES, INSTANCE_FILES, OFFERS, RECORDS, SETS, BUNDLED)
    assert sum(map(len, catalogue)) >= 80
