"""Recorded channel state: from measured responses to channel power gains of links.

A measurement is of one transmitter and one receiver at a time. Taking its positions for the links
of a network is a resampling assumption, made in `network_gain`; the level of a response and
the noise are assumptions of the readers. All of them end up in the instance's metadata.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dmoe_models.channels.array_files import load_array, load_arrays
from dmoe_models.errors import FileError, InstanceError
from dmoe_models.input_checks import real_number
from dmoe_models.portable.random import Draws
from dmoe_models.values.value import Value

WIFI_SUBCARRIER_HZ = 312.5e3
WIFI_SUBCARRIERS = 56
"""Active subcarriers of a 20 MHz channel."""
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
    """

    gain: np.ndarray
    bandwidth_hz: float
    transmit_power_w: float
    noise_power_w: float
    origin: dict[str, Any]
    assumptions: tuple[str, ...]


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
    measured = _read(path)
    wanted_hz = measured.bandwidth_hz if bandwidth_hz is None else bandwidth_hz
    width = real_number("bandwidth_hz", wanted_hz)
    transmit_dbm = real_number("transmit_power_dbm", transmit_power_dbm)
    figure_db = real_number("noise_figure_db", noise_figure_db)
    if width <= 0:
        raise InstanceError(f"bandwidth_hz = {width} is not positive")
    total_w = _watt(transmit_dbm)
    transmit_w = total_w / measured.power.shape[-1]
    noise_w = _watt(THERMAL_NOISE_DBM_PER_HZ + figure_db) * width
    for name, value, watt in (
        ("transmit_power_dbm", transmit_dbm, transmit_w),
        ("noise_figure_db", figure_db, noise_w),
    ):
        if not 0 < watt < math.inf:
            raise InstanceError(f"{name} = {value} gives {watt:g} W per subcarrier")
    to_gain = {"gain": 1.0, "snr": noise_w / transmit_w, "gain/power": 1.0 / total_w}
    return ChannelRecord(
        gain=measured.power * to_gain[measured.level],
        bandwidth_hz=width,
        transmit_power_w=transmit_w,
        noise_power_w=noise_w,
        origin={
            "file": path.name,
            "transmit_power_dbm": transmit_dbm,
            "noise_figure_db": figure_db,
            "bandwidth_hz": width,
        },
        assumptions=(
            *measured.assumptions,
            f"{transmit_dbm:g} dBm are sent over the whole band, evenly",
            f"noise is {THERMAL_NOISE_DBM_PER_HZ:g} dBm/Hz plus {figure_db:g} dB noise figure",
        ),
    )


class _Measured(NamedTuple):
    """What a file holds: power responses, and how their level becomes a gain."""

    power: np.ndarray
    level: str
    """"gain" as they are; "snr", over the noise; "gain/power", received over the whole band, W."""
    bandwidth_hz: float
    """Of a subcarrier, unless the caller says otherwise."""
    assumptions: tuple[str, ...]


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # what is not finite is refused
def _read(path: Path) -> _Measured:
    """Read a file in any of the formats of `read_channel`; refuse what cannot be a power."""
    if path.suffix == ".npy":
        measured = _Measured(
            _power(load_array(path)),
            "gain",
            WIFI_SUBCARRIER_HZ,
            ("the array holds channel gains as they are",),
        )
    elif path.suffix == ".npz":
        held = _names(path)
        if "csi_iq" in held:
            measured = _Measured(
                _read_uncalibrated(path),
                "gain/power",
                WIFI_SUBCARRIER_HZ,
                (
                    "a response is the median over packets of power, each packet taken relative to "
                    "its mean, and scaled so that its mean is the received power over the transmit "
                    "power",
                ),
            )
        elif "csi" in held:
            power = _read_calibrated(path)
            measured = _Measured(
                power,
                "snr",
                WIFI_SUBCARRIER_HZ * WIFI_SUBCARRIERS / power.shape[1],
                (
                    "a response is the median over packets of the recorded signal-to-noise ratio; "
                    "an antenna pair counts as a response of its own",
                ),
            )
        else:
            raise FileError(
                f"{path}: there is no array csi_iq (with rssi_dbm) or csi (with scale), "
                f"but {', '.join(held) or 'nothing'}"
            )
    else:
        raise FileError(f"{path}: channel state is in .npz or .npy files")
    power = measured.power
    if power.ndim not in (2, 3) or 0 in power.shape:
        raise FileError(f"{path}: shape {power.shape} is not (N, M) or (K, K, M)")
    if power.ndim == 3 and power.shape[0] != power.shape[1]:
        raise FileError(f"{path}: shape {power.shape} is not (K, K, M)")
    if (~np.isfinite(power) | (power < 0)).any():
        raise FileError(f"{path}: a power is negative or not finite")
    return measured


