"""The catalogue and `solve`: how an answer is judged, and what is refused in one line."""

from __future__ import annotations

import math
import sys
import textwrap

import numpy as np
import pytest

from dmoe_models import MethodError, Outcome, Solution, Status, check, methods, solve
from dmoe_models.solving.catalogue import METHODS, bind_method, find_method, method_for
from dmoe_models.solving.method import CERTIFIER, DIFFICULTY, REFERENCE
from dmoe_models.solving.solve import judge
from instances.families import draw

EXPECTED = [
    *("des", "jesa", "top-k", "homogeneous", "greedy", "random", "exhaustive", "lower-bound"),
    *("local-search", "exact"),
    *("pyomo-p1-milp", "pyomo-p2-minlp", "pyomo-p2-milp", "pyomo-p2-set", "pyomo-p3"),
    *("cvxpy-p1-milp", "cvxpy-p2-milp", "cvxpy-p2-set", "cvxpy-p3"),
    *("highs-p2-milp", "highs-p2-set", "set-bound", "cpsat-p1", "cpsat-p2"),
]


@pytest.fixture
def instance():
    return draw("rayleigh", 7, K=3, T=4)


@pytest.fixture
def given_instance():
    return draw("hard-p1", 7, K=4, T=4)


def plugin(tmp_path, body, name="mine"):
    path = tmp_path / f"{name}.py"
    path.write_text(textwrap.dedent(body))
    return f"{path}:solve_it"


def test_the_catalogue_lists_every_method():
    table = methods()
    assert set(EXPECTED) <= set(table.index)
    assert set(table.kind) <= {"exact", "heuristic", "bound", "plug-in"}
    assert list(table.columns) == ["problem", "kind", "needs", "summary"]


@pytest.mark.parametrize("name", METHODS)
def test_every_method_answers_its_problem(name, instance, given_instance):
    method = METHODS[name]
    if not method.installed:
        pytest.skip(f"{method.needs} is not installed")
    target = given_instance if method.problems == ("P1",) else instance
    result = solve(target, name, time_limit=60.0)
    truth = solve(target, "exhaustive").objective
    assert result.bound <= truth * (1 + 1e-9)
    if method.kind == "exact":
        assert result.status is Status.OPTIMAL
        assert result.objective == pytest.approx(truth, rel=1e-6)
    elif method.kind == "bound":
        assert result.solution is None
        assert result.status is Status.UNKNOWN
        assert math.isnan(result.objective)
        assert math.isnan(result.gap)
    else:
        assert result.check.ok
        assert result.objective >= truth * (1 - 1e-12)
        assert result.gap >= 0


def test_every_p2_answer_carries_at_least_the_lower_bound(instance):
    lower = solve(instance, "lower-bound").bound
    for name in ("jesa", "top-k", "greedy", "random", "pyomo-p3"):
        assert solve(instance, name).bound >= lower


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("jessa", r"unknown method 'jessa'; known are des, jesa"),
        ("nowhere/mine.py:f", "there is no file nowhere/mine.py"),
    ],
)
def test_unknown_methods_list_the_known_ones(name, words):
    with pytest.raises(MethodError, match=words):
        find_method(name)


@pytest.mark.parametrize("name", ["des", "pyomo-p1-milp", "cvxpy-p1-milp"])
def test_p1_methods_refuse_p2_in_one_line(name, instance):
    with pytest.raises(MethodError, match=f"method {name} solves P1; .* is a P2 instance"):
        solve(instance, name)


@pytest.mark.parametrize("name", ["jesa", "pyomo-p2-milp", "pyomo-p3", "cvxpy-p2-set"])
def test_p2_methods_refuse_p1_in_one_line(name, given_instance):
    with pytest.raises(MethodError, match="is a P1 instance"):
        solve(given_instance, name)


def test_a_wrong_option_names_those_that_exist(instance):
    with pytest.raises(MethodError, match="method top-k has no option 'kk'; it takes k"):
        solve(instance, "top-k", kk=3)


@pytest.mark.parametrize("limit", [0, -1.0, "10"])
def test_a_time_limit_must_be_positive(limit, instance):
    with pytest.raises(MethodError, match="is not a positive, finite number of seconds"):
        solve(instance, "top-k", time_limit=limit)


