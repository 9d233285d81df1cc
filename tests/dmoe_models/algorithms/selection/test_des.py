"""DES against enumeration and against the MILP; its nodes, its limits, its reading of C1."""

from __future__ import annotations

import itertools
import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmoe_models import InstanceError, MethodError, Status, evaluate, solve
from dmoe_models.algorithms.selection.des import BOUNDS, ENGINES, select_experts
from dmoe_models.model.energy import assignment_energy_j, expert_energy_j
from dmoe_models.model.relevance import meets_need, need_from_threshold
from instances.families import draw

from tiny import cheapest_by_enumeration, correlated_tokens, dirichlet_tokens, tiny_token

METHODS = tuple(itertools.product(ENGINES, BOUNDS))


def _check_against_enumeration(seed, **how):
    """One token by DES; whether it has a set."""
    energy, scores, threshold, max_experts = tiny_token(seed)
    theta = np.array([threshold])
    answer = select_experts(energy[None], scores[None], theta, max_experts, **how)
    truth = cheapest_by_enumeration(energy, scores, threshold, max_experts)
    assert answer.complete
    assert answer.bound_j[0] == answer.energy_j[0]
    if math.isinf(truth):
        assert math.isinf(answer.energy_j[0])
        assert not answer.selection.any()
    else:
        assert answer.energy_j[0] == pytest.approx(truth, rel=1e-12, abs=1e-18)
        chosen = math.fsum(energy[answer.selection[0]].tolist())
        assert chosen == pytest.approx(truth, rel=1e-12, abs=1e-18)
        assert answer.selection.sum() <= max_experts
        assert meets_need(scores[None], answer.selection, need_from_threshold(theta)).all()
    return not math.isinf(truth)


@pytest.mark.parametrize(("engine", "bound"), METHODS)
def test_des_equals_enumeration(engine, bound):
    served = sum(_check_against_enumeration(s, engine=engine, bound=bound) for s in range(1200))
    assert 600 < served < 1120


