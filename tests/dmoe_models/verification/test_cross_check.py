"""Cross-checks find what cannot be true together, and nothing else."""

from __future__ import annotations

import importlib
import json
import math
from dataclasses import replace

import pytest

from dmoe_models import Outcome, Solution, evaluate, solve
from dmoe_models.solving.catalogue import METHODS, bind_method
from dmoe_models.solving.method import Method
from dmoe_models.verification.cross_check import breaches, graded
from dmoe_models.verification.run import Settings, blank_row, run_plan
from dmoe_models.verification.tables import (
    frame,
    rows_text,
    summary,
    summary_tables,
    summary_text,
)
from instances.families import draw

INSTANCE = draw("contended", 19, K=3, T=6)  # greedy is a third above the optimum


def row(method: str, status: str = "feasible", energy: float = 2.0, bound: float = 1.0, **more):
    blank = blank_row(INSTANCE, bind_method(method), Settings())
    known = {"verdict": "valid", "referee_energy_j": energy} if not math.isnan(energy) else {}
    known |= {"bound_j": bound, "own_bound_j": bound}
    return replace(blank, status=status, objective_j=energy, runtime_s=0.5, **(known | more))


def run(*methods: str, instances=(INSTANCE,), **settings):
    plan = [(instance, [bind_method(name) for name in methods]) for instance in instances]
    return run_plan(plan, Settings(**settings))


# ------------------------------------------------------------------------------------- breaches


def test_answers_that_agree_are_no_breach():
    rows = [
        row("jesa"),
        row("pyomo-p2-milp", "optimal", 1.0),
        row("cvxpy-p2-set", "optimal", 1.0 + 0.9e-6),
        row("lower-bound", "unknown", math.nan, 0.9),
        row("top-k", "unknown", 0.5, verdict="C1 x 2, C2 x 1", reason="token 0"),
    ]
    assert breaches(rows) == []


def test_a_solution_below_a_bound_is_a_breach_that_names_both():
    wrong = row("lower-bound", "unknown", math.nan, 2.1)
    (line,) = breaches([row("jesa"), row("greedy", energy=2.05), wrong])
    assert line.startswith(INSTANCE.name)
    assert "lower-bound gives a lower bound of 2.1 J" in line and "jesa has" in line
    # rounding is none
    assert (
        breaches([row("jesa"), row("lower-bound", "unknown", math.nan, 2.0 * (1 + 0.9e-6))]) == []
    )


def test_an_attached_bound_that_is_wrong_is_one_breach_and_not_the_method_s():
    rows = [
        row("jesa", bound=2.1, own_bound_j=-math.inf),
        row("greedy", bound=2.1, own_bound_j=1.0),
    ]
    (line,) = breaches(rows)
    assert "LB gives a lower bound of 2.1 J, yet jesa has" in line


def test_a_refused_solution_is_held_against_no_bound():
    refused = row("top-k", "unknown", 0.1, verdict="C1 x 1", reason="token 0")
    assert breaches([refused, row("jesa")]) == []


def test_exact_methods_that_differ_are_a_breach():
    low, high = row("des", "optimal", 1.0), row("pyomo-p1-milp", "optimal", 1.00001)
    (line,) = breaches([high, low])
    assert "exact methods differ: des 1 J, pyomo-p1-milp 1.00001 J" in line
    assert breaches([low, replace(high, status="feasible")]) == []


def test_infeasible_against_a_valid_solution_is_a_breach():
    (line,) = breaches([row("jesa"), row("cvxpy-p2-set", "infeasible", math.nan, math.inf)])
    assert "cvxpy-p2-set says infeasible, yet jesa has a valid solution" in line
    assert breaches([row("cvxpy-p2-set", "infeasible", math.nan, math.inf)]) == []


def test_evaluator_and_referee_that_differ_are_a_breach():
    (line,) = breaches([row("jesa", referee_energy_j=2.0 * (1 + 2e-9))])
    assert "jesa: evaluator 2 J, referee 2.000000004 J" in line
    assert breaches([row("jesa", referee_energy_j=2.0 * (1 + 0.5e-9))]) == []
    assert breaches([row("jesa", referee_energy_j=math.nan, verdict="")]) == []
    both_infinite = row("top-k", "unknown", math.inf, verdict="C1 x 1", reason="r")
    assert breaches([both_infinite]) == []


