"""P1 and P2 on CP-SAT: enumeration's optima, a proved bound, limits, and what is missing."""

from __future__ import annotations

import importlib.util
import math
import sys
import time

import numpy as np
import pytest

from dmoe_models import MethodError, Status, solve
from dmoe_models.algorithms.selection.des import select_experts
from dmoe_models.model.relevance import need_from_threshold
from dmoe_models.solving.catalogue import METHODS
from dmoe_models.verification.plan import choose
from dmoe_models.verification.run import Settings
from formulations.with_cpsat import methods as cpsat
from formulations.with_cpsat import models as cpsat_model
from formulations.with_cpsat import solver as cpsat_solver
from formulations.with_cpsat.models import p1_cover, p2_set
from instances.families import draw

from tiny import FEATURES, tiny_instance, tiny_token
from volumes import seeds as sampled

INSTANCES = 50  # five of every feature; each takes a process; one without a campaign
CHUNKS = [range(start, start + 10) for start in range(0, len(sampled(INSTANCES, 10)), 10)]
METHODS_OF = {False: [("cpsat-p2", {"workers": 1})], True: [("cpsat-p1", {"batch": 2})]}


@pytest.mark.parametrize("given", [False, True], ids=["P2", "P1"])
@pytest.mark.parametrize("seeds", CHUNKS, ids=lambda seeds: f"{seeds[0]}-{seeds[-1]}")
def test_everything_agrees_with_enumeration(seeds, given):
    assert len(seeds) % len(FEATURES) == 0
    for seed in seeds:
        instance = tiny_instance(seed, given=given, max_nodes=4)
        truth = solve(instance, "exhaustive")
        for method, options in METHODS_OF[given]:
            result = solve(instance, method, **options)
            own = result.details["own_bound"]
            told = f"{instance.name}: {method} {options} says {result!r}, enumeration {truth!r}"
            assert result.status is truth.status, told
            if truth.status is Status.INFEASIBLE:
                assert own == math.inf, told
            else:
                assert result.objective == pytest.approx(truth.objective, rel=1e-9), told
                assert own <= truth.objective, told
                assert own == pytest.approx(truth.objective, rel=2e-7), told
                assert result.check.ok, told


@pytest.mark.parametrize("family", ["rayleigh", "contended", "tight", "uneven", "scarce", "ties"])
def test_p2_agrees_with_exact_and_with_the_set_model_in_highs(family):
    for seed in range(2):
        instance = draw(family, seed, K=5, T=20, gamma=0.3)
        result = solve(instance, "cpsat-p2")
        for other in (solve(instance, "exact"), solve(instance, "highs-p2-set")):
            assert result.status is other.status
            if other.status is Status.OPTIMAL:
                assert result.objective == pytest.approx(other.objective, rel=1e-9)
                assert result.details["own_bound"] <= other.objective


def test_p1_agrees_with_des_on_hard_tokens():
    instance = draw("hard-p1", 3, K=16)
    result, truth = solve(instance, "cpsat-p1"), solve(instance, "des")
    assert result.status is Status.OPTIMAL
    assert result.objective == pytest.approx(truth.objective, rel=1e-9)
    assert result.details["models"] == instance.T


def test_many_tokens_agree_with_des():
    """Coefficients too large for it make CP-SAT wrong on one small token in hundreds."""
    random = np.random.default_rng(9)
    tokens, experts, most = 600, 8, 4
    scores = random.dirichlet(np.ones(experts), tokens)
    energy = scores * random.uniform(0.9, 1.1, scores.shape) + 0.02
    best = np.sort(scores, axis=1)[:, -most:].sum(axis=1)
    threshold = best * random.uniform(0.6, 1.0, tokens)
    truth = select_experts(energy, scores, threshold, most)
    need = need_from_threshold(threshold)
    answer = cpsat.select_experts(energy, scores, need, most)
    found = np.where(answer.selection, energy, 0.0).sum(axis=1)
    assert answer.found and found == pytest.approx(truth.energy_j, rel=1e-9)
    assert answer.bound_j <= truth.energy_j.sum()
    assert answer.bound_j == pytest.approx(truth.energy_j.sum(), rel=1e-9)


def test_what_c1_refuses_is_cut_off():
    instance = draw("rayleigh", 1, K=4, T=1)
    need = 0.5
    scores = np.array([[0.5 - 2e-16, 0.25, 0.25, 2e-16]])  # the first expert alone nearly covers
    energy = np.array([[1.0, 2.0, 3.0, 9.0]])
    assert (scores[0, 0] < need) and instance.K == 4
    answer = cpsat.select_experts(energy, scores, np.array([need]), 2)
    assert answer.selection.tolist() == [[True, True, False, False]]
    assert answer.bound_j == pytest.approx(3.0, rel=1e-12)
    assert answer.details["cuts"] == answer.details["solves"] - 1


def test_integer_rows_lose_no_selection():
    for seed in range(200):
        energy, scores, threshold, most = tiny_token(seed)
        need = np.array([threshold])
        model = p1_cover(energy[None], scores[None], need, most, np.array([0]))
        (columns, weight, least), (_, ones, slots) = model.integer.at_least
        assert weight.dtype == np.int64 and (ones == -1).all() and slots == -most
        random = np.random.default_rng(seed)
        for _ in range(20):
            chosen = columns[random.random(len(columns)) < 0.5]
            exact = math.fsum([*scores[model.experts[chosen]].tolist(), -threshold])
            assert exact < 0 or weight[chosen].sum() >= least
        assert weight.sum() <= 2**cpsat_model.ROW_BITS


