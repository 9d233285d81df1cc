"""Offers to a table of best known values: who accepts them, and who refuses them and why.

Nothing is taken on trust that can be checked. The referee recomputes a witness in exact arithmetic.
A bound that comes with a certificate is proved by it. A bound without one is accepted only of a
method of this package that proves bounds, since anybody can run that again, and the record says
that no certificate stands behind it; a witness below it refutes it, and it is withdrawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from dmoe_models.algorithms.certify.certificates import (
    Certificate,
    read_certificate,
    write_certificate,
)
from dmoe_models.errors import DmoeError
from dmoe_models.files.paths import make_folder
from dmoe_models.files.solutions import read_solution, write_solution
from dmoe_models.model.gap import OPTIMALITY_GAP, relative_gap
from dmoe_models.model.instance import Instance
from dmoe_models.model.solution import Solution
from dmoe_models.referee.certificate import verify_certificate
from dmoe_models.referee.check import check
from dmoe_models.solving.answers import (
    ANSWER_SUFFIX,
    CERTIFICATE_SUFFIX,
    SOLUTION_SUFFIX,
    Answer,
    Provenance,
    read_answer,
)
from dmoe_models.solving.catalogue import METHODS
from instances.library.record import (
    INFEASIBLE,
    OPTIMAL,
    Event,
    Record,
    blank_record,
    certificate_path,
    read_record,
    record_path,
    witness_path,
    write_record,
)
from instances.library.set_file import InstanceSet

SAME = 1e-12
"""Relative difference up to which an energy or a bound is rounding and no improvement."""

ROUNDING = 1e-9
"""Relative room for the rounding of bounds that no certificate proves; they are set back by it."""

DECISIONS = ACCEPTED, UNCHANGED, REFUSED = "accepted", "unchanged", "refused"


class Refusal(Exception):
    """Why an offer is refused, in one line."""


@dataclass(frozen=True)
class Verdict:
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


@dataclass(frozen=True)
class _Offer:
    """What stands in a file and in those that it names."""

    instance_sha256: str
    bound_j: float
    solution: Solution | None
    certificate: Certificate | None
    run: Provenance


def update(
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
    InstanceFileError
        Where the folder cannot be written to.
    """
    known = list(sets)
    for path in _files(results):
        name = ""
        try:
            offer = _read(path, author)
            instance = _instance(known, offer.instance_sha256)
            name = instance.name
            record = _current(folder, instance)
            changed, certificate, news = _judge(record, instance, offer)
        except (Refusal, DmoeError) as refusal:
            yield Verdict(path, name, REFUSED, str(refusal))
            continue
        if keep and changed != record:
            _write(record, changed, instance, offer, certificate, folder)
        yield Verdict(path, name, ACCEPTED if news else UNCHANGED, "; ".join(news) or "known")


# ------------------------------------------------------------------------------- what is offered


def _files(results: Iterable[Path]) -> Iterator[Path]:
    """Yield answers, and solutions that no answer names."""
    for path in results:
        if not path.is_dir():
            yield path
            continue
        answers = sorted(path.glob(f"*{ANSWER_SUFFIX}"))
        yield from answers
        stems = {answer.name.removesuffix(ANSWER_SUFFIX) for answer in answers}
        for solution in sorted(path.glob("*.json")):
            stem = solution.name.removesuffix(SOLUTION_SUFFIX)
            others = (ANSWER_SUFFIX, CERTIFICATE_SUFFIX)
            if stem not in stems and not solution.name.endswith(others):
                yield solution


def _read(path: Path, author: str) -> _Offer:
    if not path.name.endswith(ANSWER_SUFFIX):
        solution = read_solution(path)
        if solution.instance_sha256 is None:
            raise Refusal("the solution does not say which instance it is for")
        run = Provenance(method="not told", author=author)
        return _Offer(solution.instance_sha256, -math.inf, solution, None, run)
    answer = read_answer(path)
    run = answer.run if answer.run.author else replace(answer.run, author=author)
    return _Offer(
        answer.instance_sha256,
        answer.bound_j,
        _beside(path, answer),
        read_certificate(path.parent / answer.certificate) if answer.certificate else None,
        run,
    )


def _beside(path: Path, answer: Answer) -> Solution | None:
    if not answer.solution:
        return None
    solution = read_solution(path.parent / answer.solution)
    if solution.instance_sha256 != answer.instance_sha256:
        raise Refusal(f"{answer.solution} is for another instance than the answer")
    return solution


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


# --------------------------------------------------------------------------------- what is right


