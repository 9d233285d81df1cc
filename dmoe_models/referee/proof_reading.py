"""Read what stands in a proof: values of the right kind, or a refusal that says where.

The referee shares no code with what it judges, so it brings its own checks of values.
"""

from __future__ import annotations

import math
from typing import Any


class RefusedError(Exception):
    """A proof is not one; the text says where and why."""


def quote(value: Any) -> str:
    """Return a value as text for a refusal, shortened to 60 characters of one line.

    Python refuses to print integers of thousands of digits, so these are described instead.
    """
    if type(value) is int and value.bit_length() > 200:
        return f"an integer of about {int(value.bit_length() * math.log10(2))} digits"
    try:
        text = " ".join(repr(value).split())
    except ValueError:  # such an integer inside a list
        text = f"a {type(value).__name__} with an integer of thousands of digits"
    return text if len(text) <= 60 else text[:57] + "..."


def member(value: Any, name: str) -> Any:
    """Return an entry of a JSON object; RefusedError where there is none.

    Parameters
    ----------
    value : object
        As parsed.
    name : str
        Key of the entry.
    """
    if not isinstance(value, dict) or name not in value:
        raise RefusedError(f"{name} is missing")
    return value[name]


def list_of(value: Any, where: str, length: int | None = None) -> list[Any]:
    """Return a JSON list, of some length; RefusedError for anything else.

    Parameters
    ----------
    value : object
        As parsed.
    where : str
        What the refusal calls it.
    length : int, optional
    """
    if not isinstance(value, (list, tuple)) or (length is not None and len(value) != length):
        size = "" if length is None else f" of {length}"
        raise RefusedError(f"{where}: {quote(value)} is not a list{size}")
    return list(value)


def index(value: Any, where: str, count: int) -> int:
    """Return a whole number from 0 to count - 1; RefusedError for anything else.

    Parameters
    ----------
    value : object
        As parsed.
    where : str
        What the refusal calls it.
    count : int
    """
    if type(value) is not int or not 0 <= value < count:
        raise RefusedError(f"{where}: {quote(value)} is not from 0 to {count - 1}")
    return value


def price(value: Any, where: str) -> float:
    """Return a finite number that is not negative; RefusedError for anything else.

    Parameters
    ----------
    value : object
        As parsed.
    where : str
        What the refusal calls it.
    """
    if type(value) not in (int, float) or not 0 <= value < math.inf:  # NaN fails as well
        raise RefusedError(f"{where}: {quote(value)} is not a finite price of at least 0")
    try:
        return float(value)
    except OverflowError:
        raise RefusedError(f"{where}: {quote(value)} is too large") from None
