"""How code is compiled by numba, where that has to work without a folder for its cache too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit


def compiled(**options: bool) -> Callable[[Callable[..., Any]], Any]:
    """Compile on first call, cached where that is possible, to run without Python's lock.

    Never with fastmath: sums must be IEEE. With ``_nrt=False`` numba does not count the references
    to arrays, which costs more than the work where small functions call each other, and most where
    threads share the arrays. Such code must not make arrays, and its caller has to hold those that
    it is given.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        try:
            return njit(cache=True, nogil=True, error_model="numpy", **options)(function)
        except RuntimeError:  # numba finds no folder that it may write to
            return njit(nogil=True, error_model="numpy", **options)(function)

    return decorate
