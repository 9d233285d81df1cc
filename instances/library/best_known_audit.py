"""A set and its best known values, checked again: draws, witnesses, certificates and sizes.

Bounds without a certificate and times cannot be checked without running their method again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path

from dmoe_models.errors import FileError
from dmoe_models.files.certificates import read_certificate
from dmoe_models.files.solutions import read_solution
from dmoe_models.model.instance import Instance
from dmoe_models.referee.certificate import verify_certificate
from dmoe_models.referee.check import check
from instances.library.record import (
    blank_record,
    certificate_path,
    read_record,
    record_path,
    witness_path,
)
from instances.library.set_file import InstanceSet
from instances.library.sets import find_set, verify


def verify_set(
    name: str | Path, records: str | Path | None = None, *, allow_code: bool = False
) -> list[str]:
    """Draw a set again and hold it against its manifest, and against its best known values.

    Parameters
    ----------
    name : str or path
        Of the package's sets, or the path of a TOML file.
    records : path, optional
        Folder of best known values; they are looked at if the draws have no fault.
    allow_code : bool
        Whether code that the TOML file names, families of its author, may be run.

    Returns
    -------
    list of str
        One line for each thing that is wrong; none where all is well.
    """
    faults = list(verify(str(name), allow_code=allow_code))
    if records is not None and not faults:
        faults += audit([find_set(str(name), allow_code=allow_code)], Path(records))
    return faults


def audit(sets: Iterable[InstanceSet], folder: Path) -> Iterator[str]:
    """Check the records of some sets: witnesses by the referee, certificates by theirs.

    Parameters
    ----------
    sets : iterable of InstanceSet
    folder : path
        Of the records.

    Yields
    ------
    str
        One line for each thing that is wrong; an instance without a record is not.
    """
    for chosen in sets:
        for instance in chosen.build():
            if record_path(folder, instance.name).exists():
                try:
                    yield from _faults(instance, folder)
                except FileError as error:
                    yield str(error)


def _faults(instance: Instance, folder: Path) -> Iterator[str]:
    path = record_path(folder, instance.name)
    record = read_record(path)
    if record.instance_sha256 != instance.sha256 or record.instance != instance.name:
        yield f"{path}: is not about {instance.name} with SHA-256 {instance.sha256[:12]}..."
        return
    right = blank_record(instance)
    for field in ("problem", "nodes", "tokens", "subcarriers", "max_experts", "static_j"):
        if getattr(record, field) != getattr(right, field):
            stated, correct = getattr(record, field), getattr(right, field)
            yield f"{instance.name}: {field} is {correct!r}, not {stated!r}"
    energy = math.inf
    if record.found is not None:
        report = check(instance, read_solution(witness_path(folder, instance.name)))
        energy = report.energy_j
        if not report.ok:
            yield f"{instance.name}: the witness fails: {report.verdict}"
        if energy != record.objective_j:
            yield f"{instance.name}: the witness has {energy!r} J, not {record.objective_j!r} J"
    if record.bound_j > energy:
        yield f"{instance.name}: the bound {record.bound_j!r} J is above the witness's {energy!r} J"
    if record.certified:
        certificate = read_certificate(certificate_path(folder, instance.name))
        proof = verify_certificate(instance, certificate)
        if not proof.ok:
            yield f"{instance.name}: the certificate fails: {proof.reasons[0]}"
        elif proof.bound_j > energy:
            yield f"{instance.name}: the certificate proves {proof.bound_j!r} J, above the witness"
        elif proof.bound_j < record.bound_j:
            yield f"{instance.name}: the certificate proves {proof.bound_j!r} J only"
