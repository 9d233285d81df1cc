"""Top-k, homogeneous, greedy and random: what each selects, and what may go wrong."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest

from dmoe_models import Instance, MethodError, Status, solve
from dmoe_models.model.energy import best_link_energy_j, expert_energy_j
from dmoe_models.model.relevance import meets_need

from tiny import tiny_instance


def three_experts(**changes) -> Instance:
    """Three experts, tokens at node 0, every gain alike: energy is what an expert computes."""
    fields = {
        "name": "three experts",
        "gate_scores": [[0.5, 0.3, 0.2]],
        "source": [0],
        "gain": np.full((3, 3, 6), 1e-2),
        "bandwidth_hz": 1e6,
        "transmit_power_w": 1e-2,
        "noise_power_w": 1e-5,
        "hidden_state_bits": 65536.0,
        "computation_energy_j": [9e-4, 1e-4, 1e-4],
        "static_energy_j": [0.0, 0.0, 0.0],
        "relevance": 0.45,
        "importance": 1.0,
        "max_experts": 2,
    }
    return Instance(**(fields | changes))


def test_top_k_takes_the_highest_scores_ties_by_index():
    instance = three_experts(gate_scores=[[0.2, 0.4, 0.4], [0.4, 0.2, 0.4]], source=[0, 1])
    result = solve(instance, "top-k", k=1)
    assert result.solution.experts == [[1], [0]]


def test_top_k_with_a_k_of_its_own_may_break_c1_or_c2_and_says_so():
    instance = three_experts(relevance=0.6)
    few, many = solve(instance, "top-k", k=1), solve(instance, "top-k", k=3)
    assert [v.constraint for v in few.check.violations] == ["C1"]
    assert [v.constraint for v in many.check.violations] == ["C2"]
    for result in (few, many):
        assert result.status is Status.UNKNOWN
        assert math.isnan(result.gap)
        assert result.objective > 0
    assert solve(instance, "top-k").check.ok


@pytest.mark.parametrize("k", [0, 4])
def test_top_k_refuses_a_k_that_cannot_be(k):
    with pytest.raises(MethodError, match=f"k = {k}"):
        solve(three_experts(), "top-k", k=k)


def test_homogeneous_uses_its_own_relevance_at_importance_one():
    instance = three_experts(importance=0.1)
    assert solve(instance, "homogeneous", z=0.75).solution.experts == [[0, 1]]
    weaker = three_experts(relevance=0.6)
    result = solve(weaker, "homogeneous", z=0.1)
    assert [v.constraint for v in result.check.violations] == ["C1"]
    assert result.bound <= solve(weaker, "exhaustive").objective


def test_greedy_takes_the_best_ratio_first_and_drops_what_is_superfluous():
    # Sending costs 1.9e-4 J, so the ratios are 1.8e-3 (0), 9.7e-4 (1), 1.45e-3 (2). Taken in that
    # order 1 and 2 reach 0.45 within two slots; nothing is superfluous.
    assert solve(three_experts(), "greedy").solution.experts == [[1, 2]]
    # To reach 0.25 expert 1 alone is enough.
    assert solve(three_experts(relevance=0.25), "greedy").solution.experts == [[1]]
    # 1 and 2 miss 0.6: the slots run out, the two highest scores stand in.
    assert solve(three_experts(relevance=0.6), "greedy").solution.experts == [[0, 1]]
    # A cheap first expert becomes superfluous once a strong one is needed as well.
    cheap = three_experts(
        gate_scores=[[0.1, 0.2, 0.7]],
        computation_energy_j=[1e-6, 6e-4, 6e-4],
        relevance=0.65,
    )
    assert solve(cheap, "greedy").solution.experts == [[2]]


def test_greedy_meets_need_wherever_the_lower_bound_says_it_can():
    for seed in range(200):
        instance = tiny_instance(seed, max_nodes=4)
        result = solve(instance, "greedy")
        if result.solution is not None:
            assert result.check.ok
            optimum = solve(instance, "exhaustive")
            assert result.objective >= optimum.objective * (1 - 1e-12)
        else:
            assert "failed" in result.details


@pytest.mark.parametrize("listed", [1000, 2])
def test_random_is_uniform_over_the_feasible_sets(monkeypatch, listed):
    """Drawn from the list of sets, and by keeping uniform subsets that are feasible."""
    monkeypatch.setattr("dmoe_models.algorithms.baselines.LISTED_SETS", listed)
    instance = three_experts(relevance=0.3)
    energy = expert_energy_j(instance, best_link_energy_j(instance))
    assert np.isfinite(energy).all()
    feasible = [
        frozenset(members)
        for size in (1, 2)
        for members in itertools.combinations(range(3), size)
        if meets_need(
            instance.gate_scores,
            np.isin(np.arange(3), members)[None],
            instance.need,
        ).all()
    ]
    assert len(feasible) == 5  # {0}, {1}, {0,1}, {0,2}, {1,2}
    drawn = Counter(
        frozenset(solve(instance, "random", seed=seed).solution.experts[0]) for seed in range(1000)
    )
    assert set(drawn) == set(feasible)
    expected = 1000 / len(feasible)
    chi_square = sum((n - expected) ** 2 / expected for n in drawn.values())
    assert chi_square < 18.5  # 0.1 % level at 4 degrees of freedom


def test_random_is_the_same_for_the_same_seed_and_always_valid():
    for seed in range(60):
        instance = tiny_instance(seed, max_nodes=4)
        one, two = (solve(instance, "random", seed=3) for _ in range(2))
        assert one.solution == two.solution
        if one.solution is not None:
            assert one.check.ok


def test_baselines_use_only_experts_within_reach():
    gain = np.full((3, 3, 6), 1e-2)
    gain[0, 1] = 0.0
    instance = three_experts(gain=gain, relevance=0.65)
    for method in ("top-k", "greedy", "random", "homogeneous", "jesa"):
        result = solve(instance, method)
        assert result.solution.experts == [[0, 2]]
        assert result.check.ok


def test_without_enough_subcarriers_a_baseline_says_that_it_found_none():
    instance = three_experts(
        gate_scores=[[0.1, 0.45, 0.45]], gain=np.full((3, 3, 1), 1e-2), relevance=0.9
    )
    for method in ("top-k", "greedy", "random", "jesa"):
        result = solve(instance, method)
        assert result.solution is None
        assert result.status is Status.UNKNOWN
    assert solve(instance, "exhaustive").status is Status.INFEASIBLE


@pytest.mark.parametrize("method", ["top-k", "greedy", "random", "homogeneous", "exhaustive"])
def test_with_given_subcarriers_baselines_keep_them(method):
    for seed in range(40):
        instance = tiny_instance(seed, given=True)
        result = solve(instance, method)
        if result.solution is not None:
            assert np.array_equal(result.solution.assignment, instance.assignment)
            optimum = solve(instance, "des")
            if result.check.ok:
                assert result.objective >= optimum.objective * (1 - 1e-12)
