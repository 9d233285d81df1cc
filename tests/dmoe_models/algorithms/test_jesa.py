"""JESA's options, records and limits (its monotonicity and optimality stand with the facts)."""

from __future__ import annotations

import time

import numpy as np
import pytest

from dmoe_models import MethodError, Solution, Status, evaluate, solve
from dmoe_models.algorithms.jesa import jesa, starting_prices
from dmoe_models.algorithms.placement.assignment import allocate_subcarriers
from dmoe_models.algorithms.selection.des import select_experts
from dmoe_models.model.energy import (
    assignment_energy_j,
    count_tokens,
    expert_energy_j,
    selected_energy_j,
)
from dmoe_models.solving.sandbox import OverdueError, wall_clock
from instances.families import draw

from tiny import tiny_instance


def test_energies_are_recorded_and_the_last_is_the_objective():
    instance = draw("contended", 19, K=3, T=6)
    result = solve(instance, "jesa", seed=1)
    energies = result.details["energies_j"]
    assert len(energies) >= result.details["iterations"]
    assert energies[-1] == pytest.approx(result.objective, rel=1e-12)
    assert (np.diff(energies) <= 0).all()


def test_more_starts_are_never_worse_and_hold_the_price_start():
    for seed in range(20):
        instance = draw("contended", seed, K=3, T=6)
        one = solve(instance, "jesa", seed=5)
        price = solve(instance, "jesa", start="price")
        many = solve(instance, "jesa", seed=5, starts=6)
        assert len(many.details["starts_j"]) == 6
        assert many.objective <= min(one.objective, price.objective) * (1 + 1e-12)
        assert many.details["starts_j"][0] == pytest.approx(one.objective, rel=1e-12)


def plain_jesa(instance, seed, start):
    """JESA as its definition reads, every token priced in every pass; energies of all steps."""

    def choose(prices):
        energy = expert_energy_j(instance, prices)
        answer = select_experts(
            energy, instance.gate_scores, instance.threshold, instance.max_experts
        )
        return energy, answer

    _, answer = choose(starting_prices(instance, start, np.random.default_rng(seed)))
    if not answer.feasible:
        return None
    selection, energies = answer.selection, []
    while True:
        counts = count_tokens(instance, selection)
        assignment = allocate_subcarriers(counts, instance.transmission_energy_j, instance.links)
        if assignment is None:
            return energies
        energies.append(evaluate(instance, Solution(selection, assignment)).total_j)
        energy, answer = choose(assignment_energy_j(instance, assignment))
        gains = answer.energy_j < selected_energy_j(energy, selection) * (1 - 1e-12)
        if not gains.any():
            return energies
        selection = np.where(gains[:, None], answer.selection, selection)
        energies.append(evaluate(instance, Solution(selection, assignment)).total_j)


@pytest.mark.parametrize("start", ["random", "assignment", "price"])
def test_pricing_only_what_may_gain_changes_nothing(start):
    drawn = [
        draw(family, seed, K=8, T=64)
        for family in ("rayleigh", "tight", "uneven", "contended", "reciprocal")
        for seed in range(4)
    ]
    compared = 0
    for seed, instance in enumerate(drawn + [tiny_instance(s, max_nodes=4) for s in range(60)]):
        energies = plain_jesa(instance, seed, start)
        if energies is not None:
            compared += 1
            details = jesa(instance, seed=seed, start=start).details
            assert details["energies_j"] == pytest.approx(energies, rel=1e-12)
    assert compared > 60


def test_answers_do_not_depend_on_threads():
    for seed in range(5):
        instance = draw("contended", seed, K=5, T=30, M=40)
        one = jesa(instance, seed=seed, starts=9, threads=1)
        for threads in (2, 3, 20):
            other = jesa(instance, seed=seed, starts=9, threads=threads)
            assert other.solution == one.solution
            assert other.details == one.details
        assert jesa(instance, seed=seed).details["starts_j"] == one.details["starts_j"][:1]