def test_a_missing_package_says_how_to_get_it(instance, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyomo.environ", None)
    for module in [name for name in sys.modules if name.startswith("formulations.with_pyomo")]:
        monkeypatch.delitem(sys.modules, module)
    with pytest.raises(MethodError, match=r"package pyomo.* is not installed; try: pip install"):
        solve(instance, "pyomo-p2-milp")
    assert solve(instance, "greedy").check.ok


# ------------------------------------------------------------------------------ own algorithms


def test_an_algorithm_of_ones_own_is_a_method_like_any_other(tmp_path, instance):
    name = plugin(
        tmp_path,
        """
        import numpy as np
        from dmoe_models import Solution
        from dmoe_models.algorithms.placement.assignment import allocate_subcarriers
        from dmoe_models.model.energy import count_tokens

        def solve_it(instance, seed=0):
            best = np.argsort(-instance.gate_scores, axis=1)[:, : instance.max_experts]
            selection = np.zeros((instance.T, instance.K), dtype=bool)
            np.put_along_axis(selection, best, True, axis=1)
            counts = count_tokens(instance, selection)
            return Solution(selection, allocate_subcarriers(counts, instance.transmission_energy_j))
        """,
    )
    result = solve(instance, name, seed=3)
    assert result.check.ok
    assert result.objective == pytest.approx(solve(instance, "top-k").objective, rel=1e-12)
    assert result.gap == pytest.approx(solve(instance, "top-k").gap)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("def solve_it(instance):\n    return 3", "returned int, no Solution"),
        ("def other(instance):\n    return 3", "has no function solve_it"),
        ("solve_it = 3", "is not a function"),
        ("1/0", "cannot be loaded: ZeroDivisionError"),
        ("def broken(:", "cannot be loaded: SyntaxError"),
        ("import no_such_package", "package no_such_package is not installed"),
    ],
)
def test_a_plugin_that_is_none_is_refused_in_one_line(tmp_path, instance, body, words):
    with pytest.raises(MethodError, match=words) as caught:
        solve(instance, plugin(tmp_path, body))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("bound", ["1e9", "math.inf"])
def test_a_plugin_proves_nothing_by_claiming_it(tmp_path, instance, bound):
    name = plugin(
        tmp_path,
        f"""
        import math
        from dmoe_models import Outcome, solve

        def solve_it(instance):
            return Outcome(solve(instance, "top-k").solution, bound={bound})
        """,
    )
    result = solve(instance, name)
    assert result.status is Status.FEASIBLE
    assert result.bound == solve(instance, "lower-bound").bound
    assert result.details["claimed_bound"] == float(eval(bound))


def test_a_plugin_that_claims_infeasibility_is_unknown(tmp_path, instance):
    body = "from dmoe_models import Outcome\ndef solve_it(instance):\n"
    assert solve(
        instance, plugin(tmp_path, body + "    return Outcome(None, float('inf'))")
    ).status is (Status.UNKNOWN)
    for wrong in ("float('nan')", "'high'"):
        name = plugin(tmp_path, body + f"    return Outcome(None, {wrong})", name=f"w{len(wrong)}")
        with pytest.raises(MethodError, match="no number"):
            solve(instance, name)


@pytest.mark.parametrize(
    ("method", "options", "words"),
    [
        ("top-k", {"k": True}, "option k = True is not of type int"),
        (
            "pyomo-p2-milp",
            {"disaggregated": "no"},
            "option disaggregated = 'no' is not of type bool",
        ),
        ("cvxpy-p2-set", {"reduce": 0}, "option reduce = 0 is not of type bool"),
        ("lower-bound", {"node_limit": "x"}, "option node_limit = 'x' is not of type int or none"),
        ("exhaustive", {"limit": -5}, "limit = -5 is not a positive whole number"),
        ("homogeneous", {"z": "high"}, "option z = 'high' is not of type float or none"),
    ],
)
def test_option_values_of_the_wrong_kind_are_refused(instance, method, options, words):
    with pytest.raises(MethodError, match=words):
        solve(instance, method, **options)


# ------------------------------------------------------------------------------------- judging


