"""Judge offers to a table of best known values one after the other, and keep what is better."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from dmoe_models.errors import DmoeError
from dmoe_models.files.certificates import write_certificate
from dmoe_models.files.paths import make_folder
from dmoe_models.files.solutions import write_solution
from dmoe_models.model.instance import Instance
from dmoe_models.referee.certificate import Certificate
from dmoe_models.values.value import Value
from instances.library.judgement import judge
from instances.library.offer import Offer, Refusal, offered_files, read_offer
from instances.library.record import (
    Record,
    blank_record,
    certificate_path,
    read_record,
    record_path,
    witness_path,
    write_record,
)
from instances.library.set_file import InstanceSet

DECISIONS = ACCEPTED, UNCHANGED, REFUSED = "accepted", "unchanged", "refused"


@dataclass(frozen=True, eq=False)
class Verdict(Value):
    """What became of one file.

    Attributes
    ----------
    file : path
    instance : str
        Name; empty where it is not known.
    decision : str
        "accepted", "unchanged" (right, but not better than what is known) or "refused".
    reason : str
        One line.
    """

    file: Path
    instance: str
    decision: str
    reason: str


def update_records(
    results: Iterable[Path],
    sets: Iterable[InstanceSet],
    folder: Path,
    *,
    author: str = "",
    keep: bool = True,
) -> Iterator[Verdict]:
    """Offer answers and solutions to a table of best known values.

    Parameters
    ----------
    results : iterable of path
        Answer files, solution files, and folders of such.
    sets : iterable of InstanceSet
        Whose instances may have records.
    folder : path
        Of the records.
    author : str
        Of answers that name none.
    keep : bool
        False: nothing is written.

    Yields
    ------
    Verdict
        One for each answer, and for each solution that belongs to no answer.

    Raises
    ------
    FileError
        Where the folder cannot be written to.
    """
    known = list(sets)
    for path in offered_files(results):
        name = ""
        try:
            offer = read_offer(path, author)
            instance = _instance(known, offer.instance_sha256)
            name = instance.name
            record = _current(folder, instance)
            changed, certificate, news = judge(record, instance, offer)
        except (Refusal, DmoeError) as refusal:
            yield Verdict(path, name, REFUSED, str(refusal))
            continue
        if keep and changed != record:
            _write(record, changed, instance, offer, certificate, folder)
        yield Verdict(path, name, ACCEPTED if news else UNCHANGED, "; ".join(news) or "known")


def _instance(sets: Iterable[InstanceSet], sha256: str) -> Instance:
    for chosen in sets:
        instance = chosen.find(sha256)
        if instance is not None:
            return instance
    raise Refusal(f"no instance of these sets has SHA-256 {sha256[:12]}...")


def _current(folder: Path, instance: Instance) -> Record:
    path = record_path(folder, instance.name)
    if not path.exists():
        return blank_record(instance)
    record = read_record(path)
    if record.instance_sha256 != instance.sha256:
        raise Refusal(f"{path} is about another instance of that name")
    return record


def _write(
    before: Record,
    record: Record,
    instance: Instance,
    offer: Offer,
    certificate: Certificate | None,
    folder: Path,
) -> None:
    """Write what changed; the record last, so that it never names what is not there."""
    make_folder(folder)
    if record.found is not before.found and offer.solution is not None:
        signed = replace(offer.solution, objective=record.objective_j)
        write_solution(signed, witness_path(folder, instance.name), instance)
    if certificate is not None:
        write_certificate(certificate, certificate_path(folder, instance.name))
    write_record(record, folder)
    if before.certified and not record.certified:
        certificate_path(folder, instance.name).unlink(missing_ok=True)
