"""P2 straight into HiGHS: the same models as Pyomo's, the same optima, and a proved bound."""

from __future__ import annotations

import math
import time

import highspy
import numpy as np
import pytest
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler
from scipy import sparse

from dmoe_models import MethodError, Status, solve
from dmoe_models.model.relevance import meets_need
from formulations.data import cheapest_candidates
from formulations.solver_answer import Health
from formulations.solver_options import TOLERANCES
from formulations.with_highs import assembly as highs_assembly
from formulations.with_highs import models as highs_model
from formulations.with_highs.set_bound import best_prices, dual_prices, proved_bound
from formulations.with_highs.solver import solve as solve_highs
from formulations.with_pyomo import models as pyomo_models
from instances.families import FAMILIES, draw

from tiny import tiny_instance

INSTANCES = 340  # 34 of every feature
CHUNK = 34
SAME = 1e-6

METHODS = [
    ("highs-p2-milp", {}),
    ("highs-p2-milp", {"disaggregated": True}),
    ("highs-p2-milp", {"disaggregated": True, "reduce": False}),
    ("highs-p2-set", {}),
    ("highs-p2-set", {"reduce": False}),
]
MODELS = [
    (pyomo_models.p2_milp, highs_model.p2_milp, {}),
    (pyomo_models.p2_milp, highs_model.p2_milp, {"disaggregated": True}),
    (pyomo_models.p2_set, highs_model.p2_set, {}),
]
CHUNKS = [range(start, min(start + CHUNK, INSTANCES)) for start in range(0, INSTANCES, CHUNK)]


@pytest.mark.parametrize("seeds", CHUNKS, ids=lambda seeds: f"{seeds[0]}-{seeds[-1]}")
def test_everything_agrees_with_enumeration(seeds):
    reached = 0
    for seed in seeds:
        instance = tiny_instance(seed, max_nodes=4)
        truth = solve(instance, "exhaustive")
        for method, options in METHODS:
            result = solve(instance, method, **options)
            told = f"{instance.name}: {method} {options} says {result!r}, enumeration {truth!r}"
            assert result.status is truth.status, told
            if truth.status is Status.OPTIMAL:
                assert result.objective == pytest.approx(truth.objective, rel=SAME), told
                own = result.details["own_bound"]
                assert own == pytest.approx(truth.objective, rel=SAME), told
                assert result.check.ok, told
        lower = solve(instance, "set-bound")
        own = lower.details["own_bound"]
        assert lower.solution is None
        if truth.status is Status.INFEASIBLE:
            assert lower.status is Status.INFEASIBLE
            assert own == math.inf
            reached += 1
        else:
            assert own <= truth.objective
            assert own == pytest.approx(lower.details["lp_value_j"], rel=1e-9)
            reached += own >= truth.objective * (1 - 1e-9)
    assert reached >= 0.9 * len(seeds)


def standard_form(model):
    """Rows as sorted (coefficients, sense, right-hand side), and sorted costs, of a Pyomo model."""
    form = LinearStandardFormCompiler().write(model, mixed_form=True)
    matrix = form.A.tocsr()
    rows = [
        (sorted(matrix.data[matrix.indptr[r] : matrix.indptr[r + 1]]), kind, side)
        for r, ((_, kind), side) in enumerate(zip(form.rows, form.rhs, strict=True))
    ]
    return matrix.shape, matrix.nnz, rows, np.sort(form.c.toarray().ravel())


@pytest.mark.parametrize("family", ["rayleigh", "contended", "uneven", "scarce", "ties"])
@pytest.mark.parametrize(("pyomo", "direct", "options"), MODELS)
@pytest.mark.parametrize("cut", [True, False])
def test_the_model_is_pyomos(family, pyomo, direct, options, cut):
    assert family in FAMILIES
    instance = draw(family, 4, K=4, T=7)
    if cut:
        kept = np.random.default_rng(0).random(instance.gain.shape) < 0.4
        kept[0] = False  # a node none of whose links has anything left
        options = options | {"candidates": kept}
    shape, nonzeros, theirs, costs = standard_form(pyomo(instance, **options))
    lp = direct(instance, **options).highs.getLp()
    assert (lp.num_row_, lp.num_col_) == shape
    assert np.sort(lp.col_cost_) == pytest.approx(costs, rel=1e-12)
    stored = lp.a_matrix_
    rowwise = stored.format_ == highspy.MatrixFormat.kRowwise
    kind = sparse.csr_array if rowwise else sparse.csc_array
    matrix = kind((stored.value_, stored.index_, stored.start_), shape=shape).tocsr()
    assert matrix.nnz == nonzeros
    ours = []
    for r, (low, high) in enumerate(zip(lp.row_lower_, lp.row_upper_, strict=True)):
        kind = 0 if low == high else 1 if low == -math.inf else -1
        row = sorted(matrix.data[matrix.indptr[r] : matrix.indptr[r + 1]])
        ours.append((row, kind, high if kind == 1 else low))

    def key(row):  # an equation may stand the other way round
        coefficients, kind, side = row
        turned = sorted(-c for c in coefficients)
        if kind == 0:
            coefficients = max(coefficients, turned)
        return kind, abs(side), [round(float(c), 12) for c in coefficients]

    assert sorted(map(key, ours)) == sorted(map(key, theirs))


