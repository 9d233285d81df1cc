"""Confidence intervals: of a proportion, a mean, a ratio of sums, and of a rate of decay."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from scipy import optimize, stats

from dmoe_models.errors import DmoeError

CONFIDENCE = 0.95

Numbers: TypeAlias = Sequence[float] | np.ndarray | pd.Series
"""What figures are made of."""


class Interval(NamedTuple):
    """An estimate, and the ends of its interval; NaN where there is too little to say."""

    value: float
    low: float
    high: float


_NOTHING = Interval(math.nan, math.nan, math.nan)


def proportion_interval(successes: int, number: int, confidence: float = CONFIDENCE) -> Interval:
    """Return a proportion with the interval of Clopper and Pearson, which is never too narrow.

    Parameters
    ----------
    successes, number : int
        0 <= successes <= number.
    confidence : float

    References
    ----------
    C. Clopper, E. Pearson, "The use of confidence or fiducial limits illustrated in the case of the
    binomial", Biometrika 26 (1934), 404-413.
    """
    if not 0 <= successes <= number:
        raise DmoeError(f"{successes} successes of {number}")
    if number == 0:
        return _NOTHING
    tail = (1.0 - confidence) / 2
    low = stats.beta.ppf(tail, successes, number - successes + 1) if successes else 0.0
    high = stats.beta.isf(tail, successes + 1, number - successes) if successes < number else 1.0
    return Interval(successes / number, float(low), float(high))


def mean_interval(values: Numbers, confidence: float = CONFIDENCE) -> Interval:
    """Return a mean with Student's interval; what is not finite is left out."""
    array = np.asarray(values, dtype=float)
    array = array[np.isfinite(array)]
    if not array.size:
        return _NOTHING
    mean = math.fsum(array) / array.size
    if array.size == 1:
        return Interval(mean, math.nan, math.nan)
    error = float(array.std(ddof=1)) / math.sqrt(array.size)
    reach = float(stats.t.isf((1.0 - confidence) / 2, array.size - 1)) * error
    return Interval(mean, mean - reach, mean + reach)


def ratio_interval(
    above: Numbers,
    below: Numbers,
    confidence: float = CONFIDENCE,
) -> Interval:
    """Return sum(above) / sum(below) of pairs, with the interval of its linearisation.

    Of the ratio R of two means over n pairs the variance is, to first order, that of the mean of
    above - R below, divided by the square of the mean of below; Student's t with n - 1 degrees of
    freedom.

    Parameters
    ----------
    above, below : (n,) sequence of float
        Pairs; one that is not finite is left out.

    References
    ----------
    W. Cochran, "Sampling Techniques", 3rd ed. (1977), chapter 6, the ratio estimate.
    """
    y, x = np.asarray(above, dtype=float), np.asarray(below, dtype=float)
    if y.shape != x.shape:
        raise DmoeError(f"{y.shape} and {x.shape} are no pairs")
    paired = np.isfinite(y) & np.isfinite(x)
    y, x = y[paired], x[paired]
    if not x.size or math.fsum(x) == 0:
        return _NOTHING
    ratio = math.fsum(y) / math.fsum(x)
    if x.size == 1:
        return Interval(ratio, math.nan, math.nan)
    error = float((y - ratio * x).std(ddof=1)) / math.sqrt(x.size) / abs(math.fsum(x) / x.size)
    reach = float(stats.t.isf((1.0 - confidence) / 2, x.size - 1)) * error
    return Interval(ratio, ratio - reach, ratio + reach)


def decay_interval(
    scale: Numbers,
    failures: Numbers,
    numbers: Numbers,
    confidence: float = CONFIDENCE,
) -> Interval:
    """Return the exponent b of a probability of failure that falls as scale^-b.

    The failures in each group are binomial with probability exp(a) scale^-b; a and b are those of
    the greatest likelihood, and the interval is where the likelihood, greatest over a, is within
    the chi-squared quantile of that (Wilks).

    Parameters
    ----------
    scale : (n,) sequence of float
        Positive.
    failures, numbers : (n,) sequence of int
        Of the draws at each scale. Groups in which more than half fail are left out: a power can
        be the law of small probabilities only.

    Returns
    -------
    Interval
        NaN where fewer than two groups are left, or fewer than two of them have failures.

    References
    ----------
    S. Wilks, "The large-sample distribution of the likelihood ratio", Annals of Mathematical
    Statistics 9 (1938), 60-62.
    """
    x = np.log(np.asarray(scale, dtype=float))
    k, n = np.asarray(failures, dtype=float), np.asarray(numbers, dtype=float)
    usable = (n > 0) & (2 * k <= n)
    x, k, n = x[usable], k[usable], n[usable]
    if len(np.unique(x)) < 2 or np.count_nonzero(k) < 2:
        return _NOTHING

    def loss(a: float, b: float) -> float:
        log_q = np.minimum(a - b * x, -1e-9)
        return -float((k * log_q + (n - k) * np.log(-np.expm1(log_q))).sum())

    def profile(b: float) -> float:
        top = float((b * x).min())  # above, some probability would be more than one
        return float(
            optimize.minimize_scalar(
                lambda a: loss(a, b), bounds=(top - 40.0, top), method="bounded"
            ).fun
        )

    best = optimize.minimize_scalar(profile, bounds=(-10.0, 30.0), method="bounded")
    level = float(best.fun) + float(stats.chi2.ppf(confidence, 1)) / 2

    def end(far: float) -> float:
        if profile(far) < level:
            return math.nan
        return float(optimize.brentq(lambda b: profile(b) - level, best.x, far, xtol=1e-6))

    return Interval(float(best.x), end(-10.0), end(30.0))