def test_costs_are_rounded_down_and_fit():
    for family in ("rayleigh", "uneven", "contended"):
        instance = draw(family, 2, K=5, T=30)
        model = p2_set(instance).integer
        assert 2**cpsat_model.COST_BITS / 4 < model.cost.sum() <= 2**cpsat_model.COST_BITS
        assert model.cost.min() >= 0
        # a budget leaves out what alone is dearer, and resolves the rest more finely
        energy = solve(instance, "greedy").objective
        assert p2_set(instance, budget_j=energy / 4).integer.exponent >= model.exponent


def test_prices_of_many_orders_of_magnitude_are_rounded_twice():
    instance = draw("rayleigh", 5, K=4, T=40)
    random = np.random.default_rng(0)
    gain = instance.gain * 10.0 ** random.uniform(-13, 0, instance.gain.shape)
    wide = instance.replace(gain=gain, computation_energy_j=np.zeros(4))
    result = solve(wide, "cpsat-p2", reduce=False)
    assert result.details["solves"] == 2
    assert result.objective == pytest.approx(solve(wide, "exact").objective, rel=1e-9)
    assert result.gap <= 1e-6


def test_a_token_without_a_set_is_infeasible():
    instance = tiny_instance(6)  # the feature "missing"
    scores = np.zeros((instance.T, instance.K))
    scores[np.arange(instance.T), (instance.source + 1) % instance.K] = 1.0
    lonely = instance.replace(gain=np.zeros_like(instance.gain), gate_scores=scores)
    assert solve(lonely, "cpsat-p2").status is Status.INFEASIBLE
    nothing = np.full((instance.K, instance.K), -1)
    assert solve(lonely.replace(assignment=nothing), "cpsat-p1").status is Status.INFEASIBLE


def test_everything_at_home_needs_no_link():
    instance = draw("rayleigh", 1, K=3, T=5)
    scores = np.zeros((instance.T, instance.K))
    scores[np.arange(instance.T), instance.source] = 1.0
    result = solve(instance.replace(gate_scores=scores), "cpsat-p2")
    assert result.status is Status.OPTIMAL


# --------------------------------------------------------------------------- limits and options


def test_one_worker_and_one_seed_give_one_answer():
    instance = draw("ties", 4, K=4, T=20)
    runs = [solve(instance, "cpsat-p2", seed=7, workers=1) for _ in range(2)]
    assert runs[0].solution == runs[1].solution
    assert runs[0].bound == runs[1].bound


@pytest.mark.parametrize(
    ("method", "instance", "options"),
    [
        ("cpsat-p2", draw("contended", 3, K=10, T=200, M=120, gamma=0.3), {}),
        ("cpsat-p1", draw("hard-p1", 1, K=24, T=16), {"batch": 16}),
    ],
    ids=["P2", "P1"],
)
def test_time_limits_are_kept_and_leave_a_true_bound(method, instance, options):
    started = time.perf_counter()
    result = solve(instance, method, time_limit=2.0, **options)
    assert time.perf_counter() - started < 8.0
    assert result.status in (Status.FEASIBLE, Status.UNKNOWN)
    reference = solve(instance, "exact" if method == "cpsat-p2" else "des", time_limit=20.0)
    assert result.details["own_bound"] <= reference.objective


def test_building_stops_when_time_is_up():
    instance = draw("rayleigh", 1, K=8, T=500, M=64)
    result = solve(instance, "cpsat-p2", time_limit=1e-6)
    assert result.status is Status.UNKNOWN
    assert "time was up while" in result.details["failed"]


def test_too_many_columns_are_refused(monkeypatch):
    monkeypatch.setattr(cpsat_model, "COLUMN_LIMIT", 100)
    with pytest.raises(MethodError, match="the model would have more than 100 columns"):
        solve(draw("rayleigh", 1, K=4, T=16), "cpsat-p2")


def test_too_many_sets_are_refused_with_their_number(monkeypatch):
    monkeypatch.setattr("formulations.data.SET_LIMIT", 20)
    with pytest.raises(MethodError, match="more than 20 minimal feasible sets"):
        solve(draw("rayleigh", 1, K=4, T=16), "cpsat-p2")


@pytest.mark.parametrize(
    ("options", "words"),
    [({"workers": 0}, "workers = 0"), ({"seed": -1}, "seed = -1"), ({"batch": 0}, "batch = 0")],
)
def test_options_that_cannot_be_are_refused(options, words):
    with pytest.raises(MethodError, match=words):
        solve(draw("hard-p1", 1, K=4, T=2), "cpsat-p1", **options)


def test_a_process_that_fails_is_said(monkeypatch, tmp_path):
    broken = tmp_path / "worker.py"
    broken.write_text("raise SystemExit('no licence to solve')")
    monkeypatch.setattr(cpsat_solver.worker, "__file__", str(broken))
    with pytest.raises(MethodError, match="ended with code 1: no licence to solve"):
        solve(draw("rayleigh", 1, K=3, T=4), "cpsat-p2")


def test_the_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ortools", None)
    monkeypatch.delitem(sys.modules, "formulations.with_cpsat.methods")
    monkeypatch.delitem(sys.modules, "formulations.with_cpsat.solver")
    with pytest.raises(MethodError, match=r'pip install "dmoe-models\[cpsat\]"'):
        solve(draw("rayleigh", 1, K=3, T=4), "cpsat-p2")


def test_the_default_list_leaves_out_what_is_not_installed(monkeypatch):
    instance = draw("rayleigh", 1, K=3, T=4)
    names = {b.method.name for b in choose([instance], None, [], Settings())[0][0][1]}
    assert "cpsat-p2" in names
    find = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda n: None if n == "ortools" else find(n))
    plan, notes = choose([instance], None, [], Settings())
    assert {b.method.name for b in plan[0][1]} == names - {"cpsat-p2"}
    assert any("cpsat-p2, extra cpsat is not installed" in note for note in notes)
    assert METHODS["exact"].installed
