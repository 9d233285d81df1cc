"""DES: exact expert selection (P1) by tree search, one token at a time.

For one token P1 is a 0-1 covering knapsack with a cardinality limit: choose at most D experts whose
scores reach need, at least energy. Experts stand in increasing ratio of energy to score. A node of
the tree is a set of experts; its children add one expert that stands later in that order. What a
node's completions must still cost is bounded from below by the linear relaxation of the covering
constraint over the experts that may still be added, which takes them whole in the order of their
ratio and the last one in part. Both this bound and the greatest score that the free slots can still
collect worsen from one child to the next, so the first child that fails either ends its family.

References
----------
Qin, Wu, Du, Huang, "Optimal Expert Selection for Distributed Mixture-of-Experts at the Wireless
Edge", arXiv 2503.13421: DES, its order, its bound and the top-D incumbent. Here a chain of
"exclude" decisions is one step, so that a node is a set; and sums that lie within 1e-12 of need are
decided exactly.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dmoe_models.clock import Deadline
from dmoe_models.energy import assignment_energy_j, expert_energy_j
from dmoe_models.errors import MethodError
from dmoe_models.instance import SCORE_SUM_TOLERANCE, Instance
from dmoe_models.numbers import real_array, refuse_where
from dmoe_models.relevance import CLOSE, need_from_threshold, reaches
from dmoe_models.solution import Outcome, Solution

_BLOCK_ENTRIES = 1 << 21
"""Tokens are prepared in blocks of about this many table entries, which bounds memory."""


@dataclass(frozen=True)
class ExpertSelection:
    """The answer of DES for a batch of tokens.

    Attributes
    ----------
    selection : (T, K) bool array
        The best set found for each token; all false where there is none.
    energy_j : (T,) array
        Its energy, J; infinite where the token cannot be served.
    bound_j : (T,) array
        Proved lower bound, J: equal to `energy_j` where the search was completed.
    nodes : (T,) int array
        Sets of experts that the search looked at.
    """

    selection: np.ndarray
    energy_j: np.ndarray
    bound_j: np.ndarray
    nodes: np.ndarray

    @property
    def complete(self) -> bool:
        """Whether every token's search ran to its end."""
        return bool(np.array_equal(self.energy_j, self.bound_j))

    @property
    def feasible(self) -> bool:
        """Whether every token has a set."""
        return bool(np.isfinite(self.energy_j).all())


