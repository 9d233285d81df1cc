"""The methods that the literature compares with: top-k, homogeneous H(z, D), greedy and random.

Each chooses experts in its own way and then, in P2, gets the best subcarriers for its choice (P3);
in P1 the given assignment stands. Top-k and homogeneous selection follow parameters of their own,
so their answers may break C1 or C2 of the instance.
"""

from __future__ import annotations

import math
from itertools import islice

import numpy as np

from dmoe_models.algorithms.jesa import jesa
from dmoe_models.algorithms.placement.assignment import allocate_subcarriers
from dmoe_models.algorithms.selection.des import solve_p1
from dmoe_models.errors import MethodError
from dmoe_models.model.energy import (
    assignment_energy_j,
    best_link_energy_j,
    count_tokens,
    expert_energy_j,
)
from dmoe_models.model.feasible_sets import feasible_sets
from dmoe_models.model.instance import Instance
from dmoe_models.model.relevance import meets_need, reaches
from dmoe_models.model.solution import Outcome, Solution

LISTED_SETS = 1000
"""Feasible sets of one token up to which `random` lists them all to draw one."""

_BATCH, _BATCHES = 512, 2000
"""Where there are more it draws subsets until one is feasible, at most about a million."""


def complete_with_p3(instance: Instance, selection: np.ndarray | None) -> Outcome:
    """Complete a selection by the best subcarriers for it (P3), or by the given ones (P1).

    Parameters
    ----------
    instance : Instance
        P1 or P2.
    selection : (T, K) bool array or None
        Experts of every token; None where a token could not be served.

    Returns
    -------
    Outcome
        Without a solution where the loaded links cannot all have a subcarrier.
    """
    if selection is None:
        return Outcome(details={"failed": "a token has no feasible set of experts"})
    if instance.assignment is not None:
        return Outcome(Solution(selection, instance.assignment))
    assignment = allocate_subcarriers(
        count_tokens(instance, selection), instance.transmission_energy_j, instance.links
    )
    if assignment is None:
        return Outcome(details={"failed": "the loaded links cannot all have a subcarrier"})
    return Outcome(Solution(selection, assignment))


def usable_energy_j(instance: Instance) -> np.ndarray:
    """Return e[t, j] at the prices that a baseline sees, (T, K); infinite where unreachable.

    In P1 the given prices, in P2 each link's own best.
    """
    if instance.assignment is not None:
        prices = assignment_energy_j(instance, instance.assignment)
    else:
        prices = best_link_energy_j(instance)
    return expert_energy_j(instance, prices)


def top_k(instance: Instance, *, k: int | None = None) -> Outcome:
    """Serve every token by the k highest-scoring experts within reach, then P3.

    Parameters
    ----------
    instance : Instance
        P1 or P2.
    k : int, optional
        Experts per token, D by default. A smaller k may break C1, a larger one breaks C2.

    Returns
    -------
    Outcome
        Without a solution where the loaded links cannot all have a subcarrier.

    Raises
    ------
    MethodError
        For k outside 1 to K.
    """
    number = instance.max_experts if k is None else k
    if not isinstance(number, int) or not 1 <= number <= instance.K:
        raise MethodError(f"k = {number!r} is outside 1 to K = {instance.K}")
    return complete_with_p3(instance, highest_scores(instance, number))


def highest_scores(instance: Instance, number: int) -> np.ndarray:
    """Select each token's best experts within reach.

    Parameters
    ----------
    instance : Instance
    number : int
        Experts per token.

    Returns
    -------
    (T, K) bool array
    """
    within_reach = np.isfinite(usable_energy_j(instance))
    order = np.argsort(np.where(within_reach, -instance.gate_scores, 1.0), axis=1, kind="stable")
    selection = np.zeros((instance.T, instance.K), dtype=bool)
    np.put_along_axis(selection, order[:, :number], True, axis=1)
    return selection & within_reach


def homogeneous(
    instance: Instance,
    *,
    z: float | None = None,
    max_experts: int | None = None,
    seed: int = 0,
    time_limit: float | None = None,
) -> Outcome:
    """H(z, D): one relevance z at every layer (importance 1), then DES and P3 as JESA does.

    Parameters
    ----------
    instance : Instance
        P1 or P2.
    z : float, optional
        Relevance threshold in (0, 1], the instance's by default.
    max_experts : int, optional
        D, most experts per token, the instance's by default.
    seed : int
        Seed of JESA's random start (P2).
    time_limit : float, optional
        Seconds for DES (P1) or JESA (P2).

    Returns
    -------
    Outcome
        Without a bound: that of H's own problem is none of the instance's.

    Notes
    -----
    Thresholds are capped as in a lenient instance, since z x 1 is often out of reach of D experts.
    """
    own = instance.replace(
        relevance=instance.relevance if z is None else z,
        importance=1.0,
        max_experts=instance.max_experts if max_experts is None else max_experts,
        strict_relevance=False,
    )
    if instance.assignment is not None:
        outcome = solve_p1(own, time_limit=time_limit)
    else:
        outcome = jesa(own, seed=seed, time_limit=time_limit)
    return Outcome(outcome.solution, details=outcome.details)


