"""The readers that are tried with mutated files, each with samples that our own writers made.

To join a reader, add a row to `READERS`: a name, a function that writes samples into a folder and
returns their paths, the function that reads one, and how its content is mutated:

- ``json``, ``jsonl``, ``toml``, ``xml``: as a tree, so that half of the mutations are well-formed;
- ``lines``, ``csv``: words and lines;
- ``npy``, ``npz``, ``netcdf``: arrays;
- ``bytes``: no more than that.

Half of all mutations are of bytes, whatever the content. A sample's neighbours (a manifest, a
``.col`` file) are listed with it; they lie beside it and are mutated now and then. ``apart`` runs a
reader in a process of its own, for libraries that may end the process.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from fuzz_solver_files import BEST, P1, P2, Sample, solver_files, xml

from dmoe_models import (
    evaluate,
    read_instance,
    read_solution,
    solve,
    write_instance,
    write_solution,
)
from dmoe_models.algorithms.certify.optimum import certify
from dmoe_models.errors import DmoeError
from dmoe_models.files.certificates import read_certificate, write_certificate
from dmoe_models.model.instance import Instance
from dmoe_models.model.solution import Solution
from dmoe_models.referee.certificate import verify_certificate
from dmoe_models.referee.check import check
from dmoe_models.solving.answers import Answers, read_answer, write_answer
from dmoe_models.solving.catalogue import find_method
from dmoe_models.studies.configuration import configuration_file, read_design
from dmoe_models.studies.engine.database import Database, read_table
from dmoe_models.studies.study import study_names
from dmoe_models.verification.journal import JOURNAL, Journal
from dmoe_models.verification.read_rows import read_rows
from dmoe_models.verification.row import Row
from dmoe_models.verification.tables import frame
from dmoe_models.verification.validate import validate
from formulations.exchange.read import judge_model_solution
from instances import draw, import_instance
from instances.library.record import FOLDER as RECORDS
from instances.library.record import read_record
from instances.library.set_file import read_set
from instances.library.sets import FOLDER as SETS


@dataclass(frozen=True)
class Reader:
    """A row of the table, see the module's text."""

    name: str
    content: str
    samples: Callable[[Path], Sequence[Sample]]
    read: Callable[[Path], Any]
    apart: bool = False
    share: float = 1.0
    """Of the mutations, relative to the others."""


# -------------------------------------------------------------------------------------- instances


def _instances(suffix: str) -> Callable[[Path], Sequence[Sample]]:
    def samples(folder: Path) -> Sequence[Sample]:
        found = []
        for instance in (P1, P2, draw("contended", 1, K=2, T=2, M=2)):
            path = folder / f"{instance.problem}-{instance.K}{suffix}"
            write_instance(instance, path)
            found.append(Sample(path))
        return found

    return samples


def _instance(path: Path) -> None:
    """Read an instance; one that is accepted can be used, written, and read as the same."""
    instance = read_instance(path)
    instance.summary()
    copy = path.with_name(f"again{path.suffix}")
    try:
        write_instance(instance, copy)
        assert read_instance(copy) == instance, "written and read again it is another"
    finally:
        copy.unlink(missing_ok=True)


# -------------------------------------------------------------------- solutions and certificates


def _solutions(folder: Path) -> Sequence[Sample]:
    several = np.zeros((P2.K, P2.K, P2.M), dtype=bool)
    several[tuple(np.argwhere(BEST.assignment >= 0).T)] = True
    for name, solution in (("one", BEST), ("several", Solution(BEST.selection, None, several))):
        write_solution(solution, folder / f"{name}.json", P2)
    return [Sample(folder / "one.json"), Sample(folder / "several.json")]


def _solution(path: Path) -> None:
    solution = read_solution(path)
    for instance in (P1, P2):
        check(instance, solution)
        try:
            evaluate(instance, solution)
        except DmoeError:
            continue


