"""Rows read back from what a verification left: a report directory, or one of its files."""

from __future__ import annotations

import csv
import json
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from dmoe_models.errors import FileError
from dmoe_models.files.paths import naming
from dmoe_models.presentation.files import require_packages
from dmoe_models.verification.row import row_from_json
from dmoe_models.verification.tables import frame

_NAMES = ("instance", "instance_sha256", "problem", "instance_set", "method", "kind", "version")
_TEXTS = (*_NAMES, "status", "verdict", "reason")
_ENERGIES = ("objective_j", "bound_j", "own_bound_j", "static_j")
_NUMBERS = (*_ENERGIES, "runtime_s", "time_limit_s", "seed")
_LATER = ("incumbents",)  # text that files of earlier versions have not

TABLE = "rows.csv"
"""What is read of a report directory."""


def read_rows(path: Path) -> pd.DataFrame:
    """Read the rows of a report directory or of a .csv, .parquet, .json or .jsonl file.

    Parameters
    ----------
    path : path
        JSON: what ``validate.py --json`` prints, or a list of rows; JSON lines: a journal.

    Returns
    -------
    DataFrame
        The columns that a comparison needs, missing text as "" and missing numbers as NaN.

    Raises
    ------
    FileError
        Where the file cannot be read or holds no rows, naming it.
    """
    if path.is_dir():
        path = path / TABLE
    readers = {".csv": _csv, ".parquet": _parquet, ".json": _json, ".jsonl": _journal}
    read = readers.get(path.suffix.lower())
    if read is None:
        known = " or ".join(readers)
        raise FileError(f"{path}: extension {path.suffix!r} is not known here; use {known}")
    if read is _parquet:
        require_packages(f"reading {path}", ["pyarrow"])
    with naming(path):
        try:
            return complete(read(path))
        except (ValueError, TypeError, AttributeError) as error:
            reason = " ".join(str(error).split())
            raise FileError(f"holds no rows of dmoe-models: {reason}") from error


def complete(table: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of `read_rows` of a table of rows; ValueError where one is missing."""
    for name in (*_TEXTS, *_NUMBERS):
        if name not in table:
            raise ValueError(f"no column {name!r}")
    if table.empty:
        raise ValueError("it is empty")
    texts = {
        name: table[name].astype(object).where(table[name].notna(), "")
        if name in table
        else pd.Series("", table.index, dtype=object)
        for name in (*_TEXTS, *_LATER)
    }
    numbers = {
        name: [math.nan if value in (None, "") else float(value) for value in table[name]]
        for name in _NUMBERS
    }
    return pd.DataFrame({**texts, **numbers})


def _csv(path: Path) -> pd.DataFrame:
    # As text: a method may be called "nan", and floats are to come back bit for bit.
    with path.open(encoding="utf-8", newline="") as file:
        lengths = [len(row) for row in csv.reader(file)]
    short = [number for number, length in enumerate(lengths) if length < lengths[0]]
    if short:  # pandas would fill such a row up
        raise ValueError(f"row {short[0]} is cut short")
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def _parquet(path: Path) -> pd.DataFrame:
    with path.open("rb") as file:
        return pd.read_parquet(file)


def _json(path: Path) -> pd.DataFrame:
    content: Any = json.loads(path.read_text(encoding="utf-8"))
    return pd.DataFrame(content.get("rows") if isinstance(content, dict) else content)


def _journal(path: Path) -> pd.DataFrame:
    lines = path.read_text(encoding="utf-8").split("\n")
    rows = [row for line in lines if (row := row_from_json(line)) is not None]
    return frame({row.key: row for row in rows}.values())  # what was tried again stands last


def read_several(paths: Sequence[Path]) -> pd.DataFrame:
    """Read several files, as `joined`; a label is a file's name (of a report, its directory's)."""
    return joined([read_rows(path) for path in paths], _labels(paths))


def joined(tables: Sequence[pd.DataFrame], labels: Sequence[str]) -> pd.DataFrame:
    """Return all rows in one table; a method in more than one becomes one method for each.

    Parameters
    ----------
    tables : sequence of DataFrame
    labels : sequence of str
        One for each; such methods are called ``method@label``.
    """
    shared = Counter(name for table in tables for name in set(table.method))
    several = []
    for table, label in zip(tables, labels, strict=True):
        names = [f"{name}@{label}" if shared[name] > 1 else name for name in table.method]
        several.append(table.assign(method=names))
    return pd.concat(several, ignore_index=True)


def _labels(paths: Sequence[Path]) -> list[str]:
    """Return a short name for each file; whole paths where short ones would be the same."""
    short = []
    for path in paths:
        whole = path.absolute()
        short.append(whole.parent.name if whole.name.startswith("rows.") else whole.stem)
    return short if len(set(short)) == len(short) else [str(path) for path in paths]