@pytest.mark.parametrize("family", sorted(set(FAMILIES) - {"hard-p1", "knapsack-p1"}))
def test_the_bound_stays_below_the_optimum_in_every_family(family):
    integral = 0
    for seed in range(6):
        instance = draw(family, seed, K=4, T=12)
        lower = solve(instance, "set-bound")
        best = solve(instance, "highs-p2-set")
        if best.status is Status.INFEASIBLE:
            assert lower.status is Status.INFEASIBLE
            integral += 1
            continue
        own, value = lower.details["own_bound"], lower.details["lp_value_j"]
        assert solve(instance, "lower-bound").bound <= own * (1 + 1e-12)
        assert own <= best.objective
        assert own == pytest.approx(value, rel=1e-9)
        assert own <= value * (1 + 1e-12)
        if lower.details["integral"]:
            assert own == pytest.approx(best.objective, rel=1e-9)
        integral += lower.details["integral"]
        assert lower.details["rows"] > 0 and lower.details["columns"] > 0
    assert integral >= 4


def test_no_price_makes_the_bound_wrong():
    """The prices come from a solver that may be wrong: any prices at all give a bound."""
    random = np.random.default_rng(3)
    for seed in range(40):
        instance = tiny_instance(10 * seed, max_nodes=4)  # the feature "plain"
        truth = solve(instance, "exhaustive")
        if truth.status is Status.INFEASIBLE:  # some are strict
            continue
        optimum = truth.objective
        model = highs_model.p2_set(instance, relaxed=True)
        solve_highs(model, tolerance=TOLERANCES[-1])
        p, v = dual_prices(model, model.highs.getSolution().row_dual)
        best = proved_bound(model, p, v)
        for _ in range(20):
            spread = random.choice([1e-9, 1e-3, 0.3, 3.0])
            wrong = proved_bound(
                model,
                p * np.exp(spread * random.normal(size=p.shape)),
                v * np.exp(spread * random.normal(size=v.shape)) + spread * 1e-5 * random.random(),
            )
            assert wrong <= optimum
            assert wrong <= best + 1e-12
        lowest = proved_bound(model, *best_prices(model))
        assert lowest == pytest.approx(solve(instance, "lower-bound").bound, rel=1e-12)
        assert proved_bound(model, p, v, energies=0.0) <= 0  # feasible: no ray


def test_too_few_subcarriers_are_proved_to_be_too_few():
    proved = 0
    for seed in range(30):
        instance = draw("scarce", seed, K=4, T=8, M=3)
        lower = solve(instance, "set-bound")
        result = solve(instance, "highs-p2-set")
        if result.status is Status.INFEASIBLE:
            assert lower.details["own_bound"] == math.inf
            proved += solve(instance, "lower-bound").bound < math.inf
    assert proved >= 20  # by a ray, every token alone could be served


def test_a_token_without_a_set_is_infeasible():
    instance = tiny_instance(6)  # the feature "missing"
    gain = np.zeros_like(instance.gain)
    scores = np.full((instance.T, instance.K), 0.0)
    scores[np.arange(instance.T), (instance.source + 1) % instance.K] = 1.0
    lonely = instance.replace(gain=gain, gate_scores=scores)
    for method, options in [*METHODS, ("set-bound", {})]:
        assert solve(lonely, method, **options).status is Status.INFEASIBLE


def test_everything_at_home_needs_no_link():
    instance = draw("rayleigh", 1, K=3, T=5)
    scores = np.zeros((instance.T, instance.K))
    scores[np.arange(instance.T), instance.source] = 1.0
    at_home = instance.replace(gate_scores=scores, gain=np.zeros_like(instance.gain))
    for method, options in METHODS:
        result = solve(at_home, method, **options)
        assert result.status is Status.OPTIMAL
        assert (result.solution.assignment == -1).all()
    assert solve(at_home, "set-bound").bound == pytest.approx(result.objective, rel=1e-12)


def test_near_misses_are_cut_off():
    cuts = 0
    for seed in range(3, 10 * 60, 10):  # the feature "near"
        instance = tiny_instance(seed, max_nodes=4)
        result = solve(instance, "highs-p2-milp")
        assert result.status is solve(instance, "exhaustive").status
        cuts += result.details["cuts"]
    assert cuts > 0


