"""A family on which JESA's answer costs any number of times the optimum, from nearly every start.

Why, and that the excess cannot be above what `ratio` allows: docs/model.md, fact 7 (JESA's excess
has no limit).
"""

from __future__ import annotations

import numpy as np

from dmoe_models.errors import InstanceError
from dmoe_models.input_checks import real_number
from dmoe_models.portable.functions import from_db
from dmoe_models.portable.random import Draws
from instances.defaults import PATH_LOSS, TRANSMIT_POWER_W
from instances.families.family import Fields, family
from instances.families.parts import snr_of_relative_rate, without_diagonal
from instances.families.size import ByNodes, Size

BEST_SNR_DB = 30.0
"""Of the decoys on subcarrier 0."""

MARGIN = 1e-3
"""What "a little" is, relative; doubles resolve the differences a million million times over."""

LARGEST_RATIO = 1e6


@family(
    "a local optimum of JESA at any multiple of the optimum, from nearly every start",
    K=5,
    T=1,
    M=64,
    D=ByNodes("K - 3, at least 1", lambda K: max(1, K - 3)),
)
def trap(
    draws: Draws,
    size: Size,
    *,
    ratio: float = 300.0,
) -> Fields:
    """One good link that JESA does not find, beside K - 3 decoys that look better, and a bait.

    All tokens are alike and reside at node 0, whose own expert they cannot use. Expert K - 1 has
    half of their scores, the decoys 1 to K - 3 have the other half in equal parts. Computation
    takes nothing, and the best signal-to-noise ratio is 30 dB.

    Parameters
    ----------
    seed
        Without influence: nothing is random.
    K
        At least 5 make a trap.
    M
        At least K - 1 make a trap. A random start of JESA finds the optimum with probability 1/M.
    D
        With fewer than K - 3 the decoys cannot serve a token.
    gamma
        A z gamma of at most (K - 4)/(K - 3)/2 is met without all decoys.
    ratio : float
        The good link's other prices in units of its best, 1 to 10^6; JESA's answer costs about
        (K - 4)/(K - 3) times this times the optimum. With K = 5 and up to 345, all signal-to-noise
        ratios are above -20 dB.
    """
    if not 1 < real_number("ratio", ratio) <= LARGEST_RATIO:
        raise InstanceError(f"ratio = {ratio} is outside 1 to {LARGEST_RATIO:g}")
    K, T = size.K, size.T
    decoys = max(1, K - 3)
    price = np.full((K, K, size.M), float(ratio))  # in units of the least
    price[0, :, 1:2] = 1.0
    price[0, K - 2] *= 1.0 + MARGIN
    price[0, 1 : K - 2] = (1.0 - MARGIN) * ratio / decoys
    price[0, 1 : K - 2, 1:2] = (1.0 - 2.0 * MARGIN) * ratio / decoys
    price[0, 1 : K - 2, 0] = (1.0 - MARGIN) / decoys

    least = (1.0 - MARGIN) / decoys
    snr = snr_of_relative_rate(least / price, float(from_db(BEST_SNR_DB)))
    snr[1:] = 1.0  # from where there are no tokens
    scores = np.zeros((T, K))
    scores[:, 1 : K - 2] = 0.5 / decoys
    scores[:, K - 1] = 0.5 if K > 3 else 1.0
    return {
        "gate_scores": scores,
        "source": np.zeros(T, dtype=np.int64),
        "gain": without_diagonal(PATH_LOSS / 10.0 * snr),
        "computation_energy_j": np.zeros(K),
        "noise_power_w": TRANSMIT_POWER_W * PATH_LOSS / 10.0,
    }
