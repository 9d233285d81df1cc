"""Recorded channel state: from measured responses to channel power gains of links.

A measurement is of one transmitter and one receiver at a time. Taking its positions for the links
of a network is a resampling assumption, made in `network_gain`; the level of a response and
the noise are assumptions of the readers. All of them end up in the instance's metadata.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dmoe_models.channels.array_files import readable_name
from dmoe_models.channels.responses import WIFI_SUBCARRIER_HZ as WIFI_SUBCARRIER_HZ
from dmoe_models.channels.responses import read_responses, watt
from dmoe_models.errors import InstanceError
from dmoe_models.input_checks import real_number, refuse_where
from dmoe_models.model.arrays import real_array
from dmoe_models.portable.random import Draws
from dmoe_models.values.value import Value

RESAMPLING_ASSUMPTION = (
    "measured responses serve as links between nodes, drawn without replacement; they were not "
    "measured between such nodes, nor at the same time"
)
"""What `network_gain` takes for granted, for the metadata."""
THERMAL_NOISE_DBM_PER_HZ = -174.0
"""k T at 290 K, rounded as link budgets have it; `propagation.noise_power_w` takes k T itself."""


@dataclass(frozen=True, eq=False)
class ChannelRecord(Value):
    """Measured gains and the radio they are for.

    Attributes
    ----------
    gain : (N, M) or (K, K, M) array
        Linear power gains of N responses, to be used as links; or of a whole network of K nodes.
    bandwidth_hz, transmit_power_w, noise_power_w : float
        Of one subcarrier.
    origin : dict
        Source and figures assumed, for the metadata.
    assumptions : tuple of str
        The same in words.
    notes : tuple of str
        What was left out of the recording, and what looks odd in it.
    left_out : tuple of int
        Rows of the recording that no row of `gain` is of.
    """

    gain: np.ndarray
    bandwidth_hz: float
    transmit_power_w: float
    noise_power_w: float
    origin: dict[str, Any]
    assumptions: tuple[str, ...]
    notes: tuple[str, ...] = ()
    left_out: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        gain = real_array("gain", self.gain, 3 if np.ndim(self.gain) == 3 else 2)
        refuse_where("gain", gain, ~np.isfinite(gain) | (gain < 0), "is negative or not finite")
        object.__setattr__(self, "gain", gain)
        super().__post_init__()


def read_channel(
    path: str | Path,
    *,
    transmit_power_dbm: float = 20.0,
    noise_figure_db: float = 7.0,
    bandwidth_hz: float | None = None,
) -> ChannelRecord:
    """Read recorded channel state in any of the supported formats.

    Parameters
    ----------
    path : path
        ``.npz`` with ``csi_iq`` (N, packets, M, 2) and ``rssi_dbm`` (N,): responses of unknown
        level, and the received power of each position; positions without one are left out.
        ``.npz`` with ``csi`` (locations, packets, M, receive, transmit, 2) and ``scale``
        (locations, packets): calibrated, every antenna pair is a response. ``.npy``: complex
        amplitude gains or real power gains, (N, M) or (K, K, M).
    transmit_power_dbm : float
        Over the whole band, spread evenly over the subcarriers.
    noise_figure_db : float
        Above thermal noise of -174 dBm/Hz.
    bandwidth_hz : float, optional
        Of one subcarrier: 312.5 kHz unless given; where 30 groups stand for the 56 subcarriers of
        20 MHz, 56/30 of that.

    Returns
    -------
    ChannelRecord

    Raises
    ------
    FileError
        Where the file is missing, damaged, or not of that form.
    """
    path = Path(path)
    measured = read_responses(path)
    wanted_hz = measured.bandwidth_hz if bandwidth_hz is None else bandwidth_hz
    width = real_number("bandwidth_hz", wanted_hz)
    transmit_dbm = real_number("transmit_power_dbm", transmit_power_dbm)
    figure_db = real_number("noise_figure_db", noise_figure_db)
    if width <= 0:
        raise InstanceError(f"bandwidth_hz = {width} is not positive")
    total_w = watt(transmit_dbm)
    transmit_w = total_w / measured.power.shape[-1]
    noise_w = watt(THERMAL_NOISE_DBM_PER_HZ + figure_db) * width
    for name, value, power_w in (
        ("transmit_power_dbm", transmit_dbm, transmit_w),
        ("noise_figure_db", figure_db, noise_w),
    ):
        if not 0 < power_w < math.inf:
            raise InstanceError(f"{name} = {value} gives {power_w:g} W per subcarrier")
    to_gain = {"gain": 1.0, "snr": noise_w / transmit_w, "gain/power": 1.0 / total_w}
    return ChannelRecord(
        gain=measured.power * to_gain[measured.level],
        bandwidth_hz=width,
        transmit_power_w=transmit_w,
        noise_power_w=noise_w,
        origin={
            "file": readable_name(path),
            "transmit_power_dbm": transmit_dbm,
            "noise_figure_db": figure_db,
            "bandwidth_hz": width,
        },
        assumptions=(
            *measured.assumptions,
            f"{transmit_dbm:g} dBm are sent over the whole band, evenly",
            f"noise is {THERMAL_NOISE_DBM_PER_HZ:g} dBm/Hz plus {figure_db:g} dB noise figure",
        ),
        notes=measured.notes,
        left_out=measured.left_out,
    )


def network_gain(
    record: ChannelRecord,
    nodes: int,
    links: np.ndarray,
    *,
    responses: int = 1,
    seed: int = 0,
    in_order: bool = False,
) -> np.ndarray:
    """Turn measured responses into the gains of a network.

    Parameters
    ----------
    record : ChannelRecord
        Of a whole network: its gains are taken as they are, and must be of `nodes` nodes.
    nodes : int
        K.
    links : (L, 2) int array
        Links that need a response; all others get gains of zero, unless rows are taken in order.
    responses : int
        Measured responses concatenated in frequency for every link.
    seed : int
        Which response serves which link: drawn without replacement.
    in_order : bool
        Nothing is drawn: rows belong to the links (0, 1), (0, 2), ..., (1, 0), (1, 2), ..., all
        ordered pairs of different nodes, one source after the other, `responses` rows each. Every
        pair gets its rows, as far as there are any.

    Returns
    -------
    (K, K, M x responses) array

    Raises
    ------
    InstanceError
        Where the record does not suffice.
    """
    if record.gain.ndim == 3:
        if len(record.gain) != nodes:
            raise InstanceError(
                f"nodes = {nodes}, but the channel record is of a network of {len(record.gain)}"
            )
        if responses != 1:
            raise InstanceError("the channel record is of a whole network: responses must be 1")
        gain = record.gain.copy()
        gain[np.arange(nodes), np.arange(nodes)] = 0.0
        return gain
    if responses < 1:
        raise InstanceError(f"responses = {responses} is below 1")
    available, subcarriers = record.gain.shape
    if in_order:
        pairs = np.argwhere(~np.eye(nodes, dtype=bool))
        sender, receiver = np.asarray(links).T
        place = sender * (nodes - 1) + receiver - (receiver > sender)  # of each link among them
        last = int(place.max()) + 1
        _require_no_gap(record.left_out, len(pairs) * responses)
        _require_responses(last, responses, available, nodes)
        links = pairs[: available // responses]
        taken = np.arange(len(links) * responses)
    else:
        _require_responses(len(links), responses, available, nodes)
        order = Draws(seed).stream("responses").permutation(available)
        taken = order[: len(links) * responses]
    gain = np.zeros((nodes, nodes, subcarriers * responses))
    gain[links[:, 0], links[:, 1]] = record.gain[taken].reshape(len(links), -1)
    return gain


def _require_no_gap(left_out: tuple[int, ...], wanted: int) -> None:
    """Refuse to count rows where one is missing: those after it would go to other links."""
    if left_out and min(left_out) < wanted:
        raise InstanceError(
            f"in_order: row {min(left_out)} of the recording has no received power and is left "
            "out, so that the rows after it would go to other links: complete the recording, or "
            "let rows be drawn"
        )


def _require_responses(links: int, responses: int, available: int, nodes: int) -> None:
    if links * responses > available:
        raise InstanceError(
            f"{links} links of {responses} response(s) each need more than the {available} "
            f"recorded: ask for fewer than {nodes} nodes (--nodes), fewer responses a link "
            "(--responses), or tokens at one node (--placement first-node)"
        )
