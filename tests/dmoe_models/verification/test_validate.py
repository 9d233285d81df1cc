"""`validate` as a notebook calls it: tables, breaches and notes, and the comparison of its rows."""

from __future__ import annotations

import pytest

from dmoe_models import DmoeError, MethodError, solve
from dmoe_models.verification.compare import compare
from dmoe_models.verification.validate import validate
from instances.families import draw


def mine(instance, k=None):
    return solve(instance, "greedy").solution


def boastful(instance):
    answer = solve(instance, "greedy")
    return type(answer.solution)(answer.solution.selection, answer.solution.assignment, objective=1)


@pytest.fixture(scope="module")
def instances():
    return [draw("contended", seed, K=3, T=6) for seed in (19, 20)]


def test_a_function_is_verified_in_one_call(instances):
    seen = []
    found = validate(
        instances,
        [mine, "exhaustive", "lower-bound"],
        progress=lambda row, number, total: seen.append((row.method, number, total)),
    )
    assert found.breaches == [] and found.notes == []
    assert list(found.rows.method) == ["mine", "exhaustive", "lower-bound"] * 2
    assert set(found.rows.instance_set) == {"given"}
    assert seen[0] == ("mine", 1, 6) and seen[-1] == ("lower-bound", 6, 6)
    line = found.summary.set_index("method").loc["mine"]
    assert line.kind == "plug-in" and line.instances == 2 and line.worst_gap > 0.1
    assert found.text().endswith("no breach")
    first = found.rows.set_index("method").loc["mine"].iloc[0]
    assert len(first.method_sha256) == 64
    compared = compare(found).summary.set_index("method")
    assert list(compared.index) == ["mine", "exhaustive"]
    assert compared.loc["exhaustive"].best == 2


def test_one_instance_and_one_method_need_no_list(instances):
    found = validate(instances[0], boastful)
    assert list(found.rows.status) == ["unknown"]
    assert "claimed objective" in found.rows.reason[0]


def test_a_report_is_written_and_continued(instances, tmp_path):
    for number in (1, 2):
        found = validate(instances[0], ["greedy"], added=["exhaustive"], report=tmp_path / "report")
        assert found.page == tmp_path / "report" / "report.html" and found.page.exists(), number
    assert len((tmp_path / "report" / "rows.jsonl").read_text().splitlines()) == 2
    again = compare(tmp_path / "report")
    assert list(again.summary.method) == ["greedy", "exhaustive"]


def test_two_functions_of_one_name_are_refused(instances):
    def other(instance):
        return mine(instance)

    other.__name__ = "mine"
    with pytest.raises(MethodError, match="'mine' stands twice; give one a label"):
        validate(instances, [mine, other])


def test_how_far_it_is_is_told(capsys):
    instances = [draw("tight", seed, K=2, T=2) for seed in (0, 1)]
    seen = []
    validate(instances, "jesa", progress=lambda row, *of: seen.append((row.instance, *of)))
    assert seen == [(instances[0].name, 1, 2), (instances[1].name, 2, 2)]
    validate(instances, "jesa", progress=True)
    validate(instances, "jesa", progress=False)
    validate(instances, "jesa")
    assert capsys.readouterr().err == ""  # nothing took five seconds
    with pytest.raises(DmoeError, match="progress"):
        validate(instances, "jesa", progress="no")
