"""Answers say where a solution and a bound come from, and come back as they were."""

import json
import math
import re

import pytest

from dmoe_models import FileError, solve
from dmoe_models.environment import machine
from dmoe_models.files.instances import write_instance
from dmoe_models.files.plain_json import decode
from dmoe_models.files.solutions import read_solution
from dmoe_models.solving.answers import Answers, Provenance, read_answer, write_answer
from dmoe_models.solving.catalogue import find_method
from instances.families import draw

from shell import assert_refused, call

PLUG_IN = """\
from dmoe_models import Outcome, solve

def mine(instance):
    return Outcome(solve(instance, "greedy").solution, bound=1e-9)
"""


@pytest.fixture
def instance():
    return draw("rayleigh", 3, K=3, T=4)


def kept(folder, instance, name, result, **options):
    answers = Answers(folder, "somebody")
    return answers.add(instance, find_method(name), result, options=options, time_limit=5.0)


def test_an_answer_comes_back_as_it_was(instance, tmp_path):
    result = solve(instance, "highs-p2-set")
    path = kept(tmp_path / "a", instance, "highs-p2-set", result, seed=0)
    answer = read_answer(path)
    assert answer.bound_j == result.bound
    assert answer.instance_sha256 == instance.sha256
    assert read_solution(path.parent / answer.solution) == result.solution
    run = answer.run
    assert (run.method, run.kind, run.author) == ("highs-p2-set", "exact", "somebody")
    assert re.fullmatch(r"highs \d+\.\d+.*", run.solver)
    assert run.package.startswith("dmoe-models ")
    assert run.time_s == result.runtime and run.time_limit_s == 5.0 and run.cpu_s > 0
    assert run.nodes == result.details["nodes"] and run.status == "optimal"
    assert run.machine == machine() and "cores" in run.machine
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", run.date)
    write_answer(answer, tmp_path / "again.answer.json")
    assert (tmp_path / "again.answer.json").read_text() == path.read_text()


def test_infeasible_and_bare_bounds(tmp_path):
    infeasible = draw("scarce", 2, K=3, T=4, M=2)
    path = kept(tmp_path, infeasible, "exact", solve(infeasible, "exact"))
    assert read_answer(path).bound_j == math.inf and read_answer(path).solution == ""
    bound = draw("rayleigh", 3, K=3, T=4)
    path = kept(tmp_path, bound, "lower-bound", solve(bound, "lower-bound"))
    assert math.isfinite(read_answer(path).bound_j) and read_answer(path).solution == ""


def test_a_plug_ins_path_is_its_own_affair(instance, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(PLUG_IN)
    name = f"{file}:mine"
    path = kept(tmp_path / "a", instance, name, solve(instance, name))
    assert path.name == f"{instance.name}.mine.py_mine.answer.json"
    answer = read_answer(path)
    assert (answer.run.method, answer.run.kind) == ("mine.py:mine", "plug-in")
    assert answer.bound_j == 1e-9  # what it claims, not what is proved
    assert str(tmp_path) not in path.read_text()


def test_an_answer_that_the_referee_refuses_has_no_solution(tmp_path):
    hungry = draw("rayleigh", 3, K=4, T=4, gamma=1.0, D=2, strict=True)
    result = solve(hungry, "top-k")
    assert result.check is not None and not result.check.ok
    answer = read_answer(kept(tmp_path, hungry, "top-k", result))
    assert answer.solution == "" and list(tmp_path.glob("*.solution.json")) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": "dmoe-solution"}, "format"),
        ({"version": 2}, "version = 2"),
        ({"bound_j": "high"}, "bound_j"),
        ({"bound_j": math.nan}, "bound_j"),
        ({"solution": 3}, "solution = 3 is not a text"),
        ({"solution": "../up.json"}, "is not a file beside it"),
        ({"certificate": "/etc/passwd"}, "is not a file beside it"),
        ({"objektive": 1.0}, "unknown key 'objektive'"),
        ({"run": []}, "run = "),
        ({"run": {}}, "run.method is missing"),
        ({"run": {"method": "x", "when": "today"}}, "unknown key run.when"),
        ({"run": {"method": "x", "time_s": "long"}}, "run.time_s"),
        ({"run": {"method": "x", "nodes": 1.5}}, "run.nodes"),
        ({"run": {"method": 3}}, "run.method"),
        ({"run": {"method": "x", "time_s": -3.0}}, "run.time_s = -3.0 is negative"),
        ({"run": {"method": "x", "nodes": -1}}, "run.nodes = -1 is negative"),
        ({"run": {"method": "x", "date": "yesterday"}}, "run.date = 'yesterday' is not a date"),
    ],
)
def test_what_is_no_answer_is_refused(instance, tmp_path, change, words):
    path = kept(tmp_path, instance, "greedy", solve(instance, "greedy"))
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(FileError, match=re.escape(str(path))) as caught:
        read_answer(path)
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_a_run_needs_its_method_only():
    assert decode(Provenance, {"method": "x", "nodes": None}) == Provenance(method="x")


