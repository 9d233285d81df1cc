"""What readers of solution files share: what they return, and how they read numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from dmoe_models.errors import FileError
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
    problem : str
        The model's name, where the solver repeats it.
    sha256 : str
        The instance's hash, where names were read from the model's file and it states one.
    """

    values: dict[str, float]
    objective: float | None = None
    problem: str = ""
    sha256: str = ""


def number(text: str, what: str) -> float:
    """Return a finite number.

    Parameters
    ----------
    text : str
    what : str
        Names it where it is none.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise FileError(f"{what} = {quote(text)} is not a finite number")
    return value


def count(text: str, what: str) -> int:
    """Return a whole number of at most nine digits.

    Parameters
    ----------
    text : str
    what : str
        Names it where it is none.
    """
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise FileError(f"{what} = {quote(text)} is not a whole number")
    return int(text)


def by_name(pairs: Iterable[tuple[str, str]]) -> dict[str, float]:
    """Return values by name; FileError for a name that is given twice."""
    values: dict[str, float] = {}
    for name, text in pairs:
        if name in values:
            raise FileError(f"variable {quote(name)} is given twice")
        values[name] = number(text, f"variable {quote(name)}")
    return values


def no_solution(solver: str, message: str) -> FileError:
    """Return the error for a file without a solution, with the solver's own words.

    Parameters
    ----------
    solver : str
    message : str
    """
    return FileError(f"holds no solution ({solver} says {quote(message)})")
