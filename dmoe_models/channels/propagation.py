"""Large-scale propagation: places, path loss, shadowing, and the noise it all stands against.

References
----------
3GPP TR 38.901 V17.0.0 (2022), table 7.4.1-1: path loss and shadow fading of the scenarios InH
(indoor office), InF (indoor factory; SL: sparse clutter, DL: dense clutter, low antennas) and UMi
(street canyon).
H. T. Friis, "Noise figures of radio receivers", Proceedings of the IRE 32(7), 1944.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dmoe_models.channels.fading import SPEED_OF_LIGHT_M_S
from dmoe_models.portable.functions import from_db, portable_cosine_sine, portable_log10
from dmoe_models.portable.random import Draws

BOLTZMANN_J_K = 1.380649e-23
CARRIER_RANGE_HZ = (0.5e9, 100e9)
"""Carrier frequencies that TR 38.901 covers."""
UMI_HEIGHTS_M = (10.0, 1.5)
"""Antennas of a street canyon, high and low (TR 38.901, table 7.2-1)."""


class Scenario(NamedTuple):
    """A row of table 7.4.1-1: the larger of its `lines`, under log-normal shadowing."""

    lines: tuple[str, ...]
    shadowing_db: float
    least_distance_m: float
    largest_distance_m: float


_LINES = {
    "inh-los": (32.4, 17.3, 20.0),
    "inh-nlos": (17.3, 38.3, 24.9),
    "inf-los": (31.84, 21.5, 19.0),
    "inf-sl": (33.0, 25.5, 20.0),
    "inf-dl": (18.6, 35.7, 20.0),
    "umi-los": (32.4, 21.0, 20.0),
    "umi-nlos": (22.4, 35.3, 21.3),
}
"""(a, b, c) of a + b log10(distance / 1 m) + c log10(carrier / 1 GHz), dB."""

SCENARIOS = {
    "inh-los": Scenario(("inh-los",), 3.0, 1.0, 150.0),
    "inh-nlos": Scenario(("inh-los", "inh-nlos"), 8.03, 1.0, 150.0),
    "inf-los": Scenario(("inf-los",), 4.3, 1.0, 600.0),
    "inf-sl": Scenario(("inf-los", "inf-sl"), 5.7, 1.0, 600.0),
    "inf-dl": Scenario(("inf-los", "inf-sl", "inf-dl"), 7.2, 1.0, 600.0),
    "umi-los": Scenario(("umi-los",), 4.0, 10.0, 5000.0),
    "umi-nlos": Scenario(("umi-los", "umi-nlos"), 7.82, 10.0, 5000.0),
}


def path_loss_db(scenario: str, distance_m: np.ndarray, carrier_hz: float) -> np.ndarray:
    """Return the median path loss of TR 38.901, table 7.4.1-1.

    Parameters
    ----------
    scenario : str
        A name in ``SCENARIOS``.
    distance_m : array of any shape
        Between the antennas (d_3D). Below the scenario's least distance, that is taken.
    carrier_hz : float

    Returns
    -------
    array of the shape of `distance_m`, dB

    Notes
    -----
    A link without line of sight loses at least what one with it loses. In a street canyon with
    line of sight the slope grows from 21 to 40 at the breakpoint: the table's
    PL2 = 32.4 + 40 log10 d + 20 log10 f - 9.5 log10(d_BP^2 + (h_BS - h_UT)^2) is
    PL1 + 19 log10(d / sqrt(d_BP^2 + (h_BS - h_UT)^2)), with d_BP = 4 (h_BS - 1)(h_UT - 1) f_c / c
    where all heights and distances are in metres.
    """
    row = SCENARIOS[scenario]
    distance = np.maximum(np.asarray(distance_m, dtype=np.float64), row.least_distance_m)
    loss = np.full(distance.shape, -np.inf)
    for line in row.lines:
        offset, slope, frequency_slope = _LINES[line]
        term = slope * portable_log10(distance) + frequency_slope * portable_log10(carrier_hz / 1e9)
        candidate = offset + term
        if line == "umi-los":
            ratio = np.maximum(distance / _breakpoint_m(carrier_hz), 1.0)
            candidate = candidate + 19.0 * portable_log10(ratio)
        loss = np.maximum(loss, candidate)
    return loss


def _breakpoint_m(carrier_hz: float) -> float:
    """Distance between antennas at which the slope of a street canyon changes."""
    high, low = UMI_HEIGHTS_M
    ground = 4.0 * (high - 1.0) * (low - 1.0) * carrier_hz / SPEED_OF_LIGHT_M_S
    return float(np.sqrt(ground * ground + (high - low) * (high - low)))


def shadowing_gain(source: Draws, nodes: int, deviation_db: float) -> np.ndarray:
    """Return (nodes, nodes) log-normal power gains, the same in both directions of a pair.

    The level in dB is normal with mean 0 and the given standard deviation (TR 38.901, section
    7.4.1), independent between pairs: the correlation of shadowing over space is not modelled.

    Parameters
    ----------
    source : Draws
    nodes : int
    deviation_db : float
        Standard deviation of the level.
    """
    return from_db(same_both_ways(deviation_db * source.normal(nodes, nodes)))


def same_both_ways(values: np.ndarray) -> np.ndarray:
    """Return an array (K, K, ...) with the value of i -> j, i < j, in both directions."""
    upper = np.triu(np.ones(values.shape[:2], dtype=bool))
    upper = upper.reshape(upper.shape + (1,) * (values.ndim - 2))
    return np.where(upper, values, np.swapaxes(values, 0, 1))


def distances_in_disc(source: Draws, nodes: int, radius_m: float) -> np.ndarray:
    """Return the (nodes, nodes) distances of nodes that stand uniformly in a disc, m.

    Parameters
    ----------
    source : Draws
    nodes : int
    radius_m : float
    """
    place = source.uniform(nodes, 2)
    cosine, sine = portable_cosine_sine(place[:, 1])
    radius = radius_m * np.sqrt(place[:, 0])
    east, north = radius * cosine, radius * sine
    east, north = east[:, None] - east, north[:, None] - north
    return np.sqrt(east * east + north * north)


def noise_power_w(bandwidth_hz: float, temperature_k: float, noise_figure_db: float) -> float:
    """Return the noise power of a receiver, k T B F with F = 10^(figure / 10) (Friis 1944).

    At 290 K that is -174 dBm per hertz plus the noise figure.

    Parameters
    ----------
    bandwidth_hz, temperature_k, noise_figure_db : float
        Bandwidth B, temperature T and noise figure of the receiver.
    """
    return float(BOLTZMANN_J_K * temperature_k * bandwidth_hz * from_db(noise_figure_db))
