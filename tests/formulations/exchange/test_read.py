"""Solvers' solution files: each style is read, and whatever is wrong in one is said in one line."""

from __future__ import annotations

import numpy as np
import pytest

from dmoe_models import FileError, Solution, evaluate, solve
from dmoe_models.errors import DmoeError
from formulations.data import ModelData
from formulations.exchange.read import judge_model_solution, read_model_solution
from formulations.exchange.write import write_model
from instances.families import draw

INSTANCE = draw("rayleigh", 2, K=3, T=3, M=8).replace(static_energy_j=np.array([0, 3e-4, 0]))
BEST = solve(INSTANCE, "exact").solution
SCALED = (BEST.objective - 3e-4) / ModelData(INSTANCE).unit_j


def names(solution=BEST):
    found = [f"select_t{t}_e{j}" for t, experts in enumerate(solution.experts) for j in experts]
    pairs = np.argwhere(solution.assignment >= 0)
    return found + [f"assign_i{i}_j{j}_m{solution.assignment[i, j]}" for i, j in pairs]


GUROBI = "# Solution for model dmoe\n# Objective value = {objective}\n{body}\n"
SCIP = "solution status: optimal solution found\nobjective value:      {objective}\n{body}\n"
HIGHS = (
    "Model status\nOptimal\n\n# Primal solution values\nFeasible\nObjective {objective}\n"
    "# Columns {number}\n{body}\n# Rows 1\nselect_t9_e9 7\n\n# Dual solution values\nFeasible\n"
    "# Columns {number}\n{body}\n# Rows 1\nsparsity_t0 0\n\n# Basis\nHiGHS v1\nNone\n"
)
CPLEX = (
    '<?xml version = "1.0" encoding="UTF-8" standalone="yes"?>\n<CPLEXSolution version="1.2">\n'
    ' <header problemName="m" objectiveValue="{objective}" solutionStatusString="optimal"/>\n'
    ' <linearConstraints><constraint name="unshared_m0" slack="0"/></linearConstraints>\n'
    " <variables>\n{body}\n </variables>\n</CPLEXSolution>\n"
)
STYLES = {
    "gurobi": (GUROBI, "{name} {value}"),
    "scip": (SCIP, "{name}       {value} \t(obj:0)"),
    "highs": (HIGHS, "{name} {value}"),
    "miplib": ("=obj= {objective}\n{body}\n", "{name} {value}"),
    "bare": ("{body}\n", "{name} {value}"),
    "cplex": (CPLEX, '<variable name="{name}" index="0" value="{value}"/>'),
}


def written(path, style="gurobi", values=None, objective=SCALED):
    values = dict.fromkeys(names(), 1) if values is None else values
    frame, line = STYLES[style]
    body = "\n".join(line.format(name=name, value=value) for name, value in values.items())
    path.write_text(frame.format(objective=repr(objective), body=body, number=len(values)))
    return path


@pytest.mark.parametrize("style", STYLES)
def test_every_style_is_read(style, tmp_path):
    values = dict.fromkeys(names(), 1) | {"select_t0_e2": 0} | dict.fromkeys(names(), "0.999995")
    values |= {"carry_t0_e1_m0": 0.5, "nothing": "-0", "tokens_i0_j1_m5": 3}
    values["link_energy_i0_j2"] = "1e-3"
    path = written(tmp_path / "m.sol", style, values)
    result = judge_model_solution(INSTANCE, path)
    assert result.check.ok and result.objective == BEST.objective
    assert np.array_equal(result.solution.selection, BEST.selection)
    assert np.array_equal(result.solution.assignment, BEST.assignment)
    claims = style != "bare"
    assert result.details["claim_holds"] is (True if claims else None)
    if claims:
        assert read_model_solution(INSTANCE, path).objective == pytest.approx(BEST.objective)


