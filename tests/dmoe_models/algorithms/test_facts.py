"""The nine facts of docs/model.md, section 3, each tried on many random instances.

The oracles here are enumerations written for the purpose; they share nothing with the algorithms
but the prices c[i, j, m] and the minimal feasible sets.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pyomo.environ as pyo
import pytest
from scipy.optimize import linear_sum_assignment

from dmoe_models import Instance, Solution, Status, evaluate, solve
from dmoe_models.algorithms.jesa import jesa
from dmoe_models.algorithms.selection.des import select_experts
from dmoe_models.model.energy import (
    assignment_energy_j,
    best_link_energy_j,
    count_tokens,
    expert_energy_j,
)
from dmoe_models.model.feasible_sets import feasible_sets, sets_of_tokens
from formulations.data import cheapest_candidates
from formulations.with_pyomo import models as pyomo_models
from formulations.with_pyomo.solver import solve as solve_pyomo

from tiny import tiny_instance

EXACT = 1e-12


def static(instance):
    return float(instance.static_energy_j.sum())


def cheapest_total(instance, sets, link_energy):
    """Energy without the static part when every token takes its cheapest set at given prices."""
    energy = expert_energy_j(instance, link_energy)
    return sum(
        min((sum(energy[t, j] for j in members) for members in of_token), default=math.inf)
        for t, of_token in enumerate(sets)
    )


# --------------------------------------------------------------- fact 1: one subcarrier suffices


def best_with_any_number_of_subcarriers(instance):
    """Optimum of P2 when a link may own any set: every map of subcarriers to links or nobody."""
    sets = sets_of_tokens(instance, 10**6)
    links = [tuple(link) for link in instance.links.tolist()]
    work = instance.transmit_power_w * instance.hidden_state_bits
    best = math.inf
    for owners in itertools.product([None, *links], repeat=instance.M):
        prices = np.full((instance.K, instance.K), np.inf)
        np.fill_diagonal(prices, 0.0)
        for link in set(owners) - {None}:
            owned = [m for m, owner in enumerate(owners) if owner == link]
            rate = sum(instance.rate_bps[link][m] for m in owned)
            prices[link] = len(owned) * work / rate if rate > 0 else math.inf
        best = min(best, cheapest_total(instance, sets, prices))
    return best + static(instance)


@pytest.mark.parametrize("block", range(4))
def test_one_subcarrier_a_link_suffices(block):
    compared = 0
    for seed in range(80 * block, 80 * block + 80):
        instance = tiny_instance(seed, max_nodes=3)
        instance = instance.replace(gain=instance.gain[:, :, : 5 if instance.K == 2 else 3])
        with_any = best_with_any_number_of_subcarriers(instance)
        with_one = solve(instance, "exhaustive")
        if math.isinf(with_any):
            assert with_one.status is Status.INFEASIBLE
        else:
            assert with_one.objective == pytest.approx(with_any, rel=EXACT, abs=1e-18)
            compared += 1
    assert compared >= 50  # at least 200 feasible ones in all


def test_a_second_subcarrier_never_makes_a_link_cheaper_than_its_best():
    random = np.random.default_rng(1)
    for seed in range(50):
        instance = tiny_instance(10 * seed)
        i, j = instance.links[0]
        owned = random.random(instance.M) < 0.5
        owned[int(random.integers(instance.M))] = True
        shared = np.zeros(instance.gain.shape, dtype=bool)
        shared[i, j] = owned
        selection = np.zeros((instance.T, instance.K), dtype=bool)
        selection[instance.source == i, j] = True
        several = evaluate(instance, Solution(selection, subcarriers=shared)).transmission_j
        best = instance.transmission_energy_j[i, j, owned].min()
        assert several >= best * selection.sum() * (1 - EXACT)


# ----------------------------------------------------------------- fact 2: concave minimisation


def test_energy_is_concave_and_non_decreasing_in_the_prices_with_token_counts_as_supergradient():
    random = np.random.default_rng(2)
    for seed in range(250):
        instance = tiny_instance(10 * seed, max_nodes=4)  # no missing links: finite prices
        sets = sets_of_tokens(instance, 10**6)
        if not all(sets):
            continue

        def value(prices, instance=instance, sets=sets):
            return cheapest_total(instance, sets, prices)

        scale = float(best_link_energy_j(instance).max())
        one, two = (random.exponential(scale, (instance.K, instance.K)) for _ in range(2))
        weight = random.random()
        for prices in (one, two):
            np.fill_diagonal(prices, 0.0)
        between = weight * one + (1 - weight) * two
        assert value(between) >= (weight * value(one) + (1 - weight) * value(two)) * (1 - EXACT)
        assert value(np.maximum(one, two)) >= value(one) * (1 - EXACT)
        choice = select_experts(
            expert_energy_j(instance, one),
            instance.gate_scores,
            instance.threshold,
            instance.max_experts,
        )
        gradient = count_tokens(instance, choice.selection)
        assert value(two) <= (value(one) + (gradient * (two - one)).sum()) + EXACT * scale


@pytest.mark.parametrize("start", ["random", "assignment", "price"])
def test_jesa_never_rises_and_stops_where_neither_step_helps(start):
    stopped = 0
    for seed in range(300):
        instance = tiny_instance(seed, max_nodes=4)
        outcome = jesa(instance, seed=seed, start=start)
        if outcome.solution is None:
            continue
        energies = np.array(outcome.details["energies_j"])
        assert (np.diff(energies) <= EXACT * energies[:-1]).all()
        assert outcome.details["converged"]
        stopped += 1
        prices = assignment_energy_j(instance, outcome.solution.assignment)
        again = select_experts(
            expert_energy_j(instance, prices),
            instance.gate_scores,
            instance.threshold,
            instance.max_experts,
        )
        total = float(again.energy_j.sum()) + static(instance)
        assert total == pytest.approx(energies[-1], rel=1e-11)
    assert stopped >= 200


# -------------------------------------------------------------------------------- fact 3: order


def test_lower_bound_optimum_and_jesa_stand_in_this_order():
    compared = 0
    for seed in range(300):
        instance = tiny_instance(seed, max_nodes=4)
        optimum = solve(instance, "exhaustive")
        lower = solve(instance, "lower-bound")
        heuristic = solve(instance, "jesa", seed=seed)
        if optimum.status is Status.INFEASIBLE:
            assert heuristic.solution is None
            continue
        assert lower.bound <= optimum.objective * (1 + EXACT)
        if heuristic.solution is not None:
            assert heuristic.objective >= optimum.objective * (1 - EXACT)
            compared += 1
    assert compared >= 200


# ------------------------------------------------------------------------ fact 4: distinct bests


def with_distinct_bests(instance: Instance, random) -> Instance:
    """Raise one gain per link, on a subcarrier of its own, above all others of that link."""
    gain = np.array(instance.gain)
    order = random.permutation(instance.M)[: len(instance.links)]
    for (i, j), m in zip(instance.links, order, strict=True):
        gain[i, j, m] = gain[i, j].max() * random.uniform(1.5, 4.0)
    return instance.replace(gain=gain)


def has_distinct_bests(instance):
    i, j = instance.links[:, 0], instance.links[:, 1]
    best = instance.gain[i, j].argmax(axis=1)
    return len(set(best.tolist())) == len(best)


@pytest.mark.parametrize("forced", [True, False])
@pytest.mark.parametrize("start", ["random", "assignment", "price"])
def test_jesa_meets_the_lower_bound_where_best_subcarriers_are_distinct(start, forced):
    random = np.random.default_rng(4)
    met = 0
    for seed in range(0, 10 * (230 if forced else 900), 10):  # continuous gains, no ties
        instance = tiny_instance(seed, max_nodes=4)
        if forced:
            instance = with_distinct_bests(instance, random)
        elif not has_distinct_bests(instance):
            continue
        lower = solve(instance, "lower-bound")
        result = solve(instance, "jesa", seed=seed, start=start)
        if lower.status is Status.INFEASIBLE:
            assert result.solution is None
            continue
        met += 1
        assert result.objective == pytest.approx(lower.bound, rel=EXACT)
        assert result.status is Status.OPTIMAL
        # idle links too: every link that can carry tokens owns its own best subcarrier
        prices = assignment_energy_j(instance, result.solution.assignment)
        i, j = instance.links[:, 0], instance.links[:, 1]
        assert np.array_equal(prices[i, j], best_link_energy_j(instance)[i, j])
    assert met >= (200 if forced else 60)


def test_probability_of_distinct_bests_has_its_closed_form():
    random = np.random.default_rng(5)
    draws = 4000
    for links, subcarriers in ((2, 4), (6, 12), (6, 60)):
        bests = random.exponential(size=(draws, links, subcarriers)).argmax(axis=2)
        distinct = np.mean([len(set(row)) == links for row in bests.tolist()])
        closed = math.prod(1 - q / subcarriers for q in range(links))
        assert abs(distinct - closed) < 4 * math.sqrt(closed * (1 - closed) / draws)


def test_reciprocal_links_cannot_have_distinct_bests():
    checked = 0
    for seed in range(0, 10 * 60, 10):
        instance = tiny_instance(seed, max_nodes=4)
        gain = np.maximum(instance.gain, instance.gain.transpose(1, 0, 2))
        both = instance.replace(gain=gain)
        holds = set(instance.source.tolist())
        if len(holds) > 1:
            assert not has_distinct_bests(both)
            checked += 1
    assert checked >= 30


# ------------------------------------------------------------------------- fact 5: reductions


def test_only_the_cheapest_l_subcarriers_of_a_link_matter():
    cut = 0
    for seed in range(200):
        instance = tiny_instance(seed)
        keep = cheapest_candidates(instance)
        if keep is None:
            continue
        cut += 1
        reduced = solve(instance.replace(gain=np.where(keep, instance.gain, 0.0)), "exhaustive")
        whole = solve(instance, "exhaustive")
        assert reduced.status is whole.status
        if whole.status is Status.OPTIMAL:
            assert reduced.objective == pytest.approx(whole.objective, rel=EXACT)
    assert cut > 60


def link_price_range(instance):
    """Lowest and highest price at which a link can stand in an optimum."""
    number = len(instance.links)
    low = best_link_energy_j(instance)
    high = np.full_like(low, np.inf)
    if number <= instance.M:
        high = np.sort(instance.transmission_energy_j, axis=2)[:, :, number - 1].copy()
    np.fill_diagonal(high, 0.0)
    return low, high


def beaten(members, others, low, high, allowed, margin=1 + 1e-9):
    """Whether a set can be ruled out: above the gap, or above another over what is not shared."""
    if sum(low[j] for j in members) > allowed * margin + 1e-15:
        return True
    return any(
        sum(low[j] for j in set(members) - set(other))
        > sum(high[j] for j in set(other) - set(members)) * margin
        for other in others
        if other != members
    )


def test_sets_dearer_than_another_at_its_highest_prices_are_in_no_optimum():
    """Dropping them, and those dearer than the token's minimum plus the gap, loses nothing."""
    dropped = 0
    for seed in range(250):
        instance = tiny_instance(seed)
        sets = sets_of_tokens(instance, 10**6)
        optimum = solve(instance, "exhaustive")
        if optimum.status is not Status.OPTIMAL:
            continue
        low, high = link_price_range(instance)
        low_e, high_e = expert_energy_j(instance, low), expert_energy_j(instance, high)
        jesa_energy = solve(instance, "jesa", starts=2).objective
        lower = solve(instance, "lower-bound").bound
        kept = []
        for t, of_token in enumerate(sets):
            least = min(sum(low_e[t, j] for j in s) for s in of_token)
            gap = jesa_energy - lower if math.isfinite(jesa_energy) else math.inf

            kept.append(
                [s for s in of_token if not beaten(s, of_token, low_e[t], high_e[t], least + gap)]
            )
        dropped += sum(map(len, sets)) - sum(map(len, kept))
        best = min(placed_energy(instance, choice) for choice in itertools.product(*kept))
        assert best + static(instance) == pytest.approx(optimum.objective, rel=EXACT)
    assert dropped > 100


