"""P2 families with a structure that makes assignment hard, degenerate or irregular."""

from __future__ import annotations

import numpy as np

from dmoe_models.input_checks import fraction, positive, whole_at_least
from dmoe_models.model.relevance import best_score_sums, need_from_threshold
from dmoe_models.portable.random import Draws, normalise_rows
from instances.defaults import FLOP_PER_TOKEN, PATH_LOSS, TRANSMIT_POWER_W
from instances.families.family import Fields, family
from instances.families.parts import (
    efficiency_energy_j,
    rayleigh_gain,
    round_robin,
    without_diagonal,
)
from instances.families.size import LINKS, Size


@family("tokens, energies and distances differ by node; some links and subcarriers are missing")
def uneven(
    draws: Draws,
    size: Size,
    *,
    missing: float = 0.2,
    blocked: float = 0.05,
) -> Fields:
    """Nodes that have little in common.

    Nodes stand at random in a square; a link's mean gain is 1e-2 at a quarter of the side and falls
    with the third power of distance (no closer than a tenth of the side), under Rayleigh fading.
    Tokens are spread with random weights, some nodes may hold none. Computation energies
    vary by up to 16, and every node has a static energy of up to one token's computation.

    A link is missing with probability `missing`, unless some token could then no longer reach its
    threshold: missing links alone make no instance infeasible.

    Parameters
    ----------
    missing : float
        Share of links without any gain, in [0, 1).
    blocked : float
        Share of (link, subcarrier) pairs without any gain, in [0, 1).
    """
    fraction("missing", missing)
    fraction("blocked", blocked)
    K, T = size.K, size.T
    scores = draws.stream("gates").simplex(T, K)

    weights = draws.stream("token weights").simplex(1, K)[0]
    where = draws.stream("tokens").uniform(T)
    source = np.zeros(T, dtype=np.int64)
    edge = 0.0
    for node in range(K - 1):
        edge = edge + float(weights[node])
        source += where >= edge

    place = draws.stream("places").uniform(K, 2)
    east = place[:, None, 0] - place[None, :, 0]
    north = place[:, None, 1] - place[None, :, 1]
    distance = np.maximum(np.sqrt(east * east + north * north), 0.1) / 0.25
    gain = rayleigh_gain(draws, K, size.M) / (distance * distance * distance)[:, :, None]
    gain[draws.stream("blocked").uniform(K, K, size.M) < blocked] = 0.0
    wanted_missing = draws.stream("missing").uniform(K, K) < missing
    gain[_missing_links(wanted_missing, scores, source, size.D, size.z * size.gamma)] = 0.0

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


@family("one frequency response common to all links; transmission dominates", M=LINKS)
def contended(
    draws: Draws,
    size: Size,
    *,
    ripple: float = 0.02,
    snr: float = 0.1,
) -> Fields:
    """All links want the same subcarriers, so that local optima abound.

    gain[i,j,m] = f[m] x (factor of the link, 0.8 to 1.25) x (1 +- ripple), with f exponential of
    mean 1e-2. The mean SNR is -10 dB: where signals are weak, a link's joule per token goes as the
    inverse of its gain, and the few good subcarriers are worth fighting for. Computation takes a
    thousandth of what it takes in the other families. JESA stops at half above the optimum and
    more on some of these, even at K = 3.

    Parameters
    ----------
    ripple : float
        Largest relative departure from the common response, in [0, 1).
    snr : float
        Linear mean signal-to-noise ratio.
    """
    fraction("ripple", ripple)
    positive("snr", snr)
    K, M = size.K, size.M
    response = PATH_LOSS * draws.stream("response").exponential(M)
    link = draws.stream("links").between(0.8, 1.25, K, K)
    departure = draws.stream("ripple").between(1.0 - ripple, 1.0 + ripple, K, K, M)
    return {
        "gate_scores": draws.stream("gates").simplex(size.T, K),
        "source": round_robin(size.T, K),
        "gain": without_diagonal(link[:, :, None] * response * departure),
        "noise_power_w": TRANSMIT_POWER_W * PATH_LOSS / snr,
        "computation_energy_j": 1e-3 * efficiency_energy_j(draws, K),
    }


@family("equal gains, scores and energies: every choice is a tie")
def ties(
    draws: Draws,
    size: Size,
    *,
    levels: int = 1,
) -> Fields:
    """Gains, scores and energies that take few values, by default one.

    Parameters
    ----------
    seed
        Without influence while `levels` is 1.
    levels : int
        How many values there are: gains are 1e-2 times, energies 3.52e-4 J times and scores
        proportional to whole numbers of 1 to `levels`.
    """
    whole_at_least("levels", levels, 1)
    K, T = size.K, size.T
    return {
        "gate_scores": normalise_rows(1.0 + draws.stream("gates").integers(levels, T, K)),
        "source": round_robin(T, K),
        "gain": without_diagonal(
            PATH_LOSS * (1.0 + draws.stream("gains").integers(levels, K, K, size.M))
        ),
        "computation_energy_j": FLOP_PER_TOKEN
        / 1e12
        * (1.0 + draws.stream("energies").integers(levels, K)),
    }


@family(
    "gains, and energies, within a narrow band: reduced costs tell little",
    name="near-equal",
    M=LINKS,
    gamma=0.4,
)
def near_equal(
    draws: Draws,
    size: Size,
    *,
    band: float = 0.02,
    common: float = 0.9,
    snr: float = 0.1,
) -> Fields:
    """Links and experts that hardly differ, so that every bound is close and no choice is clear.

    gain[i,j,m] = 1e-2 x (1 + band x (common x u[m] + (1 - common) x v[i,j,m])) with u and v uniform
    on -1 to 1: u is one frequency response for all links, v a ripple of each. Computation takes
    3.52e-7 J x (1 +- band), a thousandth of an expert of 1 TFLOP/J. With a subcarrier for every
    link LB misses the optimum by about twice `band` at most: which choice is best hangs on
    differences of that order.

    Parameters
    ----------
    gamma
        A low one leaves tokens a choice.
    band : float
        Largest relative departure from the mean, in [0, 1).
    common : float
        Share of the departure that is common to all links, in [0, 1).
    snr : float
        Linear mean signal-to-noise ratio.
    """
    fraction("band", band)
    fraction("common", common)
    positive("snr", snr)
    K, M = size.K, size.M
    response = common * draws.stream("response").between(-1.0, 1.0, M)
    ripple = (1.0 - common) * draws.stream("ripple").between(-1.0, 1.0, K, K, M)
    departure = draws.stream("energies").between(-1.0, 1.0, K)
    return {
        "gate_scores": draws.stream("gates").simplex(size.T, K),
        "source": round_robin(size.T, K),
        "gain": without_diagonal(PATH_LOSS * (1.0 + band * (response + ripple))),
        "noise_power_w": TRANSMIT_POWER_W * PATH_LOSS / snr,
        "computation_energy_j": 1e-3 * FLOP_PER_TOKEN / 1e12 * (1.0 + band * departure),
    }
