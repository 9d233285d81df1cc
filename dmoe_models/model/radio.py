"""From channel power gains to rates, and from rates to joules per token."""

from __future__ import annotations

import math

import numpy as np


def rate_bps(
    gain: np.ndarray, bandwidth_hz: float, transmit_power_w: float, noise_power_w: float
) -> np.ndarray:
    """Return Shannon rates, r = B0 log2(1 + P0 H / N0).

    Parameters
    ----------
    gain : array of any shape
        Linear channel power gains H, path loss included.
    bandwidth_hz, transmit_power_w, noise_power_w : float
        Of one subcarrier.

    Returns
    -------
    array of the shape of `gain`, bit/s

    Notes
    -----
    ``log1p`` keeps weak links right: 1 + x rounds to 1 where x is below 1e-16, and log2 of that is
    a rate of zero.
    """
    snr = (transmit_power_w / noise_power_w) * gain
    return (bandwidth_hz / math.log(2.0)) * np.log1p(snr)


def transmission_energy_j(
    rate: np.ndarray, transmit_power_w: float, hidden_state_bits: float
) -> np.ndarray:
    """Return the energy of sending one token, c = P0 s0 / r, infinite where the rate is zero.

    Parameters
    ----------
    rate : array of any shape, bit/s
    transmit_power_w : float
    hidden_state_bits : float

    Returns
    -------
    array of the shape of `rate`, J per token
    """
    energy = np.full(rate.shape, np.inf)
    np.divide(transmit_power_w * hidden_state_bits, rate, out=energy, where=rate > 0)
    return energy
