"""Names of columns, for solution files that number them: from the model's file beside.

A solution ``round.sol`` goes with ``round.col`` (AMPL), ``round.mps`` or ``round.lp`` (GLPK). These
number columns in the order of their first appearance.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dmoe_models.errors import FileError
from formulations.exchange.names import SHA256


@dataclass(frozen=True)
class ColumnNames:
    """Names of a model's columns, in its order.

    Attributes
    ----------
    columns : list of str
    sha256 : str
        The instance's hash, as the model's file states it; "" where it does not.
    """

    columns: list[str]
    sha256: str


def names_of_columns(path: Path, endings: Sequence[str], width: int) -> ColumnNames:
    """Return the names of the columns that a solution file numbers.

    Parameters
    ----------
    path : path
        The solution file.
    endings : sequence of str
        Of the files that would hold them, best first.
    width : int
        The number of columns.

    Raises
    ------
    FileError
        Where none of them stands beside it, or what does is not of as many columns.
    """
    beside = [path.with_suffix(ending) for ending in endings]
    source = next((file for file in beside if file.is_file() and file != path), None)
    if source is None:
        wanted = " or ".join(file.name for file in beside)
        raise FileError(f"numbers its columns; their names are missing: no {wanted} beside it")
    try:
        lines = source.read_text(encoding="utf-8").splitlines()
        nl = path.with_suffix(".nl")
        about = lines if source.suffix != ".col" or not nl.is_file() else _first_line(nl)
    except OSError as error:
        raise FileError(f"{source.name}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise FileError(f"{source.name}: is not text") from None
    columns = list(dict.fromkeys(_NAMES[source.suffix](lines)))
    if len(columns) != width:
        raise FileError(f"is of {width} columns; {source.name} names {len(columns)}")
    stated = _HASH.search("\n".join(about[:20]))
    return ColumnNames(columns, stated[1] if stated else "")


_HASH = re.compile(f"{SHA256} ([0-9a-f]{{64}})")


def _first_line(nl: Path) -> list[str]:
    """Return the line of an NL file that names the model; the rest may be binary."""
    with nl.open("rb") as file:
        return [file.readline(10_000).decode("utf-8", "replace")]


def _of_col(lines: list[str]) -> Iterator[str]:
    return (line.strip() for line in lines if line.strip())


def _of_mps(lines: list[str]) -> Iterator[str]:
    inside = False
    for line in lines:
        if line[:1] not in ("", " "):
            inside = line.startswith("COLUMNS")
        elif inside and line.split() and "'MARKER'" not in line:
            yield line.split()[0]


def _of_lp(lines: list[str]) -> Iterator[str]:
    """Yield the names in the objective and the rows of an LP file that this package wrote."""
    for line in lines:
        text = line.partition("\\")[0]
        if text.strip().lower() in ("bounds", "end"):
            return
        for word in text.split():
            if not word.endswith(":") and word.lower() not in _WORDS and word[0].isalpha():
                yield word


_WORDS = ("min", "minimize", "st", "subject", "to")

_NAMES: dict[str, Callable[[list[str]], Iterator[str]]] = {
    ".col": _of_col,
    ".mps": _of_mps,
    ".lp": _of_lp,
}