@given(st.integers(0, 10**9), st.sampled_from(METHODS))
@settings(max_examples=300)
def test_des_equals_enumeration_wherever_hypothesis_looks(seed, how):
    _check_against_enumeration(seed, engine=how[0], bound=how[1])


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
    for seed in range(tokens // 32 + 1):  # a few tokens each: the MILP does not see that they part
        _same_optimum(draw("hard-p1", seed, K=experts, T=4 if experts < 24 else 1, D=max_experts))


def _same_optimum(instance):
    """Token by token: a sum over all would hide a token that is a little off."""
    tree, milp = solve(instance, "des"), solve(instance, "pyomo-p1-milp")
    assert tree.status is milp.status is Status.OPTIMAL
    by_tree, by_milp = (evaluate(instance, r.solution).per_token_j for r in (tree, milp))
    np.testing.assert_allclose(by_tree, by_milp, rtol=1e-6)
    assert tree.check.ok


def test_nodes_explored_are_a_small_share_of_the_subsets():
    """Median below 1 % of the subsets of at most D experts at K = 24, D = 12."""
    experts, max_experts = 24, 12
    subsets = sum(math.comb(experts, size) for size in range(max_experts + 1))
    nodes = {"cardinality": [], "paper": []}
    for seed in range(3):
        instance = draw("hard-p1", seed, K=experts, T=20, D=max_experts)
        assert not instance.capped.any()
        prices = assignment_energy_j(instance, instance.assignment)
        for bound, of_tokens in nodes.items():
            answer = select_experts(
                expert_energy_j(instance, prices),
                instance.gate_scores,
                instance.threshold,
                max_experts,
                bound=bound,
            )
            assert answer.complete
            of_tokens.append(answer.nodes)
    for of_tokens in nodes.values():
        assert np.median(of_tokens) < 0.01 * subsets


def test_a_node_limit_gives_a_proved_bound_and_a_feasible_set():
    instance = draw("hard-p1", 5, K=24, T=10, D=12)
    whole = solve(instance, "des")
    short = solve(instance, "des", node_limit=5)
    assert short.details["nodes_per_token"] <= 5
    assert not short.details["complete"]
    assert short.bound <= whole.objective <= short.objective
    assert short.check.ok
    assert short.status in (Status.FEASIBLE, Status.OPTIMAL)


@pytest.mark.parametrize(("engine", "bound"), METHODS)
@pytest.mark.parametrize("seed", range(3))
def test_limits_leave_the_optimum_between_bound_and_energy(engine, bound, seed):
    energy, scores, theta = correlated_tokens(seed, 20, 18)
    whole = select_experts(energy, scores, theta, 9)
    assert whole.complete and whole.feasible
    for limit in (1, 2, 5, 20, 100):
        short = select_experts(
            energy, scores, theta, 9, node_limit=limit, engine=engine, bound=bound
        )
        assert (short.nodes <= limit).all()
        assert (short.bound_j <= whole.energy_j * (1 + 1e-12)).all()
        assert (whole.energy_j <= short.energy_j * (1 + 1e-12)).all()
        assert (short.bound_j > 0).all()
        finished = short.nodes < limit
        np.testing.assert_array_equal(finished, short.bound_j == short.energy_j)
        assert meets_need(scores, short.selection, need_from_threshold(theta)).all()
        np.testing.assert_allclose(
            np.where(short.selection, energy, 0).sum(1), short.energy_j, rtol=1e-12
        )


@pytest.mark.parametrize("engine", ENGINES)
def test_a_time_limit_is_kept(engine):
    """Energies equal to scores: the bound is need, and only an exact fit can end the search."""
    scores = np.random.default_rng(3).dirichlet(np.ones(60), 20)
    start = time.perf_counter()
    answer = select_experts(
        scores, scores, np.full(20, 0.6), 30, time_limit=0.3, engine=engine, bound="paper"
    )
    assert time.perf_counter() - start < 3.0
    assert not answer.complete
    assert (answer.bound_j <= answer.energy_j).all()
    assert answer.feasible


def test_strongly_correlated_tokens_are_solved():
    """K = 40, D = 20, energies nearly linear in the scores, where ratios tell little."""
    energy, scores, theta = correlated_tokens(3, 200, 40)
    answer = select_experts(energy, scores, theta, 20, time_limit=20.0)
    assert answer.complete
    paper = select_experts(energy, scores, theta, 20, node_limit=20_000, bound="paper")
    assert (answer.energy_j <= paper.energy_j * (1 + 1e-12)).all()
    assert (paper.bound_j <= answer.energy_j * (1 + 1e-12)).all()


@pytest.mark.parametrize(
    ("experts", "max_experts", "tokens"),
    [(8, 2, 300), (40, 1, 200), (40, 2, 200), (64, 8, 150), (256, 8, 20)],
)
def test_engines_and_bounds_agree_at_the_sizes_of_models(experts, max_experts, tokens):
    energy, scores, theta = dirichlet_tokens(experts, max_experts, tokens)
    answers = [
        select_experts(energy, scores, theta, max_experts, engine=engine, bound=bound)
        for engine, bound in METHODS
    ]
    assert all(answer.complete and answer.feasible for answer in answers)
    for answer in answers[1:]:
        np.testing.assert_allclose(answer.energy_j, answers[0].energy_j, rtol=1e-12)


def test_scores_need_not_sum_to_one():
    energy, scores, theta = dirichlet_tokens(12, 4, 200)
    small = select_experts(energy, scores, theta, 4)
    large = select_experts(energy, 2.0**30 * scores, 2.0**30 * theta, 4)
    np.testing.assert_array_equal(small.selection, large.selection)


def test_no_tokens_and_needs_of_zero():
    none = select_experts(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0), 2)
    assert none.complete and none.feasible and none.selection.shape == (0, 3)
    for engine in ENGINES:
        free = select_experts(np.ones((1, 3)), np.ones((1, 3)) / 3, np.zeros(1), 2, engine=engine)
        assert free.energy_j[0] == free.bound_j[0] == 0.0
        assert not free.selection.any()


def test_arrays_of_other_kinds_are_taken_and_none_is_changed():
    energy, scores, theta = dirichlet_tokens(8, 2, 30)
    before = energy.copy(), scores.copy(), theta.copy()
    plain = select_experts(energy, scores, theta, 2)
    for kind in (np.asfortranarray, np.ndarray.tolist, lambda a: a.astype(np.float64)[::1]):
        again = select_experts(kind(energy), kind(scores), kind(theta), 2)
        np.testing.assert_array_equal(plain.selection, again.selection)
    for array, copy in zip((energy, scores, theta), before, strict=True):
        assert array.flags.writeable
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"energy_j": np.array([[1.0, -1.0]])}, r"energy_j\[0,1\] = -1.0"),
        ({"energy_j": np.array([[1.0, np.nan]])}, r"energy_j\[0,1\] = nan"),
        ({"gate_scores": np.array([[0.5, -0.5]])}, r"gate_scores\[0,1\] = -0.5"),
        ({"threshold": np.array([np.nan])}, r"threshold\[0\] = nan"),
        ({"threshold": np.array([0.5, 0.5])}, "must be"),
        ({"gate_scores": np.array([[0.5, np.inf]])}, r"gate_scores\[0,1\] = inf"),
        ({"max_experts": 3}, "max_experts = 3"),
        ({"node_limit": 0}, "node_limit = 0"),
        ({"threads": 0}, "threads = 0"),
        ({"bound": "best"}, "bound = 'best'"),
        ({"engine": "fast"}, "engine = 'fast'"),
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
