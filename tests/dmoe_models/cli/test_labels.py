"""Labels and options of methods on the command line, alike in solve, validate, rounds, compare."""

from __future__ import annotations

import json

import pytest

from dmoe_models import write_instance
from instances.families import draw

from shell import assert_refused, call


@pytest.fixture
def file(tmp_path):
    write_instance(draw("rayleigh", 1, K=3, T=4), tmp_path / "round.json")
    (tmp_path / "a=b.py").write_text(
        "from dmoe_models import solve\n\n\ndef f(instance, k=2):\n"
        "    return solve(instance, 'top-k', k=k).solution\n"
    )
    return tmp_path / "round.json"


def test_solve_calls_a_method_by_its_label(capsys, file):
    arguments = ("solve", file, "--method", "jesa", "--option", "starts=2")
    done = call(capsys, *arguments, "--label", "JESA, twice", "--json")
    assert done.status == 0 and json.loads(done.out)["method"] == "JESA, twice"
    assert_refused(call(capsys, *arguments, "--label", " "), "label ' '", "one line of text")


def test_one_method_with_several_options_is_validated_and_compared(capsys, file, tmp_path):
    own = f"{tmp_path}/a=b.py:f"
    chosen = (
        "--methods", "jesa", "--method", "JESA, twice=jesa", "--option", "JESA, twice.starts=2",
        "--method", own, "--option", f"{own}.k=1",
    )  # fmt: skip
    report = tmp_path / "report"
    done = call(capsys, "validate", file, *chosen, "--report", report, "--json")
    rows = json.loads(done.out)["rows"]
    assert [row["method"] for row in rows] == ["jesa", "JESA, twice", f"{own} (k=1)"]
    assert [row["options"] for row in rows] == ["", '{"starts": 2}', '{"k": 1}']

    done = call(capsys, "compare", report, "--label", "jesa=JESA, once", "--json")
    names = [line["method"] for line in json.loads(done.out)["summary"]]
    assert names == ["JESA, once", "JESA, twice", f"{own} (k=1)"]
    assert_refused(call(capsys, "compare", report, "--label", "jes=J"), "no row of method 'jes'")
    assert_refused(call(capsys, "compare", report, "--label", "jesa=JESA, twice"), "two methods")
    assert_refused(call(capsys, "compare", report, "--label", "jesa"), "is not METHOD=LABEL")


def test_rounds_know_a_method_by_its_label(capsys):
    done = call(
        capsys, "rounds", "rayleigh", "-p", "K=3", "-p", "T=3", "--layers", 2, "--methods", "jesa",
        "--method", "twice=jesa", "--option", "twice.starts=2", "--reference", "twice", "--json",
    )  # fmt: skip
    found = json.loads(done.out)
    assert [line["method"] for line in found["totals"]] == ["jesa", "twice"]
    assert found["reference"] == "twice"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--method", "A=jesa", "--method", "A=top-k"], "two methods are called A"),
        (["--method", "A=jesa", "--option", "A.stars=2"], "did you mean starts?"),
        (["--method", "A=jesa", "--option", "B.starts=2"], "methods are A"),
        (["--method", "A=nothing"], "unknown method 'nothing'"),
        (["--option", "jesa.starts=2"], "methods are named by --methods or --method"),
        (["--methods", "jesa", "--option", "jesa.seed=2"], "seed is not an option of a method"),
    ],
)
def test_what_names_no_method_or_option_is_refused(capsys, file, arguments, words):
    assert_refused(call(capsys, "validate", file, *arguments), words)
