"""P1's certificates: for every token a tree whose leaves are bounded by multipliers.

A token's proof is a tree. An inner node asks whether an expert is used; a leaf knows experts
that are used (energy c, score still missing r, s slots left) and experts that are free. It is
empty where the s best free scores miss r. Otherwise, for any lambda, mu >= 0, every set S of its
free experts with score at least r and at most s members has

    c + sum_S e  >=  c + lambda r - mu s + sum_S (e - lambda g + mu)
                 >=  c + lambda r - mu s + sum over free experts of min(0, e - lambda g + mu).

A token's bound is the least over its leaves, and the round's the sum over its tokens. Scores are
compared exactly.

Arithmetic is that of whole numbers: energies are rounded *down* to multiples of 2**-1100 J, and the
bounds are non-decreasing functions of them, so they stay bounds. Multipliers need no care, since
whatever they are the bound that they give is true.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from dmoe_models.model.instance import Instance
from dmoe_models.referee.exact_arithmetic import (
    exact_need,
    joules_below,
    rounded_down,
    static_energy,
)
from dmoe_models.referee.proof_reading import RefusedError, list_of, member, price, quote

_BITS = 1100  # energies are multiples of 2**-1100 J


def require_claim(instance: Instance, proof: Mapping[str, Any], claim: float | None) -> None:
    """Verify the claim of a P1 certificate.

    Parameters
    ----------
    instance : Instance
    proof : mapping
        ``tokens``, as it stands in the file.
    claim : float or None
        Bound to be proved, J; None: that there is no solution.

    Raises
    ------
    RefusedError
        Where it is not proved.
    """
    proved = p1_bound(instance, member(dict(proof), "tokens"))
    if proved is None:
        return  # no solution: no claim can be too high
    if claim is None:
        raise RefusedError("every token may have a set of experts, where none is claimed for one")
    proved += static_energy(instance)
    if proved < Fraction(claim):
        raise RefusedError(
            f"the proof shows {rounded_down(proved)!r} J, less than bound_j = {claim!r} J"
        )


def p1_bound(instance: Instance, tokens: Any) -> Fraction | None:
    """Return what the tokens' proofs show, J without static energy; None: a token has no set.

    Parameters
    ----------
    instance : Instance
        A P1 instance.
    tokens : list
        Every token's ``tree`` and ``multipliers``, as they stand in the file.

    Raises
    ------
    RefusedError
        Where a tree is none.
    """
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
            if isinstance(proof, dict) and not set(proof) <= {"tree", "multipliers"}:
                raise RefusedError(f"a proof is of tree and multipliers, not {quote(proof)}")
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
        lam, mu = (_units(price(x, f"tree[{position}]: multiplier")) for x in pair)
        best = sorted((g[j] for j in free), reverse=True)
        if left < 0 or sum(best[:left]) < missing:
            continue  # nothing in this leaf
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
