"""Any value as plain JSON, and records back from it, guided by the types of a dataclass.

A field's type says what may stand in the file: text, truth, whole and real numbers, dicts, lists
and tuples of these, and dataclasses among them. Of real numbers, null is NaN and the strings
"Infinity" and "-Infinity" are infinities, as `plain` writes them. ``Annotated[type, check]`` adds a
condition: ``check(where, value)`` raises FileError where the value does not meet it.
"""

from __future__ import annotations

import datetime
import math
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from functools import cache
from typing import (
    Annotated,
    Any,
    NamedTuple,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import numpy as np

from dmoe_models.errors import DmoeError, FileError
from dmoe_models.input_checks import quote, real_number, whole_number

Record = TypeVar("Record")
_Decoder = Callable[[str, Any], Any]


def plain(value: Any) -> Any:
    """Return a value as plain JSON: NaN becomes null, an infinity the string "Infinity"."""
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


# ---------------------------------------------------------------------------------- conditions


def _not_nan(where: str, value: float) -> None:
    if math.isnan(value):  # which null stands for
        raise FileError(f"{where} = None is not a real number")


def _finite(where: str, value: float) -> None:
    _not_nan(where, value)
    if math.isinf(value):
        raise FileError(f"{where} = {value} is not finite")


def _not_negative(where: str, value: float) -> None:
    if value < 0:
        raise FileError(f"{where} = {quote(value)} is negative")


def _date(where: str, value: str) -> None:
    try:
        if value:
            datetime.date.fromisoformat(value)
    except ValueError:
        raise FileError(f"{where} = {quote(value)} is not a date") from None


Finite = Annotated[float, _finite]
"""A real number."""

Bound = Annotated[float, _not_nan]
"""A real number or an infinity: a lower bound, -inf for none, +inf for "there is no solution"."""

Amount = Annotated[float, _finite, _not_negative]
"""A real number of at least 0."""

Count = Annotated[int, _not_negative]
"""A whole number of at least 0."""

Date = Annotated[str, _date]
"""A date in ISO 8601, or nothing."""

# ------------------------------------------------------------------------------------- decoding


def decode(kind: type[Record], content: Any, where: str = "") -> Record:
    """Return a dataclass of some kind from plain JSON, its values checked by their types.

    Parameters
    ----------
    kind : type
        A dataclass.
    content : dict
        As parsed; a field that has a default may be missing.
    where : str
        What faults call the content, as in ``run`` for ``run.time_s``; empty for a whole document.

    Raises
    ------
    FileError
        In one line that names the key and the value, for what is unknown, missing or of the wrong
        kind.
    """
    if not isinstance(content, Mapping):
        raise FileError(
            f"{where or 'content'} = {quote(content)} is not a table of keys and values"
        )
    prefix = f"{where}." if where else ""
    make: Any = kind
    known = _fields(make)
    for name in content:
        if name not in known:
            raise FileError(f"unknown key {prefix}{name}; keys are {', '.join(known)}")
    for name, field in known.items():
        if field.required and name not in content:
            raise FileError(f"key {prefix}{name} is missing")
    values = {name: known[name].decoder(prefix + name, content[name]) for name in content}
    record: Record = make(**values)
    return record


class _Field(NamedTuple):
    decoder: _Decoder
    required: bool


@cache
def _fields(kind: type[Any]) -> dict[str, _Field]:
    types_of = get_type_hints(kind, include_extras=True)
    return {
        field.name: _Field(
            _decoder(types_of[field.name]),
            field.default is MISSING and field.default_factory is MISSING,
        )
        for field in fields(kind)
    }


def _decoder(kind: Any) -> _Decoder:
    """Return what decodes a value of some type: called with the value's name and the value."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _checked(_decoder(arguments[0]), arguments[1:])
    if origin in (Union, types.UnionType):
        (one,) = (_decoder(choice) for choice in arguments if choice is not types.NoneType)
        return lambda where, value: None if value is None else one(where, value)
    if origin is tuple or origin is list:
        return _sequence(origin, _decoder(arguments[0]))
    if origin in (dict, Mapping):
        entry = _decoder(arguments[1])
        return lambda where, value: {
            str(key): entry(f"{where}.{key}", one) for key, one in _object(where, value).items()
        }
    if kind in _SCALARS:
        return _SCALARS[kind]
    return lambda where, value: decode(kind, value, where)


def _checked(decoder: _Decoder, checks: tuple[Callable[[str, Any], None], ...]) -> _Decoder:
    def checked(where: str, value: Any) -> Any:
        decoded = decoder(where, value)
        for check in checks:
            check(where, decoded)
        return decoded

    return checked


def _sequence(kind: type[Any], entry: _Decoder) -> _Decoder:
    def sequence(where: str, value: Any) -> Any:
        if not isinstance(value, (list, tuple)):
            raise FileError(f"{where} = {quote(value)} is not a list")
        return kind(entry(f"{where}[{number}]", one) for number, one in enumerate(value))

    return sequence


def _object(where: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise FileError(f"{where} = {quote(value)} is not a table of keys and values")
    return value


def _text(where: str, value: Any) -> str:
    if not isinstance(value, str):
        raise FileError(f"{where} = {quote(value)} is not a text")
    return value


def _truth(where: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise FileError(f"{where} = {quote(value)} is not true or false")
    return value


def _whole(where: str, value: Any) -> int:
    try:
        return whole_number(where, value)
    except DmoeError as error:
        raise FileError(str(error)) from None


def _real(where: str, value: Any) -> float:
    if value is None:
        return math.nan
    if value not in ("Infinity", "-Infinity"):
        try:
            real_number(where, value)
        except DmoeError as error:
            raise FileError(str(error)) from None
    return float(value)


_SCALARS: dict[Any, _Decoder] = {
    str: _text,
    bool: _truth,
    int: _whole,
    float: _real,
    Any: lambda where, value: value,
}
