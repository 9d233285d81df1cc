"""Turn what a user hands over into numbers of exactly one kind, or name what is wrong.

Python converts generously: ``True`` counts as 1 and ``float("3")`` is 3.0. Data that decides what
is optimal must not be converted by accident. Arrays: `dmoe_models.model.arrays`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from dmoe_models.errors import DmoeError, InstanceError

REAL = (int, float, np.integer, np.floating)
"""Types of real numbers; bool is an int to Python, and has to be told apart."""
WHOLE = (int, np.integer)


def is_bool(value: Any) -> bool:
    """Say whether a value is one of Python's or numpy's truth values."""
    return isinstance(value, (bool, np.bool_))


def quote(value: Any) -> str:
    """Return a value as text for an error message, shortened so that the message stays one line.

    Python refuses to print integers of thousands of digits, so these are described instead.
    """
    if isinstance(value, int) and not is_bool(value) and value.bit_length() > 200:
        return f"an integer of about {int(value.bit_length() * math.log10(2))} digits"
    try:
        text = " ".join(repr(value).split())
    except ValueError:  # such an integer inside a list
        text = f"a {type(value).__name__} with an integer of thousands of digits"
    return text if len(text) <= 60 else text[:57] + "..."


def at(field: str, index: tuple[int, ...]) -> str:
    """Name an entry of a field, as in ``gate_scores[3,0]``.

    Parameters
    ----------
    field : str
    index : tuple of int
        Empty for the field itself.
    """
    return f"{field}[{','.join(str(int(i)) for i in index)}]" if index else field


def unicode_text(field: str, value: str, error: type[DmoeError] = InstanceError) -> str:
    """Return a text that can be written: half of a surrogate pair alone is no character.

    Parameters
    ----------
    field : str
        As the message calls it.
    value : str
    error : type
        What to raise.
    """
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise error(f"{field} = {quote(value)} is not Unicode text (a lone surrogate)") from None
    return value


def real_number(field: str, value: Any) -> float:
    """Return `value` as a finite float; raise InstanceError for anything else.

    Parameters
    ----------
    field : str
        As the message calls it.
    value : object
        As it was handed over.
    """
    if is_bool(value) or not isinstance(value, REAL):
        raise InstanceError(f"{field} = {quote(value)} is not a real number")
    try:
        number = float(value) + 0.0
    except OverflowError:
        raise InstanceError(f"{field} = {quote(value)} is too large") from None
    if not math.isfinite(number):
        raise InstanceError(f"{field} = {number} is not finite")
    return number


def whole_number(field: str, value: Any) -> int:
    """Return `value` as an int; raise InstanceError for anything else.

    Parameters
    ----------
    field : str
        As the message calls it.
    value : object
        As it was handed over.
    """
    if is_bool(value) or not isinstance(value, WHOLE):
        raise InstanceError(f"{field} = {quote(value)} is not a whole number")
    return int(value)


def refuse_where(
    field: str,
    array: np.ndarray,
    wrong: np.ndarray,
    reason: str,
    error: type[DmoeError] = InstanceError,
) -> None:
    """Raise `error` for the first entry of `array` where `wrong` is true.

    Parameters
    ----------
    field : str
    array : array
    wrong : bool array
        Of the shape of `array`.
    reason : str
        What the message says after the entry and its value.
    error : type
        What to raise.
    """
    if wrong.any():
        index = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise error(f"{at(field, index)} = {array[index]} {reason}")


def whole_at_least(name: str, value: Any, least: int) -> int:
    """Return a parameter that must be a whole number of at least `least`.

    Parameters
    ----------
    name : str
        As the message calls it.
    value : object
        As it was handed over.
    least : int
    """
    number = whole_number(name, value)
    if number < least:
        raise InstanceError(f"{name} = {quote(number)} is below {least}")
    return number


def fraction(name: str, value: Any) -> float:
    """Return a parameter that must lie in [0, 1).

    Parameters
    ----------
    name : str
        As the message calls it.
    value : object
        As it was handed over.
    """
    number = real_number(name, value)
    if not 0 <= number < 1:
        raise InstanceError(f"{name} = {number} is outside [0, 1)")
    return number


def positive(name: str, value: Any) -> float:
    """Return a parameter that must be positive.

    Parameters
    ----------
    name : str
        As the message calls it.
    value : object
        As it was handed over.
    """
    number = real_number(name, value)
    if number <= 0:
        raise InstanceError(f"{name} = {number} is not positive")
    return number


def not_negative(name: str, value: Any) -> float:
    """Return a parameter that must be zero or more.

    Parameters
    ----------
    name : str
        As the message calls it.
    value : object
        As it was handed over.
    """
    number = real_number(name, value)
    if number < 0:
        raise InstanceError(f"{name} = {number} is negative")
    return number


def within(name: str, value: Any, least: float, greatest: float) -> float:
    """Return a parameter that must lie between two numbers, both allowed.

    Parameters
    ----------
    name : str
        As the message calls it.
    value : object
        As it was handed over.
    least, greatest : float
    """
    number = real_number(name, value)
    if not least <= number <= greatest:
        raise InstanceError(f"{name} = {number} is outside {least:g} to {greatest:g}")
    return number


def one_of(name: str, value: Any, allowed: Iterable[str]) -> str:
    """Return a parameter that must be one of some words.

    Parameters
    ----------
    name : str
        As the message calls it.
    value : object
        As it was handed over.
    allowed : iterable of str
    """
    words = list(allowed)
    if not isinstance(value, str) or value not in words:
        raise InstanceError(f"{name} = {quote(value)} is not one of {', '.join(words)}")
    return value


def true_or_false(name: str, value: Any) -> bool:
    """Return a parameter that must be a truth value.

    Parameters
    ----------
    name : str
        As the message calls it.
    value : object
        As it was handed over.
    """
    if not isinstance(value, bool):
        raise InstanceError(f"{name} = {quote(value)} is not true or false")
    return value
