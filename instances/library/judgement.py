"""What an offer changes in a record, or why it is refused.

Nothing is taken on trust that can be checked. The referee recomputes a witness in exact arithmetic.
A bound that comes with a certificate is proved by it. A bound without one is accepted only of a
method of this package that proves bounds, which can be run again, and the record says
that no certificate stands behind it; a witness below it refutes it, and it is withdrawn.
"""

from __future__ import annotations

import math
from dataclasses import replace

from dmoe_models.model.gap import OPTIMALITY_GAP, relative_gap
from dmoe_models.model.instance import Instance
from dmoe_models.model.solution import Solution
from dmoe_models.referee.certificate import Certificate, verify_certificate
from dmoe_models.referee.check import check
from dmoe_models.solving.answers import Provenance
from dmoe_models.solving.catalogue import METHODS
from instances.library.offer import Offer, Refusal
from instances.library.record import INFEASIBLE, OPTIMAL, Event, Record

SAME = 1e-12
"""Relative difference up to which an energy or a bound is rounding and no improvement."""

ROUNDING = 1e-9
"""Relative room for the rounding of bounds that no certificate proves; they are set back by it."""


def judge(
    record: Record, instance: Instance, offer: Offer
) -> tuple[Record, Certificate | None, list[str]]:
    """Return the record after an offer, its new certificate if any, and what is new in it.

    Parameters
    ----------
    record : Record
        What is known before.
    instance : Instance
        That of the record and of the offer.
    offer : Offer

    Returns
    -------
    record : Record
    certificate : Certificate or None
        To be written beside the record.
    news : list of str
        A line for each improvement; none where the record stays as it is.

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
        better = False  # a proof that can be verified is worth more than a claim
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


def _bound(instance: Instance, offer: Offer, known_j: float) -> tuple[float, bool]:
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


def _measures(instance: Instance, offer: Offer, energy_j: float, bound_j: float) -> bool:
    """Whether a run shows how hard an instance is: an exact method's own, with default options.

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
