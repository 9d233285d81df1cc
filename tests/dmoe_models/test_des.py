"""DES against enumeration and against the MILP; its nodes, its limits, its reading of C1."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmoe_models import InstanceError, MethodError, Status, solve
from dmoe_models.algorithms.des import select_experts
from dmoe_models.relevance import meets_need, need_from_threshold
from instances.families import draw

from tiny import NEAR, near_scores


def cheapest_by_enumeration(energy, scores, threshold, max_experts):
    """Least energy over all sets of at most D experts, sums of scores taken exactly."""
    need = float(need_from_threshold(np.array([threshold]))[0])
    best = math.inf
    for size in range(1, max_experts + 1):
        for members in itertools.combinations(range(len(scores)), size):
            if math.fsum([*(float(scores[j]) for j in members), -need]) >= 0:
                best = min(best, math.fsum(float(energy[j]) for j in members))
    return best


def token(seed):
    """One random token: near misses, ties, zero scores and energies, experts out of reach."""
    random = np.random.default_rng([5, seed])
    experts = int(random.integers(2, 9))
    max_experts = int(random.integers(1, experts + 1))
    threshold = float(random.choice([0.3, 0.49, 0.7, 1.0, 1e-9]))
    if seed % 3 == 0 and threshold < 0.9:
        need = float(need_from_threshold(np.array([threshold]))[0])
        miss = float(random.choice([0.0, *NEAR]))
        scores = near_scores(random, experts, need, int(random.integers(1, experts)), miss)
    else:
        scores = random.dirichlet(np.full(experts, 0.5))
    energy = random.exponential(1e-4, experts)
    if seed % 4 == 0:
        energy = 1e-4 * random.integers(0, 3, experts)
    if seed % 5 == 0:
        energy[random.random(experts) < 0.3] = np.inf
    if seed % 7 == 0:
        scores[int(random.integers(experts))] = 0.0
    return energy, scores, threshold, max_experts


@pytest.mark.parametrize("block", range(4))
def test_des_equals_enumeration(block):
    infeasible = 0
    for seed in range(300 * block, 300 * block + 300):
        energy, scores, threshold, max_experts = token(seed)
        answer = select_experts(energy[None], scores[None], np.array([threshold]), max_experts)
        truth = cheapest_by_enumeration(energy, scores, threshold, max_experts)
        infeasible += math.isinf(truth)
        assert answer.complete
        if math.isinf(truth):
            assert math.isinf(answer.energy_j[0])
            assert not answer.selection.any()
        else:
            assert answer.energy_j[0] == pytest.approx(truth, rel=1e-12, abs=1e-18)
            assert answer.selection.sum() <= max_experts
            assert meets_need(
                scores[None], answer.selection, need_from_threshold(np.array([threshold]))
            ).all()
    assert infeasible > 20


@given(st.integers(0, 10**9))
@settings(max_examples=200, deadline=None)
def test_des_equals_enumeration_wherever_hypothesis_looks(seed):
    energy, scores, threshold, max_experts = token(seed)
    answer = select_experts(energy[None], scores[None], np.array([threshold]), max_experts)
    truth = cheapest_by_enumeration(energy, scores, threshold, max_experts)
    assert answer.energy_j[0] == pytest.approx(truth, rel=1e-12, abs=1e-18)


BATCHES = [  # K, D, tokens
    (6, 2, 200),
    (8, 4, 200),
    (12, 3, 160),
    (12, 6, 160),
    (16, 8, 120),
    (24, 2, 80),
    (24, 6, 60),
    (24, 12, 40),
]


@pytest.mark.parametrize(("experts", "max_experts", "tokens"), BATCHES)
def test_des_equals_the_milp(experts, max_experts, tokens):
    """1,020 tokens with energies drawn apart from the scores, D from 2 to K/2."""
    random = np.random.default_rng(experts * 100 + max_experts)
    instance = draw("hard-p1", 1, K=experts, T=tokens, D=max_experts)
    instance = instance.replace(
        gate_scores=random.dirichlet(np.ones(experts), tokens),
        computation_energy_j=random.uniform(1e-5, 7e-4, experts),
        relevance=float(random.uniform(0.4, 0.9)),
    )
    _same_optimum(instance)


@pytest.mark.parametrize(("experts", "max_experts", "tokens"), BATCHES)
def test_des_equals_the_milp_on_hard_instances(experts, max_experts, tokens):
    """Energies strongly correlated with scores, where ratios tell little."""
    _same_optimum(draw("hard-p1", 2, K=experts, T=tokens // 20, D=max_experts))


def _same_optimum(instance):
    tree, milp = solve(instance, "des"), solve(instance, "pyomo-p1-milp")
    assert tree.status is milp.status is Status.OPTIMAL
    assert tree.objective == pytest.approx(milp.objective, rel=1e-6)
    assert tree.check.ok


def test_nodes_explored_are_a_small_share_of_the_subsets():
    """Median below 1 % of the subsets of at most D experts at K = 24, D = 12."""
    experts, max_experts = 24, 12
    subsets = sum(math.comb(experts, size) for size in range(max_experts + 1))
    nodes = []
    for seed in range(3):
        instance = draw("hard-p1", seed, K=experts, T=20, D=max_experts)
        assert not instance.capped.all()
        result = solve(instance, "des")
        assert result.status is Status.OPTIMAL
        nodes.append(result.details["nodes"] / instance.T)
    assert np.median(nodes) < 0.01 * subsets


def test_a_node_limit_gives_a_proved_bound_and_a_feasible_set():
    instance = draw("hard-p1", 5, K=24, T=10, D=12)
    whole = solve(instance, "des")
    short = solve(instance, "des", node_limit=5)
    assert short.details["nodes_per_token"] <= 5
    assert not short.details["complete"]
    assert short.bound <= whole.objective <= short.objective
    assert short.check.ok
    assert short.status in (Status.FEASIBLE, Status.OPTIMAL)


def test_a_time_limit_is_kept():
    random = np.random.default_rng(3)
    scores = random.dirichlet(np.ones(40), 200)
    energy = scores + 0.05 + random.uniform(0, 1e-3, scores.shape)
    answer = select_experts(energy, scores, np.full(200, 0.6), 20, time_limit=0.05)
    assert not answer.complete
    assert (answer.bound_j <= answer.energy_j).all()
    assert answer.feasible


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"energy_j": np.array([[1.0, -1.0]])}, r"energy_j\[0,1\] = -1.0"),
        ({"energy_j": np.array([[1.0, np.nan]])}, r"energy_j\[0,1\] = nan"),
        ({"gate_scores": np.array([[0.5, -0.5]])}, r"gate_scores\[0,1\] = -0.5"),
        ({"threshold": np.array([np.nan])}, r"threshold\[0\] = nan"),
        ({"threshold": np.array([0.5, 0.5])}, "must be"),
        ({"max_experts": 3}, "max_experts = 3"),
    ],
)
def test_wrong_arrays_are_named(change, words):
    arguments = {
        "energy_j": np.array([[1.0, 2.0]]),
        "gate_scores": np.array([[0.5, 0.5]]),
        "threshold": np.array([0.5]),
        "max_experts": 2,
    }
    with pytest.raises((InstanceError, MethodError), match=words):
        select_experts(**(arguments | change))
