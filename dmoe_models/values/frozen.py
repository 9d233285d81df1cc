"""Arrays, dicts and lists that can be read like any other, and not changed."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from types import NoneType
from typing import Any

import numpy as np
import pandas as pd

_AS_THEY_ARE = {str, int, float, bool, NoneType}


class FrozenDict(dict[Any, Any]):
    """A dict that can be read and serialised like any other, and not changed."""

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("a part of a value is immutable; make another value with its replace()")

    __setitem__ = __delitem__ = clear = pop = popitem = setdefault = update = _refuse
    __ior__ = _refuse

    def __reduce__(self) -> Any:
        return (frozen, (dict(self),))

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[Any, Any]:
        """Return a plain dict: a copy of a part is its owner's own."""
        return {key: copy.deepcopy(entry, memo) for key, entry in self.items()}


class FrozenList(list[Any]):
    """A list that can be read, compared and serialised like any other, and not changed."""

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("a part of a value is immutable; make another value with its replace()")

    __setitem__ = __delitem__ = append = extend = insert = pop = remove = clear = _refuse
    sort = reverse = _refuse
    __iadd__ = __imul__ = _refuse

    def __reduce__(self) -> Any:
        return (frozen, (list(self),))

    def __deepcopy__(self, memo: dict[int, Any]) -> list[Any]:
        """Return a plain list: a copy of a part is its owner's own."""
        return [copy.deepcopy(entry, memo) for entry in self]


def sealed(array: np.ndarray) -> np.ndarray:
    """Return an array's numbers for reading only.

    They are held by a `bytes`, which nobody can write to: an array that owns its memory, or is a
    view of one that does, could be made writable again.

    Parameters
    ----------
    array : array
        It is copied. Of objects, the array is a view of one that is not writable.
    """
    if array.dtype.hasobject:
        owner = np.array(array)
        owner.setflags(write=False)
        return owner.view()
    return np.ndarray(array.shape, array.dtype, array.tobytes())


def frozen(value: Any) -> Any:
    """Return a value that later changes of `value` do not reach, and that cannot be changed.

    Arrays and tables are copied; mappings become `FrozenDict`, lists `FrozenList`, and so on all
    the way down. What is none of these is taken to be immutable, or its owner's affair.

    Parameters
    ----------
    value : object
    """
    if type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, np.ndarray):
        return sealed(value)
    if isinstance(value, (pd.DataFrame, pd.Series)):
        return value.copy()
    if isinstance(value, Mapping):
        return FrozenDict({key: frozen(entry) for key, entry in value.items()})
    if isinstance(value, list):
        return FrozenList(map(frozen, value))
    if isinstance(value, tuple):
        parts = map(frozen, value)
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if isinstance(value, set):
        return frozenset(value)
    return value
