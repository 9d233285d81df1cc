"""Tables of numbers from CSV files as programs write them: with headers, byte order marks, quotes.

Nothing is guessed: a cell that is empty or no number is named with its line and column, and so are
a row that is too short and a first line that may be numbers of columns.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np

from dmoe_models.errors import FileError
from dmoe_models.input_checks import quote

_MISSING = {
    *("", "na", "n/a", "<na>", "nan", "nat", "nil", "none", "null", "missing"),
    *("-", "--", "?", "."),
}
"""What programs write where there is no number, in lower case: never the name of a column."""

_SPREADSHEET_GAP = re.compile(r'(?:^|,)[\s"]*(#(?:N/A|NULL!|DIV/0!|VALUE!|REF!|NAME\?|NUM!))', re.I)
"""What spreadsheets write into a cell where there is no number: it does not begin a comment."""

_NO_EXPERT = {
    *("id", "idx", "index", "line", "no", "no.", "number", "row", "unnamed: 0"),
    *("batch", "capped", "label", "layer", "pos", "position", "prompt", "sample", "seed", "seq"),
    *("sequence", "source", "step", "threshold", "time", "timestamp", "token", "token_id"),
}
"""Names of columns that number or describe the rows, in lower case."""


def read_csv_table(path: Path) -> np.ndarray:
    """Read comma-separated numbers, a token a line; a first line of names is taken as a header.

    A UTF-8 byte order mark, quoted cells, empty lines, and comments after ``#`` are passed over.

    Parameters
    ----------
    path : path

    Returns
    -------
    (N, E) array

    Raises
    ------
    FileError
        In one line that names the file and, where the fault lies in a cell, line and column.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise FileError(f"{path}: is not UTF-8 text (byte {error.start})") from None
    names: list[str] = []
    rows: list[list[float]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        where = f"{path}: line {number}"
        gap = _SPREADSHEET_GAP.search(line)
        if gap:
            raise FileError(f"{where} holds {gap[1]}: a score is missing")
        if not line.partition("#")[0].strip():
            continue
        if not rows and not names:
            names = _header(where, line)
            if names:
                continue
        cells = _cells(where, line.partition("#")[0])
        wanted = len(names or (rows[0] if rows else cells))
        if len(cells) != wanted:
            raise FileError(f"{where} has {len(cells)} cell(s), the lines before have {wanted}")
        rows.append([_number(f"{where}, column {k}", cell) for k, cell in enumerate(cells, 1)])
        if len(rows) == 1 and not names:
            _refuse_column_numbers(where, rows[0])
    if not rows:
        raise FileError(f"{path}: " + ("holds a header and no scores" if names else "is empty"))
    return np.array(rows, dtype=np.float64)


def _cells(where: str, line: str) -> list[str]:
    try:
        return [
            cell.strip() for cell in next(csv.reader([line], skipinitialspace=True, strict=True))
        ]
    except csv.Error as error:
        raise FileError(f"{where}: {error}") from None


def _header(where: str, line: str) -> list[str]:
    """Return the names in a line of names only; nothing where it is a line of scores."""
    names = _cells(where, line)
    if any(name.lower() in _MISSING - {""} or _is_number(name) for name in names):
        return []
    if len(names) > 1 and not names[0] and all(names[1:]):
        raise FileError(f"{where}: the first column has no name: leave out the numbers of rows")
    if "" in names:
        return []
    for name in names:
        if name.lower() in _NO_EXPERT:
            raise FileError(f"{where}: column {quote(name)} is of no expert: leave it out")
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise FileError(f"{where}: the name {quote(twice[0])} stands twice")
    return names


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return cell.isascii() and "_" not in cell


def _number(where: str, cell: str) -> float:
    if cell.lower() in _MISSING:
        raise FileError(f"{where} = {quote(cell)}: a score is missing")
    if not _is_number(cell):
        raise FileError(f"{where} = {quote(cell)} is not a number (cells are separated by commas)")
    return float(cell)


def _refuse_column_numbers(where: str, row: list[float]) -> None:
    """Refuse 0, 1, 2, ... as the first token's scores: some programs number columns like this."""
    if len(row) > 2 and row[0].is_integer() and row == [row[0] + k for k in range(len(row))]:
        raise FileError(f"{where} holds the numbers of columns, not scores: leave the line out")
