"""A task's rows on their way into the database and out of it: every value of its column's kind.

Rows come from a process that runs foreign code, so they are checked before any is kept: the rows of
a task are kept together, or refused together.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from dmoe_models.files.plain_json import plain
from dmoe_models.input_checks import quote
from dmoe_models.studies.design import Task
from dmoe_models.studies.study import Column, StudyError


class RecordError(StudyError):
    """Rows that are not as a study's rows should be."""


_INFINITIES = {"Infinity": math.inf, "-Infinity": -math.inf}
"""An infinity comes as a word from the worker."""


def records(task: Task, rows: Any, columns: Sequence[Column]) -> list[list[Any]]:
    """Return a task's rows as lists of what SQLite keeps, in the order of the columns.

    Parameters
    ----------
    task : Task
    rows : sequence of mapping
        `seed` and columns; what is missing is NULL.
    columns : sequence of Column

    Raises
    ------
    RecordError
        For anything but rows, a column that there is not, a value of another kind, a seed that is
        not the task's, or one that has no row.
    """
    if not isinstance(rows, Sequence) or not all(isinstance(row, Mapping) for row in rows):
        raise RecordError(f"the task gave {quote(rows)}, no rows")
    names = {column.name for column in columns}
    seeds = range(task.first_seed, task.first_seed + task.seeds)
    for row in rows:
        for name in row:
            if name not in names:
                raise RecordError(f"a row has {quote(name)}, which is no column")
        if row.get("seed") not in seeds:
            raise RecordError(f"a row has seed {quote(row.get('seed'))}, which is not the task's")
    found = {row["seed"] for row in rows}
    if len(found) < len(seeds):
        raise RecordError(f"seed {next(seed for seed in seeds if seed not in found)} has no row")
    cell = {"cell": task.cell.number}
    return [[_stored(column, {**row, **cell}) for column in columns] for row in rows]


def _stored(column: Column, row: Mapping[str, Any]) -> Any:
    """Return a row's value as SQLite keeps it; what is not a number and what is missing is NULL."""
    value = plain(row.get(column.name))
    if value is None:
        return "" if column.name in ("status", "reason") else None
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if column.kind == "text" and isinstance(value, str):
        return writable(value)
    if column.kind == "real" and isinstance(value, str) and value in _INFINITIES:
        return _INFINITIES[value]
    if column.kind == "real" and number and abs(value) <= sys.float_info.max:
        return float(value)
    if column.kind == "whole" and number and value == int(value) and abs(value) < 2**63:
        return int(value)
    if column.kind == "truth" and isinstance(value, bool):
        return int(value)
    raise RecordError(
        f"a row has {column.name} = {quote(value)}, which is not of kind {column.kind}"
    )


def writable(text: str) -> str:
    """Return a text that has a form in UTF-8: halves of characters, which have none, are named."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def typed(columns: Sequence[Column], values: list[Any]) -> pd.DataFrame:
    """Return rows with the types of their columns; what is missing is NaN or <NA>.

    Parameters
    ----------
    columns : sequence of Column
    values : list
        Rows, as SQLite gives them.
    """
    table = pd.DataFrame(values, columns=[column.name for column in columns], dtype=object)
    kinds: dict[str, Any] = {
        "whole": "Int64",
        "real": np.float64,
        "truth": "boolean",
        "text": object,
    }
    for column in columns:
        entries = table[column.name]
        if column.kind == "real":
            entries = entries.where(entries.notna(), np.nan)
        elif column.kind == "truth":
            entries = entries.map(bool, na_action="ignore")
        table[column.name] = entries.astype(kinds[column.kind])
    for name in ("cell", "seed"):
        table[name] = table[name].astype(np.int64)
    return table
