"""What solvers with AMPL's library write (Bonmin, Couenne, SCIP, HiGHS and many others)."""

from __future__ import annotations

from pathlib import Path

from dmoe_models.errors import FileError
from formulations.exchange.solutions.column_names import names_of_columns
from formulations.exchange.solutions.parts import SolverFile, by_name, count, no_solution


def read_ampl(lines: list[str], path: Path) -> SolverFile:
    """Read numbers, whose names the ``.col`` file beside holds.

    The solver's message comes first, empty lines in it or before it. After ``Options``: their
    number n and n options; numbers of rows, of duals, of columns, of values; then the duals and
    the values. n is two too large where a float stands before the duals. A line ``objno`` or the
    end of the file follows.

    Parameters
    ----------
    lines : list of str
        Stripped.
    path : path
        The file's: the names stand beside it.
    """
    begin = lines.index("Options")
    message = " ".join(line for line in lines[:begin] if line) or "nothing"
    numbers = []
    for line in lines[begin + 1 :]:
        if line.startswith(("objno", "suffix")):
            break
        if line:
            numbers.append(line)
    try:
        options = count(numbers[0], "number of options")
        tolerance = options > 4
        start = 1 + options - 2 * tolerance
        _, duals, width, given = (count(n, "size") for n in numbers[start : start + 4])
    except (FileError, ValueError, IndexError):
        raise FileError("ends before the values, or has other options") from None
    values = numbers[start + 4 + tolerance + duals :]
    if given == 0:
        raise no_solution("the solver", message)
    names = names_of_columns(path, (".col",), width)
    if len(values) != width:
        raise FileError(f"holds {len(values)} of {width} values")
    return SolverFile(by_name(zip(names.columns, values, strict=True)), sha256=names.sha256)
