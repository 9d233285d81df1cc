"""What every record of a result is: a `Value`, made once by its constructor and never changed.

A frozen dataclass alone refuses ``report.total_j = 0``, and nothing else: its arrays and lists can
be written to, and a copy or a pickle of it passes by its constructor and takes along, beside
writable arrays, whatever was worked out from the numbers as they were before. A `Value` freezes its
fields, and a copy of one is made by its constructor, from its fields.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd

from dmoe_models.values.frozen import FrozenDict, frozen


class Value:
    """Base of dataclasses that are values; write ``@dataclass(frozen=True, eq=False)`` above them.

    Two are equal where they are of one class and all their fields are equal; NaN equals NaN here,
    as otherwise no copy of a record without an energy would equal it. A class that checks its
    fields itself has to store frozen ones, see `dmoe_models.values.frozen`.
    """

    def __post_init__(self) -> None:
        for name, value in _contents(self).items():
            object.__setattr__(self, name, frozen(value))

    def __reduce__(self) -> Any:
        return (_made, (type(self), _contents(self)))

    def __setstate__(self, state: Any) -> None:
        raise TypeError(f"a {type(self).__name__} is made by its constructor, not from a state")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return _same(_contents(self), _contents(other))

    def __hash__(self) -> int:
        return hash((type(self), _mark(_contents(self))))


class TableValue(Value):
    """A `Value` that holds tables: every look at one is at a copy, which is the reader's own.

    pandas cannot freeze a table.
    """

    def __getattribute__(self, name: str) -> Any:
        value = object.__getattribute__(self, name)
        if isinstance(value, FrozenDict) and any(_is_table(one) for one in value.values()):
            return FrozenDict({key: _lent(one) for key, one in value.items()})
        return _lent(value)


def _is_table(value: Any) -> bool:
    return isinstance(value, pd.DataFrame)


def _lent(value: Any) -> Any:
    return value.copy() if _is_table(value) else value


def _contents(value: Any) -> dict[str, Any]:
    """Return the fields that a value was made from."""
    return {field.name: getattr(value, field.name) for field in fields(value) if field.init}


def _made(kind: type[Value], contents: dict[str, Any]) -> Value:
    """Return a value from its fields, checked like any other: what copies and pickles call."""
    return kind(**contents)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return _same_arrays(one, other)
    if isinstance(one, pd.DataFrame):
        return isinstance(other, pd.DataFrame) and one.equals(other)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        alike = isinstance(one, list) == isinstance(other, list) and len(one) == len(other)
        return alike and all(map(_same, one, other))
    return bool(one is other or (_is_nan(one) and _is_nan(other)) or one == other)


def _is_nan(value: Any) -> bool:
    return isinstance(value, (float, np.floating)) and bool(value != value)


def _same_arrays(one: Any, other: Any) -> bool:
    if not isinstance(one, np.ndarray) or not isinstance(other, np.ndarray):
        return False
    if one.shape != other.shape:
        return False
    nan = (one != one) & (other != other)
    return bool(((one == other) | nan).all())


def _mark(value: Any) -> Any:
    """Return something hashable that is equal for equal values, and different for most others."""
    if isinstance(value, np.ndarray):
        return (value.shape, _mark(value.ravel()[:8].tolist()))
    if isinstance(value, pd.DataFrame):
        return value.shape
    if isinstance(value, dict):
        return frozenset((key, _mark(entry)) for key, entry in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(map(_mark, value))
    if _is_nan(value):
        return "NaN"
    try:
        return hash(value)
    except TypeError:  # somebody's own object
        return type(value).__name__
