"""Judge offers to a table of best known values one after the other, and keep what is better."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from dmoe_models.errors import DmoeError
from dmoe_models.files.certificates import write_certificate
from dmoe_models.files.folders import filled_folder
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
        One for each answer, and for each solution that belongs to no answer. What was accepted is
        written after the last of them: where one of the files cannot be written, none is.

    Raises
    ------
    FileError
        Where the folder cannot be written to.
    DmoeError
        For a set whose file names code, where that is not permitted.
    """
    known = list(sets)
    for chosen in known:
        chosen.require_permitted()
    aside: Path | None = None
    outdated: set[str] = set()
    with ExitStack() as stack:
        for path in offered_files(results):
            name = ""
            try:
                offer = read_offer(path, author)
                instance = _instance(known, offer.instance_sha256)
                name = instance.name
                record = _current([folder] if aside is None else [aside, folder], instance)
                changed, certificate, news = judge(record, instance, offer)
            except (Refusal, DmoeError) as refusal:
                yield Verdict(path, name, REFUSED, str(refusal))
                continue
            if keep and changed != record:
                aside = aside or stack.enter_context(filled_folder(folder))
                _write(record, changed, instance, offer, certificate, aside, outdated)
            yield Verdict(path, name, ACCEPTED if news else UNCHANGED, "; ".join(news) or "known")
    for certificate_file in outdated:
        (folder / certificate_file).unlink(missing_ok=True)


def _instance(sets: Iterable[InstanceSet], sha256: str) -> Instance:
    for chosen in sets:
        instance = chosen.find(sha256)
        if instance is not None:
            return instance
    raise Refusal(f"no instance of these sets has SHA-256 {sha256[:12]}...")


def _current(folders: Sequence[Path], instance: Instance) -> Record:
    """Return the record of an instance, from the first folder that has one."""
    paths = [record_path(folder, instance.name) for folder in folders]
    path = next((path for path in paths if path.exists()), None)
    if path is None:
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
    outdated: set[str],
) -> None:
    """Write what changed, the record last; keep count of certificates that hold no longer."""
    if record.found is not before.found and offer.solution is not None:
        signed = replace(offer.solution, objective=record.objective_j)
        write_solution(signed, witness_path(folder, instance.name), instance)
    own = certificate_path(folder, instance.name)
    if certificate is not None:
        write_certificate(certificate, own)
        outdated.discard(own.name)
    write_record(record, folder)
    if before.certified and not record.certified:
        own.unlink(missing_ok=True)
        outdated.add(own.name)
