"""Turn what a user hands over into arrays of exactly one kind, or name the entry that is wrong.

numpy converts generously: ``True`` becomes 1.0, ``"3"`` becomes 3.0, what lies under a mask becomes
data, and a ragged list fails with a text about shapes. Data that decides what is optimal must not
be converted by accident, so the functions here look at every entry first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from dmoe_models.errors import DmoeError, InstanceError
from dmoe_models.input_checks import REAL, WHOLE, at, is_bool, quote
from dmoe_models.values.frozen import sealed


def _entries(
    field: str, value: Any, kinds: tuple[type, ...], wanted: str, error: type[DmoeError]
) -> np.ndarray:
    """Return nested sequences as an object array whose every entry is of one of the `kinds`."""
    try:
        entries = np.asarray(value, dtype=object)
    except ValueError:
        raise error(_irregular(field, value)) from None
    if {type(entry) for entry in entries.flat} <= {int, float} and kinds is REAL:
        return entries
    for index, entry in np.ndenumerate(entries):
        if _is_row(entry):
            raise error(_irregular(field, value))
        if is_bool(entry) or not isinstance(entry, kinds):
            raise error(f"{at(field, index)} = {quote(entry)} is not {wanted}")
    return entries


def _is_row(value: Any) -> bool:
    return isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim > 0)


def _without_masks(field: str, value: Any, error: type[DmoeError]) -> Any:
    """Return anything that is like an array as one; refuse it where an entry is masked.

    Under a mask lies an arbitrary number, which numpy hands out as soon as the mask is lost.

    Parameters
    ----------
    field : str
        As the message calls it.
    value : object
        An array, or nested lists, which may hold masked arrays and `numpy.ma.masked` themselves.
    error : type
        What to raise.
    """
    if hasattr(value, "__array__") and not isinstance(value, np.generic):
        try:
            value = np.asanyarray(value)
        except (TypeError, ValueError, RuntimeError) as fault:
            reason = " ".join(str(fault).split())[:80]
            raise error(f"{field}: cannot be taken as an array ({reason})") from None
    index = _first_masked(value)
    if index is not None:
        raise error(f"{at(field, index)} is missing (masked, or never written)")
    return np.asarray(value) if isinstance(value, np.ndarray) else value


def _first_masked(value: Any) -> tuple[int, ...] | None:
    """Return where the first masked entry of an array or of nested sequences is, if there is one.

    Rows of plain numbers are not looked into: nothing in them can be masked.
    """
    if isinstance(value, np.ma.MaskedArray):
        masked = np.argwhere(np.ma.getmaskarray(value))
        return tuple(int(i) for i in masked[0]) if len(masked) else None
    if not isinstance(value, (list, tuple)):
        return None
    for position, entry in enumerate(value):
        if isinstance(entry, (list, tuple, np.ma.MaskedArray)):
            inner = _first_masked(entry)
            if inner is not None:
                return (position, *inner)
    return None


def _irregular(field: str, value: Any) -> str:
    """Say where nested rows first differ from most others of their level in length or depth.

    Parameters
    ----------
    field : str
        As the message calls it.
    value : nested sequences
    """
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
    kinds, dtype_kinds, dtype = (WHOLE, "iu", np.int64) if whole else (REAL, "fiu", np.float64)
    wanted = "a whole number" if whole else "a real number"
    value = _without_masks(field, value, error)
    if isinstance(value, np.ndarray) and value.dtype != object:
        if value.dtype.kind not in dtype_kinds:
            example = _first_fraction(field, value) if value.dtype.kind == "f" else ""
            raise error(f"{field}: entries of type {value.dtype}, each must be {wanted}{example}")
        array = value
    else:
        array = _entries(field, value, kinds, wanted, error)
    if array.ndim != ndim:
        raise error(f"{field}: expected {ndim} dimension(s), got shape {array.shape}")
    try:
        with np.errstate(over="ignore"):  # a longer double becomes infinite, which no field takes
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


def _first_fraction(field: str, array: np.ndarray) -> str:
    """Name the first entry that is NaN, infinite or a fraction, for a message, if there is one."""
    where = np.argwhere(~(np.isfinite(array) & (array == np.floor(array))))
    index = tuple(int(i) for i in where[0]) if len(where) else ()
    return f": {at(field, index)} = {array[index]}" if index else ""


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


def truth_array(
    field: str, value: Any, ndim: int, error: type[DmoeError] = InstanceError
) -> np.ndarray:
    """Return `value` as a read-only bool array of `ndim` dimensions (a copy); 1 and 0 are truths.

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
        Of class `error`, naming the first entry that is neither true nor false.
    """
    wanted = "entries must be true or false (or 0 and 1)"
    value = _without_masks(field, value, error)
    try:
        array = np.array(value, order="C")
    except ValueError:
        raise error(
            f"{field}: rows differ in length or depth: {_irregular(field, value)}"
        ) from None
    if array.ndim != ndim:
        raise error(f"{field}: expected {ndim} dimensions, got shape {array.shape}")
    if array.dtype.kind not in "biufO":
        raise error(f"{field}: {wanted}, not of type {array.dtype}")
    if array.dtype == object:  # None and pandas.NA compare in ways of their own
        truths = [isinstance(one, (*REAL, np.bool_)) and one in (0, 1) for one in array.flat]
    else:
        truths = ((array == 0) | (array == 1)).ravel().tolist()
    if not all(truths):
        index = tuple(int(i) for i in np.unravel_index(truths.index(False), array.shape))
        entry = array[index].item() if isinstance(array[index], np.generic) else array[index]
        raise error(f"{field}: {wanted}, not {at(field, index)} = {quote(entry)}")
    result = array.astype(bool)
    return sealed(result)
