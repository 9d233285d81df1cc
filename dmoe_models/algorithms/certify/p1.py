"""Proofs that P1 cannot be had for less: a tree and multipliers for every token.

DES tells what the cheapest set costs; what remains is to show that no other is cheaper, which needs
no search for good sets. A node is closed by the best Lagrangian bound of covering and cardinality
limit together (see `dmoe_models.referee.certificate`): for a given lambda the best mu is the s-th
largest of the values lambda g - e. The s experts of the largest values are a line that bounds the
concave function of lambda from above; two of them, one that rises and one that falls, are moved to
where they meet until they are the function's own. What this does not close is split on an expert
that one of the two holds and the other does not. All open nodes of all tokens are worked on at
once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from dmoe_models.algorithms.selection.des import select_experts
from dmoe_models.deadline import Deadline
from dmoe_models.model.energy import assignment_energy_j, expert_energy_j
from dmoe_models.model.instance import Instance
from dmoe_models.model.relevance import CLOSE, reaches
from dmoe_models.model.solution import Outcome, Solution

_SHORT = 1e-12  # relative: how far below the optimum a closed node's bound may be
_ROUNDING = 1e-15  # of a sum of scores: a set that just reaches need must not seem to miss it
_STEPS = 100  # a few suffice

_FREE, _USED, _EXCLUDED = 0, 1, 2


@dataclass
class _Node:
    """A part of a token's sets; a leaf unless it has an expert to ask about."""

    token: int
    state: np.ndarray  # (K,) of each expert: free, used or excluded
    expert: int = -1
    multipliers: tuple[float, float] = (0.0, 0.0)
    parts: list[_Node] = field(default_factory=list)


def prove_p1(
    instance: Instance, *, time_limit: float | None = None
) -> tuple[Outcome, list[dict[str, list[object]]]]:
    """Solve a P1 instance and prove the answer.

    Parameters
    ----------
    instance : Instance
        With its assignment given.
    time_limit : float, optional
        Seconds; past it trees are left as they are, and prove less.

    Returns
    -------
    Outcome
    list of dict
        The field ``tokens`` of a certificate: each token's tree in preorder (the part with the
        expert first) and the multipliers of its leaves.
    """
    assert instance.assignment is not None
    deadline = Deadline(time_limit)
    energy = expert_energy_j(instance, assignment_energy_j(instance, instance.assignment))
    answer = select_experts(
        energy, instance.gate_scores, instance.threshold, instance.max_experts, time_limit=deadline
    )
    start = np.where(np.isfinite(energy), _FREE, _EXCLUDED)
    roots = [_Node(t, state) for t, state in enumerate(start)]
    open_nodes = roots
    while open_nodes:
        split = _close(instance, energy, answer.energy_j, open_nodes)
        if deadline.passed:
            break
        open_nodes = []
        for node, expert in split:
            node.expert = expert
            for decision in (_USED, _EXCLUDED):
                state = node.state.copy()
                state[expert] = decision
                node.parts.append(_Node(node.token, state))
            open_nodes += node.parts
    bound = float(answer.bound_j.sum()) + instance.static_total_j
    solution = Solution(answer.selection, instance.assignment) if answer.feasible else None
    return Outcome(solution, bound), [_flat(root) for root in roots]


def _close(
    instance: Instance, energy: np.ndarray, optimum: np.ndarray, nodes: list[_Node]
) -> list[tuple[_Node, int]]:
    """Give every node its best multipliers; return those left open, with an expert to ask about."""
    token = np.array([node.token for node in nodes])
    state = np.array([node.state for node in nodes])
    score, cost = instance.gate_scores[token], np.where(state == _FREE, energy[token], np.inf)
    used = state == _USED
    missing = instance.need[token] - np.where(used, score, 0.0).sum(axis=1) - _ROUNDING
    slots = instance.max_experts - used.sum(axis=1)
    spent = np.where(used, energy[token], 0.0).sum(axis=1)
    bound, multipliers, expert = _best_multipliers(cost, score, missing, slots)
    closed = spent + bound >= optimum[token] * (1 - _SHORT)
    split = []
    for row, node in enumerate(nodes):
        node.multipliers = (float(multipliers[row, 0]), float(multipliers[row, 1]))
        if not closed[row] and expert[row] >= 0 and not _empty(instance, node):
            split.append((node, int(expert[row])))
    return split


