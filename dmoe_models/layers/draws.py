"""The layers of a model as instances: one family's gates and channels, or recorded ones.

Gate scores are drawn anew for every layer; nodes, with their tokens and their computation energy,
stay what they are. What the channel does between layers is a choice:

- "fixed": one channel for all layers,
- "redrawn": every layer has a channel of its own, independent of the others,
- "aging": the channel of round l - 1 of the seed, correlated in time (families with `round`).

The gate scores of a layer do not depend on that choice, so channels can be compared on equal gates.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from dmoe_models.channels.recorded import ChannelRecord
from dmoe_models.errors import InstanceError, did_you_mean
from dmoe_models.input_checks import one_of, quote, whole_number
from dmoe_models.model.importance import DEFAULT_GAMMA0, importance_profile
from dmoe_models.model.instance import Instance
from dmoe_models.portable.random import Draws
from instances.families import FAMILIES, draw
from instances.families.find import FamilyLike, find_family
from instances.recorded.directory import (
    DOMAINS,
    RECORDED_LAYERS,
    checked_directory,
    recorded_channel,
    recorded_gates,
)
from instances.recorded.join import SYMBOLS, join

CHANNELS = ("fixed", "redrawn", "aging")
"""What a channel may do between layers."""

RECORDED = "recorded"
"""In place of a family: recorded gates on recorded channels."""

LAYERS = 12
"""Layers of a drawn model; a default of this project."""

_CHOICES = tuple(
    name
    for name in list(inspect.signature(join).parameters)[2:]
    if name not in ("name", "seed", "importance", "with_assignment")
)
"""What may be chosen for recorded layers: the rest of `join` is the same for all, or theirs."""


def layer_seed(seed: int, layer: int) -> int:
    """Return the seed of what is drawn for one layer alone; streams of layers are independent.

    Parameters
    ----------
    seed : int
        Of all layers.
    layer : int
    """
    return int(Draws(seed).stream(f"layer {layer}").integers(2**52, 1)[0])


def draw_layers(
    family: FamilyLike,
    seed: int = 0,
    *,
    domain: str | None = None,
    data_dir: str | Path | None = None,
    **parameters: Any,
) -> Iterator[Instance]:
    """Draw the layers of a model, of a family or of the recorded one.

    Parameters
    ----------
    family : str or callable
        A family of P2, as `draw` takes it, or "recorded".
    seed : int
    domain : str, optional
        Of recorded layers: which text the tokens are of.
    data_dir : path, optional
        Of recorded layers: the directory of recorded data.
    **parameters
        As for `synthetic_layers` or `recorded_layers`; `layers` may be a number for both.

    Yields
    ------
    Instance
        Layer 1, 2, ..., L.

    Raises
    ------
    InstanceError
        For a parameter that cannot be, or one that is missing.
    """
    if not isinstance(family, str) or family != RECORDED:
        for name, value in (("domain", domain), ("data_dir", data_dir)):
            if value is not None:
                raise InstanceError(f"{name} is for recorded layers; {family} is drawn")
        return synthetic_layers(family, seed, **parameters)
    if domain is None:
        raise InstanceError(f"recorded layers: domain is one of {', '.join(DOMAINS)}")
    if data_dir is None:
        raise InstanceError("family recorded needs a directory of recorded data")
    if isinstance(parameters.get("layers"), int):
        parameters["layers"] = range(parameters["layers"])
    return recorded_layers(data_dir, domain, seed=seed, **parameters)


def synthetic_layers(
    family: FamilyLike,
    seed: int,
    *,
    layers: int = LAYERS,
    importance: float | Sequence[float] = DEFAULT_GAMMA0,
    channel: str = "redrawn",
    **parameters: Any,
) -> Iterator[Instance]:
    """Draw the layers of a model whose gates and channels are those of a family.

    Parameters
    ----------
    family : str or callable
        A family of P2, as `draw` takes it.
    seed : int
    layers : int
        L.
    importance : float or sequence of L floats
        gamma0, for gamma(l) = gamma0^l, or the profile.
    channel : {"redrawn", "fixed", "aging"}
    **parameters
        Of the family, but for gamma and `round`.

    Yields
    ------
    Instance
        Layer 1, 2, ..., L.

    Raises
    ------
    InstanceError
        For a parameter that cannot be, a family of P1, or one whose channel does not age.
    """
    found = find_family(family)
    profile = importance_profile(layers, importance)
    one_of("channel", channel, CHANNELS)
    for name in ("gamma", "round"):
        if name in parameters:
            raise InstanceError(f"{name} is not a parameter of layers: it differs between them")
    base = draw(found, seed, **parameters)
    if base.problem != "P2":
        raise InstanceError(f"family {found.name} gives the subcarriers: layers choose them")
    if channel == "aging" and not ages(found):
        able = ", ".join(name for name in FAMILIES if ages(name))
        raise InstanceError(
            f"channel = 'aging', and family {found.name} has no rounds; {able} have"
        )

    def instances() -> Iterator[Instance]:
        for layer, gamma in enumerate(profile, 1):
            own = draw(found, layer_seed(seed, layer), **parameters)
            gain = {"fixed": base, "redrawn": own}.get(channel)
            if gain is None:
                gain = draw(found, seed, **parameters, round=layer - 1)
            yield base.replace(
                gate_scores=own.gate_scores,
                gain=gain.gain,
                **_common(base, layer, gamma, profile, channel),
            )

    return instances()


def ages(family: FamilyLike) -> bool:
    """Whether a family's channel is correlated in time from round to round."""
    return "round" in find_family(family).parameters


