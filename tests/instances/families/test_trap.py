"""JESA's answer can cost any number of times the optimum, from nearly every start."""

import numpy as np
import pytest

from dmoe_models import DmoeError, solve
from instances.families import draw


def prices(instance):
    """Joule per token of node 0's links, in units of the good link's on subcarrier 1."""
    energy = instance.transmission_energy_j[0, 1:]
    return energy / energy[-1, 1]


def test_prices_are_those_of_the_proof():
    instance = draw("trap", 0, K=6, T=2, M=6, ratio=100.0)
    *decoys, bait, good = prices(instance)
    assert good[1] == 1
    np.testing.assert_allclose(np.delete(good, 1), 100)
    np.testing.assert_allclose(bait, 1.001 * good)
    for decoy in decoys:
        assert decoy[0] == pytest.approx(0.999 / 3) and decoy[1] == pytest.approx(99.8 / 3)
        np.testing.assert_allclose(decoy[2:], 99.9 / 3)
    small = draw("trap", 0, M=4)
    optimum = solve(small, "exhaustive").objective
    assert optimum == pytest.approx(small.transmission_energy_j[0, 4, 1], rel=1e-12)


@pytest.mark.parametrize("ratio", [10.0, 1e2, 1e4, 1e6])
@pytest.mark.parametrize("nodes", [5, 7, 13])
def test_jesas_gap_is_unbounded(nodes, ratio):
    instance = draw("trap", 0, K=nodes, ratio=ratio)
    optimum = solve(instance, "exact")
    assert optimum.gap <= 1e-9
    decoys = nodes - 3
    stuck = optimum.objective * (0.999 + 0.998 * ratio + 0.999 * ratio * (decoys - 2)) / decoys
    for options in ({"start": "price"}, {"start": "assignment"}, {"starts": 8}):
        result = solve(instance, "jesa", **options)
        assert result.details["converged"]
        assert result.objective == pytest.approx(stuck, rel=1e-6)
        # the upper limit: no more than the largest ratio of a link's prices
        assert result.objective <= ratio * optimum.objective
    energy = instance.transmission_energy_j[0, 1:]
    assert (energy.max(axis=1) / energy.min(axis=1)).max() == pytest.approx(ratio)
    assert solve(instance, "local-search").objective == pytest.approx(optimum.objective)


def test_one_random_start_in_m_escapes():
    instance = draw("trap", 0, M=8)
    optimum = solve(instance, "exact").objective
    answers = [solve(instance, "jesa", seed=seed).objective / optimum for seed in range(200)]
    escaped = np.mean(np.array(answers) < 1.001)
    assert escaped == pytest.approx(1 / 8, abs=0.07)
    assert (np.array(answers)[np.array(answers) > 1.001] > 149).all()


def test_any_number_of_tokens_is_trapped():
    one, many = draw("trap", 0), draw("trap", 0, T=40)
    ratios = [
        solve(i, "jesa", starts=10).objective / solve(i, "exact").objective for i in (one, many)
    ]
    assert ratios[0] == pytest.approx(ratios[1])


@pytest.mark.parametrize("family", ["contended", "tight", "rayleigh", "mutant"])
def test_no_answer_exceeds_the_largest_ratio_of_a_links_prices(family):
    for seed in range(10):
        instance = draw(family, seed, K=3, T=6)
        energy = instance.transmission_energy_j[tuple(instance.links.T)]
        limit = (energy.max(axis=1) / energy.min(axis=1)).max()
        result = solve(instance, "jesa", seed=seed)
        assert result.details["converged"]
        assert result.objective <= limit * solve(instance, "exhaustive").objective


def test_it_is_physical():
    instance = draw("trap", 0, ratio=345.0)
    snr = instance.transmit_power_w * instance.gain[0, 1:] / instance.noise_power_w
    assert 10 * np.log10(snr.min()) > -20 and 10 * np.log10(snr.max()) == pytest.approx(30)


@pytest.mark.parametrize("ratio", [1.0, 1e7, float("nan"), "300"])
def test_bad_ratio(ratio):
    with pytest.raises(DmoeError, match="ratio = "):
        draw("trap", 0, ratio=ratio)
