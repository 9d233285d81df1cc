"""Confidence intervals: of a proportion, a mean, a ratio of sums, and of a rate of decay."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
import scipy  # loads its parts when they are first used: workers need none of them

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
    return _proportion(successes / number, float(number), confidence)


def _proportion(share: float, number: float, confidence: float) -> Interval:
    """Return the interval of Clopper and Pearson; an effective number need not be whole."""
    tail = (1.0 - confidence) / 2
    hits, misses = share * number, (1.0 - share) * number
    low = scipy.stats.beta.ppf(tail, hits, misses + 1) if hits else 0.0
    high = scipy.stats.beta.isf(tail, hits + 1, misses) if misses else 1.0
    return Interval(share, float(low), float(high))


def pooled_proportion(
    successes: Numbers, numbers: Numbers, shared: Iterable[Any], confidence: float = CONFIDENCE
) -> Interval:
    """Return the proportion of several groups together, of which some are of the same draws.

    Groups that share their draws are counted as if each repeated the largest of them: a number
    that is never too large, and so an interval that is not too narrow, however alike they are.

    Parameters
    ----------
    successes, numbers : (n,) sequence of int
    shared : (n,) sequence
        Equal for groups of the same draws.
    confidence : float
    """
    k, n = np.asarray(successes, dtype=float), np.asarray(numbers, dtype=float)
    if not n.sum():
        return _NOTHING
    largest: dict[Any, float] = {}
    for key, number in zip(shared, n, strict=True):
        largest[key] = max(largest.get(key, 0.0), float(number))
    return _proportion(float(k.sum() / n.sum()), math.fsum(largest.values()), confidence)


def clustered_proportion(
    successes: Numbers, numbers: Numbers, confidence: float = CONFIDENCE
) -> Interval:
    """Return a proportion over draws that come in clusters, whose draws may be alike.

    The interval of Clopper and Pearson for an effective number: that of the draws divided by the
    design effect, which is the variance by the linearisation of `ratio_interval` over that of
    independent draws, 1 at least; the number of clusters where all draws agree.

    Parameters
    ----------
    successes, numbers : (n,) sequence of int
        Of each cluster.
    confidence : float

    References
    ----------
    E. Korn, B. Graubard, "Confidence intervals for proportions with small expected number of
    positive counts estimated from survey data", Survey Methodology 24 (1998), 193-201.
    """
    k, n = np.asarray(successes, dtype=float), np.asarray(numbers, dtype=float)
    k, n = k[n > 0], n[n > 0]
    if not n.size:
        return _NOTHING
    total, clusters = float(n.sum()), n.size
    share = float(k.sum()) / total
    effective = float(clusters)
    if clusters > 1 and 0 < share < 1:
        variance = clusters * float((k - share * n).var(ddof=1)) / total**2
        effective = total / max(1.0, variance * total / (share * (1 - share)))
    return _proportion(share, effective, confidence)


def excess_interval(
    values: Numbers, *, limit: float = math.inf, confidence: float = CONFIDENCE
) -> Interval:
    """Return the mean of numbers of which many are 0, the others positive, and a few large.

    Student's interval is far too short at its upper end for such: where two draws of a hundred
    decide the mean, it misses that in a third of the samples. The mean is the share of positive
    numbers times their mean, and so its upper end is the product of those of the two
    (`proportion_interval`, `mean_interval`), each at the confidence of which two make the one that
    is asked for. The lower end is Student's, 0 at least.

    Parameters
    ----------
    values : sequence of float
        NaN is left out; an infinite one makes the mean infinite.
    limit : float
        What no number can be above, where that is known.
    confidence : float

    Returns
    -------
    Interval
        Without ends where fewer than two numbers are positive and `limit` is not known.
    """
    array = np.asarray(values, dtype=float)
    array = array[~np.isnan(array)]
    if not array.size:
        return _NOTHING
    if np.isinf(array).any():
        return Interval(math.inf, math.nan, math.nan)
    half = 1.0 - (1.0 - confidence) / 2
    positive = array[array > 0]
    student, of_positive = mean_interval(array, confidence), mean_interval(positive, half)
    reach = min(of_positive.high, limit) if len(positive) > 1 else limit
    if math.isinf(reach):
        return Interval(student.value, math.nan, math.nan)
    high = proportion_interval(len(positive), array.size, half).high * reach
    low = 0.0 if math.isnan(student.low) else max(0.0, student.low)
    return Interval(student.value, min(student.value, low), max(student.value, high))


def mean_interval(values: Numbers, confidence: float = CONFIDENCE) -> Interval:
    """Return a mean with Student's interval; what is not finite is left out.

    Parameters
    ----------
    values : (n,) array
    confidence : float
    """
    array = np.asarray(values, dtype=float)
    array = array[np.isfinite(array)]
    if not array.size:
        return _NOTHING
    mean = math.fsum(array) / array.size
    if array.size == 1:
        return Interval(mean, math.nan, math.nan)
    error = float(array.std(ddof=1)) / math.sqrt(array.size)
    reach = float(scipy.stats.t.isf((1.0 - confidence) / 2, array.size - 1)) * error
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
    reach = float(scipy.stats.t.isf((1.0 - confidence) / 2, x.size - 1)) * error
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
    S. Wilks, "The large-sample distribution of the likelihood ratio for testing composite
    hypotheses", Annals of Mathematical Statistics 9 (1938), 60-62.
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
            scipy.optimize.minimize_scalar(
                lambda a: loss(a, b), bounds=(top - 40.0, top), method="bounded"
            ).fun
        )

    best = scipy.optimize.minimize_scalar(profile, bounds=(-10.0, 30.0), method="bounded")
    level = float(best.fun) + float(scipy.stats.chi2.ppf(confidence, 1)) / 2

    def end(far: float) -> float:
        if profile(far) < level:
            return math.nan
        return float(scipy.optimize.brentq(lambda b: profile(b) - level, best.x, far, xtol=1e-6))

    return Interval(float(best.x), end(-10.0), end(30.0))
