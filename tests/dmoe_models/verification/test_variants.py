"""One method with several options, labels and functions of a notebook, in one verification."""

from __future__ import annotations

import functools
import json
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from dmoe_models import (
    DmoeError,
    MethodError,
    check,
    compare,
    evaluate,
    run_rounds,
    run_study,
    solve,
    validate,
)
from dmoe_models.solving.method import Variant
from instances.families import draw

ROUND = draw("rayleigh", 1, K=3, T=4)


def mine(instance, starts=1):
    return solve(instance, "jesa", starts=starts).solution


class Own:
    """A solver as an object, and with a method that is one."""

    def __init__(self, starts):
        self.starts = starts

    def __call__(self, instance):
        return mine(instance, self.starts)

    def ask(self, instance):
        return mine(instance, self.starts)


@functools.wraps(mine)
def decorated(*arguments, **options):
    return mine(*arguments, **options)


WRITTEN = {}
exec(
    compile("def typed(instance):\n    return mine(instance)\n", "<stdin>", "exec"),
    {"mine": mine},
    WRITTEN,
)

FUNCTIONS = {
    "lambda": lambda instance: mine(instance),
    "partial": functools.partial(mine, starts=2),
    "object": Own(2),
    "method of an object": Own(2).ask,
    "decorated": decorated,
    "typed at a prompt": WRITTEN["typed"],
}


@pytest.mark.parametrize("label", FUNCTIONS)
def test_any_function_of_an_instance_is_a_method(label):
    result = solve(ROUND, FUNCTIONS[label], label=label)
    assert result.method == label and result.check.ok


def test_functions_of_one_name_have_labels_and_rows_of_their_own(tmp_path):
    first, second = (lambda instance: mine(instance)), (lambda instance: mine(instance, 2))
    with pytest.raises(MethodError, match="'<lambda>' stands twice; give one a label"):
        validate(ROUND, [first, second])
    entries = {"one": first, "two": second, **FUNCTIONS}
    found = validate(ROUND, entries, report=tmp_path)
    assert list(found.rows.method) == list(entries) and set(found.rows.kind) == {"plug-in"}
    assert len(set(found.rows.method_sha256)) == len(entries)
    assert list(compare(found, ["one", "two"]).summary.method) == ["one", "two"]
    again = validate(ROUND, {"two": first, "three": second}, report=tmp_path)
    taken = dict(zip(again.rows.method, again.rows.method_sha256, strict=True))
    known = dict(zip(found.rows.method, found.rows.method_sha256, strict=True))
    assert (taken["two"], taken["three"]) == (known["one"], known["two"])
    assert "0 of the 2 row(s) asked for were run now, 2 taken from earlier runs" in again.notes


def test_one_method_with_several_options_and_its_rows_are_known_again(tmp_path):
    entries = [
        "jesa",
        {"method": "jesa", "starts": np.int64(3)},
        Variant("once", "jesa", {"starts": 1}),
    ]
    found = validate(ROUND, entries, report=tmp_path)
    assert list(found.rows.method) == ["jesa", "jesa (starts=3)", "once"]
    assert list(found.rows.method_name) == ["", "jesa", "jesa"]
    assert [json.loads(text or "{}") for text in found.rows.options] == [
        {},
        {"starts": 3},
        {"starts": 1},
    ]
    again = validate(ROUND, {"thrice": {"method": "jesa", "starts": 3}}, report=tmp_path)
    assert len((tmp_path / "rows.jsonl").read_text().splitlines()) == 3  # a label is no other run
    assert again.rows.runtime_s[0] == found.rows.runtime_s[1]
    changed = validate(ROUND, {"once": {"method": "jesa", "starts": 2}}, report=tmp_path)
    assert changed.rows.set_index("method").options["once"] == '{"starts": 2}'