@pytest.mark.parametrize("threads", [1, 2])
def test_starts_end_where_the_lower_bound_is_reached(threads):
    """With far more subcarriers than links, bests are distinct (seed 1) and JESA finds LB."""
    instance = draw("rayleigh", 1, K=3, T=20, M=500)
    result = solve(instance, "jesa", starts=50, threads=threads)
    assert result.objective == pytest.approx(result.bound, rel=1e-12)
    assert len(result.details["starts_j"]) == 2
    price = solve(instance, "jesa", start="price", starts=50, threads=threads)
    assert len(price.details["starts_j"]) == 1
    assert price.details["converged"]
    assert price.details["iterations"] == 1


@pytest.mark.parametrize("threads", [1, 2])
def test_an_interrupt_ends_all_starts(threads):
    instance = draw("contended", 1, K=6, T=48)
    jesa(instance, starts=2)
    began = time.perf_counter()
    with pytest.raises(OverdueError), wall_clock(0.3):
        jesa(instance, starts=2000, threads=threads)
    assert time.perf_counter() - began < 5


@pytest.mark.parametrize("threads", [1, 2])
def test_a_time_limit_ends_all_starts_and_keeps_the_best(threads):
    instance = draw("contended", 1, K=6, T=48)
    jesa(instance, starts=2)
    began = time.perf_counter()
    result = solve(instance, "jesa", starts=2000, threads=threads, time_limit=0.3)
    assert time.perf_counter() - began < 5
    assert result.check.ok
    assert 1 <= len(result.details["starts_j"]) < 2000
    assert result.objective == pytest.approx(min(result.details["starts_j"]), rel=1e-12)


def test_the_seed_decides():
    instance = draw("contended", 19, K=4, T=12)
    assert solve(instance, "jesa", seed=2).solution == solve(instance, "jesa", seed=2).solution
    found = {round(solve(instance, "jesa", seed=s).objective, 15) for s in range(20)}
    assert len(found) > 1


def test_an_iteration_limit_leaves_a_valid_answer_that_is_not_called_converged():
    for seed in range(20):
        instance = draw("contended", seed, K=4, T=12)
        cut, whole = solve(instance, "jesa", max_iterations=1), solve(instance, "jesa")
        assert cut.check.ok
        assert cut.objective >= whole.objective * (1 - 1e-12)
        if cut.objective > whole.objective * (1 + 1e-12):
            assert not cut.details["converged"]


def test_random_starts_survive_too_few_subcarriers():
    found = 0
    for seed in range(7, 10 * 40, 10):
        instance = tiny_instance(seed, max_nodes=4)
        result = solve(instance, "jesa", seed=seed)
        if result.solution is not None:
            found += 1
            assert result.check.ok
            owned = result.solution.assignment[result.solution.assignment >= 0]
            assert len(owned) <= instance.M
    assert found > 10


def test_jesa_finds_none_where_there_is_none():
    infeasible = [
        instance
        for instance in (tiny_instance(seed, max_nodes=4) for seed in range(150))
        if solve(instance, "exhaustive").status is Status.INFEASIBLE
    ]
    assert len(infeasible) > 5
    for instance in infeasible:
        result = solve(instance, "jesa", starts=3)
        assert result.solution is None
        assert result.status in (Status.UNKNOWN, Status.INFEASIBLE)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"start": "best"}, "start = 'best' is not one of random, assignment, price"),
        ({"starts": 0}, "starts = 0 is not a whole number"),
        ({"starts": "many"}, "option starts = 'many' is not of type int"),
        ({"max_iterations": 0}, "max_iterations = 0 is not a whole number"),
        ({"threads": 0}, "threads = 0 is not a whole number"),
        ({"time_limit": 0}, "time_limit = 0"),
        ({"speed": 1}, "has no option 'speed'; it takes seed, start, starts"),
    ],
)
def test_wrong_options_are_named(options, words):
    with pytest.raises(MethodError, match=words):
        solve(draw("rayleigh", 1, K=2, T=2), "jesa", **options)