@pytest.mark.parametrize(
    ("method", "verdict", "breach"),
    [
        ("pyomo-p2-milp", "C1 x 1", True),
        ("jesa", "C1 x 1", True),
        ("top-k", "C1 x 1, C2 x 3", False),
        ("homogeneous", "C1 x 1", False),
        ("top-k", "C1 x 1, link x 1", True),
        ("top-k", "C3 x 1", True),
    ],
)
def test_a_refused_built_in_is_a_breach_unless_it_chooses_by_its_own_rule(method, verdict, breach):
    refused = row(method, "unknown", 2.0, verdict=verdict, reason="why")
    assert [verdict in line for line in breaches([refused])] == [True] * breach


def test_a_built_in_that_crashes_is_a_breach():
    crashed = row("jesa", "failed", math.nan, -math.inf, reason="ZeroDivisionError: oh")
    assert "jesa failed: ZeroDivisionError" in breaches([crashed])[0]


# ------------------------------------------------------------------------- methods that are wrong


def too_high(instance):
    return Outcome(bound=2 * solve(instance, "exhaustive").objective)


def crash(instance):
    raise ZeroDivisionError("no\nway")


def refused(instance):
    best = solve(instance, "exhaustive").solution
    return Solution(best.selection & False, best.assignment)


def worse(instance):
    """Claim that greedy's answer is optimal."""
    answer = solve(instance, "greedy")
    return Outcome(answer.solution, answer.objective)


@pytest.fixture
def built_in(monkeypatch):
    """Offer functions of this file as built-in methods."""

    def offer(function, kind):
        name = f"fake-{function.__name__}"
        method = Method(name, ("P1", "P2"), kind, "", "", function=function)
        monkeypatch.setitem(METHODS, name, method)
        return name

    return offer


@pytest.mark.parametrize(
    ("function", "kind", "words"),
    [
        (too_high, "bound", "gives a lower bound of"),
        (worse, "exact", "gives a lower bound of"),
        (worse, "exact", "exact methods differ"),
        (crash, "heuristic", "failed: ZeroDivisionError: no way"),
        (refused, "exact", "the referee refuses"),
    ],
)
def test_a_wrong_built_in_is_found(built_in, function, kind, words):
    name = built_in(function, kind)
    greedy = solve(INSTANCE, "greedy").objective
    assert greedy > solve(INSTANCE, "exhaustive").objective  # otherwise `worse` would be right
    _, found = run("exhaustive", name)
    assert any(words in line and name in line for line in found), found


def test_an_evaluator_that_errs_is_found(monkeypatch):
    module = importlib.import_module("dmoe_models.solving.solve")

    def generous(instance, solution):
        report = evaluate(instance, solution)
        return replace(report, total_j=report.total_j * (1 + 1e-8))

    monkeypatch.setattr(module, "evaluate", generous)
    _, found = run("greedy")
    assert any("greedy: evaluator" in line for line in found)


# ------------------------------------------------------------------------------------ rows, gaps


def test_rows_are_measured_by_the_best_bound_of_all_methods():
    rows, found = run("jesa", "greedy", "lower-bound", "exhaustive")
    assert found == []
    jesa, greedy, bound, exact = rows
    optimum = exact.objective_j
    assert {r.best_bound_j for r in rows} == {exact.bound_j}
    assert exact.optimal is True and exact.gap <= 1e-6
    assert greedy.gap == pytest.approx((greedy.objective_j - optimum) / greedy.objective_j)
    assert greedy.gap < greedy.objective_j / greedy.bound_j - 1  # its own bound is weaker
    assert bound.gap == pytest.approx((optimum - bound.bound_j) / optimum)
    assert bound.optimal is None
    assert jesa.valid and jesa.verdict == "valid"


def test_a_heuristic_that_meets_the_bound_of_another_is_called_optimal():
    (first, _) = graded([row("jesa", energy=1.0), row("des", "optimal", 1.0)], 1.0)
    assert first.status == "optimal" and first.optimal is True


def test_static_energy_is_no_part_of_a_gap():
    (only,) = graded([replace(row("jesa", energy=3.0), static_j=1.0)], 2.0)
    assert only.gap == pytest.approx(0.5)


def plug_in(*arguments, **more):
    return replace(row("jesa", *arguments), kind="plug-in", method="mine", **more)


def test_a_bound_of_a_plug_in_measures_no_gap():
    claim = plug_in("optimal", 2.0, 1.0, own_bound_j=2.0)
    rows = [claim, row("greedy", energy=2.0, bound=1.0)]
    (mine, greedy) = graded(rows, 1.0)
    assert mine.gap == greedy.gap == pytest.approx(0.5)
    assert mine.status == "feasible" and mine.own_bound_j == 2.0 and mine.optimal is False


