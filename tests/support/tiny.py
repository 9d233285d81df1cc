"""Tiny random instances full of what goes wrong: ties, near misses of C1, missing links, too few.

Shared by the tests that compare methods. Every seed gives one instance; features rotate with the
seed, so that a range of seeds is known to contain all of them.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from dmoe_models import Instance
from dmoe_models.model.relevance import need_from_threshold

FEATURES = (
    "plain",
    "ties",
    "capped",
    "near",
    "equal",
    "minute",
    "missing",
    "scarce",
    "one-node",
    "free",
)
NEAR = (1e-7, -1e-7, 1e-8, -1e-8, 3e-9, -3e-9, 1e-10, -1e-10, 1e-12, -1e-12, 2e-16, -2e-16)


def near_scores(random, experts: int, need: float, size: int, miss: float) -> np.ndarray:
    """Scores in which some set of `size` experts sums to need (1 + miss), exactly need for 0."""
    scores = np.zeros(experts)
    members = random.permutation(experts)
    inside, outside = members[:size], members[size:]
    target = need * (1 + miss)
    if size == 1:
        scores[inside] = target
    else:
        shares = random.uniform(0.5, 1.0, size)
        scores[inside] = target * shares / shares.sum()
        # The last one makes the sum exact: the difference of near doubles is a double.
        scores[inside[-1]] = target - math.fsum(scores[inside[:-1]])
    if len(outside):
        shares = random.uniform(0.1, 1.0, len(outside))
        scores[outside] = (1 - target) * shares / shares.sum()
    return scores


def tiny_instance(seed: int, *, given: bool = False, max_nodes: int = 3) -> Instance:
    """One tiny instance; with `given`, a P1 instance with a random assignment."""
    random = np.random.default_rng([77, seed])
    feature = FEATURES[seed % len(FEATURES)]
    nodes = int(random.integers(2, max_nodes + 1))
    tokens = int(random.integers(1, 5))
    max_experts = int(random.integers(1, nodes + 1))
    links = nodes * (nodes - 1)
    subcarriers = int(random.integers(links, links + 3))
    relevance, importance = float(random.uniform(0.3, 1.0)), float(random.uniform(0.4, 1.0))
    scores = random.dirichlet(np.full(nodes, 0.8), tokens)
    source = random.integers(0, nodes, tokens)
    gain = 1e-2 * random.exponential(size=(nodes, nodes, subcarriers))
    computation = random.uniform(1e-5, 7e-4, nodes)
    strict = bool(random.random() < 0.15)

    if feature == "ties":
        gain = random.choice([1e-2, 2e-2], size=gain.shape)
        computation = np.full(nodes, 2e-4)
        scores = np.full((tokens, nodes), 1.0 / nodes)
    elif feature == "capped":
        relevance = importance = 1.0
        max_experts = int(random.integers(1, nodes))
    elif feature in ("near", "equal"):
        max_experts = nodes
        strict = bool(random.random() < 0.3)
        need = float(need_from_threshold(np.array([relevance * importance]))[0])
        for token in range(tokens):
            size = int(random.integers(1, nodes))
            miss = 0.0 if feature == "equal" else float(random.choice(NEAR))
            scores[token] = near_scores(random, nodes, need, size, miss)
    elif feature == "minute":
        relevance, importance = 1e-9, 1.0
        scores[:, 0] = random.choice([0.0, 1e-9, 0.9999e-9, 5e-10, 1e-10], tokens)
        scores[:, 1:] *= ((1 - scores[:, 0]) / scores[:, 1:].sum(axis=1))[:, None]
    elif feature == "missing":
        gain[random.random((nodes, nodes)) < 0.5] = 0.0
        gain[random.random(gain.shape) < 0.3] = 0.0
    elif feature == "scarce":
        gain = gain[:, :, : int(random.integers(1, max(2, links // 2 + 1)))]
        importance = relevance = 0.95
    elif feature == "one-node":
        source[:] = 0
    elif feature == "free":  # computation costs nothing, and gains span nine decades
        computation[:] = 0.0
        gain *= 10.0 ** random.uniform(-9, 0, gain.shape)

    assignment = None
    if given:
        assignment = np.full((nodes, nodes), -1)
        pairs = np.argwhere(~np.eye(nodes, dtype=bool))
        number = min(len(pairs), gain.shape[2])
        chosen = random.permutation(pairs)[:number]
        assignment[chosen[:, 0], chosen[:, 1]] = random.permutation(gain.shape[2])[:number]
    return Instance(
        name=f"tiny-{feature}-{seed}",
        gate_scores=scores,
        source=source,
        gain=gain,
        bandwidth_hz=1e6,
        transmit_power_w=1e-2,
        noise_power_w=1e-5,
        hidden_state_bits=65536.0,
        computation_energy_j=computation,
        static_energy_j=random.uniform(0, 1e-3, nodes) * (random.random() < 0.3),
        relevance=relevance,
        importance=importance,
        max_experts=max_experts,
        assignment=assignment,
        strict_relevance=strict,
    )


def cheapest_by_enumeration(energy, scores, threshold, max_experts) -> float:
    """Least energy over all sets of at most D experts, sums of scores taken exactly."""
    need = float(need_from_threshold(np.array([threshold]))[0])
    best = math.inf
    for size in range(1, max_experts + 1):
        for members in itertools.combinations(range(len(scores)), size):
            if math.fsum([*(float(scores[j]) for j in members), -need]) >= 0:
                best = min(best, math.fsum(float(energy[j]) for j in members))
    return best


def tiny_token(seed: int):
    """One random token: near misses, ties, zero scores and energies, experts out of reach."""
    random = np.random.default_rng([5, seed])
    experts = int(random.integers(2, 9))
    max_experts = int(random.integers(1, experts + 1))
    threshold = float(random.choice([0.3, 0.49, 0.7, 1.0, 1e-9]))
    if seed % 3 == 0 and threshold < 0.9:
        need = float(need_from_threshold(np.array([threshold]))[0])
        miss = float(random.choice([0.0, *NEAR]))
        scores = near_scores(random, experts, need, int(random.integers(1, experts)), miss)
    else:
        scores = random.dirichlet(np.full(experts, 0.5))
    energy = random.exponential(1e-4, experts)
    if seed % 4 == 0:
        energy = 1e-4 * random.integers(0, 3, experts)
    if seed % 5 == 0:
        energy[random.random(experts) < 0.3] = np.inf
    if seed % 7 == 0:
        scores[int(random.integers(experts))] = 0.0
    return energy, scores, threshold, max_experts


def dirichlet_tokens(experts: int, max_experts: int, tokens: int, seed: int = 0):
    """Energies, scores and thresholds without structure, each threshold 0.9 of the D best."""
    random = np.random.default_rng([experts, max_experts, seed])
    scores = random.dirichlet(np.full(experts, 0.5), tokens)
    energy = random.exponential(1.0, scores.shape)
    return energy, scores, 0.9 * np.sort(scores, axis=1)[:, experts - max_experts :].sum(axis=1)


def correlated_tokens(seed: int, tokens: int, experts: int):
    """Energies, scores and thresholds whose ratios tell little: energies nearly linear."""
    random = np.random.default_rng(seed)
    scores = random.dirichlet(np.ones(experts), tokens)
    energy = scores + 0.05 + random.uniform(0, 1e-3, scores.shape)
    return energy, scores, np.full(tokens, 0.6)
