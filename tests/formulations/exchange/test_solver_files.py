"""Solution files as solvers write them are read back, and what is none says whose word it is."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from dmoe_models import FileError, solve
from dmoe_models.files.instances import write_instance
from formulations.exchange.read import judge_model_solution
from formulations.exchange.solver_files import FORMS
from formulations.exchange.write import write_model
from instances.families import draw

from other_solvers import by_glpk, by_highs, program, run
from shell import call

INSTANCE = draw("rayleigh", 3, K=3, T=5, M=7).replace(static_energy_j=np.array([0, 3e-4, 0]))
BEST = solve(INSTANCE, "exact")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The model as m.lp and m.mps, and the same with an expert's relevance asked for in vain."""
    folder = tmp_path_factory.mktemp("models")
    for suffix in (".lp", ".mps"):
        write_model(INSTANCE, folder / f"m{suffix}")
    text = (folder / "m.lp").read_text()
    assert " <= 1\n" in text
    (folder / "infeasible.lp").write_text(text.replace(" >= 1\n", " >= 9\n"))
    return folder


def require_best(solution):
    result = judge_model_solution(INSTANCE, solution)
    assert result.check.ok and result.objective == pytest.approx(BEST.objective, rel=1e-9)
    assert result.details["claim_holds"]


def refusal(solution, instance=INSTANCE):
    with pytest.raises(FileError) as refused:
        judge_model_solution(instance, solution)
    said = str(refused.value)
    assert said.startswith(f"{solution}: ") and "\n" not in said
    return said


@pytest.mark.parametrize("style", range(5))
@pytest.mark.parametrize("suffix", [".lp", ".mps"])
def test_every_style_of_highs(style, suffix, folder, tmp_path):
    shutil.copy(folder / f"m{suffix}", tmp_path)
    by_highs(folder / f"m{suffix}", tmp_path / "m.sol", style)
    require_best(tmp_path / "m.sol")
    by_highs(folder / "infeasible.lp", folder / "infeasible.sol", style)
    said = refusal(folder / "infeasible.sol")
    assert "holds no solution" in said and ("'Infeasible'" in said or "'INTEGER EMPTY'" in said)


@pytest.mark.parametrize("suffix", [".lp", ".mps"])
@pytest.mark.parametrize("options", [(), ("-printingOptions", "all"), ("-printingOptions", "rows")])
def test_cbc(options, suffix, folder, tmp_path):
    def solved(model, *before):
        solution = tmp_path / "m.sol"
        run(program("cbc"), str(model), *before, "-solve", *options, "-solu", str(solution))
        return solution

    require_best(solved(folder / f"m{suffix}", "-ratio", "0"))
    assert "CBC says 'Infeasible - objective value" in refusal(solved(folder / "infeasible.lp"))
    said = refusal(solved(folder / f"m{suffix}", "-heur", "off", "-sec", "0.000001"))
    assert "CBC says 'Integer infeasible" in said or "no integer solution" in said


def test_what_cbc_marks_is_read_and_judged(tmp_path):
    names = [f"select_t{t}_e{j}" for t, js in enumerate(BEST.solution.experts) for j in js]
    places = np.argwhere(BEST.solution.assignment >= 0)
    names += [f"assign_i{i}_j{j}_m{BEST.solution.assignment[i, j]}" for i, j in places]
    lines = [f"{'**' if n == 2 else ''} {n:7d} {name} 1 0" for n, name in enumerate(names)]
    path = tmp_path / "m.sol"
    for first in ("Optimal", "Stopped on time", "Stopped on nodes"):
        path.write_text("\n".join([f"{first} - objective value 1e3", *lines, ""]))
        result = judge_model_solution(INSTANCE, path)
        assert result.check.ok and result.details["claim_holds"] is False
    for first in (
        "Infeasible",
        "Unbounded",
        "Stopped on time (no integer solution - continuous used)",
    ):
        path.write_text("\n".join([f"{first} - objective value 1e3", *lines, ""]))
        assert f"CBC says '{first[:30]}" in refusal(path)
    path.write_text("Optimal - objective value 3\n   0 select_t0_e1 1\n")
    assert "is not a number, a name, a value and a reduced cost" in refusal(path)


