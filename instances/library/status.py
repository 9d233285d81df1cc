"""The status page: what is known about every instance of some sets, as a table."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Hashable, Iterable
from pathlib import Path

import pandas as pd

from dmoe_models.errors import FileError
from dmoe_models.files.plain_json import plain
from dmoe_models.model.instance import Instance
from dmoe_models.text import text_table
from instances.library.judgement import SAME
from instances.library.record import (
    CLASSES,
    FOLDER,
    INFEASIBLE,
    Record,
    certificate_path,
    read_record,
    record_path,
    witness_path,
    worked_s,
)
from instances.library.set_file import InstanceSet

LEGEND = (
    "`proof`: certificate (whoever has Python can verify it), method (a method of this package "
    "gave the bound, and gives it again). `class` and `MILP`: processor time of the whole MILP on "
    f"HiGHS: toy within {CLASSES['toy']:.0f} s, easy {CLASSES['easy']:.0f} s, medium "
    f"{CLASSES['medium']:.0f} s, hard more; open: not proved by anything here."
)


_BEST_KNOWN = (
    "instance",
    "status",
    "energy_j",
    "bound_j",
    "gap",
    "class",
    "proof",
    "found",
    "found_on",
    "witness",
    "certificate",
)


def status_table(sets: Iterable[InstanceSet], folder: Path) -> pd.DataFrame:
    """Return one row per instance of the sets, in their order.

    Parameters
    ----------
    sets : iterable of InstanceSet
        Each with a manifest.
    folder : path
        Of the records; an instance without one has a row that says so.

    Returns
    -------
    DataFrame
        set, instance, problem, K, T, M, D, class, status, objective_j, bound_j, gap, proof, found
        (method), found_on (date), milp_s (processor time of the whole MILP, s), nodes, machine.
    """
    return pd.DataFrame(
        [
            _row(chosen.name, name, sha256, folder)
            for chosen in sets
            for name, sha256 in chosen.manifest.items()
        ],
        columns=list(_row("", "", "", folder)),
    )


def best_known_table(
    instances: Iterable[Instance], records: str | Path | None = None
) -> pd.DataFrame:
    """Return the best known value of every instance, by its name.

    Parameters
    ----------
    instances : iterable of Instance
    records : path, optional
        The folder of a table of best known values; by default the package's own.

    Returns
    -------
    DataFrame
        Index `instance`; status ("optimal", "infeasible", "open", or "unknown" without a record),
        energy_j, bound_j, gap, class, proof, found (method), found_on (date), and the files of the
        best solution and of the certificate, `witness` and `certificate`: empty where there is
        none.

    Raises
    ------
    FileError
        Where there is no such folder, or a record cannot be read.
    """
    folder = FOLDER if records is None else Path(records)
    if not folder.is_dir():
        raise FileError(f"{folder}: there is no such folder of records")
    lines = []
    for instance in instances:
        facts = _row("", instance.name, instance.sha256, folder)
        facts["energy_j"] = facts["objective_j"]
        known = facts["status"] != "unknown"
        for name, path_of in (("witness", witness_path), ("certificate", certificate_path)):
            path = path_of(folder, instance.name)
            facts[name] = str(path) if known and path.exists() else ""
        lines.append({name: facts[name] for name in _BEST_KNOWN})
    return pd.DataFrame(lines, columns=list(_BEST_KNOWN)).set_index("instance")


def _row(set_name: str, name: str, sha256: str, folder: Path) -> dict[str, object]:
    path = record_path(folder, name)
    record = read_record(path) if name and path.exists() else None
    if record is not None and record.instance_sha256 != sha256:
        record = None
    empty: dict[str, object] = {"problem": "", "K": None, "T": None, "M": None, "D": None}
    empty |= {"class": "not measured", "status": "unknown", "objective_j": math.nan}
    empty |= {"bound_j": math.nan, "gap": math.nan, "proof": "", "found": "", "found_on": ""}
    empty |= {"milp_s": math.nan, "nodes": None, "machine": ""}
    facts = empty if record is None else _facts(record)
    return {"set": set_name, "instance": name} | facts


def _facts(record: Record) -> dict[str, object]:
    run = record.difficulty_run
    proof = "certificate" if record.certified else "method" if record.proved else ""
    found = record.proved if record.status == INFEASIBLE else record.found
    return {
        "problem": record.problem,
        "K": record.nodes,
        "T": record.tokens,
        "M": record.subcarriers,
        "D": record.max_experts,
        "class": record.difficulty,
        "status": record.status,
        "objective_j": record.objective_j,
        "bound_j": record.bound_j,
        "gap": record.gap,
        "proof": proof,
        "found": "" if found is None else found.method,
        "found_on": "" if found is None else found.date,
        "milp_s": math.nan if run is None else worked_s(run),
        "nodes": None if run is None else run.nodes,
        "machine": "" if run is None else run.machine,
    }


def rendered(table: pd.DataFrame, form: str) -> str:
    """Return the table as text, with a final newline.

    Parameters
    ----------
    table : DataFrame
        From `status_table`.
    form : {"text", "markdown", "csv", "json"}
        CSV and JSON hold every digit.
    """
    if form == "csv":
        return table.to_csv(index=False)
    if form == "json":
        return json.dumps(plain(table.to_dict("records")), indent=1) + "\n"
    heads = ["set", "instance", "class", "status", "objective (J)", "gap", "proof", "found", "MILP"]
    rows = [_cells(row) for row in table.to_dict("records")]
    counts = Counter(str(value) for value in table["class"])
    order = [*CLASSES, "hard", "open", "not measured"]
    summary = ", ".join(f"{counts[name]} {name}" for name in order if counts[name])
    total = f"{len(table)} instances: {summary or 'none'}"
    if form == "text":
        return f"{text_table(heads, rows, left=[0, 1, 2, 3, 6, 7])}\n{total}\n"
    lines = [heads, ["---"] * len(heads), *rows]
    body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"# Best known values\n\n{total}. {LEGEND}\n\n{body}\n"


def _cells(row: dict[Hashable, object]) -> list[str]:
    objective, gap, seconds = (float(str(row[key])) for key in ("objective_j", "gap", "milp_s"))
    late = row["class"] in ("hard", "open")
    return [
        *(str(row[key]) for key in ("set", "instance", "class", "status")),
        "" if math.isnan(objective) else f"{objective:.10g}",
        "" if math.isnan(gap) else f"{gap:.1e}" if gap > SAME else "0",
        str(row["proof"]),
        str(row["found"]),
        "" if math.isnan(seconds) else f"{'> ' if late else ''}{seconds:.3g} s",
    ]
