"""P3 against enumeration and a dense solver; what idle links get; links that cannot be served."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from dmoe_models import MethodError
from dmoe_models.algorithms.placement.assignment import allocate_subcarriers, assign_load
from dmoe_models.algorithms.placement.candidates import candidates_of
from instances.families import draw


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
    rows, columns = int(random.integers(1, 5)), int(random.integers(1, 4))
    cost = random.exponential(1.0, (rows, columns))
    cost[random.random(cost.shape) < 0.4] = np.inf
    owned = idle_rows(cost)
    best = (0, 0.0)
    for choice in itertools.product(range(-1, columns), repeat=rows):
        used = [m for m in choice if m >= 0]
        total = sum(cost[row, m] for row, m in enumerate(choice) if m >= 0)
        if len(set(used)) == len(used) and math.isfinite(total):
            best = max(best, (len(used), -total))
    assert (owned >= 0).sum() == best[0]
    got = sum(cost[row, m] for row, m in enumerate(owned) if m >= 0)
    assert got == pytest.approx(-best[1], rel=1e-9)


def idle_rows(cost):
    """Columns that rows get as idle links 0 -> 1, 0 -> 2 and so on."""
    rows, columns = cost.shape
    energy = np.full((rows + 1, rows + 1, columns), np.inf)
    energy[0, 1:] = cost
    nothing = np.zeros((rows + 1, rows + 1), dtype=int)
    return allocate_subcarriers(nothing, energy)[0, 1:]


@st.composite
def large_cases(draw_value):
    """Counts and energies where short lists mostly do, with ties, gaps and too few subcarriers."""
    nodes = draw_value(st.integers(2, 7))
    subcarriers = draw_value(st.integers(1, 90))
    random = np.random.default_rng(draw_value(st.integers(0, 2**32)))
    energy = random.exponential(1e-4, (nodes, nodes, subcarriers)) ** draw_value(
        st.sampled_from([1, 3])
    )
    if draw_value(st.booleans()):  # all links like the same subcarriers
        energy = random.exponential(1e-4, subcarriers) * (1 + 0.1 * random.random(energy.shape))
    if draw_value(st.booleans()):
        energy = 1e-4 * random.integers(1, 4, energy.shape)
    energy[random.random(energy.shape) < draw_value(st.sampled_from([0.0, 0.3, 0.9]))] = np.inf
    counts = random.poisson(draw_value(st.sampled_from([0.3, 2.0, 200.0])), (nodes, nodes))
    return counts, energy


def dense(cost):
    """How many rows a dense solver serves, and at which cost, as many as possible first."""
    rows, columns = cost.shape
    finite = np.isfinite(cost)
    i, j = linear_sum_assignment(~finite)
    served = int(finite[i, j].sum())
    # a row that stays away costs more than all others together
    largest = cost[finite].max(initial=0.0) or 1.0
    away = np.where(np.eye(rows, dtype=bool), rows + 1.0, np.inf)
    whole = np.hstack([cost / largest, away])
    i, j = linear_sum_assignment(whole)
    real = j < columns
    assert real.sum() == served  # the penalty does what a solver for numbers alone does
    return served, float(cost[i[real], j[real]].sum())


@settings(max_examples=300)
@given(large_cases())
def test_short_lists_lose_nothing_against_a_dense_solver(case):
    counts, energy = case
    np.fill_diagonal(counts, 0)
    off_diagonal = ~np.eye(len(counts), dtype=bool)
    assignment = allocate_subcarriers(counts, energy)
    loaded = np.argwhere(counts > 0)
    cost = counts[loaded[:, 0], loaded[:, 1], None] * energy[loaded[:, 0], loaded[:, 1]]
    served, least = dense(cost)
    assert (assignment is None) == (served < len(loaded))
    if assignment is None:
        return
    assert loaded_energy(counts, energy, assignment) == pytest.approx(least, rel=1e-12)
    owned = assignment[off_diagonal & (assignment >= 0)]
    assert len(set(owned.tolist())) == owned.size
    idle = np.argwhere((counts == 0) & off_diagonal)
    left = np.setdiff1d(np.arange(energy.shape[2]), assignment[loaded[:, 0], loaded[:, 1]])
    served, least = dense(energy[idle[:, 0], idle[:, 1]][:, left])
    got = assignment[idle[:, 0], idle[:, 1]]
    own = got >= 0
    assert own.sum() == served
    # a penalty for links without one takes part in sums of their magnitude, hence not 1e-12
    price = energy[idle[own, 0], idle[own, 1], got[own]].sum()
    assert price == pytest.approx(least, rel=1e-9)


@pytest.mark.parametrize("family", ["rayleigh", "contended", "uneven", "reciprocal"])
def test_the_lists_of_an_instance_give_what_a_dense_solver_gives(family):
    random = np.random.default_rng(8)
    instance = draw(family, 3, K=8, M=300, T=64)
    i, j = instance.links.T
    for mean in (0.1, 1.0, 30.0):
        counts = np.zeros((8, 8), dtype=np.int64)
        counts[i, j] = random.poisson(mean, len(i))
        assignment = assign_load(counts, candidates_of(instance))
        loaded = counts[i, j] > 0
        a, b = i[loaded], j[loaded]
        cost = counts[a, b, None] * instance.transmission_energy_j[a, b]
        rows, columns = linear_sum_assignment(cost)
        found = loaded_energy(counts, instance.transmission_energy_j, assignment)
        assert found == pytest.approx(cost[rows, columns].sum(), rel=1e-12)
        assert (assignment[i, j] >= 0).all()


def test_tokens_on_a_link_that_is_none_cannot_be_placed():
    instance = draw("rayleigh", 1, K=3, T=4)
    instance = instance.replace(gain=instance.gain * (np.arange(3) != 1)[None, :, None])
    counts = np.zeros((3, 3), dtype=np.int64)
    counts[0, 1] = 1
    assert assign_load(counts, candidates_of(instance)) is None


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
    with pytest.raises(MethodError, match=r"transmission_energy_j\[0,1,0\] = -1"):
        allocate_subcarriers(np.zeros((2, 2), dtype=int), np.array([[[1], [-1]], [[1], [1]]]))
