"""Files that version 0.1.0 wrote are read for ever, with the hashes and verdicts it gave them.

They lie in `fixtures/written_by_0_1_0`, with what that version read in them (`expected.json`) and
the script that made both. What is read may hold more than it did then: columns are added.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest

from dmoe_models import check, read_instance, read_solution, write_instance
from dmoe_models.files.certificates import read_certificate
from dmoe_models.files.plain_json import plain
from dmoe_models.referee.certificate import verify_certificate
from dmoe_models.solving.answers import read_answer
from dmoe_models.verification.row import row_from_json
from instances.library.record import read_record
from instances.library.sets import read_set

from shell import call

OLD = Path(__file__).parent / "fixtures" / "written_by_0_1_0"
EXPECTED = json.loads((OLD / "expected.json").read_text(encoding="utf-8"))
INSTANCES = {name: read_instance(OLD / name) for name in EXPECTED["instances"]}
BY_HASH = {instance.sha256: instance for instance in INSTANCES.values()}


def assert_holds(now, then, where="", rel=0.0):
    """Assert that all that was read then is read now; of dicts, more may be."""
    if isinstance(then, dict):
        for key, value in then.items():
            assert key in now, f"{where}.{key} is gone"
            assert_holds(now[key], value, f"{where}.{key}", rel)
    elif isinstance(then, list):
        assert len(now) == len(then), where
        for number, (one, other) in enumerate(zip(now, then, strict=True)):
            assert_holds(one, other, f"{where}[{number}]", rel)
    elif isinstance(then, float) and rel:
        assert now == pytest.approx(then, rel=rel), where
    else:
        assert now == then and type(now) is type(then), f"{where}: {now!r} was {then!r}"


@pytest.mark.parametrize("name", EXPECTED["instances"])
def test_instances_have_their_hashes(name, tmp_path):
    instance = INSTANCES[name]
    facts = {
        "sha256": instance.sha256,
        "summary": instance.summary(),
        "need": instance.need,
        "metadata": instance.metadata,
    }
    assert_holds(plain(facts), EXPECTED["instances"][name])
    write_instance(instance, tmp_path / name)
    if name.endswith(".json"):
        assert (tmp_path / name).read_bytes() == (OLD / name).read_bytes()
    assert read_instance(tmp_path / name) == instance


@pytest.mark.parametrize("name", EXPECTED["solutions"])
def test_solutions_have_their_verdicts(name):
    solution = read_solution(OLD / name)
    report = check(BY_HASH[solution.instance_sha256], solution)
    facts = {
        "experts": solution.experts,
        "objective": solution.objective,
        "verdict": report.verdict,
        "energy_j": report.energy_j,
        "violations": [[v.constraint, v.index, v.amount] for v in report.violations],
    }
    assert_holds(plain(facts), EXPECTED["solutions"][name])


@pytest.mark.parametrize("name", EXPECTED["certificates"])
def test_certificates_prove_what_they_proved(name):
    certificate = read_certificate(OLD / name)
    report = verify_certificate(BY_HASH[certificate.instance_sha256], certificate)
    facts = {"verdict": report.verdict, "bound_j": report.bound_j}
    assert_holds(plain(facts), EXPECTED["certificates"][name])


@pytest.mark.parametrize("name", EXPECTED["answers"])
def test_answers_are_read(name):
    answer = read_answer(OLD / "answers" / name)
    assert_holds(plain(asdict(answer)), EXPECTED["answers"][name])


def test_a_set_is_drawn_bit_for_bit():
    three = read_set(OLD / "three.toml")
    draws = {instance.name: instance.sha256 for instance in three.build()}
    facts = {"title": three.title, "manifest": three.manifest, "draws": draws}
    assert_holds(plain(facts), EXPECTED["set"])


@pytest.mark.parametrize("name", EXPECTED["records"])
def test_best_known_values_are_read(name):
    record = read_record(OLD / "best_known" / name)
    facts = asdict(record)
    facts |= {"gap": record.gap, "status": record.status, "difficulty": record.difficulty}
    assert_holds(plain(facts), EXPECTED["records"][name])


def test_the_library_verifies_them(capsys):
    verified = call(
        capsys, "library", "verify", OLD / "three.toml", "--values", "--records", OLD / "best_known"
    )
    assert verified.status == 0, verified.out + verified.err


def test_a_journal_is_read_row_by_row():
    lines = (OLD / "report" / "rows.jsonl").read_text(encoding="utf-8").splitlines()
    assert_holds(plain([asdict(row_from_json(line)) for line in lines]), EXPECTED["rows"])


@pytest.mark.parametrize("file", ["", "rows.jsonl", "rows.csv", "rows.parquet"])
def test_rows_of_every_form_are_compared_as_then(capsys, file):
    compared = call(capsys, "compare", OLD / "report" / file, "--json")
    assert compared.status == 0
    assert_holds(json.loads(compared.out), EXPECTED["comparison"], rel=1e-9)


def test_a_study_has_the_same_configuration_and_gives_the_same_rows(capsys, tmp_path):
    folder = shutil.copytree(OLD / "study", tmp_path / "study")
    status = call(capsys, "study", "status", folder, "--json")
    assert status.status == 0
    assert_holds(json.loads(status.out), EXPECTED["study"])
    config = ("--config", OLD / "study.toml", "--workers", 0)
    continued = call(capsys, "study", "asymptotics", *config, "--out", folder, "--json")
    assert continued.status == 0
    again = tmp_path / "again"
    assert call(capsys, "study", "asymptotics", *config, "--out", again).status == 0
    compared = call(capsys, "study", "compare", folder, again)
    assert compared.status == 0, compared.out
