"""Families with a structure that makes selection or assignment hard, degenerate or irregular."""

from __future__ import annotations

from typing import Any

import numpy as np

from dmoe_models.portable import portable_log
from dmoe_models.relevance import best_score_sums, need_from_threshold
from instances.building import (
    BANDWIDTH_HZ,
    FLOP_PER_TOKEN,
    HIDDEN_STATE_BITS,
    MEAN_SNR,
    PATH_LOSS,
    TRANSMIT_POWER_W,
    efficiency_energy_j,
    family,
    fraction,
    positive,
    rayleigh_gain,
    round_robin,
    whole,
    without_diagonal,
)
from instances.draws import Draws, normalise_rows


@family("tokens, energies and distances differ by node; some links and subcarriers are missing")
def uneven(
    seed: int,
    *,
    K: int = 4,
    T: int = 16,
    M: int | None = None,
    D: int = 2,
    z: float = 1.0,
    gamma: float = 0.49,
    missing: float = 0.2,
    blocked: float = 0.05,
    strict: bool = False,
) -> dict[str, Any]:
    """Nodes that have little in common.

    Nodes stand at random in a square; a link's mean gain is 1e-2 at a quarter of the side and falls
    with the third power of distance (no closer than a tenth of the side), under Rayleigh fading.
    Tokens are spread with random weights, some nodes may hold none. Computation energies
    vary by up to 16, and every node has a static energy of up to one token's computation.

    A link is missing with probability `missing`, unless some token could then no longer reach its
    threshold: missing links alone make no instance infeasible.

    Parameters
    ----------
    seed : int
    K, T, M, D, z, gamma, strict
        As in `rayleigh`.
    missing, blocked : float
        In [0, 1): share of links without any gain, and of (link, subcarrier) pairs without.
    """
    fraction("missing", missing)
    fraction("blocked", blocked)
    draws = Draws(seed)
    subcarriers = K * K if M is None else M
    scores = draws.stream("gates").simplex(T, K)

    weights = draws.stream("token weights").simplex(1, K)[0]
    where = draws.stream("tokens").uniform(T)
    source = np.zeros(T, dtype=np.int64)
    edge = 0.0
    for node in range(K - 1):
        edge = edge + float(weights[node])
        source += where >= edge

    place = draws.stream("places").uniform(K, 2)
    across = place[:, None, 0] - place[None, :, 0]
    along = place[:, None, 1] - place[None, :, 1]
    distance = np.maximum(np.sqrt(across * across + along * along), 0.1) / 0.25
    gain = rayleigh_gain(draws, K, subcarriers) / (distance * distance * distance)[:, :, None]
    gain[draws.stream("blocked").uniform(K, K, subcarriers) < blocked] = 0.0
    wanted_missing = draws.stream("missing").uniform(K, K) < missing
    gain[_missing_links(wanted_missing, scores, source, D, z * gamma)] = 0.0

    # 1 to 16 times the least energy; the product of two factors favours small ones.
    factor = draws.stream("efficiency").between(1.0, 4.0, 2, K)
    energy = FLOP_PER_TOKEN / 4e12 * factor[0] * factor[1]
    return {
        "gate_scores": scores,
        "source": source,
        "gain": gain,
        "computation_energy_j": energy,
        "static_energy_j": energy * draws.stream("static").uniform(K),
    }


def _missing_links(
    wanted: np.ndarray, scores: np.ndarray, source: np.ndarray, experts: int, wish: float
) -> np.ndarray:
    """Take away the `wanted` links, (K, K) bool, that every token can do without."""
    need = need_from_threshold(np.minimum(best_score_sums(scores, experts), wish))
    reachable = np.ones_like(wanted)
    for i, j in np.argwhere(wanted & ~np.eye(len(wanted), dtype=bool)).tolist():
        here = source == i
        reachable[i, j] = False
        left = np.where(reachable[i], scores[here], 0.0)
        if here.any() and (best_score_sums(left, experts) < need[here]).any():
            reachable[i, j] = True
    return ~reachable


