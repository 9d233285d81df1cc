"""What is compared of gates, recorded and drawn: concentration, load, how nodes share a token."""

from __future__ import annotations

import numpy as np

from dmoe_models.scores.recorded import group_experts

STATISTICS = {
    "top1": "largest score",
    "top2": "sum of the two largest scores",
    "top1_deviation": "standard deviation of the largest score over tokens",
    "entropy": "entropy of a token's scores, nat",
    "load_variation": "standard deviation / mean, over experts, of their mean score",
    "load_peak": "largest / mean, over experts, of their mean score",
    "node_top1": "largest score of a node, for 8 nodes of consecutive experts",
    "node_top2": "sum of the two largest scores of nodes, for 8 nodes",
    "node_load_variation": "standard deviation / mean of the mean scores of 8 nodes",
    "capped": "share of tokens whose two best of 8 nodes miss 0.49",
}
"""Name -> meaning; means over tokens unless it names something else."""


def gate_statistics(scores: np.ndarray) -> dict[str, float]:
    """Return every one of ``STATISTICS`` of a table of scores.

    Parameters
    ----------
    scores : (N, E) array
        Non-negative; E is a multiple of 8. Rows are divided by their sums.
    """
    scores = scores / scores.sum(axis=1, keepdims=True)
    best = -np.sort(-scores, axis=1)
    nodes = group_experts(scores, 8)
    best_nodes = -np.sort(-nodes, axis=1)
    load, node_load = scores.mean(axis=0), nodes.mean(axis=0)
    logarithm = np.log(np.where(scores > 0, scores, 1.0))
    return {
        "top1": float(best[:, 0].mean()),
        "top2": float(best[:, :2].sum(axis=1).mean()),
        "top1_deviation": float(best[:, 0].std()),
        "entropy": float(-(scores * logarithm).sum(axis=1).mean()),
        "load_variation": float(load.std() / load.mean()),
        "load_peak": float(load.max() / load.mean()),
        "node_top1": float(best_nodes[:, 0].mean()),
        "node_top2": float(best_nodes[:, :2].sum(axis=1).mean()),
        "node_load_variation": float(node_load.std() / node_load.mean()),
        "capped": float((best_nodes[:, :2].sum(axis=1) < 0.49).mean()),
    }
