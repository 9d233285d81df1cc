"""Nothing in a table of best known values is believed: every entry is checked again."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path

from dmoe_models.certificates import read_certificate, verify_certificate
from dmoe_models.checker import check
from dmoe_models.errors import InstanceFileError
from dmoe_models.files import read_solution
from dmoe_models.instance import Instance
from instances.library import InstanceSet
from instances.records import certificate_path, read_record, record_path, witness_path


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
                except InstanceFileError as error:
                    yield str(error)


def _faults(instance: Instance, folder: Path) -> Iterator[str]:
    path = record_path(folder, instance.name)
    record = read_record(path)
    if record.instance_sha256 != instance.sha256 or record.instance != instance.name:
        yield f"{path}: is not about {instance.name} with SHA-256 {instance.sha256[:12]}..."
        return
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
        elif proof.bound_j < record.bound_j:
            yield f"{instance.name}: the certificate proves {proof.bound_j!r} J only"
