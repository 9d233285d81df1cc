"""Tapped delay lines: the published tables, and correlation over frequency and time.

Seeds are fixed, tolerances at least four standard errors.
"""

import numpy as np
import pytest
from scipy import special

from dmoe_models.channels.fading import field_power
from dmoe_models.channels.tapped_delay_line import PROFILES, tap_powers, tapped_delay_line_field
from dmoe_models.portable.random import Draws

CHANNELS = 4000
SPREAD_S = 1e-7
SPACING_HZ = 2.5e5


def response(profile, cycles=0.0, subcarriers=24, spread=SPREAD_S, spacing=SPACING_HZ):
    real, imaginary = tapped_delay_line_field(
        Draws(1), (CHANNELS,), profile, spread, spacing * np.arange(subcarriers), cycles
    )
    return real + 1j * imaginary


def transform(profile, frequency_hz):
    """E[H(0) conj H(f)]: the Fourier transform of the published power-delay profile."""
    taps = PROFILES[profile]
    delays = np.array([0.0, *taps.delays])
    level = -np.inf if taps.line_of_sight_db is None else taps.line_of_sight_db
    powers = 10.0 ** (np.array([level, *taps.powers_db]) / 10)
    phase = np.exp(2j * np.pi * np.outer(frequency_hz, delays * SPREAD_S))
    return phase @ powers / powers.sum()


def test_tables_have_the_published_shape():
    counts = {name: len(taps.delays) for name, taps in PROFILES.items()}
    assert counts == {"A": 23, "B": 23, "C": 24, "D": 13, "E": 14}
    last = {name: (taps.delays[-1], taps.powers_db[-1]) for name, taps in PROFILES.items()}
    assert last == {
        "A": (9.6586, -29.7),
        "B": (4.7834, -11.3),
        "C": (8.6523, -22.8),
        "D": (12.525, -27.7),
        "E": (20.6519, -29.2),
    }
    for taps in PROFILES.values():
        assert len(taps.delays) == len(taps.powers_db)
        assert taps.delays[0] == 0.0 and min(taps.delays) == 0.0
        # The strongest path stands at 0 dB; in D and E the two parts of the first tap together.
        first = [taps.line_of_sight_db, taps.powers_db[0]]
        if taps.line_of_sight_db is not None:
            assert 10 * np.log10(sum(10 ** (level / 10) for level in first)) == pytest.approx(
                0, abs=0.01
            )
        else:
            assert max(taps.powers_db) == 0.0


@pytest.mark.parametrize(
    ("profile", "spread", "off"),
    [
        ("A", 1.00005794, 1e-4),
        ("B", 0.99998869, 1e-4),
        ("C", 0.99999582, 1e-4),
        ("D", 0.99372057, 1e-2),  # powers in tenths of a dB, and nearly all of it at delay zero
        ("E", 1.00024078, 1e-3),
    ],
)
def test_tables_have_unit_delay_spread(profile, spread, off):
    """The tables are normalised to a delay spread of 1, but for the rounding of what is printed.

    So a table that was read wrongly is unlikely to pass; the digits recorded beyond that rounding
    keep any single one from changing unnoticed.
    """
    assert delay_spread(profile) == pytest.approx(1, abs=off)
    assert delay_spread(profile) == pytest.approx(spread, abs=5e-8)


def delay_spread(profile):
    scattered, direct = tap_powers(profile)
    powers = np.array([direct, *scattered])
    delays = np.array([0.0, *PROFILES[profile].delays])
    mean = powers @ delays
    return np.sqrt(powers @ (delays - mean) ** 2)


@pytest.mark.parametrize(("profile", "k_factor_db"), [("D", 13.3), ("E", 22.0)])
def test_first_tap_has_the_published_k_factor(profile, k_factor_db):
    scattered, direct = tap_powers(profile)
    assert 10 * np.log10(direct / scattered[0]) == pytest.approx(k_factor_db, abs=1e-9)


@pytest.mark.parametrize("profile", list(PROFILES))
def test_powers_sum_to_one(profile):
    scattered, direct = tap_powers(profile)
    assert scattered.sum() + direct == pytest.approx(1, abs=1e-14)
    assert (direct > 0) == (profile in "DE")


@pytest.mark.parametrize("profile", list(PROFILES))
def test_correlation_over_frequency_is_the_transform_of_the_profile(profile):
    channels = response(profile)
    # |H|^2 has a variance of at most 1 (Rayleigh), and so has the product of two subcarriers.
    error = 4 * CHANNELS**-0.5
    assert np.mean(np.abs(channels) ** 2, axis=0) == pytest.approx(1, abs=error)
    estimate = np.mean(channels[:, :1] * channels.conj(), axis=0)
    expected = transform(profile, SPACING_HZ * np.arange(channels.shape[1]))
    assert np.abs(estimate - expected).max() < error


@pytest.mark.parametrize("profile", list(PROFILES))
@pytest.mark.parametrize("level", [0.9, 0.5])
def test_coherence_bandwidth_is_at_least_its_bound(profile, level):
    """Fleury (1996): correlation stays above c up to arccos(c) / (2 pi delay spread)."""
    spacing = np.arccos(level) / (2 * np.pi * SPREAD_S)
    channels = response(profile, subcarriers=2, spacing=spacing)
    estimate = np.abs(np.mean(channels[:, 0] * channels[:, 1].conj()))
    assert estimate > level - 4 * CHANNELS**-0.5


def test_rayleigh_and_rician_moments_of_the_response():
    # Flat sums of normal taps: the power of A is exponential, that of E has the K-factor of
    # direct over scattered power, and variance (2 K + 1) / (K + 1)^2.
    assert field_variance("A") == pytest.approx(1, rel=4 * (8 / CHANNELS) ** 0.5)
    _, direct = tap_powers("E")
    k_factor = direct / (1 - direct)
    expected = (2 * k_factor + 1) / (k_factor + 1) ** 2
    assert field_variance("E") == pytest.approx(expected, rel=4 * (8 / CHANNELS) ** 0.5)


def field_variance(profile):
    channel = response(profile, subcarriers=1)
    return field_power((channel.real, channel.imag)).var()


def test_correlation_in_time_is_bessel_on_every_subcarrier():
    lag = 0.2
    first, later = response("C"), response("C", cycles=lag)
    estimate = np.mean(first * later.conj(), axis=0)
    assert estimate == pytest.approx(special.j0(2 * np.pi * lag), abs=4 * CHANNELS**-0.5)


def test_only_the_product_of_spread_and_spacing_matters():
    np.testing.assert_array_equal(
        response("B"), response("B", spread=2 * SPREAD_S, spacing=SPACING_HZ / 2)
    )


def test_no_delay_spread_means_one_gain_for_all_subcarriers():
    channels = response("A", spread=0.0, subcarriers=3)
    np.testing.assert_array_equal(channels, channels[:, :1] * np.ones(3))