def _watt(dbm: float) -> float:
    """Return a power in watt; infinite where it is beyond doubles.

    By Python's power and not by `portable.functions.from_db`, from which it may differ in the last
    bits: the published hashes of the recorded set are made of these numbers.
    """
    try:
        return float(10.0 ** ((dbm - 30.0) / 10.0))
    except OverflowError:
        return math.inf


def _names(path: Path) -> list[str]:
    """Return which arrays an archive holds; a file that is none fails in `load_arrays`."""
    load_arrays(path, {})
    with np.load(path, allow_pickle=False) as archive:
        return list(archive.files)


def _power(amplitude: np.ndarray) -> np.ndarray:
    """Return |h|^2 of complex amplitudes; real numbers are powers already."""
    if amplitude.dtype.kind == "c":
        return np.asarray(amplitude.real.astype(float) ** 2 + amplitude.imag.astype(float) ** 2)
    return amplitude.astype(np.float64)


def _read_uncalibrated(path: Path) -> np.ndarray:
    """(N, M) power responses scaled to received power over the band, in watt."""
    arrays = load_arrays(path, {"csi_iq": (4, "if"), "rssi_dbm": (1, "if")})
    samples, received = arrays["csi_iq"], arrays["rssi_dbm"].astype(np.float64)
    if samples.shape[-1] != 2 or len(samples) != len(received):
        raise FileError(
            f"{path}: shapes of csi_iq {samples.shape} and rssi_dbm {received.shape} disagree"
        )
    known = np.isfinite(received)
    if not known.any():
        raise FileError(f"{path}: no position has a received power")
    # The receiver's gain control may change from packet to packet: compare shapes, not levels.
    power = (samples[known].astype(np.float64) ** 2).sum(axis=-1)
    mean = power.mean(axis=2, keepdims=True)
    shape = np.full(power.shape, np.nan)
    np.divide(power, mean, out=shape, where=mean > 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a position with empty packets only
        response = np.nanmedian(shape, axis=1)
    empty = np.flatnonzero(~np.isfinite(response).all(axis=1))
    if empty.size:
        raise FileError(f"{path}: all packets of position {empty[0]} are empty")
    level = np.array([_watt(value) for value in received[known].tolist()])
    return np.asarray(response / response.mean(axis=1, keepdims=True) * level[:, None])


def _read_calibrated(path: Path) -> np.ndarray:
    """(N, M) signal-to-noise ratios; the responses are all antenna pairs of all locations."""
    arrays = load_arrays(path, {"csi": (6, "if"), "scale": (2, "f")})
    samples, scale = arrays["csi"], arrays["scale"].astype(np.float64)
    if samples.shape[-1] != 2 or samples.shape[:2] != scale.shape:
        raise FileError(f"{path}: shapes of csi {samples.shape} and scale {scale.shape} disagree")
    power = (samples.astype(np.float64) ** 2).sum(axis=-1) * (scale**2)[:, :, None, None, None]
    median = np.median(power, axis=1)  # (locations, M, receive, transmit)
    return np.asarray(median.transpose(0, 2, 3, 1).reshape(-1, median.shape[1]))


def network_gain(
    record: ChannelRecord, nodes: int, links: np.ndarray, *, responses: int = 1, seed: int = 0
) -> np.ndarray:
    """Turn measured responses into the gains of a network.

    Parameters
    ----------
    record : ChannelRecord
        Of a whole network: its gains are taken as they are, and must be of `nodes` nodes.
    nodes : int
        K.
    links : (L, 2) int array
        Links that need a response; all others get gains of zero.
    responses : int
        Measured responses concatenated in frequency for every link.
    seed : int
        Which response serves which link: drawn without replacement.

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
    if len(links) * responses > available:
        raise InstanceError(
            f"{len(links)} links of {responses} response(s) each need more than the {available} "
            "recorded"
        )
    drawn = Draws(seed).stream("responses").permutation(available)[: len(links) * responses]
    gain = np.zeros((nodes, nodes, subcarriers * responses))
    gain[links[:, 0], links[:, 1]] = record.gain[drawn].reshape(len(links), -1)
    return gain
