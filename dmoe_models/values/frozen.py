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
    """Return a new array's numbers for reading only.

    What is returned looks at them through a memory view that nobody can write through. A mere view
    of an array can be made writable again, as soon as its base is.

    Parameters
    ----------
    array : array
        That nobody else holds; it is not copied unless its numbers do not lie in a row. One of
        objects has no such memory view, and is returned as a view that is not writable.
    """
    array.setflags(write=False)
    if array.dtype.hasobject:
        return array.view()
    numbers = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    return np.frombuffer(numbers.data.toreadonly(), array.dtype).reshape(array.shape)


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
        return sealed(np.array(value))
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
