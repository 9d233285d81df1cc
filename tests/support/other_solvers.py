"""Solvers that read a model's file: how each is run, and what it says of it.

HiGHS and SCIP are run in process. CBC and GLPK are programs, and used where they are installed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import highspy
import pyscipopt
import pytest


@dataclass(frozen=True)
class Told:
    """What a solver says of a model: columns, integers among them, optimum (None: infeasible)."""

    columns: int
    integers: int
    optimum: float | None


def by_highs(path: Path, solution: Path | None = None, style: int = 0) -> Told:
    highs = highspy.Highs()
    highs.silent()
    assert highs.readModel(str(path)) == highspy.HighsStatus.kOk
    for option in ("mip_rel_gap", "mip_abs_gap"):
        highs.setOptionValue(option, 0.0)
    highs.run()
    if solution is not None:
        highs.writeSolution(str(solution), style)
    integers = list(highs.getLp().integrality_).count(highspy.HighsVarType.kInteger)
    solved = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    value = highs.getInfo().objective_function_value if solved else None
    return Told(highs.getLp().num_col_, integers, value)


def by_scip(path: Path, solution: Path | None = None) -> Told:
    scip = pyscipopt.Model()
    scip.hideOutput()
    scip.readProblem(str(path))
    scip.setParam("limits/gap", 0.0)
    integers = scip.getNBinVars() + scip.getNIntVars()
    columns = scip.getNVars()
    scip.optimize()
    if solution is not None:
        scip.writeBestSol(str(solution))
    return Told(columns, integers, scip.getObjVal() if scip.getNSols() else None)


def by_cbc(path: Path, solution: Path | None = None, *options: str) -> Told:
    solution = path.with_suffix(".cbc") if solution is None else solution
    command = [program("cbc"), str(path), "-ratio", "0", "-allow", "0", *options]
    run(*command, "-solve", "-printingOptions", "all", "-solu", str(solution))
    says = run(program("cbc"), str(path), "-stat")
    integers = re.search(r"Original problem has (\d+) integers", says)
    first, *lines = solution.read_text().splitlines()
    word, _, value = first.partition(" - objective value ")
    numbers = [int(line.removeprefix("**").split()[0]) for line in lines]
    columns = len(numbers) - numbers.index(0, 1)  # behind the rows, which count from 0 too
    return Told(
        columns, int(integers[1]) if integers else 0, float(value) if word == "Optimal" else None
    )


def by_glpk(path: Path, solution: Path | None = None, *options: str) -> Told:
    solution = path.with_suffix(".glpk") if solution is None else solution
    form = "--lp" if path.suffix == ".lp" else "--freemps"
    run(program("glpsol"), form, str(path), "-o", str(solution), *options)
    text = solution.read_text()
    columns = re.search(r"^Columns: +(\d+)(?: \((\d+) integer)?", text, re.MULTILINE)
    status = re.search(r"^Status: +(.+)$", text, re.MULTILINE)[1]
    value = float(re.search(r"^Objective: .*= (\S+)", text, re.MULTILINE)[1])
    return Told(
        int(columns[1]), int(columns[2] or 0), value if status.endswith("OPTIMAL") else None
    )


def program(name: str) -> str:
    """Where a program is; the test is skipped where it is not installed."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def run(*command: str) -> str:
    """Run a program; what it prints."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


READERS = {"highs": by_highs, "scip": by_scip, "cbc": by_cbc, "glpk": by_glpk}
