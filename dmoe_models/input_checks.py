"""Turn what a user hands over into arrays of exactly one kind, or name the entry that is wrong.

numpy converts generously: ``True`` becomes 1.0, ``"3"`` becomes 3.0 and a ragged list fails with a
text about shapes. Data that decides what is optimal must not be converted by accident, so the
functions here look at every entry first.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from dmoe_models.errors import DmoeError, InstanceError
from dmoe_models.values.frozen import sealed

_REAL = (int, float, np.integer, np.floating)
_WHOLE = (int, np.integer)


def _is_bool(value: Any) -> bool:
    return isinstance(value, (bool, np.bool_))


def quote(value: Any) -> str:
    """Return a value as text for an error message, shortened so that the message stays one line.

    Python refuses to print integers of thousands of digits, so these are described instead.
    """
    if isinstance(value, int) and not _is_bool(value) and value.bit_length() > 200:
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


def _entries(
    field: str, value: Any, kinds: tuple[type, ...], wanted: str, error: type[DmoeError]
) -> np.ndarray:
    """Return nested sequences as an object array whose every entry is of one of the `kinds`."""
    try:
        entries = np.asarray(value, dtype=object)
    except ValueError:
        raise error(_irregular(field, value)) from None
    if {type(entry) for entry in entries.flat} <= {int, float} and kinds is _REAL:
        return entries
    for index, entry in np.ndenumerate(entries):
        if _is_row(entry):
            raise error(_irregular(field, value))
        if _is_bool(entry) or not isinstance(entry, kinds):
            raise error(f"{at(field, index)} = {quote(entry)} is not {wanted}")
    return entries


def _is_row(value: Any) -> bool:
    return isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim > 0)


def _irregular(field: str, value: Any) -> str:
    """Say where nested rows first differ from most others of their level in length or depth."""
    level: dict[tuple[int, ...], Any] = {(): value}
    while level:
        forms = {index: len(row) if _is_row(row) else -1 for index, row in level.items()}
        usual = Counter(forms.values()).most_common(1)[0][0]
        pattern = next(index for index, form in forms.items() if form == usual)
        for index, form in forms.items():
            if form == usual:
                continue
            if usual < 0:
                return f"{at(field, index)}: a row where {at(field, pattern)} is a number (depth)"
            if form < 0:
                return f"{at(field, index)} = {quote(level[index])}: expected a row (depth)"
            return f"{at(field, index)}: length {form}, but {at(field, pattern)} has length {usual}"
        if usual < 0:
            break
        level = {
            (*index, position): entry
            for index, row in level.items()
            for position, entry in enumerate(row)
        }
    return f"{field}: rows differ in length or depth"


def _array(
    field: str,
    value: Any,
    ndim: int,
    *,
    whole: bool,
    error: type[DmoeError],
) -> np.ndarray:
    kinds, dtype_kinds, dtype = (_WHOLE, "iu", np.int64) if whole else (_REAL, "fiu", np.float64)
    wanted = "a whole number" if whole else "a real number"
    if hasattr(value, "__array__") and not isinstance(value, np.generic):
        value = np.asarray(value)
    if isinstance(value, np.ndarray) and value.dtype != object:
        if value.dtype.kind not in dtype_kinds:
            raise error(f"{field}: entries of type {value.dtype}, each must be {wanted}")
        array = value
    else:
        array = _entries(field, value, kinds, wanted, error)
    if array.ndim != ndim:
        raise error(f"{field}: expected {ndim} dimension(s), got shape {array.shape}")
    try:
        result = np.array(array, dtype=dtype, order="C")
    except OverflowError:
        convert: Callable[[Any], Any] = dtype
        for index, entry in np.ndenumerate(array):
            try:
                convert(entry)
            except OverflowError:
                raise error(f"{at(field, index)} = {quote(entry)} is too large") from None
        raise
    if not whole:
        np.add(result, 0.0, out=result)  # -0.0 becomes 0.0: one value, one representation, one hash
    return sealed(result)


def real_array(
    field: str, value: Any, ndim: int, error: type[DmoeError] = InstanceError
) -> np.ndarray:
    """Return `value` as a read-only float64 array of `ndim` dimensions (a copy).

    Parameters
    ----------
    field : str
        As the message calls it.
    value : object
        As it was handed over.
    ndim : int
    error : type
        What to raise.

    Raises
    ------
    DmoeError
        Of class `error`, naming the first entry that is not a real number.
    """
    return _array(field, value, ndim, whole=False, error=error)


def whole_array(
    field: str, value: Any, ndim: int, error: type[DmoeError] = InstanceError
) -> np.ndarray:
    """Return `value` as a read-only int64 array of `ndim` dimensions (a copy).

    Parameters
    ----------
    field : str
        As the message calls it.
    value : object
        As it was handed over.
    ndim : int
    error : type
        What to raise.

    Raises
    ------
    DmoeError
        Of class `error`, naming the first entry that is not a whole number.
    """
    if isinstance(value, np.ndarray) and value.dtype == np.uint64 and value.size:
        value = value.astype(object)  # so that an overflow is noticed, not wrapped
    return _array(field, value, ndim, whole=True, error=error)


def real_number(field: str, value: Any) -> float:
    """Return `value` as a finite float; raise InstanceError for anything else.

    Parameters
    ----------
    field : str
        As the message calls it.
    value : object
        As it was handed over.
    """
    if _is_bool(value) or not isinstance(value, _REAL):
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
    if _is_bool(value) or not isinstance(value, _WHOLE):
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
