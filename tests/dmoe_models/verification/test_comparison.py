"""A comparison as tables, and all that rows can be taken from."""

from __future__ import annotations

import pickle

import pytest

from dmoe_models import DmoeError, compare, solve, validate
from dmoe_models.verification.row import Row
from instances.families import draw


@pytest.fixture(scope="module")
def found():
    return validate([draw("contended", seed, K=3, T=4) for seed in (0, 1)], ["jesa", "exact"])


def test_rows_come_from_what_was_found_in_any_form(found, tmp_path):
    path = tmp_path / "rows.csv"
    found.rows.to_csv(path, index=False)
    summaries = [
        compare(rows).summary for rows in (found, found.rows, found.records, path, str(path))
    ]
    for summary in summaries[1:]:
        assert summary.equals(summaries[0])


def test_several_of_them_are_told_apart(found):
    both = compare([found, found.rows], ["exact@1", "exact@2"])
    assert both.summary["best"].tolist() == [2, 2]
    assert set(compare([found]).summary["method"]) == {"jesa", "exact"}


def idle(instance):
    return solve(instance, "greedy").solution


def test_one_method_may_be_named_alone(found):
    assert compare(found, "jesa").summary["method"].tolist() == ["jesa"]
    own = validate(draw("tight", 1, K=2, T=1), [idle, "jesa"])
    assert compare(own, idle).summary["method"].tolist() == ["idle"]
    assert set(compare(own, [idle, "jesa"]).summary["method"]) == {"idle", "jesa"}
    with pytest.raises(DmoeError, match="no row of method 'idle'"):
        compare(found, idle)


@pytest.mark.parametrize("wrong", [3, None, [], {}, [3], [["rows.csv"]], Row])
def test_what_holds_no_rows_is_refused(wrong):
    with pytest.raises(DmoeError, match="what validate returned"):
        compare(wrong)


def test_a_frame_without_a_column_is_refused_by_its_name(found):
    with pytest.raises(DmoeError, match="verdict"):
        compare(found.rows.drop(columns="verdict"))
    with pytest.raises(DmoeError, match="empty"):
        compare(found.rows.iloc[:0])


def test_tables_can_be_pasted(found):
    comparison = compare(found)
    assert comparison.to_markdown().startswith("| method | instances |")
    tests = comparison.to_latex("tests")
    assert r"\toprule" in tests and "% p: Wilcoxon" in tests
    assert comparison.text().count("jesa") >= 2
    with pytest.raises(DmoeError, match="table 'runs' is not one of summary, tests"):
        comparison.to_latex("runs")


def test_it_is_shown_short_and_escaped(found):
    rows = found.rows.replace({"method": {"jesa": "<b>&"}})
    text = compare(rows)._repr_html_()
    assert "&lt;b&gt;&amp;" in text and "<b>" not in text
    assert repr(compare(rows)) == "Comparison(2 methods, 2 instances)"


def test_it_can_be_pickled(found):
    again = pickle.loads(pickle.dumps(compare(found)))
    assert again.text() == compare(found).text()
