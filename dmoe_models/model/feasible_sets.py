"""The sets of experts that may serve a token: all minimal ones, or all of them.

Energies are non-negative, so some optimum gives every token a *minimal* feasible set, one that
misses need as soon as any expert leaves. Listed in decreasing score, a minimal set is one whose
every proper prefix fails (its last expert has the least score, so leaving that one out loses
least). The search below walks prefixes in that order and stops where need is reached, which yields
each minimal set exactly once and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dmoe_models.deadline import Deadline, OutOfTimeError
from dmoe_models.errors import MethodError
from dmoe_models.model.instance import Instance
from dmoe_models.model.relevance import CLOSE, reaches


def feasible_sets(
    scores: np.ndarray,
    need: float,
    max_experts: int,
    usable: np.ndarray,
    *,
    minimal: bool = True,
) -> Iterator[tuple[int, ...]]:
    """Yield the sets of at most D usable experts whose exact score sum reaches need.

    Parameters
    ----------
    scores : (K,) array
        Gate scores of one token.
    need : float
        Right-hand side of C1, positive.
    max_experts : int
        D.
    usable : (K,) bool array
        Experts that the token's node can reach.
    minimal : bool
        Only sets of which no proper subset reaches need.

    Yields
    ------
    tuple of int
        Expert indices in decreasing score (ties by index).
    """
    order = [int(j) for j in np.argsort(-scores, kind="stable") if usable[j]]
    if minimal:
        order = [j for j in order if scores[j] > 0]
    ordered = [float(scores[j]) for j in order]
    running = [0.0]
    for score in ordered:
        running.append(running[-1] + score)

    def extend(chosen: list[int], position: int, total: float, slots: int) -> Iterator[list[int]]:
        for q in range(position, len(order)):
            # The best that the free slots can add is what stands next in the order.
            most = total + running[min(q + slots, len(order))] - running[q]
            if most < need - CLOSE:
                return
            chosen.append(q)
            new = total + ordered[q]
            reached = new >= need + CLOSE or (
                new >= need - CLOSE and reaches([ordered[p] for p in chosen], need)
            )
            if reached:
                yield chosen
            if slots > 1 and not (reached and minimal):
                yield from extend(chosen, q + 1, new, slots - 1)
            chosen.pop()

    for positions in extend([], 0, 0.0, max_experts):
        yield tuple(order[q] for q in positions)


def sets_of_tokens(
    instance: Instance, limit: int, *, minimal: bool = True, deadline: Deadline | None = None
) -> list[list[tuple[int, ...]]]:
    """List the feasible sets of every token; an empty list for a token that has none.

    Parameters
    ----------
    instance : Instance
    limit : int
        Most sets over all tokens.
    minimal : bool
        Only minimal sets.
    deadline : Deadline, optional

    Raises
    ------
    MethodError
        Where there are more than `limit`, with the count so far.
    OutOfTimeError
        Where the deadline passes first.
    """
    reachable = instance.reachable
    result: list[list[tuple[int, ...]]] = []
    total = 0
    for token in range(instance.T):
        if deadline is not None and deadline.passed:
            raise OutOfTimeError("time was up while feasible sets were listed")
        sets: list[tuple[int, ...]] = []
        for experts in feasible_sets(
            instance.gate_scores[token],
            float(instance.need[token]),
            instance.max_experts,
            reachable[instance.source[token]],
            minimal=minimal,
        ):
            sets.append(experts)
            total += 1
            if total > limit:
                raise MethodError(
                    f"more than {limit} {'minimal ' if minimal else ''}feasible sets "
                    f"(reached at token {token} of {instance.T})"
                )
        result.append(sets)
    return result


def membership(sets: list[tuple[int, ...]], experts: int) -> np.ndarray:
    """Return the (S, K) bool incidence matrix of a list of sets.

    Parameters
    ----------
    sets : list of tuples of int
        Experts of each of the S sets.
    experts : int
        K.
    """
    matrix = np.zeros((len(sets), experts), dtype=bool)
    for row, members in enumerate(sets):
        matrix[row, list(members)] = True
    return matrix