@pytest.mark.parametrize("suffix", [".lp", ".mps"])
def test_both_forms_of_glpk(suffix, folder, tmp_path):
    model = tmp_path / f"m{suffix}"
    shutil.copy(folder / model.name, model)
    by_glpk(model, tmp_path / "m.txt", "-w", str(tmp_path / "m.sol"))
    require_best(tmp_path / "m.txt")
    require_best(tmp_path / "m.sol")
    model.unlink()
    assert "their names are missing: no m.mps or m.lp beside it" in refusal(tmp_path / "m.sol")
    by_glpk(folder / "infeasible.lp", tmp_path / "i.txt", "-w", str(tmp_path / "i.sol"))
    assert "GLPK says 'INTEGER EMPTY'" in refusal(tmp_path / "i.txt")
    assert "GLPK says 'INTEGER EMPTY'" in refusal(tmp_path / "i.sol")


@pytest.mark.parametrize("options", [("--nomip",), ("--nomip", "--interior")])
def test_glpks_relaxations_are_read_as_such(options, folder, tmp_path):
    """Decisions between 0 and 1 are no solution, whatever GLPK calls them."""
    shutil.copy(folder / "m.lp", tmp_path)
    by_glpk(tmp_path / "m.lp", tmp_path / "m.txt", "-w", str(tmp_path / "m.sol"), *options)
    for name in ("m.txt", "m.sol"):
        assert "is not 0 or 1, as decisions are" in refusal(tmp_path / name)


def test_the_solution_of_another_instance_is_refused(folder, tmp_path):
    other = INSTANCE.replace(static_energy_j=np.zeros(3))
    assert other.sha256 != INSTANCE.sha256
    words = f"is a solution of another instance, with the hash {INSTANCE.sha256[:16]}"
    shutil.copy(folder / "m.mps", tmp_path)
    by_highs(tmp_path / "m.mps", tmp_path / "m.sol", 2)
    assert words in refusal(tmp_path / "m.sol", other)
    body = "select_t0_e1 1\n"
    (tmp_path / "g.sol").write_text(f"# Solution for model dmoe_{INSTANCE.sha256[:16]}\n{body}")
    assert words in refusal(tmp_path / "g.sol", other)
    (tmp_path / "c.sol").write_text(
        f'<CPLEXSolution><header problemName="dmoe_{INSTANCE.sha256[:16]}"/><variables>'
        '<variable name="select_t0_e1" value="1"/></variables></CPLEXSolution>'
    )
    assert words in refusal(tmp_path / "c.sol", other)
    write_model(INSTANCE, tmp_path / "n.nl")
    columns = (tmp_path / "n.col").read_text().split()
    numbers = "\n".join(
        ["3", "1", "1", "0", "0", "0", *[str(len(columns))] * 2, *"0" * len(columns)]
    )
    (tmp_path / "n.sol").write_text(f"\nsaid\n\nOptions\n{numbers}\n")
    assert words in refusal(tmp_path / "n.sol", other)
    assert not judge_model_solution(INSTANCE, tmp_path / "n.sol").check.ok  # all zero, but ours


