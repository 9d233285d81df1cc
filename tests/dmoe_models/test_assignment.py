"""P3 against enumeration of assignments; what idle links get; links that cannot be served."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from dmoe_models import MethodError
from dmoe_models.algorithms.assignment import allocate_subcarriers, assign_most_rows


def random_case(seed):
    random = np.random.default_rng([6, seed])
    nodes, subcarriers = int(random.integers(2, 4)), int(random.integers(1, 7))
    counts = random.integers(0, 3, (nodes, nodes))
    energy = random.exponential(1e-4, (nodes, nodes, subcarriers))
    energy[random.random(energy.shape) < 0.25] = np.inf
    if seed % 3 == 0:
        energy[np.isfinite(energy)] = 1e-4
    return counts, energy


def loaded_energy(counts, energy, assignment):
    total = 0.0
    for i, j in np.argwhere(counts > 0):
        if i != j:
            m = assignment[i, j]
            total += counts[i, j] * energy[i, j, m] if m >= 0 else math.inf
    return total


def best_by_enumeration(counts, energy):
    loaded = [(i, j) for i, j in np.argwhere(counts > 0).tolist() if i != j]
    best = math.inf if loaded else 0.0
    for choice in itertools.permutations(range(energy.shape[2]), len(loaded)):
        best = min(
            best,
            sum(counts[i, j] * energy[i, j, m] for (i, j), m in zip(loaded, choice, strict=True)),
        )
    return best


@pytest.mark.parametrize("seed", range(150))
def test_loaded_links_get_the_cheapest_distinct_subcarriers(seed):
    counts, energy = random_case(seed)
    assignment = allocate_subcarriers(counts, energy)
    best = best_by_enumeration(counts, energy)
    if assignment is None:
        assert math.isinf(best)
        return
    assert loaded_energy(counts, energy, assignment) == pytest.approx(best, rel=1e-12)
    owned = assignment[assignment >= 0]
    assert len(set(owned.tolist())) == owned.size
    assert (np.diag(assignment) == -1).all()
    assert np.isfinite(
        [energy[i, j, assignment[i, j]] for i, j in np.argwhere(assignment >= 0)]
    ).all()


@pytest.mark.parametrize("seed", range(150))
def test_idle_links_get_as_many_leftovers_as_possible_cheapest_second(seed):
    random = np.random.default_rng([7, seed])
    rows, columns = int(random.integers(0, 5)), int(random.integers(0, 4))
    cost = random.exponential(1.0, (rows, columns))
    cost[random.random(cost.shape) < 0.4] = np.inf
    owned = assign_most_rows(cost)
    best = (0, 0.0)
    for choice in itertools.product(range(-1, columns), repeat=rows):
        used = [m for m in choice if m >= 0]
        total = sum(cost[row, m] for row, m in enumerate(choice) if m >= 0)
        if len(set(used)) == len(used) and math.isfinite(total):
            best = max(best, (len(used), -total))
    assert (owned >= 0).sum() == best[0]
    got = sum(cost[row, m] for row, m in enumerate(owned) if m >= 0)
    assert got == pytest.approx(-best[1], rel=1e-9)


def test_an_idle_link_does_not_displace_a_loaded_one_and_takes_its_best_leftover():
    # Link 0->1 carries a token and likes subcarrier 0; idle 1->0 would like it too and gets its
    # second best, subcarrier 2, rather than any that is free.
    energy = np.full((2, 2, 3), np.inf)
    energy[0, 1] = [1.0, 2.0, 3.0]
    energy[1, 0] = [0.1, 9.0, 0.2]
    assignment = allocate_subcarriers(np.array([[0, 1], [0, 0]]), energy)
    assert assignment.tolist() == [[-1, 0], [2, -1]]


def test_links_that_may_not_own_stay_without():
    energy = np.ones((2, 2, 2))
    assignment = allocate_subcarriers(np.zeros((2, 2), dtype=int), energy, np.array([[0, 1]]))
    assert assignment[1, 0] == -1
    assert assignment[0, 1] >= 0


def test_wrong_arrays_are_named():
    with pytest.raises(MethodError, match=r"token_counts\[0,1\] = -1"):
        allocate_subcarriers(np.array([[0, -1], [0, 0]]), np.ones((2, 2, 2)))
    with pytest.raises(MethodError, match="must be"):
        allocate_subcarriers(np.zeros((3, 3), dtype=int), np.ones((2, 2, 2)))
