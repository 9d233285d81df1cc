"""Samples of the solution files of every solver that is read, and the instances they are for."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import highspy
import numpy as np

from dmoe_models import solve
from formulations.data import ModelData
from formulations.exchange import write_model
from instances import draw


@dataclass(frozen=True)
class Sample:
    """A file that can be read, and what lies beside it."""

    path: Path
    beside: tuple[Path, ...] = ()


P2 = draw("rayleigh", 2, K=3, T=3, M=8).replace(
    static_energy_j=np.array([0, 3e-4, 0]), metadata={"a": [1, {"b": None}], "c": "text"}
)
BEST = solve(P2, "exact").solution
P1 = P2.replace(assignment=BEST.assignment, strict_relevance=True)


def _values() -> dict[str, float]:
    assert BEST.assignment is not None
    chosen = [f"select_t{t}_e{j}" for t, experts in enumerate(BEST.experts) for j in experts]
    owned = np.argwhere(BEST.assignment >= 0)
    chosen += [f"assign_i{i}_j{j}_m{BEST.assignment[i, j]}" for i, j in owned]
    return {**dict.fromkeys(chosen, 1.0), "select_t0_e2": 0.0, "carry_t0_e1_m0": 0.5}


def xml(folder: Path) -> Sequence[Sample]:
    body = "".join(f'<variable name="{n}" index="0" value="{v:g}"/>' for n, v in _values().items())
    (folder / "m.sol").write_text(
        '<CPLEXSolution version="1.2"><header problemName="m" objectiveValue="1.5"/>'
        f'<linearConstraints/><variables objectiveValue="1.5">{body}</variables></CPLEXSolution>'
    )
    return [Sample(folder / "m.sol")]


def solver_files(folder: Path) -> Sequence[Sample]:
    claim = repr((solve(P2, "exact").objective - 3e-4) / ModelData(P2).unit_j)
    values = _values()
    lines = "\n".join(f"{name} {value:g}" for name, value in values.items())
    costs = "\n".join(f"{name} {value:g} \t(obj:0)" for name, value in values.items())
    marks = (("**" if n == 3 else "  ", n, *pair) for n, pair in enumerate(values.items()))
    rows = "\n".join(f"{m} {n:5d} {name} {value:g} 0" for m, n, name, value in marks)
    texts = {
        "gurobi": f"# Solution for model m\n# Objective value = {claim}\n{lines}\n",
        "scip": f"solution status: optimal solution found\nobjective value: {claim}\n{costs}\n",
        "miplib": f"=obj= {claim}\n{lines}\n",
        "cbc": f"Optimal - objective value {claim}\n{rows}\n",
    }
    for name, text in texts.items():
        (folder / f"{name}.sol").write_text(text)
    (folder / "ampl.col").write_text("\n".join(values) + "\n")
    numbers = ["3", "1", "1", "0", "1", "1", str(len(values)), str(len(values)), "0.5"]
    content = ["", "HiGHS: optimal solution", "", "Options", *numbers]
    content += [*map(str, values.values()), "objno 0 0", ""]
    (folder / "ampl.sol").write_text("\n".join(content))
    ampl = Sample(folder / "ampl.sol", (folder / "ampl.col",))
    return [*(Sample(folder / f"{name}.sol") for name in texts), ampl, *_of_highs(folder)]


def _of_highs(folder: Path) -> list[Sample]:
    """Solve an exported model with HiGHS; its styles 2 and 3 are GLPK's two forms."""
    found = []
    for suffix in (".mps", ".lp"):
        write_model(P2, folder / f"highs2{suffix}", "p2-milp")
    for style in range(5):
        highs = highspy.Highs()
        highs.silent()
        highs.readModel(str(folder / "highs2.mps"))
        highs.run()
        highs.writeSolution(str(folder / f"highs{style}.sol"), style)
        beside = (folder / "highs2.mps",) if style == 2 else ()
        found.append(Sample(folder / f"highs{style}.sol", beside))
    (folder / "lp").mkdir()
    for name in ("highs2.lp", "highs2.sol"):
        shutil.copy(folder / name, folder / "lp" / name)
    return [*found, Sample(folder / "lp" / "highs2.sol", (folder / "lp" / "highs2.lp",))]