def test_validate_runs_again_what_has_no_answer(tmp_path, capsys):
    report = ("--report", tmp_path / "report", "--methods", "greedy")
    asked = ("validate", "smoke", *report)
    assert call(capsys, *asked).status == 0
    done = call(capsys, *asked, "--answers", tmp_path / "answers")
    assert done.status == 0
    assert len(list((tmp_path / "answers").glob("*.answer.json"))) == 13
    assert_refused(
        call(capsys, "validate", "smoke", "--answers", tmp_path / "report" / "rows.csv"),
        "is a file",
    )


def test_a_certified_answer_leaves_the_measured_one_alone(instance, tmp_path, capsys):
    file = tmp_path / "round.json"
    write_instance(instance, file)
    folder = tmp_path / "answers"
    assert call(capsys, "certify", file, "--answers", folder).status == 0
    assert call(capsys, "solve", file, "--method", "exact", "--answers", folder).status == 0
    plain, certified = sorted(folder.glob("*.answer.json"), key=lambda path: len(path.name))
    assert read_answer(plain).certificate == ""
    assert (folder / read_answer(certified).certificate).exists()
    assert read_answer(certified).run.options == {"seed": 0, "certificate": True}


def test_a_folder_is_certified_at_once(tmp_path, capsys):
    rounds, folder = tmp_path / "rounds", tmp_path / "answers"
    assert call(capsys, "generate", "tight", "-p", "K=3", "--count", 2, "-o", rounds).status == 0
    files = sorted(rounds.glob("*.json"))
    done = call(capsys, "certify", *files, "--answers", folder)
    assert done.status == 0 and done.out.count("certificate proves") == 2
    assert [line for line in done.out.splitlines() if line.endswith(":")] == [
        f"{file.stem}:" for file in files
    ]
    assert len(list(folder.glob("*.certificate.json"))) == 2
    facts = json.loads(call(capsys, "certify", *files, "--answers", folder, "--json").out)
    assert [fact["instance"] for fact in facts] == [file.stem for file in files]
    assert all(fact["proved"] for fact in facts)


def test_several_files_share_no_output_and_are_read_before_any_work(tmp_path, capsys):
    rounds, folder = tmp_path / "rounds", tmp_path / "answers"
    assert call(capsys, "generate", "tight", "-p", "K=3", "--count", 2, "-o", rounds).status == 0
    files = sorted(rounds.glob("*.json"))
    for option in ("-o", "--solution"):
        proof = tmp_path / "proof.json"
        done = call(capsys, "certify", *files, "--answers", folder, option, proof)
        assert_refused(done, option, "one instance")
    assert_refused(
        call(capsys, "certify", *files, rounds / "none.json", "--answers", folder), "none"
    )
    assert not list(folder.glob("*"))
