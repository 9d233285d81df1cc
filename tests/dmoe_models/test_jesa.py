"""JESA's options, records and limits (its monotonicity and optimality stand with the facts)."""

from __future__ import annotations

import numpy as np
import pytest

from dmoe_models import MethodError, Status, solve
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
        ({"time_limit": 0}, "time_limit = 0"),
        ({"speed": 1}, "has no option 'speed'; it takes seed, start, starts"),
    ],
)
def test_wrong_options_are_named(options, words):
    with pytest.raises(MethodError, match=words):
        solve(draw("rayleigh", 1, K=2, T=2), "jesa", **options)
