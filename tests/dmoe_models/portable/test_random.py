"""The random source: recorded bits, right distributions, independent streams."""

import hashlib
import math

import numpy as np
import pytest
from scipy import stats

from dmoe_models import InstanceError
from dmoe_models.portable.random import Draws, normalise_rows


def fingerprint(array: np.ndarray) -> str:
    return hashlib.sha256(array.astype(array.dtype.newbyteorder("<")).tobytes()).hexdigest()[:16]


def test_draws_are_the_recorded_bits():
    """Hashes taken when the draws were written: they must never change."""
    stream = Draws(7).stream("golden")
    assert fingerprint(stream.uniform(1000)) == GOLDEN["uniform"]
    stream = Draws(7).stream("golden")
    assert fingerprint(stream.exponential(1000)) == GOLDEN["exponential"]
    stream = Draws(7).stream("golden")
    assert fingerprint(stream.simplex(50, 7)) == GOLDEN["simplex"]
    stream = Draws(7).stream("golden")
    assert fingerprint(stream.permutation(100)) == GOLDEN["permutation"]
    stream = Draws(7).stream("golden")
    assert fingerprint(stream.integers(17, 100)) == GOLDEN["integers"]
    stream = Draws(7).stream("golden")
    assert fingerprint(stream.normal(1000)) == GOLDEN["normal"]


GOLDEN = {
    "uniform": "6c314bd0c69c2d1d",
    "exponential": "8016d270bf7c479d",
    "simplex": "a824b4022bb97893",
    "permutation": "e2414b84fafa12cf",
    "integers": "2e1353f0269f421f",
    "normal": "2a08fb91077c284c",
}


def test_uniform_statistics_and_range():
    sample = Draws(1).uniform(200_000)
    assert sample.min() > 0 and sample.max() < 1
    assert sample.mean() == pytest.approx(0.5, abs=0.003)
    assert sample.var() == pytest.approx(1 / 12, abs=0.001)


def test_exponential_statistics_and_range():
    sample = Draws(1).stream("fading").exponential(200_000)
    assert sample.min() > 0
    assert sample.mean() == pytest.approx(1, abs=0.01)
    assert sample.var() == pytest.approx(1, abs=0.03)
    assert np.mean(sample > 2) == pytest.approx(math.exp(-2), abs=0.003)


def test_normal_statistics():
    n = 200_000
    sample = Draws(1).stream("fading").normal(n)
    # Standard errors of the moments: sqrt(1/n), sqrt(2/n), sqrt(15/n), sqrt(96/n); four of each.
    assert sample.mean() == pytest.approx(0, abs=4 * (1 / n) ** 0.5)
    assert sample.var() == pytest.approx(1, abs=4 * (2 / n) ** 0.5)
    assert np.mean(sample**3) == pytest.approx(0, abs=4 * (15 / n) ** 0.5)
    assert np.mean(sample**4) == pytest.approx(3, abs=4 * (96 / n) ** 0.5)
    assert stats.kstest(sample, "norm").pvalue > 0.001


def test_complex_normal_parts_are_independent_and_share_the_power():
    n = 200_000
    real, imaginary = Draws(1).complex_normal(n)
    power = real**2 + imaginary**2
    assert power.mean() == pytest.approx(1, abs=4 * n**-0.5)
    assert np.mean(real * imaginary) == pytest.approx(0, abs=4 * 0.5 * n**-0.5)
    assert np.mean(real**2) == pytest.approx(0.5, abs=4 * (0.5 / n) ** 0.5)
    np.testing.assert_array_equal(Draws(1).normal(n), 2**0.5 * real)


def test_integers_are_uniform():
    counts = np.bincount(Draws(3).integers(7, 70_000), minlength=7)
    assert len(counts) == 7
    assert np.abs(counts - 10_000).max() < 400


def test_permutation_holds_every_number_once():
    assert sorted(Draws(4).permutation(50).tolist()) == list(range(50))
    assert Draws(4).permutation(50).tolist() != list(range(50))


def test_simplex_rows_sum_to_one_and_have_the_beta_marginal():
    sample = Draws(5).simplex(50_000, 4)
    np.testing.assert_allclose(sample.sum(axis=1), 1, rtol=0, atol=1e-15)
    assert np.mean(sample[:, 2] > 0.5) == pytest.approx(0.5**3, abs=0.006)


def test_streams_are_independent_of_each_other_and_repeatable():
    draws = Draws(6)
    first = draws.stream("gains").uniform(100)
    draws.stream("gates").uniform(1000)
    np.testing.assert_array_equal(draws.stream("gains").uniform(100), first)
    assert not np.array_equal(draws.stream("gates").uniform(100), first)
    assert not np.array_equal(Draws(7).stream("gains").uniform(100), first)
    assert abs(np.corrcoef(first, draws.stream("gates").uniform(100))[0, 1]) < 0.4


def test_a_stream_goes_on_where_it_stopped():
    whole = Draws(8).uniform(10, 3)
    stream = Draws(8)
    np.testing.assert_array_equal(
        np.concatenate([stream.uniform(4, 3), stream.uniform(6, 3)]), whole
    )


def test_longer_first_axis_only_appends():
    np.testing.assert_array_equal(Draws(9).uniform(20, 3)[:5], Draws(9).uniform(5, 3))
    np.testing.assert_array_equal(Draws(9).normal(20, 3)[:5], Draws(9).normal(5, 3))


@pytest.mark.parametrize("seed", [-1, 2**63, 1.5, True, "3", None])
def test_bad_seed(seed):
    with pytest.raises(InstanceError, match="seed"):
        Draws(seed)


def test_rows_are_normalised():
    np.testing.assert_array_equal(
        normalise_rows(np.array([[1.0, 3.0], [2.0, 2.0]])), [[0.25, 0.75], [0.5, 0.5]]
    )
