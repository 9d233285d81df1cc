"""Local search: valid, never worse than the JESA it starts from, close to the optimum."""

from __future__ import annotations

import numpy as np
import pytest

from dmoe_models import MethodError, Status, solve
from dmoe_models.algorithms import assignment_moves as moves
from dmoe_models.algorithms import local_search as module
from instances.families import draw

from tiny import tiny_instance


def test_it_is_valid_and_never_below_the_optimum():
    found = 0
    for seed in range(200):
        instance = tiny_instance(seed, max_nodes=4)
        result = solve(instance, "local-search")
        optimum = solve(instance, "exhaustive")
        if optimum.status is Status.INFEASIBLE:
            assert result.solution is None
        elif result.solution is not None:
            assert result.check.ok
            assert result.objective >= optimum.objective * (1 - 1e-12)
            found += 1
    assert found > 140


def test_it_is_close_to_the_optimum_where_jesa_is_not():
    excess = {"jesa": [], "local-search": []}
    for seed in range(48):
        nodes = 3 + seed % 4
        instance = draw("contended", seed, K=nodes, T=8 * nodes, M=2 * nodes * (nodes - 1))
        optimum = solve(instance, "exact").objective
        for method, values in excess.items():
            values.append(solve(instance, method).objective / optimum - 1)
    assert min(map(min, excess.values())) >= -1e-9
    assert np.mean(excess["local-search"]) < 1e-3
    assert np.mean(excess["local-search"]) < 0.1 * np.mean(excess["jesa"])


def test_more_rounds_are_never_worse():
    for seed in range(10):
        instance = draw("contended", seed, K=5, T=20, M=24, gamma=0.3, D=3)
        few = solve(instance, "local-search", rounds=0)
        many = solve(instance, "local-search", rounds=64)
        assert many.objective <= few.objective * (1 + 1e-12)
        assert few.objective <= few.details["jesa_j"] * (1 + 1e-12)
        assert solve(instance, "local-search", rounds=64).solution == many.solution


def test_a_perturbation_never_gives_a_subcarrier_to_two_links():
    for seed in range(20):
        instance = draw("contended", seed, K=3, T=4)
        tables = module.Search(instance, seed)
        best = np.arange(len(instance.links))
        for rounds in (1, 8):
            place = moves.start_at(best, instance.K, instance.M)
            moves.search(tables.links, tables.sets, place, best, rounds, seed)
            assert len(set(best.tolist())) == len(best)


def test_tokens_with_very_many_sets_choose_among_the_cheapest(monkeypatch):
    monkeypatch.setattr(module, "MAX_SETS", 3)
    for seed in range(20):
        instance = draw("contended", seed, K=5, T=10, M=24, gamma=0.3, D=3)
        result = solve(instance, "local-search")
        assert result.check.ok
        assert result.objective >= solve(instance, "exact").objective * (1 - 1e-12)


def test_wrong_options_are_named():
    instance = draw("rayleigh", 1, K=2, T=2)
    with pytest.raises(MethodError, match="starts = 0 is not a whole number of at least 1"):
        solve(instance, "local-search", starts=0)
    with pytest.raises(MethodError, match="rounds = -1 is not a whole number of at least 0"):
        solve(instance, "local-search", rounds=-1)
