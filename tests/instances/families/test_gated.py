"""Families with modelled gates: the models arrive in instances, and parameters are checked."""

import numpy as np
import pytest
from scipy import stats

from dmoe_models import DmoeError
from instances.families import draw

NAMES = ("dirichlet", "logistic-normal", "domains")

# First digits of hashes at seed 5, K = 5, T = 4: the drawn bits must never change.
GOLDEN = [
    ("dirichlet", {"concentration": 0.01, "skew": 0.0}, "96514d974caa4bac"),
    ("dirichlet", {"concentration": 20.0, "M": 7}, "0139d1c12983509f"),
    ("logistic-normal", {"clusters": 3, "correlation": 0.9}, "0c7845999d36db00"),
    ("domains", {"domains": 2, "purity": 0.1, "specialists": 1.0}, "4fffc1d88d6b2018"),
]


@pytest.mark.parametrize(("name", "parameters", "digits"), GOLDEN)
def test_draws_are_the_recorded_bits(name, parameters, digits):
    assert draw(name, 5, K=5, T=4, **parameters).sha256.startswith(digits)


@pytest.mark.parametrize("name", NAMES)
def test_all_but_the_scores_is_as_in_rayleigh(name):
    drawn, plain = draw(name, 3, K=5, M=9), draw("rayleigh", 3, K=5, M=9)
    assert drawn.replace(gate_scores=plain.gate_scores).sha256 == plain.sha256
    assert drawn.sha256 != plain.sha256


@pytest.mark.parametrize(
    ("name", "few", "many"),
    [
        ("dirichlet", {"concentration": 5.0}, {"concentration": 0.1}),
        ("logistic-normal", {"spread": 0.3}, {"spread": 3.0}),
        ("domains", {"noise": 0.2, "advantage": 0.0}, {"noise": 3.0}),
    ],
)
def test_parameters_concentrate_the_scores(name, few, many):
    def best(parameters):
        return draw(name, 2, K=8, T=500, **parameters).gate_scores.max(axis=1).mean()

    assert best(few) < 0.4 < 0.6 < best(many)


def test_scores_rise_together_within_a_cluster():
    scores = draw(
        "logistic-normal", 4, K=6, T=4000, clusters=3, correlation=0.8, bias=0.0
    ).gate_scores
    together = np.corrcoef(scores.T)
    assert min(together[0, 1], together[2, 3], together[4, 5]) > 0.2
    assert max(together[0, 2], together[1, 4], together[3, 5]) < 0.0


def test_bias_makes_the_load_uneven():
    def imbalance(bias):
        load = draw("logistic-normal", 6, K=16, T=2000, bias=bias).gate_scores.mean(axis=0)
        return load.std() / load.mean()

    assert imbalance(0.0) < 0.1 < 0.5 < imbalance(1.0)


def test_metadata_count_the_domains_of_every_node():
    instance = draw("domains", 7, K=3, T=3000, domains=2, purity=0.9)
    counts = np.array(instance.metadata["tokens_of_node_and_domain"])
    assert counts.sum(axis=1).tolist() == [1000, 1000, 1000]
    home = counts[[0, 1, 2], [0, 1, 0]]
    # 0.9 + 0.1 / 2 of 1000, within four standard errors
    assert np.abs(home - 950).max() < 4 * (1000 * 0.95 * 0.05) ** 0.5


def test_pure_nodes_differ_and_mixed_ones_do_not():
    def difference(purity):
        instance = draw("domains", 1, K=2, T=4000, domains=2, purity=purity, specialists=1.0)
        means = [instance.gate_scores[instance.source == node].mean(axis=0) for node in (0, 1)]
        return np.abs(means[0] - means[1]).max()

    assert difference(1.0) > 0.3
    assert difference(0.0) < 4 * 0.5 * (2 / 2000) ** 0.5


def test_dirichlet_of_one_is_uniform_on_the_simplex():
    scores = draw("dirichlet", 3, K=5, T=5000, concentration=1, skew=0).gate_scores
    assert stats.kstest(scores[:, 2], stats.beta(1, 4).cdf).pvalue > 0.001


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("dirichlet", {"concentration": 0}, "concentration = 0.0 is outside 1e-06 to 1e"),
        ("dirichlet", {"concentration": float("nan")}, "concentration = nan is not finite"),
        ("dirichlet", {"skew": -1}, "skew = -1.0 is outside 0 to 10"),
        ("dirichlet", {"skew": "much"}, "skew"),
        ("logistic-normal", {"spread": 101}, "spread = 101.0 is outside 0 to 100"),
        ("logistic-normal", {"correlation": 1}, "correlation"),
        ("logistic-normal", {"clusters": 5}, "clusters = 5 is outside 1 to K = 4"),
        ("logistic-normal", {"clusters": 1.5}, "clusters = 1.5 is not a whole number"),
        ("logistic-normal", {"bias": -0.1}, "bias"),
        ("domains", {"domains": 0}, "domains = 0 is below 1"),
        ("domains", {"domains": 1001}, "domains = 1001.0 is outside 1 to 1000"),
        ("domains", {"purity": 1.1}, "purity = 1.1 is outside 0 to 1"),
        ("domains", {"specialists": -1}, "specialists"),
        ("domains", {"advantage": 1e9}, "advantage"),
        ("domains", {"bias": None}, "bias"),
        ("domains", {"noise": 1e9}, "noise"),
    ],
)
def test_bad_request(name, parameters, message):
    with pytest.raises(DmoeError, match=message) as caught:
        draw(name, 1, **parameters)
    assert "\n" not in str(caught.value)