def greedy(instance: Instance) -> Outcome:
    """Take experts by energy-to-score ratio until need is met, then drop the superfluous ones.

    Prices are each link's own best (the given ones in P1). Where the D slots run out before need is
    met, the token takes its D highest scores. Experts are dropped from the dearest on. P3 follows.

    Parameters
    ----------
    instance : Instance
        P1 or P2.

    Returns
    -------
    Outcome
        Without a solution where a token has no feasible set, or a loaded link no subcarrier.
    """
    energy = usable_energy_j(instance)
    selection = np.zeros((instance.T, instance.K), dtype=bool)
    for token in range(instance.T):
        experts = _greedy_set(
            energy[token],
            instance.gate_scores[token],
            float(instance.need[token]),
            instance.max_experts,
        )
        if experts is None:
            return complete_with_p3(instance, None)
        selection[token, experts] = True
    return complete_with_p3(instance, selection)


def _greedy_set(
    energy: np.ndarray, scores: np.ndarray, need: float, slots: int
) -> list[int] | None:
    usable = np.flatnonzero(np.isfinite(energy) & (scores > 0))
    with np.errstate(over="ignore"):
        by_ratio = usable[np.argsort(energy[usable] / scores[usable], kind="stable")]
    by_score = usable[np.argsort(-scores[usable], kind="stable")]

    def enough(experts: list[int]) -> bool:
        return reaches(scores[experts].tolist(), need)

    chosen: list[int] = []
    for expert in by_ratio[:slots].tolist():
        chosen.append(expert)
        if enough(chosen):
            break
    else:
        chosen = by_score[:slots].tolist()
        if not enough(chosen):
            return None
    for expert in sorted(chosen, key=lambda j: -energy[j]):
        rest = [j for j in chosen if j != expert]
        if enough(rest):
            chosen = rest
    return chosen


def random_selection(instance: Instance, *, seed: int = 0) -> Outcome:
    """Draw every token's experts uniformly from the sets that meet C1 and C2, then P3.

    Parameters
    ----------
    instance : Instance
        P1 or P2.
    seed : int
        Seed of the draws.

    Returns
    -------
    Outcome
        Without a solution where a token has no feasible set, or a loaded link no subcarrier.

    Raises
    ------
    MethodError
        Where a token has too many feasible sets to list, and they are too rare to be met by chance.
    """
    random = np.random.default_rng(seed)
    within_reach = np.isfinite(usable_energy_j(instance))
    selection = np.zeros((instance.T, instance.K), dtype=bool)
    for token in range(instance.T):
        experts = _random_set(
            random,
            instance.gate_scores[token],
            float(instance.need[token]),
            instance.max_experts,
            within_reach[token],
        )
        if experts is None:
            return complete_with_p3(instance, None)
        if not len(experts):
            raise MethodError(
                f"token {token} has more than {LISTED_SETS} feasible sets, and none was met in "
                f"{_BATCH * _BATCHES} uniform draws"
            )
        selection[token, experts] = True
    return complete_with_p3(instance, selection)


def _random_set(
    random: np.random.Generator, scores: np.ndarray, need: float, slots: int, usable: np.ndarray
) -> np.ndarray | None:
    """Draw one feasible set uniformly: None where there is none, empty where none was met."""
    sets = list(islice(feasible_sets(scores, need, slots, usable, minimal=False), LISTED_SETS + 1))
    if not sets:
        return None
    if len(sets) <= LISTED_SETS:
        return np.array(sets[random.integers(len(sets))])
    # A uniform subset of at most D experts, kept if it is feasible, is a uniform feasible one.
    experts = np.flatnonzero(usable)
    ways = np.array([float(math.comb(len(experts), size)) for size in range(1, slots + 1)])
    for _ in range(_BATCHES):
        sizes = random.choice(np.arange(1, slots + 1), size=_BATCH, p=ways / ways.sum())
        ranks = random.random((_BATCH, len(experts))).argsort(axis=1).argsort(axis=1)
        drawn = np.zeros((_BATCH, len(scores)), dtype=bool)
        drawn[:, experts] = ranks < sizes[:, None]
        met = meets_need(np.broadcast_to(scores, drawn.shape), drawn, np.full(_BATCH, need))
        if met.any():
            return np.flatnonzero(drawn[met.argmax()])
    return np.empty(0, dtype=np.int64)
