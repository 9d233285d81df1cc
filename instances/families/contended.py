"""P2 families with a structure that makes assignment hard, degenerate or irregular."""

from __future__ import annotations

from typing import Any

import numpy as np

from dmoe_models.model.relevance import best_score_sums, need_from_threshold
from dmoe_models.portable.random import Draws, normalise_rows
from instances.families.family import (
    FLOP_PER_TOKEN,
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


@family("gains, and energies, within a narrow band: reduced costs tell little", name="near-equal")
def near_equal(
    seed: int,
    *,
    K: int = 4,
    T: int = 16,
    M: int | None = None,
    D: int = 2,
    z: float = 1.0,
    gamma: float = 0.4,
    band: float = 0.02,
    common: float = 0.9,
    snr: float = 0.1,
    strict: bool = False,
) -> dict[str, Any]:
    """Links and experts that hardly differ, so that every bound is close and no choice is clear.

    gain[i,j,m] = 1e-2 x (1 + band x (common x u[m] + (1 - common) x v[i,j,m])) with u and v uniform
    on -1 to 1: u is one frequency response for all links, v a ripple of each. Computation takes
    3.52e-7 J x (1 +- band), a thousandth of an expert of 1 TFLOP/J. With a subcarrier for every
    link LB misses the optimum by about twice `band` at most: which choice is best hangs on
    differences of that order.

    Parameters
    ----------
    seed : int
    K, T, D, z, gamma, strict
        As in `rayleigh`. A low gamma leaves tokens a choice.
    M : int
        K (K - 1) unless given.
    band : float
        In [0, 1): largest relative departure from the mean.
    common : float
        In [0, 1): share of it that is common to all links.
    snr : float
        Linear mean signal-to-noise ratio.
    """
    fraction("band", band)
    fraction("common", common)
    positive("snr", snr)
    draws = Draws(seed)
    subcarriers = K * (K - 1) if M is None else M
    response = common * draws.stream("response").between(-1.0, 1.0, subcarriers)
    ripple = (1.0 - common) * draws.stream("ripple").between(-1.0, 1.0, K, K, subcarriers)
    departure = draws.stream("energies").between(-1.0, 1.0, K)
    return {
        "gate_scores": draws.stream("gates").simplex(T, K),
        "source": round_robin(T, K),
        "gain": without_diagonal(PATH_LOSS * (1.0 + band * (response + ripple))),
        "noise_power_w": TRANSMIT_POWER_W * PATH_LOSS / snr,
        "computation_energy_j": 1e-3 * FLOP_PER_TOKEN / 1e12 * (1.0 + band * departure),
    }
