"""Figures of comparison: small examples by hand, and what holds for all numbers."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmoe_models import DmoeError
from dmoe_models.verification.measures import (
    holm,
    paired_test,
    performance_profile,
    primal_gap,
    primal_integral,
    shifted_geometric_mean,
)

quick = settings(max_examples=50, derandomize=True)
COSTS = st.one_of(st.floats(1e-6, 1e6), st.just(math.inf))
TABLES = st.integers(1, 4).flatmap(
    lambda width: st.lists(
        st.lists(COSTS, min_size=width, max_size=width), min_size=1, max_size=8
    ).map(lambda rows: pd.DataFrame(rows, columns=list("abcd")[:width]))
)

# --------------------------------------------------------------------------------- the profile


def test_a_profile_by_hand():
    # ratios of a: 1, 2, never; of b: 2, 1, never; nobody solves the third instance
    values = pd.DataFrame({"a": [1.0, 6.0, math.nan], "b": [2.0, 3.0, math.inf]})
    profile = performance_profile(values)
    assert profile.index.tolist() == [1.0, 2.0] and profile.index.name == "ratio"
    assert profile.a.tolist() == profile.b.tolist() == pytest.approx([1 / 3, 2 / 3])


def test_a_profile_against_a_reference():
    values = pd.DataFrame({"a": [2.0, 4.0], "b": [3.0, 4.0 * (1 + 1e-7)]})
    profile = performance_profile(values, pd.Series([1.0, 4.0]), room=1e-6)
    assert profile.index.tolist() == [1.0, 2.0, 3.0]
    assert profile.a.tolist() == [0.5, 1.0, 1.0] and profile.b.tolist() == [0.5, 0.5, 1.0]


def test_a_best_of_zero_is_a_ratio_of_one_and_the_others_never():
    profile = performance_profile(pd.DataFrame({"a": [0.0], "b": [1.0]}))
    assert profile.index.tolist() == [1.0]
    assert (profile.a[1.0], profile.b[1.0]) == (1.0, 0.0)


def test_a_profile_refuses_nothing_and_less_than_nothing():
    with pytest.raises(DmoeError, match="an instance"):
        performance_profile(pd.DataFrame({"a": []}))
    with pytest.raises(DmoeError, match="negative"):
        performance_profile(pd.DataFrame({"a": [-1.0]}))


@quick
@given(TABLES, st.integers(-20, 20))
def test_profiles_rise_within_one_whatever_the_unit_and_the_order(values, power):
    profile = performance_profile(values)
    shares = profile.to_numpy()
    assert ((shares >= 0) & (shares <= 1)).all() and (np.diff(shares, axis=0) >= 0).all()
    solved = np.isfinite(values.to_numpy()).mean(axis=0)
    assert shares[-1].tolist() == pytest.approx(solved.tolist())
    pd.testing.assert_frame_equal(performance_profile(values * 2.0**power), profile)
    turned = performance_profile(values[values.columns[::-1]])
    pd.testing.assert_frame_equal(turned[profile.columns], profile)
    pd.testing.assert_frame_equal(performance_profile(values[::-1]), profile)


# ------------------------------------------------------------------------------------ the mean


def test_means_by_hand():
    assert shifted_geometric_mean([1.0, 100.0], 0.0) == pytest.approx(10.0)
    assert shifted_geometric_mean([0.0, 30.0], 10.0) == pytest.approx(10.0)  # sqrt(10 40) - 10
    assert shifted_geometric_mean([0.0, 5.0], 0.0) == 0.0
    assert math.isnan(shifted_geometric_mean([], 1.0))


@pytest.mark.parametrize(("values", "shift"), [([1.0], -1.0), ([1.0], math.nan), ([-1.0], 2.0)])
def test_a_mean_refuses_what_has_none(values, shift):
    with pytest.raises(DmoeError):
        shifted_geometric_mean(values, shift)


@quick
@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 100))
def test_a_mean_lies_between_least_and_largest_and_knows_no_order(values, shift):
    mean = shifted_geometric_mean(values, shift)
    assert min(values) <= mean <= max(values)
    assert mean == pytest.approx(shifted_geometric_mean(values[::-1], shift), rel=1e-9, abs=1e-9)
    # concave: never above the arithmetic mean
    assert mean <= np.mean(values) * (1 + 1e-9) + 1e-9


# ------------------------------------------------------------------------------- gap, integral


@pytest.mark.parametrize(
    ("energy", "best", "gap"),
    [
        (2.0, 1.0, 0.5),
        (1.0, 1.0, 0.0),
        (0.0, 0.0, 0.0),
        (1.0, 0.0, 1.0),
        (math.nan, 1.0, 1.0),
        (math.inf, 1.0, 1.0),
        (1.0, -1.0, 1.0),
        (-1.0, -2.0, 0.5),
    ],
)
def test_primal_gaps_by_hand(energy, best, gap):
    assert primal_gap(energy, best) == gap


@pytest.mark.parametrize(
    ("times", "energies", "integral"),
    [
        ([], [], 10.0),
        ([0.0], [1.0], 0.0),
        ([2.0], [2.0], 2.0 + 8.0 * 0.5),
        ([2.0, 6.0], [4.0, 1.0], 2.0 + 4.0 * 0.75),
        ([2.0, 6.0], [1.0, 4.0], 2.0),  # what is worse than the best so far changes nothing
        ([2.0, 12.0], [2.0, 1.0], 2.0 + 8.0 * 0.5),  # after the horizon
        ([11.0], [1.0], 10.0),
    ],
)
def test_primal_integrals_by_hand(times, energies, integral):
    assert primal_integral(times, energies, 1.0, 10.0) == pytest.approx(integral)


def test_an_integral_refuses_time_that_goes_back():
    for times in ([2.0, 1.0], [-1.0, 1.0]):
        with pytest.raises(DmoeError, match="fall"):
            primal_integral(times, [1.0, 1.0], 1.0, 10.0)
    with pytest.raises(DmoeError, match="horizon"):
        primal_integral([], [], 1.0, 0.0)


# ------------------------------------------------------------------------------------ the test


def test_a_paired_test_by_hand():
    # ranks 1 to 6, all of one sign: p = 2 / 2^6; binomial(6, 1/2) allows d(1) and d(6)
    test = paired_test([1, 2, 3, 4, 5, 6], [0] * 6)
    assert (test.pairs, test.ties, test.lower, test.higher) == (6, 0, 0, 6)
    assert (test.median, test.low, test.high) == (3.5, 1.0, 6.0)
    assert test.p_value == pytest.approx(2 / 64) and test.note == ""


def test_signs_against_each_other_by_hand():
    # ranks of the positive: 1 + 2 = 3 of 10; 5 of the 16 signings have a sum of at most 3
    test = paired_test([1, 2, -3, -4], [0] * 4)
    assert test.p_value == pytest.approx(2 * 5 / 16)
    assert "too few" in test.note and (test.low, test.high) == (-math.inf, math.inf)


def test_ties_are_dropped_and_told():
    test = paired_test([1, 1, 1 + 1e-9, 2], [1, 1, 1, 5], tie=1e-6)
    assert (test.pairs, test.ties, test.lower, test.higher) == (4, 3, 1, 0)
    assert test.median == 0.0 and test.p_value == 1.0
    test = paired_test([1, 2], [1, 2])
    assert (test.p_value, test.median, test.note) == (1.0, 0.0, "no difference")
    test = paired_test([], [])
    assert math.isnan(test.p_value) and math.isnan(test.median)
    assert test.note == "no common instance"


def test_the_interval_of_the_median_is_that_of_the_books():
    # P = 20: d(6) and d(15), coverage 95.9 %
    test = paired_test(np.arange(20.0), np.zeros(20))
    assert (test.low, test.high) == (5.0, 14.0)


def test_what_is_not_finite_is_refused():
    with pytest.raises(DmoeError, match="finite"):
        paired_test([math.inf], [1.0])


@settings(quick, max_examples=15)
@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), max_size=12))
def test_turning_a_pair_turns_the_test(pairs):
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    one, other = paired_test(first, second), paired_test(second, first)
    assert (one.pairs, one.ties, one.lower) == (other.pairs, other.ties, other.higher)
    assert (one.low, one.high) == (-other.high, -other.low)
    assert one.p_value == pytest.approx(other.p_value, nan_ok=True)
    assert one.low <= one.median <= one.high or not pairs


def test_holm_by_hand():
    # sorted 0.01, 0.02, 0.04 times 3, 2, 1; the last is raised to the one before it
    assert holm([0.04, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    adjusted = holm([0.5, math.nan, 0.9])
    assert adjusted[0] == 1.0 and math.isnan(adjusted[1]) and adjusted[2] == 1.0
    assert holm([]) == []