@family("one frequency response common to all links; transmission dominates")
def contended(
    seed: int,
    *,
    K: int = 4,
    T: int = 16,
    M: int | None = None,
    D: int = 2,
    z: float = 1.0,
    gamma: float = 0.49,
    ripple: float = 0.02,
    snr: float = 0.1,
    strict: bool = False,
) -> dict[str, Any]:
    """All links want the same subcarriers, so that local optima abound.

    gain[i,j,m] = f[m] x (factor of the link, 0.8 to 1.25) x (1 +- ripple), with f exponential of
    mean 1e-2. The mean SNR is -10 dB: where signals are weak, a link's joule per token goes as the
    inverse of its gain, and the few good subcarriers are worth fighting for. Computation takes a
    thousandth of what it takes in the other families. JESA stops at half above the optimum and
    more on some of these, even at K = 3.

    Parameters
    ----------
    seed : int
    K, T, D, z, gamma, strict
        As in `rayleigh`.
    M : int
        K (K - 1) unless given.
    ripple : float
        In [0, 1): largest relative departure from the common response.
    snr : float
        Linear mean signal-to-noise ratio.
    """
    fraction("ripple", ripple)
    positive("snr", snr)
    draws = Draws(seed)
    subcarriers = K * (K - 1) if M is None else M
    response = PATH_LOSS * draws.stream("response").exponential(subcarriers)
    link = draws.stream("links").between(0.8, 1.25, K, K)
    departure = draws.stream("ripple").between(1.0 - ripple, 1.0 + ripple, K, K, subcarriers)
    return {
        "gate_scores": draws.stream("gates").simplex(T, K),
        "source": round_robin(T, K),
        "gain": without_diagonal(link[:, :, None] * response * departure),
        "noise_power_w": TRANSMIT_POWER_W * PATH_LOSS / snr,
        "computation_energy_j": 1e-3 * efficiency_energy_j(draws, K),
    }


@family("equal gains, scores and energies: every choice is a tie")
def ties(
    seed: int,
    *,
    K: int = 4,
    T: int = 16,
    M: int | None = None,
    D: int = 2,
    z: float = 1.0,
    gamma: float = 0.49,
    levels: int = 1,
    strict: bool = False,
) -> dict[str, Any]:
    """Gains, scores and energies that take few values, by default one.

    Parameters
    ----------
    seed : int
        Without influence while `levels` is 1.
    K, T, M, D, z, gamma, strict
        As in `rayleigh`.
    levels : int
        Gains are 1e-2 times, energies 3.52e-4 J times and scores proportional to whole numbers of
        1 to `levels`.
    """
    whole("levels", levels, 1)
    draws = Draws(seed)
    shape = (K, K, K * K if M is None else M)
    return {
        "gate_scores": normalise_rows(1.0 + draws.stream("gates").integers(levels, T, K)),
        "source": round_robin(T, K),
        "gain": without_diagonal(
            PATH_LOSS * (1.0 + draws.stream("gains").integers(levels, *shape))
        ),
        "computation_energy_j": FLOP_PER_TOKEN
        / 1e12
        * (1.0 + draws.stream("energies").integers(levels, K)),
    }


@family("P1 with energies strongly correlated to scores: hard for branch and bound", name="hard-p1")
def hard_p1(
    seed: int,
    *,
    K: int = 12,
    T: int = 16,
    D: int | None = None,
    z: float = 1.0,
    gamma: float = 0.49,
    spread: float = 1.0,
    jitter: float = 0.02,
    strict: bool = False,
) -> dict[str, Any]:
    """P1 whose experts all cost about what they are worth, so that bounds prune little.

    An expert has a popularity of 1 to 1 + spread. Scores are popularities times 1 +- jitter, drawn
    for each token and normalised; an expert's joule per token, transmission included, is in
    proportion to its popularity plus a tenth. All tokens reside at node 0, link 0 -> j owns one of
    M = K - 1 subcarriers, and computation energies make up what transmission leaves.

    Parameters
    ----------
    seed : int
    K, T, D : int
        D is half of K, rounded up, unless given: with gamma = 0.49 about that many are needed.
    z, gamma, strict
        As in `rayleigh`.
    spread, jitter : float
        Positive; in [0, 1). At spread 0.2 and little jitter, the tree of a single token reaches
        millions of nodes at K = 24.
    """
    positive("spread", spread)
    fraction("jitter", jitter)
    draws = Draws(seed)
    popularity = 1.0 + spread * draws.stream("popularity").uniform(K)
    scores = normalise_rows(
        popularity * draws.stream("gates").between(1.0 - jitter, 1.0 + jitter, T, K)
    )

    subcarriers = K - 1
    gain = np.zeros((K, K, subcarriers))
    gain[0] = PATH_LOSS * draws.stream("gains").between(0.5, 1.5, K, subcarriers)
    owned = draws.stream("assignment").permutation(subcarriers)
    assignment = np.full((K, K), -1, dtype=np.int64)
    assignment[0, 1:] = owned

    # A portable logarithm: energies that depended on the platform's would change the instance.
    snr = MEAN_SNR / PATH_LOSS * gain[0, np.arange(1, K), owned]
    rate = BANDWIDTH_HZ * portable_log(1.0 + snr) / 0.6931471805599453
    transmission = np.zeros(K)
    transmission[1:] = TRANSMIT_POWER_W * HIDDEN_STATE_BITS / rate
    worth = popularity + 0.1
    # Popularities are at least 1: this makes every remainder positive.
    energy = 1.1 * float(transmission.max()) * worth - transmission
    return {
        "gate_scores": scores,
        "source": np.zeros(T, dtype=np.int64),
        "gain": without_diagonal(gain),
        "computation_energy_j": energy,
        "max_experts": (K + 1) // 2 if D is None else D,
        "assignment": assignment,
    }
