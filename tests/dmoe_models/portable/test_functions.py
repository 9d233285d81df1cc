"""Elementary functions: right against 40 digits, exact where they must be, recorded bits."""

import hashlib
import math

import mpmath
import numpy as np
import pytest

from dmoe_models.portable.functions import (
    from_db,
    portable_cosine_sine,
    portable_exp,
    portable_log,
    portable_log10,
)

mp = mpmath.mp.clone()
mp.dps = 40
RANDOM = np.random.default_rng(0)


def worst(values, references, relative=True):
    errors = [
        abs(mp.mpf(value) / reference - 1) if relative else abs(mp.mpf(value) - reference)
        for value, reference in zip(values.tolist(), references, strict=True)
    ]
    return float(max(errors))


def test_logarithm_is_right_to_1e_15():
    random = np.random.default_rng(0)
    samples = np.concatenate(
        [
            random.random(20_000),
            1 + (random.random(20_000) - 0.5) * 1e-3,
            1 - 2.0**-53 * np.arange(1, 100),
            np.exp(random.uniform(-700, 700, 20_000)),
            [5e-324, 1e-310, 0.5, math.sqrt(0.5), 2.0, math.sqrt(2.0), 1.7e308],
        ]
    )
    exact = np.array([math.log(x) for x in samples])
    assert np.max(np.abs(portable_log(samples) - exact) / np.abs(exact)) <= 1e-15


def test_logarithm_of_one_is_zero():
    assert portable_log(np.array([1.0]))[0] == 0.0


def test_logarithm_to_base_10():
    x = np.exp(np.random.default_rng(1).uniform(-300, 300, 3000))
    assert worst(portable_log10(x), [mp.log10(mp.mpf(v)) for v in x.tolist()]) <= 2e-15


def test_exponential_is_right_to_3e_16():
    random = np.random.default_rng(2)
    x = np.concatenate(
        [random.uniform(-700, 700, 3000), random.uniform(-1, 1, 3000), [0.0, 1e-300, -700, 700]]
    )
    assert worst(portable_exp(x), [mp.exp(mp.mpf(v)) for v in x.tolist()]) <= 3e-16
    assert portable_exp(0.0) == 1.0
    assert portable_exp(1e4) == portable_exp(700.0)


def test_decibels_are_right_to_3e_14():
    level = np.random.default_rng(3).uniform(-300, 300, 3000)
    exact = [mp.power(10, mp.mpf(v) / 10) for v in level.tolist()]
    assert worst(from_db(level), exact) <= 3e-14
    assert from_db(0.0) == 1.0


def test_cosine_and_sine_are_right_to_3e_16():
    random = np.random.default_rng(4)
    turns = np.concatenate(
        [
            random.uniform(-1, 1, 3000),
            random.uniform(-1e9, 1e9, 1000),
            random.uniform(-1e-6, 1e-6, 300),
            np.arange(-20, 21) / 8,
        ]
    )
    cosine, sine = portable_cosine_sine(turns)
    doubled = [2 * mp.mpf(v) for v in turns.tolist()]
    assert worst(cosine, [mp.cospi(v) for v in doubled], relative=False) <= 3e-16
    assert worst(sine, [mp.sinpi(v) for v in doubled], relative=False) <= 3e-16


def test_quarter_turns_are_exact():
    cosine, sine = portable_cosine_sine(np.arange(-8, 9) / 4)
    np.testing.assert_array_equal(cosine, [1, 0, -1, 0] * 4 + [1])
    np.testing.assert_array_equal(sine, [0, 1, 0, -1] * 4 + [0])


def test_scalars_are_accepted():
    assert float(portable_log(np.array(math.e))) == pytest.approx(1)
    assert portable_exp(1.0).shape == () == portable_cosine_sine(0.3)[0].shape


def test_values_are_the_recorded_bits():
    """A hash taken when the functions were written: it must never change."""
    x = np.arange(1, 2001) / 7.0
    values = [portable_log(x), portable_exp(x), from_db(x), *portable_cosine_sine(x)]
    digest = hashlib.sha256(np.array(values).astype("<f8").tobytes()).hexdigest()
    assert digest.startswith("54f1d4cfb990ac2a")
