"""The compiled search: its exact sums, and its tree against the reference's."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmoe_models.algorithms.selection import kernel
from dmoe_models.algorithms.selection.des import select_experts
from dmoe_models.model.relevance import need_from_threshold, reaches

from tiny import NEAR, correlated_tokens, dirichlet_tokens, near_scores, tiny_token


def kernel_reaches(scores, need):
    real, index, _ = kernel.workspace(len(scores), len(scores))
    real[kernel.SCORE, : len(scores)] = scores
    index[kernel.CHOSEN] = np.arange(len(scores))
    return bool(kernel.sum_reaches(kernel.CHOSEN, len(scores), need, real, index))


@given(
    st.lists(st.floats(0, 1, allow_subnormal=True), min_size=1, max_size=12),
    st.integers(-3, 3),
)
@settings(max_examples=500)
def test_sums_are_compared_as_rationals(scores, ulps):
    need = math.fsum(scores)
    for _ in range(abs(ulps)):
        need = math.nextafter(need, math.inf if ulps > 0 else 0.0)
    exact = sum(map(Fraction, scores)) >= Fraction(need)
    assert kernel_reaches(scores, need) == exact == reaches(scores, need)


@given(
    st.lists(st.integers(-300, 300), min_size=1, max_size=10),
    st.integers(-300, 300),
    st.sampled_from([0.0, 1.0, -1.0]),
)
@settings(max_examples=300)
def test_terms_of_all_magnitudes_lose_nothing(powers, power, sign):
    """The kernel's scores are positive; its sums are right for any doubles."""
    terms = [(-1.0) ** k * 2.0**p for k, p in enumerate(powers)]
    need = sum(terms) + sign * 2.0**power
    assert kernel_reaches(terms, need) == (sum(map(Fraction, terms)) >= Fraction(need))


def test_near_misses_are_decided_as_the_referee_does():
    random = np.random.default_rng(0)
    need = float(need_from_threshold(np.array([0.49]))[0])
    decisions = set()
    for trial in range(600):
        size = int(random.integers(1, 6))
        miss = [0.0, *NEAR][trial % (len(NEAR) + 1)]
        scores = near_scores(random, 6, need, size, miss)
        members = random.permutation(np.argsort(-scores)[:size])
        decision = kernel_reaches(scores[members], need)
        assert decision == reaches(scores[members].tolist(), need)
        decisions.add(decision)
    assert decisions == {True, False}


def same_tree(energy, scores, theta, max_experts):
    kernel, reference = (
        select_experts(energy, scores, theta, max_experts, engine=engine, bound="paper")
        for engine in ("compiled", "reference")
    )
    np.testing.assert_array_equal(kernel.nodes, reference.nodes)
    np.testing.assert_array_equal(kernel.selection, reference.selection)
    np.testing.assert_array_equal(kernel.energy_j, reference.energy_j)
    np.testing.assert_array_equal(kernel.bound_j, reference.bound_j)


def test_with_the_bound_of_the_paper_the_tree_is_the_reference_node_for_node():
    for seed in range(600):
        energy, scores, threshold, max_experts = tiny_token(seed)
        same_tree(energy[None], scores[None], np.array([threshold]), max_experts)


@pytest.mark.parametrize(
    ("experts", "max_experts", "tokens"), [(8, 2, 400), (24, 6, 100), (64, 8, 60)]
)
def test_the_trees_are_the_same_at_larger_sizes(experts, max_experts, tokens):
    same_tree(*dirichlet_tokens(experts, max_experts, tokens), max_experts)
    energy, scores, theta = correlated_tokens(1, 5, 16)
    same_tree(energy, scores, theta, 8)


def test_limits_end_both_trees_at_the_same_node_with_the_same_bound():
    energy, scores, theta = correlated_tokens(2, 20, 18)
    for limit in (1, 3, 40):
        kernel, reference = (
            select_experts(energy, scores, theta, 9, engine=engine, bound="paper", node_limit=limit)
            for engine in ("compiled", "reference")
        )
        np.testing.assert_array_equal(kernel.nodes, reference.nodes)
        np.testing.assert_array_equal(kernel.energy_j, reference.energy_j)
        np.testing.assert_allclose(kernel.bound_j, reference.bound_j, rtol=1e-15)


@pytest.mark.parametrize(("tokens", "share"), [("free", 0.2), ("correlated", 1.0)])
def test_the_bound_that_knows_the_limit_explores_fewer_nodes(tokens, share):
    """By medians. Where slots are plenty, the two bounds are one (correlated tokens)."""
    tables = dirichlet_tokens(64, 8, 200) if tokens == "free" else correlated_tokens(4, 40, 24)
    paper, reference, compiled = (
        np.median(select_experts(*tables, 8, engine=engine, bound=bound).nodes)
        for engine, bound in (
            ("compiled", "paper"),
            ("reference", "cardinality"),
            ("compiled", "cardinality"),
        )
    )
    assert compiled <= reference <= share * paper
    assert compiled < paper
