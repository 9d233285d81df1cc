"""Models of gate scores: distributions against scipy's, recorded bits, independent entries.

Seeds are fixed; tolerances are four standard errors or more.
"""

import hashlib

import numpy as np
import pytest
from scipy import special, stats

from dmoe_models.portable.random import Draws
from dmoe_models.scores.synthetic import (
    dirichlet_logits,
    domain_logits,
    log_gamma_variates,
    logistic_normal_logits,
    softmax,
    token_domains,
)

SHAPES = np.array([0.01, 0.3, 1.0, 2.5, 40.0, 1e4])


def fingerprint(array: np.ndarray) -> str:
    return hashlib.sha256(array.astype("<f8").tobytes()).hexdigest()[:16]


def test_gamma_variates_are_the_recorded_bits():
    """Taken when the function was written: they must never change."""
    drawn = log_gamma_variates(Draws(7).stream("golden"), SHAPES, 100)
    assert fingerprint(drawn) == "8ff58ab08089b180"


@pytest.mark.parametrize("column", range(len(SHAPES)))
def test_gamma_variates_have_the_distribution_of_scipy(column):
    n = 20_000
    drawn = log_gamma_variates(Draws(1).stream("gamma"), SHAPES, n)[:, column]
    shape = SHAPES[column]
    assert stats.kstest(drawn, stats.loggamma(shape).cdf).pvalue > 0.001
    # the logarithm has mean digamma and variance trigamma
    assert drawn.mean() == pytest.approx(
        special.digamma(shape), abs=4 * (special.polygamma(1, shape) / n) ** 0.5
    )
    if shape >= 0.3:
        variate = np.exp(drawn)
        assert variate.mean() == pytest.approx(shape, abs=4 * (shape / n) ** 0.5)
        fourth = 3 * shape**2 + 6 * shape  # central moment
        assert variate.var() == pytest.approx(shape, abs=4 * ((fourth - shape**2) / n) ** 0.5)


def test_gamma_variates_of_one_entry_do_not_depend_on_others():
    few = log_gamma_variates(Draws(2), np.array([0.5, 3.0]), 50)
    np.testing.assert_array_equal(log_gamma_variates(Draws(2), np.array([0.5, 3.0]), 70)[:50], few)
    other = log_gamma_variates(Draws(2), np.array([0.5, 900.0]), 50)
    np.testing.assert_array_equal(other[:, 0], few[:, 0])
    assert (other[:, 1] != few[:, 1]).all()
    correlation = np.corrcoef(log_gamma_variates(Draws(3), np.ones(2), 20_000).T)[0, 1]
    assert abs(correlation) < 4 * 20_000**-0.5


def test_smallest_shapes_stay_finite():
    drawn = log_gamma_variates(Draws(4), np.array([1e-60, 1e-6]), 100)
    assert np.isfinite(drawn).all()
    scores = softmax(drawn)
    assert (scores > 0).all() and np.isfinite(scores).all()


def test_softmax_is_that_of_scipy():
    logits = 5 * np.random.default_rng(0).normal(size=(50, 7)) + 900
    np.testing.assert_allclose(softmax(logits), special.softmax(logits, axis=1), rtol=1e-14)


def test_dirichlet_has_its_marginals():
    scores = softmax(dirichlet_logits(Draws(5), 20_000, 4, 0.3, 0.0))
    for column in scores.T:
        assert stats.kstest(column, stats.beta(0.3, 0.9).cdf).pvalue > 0.001
    uniform = softmax(dirichlet_logits(Draws(5), 20_000, 3, 1.0, 0.0))
    assert stats.kstest(uniform[:, 1], stats.beta(1, 2).cdf).pvalue > 0.001


def test_skewed_dirichlet_has_means_by_rank():
    scores = softmax(dirichlet_logits(Draws(6), 20_000, 5, 0.5, 1.0))
    wanted = 1 / np.arange(1, 6)
    wanted /= wanted.sum()
    np.testing.assert_allclose(np.sort(scores.mean(axis=0))[::-1], wanted, atol=4 * 0.27 / 141)
    favourites = {
        int(softmax(dirichlet_logits(Draws(seed), 200, 5, 0.5, 2.0)).mean(axis=0).argmax())
        for seed in range(20)
    }
    assert len(favourites) > 2


def test_logits_have_the_wanted_covariance():
    n = 40_000
    logits = logistic_normal_logits(Draws(7), n, 6, 1.5, 2, 0.6, 0.0)
    wanted = 2.25 * np.kron(np.eye(2), np.full((3, 3), 0.6))
    np.fill_diagonal(wanted, 2.25)
    np.testing.assert_allclose(np.cov(logits.T), wanted, atol=5 * 2.25 * (2 / n) ** 0.5)
    for column in logits.T:
        assert stats.kstest(column / 1.5, "norm").pvalue > 0.001


def test_bias_of_experts():
    means = [logistic_normal_logits(Draws(seed), 1, 50, 0.0, 3, 0.5, 0.7)[0] for seed in range(40)]
    assert stats.kstest(np.ravel(means) / 0.7, "norm").pvalue > 0.001


@pytest.mark.parametrize(("purity", "share"), [(0.0, 0.25), (0.6, 0.7), (1.0, 1.0)])
def test_purity_is_the_share_of_the_home_domain(purity, share):
    home = np.arange(20_000) % 4
    domain = token_domains(Draws(8), home, 4, purity)
    assert np.mean(domain == home) == pytest.approx(share, abs=4 * 0.5 / 141)
    assert set(domain.tolist()) == {0, 1, 2, 3}


def test_specialists_prefer_their_domain():
    domain = np.arange(6000) % 3
    logits = domain_logits(Draws(9), domain, 8, 3, 0.5, 4.0, 0.0, 1.0)
    means = np.array([logits[domain == kind].mean(axis=0) for kind in range(3)])
    special = means > 2.0
    np.testing.assert_allclose(means[special], 4.0, atol=4 / 44)
    np.testing.assert_allclose(means[~special], 0.0, atol=4 / 44)
    assert sorted(special.sum(axis=0).tolist()) == [0, 0, 0, 0, 1, 1, 1, 1]
    assert sorted(special.sum(axis=1).tolist()) == [1, 1, 2]
    assert logits[domain == 0].std(axis=0) == pytest.approx(1.0, abs=4 * 0.71 / 44)