def _certificates(folder: Path) -> Sequence[Sample]:
    for instance in (P1, P2, draw("contended", 4, K=3, T=4, M=4)):
        certificate = certify(instance).certificate
        write_certificate(certificate, folder / f"{instance.problem}-{instance.T}.json")
    return [Sample(path) for path in sorted(folder.glob("*.json"))]


def _certificate(path: Path) -> None:
    """Read a certificate and verify it: the proof is judged there."""
    certificate = read_certificate(path)
    for instance in (P1, P2):
        report = verify_certificate(instance, certificate)
        assert report.ok or "\n" not in report.verdict, "several lines"
        if report.ok:
            optimum = evaluate(instance, BEST).total_j
            assert report.bound_j <= optimum * (1 + 1e-9), "proves what is not true"


def _answers(folder: Path) -> Sequence[Sample]:
    method = find_method("exact")
    result = replace(solve(P2, "exact", seed=1), runtime=0.25, details={"nodes": 3, "cpu_s": 0.5})
    path = Answers(folder).add(P2, method, result, options={"seed": 1}, time_limit=5.0)
    answer = read_answer(path)  # a day or a machine would change the mutations
    write_answer(replace(answer, run=replace(answer.run, date="2026-01-31", machine="this")), path)
    return [Sample(path)]