def test_a_report_keeps_methods_that_are_not_asked_for_again(tmp_path):
    plug_in = tmp_path / "own.py"
    plug_in.write_text(
        "from dmoe_models import solve\n\ndef f(i):\n    return solve(i, 'greedy').solution\n"
    )
    other, report = draw("rayleigh", 2, K=3, T=4), tmp_path / "report"
    validate([ROUND, other], ["exhaustive", "jesa", f"{plug_in}:f", mine], report=report)
    found = validate(ROUND, "greedy", report=report)
    assert list(found.rows.method) == ["greedy", "exhaustive", "jesa", f"{plug_in}:f", "mine"]
    assert found.summary.method.tolist() == list(found.rows.method)
    assert found.rows.gap[0] > 0 and found.rows.best_bound_j.nunique() == 1  # by all that is known
    page = (report / "report.html").read_text()
    assert "kept from earlier runs of this report" in page and "exhaustive" in page
    assert "4 row(s) of earlier runs are of instances that are not asked for now" in page

    plug_in.write_text(plug_in.read_text().replace("greedy", "random"))
    found = validate(ROUND, "greedy", report=report)
    assert f"{plug_in}:f" not in list(found.rows.method)
    assert any("its source is another one by now" in note for note in found.notes)
    for change in ({"time_limit": 20}, {"seed": 3}):
        found = validate(ROUND, "top-k", report=report, **change)
        assert list(found.rows.method) == ["top-k"]
        assert any("not kept" in note and "jesa" in note for note in found.notes)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("z", np.float32(0.5)),
        ("z", np.array(0.5)),
        ("z", Fraction(1, 2)),
        ("z", Decimal("0.5")),
        ("z", np.int16(1)),
    ],
)
def test_numbers_of_other_libraries_are_numbers(option, value):
    plain = solve(ROUND, "homogeneous", **{option: float(value)})
    given = solve(
        ROUND, "homogeneous", **{option: value}, time_limit=np.float32(9), seed=np.uint8(0)
    )
    assert given.objective == plain.objective


@pytest.mark.parametrize(
    ("method", "arguments", "words"),
    [
        ("jesa", {"starts": True}, "starts = True is not of type int"),
        ("jesa", {"starts": np.bool_(True)}, "starts = True is not of type int"),
        ("jesa", {"starts": np.float64(2)}, "starts = 2.0 is not of type int"),
        ("homogeneous", {"z": np.str_("a")}, "z = 'a' is not of type float"),
        ("jesa", {"time_limit": np.float32("nan")}, "time_limit = nan is not a positive, finite"),
        ("jesa", {"time_limit": float("inf")}, "time_limit = inf is not a positive, finite"),
        ("jesa", {"time_limit": True}, "time_limit = True is not a positive, finite"),
        ("jesa", {"seed": -1}, "seed = -1 is not a whole number"),
        ("jesa", {"seed": 1.5}, "seed = 1.5 is not a whole number"),
        ("jesa", {"label": "two\nlines"}, "is not one line of text"),
        (ROUND, {}, "is neither a name nor a function"),
        (Own, {}, "is neither a name nor a function"),
    ],
)
def test_what_is_no_such_number_or_method_is_named(method, arguments, words):
    with pytest.raises(MethodError, match=words):
        solve(ROUND, method, **arguments)


@pytest.mark.parametrize("wrong", ["round.json", mine, None, [ROUND], 3])
def test_what_is_no_instance_is_named(wrong):
    solution = solve(ROUND, "greedy").solution
    for call in (
        lambda: solve(wrong, "jesa"),
        lambda: evaluate(wrong, solution),
        lambda: check(wrong, solution),
        lambda: validate([ROUND, wrong], "jesa"),
        lambda: validate(wrong if not isinstance(wrong, list) else [wrong], "jesa"),
    ):
        with pytest.raises(DmoeError) as error:
            call()
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("wrong", [mine, None, 3, ROUND])
def test_what_is_no_model_or_study_is_named(wrong):
    with pytest.raises(DmoeError, match="study is of type"):
        run_study(wrong)
    with pytest.raises(DmoeError, match="model is of type"):
        run_rounds(wrong, "jesa")
    with pytest.raises(DmoeError, match=r"model\[1\] is of type"):
        run_rounds([ROUND, "round.json"], {"JESA": "jesa"})


def test_rounds_take_functions_and_labels():
    found = run_rounds([ROUND], {"ours": mine, "JESA": {"method": "jesa", "starts": 2}})
    assert list(found.totals().method) == ["ours", "JESA"]


def test_what_is_no_solution_is_named():
    result = solve(ROUND, "greedy")
    for call in (evaluate, check):
        with pytest.raises(
            DmoeError, match=r"solution is of type Result.*solution\.solution is one"
        ):
            call(ROUND, result)
        with pytest.raises(DmoeError, match="instance is of type Solution"):
            call(result.solution, ROUND)