def loads_of(instance, choice):
    """Token counts of the remote links, and the computation energy, of one set per token."""
    counts = np.zeros((instance.K, instance.K), dtype=int)
    computation = 0.0
    for t, members in enumerate(choice):
        for j in members:
            counts[instance.source[t], j] += 1
            computation += instance.computation_energy_j[j]
    np.fill_diagonal(counts, 0)
    return counts, computation


def placed_energy(instance, choice):
    """Energy without the static part of one selection under the best assignment for it."""
    counts, computation = loads_of(instance, choice)
    i, j = np.nonzero(counts)
    if len(i) > instance.M:
        return math.inf
    cost = counts[i, j, None] * instance.transmission_energy_j[i, j]
    try:
        rows, columns = linear_sum_assignment(cost)
    except ValueError:
        return math.inf
    return computation + float(cost[rows, columns].sum())


# ------------------------------------------------------------- fact 6: a relaxation that closes


def relaxation(instance, sets, depth):
    """Optimum over each link's `depth` cheapest subcarriers and a fallback at the next."""
    c = instance.transmission_energy_j
    order = np.argsort(c, axis=2, kind="stable")
    best, escaped = math.inf, True
    for choice in itertools.product(*sets):
        counts, computation = loads_of(instance, choice)
        i, j = np.nonzero(counts)
        links = len(i)
        cost = np.full((links, instance.M + links), np.inf)
        for row in range(links):
            listed = order[i[row], j[row], :depth]
            cost[row, listed] = c[i[row], j[row], listed]
            if depth < instance.M:
                next_one = order[i[row], j[row], depth]
                cost[row, instance.M + row] = c[i[row], j[row], next_one]
            cost[row] *= counts[i[row], j[row]]
        try:
            rows, columns = linear_sum_assignment(cost)
        except ValueError:
            continue
        total = computation + float(cost[rows, columns].sum())
        if total < best:
            best, escaped = total, bool((columns >= instance.M).any())
    return best, escaped


