"""Certificates of optimality, and the verdict on one: does its proof show what it claims?

A certificate claims that no solution of an instance costs less than a bound, and carries what is
needed to prove it. Like the check of solutions, that of certificates shares no code with the
algorithms. All its arithmetic is that of whole numbers: energies are
rounded to multiples of a small unit, always *down*, and every bound is a non-decreasing function
of them, so it stays a bound. What is proved, and how, stands in `dmoe_models.referee.p1_tree` and
`dmoe_models.referee.p2_tree`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dmoe_models.errors import require_kind
from dmoe_models.model.instance import Instance, require_instance
from dmoe_models.referee import p1_tree, p2_tree
from dmoe_models.referee.proof_reading import RefusedError, quote
from dmoe_models.values.value import Value


@dataclass(frozen=True, eq=False)
class Certificate(Value):
    """A claim about all solutions of an instance, with its proof.

    Attributes
    ----------
    problem : str
        ``"P1"`` or ``"P2"``.
    bound_j : float or None
        No solution has an energy, J, below this; None: there is no solution at all.
    proof : mapping
        P1: ``tokens``. P2: ``depth`` and ``tree``. Plain JSON values, not looked at before
        `verify_certificate` does.
    instance, instance_sha256 : str
        Name and hash of the instance.
    """

    problem: str
    bound_j: float | None
    proof: Mapping[str, Any]
    instance: str
    instance_sha256: str

    def __repr__(self) -> str:
        claim = "no solution" if self.bound_j is None else f"no solution below {self.bound_j!r} J"
        return f"Certificate({self.instance!r}, {self.problem}: {claim})"


@dataclass(frozen=True, eq=False)
class CertificateReport(Value):
    """The verdict on a certificate.

    Attributes
    ----------
    ok : bool
        The claim is proved.
    bound_j : float
        What is proved: no solution is below, J; +inf where there is none, -inf where the
        certificate is refused.
    reasons : list of str
        Why it is refused; empty where it is not.
    instance : str
        Name of the instance.
    """

    ok: bool
    bound_j: float = -math.inf
    reasons: list[str] = field(default_factory=list)
    instance: str = ""

    @property
    def verdict(self) -> str:
        """What is proved, or why nothing is, in one line."""
        if not self.ok:
            return "refused: " + "; ".join(self.reasons)
        if self.bound_j == math.inf:
            return "proved: there is no solution"
        return f"proved: no solution below {self.bound_j!r} J"


def verify_certificate(instance: Instance, certificate: Certificate) -> CertificateReport:
    """Verify a certificate in exact arithmetic.

    Parameters
    ----------
    instance : Instance
        Only the fields it was constructed with are read (and its hash).
    certificate : Certificate

    Returns
    -------
    CertificateReport
        Of the claim, no more: a proof of more than is claimed proves what is claimed.

    Raises
    ------
    DmoeError
        For an argument that is no Instance, or no Certificate.
    """
    require_instance(instance)
    require_kind("certificate", certificate, Certificate)
    claim = certificate.bound_j
    reasons = []
    if certificate.instance_sha256 != instance.sha256:
        reasons.append(
            f"made for an instance with sha256 {certificate.instance_sha256[:12]}..., not for "
            f"{instance.name} with {instance.sha256[:12]}..."
        )
    if certificate.problem != instance.problem:
        reasons.append(f"made for {quote(certificate.problem)}, the instance is {instance.problem}")
    if claim is not None and not (isinstance(claim, (int, float)) and math.isfinite(claim)):
        reasons.append(f"bound_j = {quote(claim)} is not a finite number")
    if not reasons:
        try:
            verify = p1_tree if instance.problem == "P1" else p2_tree
            verify.require_claim(instance, certificate.proof, claim)
        except RefusedError as refusal:
            reasons.append(str(refusal))
    if reasons:
        return CertificateReport(False, reasons=reasons, instance=instance.name)
    bound = math.inf if claim is None else float(claim)
    return CertificateReport(True, bound, instance=instance.name)