def test_a_wrong_claim_is_reported(tmp_path):
    for factor in (1 - 1e-4, 1 + 1e-4):
        result = judge_model_solution(INSTANCE, written(tmp_path / "m", objective=factor * SCALED))
        assert result.check.ok and result.details["claim_holds"] is False
        assert result.objective == BEST.objective


def test_sets_are_recovered_with_all_their_tokens(tmp_path):
    instance = draw("ties", 1, K=3, T=6)
    groups = ModelData(instance).groups
    assert [group.tokens for group in groups] == [(0, 3), (1, 4), (2, 5)]
    (tmp_path / "m.sol").write_text("set_t0_e0_e1 1\nset_t1_e1_e2 1\nset_t2_e0_e2 1\n")
    solution = read_model_solution(instance, tmp_path / "m.sol")
    assert solution.experts == [[0, 1], [1, 2], [0, 2]] * 2


def test_a_link_may_own_several_subcarriers(tmp_path):
    i, j = np.argwhere(BEST.assignment >= 0)[0]
    free = next(m for m in range(INSTANCE.M) if m not in BEST.assignment)
    path = written(tmp_path / "m", values=dict.fromkeys([*names(), f"assign_i{i}_j{j}_m{free}"], 1))
    solution = read_model_solution(INSTANCE, path)
    assert solution.assignment is None and solution.subcarriers[i, j].sum() == 2
    assert judge_model_solution(INSTANCE, path).check.ok


def ampl(columns, values, *, options=("3", "1", "1", "0"), rows=2, duals=("0.5", "0"), after=()):
    return "\n".join(
        ["", "HiGHS 1.15: optimal solution; objective 3.5", "1 simplex iteration", "", "Options",
         *options, str(rows), str(len(duals)), str(len(columns)), str(len(values)), *after,
         *duals, *map(str, values), "objno 0 0", "suffix 0 4 10 0 0", "priority", ""]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("options", "after"),
    [
        (("3", "1", "1", "0"), ()),
        (("5", "1", "1", "3"), ("0.125",)),  # two too many, and a tolerance behind the counts
    ],
)
@pytest.mark.parametrize("duals", [(), ("0.5", "0")])
def test_ampls_numbers_get_their_names_from_the_columns_file(options, after, duals, tmp_path):
    write_model(INSTANCE, tmp_path / "m.nl")
    columns = (tmp_path / "m.col").read_text().split()
    values = [int(name in names()) for name in columns]
    assert sum(values) == len(names())
    text = ampl(columns, values, options=options, duals=duals, after=after)
    (tmp_path / "m.sol").write_text(text)
    result = judge_model_solution(INSTANCE, tmp_path / "m.sol")
    assert result.check.ok and result.objective == BEST.objective
    assert result.details == {"claimed_objective_j": None, "claim_holds": None}


