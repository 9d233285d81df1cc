"""The referee: everything that a solution must satisfy, decided again in exact arithmetic.

Every quantity is derived again from the fields that an instance was constructed with, sharing no
code with the evaluator, the channel model, the relevance rules or any algorithm.
"""

from __future__ import annotations

import html
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice

import numpy as np
import pandas as pd

from dmoe_models.model.instance import Instance, require_instance
from dmoe_models.model.solution import Solution, require_solution
from dmoe_models.referee.exact_arithmetic import (
    UNIT_BITS,
    exact_need,
    exact_rates,
    exact_sum,
    exact_units,
    nearest_double,
)
from dmoe_models.values.value import Value

OBJECTIVE_TOLERANCE = Fraction(1, 10**9)
"""Largest relative error of a claimed objective."""

SHOWN = 20
"""Violations that a report prints; its list and its table always hold all of them."""

Link = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Violation(Value):
    """One way in which a solution is wrong.

    Attributes
    ----------
    constraint : str
        ``C1`` (relevance, index: token), ``C2`` (sparsity, token), ``C3`` (exclusivity,
        subcarrier), ``link`` (tokens but no subcarrier of positive rate; source, expert),
        ``assignment`` (departs from that of a P1 instance; source, expert), ``index`` (a subcarrier
        that does not exist, or one on the diagonal), ``shape``, ``objective`` (a wrong claim) or
        ``instance`` (made for another one).
    index : tuple of int
        Where; empty where the whole solution is meant.
    amount : float
        How much is missing or too much: score for C1, experts for C2, links for C3, tokens for
        ``link``, subcarriers for ``assignment`` and ``index``, entries for ``shape``, joules for
        ``objective``; zero where nothing can be measured.
    message : str
        One line for a person.
    """

    constraint: str
    index: tuple[int, ...]
    amount: float
    message: str


