"""P1 families: energies that follow scores, kinds of knapsacks, and how hard they are."""

import numpy as np
import pytest

from dmoe_models import solve
from dmoe_models.model.energy import assignment_energy_j, expert_energy_j
from instances.families import draw
from instances.families.knapsack import KINDS


def test_hard_p1_energies_follow_scores():
    for seed in range(5):
        instance = draw("hard-p1", seed, K=24, T=6)
        assert instance.problem == "P1"
        assert (instance.M, instance.max_experts) == (23, 12)
        prices = assignment_energy_j(instance, instance.assignment)
        energy = expert_energy_j(instance, prices)
        assert (instance.source == 0).all() and np.isfinite(energy).all()
        for scores, joules in zip(instance.gate_scores, energy, strict=True):
            assert np.corrcoef(scores, joules)[0, 1] > 0.95
        assert (prices[0, 1:] > 0.01 * energy[0, 1:]).all()
        assert (instance.computation_energy_j > 0).all()


def test_hard_p1_is_hard_for_its_size():
    hard = solve(draw("hard-p1", 1, K=16, T=4), "des").details["nodes_per_token"]
    easy = solve(draw("hard-p1", 1, K=16, T=4, jitter=0.9), "des").details["nodes_per_token"]
    assert np.median(hard) > np.median(easy)


def worth_and_scores(kind, **parameters):
    """Energies of the linked experts in units of their mean, and scores in units of theirs."""
    instance = draw("knapsack-p1", 3, K=30, T=6, kind=kind, **parameters)
    prices = assignment_energy_j(instance, instance.assignment)
    energy = expert_energy_j(instance, prices)
    assert (energy == energy[0]).all() and not energy[:, 0].any()
    assert (instance.computation_energy_j[1:] > 0).all()
    scores = instance.gate_scores
    assert (scores[:, 0] < 0.245).all() and len(set(scores[:, 0])) == 6
    energy, scores = energy[:, 1:], scores[:, 1:]
    return energy[0] / energy[0].mean(), scores / scores.mean(axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("kind", "least", "most", "intercept"),
    [
        ("uncorrelated", -0.5, 0.5, None),
        ("weakly-correlated", 0.95, 0.999, None),
        ("strongly-correlated", 1, 1, 0.17),
        ("inverse-strongly-correlated", 1, 1, -0.2),
        ("almost-strongly-correlated", 0.9999, 1 - 1e-9, 0.17),
        ("subset-sum", 1, 1, 0),
        ("similar-weights", -0.5, 0.5, None),
    ],
)
def test_knapsack_kinds(kind, least, most, intercept):
    worth, scores = worth_and_scores(kind)
    for row in scores:
        assert least - 1e-12 <= np.corrcoef(row, worth)[0, 1] <= most + 1e-12
        if intercept is not None:
            assert np.polyfit(row, worth, 1)[1] == pytest.approx(intercept, abs=0.05)
    distinct = kind not in ("strongly-correlated", "inverse-strongly-correlated", "subset-sum")
    assert np.allclose(scores, scores[0], rtol=1e-9) != distinct
    if kind == "similar-weights":
        assert scores.max() / scores.min() < 1.0011


@pytest.mark.parametrize("kind", KINDS)
def test_knapsack_optima_agree(kind):
    instance = draw("knapsack-p1", 1, K=9, T=3, kind=kind)
    tree, model = solve(instance, "des"), solve(instance, "pyomo-p1-milp", time_limit=20.0)
    assert tree.objective == pytest.approx(model.objective, rel=1e-9)


def test_some_knapsack_kinds_are_hard_for_their_size():
    nodes = {
        kind: solve(draw("knapsack-p1", 1, K=20, T=4, kind=kind), "des").details["nodes"]
        for kind in KINDS
    }
    for hard in ("inverse-strongly-correlated", "subset-sum"):
        assert nodes[hard] > 100 * max(nodes["uncorrelated"], nodes["similar-weights"])
