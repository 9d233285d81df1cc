"""Any token prices prove a bound; assignment duals are duals; near sets are the sets."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from dmoe_models import Status, solve
from dmoe_models.algorithms.exact.dual import DualProblem, SubcarrierLists
from dmoe_models.algorithms.placement.ownership import add_bids, assign
from dmoe_models.algorithms.selection.cheap_sets import list_cheap_sets
from dmoe_models.model.feasible_sets import feasible_sets

from tiny import tiny_instance


@pytest.mark.parametrize("depth", [1, 2, 100])
def test_any_prices_prove_a_bound(depth):
    """Random prices, random tokens decided as in an optimum, lists of any depth."""
    random = np.random.default_rng(depth)
    tried = 0
    for seed in range(200):
        instance = tiny_instance(seed, max_nodes=4)
        optimum = solve(instance, "exhaustive")
        if optimum.status is not Status.OPTIMAL:
            continue
        variable = optimum.objective - float(instance.static_energy_j.sum())
        problem = DualProblem(instance, SubcarrierLists(instance, depth), 2 * variable + 1e-9)
        if seed % 2:
            known = random.random(instance.T) < 0.5
            problem.decide(known, optimum.solution.selection[known])
        shape = (len(problem.undecided), instance.K)
        scale = 10.0 ** random.uniform(-6, -2)
        prices = np.where(
            instance.reachable[instance.source[problem.undecided]],
            random.exponential(scale, shape),
            np.inf,
        )
        prices[np.arange(shape[0]), instance.source[problem.undecided]] = 0.0
        point = problem.evaluate(prices)
        assert point.bound <= variable * (1 + 1e-12) + 1e-18
        # what the optimum does costs at least the bound plus the reduced costs of its options
        extra = 0.0
        for link, (i, j) in enumerate(instance.links):
            m = optimum.solution.assignment[i, j]
            if (optimum.solution.selection[instance.source == i, j]).any():
                listed = np.isfinite(problem.lists.prices[link])
                at = np.flatnonzero(listed & (problem.lists.columns[link] == m))
                if len(at):
                    extra += point.reduced[link, at[0]]
        assert point.bound + extra <= variable * (1 + 1e-9) + 1e-15
        tried += 1
    assert tried > 120


def test_the_supergradient_is_one():
    random = np.random.default_rng(7)
    for seed in range(0, 1000, 10):
        instance = tiny_instance(seed, max_nodes=4)
        if solve(instance, "exhaustive").status is not Status.OPTIMAL:
            continue
        problem = DualProblem(instance, SubcarrierLists(instance, 100), 1.0)
        one, two = (random.exponential(1e-3, (instance.T, instance.K)) for _ in range(2))
        for prices in (one, two):
            prices[np.arange(instance.T), instance.source] = 0.0
        point, other = problem.evaluate(one), problem.evaluate(two)
        linear = point.bound + (problem.supergradient(point) * (two - one)).sum()
        assert other.bound <= linear + 1e-12


@pytest.mark.parametrize("seed", range(100))
def test_assignment_with_duals(seed):
    random = np.random.default_rng(seed)
    rows, number = int(random.integers(1, 9)), int(random.integers(1, 10))
    depth = int(random.integers(1, number + 1))
    columns = np.stack([random.permutation(number)[:depth] for _ in range(rows)])
    cost = random.normal(size=(rows, depth))
    if seed % 3 == 0:
        cost = np.round(2 * cost)
    cost[random.random((rows, depth)) < 0.1] = np.inf
    fallback_cost = random.normal(size=rows)
    chosen, row_dual, column_dual = assign(cost, columns, fallback_cost, number)
    full = np.full((rows, number + rows), np.inf)
    full[np.arange(rows)[:, None], columns] = cost
    full[np.arange(rows), number + np.arange(rows)] = fallback_cost
    best = full[linear_sum_assignment(full)].sum()
    got = np.where(chosen >= 0, cost[np.arange(rows), chosen], fallback_cost).sum()
    owned = columns[np.arange(rows), chosen][chosen >= 0]
    assert len(set(owned.tolist())) == len(owned)
    assert got == pytest.approx(best, abs=1e-12)
    assert row_dual.sum() + column_dual.sum() == pytest.approx(best, abs=1e-12)
    assert (column_dual <= 1e-12).all()
    assert (cost - row_dual[:, None] - column_dual[columns] >= -1e-12).all()
    assert (fallback_cost - row_dual >= -1e-12).all()


def test_bids_are_the_savings():
    random = np.random.default_rng(3)
    for seed in range(0, 300, 10):
        instance = tiny_instance(seed, max_nodes=4)
        lists = SubcarrierLists(instance, 2)
        prices = random.exponential(3e-4, (instance.T, instance.K))
        bids, bids_next = np.empty_like(lists.prices), np.empty(len(lists.links))
        add_bids(
            lists.prices, lists.next_price, lists.link_of, instance.source, prices, bids, bids_next
        )
        for link, (i, j) in enumerate(lists.links):
            at = prices[instance.source == i, j]
            for k in range(lists.depth):
                expected = np.maximum(at - lists.prices[link, k], 0).sum()
                assert bids[link, k] == pytest.approx(expected, abs=1e-18)
            assert bids_next[link] == pytest.approx(
                np.maximum(at - lists.next_price[link], 0).sum(), abs=1e-18
            )


@pytest.mark.parametrize("most", [1, 3, 100])
def test_near_sets_are_the_minimal_sets_within_the_limit(most):
    random = np.random.default_rng(most)
    for seed in range(300):
        instance = tiny_instance(seed, max_nodes=5)
        energy = random.exponential(size=(instance.T, instance.K))
        energy[random.random(energy.shape) < 0.1] = np.inf
        limit = random.choice([np.inf, 1.0, 2.0], instance.T)
        table = list_cheap_sets(
            instance.gate_scores, energy, instance.need, instance.max_experts, limit, most
        )
        members = table.incidence(instance.K)
        for t in range(instance.T):
            expected = {
                frozenset(s)
                for s in feasible_sets(
                    instance.gate_scores[t],
                    float(instance.need[t]),
                    instance.max_experts,
                    np.isfinite(energy[t]),
                )
                if energy[t, list(s)].sum() <= limit[t]
            }
            if len(expected) > most:
                assert table.counts[t] == most + 1
            else:
                rows = members[table.offsets[t] : table.offsets[t + 1]]
                assert {frozenset(np.flatnonzero(row).tolist()) for row in rows} == expected
                assert table.counts[t] == len(rows) == len(expected)
