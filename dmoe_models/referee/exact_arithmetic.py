"""Exact arithmetic for the referee: doubles as rationals, rates to 60 digits, and C1's need.

A double is a rational number, so the only rounding is in the logarithm of the rates. Everything is
derived from the fields that an instance was constructed with.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from fractions import Fraction

import mpmath
import numpy as np

from dmoe_models.model.instance import Instance

UNIT_BITS = 1074
"""Every finite double is a whole multiple of 2**-1074."""

_SLACK = Fraction(1 - 1e-9)  # the double that C1's threshold is multiplied by
_RATE_ERROR = Fraction(1, 10**50)  # rates are right to over 55 digits

_precise = mpmath.MPContext()  # a context of its own, which no other code's precision reaches
_precise.dps = 60


def exact_need(instance: Instance) -> list[float]:
    """Return the right-hand side of C1 for every token, from z, gamma, D and the gate scores.

    Each step is rounded to the nearest double once: the product z gamma, the exact sum of the D
    largest scores, and the product of the smaller of the two with the double 1 - 1e-9.
    """
    wanted = float(Fraction(instance.relevance) * Fraction(instance.importance))
    if instance.strict_relevance:
        return [float(Fraction(wanted) * _SLACK)] * len(instance.gate_scores)
    best = np.sort(instance.gate_scores, axis=1)[:, -instance.max_experts :]
    reachable = (sum(map(exact_units, row)) / (1 << UNIT_BITS) for row in best.tolist())
    return [float(Fraction(min(wanted, most)) * _SLACK) for most in reachable]


def exact_units(value: float) -> int:
    """Return a double as the whole number of 2**-1074 that it is, so that sums are exact."""
    numerator, denominator = value.as_integer_ratio()
    return numerator << (UNIT_BITS + 1 - denominator.bit_length())


def exact_rates(instance: Instance) -> Callable[[float], Fraction]:
    """Return a function from a gain to a subcarrier's rate, bit/s, right to over 50 digits."""
    snr_per_gain = Fraction(instance.transmit_power_w) / Fraction(instance.noise_power_w)
    bandwidth = _precise.mpf(instance.bandwidth_hz)
    known: dict[float, Fraction] = {0.0: Fraction(0)}

    def rate(gain: float) -> Fraction:
        if gain not in known:
            snr = Fraction(gain) * snr_per_gain
            nats = _precise.log1p(_precise.mpf(snr.numerator) / snr.denominator)
            known[gain] = _as_fraction(bandwidth * nats / _precise.ln2)
        return known[gain]

    return rate


def _as_fraction(value: mpmath.mpf) -> Fraction:
    sign, mantissa, exponent, _ = value._mpf_
    return Fraction(-int(mantissa) if sign else int(mantissa)) * Fraction(2) ** int(exponent)


def joules_below(instance: Instance) -> Callable[[float], Fraction]:
    """Return a function from a positive gain to joules per token, rounded down by 1e-50 of it."""
    rate = exact_rates(instance)
    work = Fraction(instance.transmit_power_w) * Fraction(instance.hidden_state_bits)
    return lambda gain: work / rate(gain) * (1 - _RATE_ERROR)


def static_energy(instance: Instance) -> Fraction:
    """Return the energy, J, that is spent whatever is decided."""
    return sum(map(Fraction, instance.static_energy_j.tolist()), Fraction(0))


def exact_sum(terms: list[Fraction]) -> Fraction:
    """Return the sum of rationals.

    It is taken in pairs of pairs: denominators grow with every addition, and this keeps them short.
    """
    while len(terms) > 1:
        terms = [sum(terms[k : k + 2], Fraction(0)) for k in range(0, len(terms), 2)]
    return terms[0]


def nearest_double(value: Fraction) -> float:
    """Return the double nearest to a rational number that is not negative, infinite past them."""
    try:
        return float(value)
    except OverflowError:
        return math.inf


def rounded_down(value: Fraction) -> float:
    """Return the largest double that is at most a rational number."""
    try:
        near = float(value)
    except OverflowError:
        return -math.inf if value < 0 else sys.float_info.max
    return near if near <= value else math.nextafter(near, -math.inf)