def select_experts(
    energy_j: np.ndarray,
    gate_scores: np.ndarray,
    threshold: np.ndarray,
    max_experts: int,
    *,
    node_limit: int | None = None,
    time_limit: float | None = None,
) -> ExpertSelection:
    """Choose for every token the cheapest set of at most D experts that reaches its threshold.

    Parameters
    ----------
    energy_j : (T, K) array
        e[t, j] >= 0, J; infinite where token t cannot use expert j.
    gate_scores : (T, K) array
        g[t, j] >= 0.
    threshold : (T,) array
        theta; C1 asks for an exact score sum of at least theta (1 - 1e-9).
    max_experts : int
        D.
    node_limit : int, optional
        Most nodes per token; a token that reaches it keeps its best set and the bound of the root.
    time_limit : float, optional
        Seconds for the whole batch, with the same consequence.

    Returns
    -------
    ExpertSelection

    Raises
    ------
    InstanceError
        For negative or NaN entries, and scores of a token that sum to more than 1.
    MethodError
        For shapes that disagree, and a `max_experts` outside 1 to K.
    """
    scores = real_array("gate_scores", gate_scores, 2)
    energy = real_array("energy_j", energy_j, 2)
    theta = real_array("threshold", threshold, 1)
    if energy.shape != scores.shape or theta.shape != scores.shape[:1]:
        raise MethodError(
            f"energy_j {energy.shape}, gate_scores {scores.shape} and threshold {theta.shape} "
            "must be (T, K), (T, K) and (T,)"
        )
    refuse_where("energy_j", energy, ~(energy >= 0), "is not a non-negative energy")
    refuse_where("gate_scores", scores, ~((scores >= 0) & np.isfinite(scores)), "is not a score")
    sums = scores.sum(axis=1)
    refuse_where("gate_scores row sum", sums, sums > 1 + SCORE_SUM_TOLERANCE, "is above 1")
    refuse_where("threshold", theta, ~np.isfinite(theta), "is not finite")
    if not 1 <= max_experts <= scores.shape[1]:
        raise MethodError(f"max_experts = {max_experts} is outside 1 to K = {scores.shape[1]}")

    tokens, experts = scores.shape
    need = need_from_threshold(theta)
    deadline = Deadline(time_limit)
    selection = np.zeros((tokens, experts), dtype=bool)
    found = np.full(tokens, np.inf)
    bound = np.full(tokens, np.inf)
    nodes = np.zeros(tokens, dtype=np.int64)
    block = max(1, _BLOCK_ENTRIES // ((experts + 1) * (max_experts + 1)))
    for start in range(0, tokens, block):
        part = slice(start, start + block)
        searches = _prepare(energy[part], scores[part], need[part], max_experts)
        for token, search in enumerate(searches, start):
            search.run(node_limit, deadline)
            selection[token, search.experts_of_best()] = True
            found[token], bound[token], nodes[token] = search.best, search.bound, search.nodes
    return ExpertSelection(selection, found, bound, nodes)


def _prepare(
    energy: np.ndarray, scores: np.ndarray, need: np.ndarray, slots: int
) -> Iterator[_Search]:
    """Sort and accumulate for a block of tokens at once; yield one search a token."""
    usable = np.isfinite(energy) & (scores > 0)
    ratio = np.full(energy.shape, np.inf)
    with np.errstate(over="ignore"):  # an overflowing ratio only makes an expert the last choice
        np.divide(energy, scores, out=ratio, where=usable)
    order = np.lexsort((~usable, ratio))
    count = usable.sum(axis=1)
    usable, ratio, energy, scores = (
        np.take_along_axis(table, order, axis=1) for table in (usable, ratio, energy, scores)
    )
    energy = np.where(usable, energy, 0.0)
    scores = np.where(usable, scores, 0.0)

    def running_sum(table: np.ndarray) -> np.ndarray:
        start = np.zeros((len(table), 1))
        return np.concatenate([start, np.cumsum(table, axis=1)], axis=1)

    # most[t, q, s]: the greatest score that s experts standing at q or later can have together
    tokens, experts = scores.shape
    most = np.zeros((tokens, experts + 1, slots + 1))
    largest = np.zeros((tokens, slots + 1))  # ascending, one place spare for the next comer
    for position in range(experts - 1, -1, -1):
        largest[:, 0] = scores[:, position]
        largest.sort(axis=1)
        most[:, position, 1:] = np.cumsum(largest[:, :0:-1], axis=1)

    score_sums, energy_sums = running_sum(scores), running_sum(energy)
    for t in range(tokens):
        yield _Search(
            order=order[t],
            energy=energy[t, : count[t]].tolist(),
            scores=scores[t, : count[t]].tolist(),
            ratio=ratio[t, : count[t]].tolist(),
            score_sums=score_sums[t, : count[t] + 1].tolist(),
            energy_sums=energy_sums[t, : count[t] + 1].tolist(),
            most=most[t].tolist(),
            need=float(need[t]),
            slots=slots,
        )


@dataclass
class _Search:
    """The search tree of one token; positions count in the order of increasing ratio."""

    order: np.ndarray
    energy: list[float]
    scores: list[float]
    ratio: list[float]
    score_sums: list[float]
    energy_sums: list[float]
    most: list[list[float]]
    need: float
    slots: int
    best: float = math.inf
    best_set: tuple[int, ...] = ()
    bound: float = math.inf
    nodes: int = 0

    def experts_of_best(self) -> np.ndarray:
        return self.order[list(self.best_set)]

    def run(self, node_limit: int | None, deadline: Deadline) -> None:
        if self.need <= 0:
            self.best = self.bound = 0.0
            return
        self._start_from_top_scores()
        if self.best == math.inf:
            # the most relevant D experts miss need, and so does every other set
            return
        limit = math.inf if node_limit is None else node_limit
        try:
            if deadline.passed:
                raise _LimitReachedError
            self._extend([], 0, 0.0, self.need, self.slots, limit, deadline)
            self.bound = self.best
        except _LimitReachedError:
            self.bound = min(self.best, self._relaxation(0, self.need))

    def _start_from_top_scores(self) -> None:
        by_score = sorted(range(len(self.scores)), key=lambda q: -self.scores[q])[: self.slots]
        if reaches([self.scores[q] for q in by_score], self.need):
            self.best = sum(self.energy[q] for q in by_score)
            self.best_set = tuple(by_score)

    def _relaxation(self, position: int, missing: float) -> float:
        """Cost of the linear relaxation: cover `missing` from `position` on, by ratio.

        `missing` is lowered by what rounding may have added to it, so that the bound holds.
        """
        target = self.score_sums[position] + missing - CLOSE
        last = bisect_left(self.score_sums, target, position)
        if last <= position:
            return 0.0
        if last >= len(self.score_sums):
            return math.inf
        whole = self.energy_sums[last - 1] - self.energy_sums[position]
        return whole + (target - self.score_sums[last - 1]) * self.ratio[last - 1]

    def _extend(
        self,
        chosen: list[int],
        position: int,
        cost: float,
        missing: float,
        slots: int,
        node_limit: float,
        deadline: Deadline,
    ) -> None:
        """Try every expert from `position` on as the next member of `chosen`."""
        for q in range(position, len(self.scores)):
            if self.most[q][slots] < missing - CLOSE:
                return
            if cost + self._relaxation(q, missing) >= self.best:
                return
            self.nodes += 1
            if self.nodes >= node_limit or (self.nodes % 1024 == 0 and deadline.passed):
                raise _LimitReachedError
            chosen.append(q)
            left = missing - self.scores[q]
            if left <= CLOSE and reaches([self.scores[p] for p in chosen], self.need):
                if cost + self.energy[q] < self.best:
                    self.best, self.best_set = cost + self.energy[q], tuple(chosen)
            elif slots > 1:
                self._extend(
                    chosen, q + 1, cost + self.energy[q], left, slots - 1, node_limit, deadline
                )
            chosen.pop()


class _LimitReachedError(Exception):
    """A node or time limit was reached."""


def solve_p1(
    instance: Instance, *, time_limit: float | None = None, node_limit: int | None = None
) -> Outcome:
    """Solve a P1 instance to proved optimality by DES.

    Parameters
    ----------
    instance : Instance
        With its assignment given.
    time_limit : float, optional
        Seconds.
    node_limit : int, optional
        Most nodes per token.

    Returns
    -------
    Outcome
        `details`: nodes (sum over tokens), nodes_per_token (largest).
    """
    assert instance.assignment is not None
    energy = expert_energy_j(instance, assignment_energy_j(instance, instance.assignment))
    answer = select_experts(
        energy,
        instance.gate_scores,
        instance.threshold,
        instance.max_experts,
        node_limit=node_limit,
        time_limit=time_limit,
    )
    details = {
        "nodes": int(answer.nodes.sum()),
        "nodes_per_token": int(answer.nodes.max()),
        "complete": answer.complete,
    }
    bound = float(answer.bound_j.sum() + instance.static_energy_j.sum())
    if not answer.feasible:
        return Outcome(None, bound, details)
    return Outcome(Solution(answer.selection, instance.assignment), bound, details)