@pytest.mark.parametrize("disaggregated", [False, True])
def test_a_forbidden_set_is_left_and_everything_forbidden_is_infeasible(disaggregated):
    instance = draw("rayleigh", 1, K=4, T=6)
    model = highs_model.p2_milp(instance, disaggregated=disaggregated)
    solve_highs(model)
    first = highs_model.read_selection(model)
    assert meets_need(instance.gate_scores, first, instance.need).all()
    highs_model.forbid(model, 2, first[2])
    assert solve_highs(model).health is Health.OPTIMAL
    second = highs_model.read_selection(model)
    assert (second[2] & ~first[2]).any()
    highs_model.forbid(model, 2, np.ones(instance.K, dtype=bool))
    assert solve_highs(model).health is Health.INFEASIBLE


# --------------------------------------------------------------------------- limits and options


@pytest.mark.parametrize(
    ("method", "options"),
    [("highs-p2-milp", {}), ("highs-p2-milp", {"disaggregated": True}), ("highs-p2-set", {})],
)
def test_time_limits_are_kept_and_leave_a_true_bound(method, options):
    instance = draw("contended", 3, K=10, T=120, M=120)
    started = time.perf_counter()
    result = solve(instance, method, time_limit=0.5, **options)
    assert time.perf_counter() - started < 6.0
    assert result.status in (Status.FEASIBLE, Status.UNKNOWN)
    assert result.bound <= solve(instance, "set-bound").bound * (1 + 1e-2)


def test_a_bound_cut_short_is_the_lower_bound():
    instance = draw("contended", 3, K=10, T=200, M=120)
    lower = solve(instance, "lower-bound").bound
    started = time.perf_counter()
    result = solve(instance, "set-bound", time_limit=0.3)
    assert time.perf_counter() - started < 4.0
    assert result.details["solver_says"] == "kTimeLimit"
    assert result.details["own_bound"] == pytest.approx(lower, rel=1e-12)
    assert "lp_value_j" not in result.details


@pytest.mark.parametrize("method", ["highs-p2-milp", "highs-p2-set", "set-bound"])
def test_building_stops_when_time_is_up(method):
    instance = draw("rayleigh", 1, K=8, T=500, M=64)
    result = solve(instance, method, time_limit=1e-6)
    assert result.status is Status.UNKNOWN
    assert "time was up while" in result.details["failed"]
    assert result.details["own_bound"] == -math.inf


def test_time_of_earlier_runs_does_not_count():
    model = highs_model.p2_milp(draw("contended", 3, K=6, T=48, M=60))
    for _ in range(3):
        started = time.perf_counter()
        assert solve_highs(model, time_limit=0.5).health is Health.LIMIT
        assert 0.4 < time.perf_counter() - started < 3.0
    assert not solve_highs(model, time_limit=0.0).has_solution


def test_options_and_solvers_that_are_none():
    instance = draw("rayleigh", 1, K=3, T=4)
    for method in ("highs-p2-milp", "highs-p2-set", "set-bound"):
        with pytest.raises(MethodError, match=f"method {method} has no option 'solver'"):
            solve(instance, method, solver="highs")
        with pytest.raises(MethodError, match="option reduce = 1 is not of type bool"):
            solve(instance, method, reduce=1)
        with pytest.raises(MethodError, match=f"method {method} solves P2; .* is a P1 instance"):
            solve(draw("hard-p1", 1, K=4, T=4), method)
    with pytest.raises(MethodError, match="has no option 'disaggregated'"):
        solve(instance, "highs-p2-set", disaggregated=True)
    with pytest.raises(MethodError, match="solver scip: this model lives in HiGHS"):
        solve_highs(highs_model.p2_milp(instance), "scip")


def test_models_that_are_too_large_are_refused_with_the_count(monkeypatch):
    instance = draw("rayleigh", 1, K=4, T=6)
    monkeypatch.setattr(highs_assembly, "SPREAD_LIMIT", 100)
    size = 12 * instance.M
    with pytest.raises(MethodError, match=f"would have {size} variables .* at most 100 are built"):
        solve(instance, "highs-p2-milp", reduce=False)
    monkeypatch.setattr("formulations.data.SET_LIMIT", 3)
    for method in ("highs-p2-set", "set-bound"):
        with pytest.raises(MethodError, match="more than 3 minimal feasible sets"):
            solve(instance, method)


def test_candidates_lose_nothing():
    instance = draw("contended", 2, K=3, T=9, M=30)
    assert cheapest_candidates(instance) is not None
    full, cut = (solve(instance, "set-bound", reduce=reduce) for reduce in (False, True))
    assert full.bound == pytest.approx(cut.bound, rel=1e-9)
    assert cut.details["columns"] < full.details["columns"]