def test_relaxation_by_lists_bounds_from_below_and_closes():
    closed_early = 0
    for seed in range(120):
        instance = tiny_instance(seed)
        sets = sets_of_tokens(instance, 10**6)
        optimum = solve(instance, "exhaustive")
        if optimum.status is not Status.OPTIMAL:
            continue
        variable = optimum.objective - static(instance)
        last = -math.inf
        for depth in range(1, instance.M + 1):
            value, escaped = relaxation(instance, sets, depth)
            assert value <= variable + 1e-9 * optimum.objective
            assert value >= last * (1 - EXACT) if math.isfinite(last) else True
            last = value
            if not escaped:
                assert value == pytest.approx(variable, rel=1e-9, abs=1e-15)
                closed_early += depth < instance.M
                break
        else:
            assert value == pytest.approx(variable, rel=1e-9, abs=1e-15)
    assert closed_early > 60


# -------------------------------------------------------- fact 7: JESA's excess has no limit


@pytest.mark.parametrize("ratio", [3.0, 1e3, 1e6])
def test_jesa_costs_as_many_times_the_optimum_as_wanted(ratio):
    from instances.families import draw

    instance = draw("trap", 0, K=8, T=2, ratio=ratio)  # five decoys
    optimum = float(instance.T * instance.transmission_energy_j[0, 7, 1])
    assert solve(instance, "exact").objective == pytest.approx(optimum, rel=1e-9)
    for start in ("price", "assignment"):
        found = solve(instance, "jesa", start=start).objective
        assert found == pytest.approx(optimum * (0.999 + ratio * (0.998 + 3 * 0.999)) / 5, rel=1e-6)
        assert found <= ratio * optimum * (1 + EXACT)


