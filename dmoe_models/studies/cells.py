"""Cells: from the parameters in a configuration to instances.

A cell is a flat table of scalars. Most are parameters of its family, handed over as they are. The
others mean the same for every family:

- `family`: a family of `instances.families` or of one's own, ``mine.py:function``; "measured",
  drawn gates on recorded channels; or, for layers, "recorded", recorded gates on recorded channels.
- `tokens_per_node`, `subcarriers_per_link`: T / K and M / (K (K - 1)), instead of T and M.
- `band_turns`: (bandwidth of all subcarriers) x (delay spread), instead of `delay_spread_s`. It is
  how selective the band as a whole is; with it fixed, more subcarriers are a finer division of the
  same band.
- `snr_db`: the noise is set so that P0 x (mean gain over all links and subcarriers) / N0 is this.
- `computation_ratio`: computation energies are scaled so that their mean over experts is so many
  times the mean over links of the best subcarrier's joule per token.
- of layers: `layers`, `gamma0`, `channel` (`dmoe_models.layers.draws`), and `domain` of recorded
gates.

A seed stands for the same draws in all cells of one family and size.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from dmoe_models.errors import InstanceError, did_you_mean
from dmoe_models.input_checks import quote, real_number, whole_number
from dmoe_models.layers import draws as layers
from dmoe_models.layers.draws import RECORDED
from dmoe_models.model.energy import best_link_energy_j
from dmoe_models.model.importance import DEFAULT_GAMMA0
from dmoe_models.model.instance import Instance
from dmoe_models.portable.functions import from_db
from dmoe_models.solving.plugins import file_of
from instances.defaults import BANDWIDTH_HZ
from instances.families import FAMILIES, draw
from instances.families.find import offered_families, target_of
from instances.recorded.join import SYMBOLS
from instances.recorded.measured import draw_measured

MEASURED = "measured"
"""In place of a family: drawn gates on recorded channels."""

_DERIVED = {"tokens_per_node": "T", "subcarriers_per_link": "M", "band_turns": "delay_spread_s"}
_ADJUSTED = ("snr_db", "computation_ratio")
_LAYERED = ("layers", "gamma0", "channel")
_RECORDED_CHOICES = ("responses", "placement", "token_choice", "strict_relevance")


def needs_data(cell: dict[str, Any]) -> bool:
    """Whether a cell is built from recorded data."""
    return cell.get("family") in (MEASURED, RECORDED)


def check_cell(cell: dict[str, Any], *, layered: bool, own: Collection[str] | None = ()) -> None:
    """Refuse a cell with a name that means nothing, before anything is drawn.

    Parameters
    ----------
    cell : dict
        Without its `part`.
    layered : bool
        Whether the study is of layers.
    own : collection of str or None
        Names of the parameters of the cell's family; none where there is no such family, None where
        they are not known.

    Raises
    ------
    InstanceError
        In one line that names it.
    """
    family = cell.get("family")
    known = sorted(_parameters(family, layered, () if own is None else own, own is None))
    for name in cell:
        if name not in known and own is not None:
            raise InstanceError(
                f"family {family} has no parameter {quote(name)} here; it has {', '.join(known)}"
                f"{did_you_mean(name, known)}"
            )
    for name, replaced in _DERIVED.items():
        if name in cell and replaced in cell:
            raise InstanceError(f"{name} and {replaced} are two names of one thing")
        if name in cell and "K" not in cell and name != "band_turns":
            raise InstanceError(f"{name} needs K")
    if layered and family != RECORDED and "layers" not in cell:
        raise InstanceError("layers is missing: of how many layers a model is")
    if family == RECORDED and "domain" not in cell:
        raise InstanceError("family recorded needs a domain")


def _parameters(family: Any, layered: bool, names: Collection[str], unknown: bool) -> set[str]:
    """Return what a cell may hold; `names` are its family's, if they are not `unknown`."""
    allowed = {"family", *_ADJUSTED, "tokens_per_node"}
    if family == RECORDED and layered:
        return allowed | {"domain", *_LAYERED, *SYMBOLS, *_RECORDED_CHOICES}
    if family == MEASURED and not layered:
        own = {"recording", *FAMILIES["rayleigh"].parameters}
    elif names or unknown:
        own = set(names)
    else:
        known = [*FAMILIES, *offered_families(), RECORDED if layered else MEASURED]
        raise InstanceError(
            f"unknown family {quote(family)}; families are {', '.join(known)}"
            f"{did_you_mean(family, known)}"
        )
    if layered:
        own = (own - {"gamma", "round"}) | set(_LAYERED)
    derived = {name for name, replaced in _DERIVED.items() if replaced in own}
    return allowed | own | derived


