"""Constraint C1: the relevance a token needs, and the exact test of whether a selection has it.

Whether a selection is feasible must not depend on the order in which scores are added. C1 therefore
compares the *exact* sum of the stored doubles with the stored double ``need``. Floating-point sums
decide wherever they are clear; the few cases within ``CLOSE`` of need are decided by
``math.fsum``, whose result is correctly rounded and so has the sign of the exact sum. The rule in
words: docs/model.md, section 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

RELEVANCE_TOLERANCE = 1e-9
"""Relative slack of C1: need = threshold (1 - 1e-9)."""

CLOSE = 1e-12
"""Float sums of scores (which sum to 1) are right to far better than this."""


def best_score_sums(gate_scores: np.ndarray, count: int) -> np.ndarray:
    """Return the sum of the `count` largest scores of every token, correctly rounded.

    Parameters
    ----------
    gate_scores : (T, K) array
    count : int
        1 <= count <= K.

    Returns
    -------
    (T,) array
    """
    experts = gate_scores.shape[1]
    best = np.partition(gate_scores, experts - count, axis=1)[:, experts - count :]
    if count <= 2:  # one addition is correctly rounded by IEEE 754
        return best.sum(axis=1)
    return np.array([math.fsum(row) for row in best.tolist()])


def need_from_threshold(threshold: np.ndarray) -> np.ndarray:
    """Return the stored right-hand side of C1, need = threshold (1 - 1e-9), elementwise."""
    return np.asarray(threshold, dtype=np.float64) * (1.0 - RELEVANCE_TOLERANCE)


def reaches(scores: Iterable[float], need: float) -> bool:
    """Decide exactly whether the sum of the given doubles is at least `need`.

    Parameters
    ----------
    scores : iterable of float
    need : float
        Stored double, theta (1 - 1e-9).
    """
    return math.fsum([*scores, -need]) >= 0.0


def meets_need(gate_scores: np.ndarray, selection: np.ndarray, need: np.ndarray) -> np.ndarray:
    """Decide C1 exactly for every token.

    Parameters
    ----------
    gate_scores : (T, K) array
    selection : (T, K) bool array
    need : (T,) array

    Returns
    -------
    (T,) bool array
    """
    excess = np.where(selection, gate_scores, 0.0).sum(axis=1) - need
    met = excess >= 0.0
    for token in np.flatnonzero(np.abs(excess) <= CLOSE):
        met[token] = reaches(gate_scores[token, selection[token]].tolist(), float(need[token]))
    return met


def maximal_failing_set(gate_scores: np.ndarray, chosen: np.ndarray, need: float) -> np.ndarray:
    """Grow a set that misses `need` until any further expert would make it reach.

    Every subset of the result misses `need` too, so a feasible selection must hold an expert
    outside of it: the strongest cut that the failing set `chosen` proves.

    Parameters
    ----------
    gate_scores : (K,) array
        Scores of one token.
    chosen : (K,) bool array
        A set whose exact score sum is below `need`.
    need : float

    Returns
    -------
    (K,) bool array, a superset of `chosen`
    """
    failing = chosen.copy()
    for expert in np.argsort(gate_scores, kind="stable"):
        if not failing[expert]:
            failing[expert] = True
            if reaches(gate_scores[failing].tolist(), need):
                failing[expert] = False
    return failing
