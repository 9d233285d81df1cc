"""Responses of recorded channels, as the files hold them: powers, and what their level means.

What is missing is named by field and index, or left out where a format says so, with a note.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dmoe_models.channels.array_files import load_array, load_arrays
from dmoe_models.errors import FileError
from dmoe_models.input_checks import refuse_where

WIFI_SUBCARRIER_HZ = 312.5e3
WIFI_SUBCARRIERS = 56
"""Active subcarriers of a 20 MHz channel."""

_NEARLY_ALL = 0.9
"""Share of a response's power from which one subcarrier looks like leaked carrier."""
_FEW = 4
"""Of fewer subcarriers than this, one may well hold nearly all."""


def watt(dbm: float) -> float:
    """Return a power in watt; infinite where it is beyond doubles.

    By Python's power and not by `portable.functions.from_db`, from which it may differ in the last
    bits: the published hashes of the recorded set are made of these numbers.
    """
    try:
        return float(10.0 ** ((dbm - 30.0) / 10.0))
    except OverflowError:
        return math.inf


class Responses(NamedTuple):
    """What a file holds: power responses, and how their level becomes a gain."""

    power: np.ndarray
    level: str
    """"gain" as they are; "snr", over the noise; "gain/power", received over the whole band, W."""
    bandwidth_hz: float
    """Of a subcarrier, unless the caller says otherwise."""
    assumptions: tuple[str, ...]
    notes: tuple[str, ...] = ()
    """What was left out, and what looks odd."""
    left_out: tuple[int, ...] = ()
    """Positions of the file that no response is of."""


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # what is not finite is refused
def read_responses(path: Path) -> Responses:
    """Read a file in any of the formats of `dmoe_models.channels.recorded.read_channel`.

    Raises
    ------
    FileError
        Where it is none, or holds what cannot be a power: field and index are named.
    """
    suffix = path.suffix.lower()
    if suffix == ".npy":
        measured = Responses(
            _power(path, load_array(path)),
            "gain",
            WIFI_SUBCARRIER_HZ,
            ("the array holds channel gains as they are",),
        )
    elif suffix == ".npz":
        held = _names(path)
        if "csi_iq" in held:
            power, left_out, notes = _read_uncalibrated(path)
            measured = Responses(
                power,
                "gain/power",
                WIFI_SUBCARRIER_HZ,
                (
                    "a response is the median over packets of power, each packet taken relative to "
                    "its mean, and scaled so that its mean is the received power over the transmit "
                    "power",
                ),
                notes,
                left_out,
            )
        elif "csi" in held:
            power = _read_calibrated(path)
            measured = Responses(
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
    wrong = ~np.isfinite(power) | (power < 0)
    refuse_where(f"{path}: power", power, wrong, "is negative or not finite", FileError)
    return measured._replace(notes=(*measured.notes, *_odd_subcarriers(power)))


def _odd_subcarriers(power: np.ndarray) -> tuple[str, ...]:
    """Say which subcarriers carry nothing or nearly everything: DC and guard ones of raw data."""
    responses = power if power.ndim == 2 else power[~np.eye(len(power), dtype=bool)]
    silent = np.flatnonzero(~responses.any(axis=0)).tolist()
    notes = []
    if silent and len(silent) < responses.shape[1]:
        named = ", ".join(map(str, silent[:12])) + (", ..." if len(silent) > 12 else "")
        notes.append(
            f"subcarrier(s) {named} carry no power in any response ({len(silent)} of "
            f"{responses.shape[1]}); they are kept with gain 0: if they are DC and guard carriers, "
            "leave them out of the recording"
        )
    total = responses.sum(axis=1, keepdims=True)
    empty = np.flatnonzero(total == 0).tolist() if power.ndim == 2 else []
    if empty:
        notes.append(
            f"{len(empty)} response(s) carry no power, such as number {empty[0]}; a link that gets "
            "one cannot be used"
        )
    share = np.median((responses / np.where(total > 0, total, 1.0)), axis=0)
    if responses.shape[1] >= _FEW and share.max() >= _NEARLY_ALL:
        notes.append(
            f"subcarrier {int(share.argmax())} holds {share.max():.1%} of a response's power (the "
            "median): if it is the DC carrier, leave it out of the recording"
        )
    return tuple(notes)


def _names(path: Path) -> list[str]:
    """Return which arrays an archive holds; a file that is none fails in `load_arrays`."""
    load_arrays(path, {})
    with np.load(path, allow_pickle=False) as archive:
        return list(archive.files)


def _power(path: Path, amplitude: np.ndarray) -> np.ndarray:
    """Return |h|^2 of complex amplitudes; real numbers are powers already.

    What is not finite on the diagonal of a network is no link of it, and becomes 0.
    """
    if amplitude.dtype.kind == "c":
        gain: np.ndarray = amplitude.astype(np.complex128)
        power = np.asarray(gain.real**2 + gain.imag**2)
    else:
        gain = power = amplitude.astype(np.float64)
    wrong = ~np.isfinite(gain) | (power < 0)
    if power.ndim == 3 and power.shape[0] == power.shape[1]:
        nodes = np.arange(len(power))
        nothing = ~np.isfinite(power[nodes, nodes])
        wrong[nodes, nodes] &= ~nothing
        power[nodes, nodes] = np.where(nothing, 0.0, power[nodes, nodes])
    refuse_where(f"{path}: gain", amplitude, wrong, "is negative or not finite", FileError)
    return power


def _read_uncalibrated(path: Path) -> tuple[np.ndarray, tuple[int, ...], tuple[str, ...]]:
    """(N, M) power responses scaled to received power over the band, in watt.

    Also the positions that are left out, and notes.
    """
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
    whole = np.isfinite(mean) & (mean > 0)  # NaN and infinities reach their packet's mean
    empty = np.flatnonzero(known)[~whole.any(axis=(1, 2))]
    if empty.size:
        raise FileError(
            f"{path}: all packets of position {empty[0]} are empty or not finite "
            f"(csi_iq[{empty[0]}])"
        )
    shape = np.full(power.shape, np.nan)
    np.divide(power, mean, out=shape, where=whole)
    response = np.nanmedian(shape, axis=1)
    level = np.array([watt(value) for value in received.tolist()])
    beyond = known & ~((level > 0) & np.isfinite(level))
    refuse_where(f"{path}: rssi_dbm", received, beyond, "is no power in dBm", FileError)
    level = level[known]
    scaled = np.asarray(response / response.mean(axis=1, keepdims=True) * level[:, None])
    notes = [
        f"{count} {what} are left out"
        for count, what in (
            (int((~known).sum()), "position(s) without a received power"),
            (int((~np.isfinite(mean)).sum()), "packet(s) with samples that are not finite"),
            (int((mean == 0).sum()), "packet(s) without any signal"),
        )
        if count
    ]
    return scaled, tuple(np.flatnonzero(~known).tolist()), tuple(notes)


def _read_calibrated(path: Path) -> np.ndarray:
    """(N, M) signal-to-noise ratios; the responses are all antenna pairs of all locations."""
    arrays = load_arrays(path, {"csi": (6, "if"), "scale": (2, "f")})
    samples, scale = arrays["csi"], arrays["scale"].astype(np.float64)
    if samples.shape[-1] != 2 or samples.shape[:2] != scale.shape:
        raise FileError(f"{path}: shapes of csi {samples.shape} and scale {scale.shape} disagree")
    for name, array in (("csi", samples), ("scale", scale)):
        wrong = ~np.isfinite(array)
        refuse_where(f"{path}: {name}", array, wrong, "is negative or not finite", FileError)
    power = (samples.astype(np.float64) ** 2).sum(axis=-1) * (scale**2)[:, :, None, None, None]
    refuse_where(f"{path}: power of csi", power, ~np.isfinite(power), "is too large", FileError)
    median = np.median(power, axis=1)  # (locations, M, receive, transmit)
    return np.asarray(median.transpose(0, 2, 3, 1).reshape(-1, median.shape[1]))