def located(cell: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return a cell whose family, where it is a file's, has its absolute path.

    Parameters
    ----------
    cell : dict
    folder : path
        Of the configuration: what the path in it is relative to.
    """
    family = cell.get("family")
    if not isinstance(family, str) or family in FAMILIES or not file_of(family):
        return cell
    return {**cell, "family": target_of(family, folder)}


def sized(cell: dict[str, Any]) -> dict[str, Any]:
    """Return a cell whose derived parameters are replaced by what they stand for."""
    found = dict(cell)
    nodes = whole_number("K", found.get("K", 0))
    if "tokens_per_node" in found:
        found["T"] = nodes * whole_number("tokens_per_node", found.pop("tokens_per_node"))
    if "subcarriers_per_link" in found:
        share = real_number("subcarriers_per_link", found.pop("subcarriers_per_link"))
        found["M"] = math.ceil(share * nodes * (nodes - 1) - 1e-9)
    if "band_turns" in found:
        if "M" not in found:
            raise InstanceError("band_turns needs M or subcarriers_per_link")
        width = found.get("bandwidth_hz", BANDWIDTH_HZ)
        turns = real_number("band_turns", found.pop("band_turns"))
        if whole_number("M", found["M"]) < 1:
            raise InstanceError(f"M = {quote(found['M'])} is below 1")
        found["delay_spread_s"] = turns / (found["M"] * width)
    return found


def draw_cell(cell: dict[str, Any], seed: int, data: Path | None = None) -> Instance:
    """Draw the instance of one seed.

    Parameters
    ----------
    cell : dict
    seed : int
    data : path, optional
        Directory of recorded data.

    Raises
    ------
    InstanceError
        For parameters that cannot be, or a measured cell without data.
    """
    parameters, adjustments = _apart(cell)
    family = parameters.pop("family")
    if family == MEASURED:
        if data is None:
            raise InstanceError("family measured needs a directory of recorded data")
        instance = draw_measured(data, seed, **parameters)
    else:
        instance = draw(family, seed, **parameters)
    return adjusted(instance, **adjustments)


def draw_layers(cell: dict[str, Any], seed: int, data: Path | None = None) -> Iterator[Instance]:
    """Draw the layers of one seed; parameters and errors as for `draw_cell`.

    Parameters
    ----------
    cell : dict
    seed : int
    data : path, optional
        Directory of recorded data.
    """
    parameters, adjustments = _apart(cell)
    family = parameters.pop("family")
    parameters["importance"] = parameters.pop("gamma0", DEFAULT_GAMMA0)
    if family == RECORDED:
        parameters["data_dir"] = data
    drawn = layers.draw_layers(family, seed, **parameters)
    return (adjusted(instance, **adjustments) for instance in drawn)


def _apart(cell: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a cell's parameters of drawing, and those of `adjusted`."""
    found = sized(cell)
    found.pop("part", None)
    return found, {name: found.pop(name) for name in _ADJUSTED if name in found}


def adjusted(
    instance: Instance, *, snr_db: float | None = None, computation_ratio: float | None = None
) -> Instance:
    """Return an instance with another noise power, and other computation energies.

    Parameters
    ----------
    snr_db : float, optional
        Mean over all links and subcarriers.
    computation_ratio : float, optional
        Mean computation energy of the experts over the mean best price of the links (at the new
        noise).
    """
    if snr_db is not None:
        used = instance.gain[instance.links[:, 0], instance.links[:, 1]]
        mean = math.fsum(used.ravel().tolist()) / max(1, used.size)
        if abs(real_number("snr_db", snr_db)) > 300.0:  # as far as from_db is right
            raise InstanceError(f"snr_db = {snr_db} is outside -300 to 300")
        snr = float(from_db(snr_db))
        instance = instance.replace(noise_power_w=instance.transmit_power_w * mean / snr)
    if computation_ratio is not None:
        ratio = real_number("computation_ratio", computation_ratio)
        i, j = instance.links.T
        price = math.fsum(best_link_energy_j(instance)[i, j].tolist()) / max(1, len(i))
        mean = math.fsum(instance.computation_energy_j.tolist()) / instance.K
        if mean <= 0:
            raise InstanceError(
                "computation_ratio: the experts need no energy that could be scaled"
            )
        scaled = np.asarray(instance.computation_energy_j * (ratio * price / mean))
        instance = instance.replace(computation_energy_j=scaled)
    return instance
