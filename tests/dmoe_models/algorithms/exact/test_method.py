"""`exact` against enumeration and the MILPs, every reduction on and off; proofs and limits."""

from __future__ import annotations

import itertools
import math
import time

import numpy as np
import pytest

from dmoe_models import MethodError, Status, solve
from dmoe_models.algorithms.exact import method as module
from instances.families import draw

from tiny import tiny_instance
from volumes import seeds

SWITCHES = ("decide_tokens", "fix_subcarriers", "grow_lists")


@pytest.mark.parametrize("block", range(10))
def test_exact_equals_enumeration(block):
    """Ties, near misses, missing links, too few subcarriers, infeasible and free instances."""
    for seed in range(40 * block, 40 * block + 40):
        instance = tiny_instance(seed, max_nodes=4)
        truth = solve(instance, "exhaustive")
        result = solve(instance, "exact")
        described = f"{instance.name}: {result!r} {truth!r} {result.details}"
        assert result.status is truth.status, described
        if truth.status is Status.OPTIMAL:
            assert result.objective == pytest.approx(truth.objective, rel=1e-9, abs=1e-18), (
                described
            )
            own = result.details["own_bound"]
            assert own <= truth.objective * (1 + 1e-12), described
            assert own >= truth.objective * (1 - 2e-9), described


@pytest.mark.parametrize("on", list(itertools.product([True, False], repeat=3)))
def test_no_reduction_changes_the_optimum(on, monkeypatch):
    """With a short ascent, so that the linear program and branching have to do the work."""
    monkeypatch.setattr(module, "improve_by_local_search", lambda state, seed: False)
    switches = dict(zip(SWITCHES, on, strict=True))
    branched = 0
    tried = seeds(60, 30)
    for seed in tried:
        instance = draw("contended", seed, K=4, T=10, M=12, gamma=0.35, D=3)
        truth = solve(instance, "cvxpy-p2-set")
        result = solve(instance, "exact", max_steps=3, **switches)
        assert result.status is Status.OPTIMAL
        assert result.objective == pytest.approx(truth.objective, rel=1e-9)
        assert result.details["own_bound"] <= truth.objective * (1 + 1e-9)
        branched += result.details.get("nodes", 0) > 1
    assert 20 * branched >= len(tried)  # the linear program is nearly always integral


FAMILIES = [
    ("rayleigh", {}),
    ("tight", {}),
    ("scarce", {}),
    ("uneven", {}),
    ("contended", {}),
    ("ties", {}),
    ("reciprocal", {}),
]


@pytest.mark.parametrize(("family", "parameters"), FAMILIES)
def test_exact_equals_the_set_model_on_every_family(family, parameters):
    """31 instances of each, 300 in a campaign: most small, one of them (five) of eight nodes."""
    for seed in seeds(300, 31):
        nodes = 8 if seed % 60 == 0 else 5 if seed % 10 == 0 else 3
        instance = draw(
            family, seed, K=nodes, T=3 * nodes, D=2 + (nodes > 3), gamma=0.35, **parameters
        )
        truth = solve(instance, "cvxpy-p2-set")
        result = solve(instance, "exact")
        described = f"{instance.name}: {result!r} {truth!r}"
        assert result.status is truth.status, described
        if truth.status is Status.OPTIMAL:
            assert result.objective == pytest.approx(truth.objective, rel=1e-8), described
            assert result.details["own_bound"] <= truth.objective * (1 + 1e-9), described
            assert result.gap <= 1e-9, described


def test_bounds_of_a_run_that_is_cut_short_hold():
    for seed in range(40):
        instance = draw("contended", seed, K=5, T=20, M=24, gamma=0.3, D=3)
        whole = solve(instance, "exact")
        for limit in (0.001, 0.02, 0.05):
            short = solve(instance, "exact", time_limit=limit)
            assert short.details["own_bound"] <= whole.objective * (1 + 1e-12)
            if short.solution is not None:
                assert short.objective >= whole.objective * (1 - 1e-12)
                assert short.check.ok


def test_a_limit_may_pass_at_any_moment(monkeypatch):
    """A clock that jumps: time is up after so many looks at it, wherever the run is then."""
    instance = draw("contended", 1, K=5, T=20, M=20, gamma=0.25, D=3)
    optimum = solve(instance, "exact").objective
    real = module.Deadline

    class Jumping(real):
        looks = allowed = 0

        @property
        def passed(self):
            self.looks += 1
            if self.looks > self.allowed:
                self.expire()
            return super().passed

    monkeypatch.setattr(module, "Deadline", Jumping)
    for allowed in (*range(12), *range(12, 60, 5), *range(60, 400, 40)):
        Jumping.allowed = allowed
        outcome = module.exact(instance, max_steps=5, time_limit=1000.0)
        assert outcome.bound <= optimum * (1 + 1e-12)


def test_a_time_limit_is_kept():
    solve(draw("contended", 1, K=4, T=10, M=12, gamma=0.35, D=3), "exact")  # compiles, once
    instance = draw("contended", 1, K=10, T=120, M=110, gamma=0.25)
    started = time.perf_counter()
    result = solve(instance, "exact", time_limit=1.5)
    assert time.perf_counter() - started < 4.0
    assert result.status in (Status.FEASIBLE, Status.OPTIMAL)
    assert result.bound > solve(instance, "lower-bound").bound


def test_infeasible_instances_are_proved_so():
    proved = 0
    for seed in range(40):
        instance = draw("scarce", seed, K=3, T=6, M=2)
        truth = solve(instance, "exhaustive")
        result = solve(instance, "exact")
        assert result.status is truth.status
        proved += truth.status is Status.INFEASIBLE
    assert proved > 10


def test_scarce_subcarriers_take_branching_or_a_proof_that_there_is_no_solution():
    """With and without solutions; among them one where no token is left to decide."""
    statuses, nodes = [], []
    for seed in range(40):
        for experts, gamma in ((2, 0.3), (3, 0.3), (3, 0.49)):
            instance = draw("scarce", seed, K=5, T=40, D=experts, gamma=gamma)
            result = solve(instance, "exact")
            statuses.append(result.status)
            nodes.append(result.details.get("nodes", 0))
            if seed < 12:
                truth = solve(instance, "highs-p2-set")
                assert result.status is truth.status
                if truth.status is Status.OPTIMAL:
                    assert result.objective == pytest.approx(truth.objective, rel=1e-8)
    assert set(statuses) == {Status.OPTIMAL, Status.INFEASIBLE}
    assert sum(number > 5 for number in nodes) >= 5


def test_large_instances_are_closed_without_a_linear_program():
    instance = draw("rayleigh", 1, K=16, T=512, M=512, gamma=0.3)
    result = solve(instance, "exact")
    assert result.status is Status.OPTIMAL
    assert result.gap <= 1e-9
    assert "lp" not in result.details


def test_a_number_of_steps_that_cannot_be_is_refused():
    with pytest.raises(MethodError, match="max_steps = 0 is not a whole number of at least 1"):
        solve(draw("rayleigh", 1, K=2, T=2), "exact", max_steps=0)


def test_static_energy_is_counted_once():
    instance = draw("rayleigh", 3, K=4, T=12)
    dear = instance.replace(static_energy_j=np.full(4, 0.5))
    one, two = solve(instance, "exact"), solve(dear, "exact")
    assert two.objective == pytest.approx(one.objective + 2.0, rel=1e-12)
    assert math.isclose(two.bound, two.objective, rel_tol=1e-9)
