"""Certified answers: what a verified proof says about an energy, and how it is kept."""

from __future__ import annotations

import time
from typing import Any

from dmoe_models.algorithms.certify.optimum import Certified, certify
from dmoe_models.errors import DmoeError
from dmoe_models.model.gap import relative_gap
from dmoe_models.model.instance import Instance
from dmoe_models.model.solution import Outcome
from dmoe_models.referee.certificate import CertificateReport
from dmoe_models.solving.answers import Answers
from dmoe_models.solving.catalogue import method_for
from dmoe_models.solving.method import CERTIFIER
from dmoe_models.solving.solve import judge


def proof_facts(
    instance: Instance, report: CertificateReport, energy_j: float | None
) -> dict[str, Any]:
    """Return what a certificate proves, also about the energy of a valid solution.

    Parameters
    ----------
    instance : Instance
    report : CertificateReport
        The verifier's verdict on the certificate.
    energy_j : float or None
        Of a solution that the referee accepts, J; None for no solution.

    Returns
    -------
    dict
        `proved`, `bound_j` and `reasons` of the report; with an energy also `energy_j` and `gap`.

    Raises
    ------
    DmoeError
        Where the energy is below the bound: one of the two referees is wrong.
    """
    facts = {"proved": report.ok, "bound_j": report.bound_j, "reasons": report.reasons}
    if energy_j is None:
        return facts
    if energy_j < report.bound_j:
        raise DmoeError(f"a valid solution of {energy_j!r} J, and a proof that there is none")
    gap = relative_gap(energy_j, report.bound_j, instance.static_total_j)
    return facts | {"energy_j": energy_j, "gap": gap}


def certify_answer(
    instance: Instance, answers: Answers, *, seed: int = 0, time_limit: float | None = None
) -> Certified:
    """Certify an instance; keep solution and proof as an answer of the method that finds them.

    Parameters
    ----------
    instance : Instance
    answers : Answers
        The folder; nothing is added where `report.ok` is false.
    seed : int
        Of the local search (P2).
    time_limit : float, optional
        Seconds for solving.

    Returns
    -------
    Certified
    """
    started = time.perf_counter()
    certified = certify(instance, seed=seed, time_limit=time_limit)
    if not certified.report.ok:
        return certified
    runtime = time.perf_counter() - started
    method = method_for(CERTIFIER, instance.problem)
    outcome = Outcome(certified.solution, certified.report.bound_j)
    result = judge(instance, method.name, outcome, certified.report.bound_j, runtime)
    answers.add(
        instance,
        method,
        result,
        options={"seed": seed, "certificate": True},
        time_limit=time_limit,
        certificate=certified.certificate,
    )
    return certified
