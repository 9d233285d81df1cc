"""Solution files with a name and a value a line: SCIP, Gurobi, COPT, MIPLIB."""

from __future__ import annotations

import re
from pathlib import Path

from dmoe_models.errors import FileError
from dmoe_models.input_checks import quote
from formulations.exchange.solutions.parts import SolverFile, by_name, no_solution, number

_CLAIM = re.compile(
    r"(?:objective value:|# objective value =|# objective value|=obj=)\s*(\S+)", re.IGNORECASE
)
_PROBLEM = re.compile(r"# Solution for model (\S+)")


def pair(line: str) -> tuple[str, str]:
    """Split a name from its value; SCIP adds the variable's cost."""
    words = line.split()
    if len(words) == 2 or (len(words) == 3 and words[2].startswith("(obj:")):
        return words[0], words[1]
    raise FileError(f"{quote(line)} is not a name and a value")


def read_plain(lines: list[str], _: Path) -> SolverFile:
    """Read names and values.

    Parameters
    ----------
    lines : list of str
        Stripped.
    """
    objective, problem, status = None, "", "nothing"
    pairs = []
    for line in lines:
        claim, named = _CLAIM.fullmatch(line), _PROBLEM.fullmatch(line)
        if claim:
            objective = number(claim[1], "objective")
        elif named:
            problem = named[1]
        elif line.startswith("solution status:"):
            status = line.partition(":")[2].strip()
        elif line.startswith("no solution"):
            raise no_solution("SCIP", status)
        elif line and not line.startswith("#"):
            pairs.append(pair(line))
    return SolverFile(by_name(pairs), objective, problem)