def recorded_layers(
    data_dir: str | Path,
    domain: str,
    *,
    seed: int = 0,
    layers: Sequence[int] | None = None,
    importance: float | Sequence[float] = DEFAULT_GAMMA0,
    channel: str = "redrawn",
    nodes: int = 8,
    **choices: Any,
) -> Iterator[Instance]:
    """Build the layers of the recorded model: its gates, on measured channels.

    Parameters
    ----------
    data_dir : path
        As for `instances.recorded.join.recorded_set`.
    domain : str
        intent, law, summary or translation: which text the tokens are of.
    seed : int
        Of what is drawn: which response serves which link, and the nodes' efficiencies.
    layers : sequence of int, optional
        Which of the recorded layers 0 to 25, in the order of the rounds; all by default.
    importance : float or sequence
        As in `synthetic_layers`; the l-th of the chosen layers has gamma(l).
    channel : {"redrawn", "fixed"}
        "redrawn" deals the measured responses out anew for every layer.
    nodes : int
        K.
    **choices
        As in `instances.recorded.join.join`: tokens, max_experts, relevance, responses, ...; sizes
        also by their symbols K, T, D, z.

    Yields
    ------
    Instance

    Raises
    ------
    InstanceError
        For a choice that cannot be.
    FileError
        Where a recording is missing or damaged.
    """
    one_of("domain", domain, DOMAINS)
    if channel == "aging":
        raise InstanceError("channel = 'aging': the measured responses are not a series in time")
    one_of("channel", channel, CHANNELS)
    for symbol, name in SYMBOLS.items():
        if symbol in choices:
            choices[name] = choices.pop(symbol)
    nodes = choices.pop("nodes", nodes)
    for name in choices:
        if name not in _CHOICES:
            raise InstanceError(
                f"{name} is not a choice for recorded layers; these are {', '.join(_CHOICES)}"
                f"{did_you_mean(name, _CHOICES)}"
            )
    chosen = list(range(RECORDED_LAYERS) if layers is None else layers)
    if not chosen:
        raise InstanceError(f"layers = {quote(layers)} names no layer")
    for index, number in enumerate(chosen):
        if not 0 <= whole_number(f"layers[{index}]", number) < RECORDED_LAYERS:
            raise InstanceError(
                f"layers[{index}] = {number} is outside 0 to {RECORDED_LAYERS - 1}, the recorded"
            )
    profile = importance_profile(len(chosen), importance)
    data = checked_directory(data_dir)
    record = recorded_channel(data)

    def instances() -> Iterator[Instance]:
        base: Instance | None = None
        for layer, (number, gamma) in enumerate(zip(chosen, profile, strict=True), 1):
            own = layer_seed(seed, layer) if channel == "redrawn" else seed
            instance = _recorded(record, data, domain, number, nodes, own, choices)
            base = base or _recorded(record, data, domain, number, nodes, seed, choices)
            yield instance.replace(
                computation_energy_j=base.computation_energy_j,
                **_common(instance, layer, gamma, profile, channel),
            )

    return instances()


def _recorded(
    record: ChannelRecord,
    data: Path,
    domain: str,
    layer: int,
    nodes: int,
    seed: int,
    choices: dict[str, Any],
) -> Instance:
    gates = recorded_gates(data, domain, layer)
    name = f"recorded-{domain}-K{nodes}-s{seed}"
    return join(gates, record, name=name, nodes=nodes, seed=seed, **choices)


def _common(
    instance: Instance, layer: int, gamma: float, profile: tuple[float, ...], channel: str
) -> dict[str, Any]:
    """Return the fields that say which layer an instance is."""
    facts = {"layer": layer, "importance_profile": list(profile), "channel_over_layers": channel}
    return {
        "name": f"{instance.name}-layer{layer}",
        "importance": gamma,
        "metadata": dict(instance.metadata) | facts,
    }
