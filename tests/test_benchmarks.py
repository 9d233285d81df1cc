"""Benchmarks do not rot: a row or more of every module, on instances that take no time."""

from __future__ import annotations

import json

import pytest

from dmoe_models.solving.catalogue import METHODS
from instances.families import draw

import bench_des
import bench_exact
import bench_growth
import bench_integrality
import bench_models
import bench_studies
import peers
import run

TINY = {"K": 3, "M": 8, "T": 6}


def test_des_and_its_peers():
    tables = bench_des.draw(6, 2, 300)
    rate, spread = bench_des.des_rate(tables, 2, 2)
    assert spread[0] <= rate <= spread[1]
    assert bench_des.highs_rate(tables, 2, 0.01) > 0
    assert bench_des.cpsat_rate(tables, 2, 0.001) > 0
    assert bench_des.row("fast", rate, "tokens/s", rate / 2)["met"] is True


def test_models():
    rows = bench_models.compare("tiny", "set", [draw("rayleigh", 0, **TINY)])
    assert {row["unit"] for row in rows} == {"columns", "s", "times"}


def test_exact_beside_all_of_its_peers():
    instances = [draw("contended", seed, **TINY) for seed in (1, 2)]
    first, *others, least = bench_exact.against(
        "tiny", instances, peers.PEERS, {"set on HiGHS": 0.0}
    )
    assert first["case"] == "tiny: exact, 2 of 2 proved"
    assert len(others) == len(peers.PEERS)
    for name, row in zip(peers.PEERS, others, strict=True):
        assert row["case"] == f"tiny: {name} / exact, same to 1e-9"
        assert row["solve_s"] > 0 and row["limit_s"] == 5.0 and not row["stopped"]
        assert least["figure"] <= row["low"]
    assert others[2]["met"] is True


def test_a_peer_that_is_stopped_is_at_least_so_slow():
    instances = [draw("contended", 1, K=10, M=120, T=120)]
    name = "aggregated on HiGHS"
    _, row = bench_exact.against("hard", instances, [name], {name: 1e9}, most=0.5)
    assert row["target"] == 1e9 and row["met"] is None
    assert ", at least: stopped on 1 of 1, " in row["case"]
    assert row["stopped"] == 1 and row["build_s"] + row["solve_s"] >= 0.5


def test_a_peer_that_refuses_says_why(monkeypatch):
    monkeypatch.setattr("formulations.data.SET_LIMIT", 2)
    _, row = bench_exact.against("tiny", [draw("rayleigh", 1, **TINY)], ["set on HiGHS"], {})
    assert "set on HiGHS, refused: more than 2 minimal feasible sets" in row["case"]


def test_limits_follow_the_target():
    assert peers.limit_s(0.01, 200.0, 60.0) == 5.0
    assert peers.limit_s(0.1, 200.0, 60.0) == 40.0
    assert peers.limit_s(1.0, 200.0, 60.0) == 60.0
    assert peers.limit_s(1.0, None, 2.0) == 2.0


def test_search_and_large(capsys):
    mean, ratio = bench_exact.search_rows(2)
    assert mean["figure"] >= 0 and ratio["figure"] > 0
    bench_exact.large(4, 16, 16, 0.5)
    assert capsys.readouterr().out.split()[2] == "True"


def test_growth_is_saved_and_drawn(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(bench_growth, "FAMILIES", {"rayleigh": {}})
    monkeypatch.setattr(bench_growth, "AXES", {"T": [TINY, TINY | {"T": 12}]})
    run.main(["--quick", "--only", "growth", "--out", str(tmp_path / "bench.json")])
    report = json.loads((tmp_path / "bench.json").read_text())
    assert {"machine", "versions", "commit"} <= set(report["environment"])
    assert "ortools" in report["environment"]["versions"]
    methods = [*bench_growth.OWN, *bench_growth.OTHERS]
    assert [row["method"] for row in report["rows"]] == 2 * methods
    for row in report["rows"]:
        assert row["axis"] == "T" and row["size"] in (6, 12) and row["family"] == "rayleigh"
        assert 0 < row["seconds"] < 2 and row["stopped"] is False
    for file in ("growth.png", "growth.pdf"):
        assert (tmp_path / file).stat().st_size > 1000
    assert "growth, rayleigh, K = 3" in capsys.readouterr().out


def test_a_series_ends_where_it_is_stopped():
    size = {"K": 10, "M": 120, "T": 120}
    rows = list(bench_growth.series("contended", "T", [size, size], range(1, 2), 0.5))
    aggregated = [row for row in rows if row["method"] == "aggregated on HiGHS"]
    assert len(aggregated) == 1 and aggregated[0]["stopped"]
    assert aggregated[0]["seconds"] == 0.5 and "stopped at 0.5 s" in aggregated[0]["case"]
    assert len([row for row in rows if row["method"] == "des"]) == 2


def test_studies(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(bench_studies, "QUICK_TASKS", 6)
    overhead, client, speed_up = bench_studies.rows(quick=True)
    assert overhead["unit"] == "ms a task" and 0 < client["figure"] < 1000
    assert "two workers / one, 6 tasks of" in speed_up["case"] and speed_up["figure"] > 0


def test_a_relaxation_that_is_not_integral_is_found():
    gaps = [
        bench_integrality.relaxation_gap(draw("scarce", seed, K=5, T=40, gamma=0.3))
        for seed in range(8)
    ]
    known = [gap for gap in gaps if gap is not None]
    assert all(0 <= gap < 0.1 for gap in known)
    assert sum(gap > 0 for gap in known) >= 1
    assert len(known) < len(gaps)  # some have no solution


def test_peers_are_methods_and_have_styles():
    assert {peer.method for peer in peers.PEERS.values()} <= set(METHODS)
    assert set(bench_growth.OTHERS) <= set(peers.PEERS)
    assert set(bench_growth.STYLES) == {*bench_growth.OWN, *bench_growth.OTHERS}
