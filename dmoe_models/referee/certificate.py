"""The referee of certificates: does this proof show that no solution costs less than the claim?

Like the referee of solutions it trusts nobody's work and shares no code with the algorithms. All
arithmetic is that of whole numbers. Energies are rounded to whole multiples of a small unit, always
*down*: every bound below is a non-decreasing function of them, so it stays a bound. Multipliers and
prices need no care, since whatever they are the bound they give is true.

P1. A token's proof is a tree. An inner node asks whether an expert is used; a leaf knows experts
that are used (energy c, score still missing r, s slots left) and experts that are free. It is
empty where the s best free scores miss r. Otherwise, for any lambda, mu >= 0, every set S of its
free experts with score at least r and at most s members has

    c + sum_S e  >=  c + lambda r - mu s + sum_S (e - lambda g + mu)
                 >=  c + lambda r - mu s + sum over free experts of min(0, e - lambda g + mu).

A token's bound is the least over its leaves, and the round's the sum over its tokens. Scores are
compared exactly.

P2 is proved in `dmoe_models.referee.p2_tree`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from dmoe_models.files.certificates import Certificate, rounded_down
from dmoe_models.input_checks import quote
from dmoe_models.model.instance import Instance
from dmoe_models.referee.check import exact_need, exact_rates

_BITS = 1100  # energies of P1 are multiples of 2**-1100 J
_RATE_ERROR = Fraction(1, 10**50)  # rates are right to over 55 digits


class RefusedError(Exception):
    """A proof is not one; the text says where and why."""


@dataclass(frozen=True)
class CertificateReport:
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
    """
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
            if instance.problem == "P1":
                _require_p1(instance, certificate)
            else:
                from dmoe_models.referee.p2_tree import require_claim

                require_claim(instance, certificate)
        except RefusedError as refusal:
            reasons.append(str(refusal))
    if reasons:
        return CertificateReport(False, reasons=reasons, instance=instance.name)
    bound = math.inf if claim is None else float(claim)
    return CertificateReport(True, bound, instance=instance.name)


# --------------------------------------------------------------------------------- what all share


def joules_below(instance: Instance) -> Callable[[float], Fraction]:
    """Return what turns a positive gain into joules per token: a rational just below the truth."""
    rate = exact_rates(instance)
    work = Fraction(instance.transmit_power_w) * Fraction(instance.hidden_state_bits)
    return lambda gain: work / rate(gain) * (1 - _RATE_ERROR)


def static_energy(instance: Instance) -> Fraction:
    """Return the energy, J, that is spent whatever is decided."""
    return sum(map(Fraction, instance.static_energy_j.tolist()), Fraction(0))


def member(value: Any, name: str) -> Any:
    """Return an entry of a JSON object; RefusedError where there is none."""
    if not isinstance(value, dict) or name not in value:
        raise RefusedError(f"{name} is missing")
    return value[name]


def list_of(value: Any, where: str, length: int | None = None) -> list[Any]:
    """Return a JSON list, of some length; RefusedError for anything else."""
    if not isinstance(value, (list, tuple)) or (length is not None and len(value) != length):
        size = "" if length is None else f" of {length}"
        raise RefusedError(f"{where}: {quote(value)} is not a list{size}")
    return list(value)


def index(value: Any, where: str, count: int) -> int:
    """Return a whole number from 0 to count - 1; RefusedError for anything else."""
    if type(value) is not int or not 0 <= value < count:
        raise RefusedError(f"{where}: {quote(value)} is not from 0 to {count - 1}")
    return value


def price(value: Any, where: str) -> float:
    """Return a finite number that is not negative; RefusedError for anything else."""
    if type(value) not in (int, float) or not 0 <= value < math.inf:  # NaN fails as well
        raise RefusedError(f"{where}: {quote(value)} is not a finite price of at least 0")
    try:
        return float(value)
    except OverflowError:
        raise RefusedError(f"{where}: {quote(value)} is too large") from None


# --------------------------------------------------------------------------------------------- P1