def test_jesa_is_far_from_optimal_on_contended_instances_and_close_under_independent_fading():
    from instances.families import draw

    def excess(instance, seed):
        optimum = solve(instance, "pyomo-p2-set")
        assert optimum.status is Status.OPTIMAL
        found = solve(instance, "jesa", seed=seed)
        return (found.objective - optimum.objective) / (optimum.objective - static(instance))

    contended = [excess(draw("contended", s, K=3, T=6, M=6), s) for s in range(120)]
    independent = [excess(draw("rayleigh", s, K=3, T=6, M=24), s) for s in range(60)]
    assert max(contended) > 0.2
    assert np.mean(np.array(contended) > 1e-6) > 0.2
    assert np.mean(independent) < np.mean(contended)


# ---------------------------------------------- fact 8: the set formulation


def test_linear_relaxation_of_the_set_model_is_a_bound_and_nearly_always_the_optimum():
    gaps = []
    for seed in range(200):
        instance = tiny_instance(seed)
        optimum = solve(instance, "exhaustive")
        if optimum.status is not Status.OPTIMAL:
            continue
        model = pyomo_models.p2_set(instance)
        pyo.TransformationFactory("core.relax_integer_vars").apply_to(model)
        answer = solve_pyomo(model, "highs", tolerance=1e-9)
        bound = answer.bound * model.data.unit_j + static(instance)
        assert bound <= optimum.objective * (1 + 1e-7)
        assert bound >= solve(instance, "lower-bound").bound * (1 - 1e-7)
        if optimum.objective > 0:
            gaps.append((optimum.objective - bound) / optimum.objective)
    assert len(gaps) > 140
    assert np.mean(np.array(gaps) < 1e-7) > 0.9


