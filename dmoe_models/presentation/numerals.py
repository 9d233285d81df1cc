"""Numbers of a study as people read them: as many digits as an interval has meaning for.

Rounding never claims too much: what is not 0 is not written as 0, and what is not 1, or 100 %, is
not written as that.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

NOTHING = "-"
"""A cell without a value."""

_MOST, _NEAR_ONE = 6, 10
"""Decimals, of a number close to 1 more; what needs more still is written with an exponent."""

_PREFIXES = {-4: "p", -3: "n", -2: "µ", -1: "m", 0: "", 1: "k", 2: "M"}


def labels(values: Iterable[Any]) -> list[str]:
    """Write what says what lines are about: truths as yes or no, numbers in as few digits as do.

    Values that differ are written differently, as far as twelve digits can.
    """
    values = list(values)
    for digits in (6, 12):
        found = [_label(value, digits) for value in values]
        if len(set(found)) == len(set(map(str, values))):
            break
    return found


def _label(value: Any, digits: int) -> str:
    if pd.isna(value):
        return NOTHING
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    return f"{value:.{digits}g}" if isinstance(value, (float, np.floating)) else str(value)


def figure(value: float, low: float, high: float, factor: float = 1.0) -> str:
    """Write an estimate and its interval, to two digits of half the interval's length.

    Parameters
    ----------
    value, low, high : float
        NaN for what is not known.
    factor : float
        By which numbers are multiplied: 100 for percent.

    Returns
    -------
    str
        Such as ``98.4 [96.0, 99.6]``.
    """
    if math.isnan(value):
        return NOTHING
    reach = [abs(end - value) for end in (low, high) if math.isfinite(end - value)]
    half = factor * sum(reach) / len(reach) if reach else 0.0
    if half > 0:
        digits = 1 - math.floor(math.log10(half))
        written, *ends = [_written(number, factor, digits) for number in (value, low, high)]
    else:
        written, *ends = [measure(number, factor) for number in (value, low, high)]
    return f"{written} [{NOTHING if ends == [NOTHING] * 2 else ', '.join(ends)}]"


def measure(value: Any, factor: float = 1.0) -> str:
    """Write what has no interval: a number to four digits, a count in full, a truth as yes or no.

    Parameters
    ----------
    value : number, bool or str
    factor : float
        As for `figure`.
    """
    if pd.isna(value) or isinstance(value, (bool, np.bool_, str)):
        return _label(value, 4)
    number = float(value)
    size = abs(factor * number)
    if size == 0 or math.isinf(size):
        return _written(number, factor, 0)
    if number.is_integer() and factor == 1 and size < 1e15:
        return f"{number:,.0f}"
    short = f"{factor * number:.4g}"
    if float(short) == float(f"{factor * number:.15g}"):
        return short
    digits = 3 - math.floor(math.log10(size))
    if factor == 100 and 0 < number < 1:  # what is missing to all is as telling
        digits = max(digits, 1 - math.floor(math.log10(100 * (1 - number))))
    return _written(number, factor, digits)


def _written(value: float, factor: float, digits: int) -> str:
    """Write a number to so many decimals, and to more where it would look like 0 or 1."""
    if math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    scaled = factor * value
    if value in (0, 1):
        return f"{scaled:.0f}"
    if abs(value - 1) < 0.1:
        return _unlike(factor, scaled, digits, _NEAR_ONE) or ("<>"[value > 1] + f"{factor:.0f}")
    if digits > _MOST and abs(scaled) < 10.0 ** (1 - _MOST):
        return f"{scaled:.2g}"
    return _unlike(0.0, scaled, digits, _MOST) or f"{scaled:.2g}"


def _unlike(mark: float, number: float, digits: int, most: int) -> str:
    for decimals in range(min(max(0, digits), most), most + 1):
        text = f"{number:,.{decimals}f}"
        if float(text.replace(",", "")) != mark:
            return text
    return ""


def prefixed(values: Iterable[float], unit: str) -> tuple[str, float]:
    """Return the unit in which values are read well, and by what they are multiplied for it.

    Parameters
    ----------
    values : iterable of float
        In `unit`; what is 0 or not finite has no say.
    unit : str
        Such as "J".
    """
    sizes = sorted(abs(value) for value in values if math.isfinite(value) and value != 0)
    if not sizes:
        return unit, 1.0
    step = math.floor(math.log10(sizes[len(sizes) // 2]) / 3)
    step = min(max(step, min(_PREFIXES)), max(_PREFIXES))
    return _PREFIXES[step] + unit, 10.0 ** (-3 * step)