def test_a_p1_instance_keeps_its_assignment(tmp_path):
    instance = INSTANCE.replace(assignment=BEST.assignment)
    values = dict.fromkeys((n for n in names() if n.startswith("select")), 1)
    solution = read_model_solution(instance, written(tmp_path / "m", values=values))
    assert np.array_equal(solution.assignment, BEST.assignment)
    assert evaluate(instance, Solution(solution.selection)).total_j == BEST.objective
    with pytest.raises(FileError, match=r"'assign_i0_j1_m0' is in no model of .*P1"):
        read_model_solution(instance, written(tmp_path / "m", values={"assign_i0_j1_m0": 1}))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"select_t0_e1": 0.5}, "select_t0_e1 = 0.5 is not 0 or 1"),
        ({"assign_i0_j1_m0": 0.99998}, "assign_i0_j1_m0 = 0.99998 is not 0 or 1"),
        ({"select_t0_e1": 2}, "select_t0_e1 = 2.0 is not 0 or 1"),
        ({"select_t0_e1": -1}, "select_t0_e1 = -1.0 is not 0 or 1"),
        ({"set_t0_e1": 0.3}, "set_t0_e1' is in no model"),
        ({"select_t0_e1": "nan"}, "'select_t0_e1' = 'nan' is not a finite number"),
        ({"carry_t0_e1_m0": "1e999"}, "'carry_t0_e1_m0' = '1e999' is not a finite number"),
        ({"select_t0_e1": "one"}, "'select_t0_e1' = 'one' is not a finite number"),
        ({"alpha": 1}, "'alpha' is in no model of rayleigh"),
        ({"select_t3_e0": 0}, "'select_t3_e0' is in no model"),
        ({"select_t0_e3": 0}, "'select_t0_e3' is in no model"),
        ({"select_t00_e1": 0}, "'select_t00_e1' is in no model"),
        ({"select_t0_e1_": 0}, "'select_t0_e1_' is in no model"),
        ({"select_t٠_e1": 0}, "is in no model"),
        ({"assign_i1_j1_m0": 0}, "'assign_i1_j1_m0' is in no model"),
        ({"assign_i0_j1_m8": 0}, "'assign_i0_j1_m8' is in no model"),
        ({"set_t0_e9": 0}, "'set_t0_e9' is in no model"),
        ({}, "holds no values of variables"),
    ],
)
@pytest.mark.parametrize("style", ["gurobi", "highs", "cplex"])
def test_values_that_cannot_be_are_refused(style, values, words, tmp_path):
    require_refused(written(tmp_path / "bad.sol", style, values), words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("select_t0_e1 1\nselect_t0_e1 1\n", "'select_t0_e1' is given twice"),
        ("select_t0_e1\n", "'select_t0_e1' is not a name and a value"),
        ("select_t0_e1 1 2\n", "'select_t0_e1 1 2' is not a name and a value"),
        ("objective value: many\nselect_t0_e1 1\n", "objective = 'many' is not a finite number"),
        ("solution status: infeasible\nno solution available\n", "holds no solution"),
        ("# nothing but a comment\n", "holds no values"),
        ("Model status\nInfeasible\n\n# Primal solution values\nNone\n", "HiGHS says 'Infeasible'"),
        ("Model status\n", "holds no solution"),
        (
            "Model status\nOptimal\n# Primal solution values\nFeasible\nObjective 1\n"
            "# Columns 3\nselect_t0_e1 1\n",
            "holds 1 columns and announces 3",
        ),
        ("Model status\nOptimal\n# Primal solution values\nFeasible\n", "'# Columns'"),
        ("<CPLEXSolution>", "is no XML"),
        ("<CPLEXSolutions></CPLEXSolutions>", "root 'CPLEXSolutions', not 'CPLEXSolution'"),
        ("said\n\nOptions\n3\n1\n1\n0\n2\n", "ends before the values"),
        ("said\n\nOptions\nmany\n", "other options"),
        (ampl(["a"], [1.0]), "is of 1 columns; bad.col names 2"),
        (ampl(["a", "b"], [1.0]), "holds 1 of 2 values"),
        (ampl(["a", "b"], []), "holds no solution"),
        (ampl(["a", "b"], [1, 1]), "'a' is in no model"),
    ],
)
def test_files_that_are_none_are_refused(text, words, tmp_path):
    (tmp_path / "bad.col").write_text("a\nb\n")
    (tmp_path / "bad.sol").write_text(text)
    require_refused(tmp_path / "bad.sol", words)


def test_files_that_cannot_be_read_are_refused(tmp_path):
    require_refused(tmp_path / "absent.sol", "No such file")
    require_refused(tmp_path, "not a regular file")
    (tmp_path / "binary.sol").write_bytes(b"binary\x00\xff\xfe")
    require_refused(tmp_path / "binary.sol", "decode")
    (tmp_path / "lost.sol").write_text(ampl(["a"], [1]))
    require_refused(tmp_path / "lost.sol", "their names are missing: no lost.col beside it")


def require_refused(path, words):
    with pytest.raises(DmoeError) as refused:
        read_model_solution(INSTANCE, path)
    said = str(refused.value)
    assert said.startswith(f"{path}: ") and words in said and "\n" not in said