# ------------------------------------------------------------------------------ fact 9: capping


def test_capped_tokens_have_one_feasible_set_and_p2_is_then_one_assignment():
    compared = 0
    for seed in range(60):
        instance = tiny_instance(10 * seed, max_nodes=4).replace(
            relevance=1.0, importance=1.0, strict_relevance=False
        )
        ranked = -np.sort(-np.pad(instance.gate_scores, ((0, 0), (0, 1))), axis=1)
        limit = instance.max_experts
        clear = ranked[:, limit - 1] - ranked[:, limit] > 2e-9 * instance.threshold
        if not (instance.capped & clear).all():
            continue
        best = np.argsort(-instance.gate_scores, axis=1, kind="stable")[:, :limit]
        choice = [tuple(sorted(row)) for row in best.tolist()]
        every = np.ones(instance.K, dtype=bool)
        for t, only in enumerate(choice):
            need = float(instance.need[t])
            sets = feasible_sets(instance.gate_scores[t], need, limit, every, minimal=False)
            assert [tuple(sorted(s)) for s in sets] == [only]
        placed = placed_energy(instance, choice) + static(instance)
        optimum = solve(instance, "exhaustive")
        if optimum.status is Status.OPTIMAL:
            assert optimum.objective == pytest.approx(placed, rel=EXACT)
            compared += 1
    assert compared >= 20


@pytest.mark.parametrize(("experts", "limit", "threshold"), [(12, 2, 0.8), (32, 2, 0.49)])
def test_few_tokens_of_uniform_scores_escape_their_cap(experts, limit, threshold):
    random = np.random.default_rng(9)
    draws = 20_000
    scores = random.dirichlet(np.ones(experts), size=draws)
    capped = np.sort(scores, axis=1)[:, -limit:].sum(axis=1) < threshold
    most = experts * (1 - threshold / limit) ** (experts - 1)
    assert 0 < most < 0.05
    assert 1 - capped.mean() <= most + 4 * math.sqrt(most / draws)
