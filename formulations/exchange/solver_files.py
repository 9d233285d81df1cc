"""Solvers' solution files: names and values, and the objective that they claim.

Which solver wrote a file is seen from its content; `FORMS`, at the end, says how. Nothing is known
here about what the names mean.
"""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from dmoe_models.errors import FileError
from dmoe_models.files.paths import existing
from dmoe_models.input_checks import quote


@dataclass(frozen=True)
class SolverFile:
    """The content of a solution file.

    Attributes
    ----------
    values : dict of str to float
        Finite; by name.
    objective : float or None
        Claimed, in the model's units.
    """

    values: dict[str, float]
    objective: float | None


def _number(text: str, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise FileError(f"{what} = {quote(text)} is not a finite number")
    return value


def _by_name(pairs: Iterable[tuple[str, str]]) -> dict[str, float]:
    values: dict[str, float] = {}
    for name, text in pairs:
        if name in values:
            raise FileError(f"variable {quote(name)} is given twice")
        values[name] = _number(text, f"variable {quote(name)}")
    return values


def _pair(line: str) -> tuple[str, str]:
    """Split a name from its value; SCIP adds the variable's cost."""
    words = line.split()
    if len(words) == 2 or (len(words) == 3 and words[2].startswith("(obj:")):
        return words[0], words[1]
    raise FileError(f"{quote(line)} is not a name and a value")


_CLAIMS = re.compile(r"(?:objective value:|# objective value =|=obj=)\s*(\S+)", re.IGNORECASE)


def _of_lines(lines: list[str], _: Path) -> SolverFile:
    objective = None
    pairs = []
    for line in lines:
        claim = _CLAIMS.fullmatch(line)
        if claim:
            objective = _number(claim[1], "objective")
        elif line.startswith("no solution"):
            raise FileError(f"holds no solution ({line})")
        elif line and not line.startswith(("#", "solution status:")):
            pairs.append(_pair(line))
    return SolverFile(_by_name(pairs), objective)


def _of_highs(lines: list[str], _: Path) -> SolverFile:
    filled = [line for line in lines if line]
    after = {line: following for following, line in pairwise(reversed(filled))}
    if after.get("# Primal solution values") in (None, "None"):
        status = after.get("Model status", "nothing")
        raise FileError(f"holds no solution (HiGHS says {status})")
    start = next((n for n, line in enumerate(filled) if line.startswith("# Columns ")), None)
    if start is None:
        raise FileError("has no line '# Columns'")
    number = filled[start].split()[-1]
    columns = filled[start + 1 :]
    end = next((n for n, line in enumerate(columns) if line.startswith("#")), len(columns))
    if number != str(end):
        raise FileError(f"holds {end} columns and announces {number}")
    claims = [line.split()[1] for line in filled[:start] if line.startswith("Objective ")]
    objective = _number(claims[0], "objective") if claims else None
    return SolverFile(_by_name(map(_pair, columns[:end])), objective)


def _of_cplex(lines: list[str], _: Path) -> SolverFile:
    try:
        root = ElementTree.fromstring("\n".join(lines))
    except (ElementTree.ParseError, ValueError) as error:
        raise FileError(f"is no XML: {error}") from None
    if root.tag != "CPLEXSolution":
        raise FileError(f"has the root {quote(root.tag)}, not 'CPLEXSolution'")
    header = root.find("header")
    claim = None if header is None else header.get("objectiveValue")
    pairs = [(v.get("name", ""), v.get("value", "")) for v in root.iterfind("variables/variable")]
    return SolverFile(_by_name(pairs), None if claim is None else _number(claim, "objective"))


def _of_ampl(lines: list[str], columns: Path) -> SolverFile:
    """Read what AMPL's solver library writes.

    After ``Options``: their number n and n options; numbers of rows, of duals, of columns, of
    values; then the duals and the values. n is two too large where a float stands before the
    duals. A line ``objno`` or the end of the file follows.
    """
    names = columns.read_text(encoding="utf-8").split()
    numbers = []
    for line in lines[lines.index("Options") + 1 :]:
        if line.startswith(("objno", "suffix")):
            break
        if line:
            numbers.append(line)
    try:
        options = int(numbers[0])
        tolerance = options > 4
        start = 1 + options - 2 * tolerance
        _, duals, width, given = (int(number) for number in numbers[start : start + 4])
    except (ValueError, IndexError):
        raise FileError("ends before the values, or has other options") from None
    values = numbers[start + 4 + tolerance + duals :]
    if width != len(names):
        raise FileError(f"is of {width} columns; {columns.name} names {len(names)}")
    if given == 0:
        raise FileError(f"holds no solution ({quote(lines[0])})")
    if len(values) != width:
        raise FileError(f"holds {len(values)} of {width} values")
    return SolverFile(_by_name(zip(names, values, strict=True)), None)


@dataclass(frozen=True)
class Form:
    """A form of solution files.

    Attributes
    ----------
    name : str
        Who writes it, and what it looks like.
    written_by : callable
        Whether a file is of this form, from its first line that is not empty and all its lines.
    read : callable
        The values, from the lines and the path of the ``.col`` file beside it.
    """

    name: str
    written_by: Callable[[str, list[str]], bool]
    read: Callable[[list[str], Path], SolverFile]


FORMS = (
    Form(
        "CPLEX: XML with the root CPLEXSolution",
        lambda first, _: first.startswith("<"),
        _of_cplex,
    ),
    Form(
        "HiGHS, its raw style: a line 'Model status', then sections; '# Columns 5' begins values",
        lambda first, _: first == "Model status",
        _of_highs,
    ),
    Form(
        "AMPL's solver library: a message, 'Options', and numbers, whose names the .col file holds",
        lambda _, lines: "Options" in lines,
        _of_ampl,
    ),
    Form(
        "SCIP ('objective value: 3.5' before, '(obj:2)' behind every value), Gurobi "
        "('# Objective value = 3.5'), MIPLIB ('=obj= 3.5'): a name and a value a line",
        lambda *_: True,
        _of_lines,
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
    lines = [line.strip() for line in text.splitlines()]
    first = next((line for line in lines if line), "")
    form = next(form for form in FORMS if form.written_by(first, lines))
    found = form.read(lines, path.with_suffix(".col"))
    if not found.values:
        raise FileError("holds no values of variables")
    return found