def test_status_follows_from_bound_and_referee(instance):
    optimal = solve(instance, "exhaustive")
    best, energy = optimal.solution, optimal.objective
    far = judge(instance, "x", Outcome(best), energy * 0.5, 0.0)
    near = judge(instance, "x", Outcome(best), energy * (1 - 1e-7), 0.0)
    assert far.status is Status.FEASIBLE
    assert far.gap == pytest.approx(0.5)
    assert near.status is Status.OPTIMAL
    wrong = Solution(np.zeros_like(best.selection), best.assignment)
    refused = judge(instance, "x", Outcome(wrong), -math.inf, 0.0)
    assert refused.status is Status.UNKNOWN
    assert math.isnan(refused.gap)
    assert {v.constraint for v in refused.check.violations} == {"C1"}
    none = judge(instance, "x", Outcome(), math.inf, 0.0)
    assert none.status is Status.INFEASIBLE
    assert judge(instance, "x", Outcome(), 0.1, 0.0).status is Status.UNKNOWN


def test_solutions_of_the_wrong_shape_or_with_wrong_indices_are_judged_not_raised(instance):
    for solution in (
        Solution(np.zeros((1, 1), dtype=bool)),
        Solution(np.zeros((instance.T, instance.K), dtype=bool), np.full((3, 3), 10**6)),
    ):
        result = judge(instance, "x", Outcome(solution), -math.inf, 0.0)
        assert result.status is Status.UNKNOWN
        assert not result.check.ok
        assert math.isnan(result.objective)


def test_an_accepted_solution_is_signed_with_hash_and_energy(instance):
    result = solve(instance, "greedy")
    assert result.solution.instance_sha256 == instance.sha256
    assert result.solution.objective == result.objective
    assert check(instance, result.solution).ok


def test_a_result_shows_itself(instance):
    result = solve(instance, "jesa")
    assert "jesa" in repr(result)
    assert "<table>" in result._repr_html_()
    row = result.to_dataframe().iloc[0]
    assert row.method == "jesa"
    assert row.objective_j == result.objective
    assert row.valid


# ------------------------------------------------------------------------------------- records


def test_the_options_of_a_method_are_a_table():
    table = methods("jesa")
    assert list(table.columns) == ["type", "default", "unit", "meaning"]
    assert table.loc["starts", "default"] == "1" and table.loc["starts", "type"] == "int"
    assert table.loc["start", "type"] == '{"random", "assignment", "price"}'
    assert table.loc["time_limit", "meaning"].startswith("Seconds")
    assert "solver" in methods("pyomo-p2-milp").index


@pytest.mark.parametrize("name", METHODS)
def test_every_record_is_whole(name):
    method = METHODS[name]
    assert method.summary and set(method.problems) <= {"P1", "P2", "P3"}
    assert all(option.type for option in method.options())
    if method.name.startswith(("highs-", "cpsat-")):
        assert method.solver == method.name.partition("-")[0]


def test_each_role_is_one_method_s():
    for role in (CERTIFIER, DIFFICULTY):
        for problem in ("P1", "P2"):
            assert method_for(role, problem).kind == "exact"
    assert method_for(REFERENCE, "P2").name == "top-k"


def test_sizes_of_the_default_list():
    small, tall = draw("rayleigh", 1, K=3, T=4, M=6), draw("rayleigh", 1, K=4, T=40)
    assert METHODS["pyomo-p2-minlp"].too_large(small) == ""
    assert "more than 3 nodes" in METHODS["pyomo-p2-minlp"].too_large(tall)
    assert METHODS["exhaustive"].too_large(tall).startswith("P2 with more than 128 tokens")
    assert METHODS["exhaustive"].too_large(draw("hard-p1", 1, K=4, T=40)) == ""


def test_a_function_and_a_record_are_methods_too(instance):
    def mine(instance, k: int = 1):
        return solve(instance, "top-k", k=k).solution

    bound = bind_method(mine, {"k": 2})
    assert solve(instance, mine, k=2).objective == solve(instance, bound).objective
    assert solve(instance, bound, k=1).objective == solve(instance, mine).objective
    assert solve(instance, mine).method == "mine" and len(bound.source_sha256) == 64
    assert solve(instance, find_method("greedy")).method == "greedy"
    with pytest.raises(MethodError, match="neither a name nor a function"):
        solve(instance, 3)
