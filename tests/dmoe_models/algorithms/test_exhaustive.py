"""Enumeration: both of its ways agree, and it refuses what is too large."""

from __future__ import annotations

import math

import pytest

from dmoe_models import MethodError, Status, solve
from dmoe_models.algorithms import exhaustive as module
from dmoe_models.deadline import Deadline
from dmoe_models.model.feasible_sets import sets_of_tokens
from instances.families import draw

from tiny import tiny_instance


def test_enumerating_assignments_and_enumerating_selections_give_the_same_optimum():
    compared = 0
    for seed in range(150):
        instance = tiny_instance(seed)
        sets = sets_of_tokens(instance, 10**6)
        if not all(sets) or math.perm(max(len(instance.links), instance.M), 2) > 10**4:
            continue
        compared += 1
        _, one, _ = module.over_assignments(instance, sets, Deadline())
        _, two, _ = module.over_selections(instance, sets, Deadline())
        assert one == pytest.approx(two, rel=1e-12)
    assert compared > 100


def test_it_says_what_it_enumerated():
    few_tokens = draw("rayleigh", 1, K=3, T=1)
    many_tokens = draw("rayleigh", 1, K=2, T=12, M=2, gamma=0.3)
    assert solve(few_tokens, "exhaustive").details["enumerated"].endswith("selections")
    assert solve(many_tokens, "exhaustive").details["enumerated"] == "2 assignments"


def test_too_much_to_enumerate_is_refused_with_the_numbers():
    with pytest.raises(MethodError, match="more than the limit of 500000 to enumerate"):
        solve(draw("rayleigh", 1, K=6, T=40), "exhaustive")
    with pytest.raises(MethodError, match=r"10\^\d+ assignments and 10\^\d+ selections"):
        solve(draw("rayleigh", 1, K=16, T=512, M=256, gamma=0.3), "exhaustive")
    with pytest.raises(MethodError, match="more than 5 minimal feasible sets"):
        solve(draw("rayleigh", 1, K=4, T=6), "exhaustive", limit=5)


def test_a_token_without_a_set_proves_infeasibility():
    instance = draw("rayleigh", 4, K=3, T=6, gamma=0.999, D=1, strict=True)
    assert solve(instance, "exhaustive").status is Status.INFEASIBLE
