"""GLPK's solution files: the printed report (``-o``), and the raw form (``-w``).

HiGHS writes the same two as its styles 3 and 2.
"""

from __future__ import annotations

from pathlib import Path

from dmoe_models.errors import FileError
from dmoe_models.input_checks import quote
from formulations.exchange.solutions.column_names import names_of_columns
from formulations.exchange.solutions.parts import SolverFile, by_name, count, no_solution, number

_FOUND = ("OPTIMAL", "FEASIBLE", "INTEGER OPTIMAL", "INTEGER NON-OPTIMAL")
_MARKS = ("*", "B", "NL", "NU", "NF", "NS")
"""Behind a name in the report: integer, or its place in a basis."""


def _says(lines: list[str], mark: str) -> dict[str, str]:
    """Return what stands before the tables, by its title; FileError where it is no solution."""
    titled = (line.removeprefix(mark).partition(":") for line in lines if line.startswith(mark))
    says: dict[str, str] = {}
    for key, _, value in titled:
        says.setdefault(key.strip(), value.strip())
    status = says.get("Status", "nothing")
    if status not in _FOUND:
        raise no_solution("GLPK", status)
    return says


def read_report(lines: list[str], _: Path) -> SolverFile:
    """Read the printed report; a name that is too long for its column has a line of its own.

    Parameters
    ----------
    lines : list of str
        Stripped.
    """
    says = _says(lines, "")
    title = next(
        (n for n, line in enumerate(lines) if line.split()[:3] == ["No.", "Column", "name"]), None
    )
    if title is None:
        raise FileError("has no table of columns")
    pairs: list[tuple[str, str]] = []
    waiting = ""
    for line in lines[title + 2 :]:
        if not line:
            break
        words = line.split()
        if waiting:
            name, rest = waiting, words
        else:
            if len(words) < 2 or words[0] != str(len(pairs) + 1):
                raise FileError(f"{quote(line)} is not column {len(pairs) + 1} and its name")
            name, rest = words[1], words[2:]
        rest = rest[1:] if rest and rest[0] in _MARKS else rest
        waiting = "" if rest else name
        if rest:
            pairs.append((name, rest[0]))
    announced = count(says.get("Columns", "").split(" ")[0], "Columns")
    if len(pairs) != announced:
        raise FileError(f"holds {len(pairs)} columns and announces {announced}")
    return SolverFile(by_name(pairs), _claim(says), says.get("Problem", ""))


def _claim(says: dict[str, str]) -> float | None:
    """Return the objective in ``Objective:  obj = 11.7 (MINimum)``."""
    words = says.get("Objective", "").partition("=")[2].split()
    return number(words[0], "objective") if words else None


_VALUE_AT = {"mip": 2, "ipt": 2, "bas": 3}
"""Where the value stands in a raw file's line of a column, by the kind of its solution."""


def read_raw(lines: list[str], path: Path) -> SolverFile:
    """Read the raw form, whose columns are numbered as in the model's file beside it.

    Parameters
    ----------
    lines : list of str
        Stripped.
    path : path
        The file's: the model stands beside it, under the same name.
    """
    says = _says(lines, "c ")
    summary = next((line.split() for line in lines if line.startswith("s ")), [])
    if len(summary) < 4 or summary[1] not in _VALUE_AT:
        raise FileError("has no line that begins with 's mip', 's bas' or 's ipt'")
    width = count(summary[3], "number of columns")
    at = _VALUE_AT[summary[1]]
    values: dict[int, str] = {}
    for line in lines:
        words = line.split()
        if words[:1] != ["j"]:
            continue
        if len(words) <= at:
            raise FileError(f"{quote(line)} is not the number of a column and its value")
        column = count(words[1], "number of a column")
        if not 1 <= column <= width or column in values:
            raise FileError(f"column {column} of {width} is given twice, or is none")
        values[column] = words[at]
    if len(values) != width or "e o f" not in lines:
        raise FileError(f"holds {len(values)} of {width} columns, or lacks its end")
    names = names_of_columns(path, (".mps", ".lp"), width)
    pairs = ((names.columns[column - 1], text) for column, text in values.items())
    return SolverFile(by_name(pairs), _claim(says), says.get("Problem", ""), names.sha256)
