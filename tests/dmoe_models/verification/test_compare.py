"""Methods compared: every figure by hand on four instances, with everything that can be missing."""

from __future__ import annotations

import json
import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmoe_models import DmoeError
from dmoe_models.verification.compare import Options, compare
from dmoe_models.verification.row import OVERDUE, Row
from dmoe_models.verification.tables import frame, summary

BASE = {
    "problem": "P2",
    "nodes": 3,
    "tokens": 4,
    "subcarriers": 5,
    "max_experts": 2,
    "kind": "heuristic",
    "method_sha256": "",
    "solver": "",
    "time_limit_s": 10.0,
    "seed": 0,
    "version": "0.1.0",
}


def row(method: str, instance: str, energy: float = math.nan, time: float = 1.0, **more) -> Row:
    known = BASE | {"method": method, "instance": instance, "instance_sha256": instance * 64}
    known |= {"status": "unknown", "runtime_s": time}
    if not math.isnan(energy):
        known |= {"objective_j": energy, "verdict": "valid", "status": "feasible"}
    return Row(**(known | more))


def exact(instance: str, energy: float, time: float) -> Row:
    return row(
        "exact",
        instance,
        energy,
        time,
        kind="exact",
        status="optimal",
        bound_j=energy,
        own_bound_j=energy,
    )


def both() -> list[Row]:
    """Two methods: on `a` and `b` both answer, on `c` only exact, `d` is proved infeasible."""
    return [
        row("fast", "a", 2.0, 1.0),
        exact("a", 2.0, 4.0),
        row("fast", "b", 4.0, 1.0),
        exact("b", 3.0, 2.0),
        row("fast", "c"),
        exact("c", 1.0, 1.0),
        row("fast", "d", bound_j=math.inf, status="infeasible"),
        row(
            "exact",
            "d",
            time=2.0,
            kind="exact",
            status="infeasible",
            bound_j=math.inf,
            own_bound_j=math.inf,
        ),
    ]


def line(table: pd.DataFrame, method: str) -> pd.Series:
    return table.set_index("method").loc[method]


def test_every_figure_by_hand():
    found = compare(frame(both()), options=Options(time_shift_s=0.0, gap_shift=0.0))
    fast, best = line(found.summary, "fast"), line(found.summary, "exact")
    assert (fast.instances, fast.solution, fast["none found"], fast.infeasible) == (4, 2, 2, 0)
    assert (best.instances, best.solution, best["none found"], best.infeasible) == (4, 3, 0, 1)
    # fast misses the best of b by 1 J of 4; an attached proof is not its own
    assert (fast.solved, fast.best, best.solved, best.best) == (1, 1, 4, 3)
    assert fast.time_s == pytest.approx((1 * 10 * 10 * 10) ** 0.25)
    assert best.time_s == pytest.approx((4 * 2 * 1 * 2) ** 0.25)
    assert (fast.common_time_s, best.common_time_s) == pytest.approx((1.0, 4.0))
    assert (fast.gap, best.gap) == (0.0, 0.0)
    assert fast.integral_s == pytest.approx((1.0 + (1.0 + 9 * 0.25) + 10.0) / 3)
    assert best.integral_s == pytest.approx((4.0 + 2.0 + 1.0) / 3)
    # time ratios: fast 1, never, never, never; exact 4, 1, 1, 1
    assert found.time_profile.index.tolist() == [1.0, 4.0]
    assert found.time_profile.fast.tolist() == [0.25, 0.25]
    assert found.time_profile.exact.tolist() == [0.75, 1.0]
    # energies: d has none
    assert found.energy_profile.index.tolist() == pytest.approx([1.0, 4 / 3])
    assert found.energy_profile.fast.tolist() == pytest.approx([1 / 3, 2 / 3])
    assert found.energy_profile.exact.tolist() == [1.0, 1.0]
    tests = found.tests.set_index("quantity")
    gap, time = tests.loc["gap"], tests.loc["time"]
    assert (gap["first"], gap.second, gap.pairs, gap.ties, gap.higher) == ("fast", "exact", 2, 1, 1)
    assert gap["median"] == pytest.approx(0.125) and "too few" in gap.note
    assert time.pairs == 1 and time["median"] == pytest.approx(math.log(1 / 4))
    assert "4 instance(s), 3 with a known energy (3 proved optimal), 1 proved" in found.notes[0]


