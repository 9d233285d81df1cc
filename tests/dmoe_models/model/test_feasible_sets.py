"""The sets that may serve a token, against all subsets."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmoe_models import MethodError
from dmoe_models.model.feasible_sets import feasible_sets, membership, sets_of_tokens
from dmoe_models.model.relevance import reaches
from instances.families import draw


@given(st.integers(0, 10**9), st.booleans())
@settings(max_examples=300)
def test_sets_are_all_feasible_ones_or_all_minimal_ones(seed, minimal):
    random = np.random.default_rng(seed)
    experts = int(random.integers(2, 8))
    scores = random.choice([0.0, 0.1, 0.2, 0.25, 0.5], experts)
    if random.random() < 0.5:
        scores = random.dirichlet(np.ones(experts))
    usable = random.random(experts) < 0.8
    need = float(random.choice([0.1, 0.3, 0.5, 0.75])) * (1 - 1e-9)
    most = int(random.integers(1, experts + 1))

    def feasible(members):
        return reaches([float(scores[j]) for j in members], need)

    expected = set()
    for size in range(1, most + 1):
        for members in itertools.combinations(np.flatnonzero(usable).tolist(), size):
            smaller = itertools.combinations(members, size - 1)
            if feasible(members) and not (minimal and any(map(feasible, smaller))):
                expected.add(frozenset(members))
    found = list(feasible_sets(scores, need, most, usable, minimal=minimal))
    assert len(found) == len(set(map(frozenset, found)))
    assert set(map(frozenset, found)) == expected


def test_the_limit_is_kept():
    instance = draw("rayleigh", 1, K=5, T=4)
    total = sum(map(len, sets_of_tokens(instance, 1000)))
    assert sum(map(len, sets_of_tokens(instance, total))) == total
    with pytest.raises(MethodError, match=f"more than {total - 1} minimal feasible sets"):
        sets_of_tokens(instance, total - 1)


def test_membership_is_the_incidence_matrix():
    assert membership([(0, 2), (1,)], 3).tolist() == [[True, False, True], [False, True, False]]
    assert membership([], 3).shape == (0, 3)
