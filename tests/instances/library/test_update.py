"""Best known values change where something better is proved, and only then."""

import json
import math
from dataclasses import replace

import pytest

from dmoe_models import solve
from dmoe_models.files.instances import write_instance
from dmoe_models.files.solutions import read_solution, write_solution
from dmoe_models.solving.answers import Answers, read_answer, write_answer
from dmoe_models.solving.catalogue import find_method
from instances.library.record import (
    certificate_path,
    read_record,
    record_path,
    witness_path,
    write_record,
)
from instances.library.set_file import read_set
from instances.library.sets import write_set
from instances.library.status import rendered, status_table
from instances.library.update import update_records

from shell import assert_refused, call

SET = """\
title = "Three draws"
purpose = "To try the table."
drawn = "Seeds 1, 2 and 3."
not_covered = "Nearly everything."

[[draws]]
family = "contended"
seeds = [1]
parameters = { K = 3, T = 6 }

[[draws]]
family = "hard-p1"
seeds = [2]
parameters = { K = 5, T = 3 }

[[draws]]
family = "scarce"
seeds = [2]
parameters = { K = 3, T = 4, M = 2 }
"""


@pytest.fixture
def mine(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(SET)
    write_set(read_set(file), tmp_path / "mine")
    return read_set(file)


@pytest.fixture
def instances(mine):
    return list(mine.build())


@pytest.fixture
def offered(mine, tmp_path):
    """Offer files to the table `best`; return (decision, reason) of each."""

    def offer(*paths, **options):
        verdicts = update_records(paths, [mine], tmp_path / "best", **options)
        return [(verdict.decision, verdict.reason) for verdict in verdicts]

    return offer


def kept(folder, instance, method, **options):
    result = solve(instance, method, **options)
    options.setdefault("seed", 0)
    return Answers(folder, "somebody").add(
        instance, find_method(method), result, options=options, time_limit=None
    )


def record_of(tmp_path, instance):
    return read_record(record_path(tmp_path / "best", instance.name))


def test_a_record_grows_and_keeps_its_history(instances, offered, tmp_path):
    contended, p1, infeasible = instances
    worse = kept(tmp_path / "a", contended, "random")
    assert [d for d, _ in offered(tmp_path / "a")] == ["accepted"]
    first = record_of(tmp_path, contended)
    assert first.status == "open" and first.bound_j == -math.inf  # LB of a heuristic proves nothing
    assert first.difficulty == "open"
    optimum = solve(contended, "exact").objective
    assert first.objective_j > optimum

    kept(tmp_path / "b", contended, "exact")
    kept(tmp_path / "b", contended, "highs-p2-milp")
    kept(tmp_path / "b", p1, "des")
    kept(tmp_path / "b", p1, "pyomo-p1-milp")
    kept(tmp_path / "b", infeasible, "exact")
    assert {d for d, _ in offered(tmp_path / "b")} == {"accepted"}
    second = record_of(tmp_path, contended)
    assert second.status == "optimal" and second.difficulty == "toy"
    assert second.objective_j == pytest.approx(optimum, rel=1e-12)
    assert second.found.method == second.proved.method == "exact"
    assert second.found.author == "somebody" and second.found.machine and second.found.date
    assert [event.what for event in second.history] == ["objective", "objective", "bound"]
    assert second.history[0].run.method == "random"
    assert {name: run.status for name, run in second.measured.items()} == {
        "exact": "optimal",
        "highs-p2-milp": "optimal",
    }
    assert record_of(tmp_path, p1).status == "optimal"
    assert record_of(tmp_path, infeasible).status == "infeasible"

    witness = read_solution(witness_path(tmp_path / "best", contended.name))
    assert witness.objective == second.objective_j
    assert {d for d, _ in offered(tmp_path / "b", worse)} == {"unchanged"}
    assert record_of(tmp_path, contended) == second


def test_a_dry_run_writes_nothing(instances, offered, tmp_path):
    kept(tmp_path / "a", instances[0], "exact")
    assert [d for d, _ in offered(tmp_path / "a", keep=False)] == ["accepted"]
    assert not (tmp_path / "best").exists()


def test_a_bare_solution_is_an_offer(instances, offered, tmp_path):
    path = tmp_path / "plain.json"
    write_solution(solve(instances[0], "jesa").solution, path, instances[0])
    assert [d for d, _ in offered(path, author="A. Nonymous")] == ["accepted"]
    found = record_of(tmp_path, instances[0]).found
    assert found.author == "A. Nonymous" and found.method == "not told"


def test_a_bound_of_somebody_elses_is_no_proof_and_must_not_be_wrong(instances, offered, tmp_path):
    path = kept(tmp_path / "a", instances[0], "exact")
    answer = read_answer(path)
    stranger = replace(answer.run, method="mine.py:f", kind="plug-in")
    write_answer(replace(answer, run=stranger), path)
    assert offered(path)[0][0] == "accepted"
    assert record_of(tmp_path, instances[0]).bound_j == -math.inf
    write_answer(replace(answer, run=stranger, bound_j=2 * answer.bound_j), path)
    assert offered(path)[0][0] == "refused" and "above a known solution" in offered(path)[0][1]


def test_a_witness_below_a_bound_without_certificate_withdraws_it(instances, offered, tmp_path):
    offered(kept(tmp_path / "a", instances[0], "random"))
    record = record_of(tmp_path, instances[0])
    wrong = replace(record, bound_j=record.objective_j, proved=record.found)
    write_record(wrong, tmp_path / "best")
    (decision, reason), *_ = offered(kept(tmp_path / "a", instances[0], "jesa"))
    assert decision == "accepted" and "refuted and withdrawn" in reason
    after = record_of(tmp_path, instances[0])
    assert after.bound_j == -math.inf and after.objective_j < record.objective_j
    assert [event.what for event in after.history] == [
        *("objective", "bound withdrawn", "objective"),
    ]


def test_a_witness_below_a_certified_bound_is_a_contradiction(instances, offered, tmp_path):
    offered(kept(tmp_path / "a", instances[0], "random"))
    record = record_of(tmp_path, instances[0])
    proved = replace(record, bound_j=record.objective_j, proved=record.found, certified=True)
    write_record(proved, tmp_path / "best")
    (decision, reason), *_ = offered(kept(tmp_path / "a", instances[0], "jesa"))
    assert decision == "refused" and "one of the two checks is wrong" in reason
    assert record_of(tmp_path, instances[0]) == proved


@pytest.mark.parametrize(
    ("status", "seconds", "expected"),
    [
        ("optimal", (70.0, 50.0), "easy"),  # the machine was busy
        ("feasible", (600.5, 300.0), "not measured"),
        ("feasible", (600.5, 599.0), "hard"),
        ("optimal", 0.9, "toy"),
        ("optimal", 1.1, "easy"),
        ("optimal", 59.0, "easy"),
        ("infeasible", 59.0, "not measured"),  # untrue: there is a witness
        ("optimal", 61.0, "medium"),
        ("optimal", 601.0, "hard"),
        ("feasible", 600.5, "hard"),
        ("unknown", 700.0, "hard"),
        ("feasible", 10.0, "not measured"),
    ],
)
def test_difficulty_is_what_was_measured(instances, offered, tmp_path, status, seconds, expected):
    kept(tmp_path / "a", instances[0], "exact")
    path = kept(tmp_path / "a", instances[0], "highs-p2-milp")
    answer = read_answer(path)
    time_s, cpu_s = seconds if isinstance(seconds, tuple) else (seconds, None)
    run = replace(answer.run, status=status, time_s=time_s, cpu_s=cpu_s)
    write_answer(replace(answer, run=run), path)
    offered(tmp_path / "a")
    assert record_of(tmp_path, instances[0]).difficulty == expected


def test_a_run_with_options_of_its_own_measures_nothing(instances, offered, tmp_path):
    offered(kept(tmp_path / "a", instances[0], "highs-p2-milp", disaggregated=True))
    assert record_of(tmp_path, instances[0]).measured == {}


def test_the_table_shows_what_is_known(mine, instances, offered, tmp_path):
    table = status_table([mine], tmp_path / "best")
    assert list(table["status"]) == ["unknown"] * 3
    for instance, method in zip(instances, ("exact", "des", "exact"), strict=True):
        kept(tmp_path / "a", instance, method)
    offered(tmp_path / "a")
    table = status_table([mine], tmp_path / "best").set_index("instance")
    assert dict(table["status"]) == {
        instances[0].name: "optimal",
        instances[1].name: "optimal",
        instances[2].name: "infeasible",
    }
    optimum = solve(instances[0], "exact").objective
    assert table.loc[instances[0].name, "objective_j"] == pytest.approx(optimum, rel=1e-12)
    text = rendered(table.reset_index(), "markdown")
    assert text.count("\n|") == 5 and "3 instances: 3 not measured" in text
    assert "not measured" in rendered(table.reset_index(), "text")
    facts = json.loads(rendered(table.reset_index(), "json"))
    assert facts[0]["bound_j"] == table["bound_j"].iloc[0]


def test_from_the_command_line(mine, instances, tmp_path, capsys):
    records = ["--records", tmp_path / "best"]
    named, answers = tmp_path / "mine.toml", tmp_path / "answers"
    done = call(
        capsys,
        *("validate", named, "--methods", "exact,des,jesa", "--answers", answers),
        *("--author", "us"),
    )
    assert done.status == 0
    done = call(capsys, "library", "update", answers, "--set", named, *records)
    assert done.status == 0 and "3 accepted, 2 unchanged, 0 refused" in done.out
    done = call(capsys, "library", "table", named, *records, "-o", tmp_path / "status.md")
    assert done.status == 0 and done.out == ""
    assert "optimal" in (tmp_path / "status.md").read_text()


def test_a_bound_that_is_off_by_rounding_is_set_back_and_not_withdrawn(
    instances, offered, tmp_path
):
    offered(kept(tmp_path / "a", instances[0], "jesa"))
    record = record_of(tmp_path, instances[0])
    optimum = solve(instances[0], "exact").objective
    for above, events in ((5e-10, 0), (1e-8, 1)):
        worse = replace(
            record,
            objective_j=optimum * 1.1,
            bound_j=optimum * (1 + above),
            proved=record.found,
            history=(),
        )
        write_record(worse, tmp_path / "best")
        offered(kept(tmp_path / "a", instances[0], "local-search"))
        after = record_of(tmp_path, instances[0])
        assert [event.what for event in after.history].count("bound withdrawn") == events
        assert after.bound_j == (after.objective_j if above == 5e-10 else -math.inf)


def test_a_measurement_that_proves_something_then_the_longer_then_the_later_counts(
    instances, offered, tmp_path
):
    path = kept(tmp_path / "a", instances[0], "highs-p2-milp")
    answer = read_answer(path)
    runs = (
        ("feasible", 600.0, "2026-01-01", True),
        ("optimal", 60.0, "2026-01-01", True),
        ("feasible", 900.0, "2026-01-03", False),
        ("optimal", 60.0, "2026-01-02", True),
        ("optimal", 600.0, "2026-01-01", True),
        ("optimal", 60.0, "2027-01-01", False),
    )
    for status, limit, date, counts in runs:
        run = replace(answer.run, status=status, time_limit_s=limit, date=date)
        write_answer(replace(answer, run=run), path)
        offered(path)
        found = record_of(tmp_path, instances[0]).measured["highs-p2-milp"]
        assert (found == run) == counts


def test_who_says_optimal_shows_it(instances, offered, tmp_path):
    """Not by the word of a file: the kind is the method's own, and the witness meets the bound."""
    path = kept(tmp_path / "a", instances[0], "random")
    answer = read_answer(path)
    claims = replace(answer.run, kind="exact", status="optimal")
    for method in ("mine.py:f", "highs-p2-milp"):
        write_answer(replace(answer, run=replace(claims, method=method)), path)
        offered(path)
        assert record_of(tmp_path, instances[0]).measured == {}


@pytest.mark.parametrize(
    ("method", "kind", "counts"),
    [
        ("exact", "exact", True),
        ("exact", "heuristic", False),  # a heuristic's answer with another name
        ("des", "exact", False),  # solves P1
        ("jesa", "heuristic", False),
    ],
)
def test_a_bound_counts_where_its_method_proves_bounds_of_the_problem(
    instances, offered, tmp_path, method, kind, counts
):
    path = kept(tmp_path / "a", instances[0], "exact")
    answer = read_answer(path)
    write_answer(replace(answer, run=replace(answer.run, method=method, kind=kind)), path)
    offered(path)
    assert (record_of(tmp_path, instances[0]).bound_j > -math.inf) == counts


def test_a_certificate_yields_to_a_certificate_only(instances, offered, tmp_path, capsys):
    file = tmp_path / "round.json"
    write_instance(instances[0], file)
    assert call(capsys, "certify", file, "--answers", tmp_path / "c").status == 0
    offered(tmp_path / "c")
    record = record_of(tmp_path, instances[0])
    assert record.certified
    lower = replace(record, objective_j=1.1 * record.objective_j)  # open, as far as is known
    write_record(lower, tmp_path / "best")
    path = kept(tmp_path / "a", instances[0], "exact")
    answer = replace(read_answer(path), bound_j=1.05 * record.bound_j, solution="")
    write_answer(answer, path)
    offered(path)
    after = record_of(tmp_path, instances[0])
    assert after.certified and after.bound_j == record.bound_j
    assert certificate_path(tmp_path / "best", instances[0].name).exists()


def test_a_set_without_a_manifest_has_records_too(mine, instances, offered, tmp_path):
    (tmp_path / "mine.sha256").unlink()
    path = kept(tmp_path / "a", instances[0], "exact")
    verdicts = update_records([path], [read_set(tmp_path / "mine.toml")], tmp_path / "best")
    assert [verdict.decision for verdict in verdicts] == ["accepted"]


def test_a_table_that_cannot_be_written_is_one_fault(mine, instances, tmp_path, capsys):
    kept(tmp_path / "a", instances[0], "exact")
    (tmp_path / "file").write_text("not a folder")
    named = ("--set", tmp_path / "mine.toml", "--records", tmp_path / "file")
    assert_refused(call(capsys, "library", "update", tmp_path / "a", *named), "is a file")
    nowhere = ("--records", tmp_path / "nowhere")
    assert_refused(call(capsys, "library", "table", *nowhere), "no such folder of records")