def _judge(
    record: Record, instance: Instance, offer: _Offer
) -> tuple[Record, Certificate | None, list[str]]:
    """Return the record after an offer, its new certificate if any, and what is new in it.

    Raises
    ------
    Refusal
        For a witness that fails, a wrong objective, a bound that is not proved, and a bound above
        the energy of a solution.
    """
    energy = _energy(instance, offer.solution)
    known = min(energy, record.objective_j if record.found else math.inf)
    bound, certified = _bound(instance, offer, known)
    changed, news = record, []
    if energy < math.inf and record.bound_j > energy:
        if record.certified and not _same(record.bound_j, energy):
            raise _contradiction(energy, record.bound_j)
        if record.bound_j <= energy * (1 + ROUNDING):
            changed = replace(changed, bound_j=energy)
        else:
            event = Event(what="bound withdrawn", value_j=record.bound_j, run=offer.run)
            changed = replace(
                changed, bound_j=-math.inf, proved=None, history=(*changed.history, event)
            )
            news.append(f"bound of {record.bound_j:.9g} J is refuted and withdrawn")
    if energy < math.inf and (record.found is None or _less(energy, record.objective_j)):
        event = Event(what="objective", value_j=energy, run=offer.run)
        before = "none" if record.found is None else f"{record.objective_j:.9g} J"
        changed = replace(
            changed, objective_j=energy, found=offer.run, history=(*changed.history, event)
        )
        news.append(f"objective {energy:.9g} J (before: {before})")
    better = bound > changed.bound_j and not _same(bound, changed.bound_j)
    if changed.certified and not certified:
        better = False  # a proof that anybody can verify is worth more than somebody's word
    proved_now = certified and not changed.certified and bound >= changed.bound_j * (1 - ROUNDING)
    if better or proved_now:
        event = Event(what="bound", value_j=bound, certified=certified, run=offer.run)
        before = "none" if changed.bound_j == -math.inf else f"{changed.bound_j:.9g} J"
        changed = replace(
            changed,
            bound_j=bound,
            certified=certified,
            proved=offer.run,
            history=(*changed.history, event),
        )
        how = "certified" if certified else "without a certificate"
        news.append(f"bound {bound:.9g} J, {how} (before: {before})")
    if _measures(instance, offer, energy, bound):
        last = changed.measured.get(offer.run.method)
        if last is None or _preferred(offer.run) > _preferred(last):
            changed = replace(changed, measured=changed.measured | {offer.run.method: offer.run})
            news.append(f"{offer.run.method} measured: {offer.run.status}")
    new = offer.certificate if changed.certified and changed.proved is offer.run else None
    return changed, new, news


def _contradiction(energy_j: float, proved_j: float) -> Refusal:
    return Refusal(
        f"a witness has {energy_j!r} J and a certificate proves {proved_j!r} J: one of the two "
        "checks is wrong, please report this"
    )


def _energy(instance: Instance, solution: Solution | None) -> float:
    """Return the referee's energy of a solution, J; infinite where there is none."""
    if solution is None:
        return math.inf
    report = check(instance, solution)
    if not report.ok:
        first = report.violations[0]
        more = len(report.violations) - 1
        text = f"the referee finds {first.constraint}: {first.message}"
        raise Refusal(text + (f", and {more} more" if more else ""))
    return report.energy_j


def _bound(instance: Instance, offer: _Offer, known_j: float) -> tuple[float, bool]:
    """Return the bound of an offer, J, and whether a certificate proves it.

    Without a certificate it is that of a method that proves bounds, or none. It is at most the
    energy of the best solution: what is above by rounding is set back.
    """
    bound, certified = offer.bound_j, False
    if offer.certificate is not None:
        report = verify_certificate(instance, offer.certificate)
        if not report.ok:
            raise Refusal(f"the certificate fails: {report.reasons[0]}")
        bound, certified = report.bound_j, True
        if bound > known_j and not _same(bound, known_j):
            raise _contradiction(known_j, bound)
    if bound > known_j * (1 + ROUNDING):
        raise Refusal(f"a bound of {bound!r} J is above a known solution of {known_j!r} J")
    if not certified and not _proves_bounds(offer.run, instance, ("exact", "bound")):
        bound = -math.inf
    return min(bound, known_j), certified


def _measures(instance: Instance, offer: _Offer, energy_j: float, bound_j: float) -> bool:
    """Whether a run tells how hard an instance is: an exact method's own, with default options.

    Who says "optimal" has to show a witness and the bound that meets it.
    """
    default = set(offer.run.options) <= {"seed"}
    if not (default and _proves_bounds(offer.run, instance, ("exact",))):
        return False
    if offer.run.status == INFEASIBLE:
        return bound_j == math.inf
    gap = relative_gap(energy_j, bound_j, instance.static_total_j)
    return offer.run.status != OPTIMAL or (energy_j < math.inf and gap <= OPTIMALITY_GAP)


def _preferred(run: Provenance) -> tuple[bool, float, str]:
    """Order measurements: one that proves something first, then the longer, then the later one."""
    limit = math.inf if run.time_limit_s is None else run.time_limit_s
    return run.status in (OPTIMAL, INFEASIBLE), limit, run.date


def _proves_bounds(run: Provenance, instance: Instance, kinds: tuple[str, ...]) -> bool:
    """Whether a method of this package, of one of some kinds, gave the answer to this problem."""
    method = METHODS.get(run.method)
    return (
        method is not None
        and method.kind == run.kind
        and method.kind in kinds
        and instance.problem in method.problems
    )


def _same(a: float, b: float) -> bool:
    return a == b or (math.isfinite(a - b) and abs(a - b) <= SAME * max(abs(a), abs(b)))


def _less(a: float, b: float) -> bool:
    return a < b and not _same(a, b)


def _write(
    before: Record,
    record: Record,
    instance: Instance,
    offer: _Offer,
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