def test_a_gap_shift_and_a_target():
    found = compare(frame(both()), options=Options(gap_shift=1.0, target_gap=0.25))
    fast = line(found.summary, "fast")
    assert fast.gap == pytest.approx((1.0 * 1.25 * 2.0) ** (1 / 3) - 1)  # none found counts as 1
    assert fast.common_gap == pytest.approx(1.25**0.5 - 1) and fast.solved == 2


@pytest.mark.parametrize(
    ("missing", "outcome"),
    [
        (None, "absent"),
        (row("fast", "b", time=math.nan, status="not run"), "not run"),
        (row("fast", "b", time=math.nan, status="failed", reason="it crashed"), "failed"),
        (row("fast", "b", time=math.nan, status="failed", reason=f"{OVERDUE}still"), "timed out"),
        (row("fast", "b", 0.5, verdict="C1 x 1", reason="token 0"), "refused"),
        (row("fast", "b"), "none found"),
        (row("fast", "b", time=10.0), "timed out"),
    ],
)
def test_what_is_missing_is_never_solved_and_told(missing, outcome):
    rows = [r for r in both() if (r.method, r.instance) != ("fast", "b")]
    found = compare(frame([*rows, missing] if missing else rows))
    fast = line(found.summary, "fast")
    assert fast[outcome] == (3 if outcome == "none found" else 1) and fast.solution == 1
    assert fast.instances == 4
    assert found.time_profile.fast.iloc[-1] == 0.25
    assert found.energy_profile.fast.iloc[-1] == pytest.approx(1 / 3)
    assert found.tests.pairs.tolist() == [1, 1]
    # what the referee refused is no best known
    assert found.runs[found.runs.instance == "b"].best_j.tolist() == [3.0, 3.0]


def test_a_run_at_its_limit_has_an_energy_but_no_time():
    stopped = row("slow", "a", 2.0, 9.9, kind="exact", own_bound_j=1.0)
    proved = row("late", "a", 2.0, 9.9, kind="exact", own_bound_j=2.0)
    found = compare(frame([stopped, proved]))
    assert line(found.summary, "slow").solved == 0 and line(found.summary, "late").solved == 1
    assert line(found.summary, "slow").best == 1
    assert found.energy_profile.slow.tolist() == [1.0]


def test_summary_and_comparison_agree_on_what_was_cut_short():
    others = {"status": "optimal", "own_bound_j": 1.0, "bound_j": 2.0}  # their bound, not its own
    rows = [
        row("early", "a", 2.0, 9.4),
        row("late", "a", 2.0, 9.6, **others),
        row("proved", "a", 2.0, 9.6, own_bound_j=2.0),
        row("claims", "a", 2.0, 9.6, kind="plug-in", own_bound_j=2.0),
        row("stopped", "a", time=math.nan, status="failed", reason=f"{OVERDUE}still"),
    ]
    at_limit = summary(rows).set_index("method").at_limit
    compared = compare(frame(rows)).summary.set_index("method")
    assert at_limit.to_dict() == {"early": 0, "late": 1, "proved": 0, "claims": 1, "stopped": 1}
    assert (compared.solved == 1 - at_limit).all()


def test_static_energy_counts_for_nothing_and_others_set_the_best():
    rows = [row("mine", "a", 5.0, static_j=1.0), row("other", "a", 3.0, static_j=1.0)]
    found = compare(frame(rows), ["mine"])
    assert found.runs.gap.tolist() == [0.5] and found.runs.best_j.tolist() == [2.0]
    assert found.energy_profile.index.tolist() == [1.0, 2.0]


def test_one_method_alone():
    found = compare(frame(both()), ["exact"])
    assert len(found.summary) == 1 and found.tests.empty
    assert found.time_profile.exact.tolist() == [1.0]


