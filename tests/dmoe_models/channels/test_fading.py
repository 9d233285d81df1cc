"""Small-scale fading against its known statistics: distribution, K-factor, Clarke's correlation.

Seeds are fixed. Tolerances are at least four standard errors of what is estimated, so that another
seed would do as well.
"""

import numpy as np
import pytest
from scipy import special, stats

from dmoe_models.channels.fading import (
    doppler_cycles,
    field_power,
    line_of_sight_field,
    rician_field,
    scattered_field,
)
from dmoe_models.portable.random import Draws


def as_complex(field):
    return field[0] + 1j * field[1]


@pytest.mark.parametrize("cycles", [0.0, 0.3, 40.0])
def test_scattered_power_is_exponential_at_any_time(cycles):
    n = 50_000
    field = scattered_field(Draws(1), (n,), cycles)
    power = field_power(field)
    assert power.mean() == pytest.approx(1, abs=4 * n**-0.5)
    assert stats.kstest(power, "expon").pvalue > 0.001
    # Circular: the mean square, without conjugation, is zero; each part has variance 1 / n.
    assert abs(np.mean(as_complex(field) ** 2)) < 4 * (2 / n) ** 0.5


@pytest.mark.parametrize("lag", [0.05, 0.2, 0.383, 0.8, 1.5, 7.3])
@pytest.mark.parametrize("start", [0.0, 0.6])
def test_scattered_correlation_in_time_is_bessel(lag, start):
    """Clarke: J0(2 pi f_D t), from round 0 and between later rounds."""
    n = 20_000
    first = as_complex(scattered_field(Draws(2), (n,), start))
    later = as_complex(scattered_field(Draws(2), (n,), start + lag))
    estimate = np.mean(first * later.conj())
    # Var(real part) + Var(imaginary part) = 1 whatever the correlation, for circular normals; the
    # real part's share is at most all of it.
    assert estimate.real == pytest.approx(special.j0(2 * np.pi * lag), abs=4 * n**-0.5)
    assert estimate.imag == pytest.approx(0, abs=4 * n**-0.5)


def test_fields_are_independent_of_each_other():
    field = as_complex(scattered_field(Draws(3), (2000, 2), 0.4))
    assert abs(np.mean(field[:, 0] * field[:, 1].conj())) < 4 * 2000**-0.5


def test_line_of_sight_keeps_its_power_and_turns_at_the_tabled_shift():
    first = as_complex(line_of_sight_field(Draws(4), (1000,), 0.0))
    later = as_complex(line_of_sight_field(Draws(4), (1000,), 0.25))
    np.testing.assert_allclose(np.abs(first), 1, rtol=1e-15)
    np.testing.assert_allclose(later / first, np.exp(2j * np.pi * 0.7 * 0.25), rtol=1e-14)
    # The mean of n phases has a standard error of n^-1/2.
    assert abs(first.mean()) < 4 * 1000**-0.5


@pytest.mark.parametrize("k_factor", [1.0, 4.0, 20.0])
def test_rician_k_factor_by_moments(k_factor):
    n = 100_000
    power = field_power(rician_field(Draws(5), (n,), k_factor, 0.0))
    variance = (2 * k_factor + 1) / (k_factor + 1) ** 2
    assert power.mean() == pytest.approx(1, abs=4 * (variance / n) ** 0.5)
    # Fourth central moment at most 9 variance^2 (exponential): the sample variance is within a
    # relative sqrt(8 / n) = 0.9 % (one standard error).
    assert power.var() == pytest.approx(variance, rel=4 * (8 / n) ** 0.5)
    # Greenstein et al. 1999: sqrt(mean^2 - variance) is the power of the line of sight. At K = 1
    # the error of K is three times that of the variance.
    direct = (power.mean() ** 2 - power.var()) ** 0.5
    assert direct / (power.mean() - direct) == pytest.approx(k_factor, rel=0.11)


def test_rician_without_line_of_sight_is_rayleigh():
    power = field_power(rician_field(Draws(6), (20_000,), 0.0, 0.7))
    assert stats.kstest(power, "expon").pvalue > 0.001


def test_rician_correlation_in_time():
    n, k_factor, lag = 20_000, 2.0, 0.3
    first = as_complex(rician_field(Draws(7), (n,), k_factor, 0.0))
    later = as_complex(rician_field(Draws(7), (n,), k_factor, lag))
    expected = k_factor * np.exp(-2j * np.pi * 0.7 * lag) + special.j0(2 * np.pi * lag)
    # The power of the product is at most E|h|^4 <= 2, shared by two parts.
    assert abs(np.mean(first * later.conj()) - expected / (k_factor + 1)) < 4 * (2 / n) ** 0.5


def test_doppler():
    # 30 m/s at 3 GHz: a wavelength of 0.09993 m, 300.2 Hz.
    assert doppler_cycles(30.0, 3e9, 1.0) == pytest.approx(300.2077, rel=1e-6)
    assert doppler_cycles(0.0, 3e9, 5.0) == 0.0


def test_a_node_at_rest_has_the_same_channel_for_ever():
    first, later = rician_field(Draws(8), (50,), 3.0, 0.0), rician_field(Draws(8), (50,), 3.0, 0.0)
    np.testing.assert_array_equal(first, later)