def p1_bound(instance: Instance, tokens: Any) -> Fraction | None:
    """Return what the tokens' proofs show, J without static energy; None: a token has no set."""
    assert instance.assignment is not None
    joules = joules_below(instance)
    nodes, total = instance.K, 0
    computation = [Fraction(energy) for energy in instance.computation_energy_j.tolist()]
    link: dict[tuple[int, int], Fraction] = {(i, i): Fraction(0) for i in range(nodes)}
    for i, row in enumerate(instance.assignment.tolist()):
        for j, m in enumerate(row):
            gain = float(instance.gain[i, j, m]) if i != j and m >= 0 else 0.0
            if gain > 0:
                link[i, j] = joules(gain)
    need = exact_need(instance)
    for t, proof in enumerate(list_of(tokens, "tokens", len(need))):
        i = int(instance.source[t])
        scores = [float(g) for g in instance.gate_scores[t]]
        usable = {j: link[i, j] + computation[j] for j in range(nodes) if (i, j) in link}
        try:
            bound = _token_bound(
                list_of(member(proof, "tree"), "tree"),
                list_of(member(proof, "multipliers"), "multipliers"),
                usable,
                scores,
                need[t],
                instance.max_experts,
            )
        except RefusedError as refusal:
            raise RefusedError(f"token {t}: {refusal}") from None
        if bound is None:
            return None
        total += bound
    return Fraction(total, 1 << _BITS)


def _token_bound(
    tree: list[Any],
    multipliers: list[Any],
    energy: dict[int, Fraction],
    scores: Sequence[float],
    need: float,
    slots: int,
) -> int | None:
    """Return a token's bound in units of 2**-1100 J; None where it has no set."""
    whole = max(score.as_integer_ratio()[1] for score in (*scores, need))  # scores' denominator
    g = [int(Fraction(score) * whole) for score in scores]
    e = {j: (value.numerator << _BITS) // value.denominator * whole for j, value in energy.items()}
    least: int | None = None
    leaves = iter(multipliers)
    open_nodes = [(0, int(Fraction(need) * whole), slots, frozenset(e))]
    for position, expert in enumerate(tree):
        if not open_nodes:
            raise RefusedError(f"tree[{position}]: the tree is complete before")
        used, missing, left, free = open_nodes.pop()
        if type(expert) is not int or (expert != -1 and expert not in free):
            raise RefusedError(f"tree[{position}]: {quote(expert)} is not a free expert or -1")
        if expert >= 0:
            rest = free - {expert}
            open_nodes.append((used, missing, left, rest))
            open_nodes.append((used + e[expert], missing - g[expert], left - 1, rest))
            continue
        pair = list_of(next(leaves, None), f"tree[{position}]: multipliers", 2)
        best = sorted((g[j] for j in free), reverse=True)
        if left < 0 or sum(best[:left]) < missing:
            continue  # nothing in this leaf
        lam, mu = (_units(price(x, f"tree[{position}]: multiplier")) for x in pair)
        saved = sum(min(0, e[j] - lam * g[j] + mu * whole) for j in free)
        bound = used + lam * missing - mu * whole * left + saved
        least = bound if least is None else min(least, bound)
    if open_nodes:
        raise RefusedError(f"tree: {len(open_nodes)} node(s) are missing")
    if next(leaves, None) is not None:
        raise RefusedError("multipliers: there are more than leaves")
    return None if least is None else least // whole


def _units(value: float) -> int:
    """Return a double in units of 2**-1100, rounded down: of prices, any are right."""
    numerator, denominator = value.as_integer_ratio()
    return (numerator << _BITS) // denominator


def _require_p1(instance: Instance, certificate: Certificate) -> None:
    proved = p1_bound(instance, member(dict(certificate.proof), "tokens"))
    if proved is None:
        return  # no solution: no claim can be too high
    if certificate.bound_j is None:
        raise RefusedError("every token may have a set of experts, where none is claimed for one")
    proved += static_energy(instance)
    if proved < Fraction(certificate.bound_j):
        raise RefusedError(
            f"the proof shows {rounded_down(proved)!r} J, less than bound_j = "
            f"{certificate.bound_j!r} J"
        )
