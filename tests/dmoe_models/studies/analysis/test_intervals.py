"""Intervals: textbook values, coverage by simulation, and what is too little to say anything."""

import math

import numpy as np
import pytest
from scipy import stats

from dmoe_models.errors import DmoeError
from dmoe_models.studies.analysis.intervals import (
    clustered_proportion,
    decay_interval,
    excess_interval,
    mean_interval,
    pooled_proportion,
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


def test_draws_that_come_in_clusters():
    """Three draws that are the same one: the naive interval holds the truth far too rarely."""
    random, held, naive = np.random.default_rng(2), 0, 0
    for _ in range(400):
        hits = 3.0 * (random.random(60) < 0.8)
        found = clustered_proportion(hits, np.full(60, 3))
        held += found.low <= 0.8 <= found.high
        alone = proportion_interval(int(hits.sum()), 180)
        naive += alone.low <= 0.8 <= alone.high
    assert held / 400 >= 0.93 and naive / 400 < 0.85
    one = np.array([1.0, 0, 1, 1, 1, 0, 1, 1])
    assert clustered_proportion(one, np.ones(8)).value == 0.75
    low = proportion_interval(8, 8).low  # all agree: as many as there are clusters
    assert clustered_proportion(5 * np.ones(8), 5 * np.ones(8)).low == pytest.approx(low)
    assert math.isnan(clustered_proportion([], []).value)


def test_groups_of_the_same_draws():
    apart = pooled_proportion([90, 80], [100, 100], ["a", "b"])
    assert apart == proportion_interval(170, 200)
    same = pooled_proportion([90, 80], [100, 100], ["a", "a"])
    assert same.value == 0.85 and same == pytest.approx(proportion_interval(85, 100))
    assert math.isnan(pooled_proportion([0], [0], ["a"]).value)


def test_the_mean_of_few_large_numbers():
    """5 % of the draws are above 0, a few far: Student's upper end is too low too often."""
    random, high, student = np.random.default_rng(3), 0, 0
    for _ in range(400):
        values = (random.random(200) < 0.05) * np.exp(random.normal(0.0, 1.2, 200))
        truth = 0.05 * math.exp(0.72)
        found = excess_interval(values)
        assert math.isnan(found.low) or found.low <= found.value <= found.high
        high += found.high < truth
        student += mean_interval(values).high < truth
    assert high / 400 < 0.05 and student / 400 > 0.12


def test_what_excess_can_be():
    assert excess_interval([0.0] * 50).value == 0 and math.isnan(excess_interval([0.0] * 50).high)
    # none of 50 is positive: no more than 7.1 % are, at 97.5 %
    assert excess_interval([0.0] * 50, limit=1.0) == pytest.approx((0, 0, 1 - 0.0125 ** (1 / 50)))
    assert excess_interval([0.0, 0.2, math.nan], limit=1.0).high == pytest.approx(
        proportion_interval(1, 2, 0.975).high
    )
    assert excess_interval([0.0, math.inf]).value == math.inf
    assert all(math.isnan(x) for x in excess_interval([math.nan]))


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