@dataclass(frozen=True, eq=False, repr=False)
class CheckReport(Value):
    """The verdict on a solution.

    Attributes
    ----------
    ok : bool
        There is no violation.
    violations : list of Violation
        All of them.
    energy_j : float
        The exact energy, rounded once, J; infinite where a loaded link has no rate, NaN where it
        cannot be computed (wrong shape, a loaded link on a subcarrier that does not exist).
    instance : str
        Name of the instance.
    """

    ok: bool
    violations: list[Violation] = field(default_factory=list)
    energy_j: float = math.nan
    instance: str = ""

    @property
    def counts(self) -> dict[str, int]:
        """Number of violations of each constraint that is violated."""
        return dict(Counter(violation.constraint for violation in self.violations))

    @property
    def verdict(self) -> str:
        """``valid``, or the violated constraints with their numbers, as in ``C1 x 3, link x 1``."""
        return ", ".join(f"{name} x {n}" for name, n in self.counts.items()) or "valid"

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per violation: constraint, index, amount, message."""
        rows = [(v.constraint, v.index, v.amount, v.message) for v in self.violations]
        return pd.DataFrame(rows, columns=["constraint", "index", "amount", "message"])

    def __repr__(self) -> str:
        head = f"CheckReport({self.instance!r}: {self.verdict}, energy={self.energy_j:.9g} J)"
        lines = [f"  {v.constraint}: {v.message}" for v in self.violations[:SHOWN]]
        return "\n".join([head, *lines, *self._unshown()])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(v.constraint)}</td>"
            f"<td style='text-align:left'>{html.escape(v.message)}</td></tr>"
            for v in self.violations[:SHOWN]
        )
        rest = "".join(f"<p>{line.strip()}</p>" for line in self._unshown())
        title = f"{self.instance}: {self.verdict}, {self.energy_j:.9g} J"
        return f"<table><caption>{html.escape(title)}</caption>{rows}</table>{rest}"

    def _unshown(self) -> list[str]:
        more = len(self.violations) - SHOWN
        return [f"  ... and {more} more"] if more > 0 else []


def check(instance: Instance, solution: Solution, objective: float | None = None) -> CheckReport:
    """Verify a solution, in exact arithmetic and without stopping at the first fault.

    Parameters
    ----------
    instance : Instance
        Only the fields it was constructed with are read (and its hash).
    solution : Solution
        With neither an assignment nor subcarriers, that of a P1 instance is taken; on a P2
        instance it has none.
    objective : float, optional
        A claimed energy, J, verified like ``solution.objective``.

    Returns
    -------
    CheckReport

    Raises
    ------
    DmoeError
        For an argument that is no Instance, or no Solution.
    """
    require_instance(instance)
    require_solution(solution)
    violations = [*_other_instance(instance, solution), *_wrong_shapes(instance, solution)]
    energy = math.nan
    if not any(violation.constraint == "shape" for violation in violations):
        owned, nonexistent = _ownership(instance, solution)
        counts = _token_counts(instance, solution)
        rates = _link_rates(instance, owned, counts)
        violations += _relevance_and_sparsity(instance, solution)
        violations += nonexistent
        violations += _exclusivity(owned)
        violations += _departures(instance, owned)

        outside = {violation.index for violation in nonexistent} & counts.keys()
        without_rate = [link for link in counts if link not in rates and link not in outside]
        violations += [
            Violation(
                "link",
                link,
                float(counts[link]),
                f"link {link[0]} -> {link[1]} carries {counts[link]} token(s) without a subcarrier "
                "of positive rate",
            )
            for link in without_rate
        ]
        if not outside:
            exact = None if without_rate else _energy(instance, solution, owned, counts, rates)
            energy = math.inf if exact is None else nearest_double(exact)
            violations += _wrong_claims([objective, solution.objective], exact, energy)
    return CheckReport(not violations, violations, energy, instance.name)


def _other_instance(instance: Instance, solution: Solution) -> Iterator[Violation]:
    claimed = solution.instance_sha256
    if claimed is not None and claimed != instance.sha256:
        yield Violation(
            "instance",
            (),
            0.0,
            f"made for an instance with sha256 {claimed[:12]}..., not for {instance.name} with "
            f"{instance.sha256[:12]}...",
        )


def _wrong_shapes(instance: Instance, solution: Solution) -> Iterator[Violation]:
    tokens, experts = instance.gate_scores.shape
    for name, expected in (
        ("selection", (tokens, experts)),
        ("assignment", (experts, experts)),
        ("subcarriers", instance.gain.shape),
    ):
        array = getattr(solution, name)
        if array is not None and array.shape != expected:
            yield Violation(
                "shape",
                (),
                float(abs(array.size - math.prod(expected))),
                f"{name} has shape {array.shape}, expected {expected}",
            )


def _ownership(
    instance: Instance, solution: Solution
) -> tuple[dict[Link, list[int]], list[Violation]]:
    """Return the existing subcarriers of every link i != j, and what names none of them."""
    owned: dict[Link, list[int]] = {}
    wrong = []
    last = instance.gain.shape[2] - 1
    name = "assignment" if solution.subcarriers is None else "subcarriers"
    for i, j, m in _named_subcarriers(instance, solution):
        entry = (i, j) if name == "assignment" else (i, j, m)
        if not 0 <= m <= last:
            amount = float(max(m - last, -1 - m))
            text = f"{_entry(name, entry)} = {m} is not a subcarrier (-1 to {last})"
            wrong.append(Violation("index", (i, j), amount, text))
        elif i == j:
            text = f"{_entry(name, entry)}: subcarrier {m} on the diagonal, where there is no link"
            wrong.append(Violation("index", entry, 1.0, text))
        else:
            owned.setdefault((i, j), []).append(m)
    return owned, wrong


def _entry(name: str, index: Sequence[int]) -> str:
    """Return the name of an entry of an array, as in ``assignment[3,0]``."""
    return f"{name}[{','.join(map(str, index))}]"


def _named_subcarriers(instance: Instance, solution: Solution) -> Iterable[Sequence[int]]:
    """Yield (i, j, m) for every subcarrier that the solution gives away, in whichever form."""
    if solution.subcarriers is not None:
        return (entry.tolist() for entry in np.argwhere(solution.subcarriers))
    assignment = instance.assignment if solution.assignment is None else solution.assignment
    if assignment is None:
        return ()
    return ((i, j, int(assignment[i, j])) for i, j in np.argwhere(assignment != -1).tolist())


def _token_counts(instance: Instance, solution: Solution) -> dict[Link, int]:
    """Return n[i, j] of every link i != j that carries tokens."""
    tokens, experts = np.nonzero(solution.selection)
    pairs = np.stack([instance.source[tokens], experts], axis=1)
    links, counts = np.unique(pairs, axis=0, return_counts=True)
    return {(i, j): n for (i, j), n in zip(links.tolist(), counts.tolist(), strict=True) if i != j}


def _relevance_and_sparsity(instance: Instance, solution: Solution) -> Iterator[Violation]:
    numbers = solution.selection.sum(axis=1).tolist()
    chosen = iter(instance.gate_scores[solution.selection].tolist())  # token by token
    for token, (number, need) in enumerate(zip(numbers, exact_need(instance), strict=True)):
        missing = exact_units(need) - sum(map(exact_units, islice(chosen, number)))
        if missing > 0:
            amount = missing / (1 << UNIT_BITS)
            yield Violation(
                "C1",
                (token,),
                amount,
                f"token {token}: the scores of its {number} expert(s) miss need = {need!r} "
                f"by {amount:.6g}",
            )
        if number > instance.max_experts:
            yield Violation(
                "C2",
                (token,),
                float(number - instance.max_experts),
                f"token {token}: {number} experts, at most {instance.max_experts} are allowed",
            )


def _exclusivity(owned: dict[Link, list[int]]) -> Iterator[Violation]:
    owners: dict[int, list[Link]] = {}
    for link, subcarriers in owned.items():
        for m in subcarriers:
            owners.setdefault(m, []).append(link)
    for m, links in sorted(owners.items()):
        if len(links) > 1:
            named = ", ".join(f"{i} -> {j}" for i, j in links[:SHOWN])
            text = f"subcarrier {m} belongs to {len(links)} links: {named}"
            yield Violation("C3", (m,), float(len(links) - 1), text)


def _departures(instance: Instance, owned: dict[Link, list[int]]) -> Iterator[Violation]:
    """Yield the links of a P1 instance that the solution gives other subcarriers than it says."""
    if instance.assignment is None:
        return
    for (i, j), subcarriers in owned.items():
        given = int(instance.assignment[i, j])
        others = [m for m in subcarriers if m != given]
        if others:
            has = "none" if given == -1 else str(given)
            text = f"link {i} -> {j} uses subcarrier {others[0]}, the instance gives it {has}"
            yield Violation("assignment", (i, j), float(len(others)), text)


def _link_rates(
    instance: Instance, owned: dict[Link, list[int]], counts: dict[Link, int]
) -> dict[Link, Fraction]:
    """Return the total rate, bit/s, of every loaded link on which it is positive."""
    rate = exact_rates(instance)
    totals = {
        (i, j): sum((rate(gain) for gain in instance.gain[i, j, owned[i, j]].tolist()), Fraction(0))
        for i, j in counts
        if (i, j) in owned
    }
    return {link: total for link, total in totals.items() if total > 0}


def _energy(
    instance: Instance,
    solution: Solution,
    owned: dict[Link, list[int]],
    counts: dict[Link, int],
    rates: dict[Link, Fraction],
) -> Fraction:
    """Return the energy, J, of a solution whose loaded links all have a positive rate."""
    work = Fraction(instance.transmit_power_w) * Fraction(instance.hidden_state_bits)
    transmission = [work * len(owned[link]) * n / rates[link] for link, n in counts.items()]
    served = solution.selection.sum(axis=0).tolist()
    computation = [
        Fraction(energy) * number
        for energy, number in zip(instance.computation_energy_j.tolist(), served, strict=True)
    ]
    return exact_sum(
        [*transmission, *computation, *map(Fraction, instance.static_energy_j.tolist())]
    )


def _wrong_claims(
    claims: Iterable[float | None], exact: Fraction | None, energy: float
) -> Iterator[Violation]:
    """Yield the claimed objectives that are off by more than 1e-9; `exact` None is infinity."""
    for claim in dict.fromkeys(float(claim) for claim in claims if claim is not None):
        if exact is None or not math.isfinite(claim):
            right = exact is None and claim == math.inf
            amount = math.inf
        else:
            error = abs(Fraction(claim) - exact)
            right = error <= OBJECTIVE_TOLERANCE * exact
            amount = nearest_double(error)
        if not right:
            text = f"claimed objective {claim!r} J, but the energy is {energy!r} J"
            yield Violation("objective", (), amount, text)
