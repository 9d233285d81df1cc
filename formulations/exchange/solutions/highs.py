"""HiGHS's solution files: styles 0 (raw), 4 (sparse) and 1 (pretty); 2 and 3 are GLPK's forms."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from dmoe_models.errors import FileError
from dmoe_models.input_checks import quote
from formulations.exchange.solutions.parts import SolverFile, by_name, no_solution, number

TABLE_HEADER = ["Index", "Status", "Lower", "Upper", "Primal", "Dual"]
"""The second line of the pretty style begins with these; Type (of a MIP) and Name follow."""


def read_sections(lines: list[str], _: Path) -> SolverFile:
    """Read the raw or the sparse style.

    Every section begins with ``#``; ``# Columns 5`` announces five values in the raw style. The
    sparse one announces ``-5``, and writes those that are not zero with the columns' numbers.

    Parameters
    ----------
    lines : list of str
        Stripped.
    """
    filled = [line for line in lines if line]
    after = {line: following for following, line in pairwise(reversed(filled))}
    if after.get("# Primal solution values") in (None, "None"):
        raise no_solution("HiGHS", after.get("Model status", "nothing"))
    start = next((n for n, line in enumerate(filled) if line.startswith("# Columns ")), None)
    if start is None:
        raise FileError("has no line '# Columns'")
    announced = filled[start].split()[-1]
    sparse = announced.startswith("-")
    columns = filled[start + 1 :]
    end = next((n for n, line in enumerate(columns) if line.startswith("#")), len(columns))
    if announced.removeprefix("-") != str(end):
        raise FileError(f"holds {end} columns and announces {announced.removeprefix('-')}")
    claims = [line.split() for line in filled[:start] if line.startswith("Objective ")]
    objective = number(claims[0][-1], "objective") if claims else None
    return SolverFile(by_name(_pair(line, 2 + sparse) for line in columns[:end]), objective)


def read_table(lines: list[str], _: Path) -> SolverFile:
    """Read the pretty style: a table of columns, one of rows, status and objective.

    Parameters
    ----------
    lines : list of str
        Stripped.
    """
    says = {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}
    filled = [line for line in lines if line]
    header = filled[1].split()
    if header[-1] != "Name":
        raise FileError("its columns have no names; write the model with names")
    typed = header[-2] == "Type"
    pairs = []
    for line in filled[2:]:
        if line == "Rows":
            break
        words = line.split()
        name, numbers = words[-1], words[1 : len(words) - 1 - typed]
        if numbers and numbers[0].isalpha() and numbers[0] not in ("inf", "nan"):  # basis status
            numbers = numbers[1:]
        if len(numbers) not in (3, 4):  # lower, upper, primal, and the dual of a linear program
            raise no_solution("HiGHS", says.get("Model status", "nothing"))
        pairs.append((name, numbers[2]))
    else:
        raise FileError("ends before its table of rows")
    claim = says.get("Objective value")
    return SolverFile(by_name(pairs), None if claim is None else number(claim, "objective"))


def _pair(line: str, width: int) -> tuple[str, str]:
    words = line.split()
    if len(words) != width:
        number_too = ", a value and a number" if width == 3 else " and a value"
        raise FileError(f"{quote(line)} is not a name{number_too}")
    return words[0], words[1]
