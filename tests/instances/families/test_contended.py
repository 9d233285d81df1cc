"""Families with a structure: what each has of it, and how hard that makes them."""

import numpy as np

from dmoe_models import solve
from dmoe_models.model.relevance import meets_need
from instances.families import draw


def off_diagonal(instance):
    return ~np.eye(instance.K, dtype=bool)


def test_uneven_nodes_differ():
    drawn = [draw("uneven", seed, K=5, T=20) for seed in range(20)]
    missing = [off_diagonal(instance) & ~(instance.gain > 0).any(axis=2) for instance in drawn]
    assert np.mean([links.sum() for links in missing]) > 1
    blocked = [
        ((instance.gain == 0) & ~gone[:, :, None] & off_diagonal(instance)[:, :, None]).any()
        for instance, gone in zip(drawn, missing, strict=True)
    ]
    assert np.mean(blocked) > 0.5
    for instance in drawn:
        counts = np.bincount(instance.source, minlength=5)
        assert counts.max() > counts.min()
        energy = instance.computation_energy_j
        assert 1 < energy.max() / energy.min() <= 16
        assert (instance.static_energy_j > 0).all()


def test_uneven_missing_links_leave_every_token_feasible():
    for seed in range(40):
        instance = draw("uneven", seed, K=4, T=12, missing=0.9, gamma=0.7)
        usable = np.where(instance.reachable[instance.source], instance.gate_scores, 0.0)
        best = np.zeros((instance.T, instance.K), dtype=bool)
        order = np.argsort(-usable, axis=1, kind="stable")[:, : instance.max_experts]
        np.put_along_axis(best, order, True, axis=1)
        best &= usable > 0
        assert meets_need(instance.gate_scores, best, instance.need).all()


def test_contended_gains_are_a_product_to_two_percent():
    instance = draw("contended", 1, K=5)
    log_gain = np.log(instance.gain[off_diagonal(instance)])
    rank_one = log_gain.mean(axis=0) + log_gain.mean(axis=1, keepdims=True) - log_gain.mean()
    # A ripple of at most 2 % on every entry, and on the means taken from them.
    assert np.abs(log_gain - rank_one).max() <= 4 * -np.log(0.98)
    exact = draw("contended", 1, K=5, ripple=0.0)
    gains = exact.gain[off_diagonal(exact)]
    np.testing.assert_allclose(gains / gains[0], (gains / gains[0])[:, :1] * np.ones(exact.M))
    ratio = instance.gain[off_diagonal(instance)] / gains
    assert ratio.min() >= 0.98 and ratio.max() <= 1.02


def test_contended_transmission_dominates():
    instance = draw("contended", 1)
    cheapest = instance.transmission_energy_j[off_diagonal(instance)].min()
    assert cheapest > 10 * instance.computation_energy_j.max()


def test_contended_misleads_jesa():
    excess = []
    for seed in range(25):
        instance = draw("contended", seed, K=3, T=6)
        best = solve(instance, "exhaustive").objective
        excess.append(solve(instance, "jesa", seed=0).objective / best - 1)
    assert max(excess) > 0.3
    assert np.mean(np.array(excess) > 1e-6) > 0.2


def test_ties_are_equal():
    instance = draw("ties", 1, K=4)
    assert len(np.unique(instance.gain[off_diagonal(instance)])) == 1
    assert (instance.gate_scores == 0.25).all()
    assert len(np.unique(instance.computation_energy_j)) == 1
    assert draw("ties", 2, K=4).sha256 == instance.sha256


def test_ties_of_several_levels():
    instance = draw("ties", 1, K=4, levels=3)
    assert len(np.unique(instance.gain[off_diagonal(instance)])) == 3


def test_near_equal_is_near_and_the_lower_bound_too():
    instance = draw("near-equal", 1, K=5, band=0.03)
    gains = instance.gain[off_diagonal(instance)]
    assert gains.min() >= 0.97e-2 and gains.max() <= 1.03e-2
    assert gains.max() / gains.min() > 1.04
    # nine tenths of the departure are common to all links
    response = gains.mean(axis=0)
    assert np.abs(gains / response - 1).max() < 0.007
    energy = instance.computation_energy_j
    assert 1 < energy.max() / energy.min() <= 1.03 / 0.97
    result = solve(instance, "exact")
    assert result.objective <= 1.07 * solve(instance, "lower-bound").bound