@pytest.mark.parametrize(
    ("claimed", "proved", "status"),
    [
        (math.inf, 1.0, "unknown"),
        (math.inf, math.inf, "infeasible"),
        (-math.inf, math.inf, "unknown"),
    ],
)
def test_a_plug_in_that_says_infeasible_is_believed_where_it_is_proved(claimed, proved, status):
    says = plug_in("infeasible", math.nan, 0.5, own_bound_j=claimed)
    (mine,) = rows = graded([says], proved)
    assert mine.status == status
    assert summary(rows).solved[0] == (status == "infeasible")
    refused = plug_in("unknown", 2.0, 0.5, own_bound_j=claimed, verdict="C1 x 1", reason="why")
    assert graded([refused], proved)[0].status == "unknown"


def test_a_rule_that_breaks_c1_has_an_energy_and_no_gap():
    strict = draw("rayleigh", 4, K=3, T=6, gamma=0.8, strict=True)
    (only,), found = run("top-k", instances=[strict])
    assert found == []
    assert only.verdict.startswith("C1") and "token" in only.reason
    assert only.objective_j > 0 and math.isnan(only.gap) and only.optimal is None


def test_a_method_that_declines_is_a_row_with_the_reason():
    (only,), found = run("exhaustive", instances=[draw("rayleigh", 1, K=6, T=40)])
    assert found == []
    assert only.status == "not run" and "limit of" in only.reason


def test_a_method_out_of_time_is_told():
    hard = row("pyomo-p2-milp", bound=0.5, time_limit_s=10.0)
    assert replace(hard, runtime_s=10.01).at_limit
    assert not replace(hard, runtime_s=3.0).at_limit
    assert not replace(hard, runtime_s=10.01, own_bound_j=2.0, status="optimal").at_limit
    # what others prove about the instance is no proof of its own
    assert replace(hard, runtime_s=10.01, status="optimal").at_limit
    assert not replace(hard, status="failed", runtime_s=math.nan, reason="crash").at_limit


@pytest.mark.parametrize("method", ["exact", "local-search"])
def test_a_row_tells_when_what_was_found(method):
    instance = draw("contended", 15, K=4, T=8, M=12)  # JESA stops above the optimum
    (only,), _ = run(method, instances=[instance])
    found = json.loads(only.incumbents)
    times, energies = [t for t, _ in found], [e for _, e in found]
    assert times[0] > 0 and times == sorted(times) and times[-1] <= only.runtime_s
    assert energies == sorted(energies, reverse=True) and len(energies) > 1
    assert energies[-1] == pytest.approx(only.objective_j, rel=1e-12)


@pytest.mark.parametrize("nonsense", [7, [3], [("a", 1.0)], [(math.nan, 1.0)], [(1.0, 2.0, 3.0)]])
def test_incumbents_that_are_none_are_left_out(built_in, nonsense):
    def mine(instance):
        return Outcome(solve(instance, "greedy").solution, details={"incumbents": nonsense})

    (only,), found = run(built_in(mine, "heuristic"))
    assert found == [] and only.valid and only.incumbents == ""


# ---------------------------------------------------------------------------------------- tables


def test_the_summary_counts_what_a_paper_quotes():
    rows = graded([row("jesa", energy=1.25), row("des", "optimal", 1.0)], 1.0)
    rows += graded([row("jesa", energy=1.0), row("des", "optimal", 1.0)], 1.0)
    rows += [row("jesa", "unknown", math.nan, math.inf), row("des", "infeasible", math.nan)]
    rows += [row("jesa", "failed", math.nan, reason="x"), row("des", "not run", math.nan)]
    table = summary(rows).set_index("method")
    jesa, des = table.loc["jesa"], table.loc["des"]
    assert (jesa.instances, jesa.optimal, jesa.infeasible, jesa.no_solution) == (4, 1, 0, 1)
    assert (jesa.solved, des.solved) == (0.25, 0.75)
    assert (jesa.mean_gap, jesa.median_gap, jesa.worst_gap) == pytest.approx((0.1, 0.1, 0.2))
    assert (jesa.failed, des.not_run, des.infeasible) == (1, 1, 1)


def test_tables_are_aligned_and_whole():
    rows, _ = run("jesa", "top-k", "exhaustive", "lower-bound")
    rows = [replace(r, reason="why " * 60) for r in rows]
    for text in (rows_text(rows), summary_text(summary_tables(summary(rows), rows))):
        lines = text.split("\n")
        rule = lines[1]
        assert len(lines) == 2 + len(rows)
        for line in lines:
            gaps = [k for k, mark in enumerate(rule) if mark == " "]
            assert all(line[k] == " " for k in gaps if k < len(line))
    assert "why " * 59 + "why" in rows_text(rows)
    assert list(frame(rows).method) == ["jesa", "top-k", "exhaustive", "lower-bound"]
