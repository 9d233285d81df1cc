"""Enumeration: the optimum of tiny instances by looking at everything, and nothing cleverer.

It exists to be believed. P2 is enumerated over injective assignments of links to subcarriers, each
completed by every token's cheapest feasible set at its prices, or over selections, each completed
by the assignment problem P3: whichever are fewer. P1 is enumerated token by token.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np

from dmoe_models.algorithms.placement.assignment import allocate_subcarriers
from dmoe_models.deadline import Deadline, OutOfTimeError
from dmoe_models.errors import MethodError
from dmoe_models.model.energy import assignment_energy_j, expert_energy_j
from dmoe_models.model.feasible_sets import membership, sets_of_tokens
from dmoe_models.model.instance import Instance
from dmoe_models.model.solution import Outcome, Solution

LIMIT = 500_000
"""Most assignments or selections (P2), or feasible sets (P1), that are enumerated."""

_BATCH = 2048
"""Assignments evaluated at once."""


def exhaustive(
    instance: Instance, *, limit: int = LIMIT, time_limit: float | None = None
) -> Outcome:
    """Solve a tiny instance by enumeration.

    Parameters
    ----------
    instance : Instance
        P1 or P2.
    limit : int
        Most assignments or selections (P2), or feasible sets (P1), to enumerate.
    time_limit : float, optional
        Seconds; past it the best so far is returned without a bound.

    Returns
    -------
    Outcome
        Bound equal to the optimum, +inf where there is no solution. `details`: enumerated (what
        and how many).

    Raises
    ------
    MethodError
        Where there is more to enumerate than `limit`.
    """
    deadline = Deadline(time_limit)
    if isinstance(limit, bool) or limit < 1:
        raise MethodError(f"limit = {limit!r} is not a positive whole number")
    try:
        sets = sets_of_tokens(instance, limit, deadline=deadline)
    except OutOfTimeError as error:
        return Outcome(details={"failed": str(error)})
    if any(not of_token for of_token in sets):
        return Outcome(bound=math.inf, details={"enumerated": "a token without a feasible set"})
    solution: Solution | None
    if instance.assignment is not None:
        selection, variable = _cheapest_sets(instance, sets, instance.assignment)
        number, what = sum(map(len, sets)), "sets"
        solution = Solution(selection, instance.assignment)
        complete = True
    else:
        links, subcarriers = len(instance.links), instance.M
        assignments = math.perm(max(links, subcarriers), min(links, subcarriers))
        selections = math.prod(map(len, sets))
        if min(assignments, selections) > limit:
            raise MethodError(
                f"{_rough(assignments)} assignments and {_rough(selections)} selections are more "
                f"than the limit of {limit} to enumerate"
            )
        if assignments <= selections:
            number, what = assignments, "assignments"
            solution, variable, complete = over_assignments(instance, sets, deadline)
        else:
            number, what = selections, "selections"
            solution, variable, complete = over_selections(instance, sets, deadline)
    static = instance.static_total_j
    details = {"enumerated": f"{number} {what}", "complete": complete}
    return Outcome(
        solution if math.isfinite(variable) else None,
        variable + static if complete else -math.inf,
        details,
    )


def _rough(number: int) -> str:
    """Write a count in three digits, however large it is."""
    if number < 10**15:
        return f"{number:.3g}"
    return f"10^{number.bit_length() * math.log10(2):.0f}"


def _cheapest_sets(
    instance: Instance, sets: list[list[tuple[int, ...]]], assignment: np.ndarray
) -> tuple[np.ndarray, float]:
    """Give every token its cheapest set at the prices of one assignment."""
    energy = expert_energy_j(instance, assignment_energy_j(instance, assignment))
    selection = np.zeros((instance.T, instance.K), dtype=bool)
    total = 0.0
    for token, of_token in enumerate(sets):
        costs = [sum(energy[token, j] for j in experts) for experts in of_token]
        cheapest = int(np.argmin(costs))
        selection[token, list(of_token[cheapest])] = True
        total += costs[cheapest]
    return selection, total


def over_assignments(
    instance: Instance, sets: list[list[tuple[int, ...]]], deadline: Deadline
) -> tuple[Solution | None, float, bool]:
    """Try every way to give as many links as possible distinct subcarriers.

    Assignments that serve fewer links are contained: a further subcarrier never hurts a link, and
    one without gain leaves its price infinite.

    Parameters
    ----------
    instance : Instance
        P2.
    sets : list of lists of tuples
        Minimal feasible sets of every token.
    deadline : Deadline

    Returns
    -------
    solution : Solution or None
        The best that was met.
    energy_j : float
        Its energy without the static part, J; infinite without a solution.
    complete : bool
        Whether everything was tried.
    """
    links, subcarriers = instance.links, instance.M
    energy = instance.transmission_energy_j[links[:, 0], links[:, 1]]
    owned_by_link: Iterator[tuple[int, ...]]
    if len(links) <= subcarriers:
        owned_by_link = itertools.permutations(range(subcarriers), len(links))
    else:
        owned_by_link = (
            _subcarrier_of_link(order, links)
            for order in itertools.permutations(range(len(links)), subcarriers)
        )
    number = {(i, j): q for q, (i, j) in enumerate(links.tolist())}
    # one (S, L) table of used links and one (S,) vector of computation energy for each token
    tables = []
    for token, of_token in enumerate(sets):
        i = int(instance.source[token])
        used = np.zeros((len(of_token), len(links)), dtype=bool)
        for row, experts in enumerate(of_token):
            used[row, [number[i, j] for j in experts if j != i]] = True
        computation = membership(of_token, instance.K) @ instance.computation_energy_j
        tables.append((used, computation))

    best, best_owned = math.inf, None
    rows = np.arange(len(links))
    priced = np.hstack([energy, np.full((len(links), 1), np.inf)])  # column -1: no subcarrier
    while batch := list(itertools.islice(owned_by_link, _BATCH)):
        owned = np.array(batch, dtype=np.int64).reshape(len(batch), len(links))
        prices = priced[rows, owned]
        total = np.zeros(len(batch))
        for used, computation in tables:
            costs = np.where(used, prices[:, None, :], 0.0).sum(axis=2) + computation
            total += costs.min(axis=1)
        cheapest = int(np.argmin(total))
        if total[cheapest] < best:
            best, best_owned = float(total[cheapest]), owned[cheapest]
        if deadline.passed:
            break
    complete = not batch
    if best_owned is None:
        return None, best, complete
    assignment = np.full((instance.K, instance.K), -1)
    assignment[links[:, 0], links[:, 1]] = best_owned
    selection, _ = _cheapest_sets(instance, sets, assignment)
    return Solution(selection, assignment), best, complete


def _subcarrier_of_link(order: tuple[int, ...], links: np.ndarray) -> tuple[int, ...]:
    """Turn "subcarrier m belongs to link order[m]" round, with -1 for links without one."""
    owned = [-1] * len(links)
    for subcarrier, link in enumerate(order):
        owned[link] = subcarrier
    return tuple(owned)


def over_selections(
    instance: Instance, sets: list[list[tuple[int, ...]]], deadline: Deadline
) -> tuple[Solution | None, float, bool]:
    """Try every selection of minimal sets; equal loads are tried once, with the cheapest of them.

    Selections with the same token counts on every link need the same P3, so they are merged while
    the tokens are gone through one by one.

    Parameters
    ----------
    instance : Instance
        P2.
    sets : list of lists of tuples
        Minimal feasible sets of every token.
    deadline : Deadline

    Returns
    -------
    solution : Solution or None
        The best that was met.
    energy_j : float
        Its energy without the static part, J; infinite without a solution.
    complete : bool
        Whether everything was tried.
    """
    nodes = instance.K
    merged: dict[bytes, tuple[float, tuple[int, ...]]] = {
        np.zeros((nodes, nodes), dtype=np.int64).tobytes(): (0.0, ())
    }
    for token, of_token in enumerate(sets):
        i = int(instance.source[token])
        extended: dict[bytes, tuple[float, tuple[int, ...]]] = {}
        for key, (computation, chosen) in merged.items():
            counts = np.frombuffer(key, dtype=np.int64).reshape(nodes, nodes)
            for number, experts in enumerate(of_token):
                new = counts.copy()
                new[i, list(experts)] += 1
                cost = computation + sum(instance.computation_energy_j[j] for j in experts)
                known = extended.get(new.tobytes())
                if known is None or cost < known[0]:
                    extended[new.tobytes()] = (cost, (*chosen, number))
        merged = extended

    best, best_solution = math.inf, None
    for key, (computation, chosen) in merged.items():
        if deadline.passed:
            return best_solution, best, False
        counts = np.frombuffer(key, dtype=np.int64).reshape(nodes, nodes)
        assignment = allocate_subcarriers(counts, instance.transmission_energy_j, instance.links)
        if assignment is None:
            continue
        prices = assignment_energy_j(instance, assignment)
        total = computation + float((np.where(counts > 0, prices, 0.0) * counts).sum())
        if total < best:
            selection = np.zeros((instance.T, nodes), dtype=bool)
            for token, number in enumerate(chosen):
                selection[token, list(sets[token][number])] = True
            best, best_solution = total, Solution(selection, assignment)
    return best_solution, best, True
