"""Proofs that P2 cannot be had for less: the tree of a run of `exact`, written down.

`exact` records at which dual prices it excluded what (`dmoe_models.algorithms.exact.proof_tree`).
Its bounds are sums of doubles; the checker's are exact, of prices that are written with 14 digits.
Between what `exact` closes a node at and the energy it found lie 1e-9 of that energy, which
rounding cannot use up, so what was excluded here is excluded there.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np

from dmoe_models.algorithms.exact.method import run_exact
from dmoe_models.algorithms.exact.proof_tree import DualPrices, ProofNode
from dmoe_models.algorithms.exact.state import SearchState
from dmoe_models.deadline import Deadline
from dmoe_models.model.energy import best_link_energy_j
from dmoe_models.model.instance import Instance
from dmoe_models.model.solution import Outcome

_ROUNDING = 1e-12  # relative to what is added and subtracted: what bounds may claim too much
_ULPS = 1e-15  # relative: what adding the static energy may


def prove_p2(
    instance: Instance, *, seed: int = 0, time_limit: float | None = None
) -> tuple[Outcome, float, dict[str, Any]]:
    """Solve a P2 instance by `exact` and write down its proof.

    Parameters
    ----------
    instance : Instance
    seed : int
        Of the local search.
    time_limit : float, optional
        Seconds; past it what was proved by then is written down.

    Returns
    -------
    Outcome
        That of `exact`.
    float
        What the proof should show, J with static energy; +inf where there is no solution.
    dict
        The fields ``depth`` and ``tree`` of a certificate.
    """
    root = ProofNode()
    state = SearchState(instance, Deadline(time_limit), proof=root)
    outcome = run_exact(state, seed)
    nodes = list(root.preorder())
    if root.prices is None:  # a token has no set: whatever the prices
        tokens, none = np.arange(instance.T), np.zeros(instance.M)
        root.record_bound(
            math.inf, DualPrices(tokens, best_link_energy_j(instance)[instance.source], none, 1)
        )
    bound = min(_provable(node) for node in nodes if not node.parts)
    if outcome.bound == math.inf:
        bound = math.inf
    elif state.solution is not None:
        bound = min(bound, state.energy_j)
    if bound < math.inf:
        bound += instance.static_total_j
        bound -= _ULPS * abs(bound)
    points = [p for node in nodes for p in (node.prices, node.reduction) if p is not None]
    tree = [_written(instance, node) for node in nodes]
    depth = max(point.depth for point in points)
    return outcome, bound, {"depth": depth, "tree": tree}


def _provable(leaf: ProofNode) -> float:
    """Return what rounding leaves of a leaf's bound, J, which is a difference of larger sums."""
    assert leaf.prices is not None
    if leaf.bound == math.inf:
        return math.inf
    owed = float(leaf.prices.subcarrier_prices.sum())
    return leaf.bound - _ROUNDING * (abs(leaf.bound) + owed)


def _written(instance: Instance, node: ProofNode) -> dict[str, Any]:
    if node.question is not None:
        kind, content = node.question
        return {kind: content}
    prices = node.reduction if node.reduction is not None else node.prices
    assert prices is not None
    return {"reduce" if node.parts else "prices": _prices(instance, prices)}


def _prices(instance: Instance, prices: DualPrices) -> dict[str, Any]:
    """Write prices sparsely: one for all tokens of a link where that is what most of them pay."""
    source = instance.source[prices.tokens]
    written: dict[str, Any] = {"links": [], "tokens": [], "subcarriers": []}
    rounded = np.vectorize(_short, otypes=[float])(prices.token_prices)
    for i in np.unique(source).tolist():
        rows = np.flatnonzero(source == i)
        for j in range(instance.K):
            own = rounded[rows, j]
            finite = np.isfinite(own)
            if i == j or not finite.any():
                continue
            common, number = Counter(own[finite].tolist()).most_common(1)[0]
            if number == 1:
                common = 0.0
            if common > 0:
                written["links"].append([i, j, common])
            for t, p in zip(
                prices.tokens[rows[finite]].tolist(), own[finite].tolist(), strict=True
            ):
                if p != common:
                    written["tokens"].append([t, j, p])
    for m in np.flatnonzero(prices.subcarrier_prices > 0).tolist():
        written["subcarriers"].append([m, _short(float(prices.subcarrier_prices[m]))])
    return {name: rows for name, rows in written.items() if rows}


def _short(value: float) -> float:
    """Return a double of 14 digits, not above the one given: a price just below c bids nothing."""
    return float(f"{value * (1 - 5e-14):.14g}")
