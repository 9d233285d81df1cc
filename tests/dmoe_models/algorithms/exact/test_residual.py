"""The kernel's linear program: cuts, columns, prices; against the whole set model's relaxation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from residuals import solve_node, whole_program

from dmoe_models import Status, solve
from dmoe_models.algorithms.exact import set_program as module
from dmoe_models.algorithms.exact.cuts import most_violated_cuts
from dmoe_models.algorithms.exact.node import Node
from dmoe_models.algorithms.exact.set_pool import SetPool
from instances.families import draw


@pytest.mark.parametrize("family", ["contended", "tight", "rayleigh", "ties", "uneven"])
@pytest.mark.parametrize("listed", [True, False])
def test_the_program_is_the_relaxation_of_the_set_model(family, listed):
    compared = 0
    for seed in range(25):
        instance = draw(family, seed, K=4, T=10, gamma=0.35, D=3)
        optimum = solve(instance, "exact")
        if optimum.status is not Status.OPTIMAL or not len(instance.links):
            continue
        energy = optimum.objective - instance.static_energy_j.sum()
        expected = solve(instance, "set-bound").details["own_bound"]
        expected -= instance.static_energy_j.sum()
        relaxation, point, _ = solve_node(whole_program(instance, energy, listed=listed))
        assert relaxation.value_j == pytest.approx(expected, rel=1e-7)
        # what its duals prove is what it is worth, and never more than the optimum
        assert point.bound == pytest.approx(relaxation.value_j, rel=1e-7)
        assert point.bound <= energy * (1 + 1e-12)
        compared += 1
    assert compared >= 20


@settings(max_examples=200)
@given(st.data())
def test_the_cut_that_is_found_is_the_most_violated(data):
    depth = data.draw(st.integers(1, 6))
    number = st.floats(0.1, 10.0)
    prices = np.sort(data.draw(st.lists(number, min_size=depth, max_size=depth)))
    finite = data.draw(st.integers(1, depth))
    prices[finite:] = np.inf
    share = np.array(data.draw(st.lists(st.floats(0, 1), min_size=depth, max_size=depth)))
    share[finite:] = 0.0
    share /= max(1.0, share.sum())
    use, cost, unserved = data.draw(st.floats(0, 1)), data.draw(st.floats(0, 12)), 100.0
    one_use = (np.zeros(1, dtype=np.int64), np.full(1, use), np.full(1, cost))
    position = most_violated_cuts(prices[None], share[None], *one_use, unserved)[0]

    listed = [*prices[:finite], unserved]
    cuts = [
        price * use - sum((price - prices[q]) * share[q] for q in range(k))
        for k, price in enumerate(listed)
    ]
    if position < 0:
        assert max(cuts) <= cost + 1e-6
    else:
        assert cuts[position] > cost
        assert cuts[position] == pytest.approx(max(cuts), abs=1e-6)


def test_loose_cuts_come_and_go_without_a_trace(monkeypatch):
    instance = draw("contended", 3, K=5, T=20, M=24, gamma=0.3)
    energy = solve(instance, "exact").objective
    plain, _, _ = solve_node(whole_program(instance, energy))
    program = whole_program(instance, energy)
    relaxation, _, _ = solve_node(program)
    program.max_cuts = 0
    monkeypatch.setattr(module, "SPARE_CUTS", -10_000)
    before = len(program.cut_use)
    again, _, _ = solve_node(program)
    assert len(program.cut_use) < before
    once_more, _, _ = solve_node(program)
    for other in (relaxation, again, once_more):
        assert other.value_j == pytest.approx(plain.value_j, rel=1e-9)


def test_a_probe_leaves_no_trace():
    instance = draw("contended", 5, K=5, T=20, M=24, gamma=0.3)
    program = whole_program(instance, solve(instance, "exact").objective)
    node = program.root_node(0.0)
    relaxation, _, _ = solve_node(program, node)
    less = node.allowed.copy()
    less[:, 0] = False
    part = Node(0.0, less, node.must_own, node.sets)
    value, prices = program.probe(part, 1000)
    assert value >= relaxation.value_j * (1 - 1e-9)
    whole, _, _ = solve_node(program, part)
    assert program.evaluate(part, prices)[0].bound <= whole.value_j * (1 + 1e-9)
    again, _, _ = solve_node(program, node)
    assert again.value_j == pytest.approx(relaxation.value_j, rel=1e-9)


def test_cheapest_sets_of_a_pool():
    random = np.random.default_rng(4)
    for _ in range(50):
        tokens, experts = random.integers(1, 5), random.integers(1, 5)
        owner = random.integers(0, tokens, 12)
        pool = SetPool(owner, random.random((12, experts)) < 0.5)
        energy = random.integers(0, 4, (tokens, experts)).astype(float)
        costs = pool.costs(energy)
        costs[random.random(12) < 0.3] = np.inf
        best, least = pool.cheapest(costs, tokens)
        for t in range(tokens):
            own = [c for c, o in zip(costs, owner, strict=True) if o == t]
            assert least[t] == min(own, default=np.inf)
            if np.isfinite(least[t]):
                assert owner[best[t]] == t
                assert energy[t, pool.members[best[t]]].sum() == least[t]
            else:
                assert best[t] == -1
