"""Intervals: textbook values, coverage by simulation, and what is too little to say anything."""

import math

import numpy as np
import pytest
from scipy import stats

from dmoe_models.errors import DmoeError
from dmoe_models.studies.intervals import (
    decay_interval,
    mean_interval,
    proportion_interval,
    ratio_interval,
)


@pytest.mark.parametrize(("successes", "number"), [(0, 10), (10, 10), (3, 10), (199, 200), (1, 1)])
def test_clopper_pearson_is_that_of_scipy(successes, number):
    expected = stats.binomtest(successes, number).proportion_ci(method="exact")
    found = proportion_interval(successes, number)
    assert found.value == successes / number
    assert found.low == pytest.approx(expected.low, abs=1e-12)
    assert found.high == pytest.approx(expected.high, abs=1e-12)


def test_clopper_pearson_covers():
    """The chance that the interval holds the truth, summed over all outcomes, is at least 95 %."""
    for truth in (0.03, 0.5, 0.99):
        held = sum(
            stats.binom.pmf(k, 40, truth)
            for k in range(41)
            if proportion_interval(k, 40).low <= truth <= proportion_interval(k, 40).high
        )
        assert held >= 0.95


def test_mean():
    values = [1.0, 2.0, 4.0, math.nan, math.inf]
    expected = stats.ttest_1samp(values[:3], 0.0).confidence_interval(0.95)
    found = mean_interval(values)
    assert found.value == pytest.approx(7 / 3)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_ratio_of_proportional_pairs_is_sure():
    below = np.array([1.0, 2.0, 5.0])
    found = ratio_interval(0.3 * below, below)
    assert found == pytest.approx((0.3, 0.3, 0.3))


def test_ratio_covers():
    random = np.random.default_rng(0)
    held = 0
    for _ in range(400):
        below = random.exponential(1.0, 60) + 1.0
        above = 0.4 * below * random.uniform(0.5, 1.5, 60)
        found = ratio_interval(above, below)
        held += found.low <= 0.4 <= found.high
    assert 0.91 <= held / 400 <= 0.98


def test_decay_covers_and_narrows():
    random, scale = np.random.default_rng(1), np.array([2.0, 3, 4, 8, 16, 32])
    held, widths = 0, {100: [], 2000: []}
    for number, found_widths in widths.items():
        for _ in range(60):
            failures = random.binomial(number, 0.6 * scale**-1.3)
            found = decay_interval(scale, failures, np.full(6, number))
            held += found.low <= 1.3 <= found.high
            found_widths.append(found.high - found.low)
            assert found.low <= found.value <= found.high
    assert 0.88 <= held / 120 <= 1.0
    assert np.median(widths[2000]) < 0.4 * np.median(widths[100])


def test_too_little_to_say():
    assert all(math.isnan(x) for x in proportion_interval(0, 0))
    assert all(math.isnan(x) for x in mean_interval([math.nan]))
    assert mean_interval([2.0]).value == 2.0 and math.isnan(mean_interval([2.0]).low)
    assert all(math.isnan(x) for x in ratio_interval([1.0], [0.0]))
    assert ratio_interval([1.0], [2.0]).value == 0.5
    for failures in ([0, 0, 0], [3, 0, 0], [10, 10, 10], [9, 6, 1]):
        assert all(math.isnan(x) for x in decay_interval([1, 2, 4], failures, [10, 10, 10]))


def test_what_cannot_be():
    with pytest.raises(DmoeError, match="3 successes of 2"):
        proportion_interval(3, 2)
    with pytest.raises(DmoeError, match="no pairs"):
        ratio_interval([1.0], [1.0, 2.0])