def test_bounds_are_left_out_unless_asked_for():
    bound = row("lower-bound", "a", kind="bound", bound_j=1.0)
    assert list(compare(frame([*both(), bound])).summary.method) == ["fast", "exact"]
    with pytest.raises(DmoeError, match="lower-bound gives a bound only"):
        compare(frame([*both(), bound]), ["lower-bound"])


@pytest.mark.parametrize(
    ("rows", "methods", "words"),
    [
        ([row("x", "a", 1.0), row("y", "b", 1.0)], None, "no instance is common to any two of x"),
        (both(), ["jessa"], "no row of method 'jessa'; there are fast, exact"),
        ([row("x", "a", 1.0), row("x", "a", 1.0, seed=1)], None, "x has several rows for a"),
    ],
)
def test_what_cannot_be_compared_is_said_in_one_line(rows, methods, words):
    with pytest.raises(DmoeError, match=words) as error:
        compare(frame(rows), methods)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("wrong", [{"time_shift_s": -1}, {"gap_shift": math.nan}, {"horizon_s": 0}])
def test_options_that_mean_nothing_are_refused(wrong):
    with pytest.raises(DmoeError, match=next(iter(wrong))):
        Options(**wrong)


def test_a_pair_that_shares_nothing_among_others_that_do():
    rows = [row("x", "a", 1.0), row("y", "a", 1.0), row("y", "b", 1.0), row("z", "b", 1.0)]
    tests = compare(frame(rows)).tests.set_index(["quantity", "first", "second"])
    alone = tests.loc["gap", "x", "z"]
    assert alone.pairs == 0 and math.isnan(alone.holm) and alone.note == "no common instance"


def test_nothing_found_by_anyone_is_open_and_draws_no_energies():
    found = compare(frame([row("x", "a"), row("y", "a")]))
    assert "1 open" in found.notes[0] and found.energy_profile.empty
    assert math.isnan(line(found.summary, "x").gap)


def test_sets_and_limits_that_differ_are_told():
    rows = [row("x", "a", 1.0, instance_set="s"), row("x", "b", 1.0, instance_set="t")]
    rows.append(row("y", "b", 1.0, instance_set="t", time_limit_s=20.0))
    notes = "\n".join(compare(frame(rows)).notes)
    assert "2 sets, pooled here: s, t" in notes and "2 time limits: 10.0, 20.0" in notes


ROWS = st.lists(
    st.tuples(
        st.sampled_from("xyz"),
        st.sampled_from("abcdef"),
        st.sampled_from([1.0, 1.5, 2.0, math.nan]),
        st.floats(1e-4, 9.0),
    ),
    min_size=1,
    max_size=18,
    unique_by=lambda entry: entry[:2],
)


@settings(max_examples=15, derandomize=True)
@given(ROWS)
def test_the_order_of_rows_and_methods_does_not_matter(entries):
    rows = [row("x", "g", 1.0), row("y", "g", 1.0), *(row(*entry) for entry in entries)]
    one = compare(frame(rows), ["x", "y"])
    other = compare(frame(rows[::-1]), ["y", "x"])
    left = one.summary.set_index("method")
    right = other.summary.set_index("method").loc[left.index]
    pd.testing.assert_frame_equal(left, right)
    for profile in ("time_profile", "energy_profile"):
        pd.testing.assert_frame_equal(getattr(one, profile), getattr(other, profile)[["x", "y"]])
    assert one.tests["median"].tolist() == pytest.approx((-other.tests["median"]).tolist())
    assert one.tests.holm.tolist() == pytest.approx(other.tests.holm.tolist())


def test_the_times_of_incumbents_make_an_integral():
    told = json.dumps([[1.0, 4.0], [3.0, 2.0], [99.0, 2.0], [0.5, 1.0]])
    table = frame([row("x", "a", 2.0, 8.0, incumbents=told)])
    # none until 1 s, half off until 3 s; what is late or better than the answer is not believed
    assert compare(table).runs.integral_s[0] == pytest.approx(1.0 + 2.0 * 0.5)
    with pytest.raises(DmoeError, match="x on a: incumbents"):
        compare(table.assign(incumbents="[1]"))
