"""Numbers of a study as people read them: as many digits as an interval has meaning for.

Rounding never claims too much: what is not 0 is not written as 0, and a share that is not 1 is
never written as 100 %.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

NOTHING = "-"
"""A cell without a value."""

_MOST = 8
"""Decimals; what needs more is written with an exponent."""

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


def figure(value: float, low: float, high: float, unit: str = "", factor: float = 1.0) -> str:
    """Write an estimate and its interval, to two digits of half the interval's length.

    Parameters
    ----------
    value, low, high : float
        NaN for what is not known.
    unit : str
        "%" for a share, `factor` being 100: then nothing but 1 is written as 100.
    factor : float
        By which numbers are multiplied.

    Returns
    -------
    str
        Such as ``98.4 [96.0, 99.6]``.
    """
    if math.isnan(value):
        return NOTHING
    reach = [abs(end - value) for end in (low, high) if math.isfinite(end)]
    half = factor * sum(reach) / len(reach) if reach and math.isfinite(value) else 0.0
    if half == 0:
        ends = [measure(end, unit, factor) for end in (low, high)]
        written = measure(value, unit, factor)
    else:
        digits = 1 - math.floor(math.log10(half))
        ends = [_written(end, unit, factor, digits) for end in (low, high)]
        written = _written(value, unit, factor, digits)
    return f"{written} [{', '.join(ends)}]" if ends != [NOTHING] * 2 else f"{written} [{NOTHING}]"


def measure(value: Any, unit: str = "", factor: float = 1.0) -> str:
    """Write what has no interval: a number to four digits, a count in full, a truth as yes or no.

    Parameters
    ----------
    value : number, bool or str
    unit, factor
        As for `figure`.
    """
    if pd.isna(value) or isinstance(value, (bool, np.bool_, str)):
        return _label(value, 4)
    number = float(value)
    size = abs(factor * number)
    if size == 0 or math.isinf(size):
        return _written(number, unit, factor, 0)
    if number.is_integer() and factor == 1 and size < 1e15:
        return f"{number:,.0f}"
    if float(f"{size:.4g}") == float(f"{size:.12g}"):
        return f"{factor * number:.4g}"
    digits = 3 - math.floor(math.log10(size))
    if unit == "%" and 0 < number < 1:  # what is missing to all is as telling
        digits = max(digits, 1 - math.floor(math.log10(100 * (1 - number))))
    return _written(number, unit, factor, digits)


def _written(value: float, unit: str, factor: float, digits: int) -> str:
    """Write a number to so many decimals, and more where it would look like 0 or all."""
    if math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    whole = (0.0, 1.0) if unit == "%" else (0.0,)
    if value in whole:
        return f"{factor * value:.0f}"
    marks = [factor * mark for mark in whole]
    for decimals in range(max(0, digits), _MOST + 1):
        text = f"{factor * value:,.{decimals}f}"
        if float(text.replace(",", "")) not in marks:
            return text
    if unit == "%" and value > 0.5:
        return ("<" if value < 1 else ">") + f"{marks[1]:.0f}"
    return f"{factor * value:.2g}"


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
