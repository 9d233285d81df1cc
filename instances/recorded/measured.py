"""Drawn gates on measured channels: what a family would be whose fading was recorded.

Scores, tokens and energies are those of `rayleigh` with the same seed; only the channel differs. A
recording is no part of the package, so this is no family: it needs the directory of recorded data.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from dmoe_models.channels.recorded import RESAMPLING_ASSUMPTION, ChannelRecord, network_gain
from dmoe_models.errors import InstanceError
from dmoe_models.input_checks import one_of, whole_at_least
from dmoe_models.model.instance import Instance
from instances.families import draw
from instances.recorded.directory import CHANNELS, recorded_channel


def draw_measured(
    data_dir: str | Path, seed: int, *, recording: str = "nexmon", **sizes: Any
) -> Instance:
    """Draw gates and deal measured responses out to the links.

    Parameters
    ----------
    data_dir : path
        Directory of recorded data.
    seed : int
        Of the gates, the efficiencies, and which response serves which link (without replacement).
    recording : {"nexmon", "iwl5300"}
    **sizes
        K, T, M, D, z, gamma and strict, with the defaults of `rayleigh`. The first M neighbouring
        subcarriers of a response are taken; where a response has fewer, a link gets several
        responses, joined in frequency.

    Returns
    -------
    Instance

    Raises
    ------
    InstanceError
        Where the recording does not suffice for so many links and subcarriers.
    FileError
        Where it is missing or damaged.
    """
    record = _read(str(data_dir), one_of("recording", recording, CHANNELS))
    base = draw("rayleigh", seed, **(sizes | {"M": 1}))
    K, T, D = base.K, base.T, base.max_experts
    subcarriers = K * K if sizes.get("M") is None else whole_at_least("M", sizes["M"], 1)
    responses = -(-subcarriers // record.gain.shape[1])
    links = np.argwhere(~np.eye(K, dtype=bool))
    gain = network_gain(record, K, links, responses=responses, seed=seed)[:, :, :subcarriers]
    parameters = dict(base.metadata["parameters"]) | {"M": subcarriers, "recording": recording}
    parameters["strict"] = parameters.pop("strict")  # the last of all, as families have it
    return base.replace(
        name=f"measured-{recording}-K{K}-T{T}-M{subcarriers}-D{D}-s{seed}",
        gain=gain,
        bandwidth_hz=record.bandwidth_hz,
        transmit_power_w=record.transmit_power_w,
        noise_power_w=record.noise_power_w,
        metadata={
            "family": "measured",
            "channel": record.origin,
            "seed": seed,
            "parameters": parameters,
            "package": base.metadata["package"],
            "assumptions": [
                *base.metadata["assumptions"],
                *record.assumptions,
                RESAMPLING_ASSUMPTION,
                f"{responses} response(s) joined in frequency for a link",
            ],
        },
    )


@lru_cache(maxsize=4)
def _read(data_dir: str, recording: str) -> ChannelRecord:
    """Read a recording once for all seeds; its arrays are not changed."""
    record = recorded_channel(data_dir, recording)
    if record.gain.ndim != 2:
        path = Path(data_dir) / CHANNELS[recording]
        raise InstanceError(f"{path}: is of a whole network, not of single responses")
    return record
