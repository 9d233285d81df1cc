"""Elementary functions that are the same bits on every machine and with every version of numpy.

``np.exp``, ``np.log`` and ``np.sin`` come from the mathematics library that numpy was built with:
they differ in the last bit between platforms, and a benchmark instance that depends on that bit
has another hash elsewhere. The functions here use only operations that IEEE 754 defines exactly,
elementwise and one at a time, so that nothing is fused or reordered: + - * /, sqrt, comparison,
rint, frexp and ldexp. The series and their coefficients stand below; the accuracy that each
docstring states is tested against 40 digits.

What is left to trust is that the machine follows IEEE 754 in double precision, rounding to
nearest, without flushing subnormal numbers to zero: the defaults of all platforms numpy is
published for.
"""

from __future__ import annotations

import math

import numpy as np

_SQRT_HALF = 0.7071067811865476
_LN2_HIGH = float.fromhex(
    "0x1.62e42feep-1"
)  # 32 bits, so that its product with an exponent is exact
_LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")  # the rest of ln 2
_ATANH_TERMS = 12  # |s| <= 0.1716: the first term left out is below 1e-19 of the whole
_LN10 = 2.302585092994046
_TWO_PI = 6.283185307179586
_LARGEST_EXPONENT = 700.0
# 1/n!, correctly rounded. |r| <= 0.3466: the first term left out is below 1e-17 of the whole.
_EXP_TERMS = [1.0 / math.factorial(n) for n in range(2, 15)]
# |x| <= pi/4: the first terms left out are below 1e-19.
_SINE_TERMS = [(-1.0) ** n / math.factorial(2 * n + 1) for n in range(1, 9)]
_COSINE_TERMS = [(-1.0) ** n / math.factorial(2 * n) for n in range(2, 10)]


def portable_log(x: np.ndarray) -> np.ndarray:
    """Return the natural logarithm, the same bits everywhere, within 1e-15 (relative).

    Parameters
    ----------
    x : array of positive, finite doubles

    Returns
    -------
    array of the same shape

    Notes
    -----
    With x = m 2^e, m in [sqrt(1/2), sqrt(2)), and s = (m - 1) / (m + 1):
    log x = e ln 2 + 2 artanh(s), where artanh(s) = s + s^3/3 + s^5/5 + ...
    Written as f - s (f - 2 R), with f = m - 1 exact and R the series after its first term divided
    by s, the leading part carries no rounding error.
    """
    mantissa, exponent = np.frexp(np.asarray(x, dtype=np.float64))
    small = mantissa < _SQRT_HALF
    mantissa = np.where(small, 2.0 * mantissa, mantissa)
    exponent = np.where(small, exponent - 1, exponent).astype(np.float64)
    f = mantissa - 1.0
    s = f / (2.0 + f)
    square = s * s
    series = np.full(s.shape, 1.0 / (2 * _ATANH_TERMS + 1))
    for term in range(_ATANH_TERMS - 1, 0, -1):
        series = 1.0 / (2 * term + 1) + square * series
    tail = 2.0 * square * series
    # 2 s = f - s f, so 2 artanh(s) = f - s (f - tail).
    result = exponent * _LN2_HIGH + (f - (s * (f - tail) - exponent * _LN2_LOW))
    return np.asarray(result)


def portable_exp(x: np.ndarray | float) -> np.ndarray:
    """Return e to the power x, the same bits everywhere, within 3e-16 (relative).

    Parameters
    ----------
    x : array
        What lies outside -700 to 700 is taken as these.

    Returns
    -------
    array of the same shape

    Notes
    -----
    With x = k ln 2 + r, k whole and |r| <= ln 2 / 2: e^x = 2^k (1 + r + r^2/2! + r^3/3! + ...).
    """
    x = np.clip(np.asarray(x, dtype=np.float64), -_LARGEST_EXPONENT, _LARGEST_EXPONENT)
    whole = np.rint(x / (_LN2_HIGH + _LN2_LOW))
    r = (x - whole * _LN2_HIGH) - whole * _LN2_LOW
    result = 1.0 + (r + r * r * _horner(_EXP_TERMS, r))
    return np.asarray(np.ldexp(result, whole.astype(np.int32)))


def portable_log10(x: np.ndarray | float) -> np.ndarray:
    """Return the logarithm to base 10, the same bits everywhere, within 2e-15 (relative)."""
    return portable_log(np.asarray(x, dtype=np.float64)) / _LN10


def from_db(level_db: np.ndarray | float) -> np.ndarray:
    """Return 10^(level / 10), the same bits everywhere, within 3e-14 (relative) up to 300 dB."""
    return portable_exp(np.asarray(level_db, dtype=np.float64) * (_LN10 / 10.0))


def portable_cosine_sine(turns: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
    """Return cos(2 pi x) and sin(2 pi x), the same bits everywhere, within 3e-16 (absolute).

    Parameters
    ----------
    turns : array
        The angle x in full turns, below 2^50 in magnitude: whole turns are taken off without
        any rounding, which radians would not allow.

    Returns
    -------
    two arrays of the same shape

    Notes
    -----
    With x = q/4 + y, q whole and |y| <= 1/8 exactly, the Taylor series of cos(2 pi y) and
    sin(2 pi y), exchanged and negated by quadrant.
    """
    turns = np.asarray(turns, dtype=np.float64)
    quarters = np.rint(4.0 * turns)
    angle = _TWO_PI * (turns - 0.25 * quarters)
    square = angle * angle
    sine = angle + angle * square * _horner(_SINE_TERMS, square)
    cosine = 1.0 - (0.5 * square - square * square * _horner(_COSINE_TERMS, square))
    quadrant = quarters - 4.0 * np.floor(0.25 * quarters)
    odd = (quadrant == 1.0) | (quadrant == 3.0)
    cosine, sine = np.where(odd, sine, cosine), np.where(odd, cosine, sine)
    cosine = np.where((quadrant == 1.0) | (quadrant == 2.0), -cosine, cosine)
    return cosine, np.where(quadrant >= 2.0, -sine, sine)


def _horner(coefficients: list[float], x: np.ndarray) -> np.ndarray:
    """Return c[0] + c[1] x + c[2] x^2 + ..., from the last term inwards."""
    total = np.full(x.shape, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total = coefficient + x * total
    return total
