"""A loaded set is a list of instances, and knows what is known about them."""

from __future__ import annotations

import pickle

import pytest

from dmoe_models import FileError, check, read_solution
from dmoe_models.certificates import read_certificate, verify_certificate
from instances import best_known_table, draw, load_set


@pytest.fixture(scope="module")
def smoke():
    return load_set("smoke")


def test_it_is_a_list_with_a_name(smoke):
    assert isinstance(smoke, list) and smoke.name == "smoke"
    again = pickle.loads(pickle.dumps(smoke))
    assert again == smoke and again.name == "smoke"
    assert len(smoke._repr_html_()) < 10_000


def test_best_known_values_are_those_of_witnesses_and_certificates(smoke):
    table = smoke.best_known
    assert table.index.tolist() == [instance.name for instance in smoke]
    assert set(table["status"]) <= {"optimal", "infeasible", "open"}
    assert ((table["witness"] == "") == (table["status"] == "infeasible")).all()
    for instance in smoke[:4]:
        known = table.loc[instance.name]
        if known.witness:
            report = check(instance, read_solution(known.witness))
            assert report.ok and report.energy_j == pytest.approx(known.energy_j, rel=1e-12)
        if known.certificate:
            proof = verify_certificate(instance, read_certificate(known.certificate))
            assert proof.ok and proof.bound_j == pytest.approx(known.bound_j)


def test_what_has_no_record_is_unknown(smoke, tmp_path):
    stranger = draw("tight", 987, K=2, T=2)
    changed = smoke[0].replace(importance=0.01)  # the same name
    table = best_known_table([stranger, changed])
    assert table["status"].tolist() == ["unknown"] * 2
    assert table["energy_j"].isna().all() and (table["witness"] == "").all()
    assert best_known_table(smoke, tmp_path)["status"].eq("unknown").all()
    assert best_known_table([]).empty
    with pytest.raises(FileError, match="nowhere"):
        best_known_table(smoke, tmp_path / "nowhere")