def test_a_message_that_begins_with_an_empty_line_is_quoted(tmp_path):
    text = (
        "\nCouenne 0.5 (20Jan2021): Infeasible\n\n\nOptions\n3\n1\n1\n0\n1\n0\n1\n0\nobjno 0 220\n"
    )
    (tmp_path / "m.sol").write_text(text)
    assert "the solver says 'Couenne 0.5 (20Jan2021): Infeasible'" in refusal(tmp_path / "m.sol")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("c Problem: x\nc Status: INTEGER OPTIMAL\n", "no line that begins with 's mip'"),
        ("c Problem: x\nc Status: OPTIMAL\ns mip 1 two o 3\n", "number of columns = 'two'"),
        ("c Problem:\nc Status: OPTIMAL\ns mip 1 1 o 3\nj 1 1\nj 1 1\n", "given twice"),
        ("c Problem:\nc Status: OPTIMAL\ns mip 1 1 o 3\nj 2 1\n", "column 2 of 1"),
        ("c Problem:\nc Status: OPTIMAL\ns mip 1 2 o 3\nj 2 1\n", "holds 1 of 2 columns"),
        ("c Problem:\nc Status: OPTIMAL\ns mip 1 1 o 3\nj 1\n", "'j 1' is not the number"),
        ("Problem:\nStatus: OPTIMAL\n", "no table of columns"),
        ("Problem:\n", "GLPK says 'nothing'"),
        (
            "Problem:\nColumns: 2\nStatus: OPTIMAL\n No. Column name\n---\n 1 select_t0_e0 1\n\n",
            "holds 1 columns and announces 2",
        ),
        (
            "Problem:\nColumns: 2\nStatus: OPTIMAL\n No. Column name\n---\n 7 select_t0_e0 1\n\n",
            "is not column 1 and its name",
        ),
        ("Columns\nIndex Status Lower Upper Primal Dual Type\n", "have no names"),
        ("Columns\nIndex Status Lower Upper Primal Dual Type Name\n0 0 1 1 Integer a\n", "ends"),
        (
            "Columns\nIndex Status Lower Upper Primal Dual Type Name\n0 0 1 Integer a\nRows\n"
            "Model status: Time limit reached\n",
            "HiGHS says 'Time limit reached'",
        ),
        (
            "Model status\nOptimal\n# Primal solution values\nFeasible\nObjective 1\n# Columns -2\n"
            "select_t0_e0 1 0\n",
            "holds 1 columns and announces 2",
        ),
        ("said\nOptions\n-1\n2\n3\n4\n5\n", "has other options"),
        ("said\nOptions\n3\n1\n1\n0\n1\n-4\n1\n1\n1\n", "has other options"),
        ("solution status: infeasible\nno solution available\n", "SCIP says 'infeasible'"),
        ("\n\n", "holds no values of variables"),
        ("Optimal - objective value inf\n 0 select_t0_e0 1 0\n", "objective = 'inf'"),
    ],
)
def test_files_that_are_none_say_why(text, words, tmp_path):
    (tmp_path / "m.sol").write_text(text)
    assert words in refusal(tmp_path / "m.sol")


def test_names_beside_that_cannot_be_read(tmp_path):
    text = "c Problem:\nc Status: OPTIMAL\ns mip 1 1 o 3\nj 1 1\ne o f\n"
    (tmp_path / "m.sol").write_text(text)
    (tmp_path / "m.lp").write_bytes(b"\xff\xfe")
    assert "m.lp: is not text" in refusal(tmp_path / "m.sol")
    (tmp_path / "m.lp").write_text("Minimize\n obj: a + b\nSubject To\nEnd\n")
    assert "is of 1 columns; m.lp names 2" in refusal(tmp_path / "m.sol")


def test_the_commands_help_names_every_form(capsys):
    shown = call(capsys, "read-solution", "--help")
    assert shown.status == 0
    for form in FORMS:
        assert f"{form.solver}: {form.made_by}" in shown.out


def test_the_page_lists_every_form():
    page = Path(__file__).parents[3] / "docs" / "other_solvers.md"
    table = page.read_text(encoding="utf-8").partition("forms: begin")[2].partition("<!--")[0]
    rows = [
        f"| {form.solver} | {form.made_by} | {form.beside + ' ' if form.beside else ''}|"
        for form in FORMS
    ]
    assert table.strip().splitlines()[3:] == rows


def test_the_command_writes_what_cbc_found(folder, tmp_path, capsys):
    write_instance(INSTANCE, tmp_path / "r.json")
    solution, answer = tmp_path / "m.sol", tmp_path / "answer.json"
    run(program("cbc"), str(folder / "m.lp"), "-ratio", "0", "-solve", "-solu", str(solution))
    done = call(capsys, "read-solution", tmp_path / "r.json", solution, "-o", answer)
    assert done.status == 0 and answer.exists()