def _records(_: Path) -> Sequence[Sample]:
    names = sorted(path for path in RECORDS.glob("*.json") if len(path.suffixes) == 1)
    return [Sample(path) for path in names[:: max(1, len(names) // 4)]]


# ------------------------------------------------------------------------------------- recordings


def _rng() -> np.random.Generator:
    return np.random.default_rng(20)


def _gate_table(folder: Path) -> Sequence[Sample]:
    scores = _rng().dirichlet(np.ones(4), 12)
    np.save(folder / "g.npy", scores)
    return [Sample(folder / "g.npy")]


def _gate_csv(folder: Path) -> Sequence[Sample]:
    scores = _rng().dirichlet(np.ones(4), 6)
    np.savetxt(folder / "g.csv", scores, delimiter=",")
    return [Sample(folder / "g.csv")]


def _esft(kind: str) -> Callable[[Path], Sequence[Sample]]:
    def samples(folder: Path) -> Sequence[Sample]:
        rng = _rng()
        ids = np.array([[rng.permutation(64)[:6] for _ in range(8)] for _ in range(2)])
        weights = rng.integers(1, 5000, ids.shape)
        if kind == ".npz":
            arrays = {"expert_ids": ids, "weights_1e4": weights, "seq_len": np.array([3, 5])}
            np.savez(folder / "g.npz", **arrays)
        else:
            rows = zip(ids[0].reshape(2, -1), weights[0].reshape(2, -1) / 1e4, strict=True)
            lines = ("\t".join(map(str, [*row, "", *scores])) for row, scores in rows)
            (folder / "g.txt").write_text("\n".join(lines) + "\n")
        return [Sample(folder / f"g{kind}")]

    return samples


_HELD = tempfile.TemporaryDirectory(prefix="dmoe-fuzz-")
"""Of recordings that mutated ones are joined with; gone when Python ends."""


@cache
def _other(name: str) -> Path:
    """Return a recording that the mutated one is joined with; written once."""
    folder = Path(_HELD.name)
    if name == "gates":
        return _gate_table(folder)[0].path
    return _channel_table(folder)[0].path


def _gates(path: Path) -> None:
    _imported(path, _other("channel"), 0 if path.suffix == ".npz" else None)


def _channel(path: Path) -> None:
    _imported(_other("gates"), path)


def _imported(gates: Path, channel: Path, layer: int | None = None) -> Instance:
    instance = import_instance(
        gates, channel, layer=layer, name="imported", nodes=4, tokens=6, with_assignment=True
    )
    instance.summary()
    return instance


def _channel_table(folder: Path) -> Sequence[Sample]:
    rng = _rng()
    np.save(folder / "h.npy", rng.exponential(1e-3, (12, 16)))
    np.save(folder / "c.npy", rng.normal(size=(12, 16)) + 1j * rng.normal(size=(12, 16)))
    np.save(folder / "k.npy", rng.exponential(1e-3, (4, 4, 16)))
    return [Sample(folder / f"{name}.npy") for name in "hck"]


def _csi(folder: Path) -> Sequence[Sample]:
    rng = _rng()
    iq = rng.normal(size=(13, 3, 16, 2)).astype("f4")
    np.savez(folder / "u.npz", csi_iq=iq, rssi_dbm=np.full(13, -50.0))
    np.savez(
        folder / "c.npz",
        csi=rng.integers(-100, 100, (3, 2, 16, 2, 2, 2)).astype("i2"),
        scale=np.full((3, 2), 0.1),
    )
    return [Sample(folder / "u.npz"), Sample(folder / "c.npz")]


# ----------------------------------------------------------------------------------- solver files


def _solver_file(path: Path) -> None:
    judge_model_solution(P2, path)


# ------------------------------------------------------------------ sets, configurations, rows


def _sets(folder: Path) -> Sequence[Sample]:
    names = sorted(SETS.glob("*.toml"))
    return [
        Sample(path, tuple(p for p in [path.with_suffix(".sha256")] if p.exists()))
        for path in names
    ]


def _configurations(_: Path) -> Sequence[Sample]:
    return [Sample(configuration_file(name)) for name in study_names()]


@cache
def _records_of_runs() -> tuple[Row, ...]:
    """Return the rows of a small verification, without what differs from run to run."""
    found = validate([P2, P1], ["jesa", "exact", "des"]).records
    return tuple(replace(row, runtime_s=0.25, incumbents="[[0.125, 2.5]]") for row in found)


def _rows(name: str) -> Callable[[Path], Sequence[Sample]]:
    def samples(folder: Path) -> Sequence[Sample]:
        path, records = folder / name, _records_of_runs()
        lines = [row.to_json() for row in records]
        if name == "rows.csv":
            frame(records).to_csv(path, index=False)
        elif name == JOURNAL:
            path.write_text("".join(f"{line}\n" for line in lines))
        else:
            path.write_text(json.dumps({"rows": [json.loads(line) for line in lines]}))
        return [Sample(path)]

    return samples


def _journal(path: Path) -> None:
    raw = path.read_bytes()
    with contextlib.suppress(DmoeError):
        read_rows(path)
    try:
        Journal(path).close()
    finally:
        path.write_bytes(raw)


def _databases(folder: Path) -> Sequence[Sample]:
    Database(folder, read_design(configuration_file("savings"))).close()
    return [Sample(folder / "study.sqlite")]


def _database(path: Path) -> None:
    read_table(path.parent)


READERS = (
    Reader("instances in JSON", "json", _instances(".json"), _instance, share=2),
    Reader("instances in netCDF", "netcdf", _instances(".nc"), _instance, apart=True, share=2),
    Reader("solutions", "json", _solutions, _solution),
    Reader("certificates", "json", _certificates, _certificate, share=2),
    Reader("answers", "json", _answers, read_answer),
    Reader("records", "json", _records, read_record),
    Reader("gate scores, .npy", "npy", _gate_table, _gates),
    Reader("gate scores, .csv", "csv", _gate_csv, _gates),
    Reader("gate scores, .npz", "npz", _esft(".npz"), _gates),
    Reader("gate scores, .txt", "lines", _esft(".txt"), _gates),
    Reader("channels, .npy", "npy", _channel_table, _channel),
    Reader("channels, .npz", "npz", _csi, _channel),
    Reader("solver files, XML", "xml", xml, _solver_file),
    Reader("solver files, text", "lines", solver_files, _solver_file, share=2),
    Reader("sets", "toml", _sets, read_set),
    Reader("configurations", "toml", _configurations, read_design),
    Reader("study databases", "bytes", _databases, _database, share=0.5),
    Reader("journals", "jsonl", _rows(JOURNAL), _journal),
    Reader("rows in CSV", "csv", _rows("rows.csv"), read_rows),
    Reader("rows in JSON", "json", _rows("rows.json"), read_rows),
)
"""The readers that are tried; a row joins."""
