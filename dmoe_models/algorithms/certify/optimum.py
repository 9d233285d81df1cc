"""Solve an instance and certify the answer: a solution, and a proof that none is better.

The proof is verified as soon as it is made, in exact arithmetic and by code that shares nothing
with what made it (`dmoe_models.referee`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from dmoe_models.model.instance import Instance, require_instance
from dmoe_models.model.solution import Outcome, Solution
from dmoe_models.referee.certificate import Certificate, CertificateReport, verify_certificate
from dmoe_models.referee.exact_arithmetic import rounded_down, static_energy
from dmoe_models.referee.p1_tree import p1_bound
from dmoe_models.values.value import Value


@dataclass(frozen=True, eq=False)
class Certified(Value):
    """What `certify` hands back.

    Attributes
    ----------
    solution : Solution or None
        The best that was found.
    certificate : Certificate
    report : CertificateReport
        The verifier's verdict on the certificate: it has been verified once already.
    """

    solution: Solution | None
    certificate: Certificate
    report: CertificateReport


def certify(instance: Instance, *, seed: int = 0, time_limit: float | None = None) -> Certified:
    """Solve an instance, P1 or P2, and prove that nothing is better; verify the proof.

    Parameters
    ----------
    instance : Instance
    seed : int
        Of the local search (P2).
    time_limit : float, optional
        Seconds for solving; past it the best solution and the best bound are certified.

    Returns
    -------
    Certified
        Where `report.ok` is false the certificate proves nothing, and should not be handed on.
    """
    require_instance(instance)
    if instance.problem == "P1":
        return _certify_p1(instance, time_limit)
    return _certify_p2(instance, seed, time_limit)


def _certify_p1(instance: Instance, time_limit: float | None) -> Certified:
    from dmoe_models.algorithms.certify.p1 import prove_p1

    outcome, tokens = prove_p1(instance, time_limit=time_limit)
    proved = p1_bound(instance, tokens)
    bound = None if proved is None else rounded_down(proved + static_energy(instance))
    return _certified(instance, outcome, bound, {"tokens": tokens})


def _certify_p2(instance: Instance, seed: int, time_limit: float | None) -> Certified:
    from dmoe_models.algorithms.certify.p2 import prove_p2

    outcome, claim, proof = prove_p2(instance, seed=seed, time_limit=time_limit)
    return _certified(instance, outcome, None if claim == math.inf else claim, proof)


def _certified(
    instance: Instance, outcome: Outcome, bound: float | None, proof: dict[str, object]
) -> Certified:
    certificate = Certificate(instance.problem, bound, proof, instance.name, instance.sha256)
    return Certified(outcome.solution, certificate, verify_certificate(instance, certificate))
