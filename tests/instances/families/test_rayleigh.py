"""Rayleigh fading: the documented defaults, and how many subcarriers there are."""

import numpy as np
import pytest

from dmoe_models import solve
from instances.families import draw
from instances.families.rayleigh import rayleigh


def off_diagonal(instance):
    return ~np.eye(instance.K, dtype=bool)


def test_rayleigh_has_the_documented_defaults():
    instance = rayleigh(1, K=10, T=400, M=100)
    gains = instance.gain[off_diagonal(instance)]
    snr = instance.transmit_power_w * gains / instance.noise_power_w
    assert snr.mean() == pytest.approx(10, rel=0.05)
    assert np.mean(gains > gains.mean()) == pytest.approx(np.exp(-1), abs=0.02)
    assert instance.gate_scores.mean(axis=0) == pytest.approx(0.1, abs=0.02)
    efficiency = 352e6 / instance.computation_energy_j
    assert efficiency.min() >= 0.5e12 and efficiency.max() <= 2e12
    assert instance.hidden_state_bits == 65536
    assert not instance.static_energy_j.any()
    assert (instance.relevance, instance.importance, instance.max_experts) == (1.0, 0.49, 2)


def test_tight_has_one_subcarrier_per_link():
    instance = draw("tight", 1, K=5)
    assert instance.M == 20 == len(instance.links)


def test_scarce_has_fewer_subcarriers_than_links_and_is_sometimes_infeasible():
    drawn = [draw("scarce", seed, K=3, T=6) for seed in range(12)]
    assert all(len(instance.links) > instance.M for instance in drawn)
    statuses = {str(solve(instance, "exhaustive").status) for instance in drawn}
    assert statuses == {"optimal", "infeasible"}


def test_reciprocal_is_symmetric():
    gain = draw("reciprocal", 1, K=5).gain
    np.testing.assert_array_equal(gain, gain.transpose(1, 0, 2))
    assert (gain > 0).any()
