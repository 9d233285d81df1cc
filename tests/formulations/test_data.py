"""What all models take from an instance: groups, candidates, coefficients of C1, limits."""

from __future__ import annotations

import numpy as np
import pytest

from dmoe_models import MethodError, solve
from formulations.data import ModelData, cheapest_candidates
from instances.families import draw

from tiny import tiny_instance


def test_too_many_sets_are_refused_with_the_count(monkeypatch):
    monkeypatch.setattr("formulations.data.SET_LIMIT", 3)
    instance = draw("rayleigh", 1, K=4, T=6)
    for method in ("pyomo-p2-set", "cvxpy-p2-set"):
        with pytest.raises(MethodError, match="more than 3 minimal feasible sets"):
            solve(instance, method)


def test_equal_tokens_become_one_with_a_weight():
    instance = draw("ties", 1, K=3, T=12)
    groups = ModelData(instance).groups
    assert len(groups) == 3  # one for each node that holds tokens
    assert sum(len(group.tokens) for group in groups) == instance.T


def test_candidates_keep_the_cheapest_of_every_link():
    instance = draw("rayleigh", 1, K=3, T=6, M=40)
    keep = cheapest_candidates(instance)
    for i, j in instance.links:
        kept = np.sort(instance.transmission_energy_j[i, j, keep[i, j]])
        assert np.array_equal(kept, np.sort(instance.transmission_energy_j[i, j])[:6])
    assert cheapest_candidates(draw("tight", 1, K=3, T=6)) is None


def test_coverage_keeps_the_same_selections_where_thresholds_are_tiny():
    instance = tiny_instance(5)  # theta = 1e-9
    data = ModelData(instance)
    assert data.coverage.max() <= 1.0
    alone = instance.gate_scores >= instance.need[:, None]
    assert np.array_equal(data.coverage >= 1.0, alone)
