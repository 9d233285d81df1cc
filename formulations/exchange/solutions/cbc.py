"""CBC's solution files (``-solu``)."""

from __future__ import annotations

import re
from pathlib import Path

from dmoe_models.errors import FileError
from dmoe_models.input_checks import quote
from formulations.exchange.solutions.parts import SolverFile, by_name, no_solution, number

STATUS = re.compile(r"(\S.*?) - objective value (\S+)")
"""The first line: CBC's word, and the objective."""


def read_cbc(lines: list[str], _: Path) -> SolverFile:
    """Read what follows CBC's word: number, name, value and reduced cost a line.

    Only what is not zero is listed, unless ``-printingOptions all`` was given: then rows come
    first. Two stars mark what CBC finds slightly out of its bounds.

    Parameters
    ----------
    lines : list of str
        Stripped.
    """
    filled = [line for line in lines if line]
    status = STATUS.fullmatch(filled[0])
    assert status is not None  # or the file would not be CBC's
    word = status[1]
    if not word.startswith(("Optimal", "Stopped")) or "no integer solution" in word:
        raise no_solution("CBC", filled[0])
    pairs = []
    for line in filled[1:]:
        words = line.removeprefix("**").split()
        if len(words) != 4:
            raise FileError(f"{quote(line)} is not a number, a name, a value and a reduced cost")
        pairs.append((words[1], words[2]))
    return SolverFile(by_name(pairs), number(status[2], "objective"))
