"""The directory of recorded data: which files it holds, and what they are of.

No recording is part of the package. Whoever has some names the directory that holds them, by
``--data`` or the environment variable ``DMOE_DATA``.
"""

from __future__ import annotations

from pathlib import Path

from dmoe_models.channels.recorded import ChannelRecord, read_channel
from dmoe_models.errors import FileError
from dmoe_models.scores.recorded import GateRecord, read_gates

DOMAINS = ("intent", "law", "summary", "translation")
"""Kinds of text of which gate scores are recorded, a file of each."""

RECORDED_LAYERS = 26
"""Layers of the recorded language model that have gates."""

GATES_FOLDER = "gates_deepseek_v2_lite"

CHANNELS = {
    "nexmon": "csi_nexmon_indoor/csi.npz",
    "iwl5300": "csi_iwl5300/day10_point01_8_locations.npz",
}
"""Recordings of indoor channels by name, and where they lie."""


def checked_directory(data_dir: str | Path) -> Path:
    """Return the path of a directory; `FileError` where there is none."""
    data_dir = Path(data_dir)
    if not data_dir.is_dir():
        raise FileError(f"{data_dir}: there is no such directory")
    return data_dir


def recorded_gates(data_dir: str | Path, domain: str, layer: int) -> GateRecord:
    """Return the recorded gate scores of one kind of text and one layer.

    Parameters
    ----------
    data_dir : path
    domain : str
        One of `DOMAINS`.
    layer : int
        0 to 25.
    """
    return read_gates(Path(data_dir) / GATES_FOLDER / f"{domain}.npz", layer=layer)


def recorded_channel(data_dir: str | Path, recording: str = "nexmon") -> ChannelRecord:
    """Return the responses of a recording.

    Parameters
    ----------
    data_dir : path
    recording : str
        A name in `CHANNELS`.
    """
    return read_channel(Path(data_dir) / CHANNELS[recording])