def _empty(instance: Instance, node: _Node) -> bool:
    """Decide exactly whether a node holds no set at all."""
    score, need = instance.gate_scores[node.token], float(instance.need[node.token])
    used, free = score[node.state == _USED], np.sort(score[node.state == _FREE])[::-1]
    slots = instance.max_experts - len(used)
    if slots < 0:
        return True
    best = [*used.tolist(), *free[:slots].tolist()]
    total = sum(best)
    return total < need - CLOSE or (total <= need + CLOSE and not reaches(best, need))


def _best_multipliers(
    cost: np.ndarray, score: np.ndarray, missing: np.ndarray, slots: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Maximise lambda missing - (sum of the s largest (lambda g - e)^+) for every row.

    Returns
    -------
    bound : (N,) array
        J.
    multipliers : (N, 2) array
        lambda, mu.
    expert : (N,) int array
        One on which the solution of the relaxation is undecided; -1 where none is free.
    """
    within = np.arange(cost.shape[1]) < slots[:, None]
    by_score = np.argsort(np.where(np.isfinite(cost), -score, 1.0), axis=1, kind="stable")
    low = np.zeros(cost.shape, dtype=bool)  # what is held at lambda = 0
    high = np.zeros(cost.shape, dtype=bool)  # and at lambda = infinity
    np.put_along_axis(high, by_score, within, axis=1)
    high &= np.isfinite(cost)
    lam, mu, bound = np.zeros(len(cost)), np.zeros(len(cost)), np.zeros(len(cost))
    open_rows = np.flatnonzero(missing > 0)
    for _ in range(_STEPS):
        if not len(open_rows):
            break
        e, g, r = cost[open_rows], score[open_rows], missing[open_rows]
        (e_low, s_low), (e_high, s_high) = (
            (np.where(held, e, 0.0).sum(axis=1), r - np.where(held, g, 0.0).sum(axis=1))
            for held in (low[open_rows], high[open_rows])
        )
        slope = s_low - s_high
        at = np.divide(e_high - e_low, slope, out=np.zeros(len(r)), where=slope > 0)
        at = np.maximum(at, 0.0)
        value = at[:, None] * g - e
        order = np.argsort(-value, axis=1, kind="stable")
        ranked = np.take_along_axis(value, order, axis=1)
        held = np.zeros(e.shape, dtype=bool)
        np.put_along_axis(held, order, within[open_rows] & (ranked > 0), axis=1)
        lam[open_rows] = at
        mu[open_rows] = np.maximum(
            np.take_along_axis(ranked, np.clip(slots[open_rows] - 1, 0, None)[:, None], axis=1), 0.0
        )[:, 0]
        bound[open_rows] = at * r - np.where(held, value, 0.0).sum(axis=1)
        reaching = np.where(held, g, 0.0).sum(axis=1) >= r
        new = (held != np.where(reaching[:, None], high[open_rows], low[open_rows])).any(axis=1)
        high[open_rows[reaching]] = held[reaching]
        low[open_rows[~reaching]] = held[~reaching]
        open_rows = open_rows[new & (bound[open_rows] < (e_low + at * s_low) * (1 - 1e-15))]
    free = np.isfinite(cost)
    undecided = np.where((low != high) & free, 1 + score, np.where(free, score, -1.0))
    expert = np.where(free.any(axis=1), undecided.argmax(axis=1), -1)
    return bound, np.stack([lam, mu], axis=1), expert


def _flat(root: _Node) -> dict[str, list[object]]:
    tree: list[object] = []
    multipliers: list[object] = []
    stack = [root]
    while stack:
        node = stack.pop()
        tree.append(node.expert if node.parts else -1)
        if node.parts:
            stack += reversed(node.parts)
        else:
            multipliers.append([x if np.isfinite(x) else 0.0 for x in node.multipliers])
    return {"tree": tree, "multipliers": multipliers}
