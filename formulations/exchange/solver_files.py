"""Solvers' solution files: which forms are read, and how a file's form is seen from its content.

Nothing is known here about what the names mean. `FORMS` is the one table: the command's help and
docs/other_solvers.md state what stands in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dmoe_models.errors import FileError
from dmoe_models.files.paths import existing
from formulations.exchange.solutions.ampl import read_ampl
from formulations.exchange.solutions.cbc import STATUS, read_cbc
from formulations.exchange.solutions.cplex import read_cplex
from formulations.exchange.solutions.glpk import read_raw, read_report
from formulations.exchange.solutions.highs import TABLE_HEADER, read_sections, read_table
from formulations.exchange.solutions.parts import SolverFile
from formulations.exchange.solutions.plain import read_plain


@dataclass(frozen=True)
class Form:
    """A form of solution files.

    Attributes
    ----------
    solver : str
        Who writes it.
    made_by : str
        What is to be asked of the solver, and what the file looks like.
    beside : str
        The model's file that must stand beside, under the same name; "" for none.
    fits : callable
        Whether a file is of this form, from its lines (stripped), the empty first ones left out.
    read : callable
        The content, from all lines (stripped) and the file's path.
    """

    solver: str
    made_by: str
    beside: str
    fits: Callable[[list[str]], bool]
    read: Callable[[list[str], Path], SolverFile]


FORMS = (
    Form(
        "CPLEX",
        "write m.sol: XML with the root CPLEXSolution",
        "",
        lambda lines: lines[0].startswith("<"),
        read_cplex,
    ),
    Form(
        "HiGHS",
        "styles 0 (raw) and 4 (sparse): a line 'Model status', then sections",
        "",
        lambda lines: lines[0] == "Model status",
        read_sections,
    ),
    Form(
        "HiGHS",
        "style 1 (pretty): tables 'Columns' and 'Rows'",
        "",
        lambda lines: lines[0] == "Columns" and "".join(lines[1:2]).split()[:6] == TABLE_HEADER,
        read_table,
    ),
    Form(
        "CBC",
        "-solu m.sol, with or without -printingOptions all: 'Optimal - objective value 3.5'",
        "",
        lambda lines: STATUS.fullmatch(lines[0]) is not None,
        read_cbc,
    ),
    Form(
        "GLPK; HiGHS, style 3",
        "-o m.sol: the printed report",
        "",
        lambda lines: lines[0].startswith("Problem:"),
        read_report,
    ),
    Form(
        "GLPK; HiGHS, style 2",
        "-w m.sol: the raw form, which numbers columns",
        "m.mps or m.lp",
        lambda lines: lines[0].startswith("c Problem:"),
        read_raw,
    ),
    Form(
        "AMPL's solvers",
        "-AMPL: a message, 'Options', and numbers",
        "m.col",
        lambda lines: "Options" in lines,
        read_ampl,
    ),
    Form(
        "SCIP, Gurobi, COPT, MIPLIB",
        "write solution, Model.write: a name and a value a line",
        "",
        lambda lines: True,
        read_plain,
    ),
)
"""The forms that are read; a file is of the first that fits, and the last fits any."""


def read_solver_file(path: Path) -> SolverFile:
    """Read a solver's solution file.

    Parameters
    ----------
    path : path

    Raises
    ------
    FileError
        Where it holds no solution, or what it holds is not understood; one line, without the
        file's name.
    OSError, UnicodeDecodeError
        Where it cannot be read.
    """
    text = Path(existing(path)).read_text(encoding="utf-8-sig")
    lines = [line.strip() for line in text.split("\n")]
    first = next((n for n, line in enumerate(lines) if line), None)
    if first is None:
        raise FileError("holds no values of variables")
    form = next(form for form in FORMS if form.fits(lines[first:]))
    found = form.read(lines, path)
    if not found.values:
        raise FileError("holds no values of variables")
    return found
