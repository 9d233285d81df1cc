"""What families are put together of: where tokens reside, plain gains, energies, a whole round.

Everything here is the same bits on every machine.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dmoe_models.portable.functions import portable_exp, portable_log
from dmoe_models.portable.random import Draws
from instances.defaults import (
    BANDWIDTH_HZ,
    EFFICIENCY_FLOP_J,
    FLOP_PER_TOKEN,
    HIDDEN_STATE_BITS,
    PATH_LOSS,
    TRANSMIT_POWER_W,
)
from instances.families.size import Size

_LN2 = 0.6931471805599453


def round_robin(tokens: int, nodes: int) -> np.ndarray:
    """Return (T,) sources: token t resides at node t mod K.

    Parameters
    ----------
    tokens, nodes : int
        T and K.
    """
    return np.arange(tokens, dtype=np.int64) % nodes


def without_diagonal(gain: np.ndarray) -> np.ndarray:
    """Set the (ignored) gains of a node to itself to zero, so that files show none."""
    nodes = np.arange(len(gain))
    gain[nodes, nodes] = 0.0
    return gain


def rayleigh_gain(draws: Draws, nodes: int, subcarriers: int) -> np.ndarray:
    """Return (K, K, M) independent exponential power gains of mean ``PATH_LOSS``.

    Parameters
    ----------
    draws : Draws
    nodes, subcarriers : int
        K and M.
    """
    fading = draws.stream("fading").exponential(nodes, nodes, subcarriers)
    return without_diagonal(PATH_LOSS * fading)


def efficiency_energy_j(draws: Draws, nodes: int, flop: float = FLOP_PER_TOKEN) -> np.ndarray:
    """Return (K,) joules per token of experts on nodes of 0.5 to 2 TFLOP/J, uniform.

    Parameters
    ----------
    draws : Draws
    nodes : int
    flop : float
        Floating-point operations per token of one expert.
    """
    return flop / draws.stream("efficiency").between(*EFFICIENCY_FLOP_J, nodes)


def transmission_energy_j(snr: np.ndarray) -> np.ndarray:
    """Return the joules per token over a subcarrier of a given signal-to-noise ratio, linear.

    It is the formula of `dmoe_models.model.radio` at this project's defaults, with a logarithm that
    is the same bits everywhere: what is drawn from it would else depend on the machine.
    """
    rate = BANDWIDTH_HZ * portable_log(1.0 + snr) / _LN2
    return np.asarray(TRANSMIT_POWER_W * HIDDEN_STATE_BITS / rate)


def snr_of_relative_rate(share: np.ndarray, snr: float) -> np.ndarray:
    """Return the signal-to-noise ratios at which the rate is `share` of the rate at `snr`.

    Joules per token are in inverse proportion to the rate, the rate in proportion to log(1 + SNR).

    Parameters
    ----------
    share : array of positive doubles
    snr : float
        Linear.
    """
    return portable_exp(portable_log(np.asarray(1.0 + snr)) * share) - 1.0


def rayleigh_round(
    draws: Draws, size: Size, gate_scores: np.ndarray | None = None
) -> dict[str, Any]:
    """Return the fields of a round under Rayleigh fading, tokens dealt out in turn.

    Parameters
    ----------
    draws : Draws
    size : Size
    gate_scores : (T, K) array, optional
        Uniform on the simplex unless given.
    """
    if gate_scores is None:
        gate_scores = draws.stream("gates").simplex(size.T, size.K)
    return {
        "gate_scores": gate_scores,
        "source": round_robin(size.T, size.K),
        "gain": rayleigh_gain(draws, size.K, size.M),
        "computation_energy_j": efficiency_energy_j(draws, size.K),
    }
