"""Recorded gate scores and recorded channels, joined into instances.

The two recordings come from different places and neither is of a distributed system; every choice
that joins them is an argument here, has a default of this project, and is written into the
instance's metadata. Nothing recorded is part of the package: `recorded_set` reads a data directory.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from dmoe_models.algorithms.placement.assignment import cheapest_assignment
from dmoe_models.channels.recorded import (
    RESAMPLING_ASSUMPTION,
    ChannelRecord,
    network_gain,
    read_channel,
)
from dmoe_models.environment import package_version
from dmoe_models.errors import InstanceError, require_kind
from dmoe_models.input_checks import positive, true_or_false, whole_at_least
from dmoe_models.model.instance import Instance
from dmoe_models.portable.random import Draws
from dmoe_models.scores.recorded import (
    GateRecord,
    choose_tokens,
    group_experts,
    place_tokens,
    read_gates,
)
from instances.defaults import IMPORTANCE, MAX_EXPERTS, RELEVANCE, RETURN_ASSUMPTION
from instances.families.parts import efficiency_energy_j
from instances.recorded.directory import (
    DOMAINS,
    checked_directory,
    recorded_channel,
    recorded_gates,
)

HIDDEN_STATE_BITS = 2048.0 * 16.0
"""2048 numbers of 16 bit: the hidden state of the recorded model (DeepSeek-V2-Lite)."""
FLOP_PER_TOKEN = 6.0 * 2048.0 * 1408.0
"""Of one of its experts: three matrices of 2048 x 1408, a multiplication and an addition each."""

LAYERS = (6, 20)
"""Layers of the recorded set, of 26: an early and a late one."""

IN_ORDER_ASSUMPTION = (
    "rows of the channel belong to the links (0, 1), (0, 2), ..., (1, 0), (1, 2), ... in this order"
)

SYMBOLS = {"K": "nodes", "T": "tokens", "D": "max_experts", "z": "relevance"}
"""The mathematics' names of sizes, and the parameters of `join` that give them."""


def join(
    gates: GateRecord,
    channel: ChannelRecord,
    *,
    name: str,
    nodes: int,
    tokens: int = 512,
    token_choice: str = "spread",
    placement: str = "round-robin",
    max_experts: int = MAX_EXPERTS,
    relevance: float = RELEVANCE,
    importance: float = IMPORTANCE,
    strict_relevance: bool = False,
    responses: int = 1,
    in_order: bool = False,
    with_assignment: bool = False,
    hidden_state_bits: float = HIDDEN_STATE_BITS,
    flop_per_token: float = FLOP_PER_TOKEN,
    seed: int = 0,
) -> Instance:
    """Join recorded gate scores and a recorded channel into one instance.

    Parameters
    ----------
    gates : GateRecord
        (N, E) scores. E / nodes consecutive experts go on each node, their scores are added, and
        every token's are divided by their sum (scores that were not recorded count as zero).
    channel : ChannelRecord
        Responses, drawn without replacement for the links of nodes that hold tokens, or taken in
        order; or a whole network, whose gains are taken as they are.
    name : str
    nodes : int
        K, a divisor of E.
    tokens : int
        T.
    token_choice : {"spread", "contiguous"}
        See `dmoe_models.scores.recorded.choose_tokens`.
    placement : {"round-robin", "prompt", "first-node"}
        See `dmoe_models.scores.recorded.place_tokens`.
    max_experts, relevance, importance, strict_relevance
        D, z, gamma and the policy for tokens that cannot reach z gamma, as in `Instance`.
    responses : int
        Measured responses concatenated for every link, for networks of more links than a response
        has subcarriers.
    in_order : bool
        Nothing is drawn: rows of the channel belong to the links (0, 1), (0, 2), ..., (1, 0),
        (1, 2), ..., all ordered pairs of different nodes, one source after the other.
    with_assignment : bool
        Make it P1: links get the distinct subcarriers whose joules per token have the least sum.
    hidden_state_bits, flop_per_token : float
        The latter at an efficiency of 0.5 to 2 TFLOP/J, uniform, drawn for each node.
    seed : int
        Of the drawing of responses and efficiencies.

    Returns
    -------
    Instance

    Raises
    ------
    InstanceError
        Where a choice cannot be, or the recordings do not suffice for it.
    """
    nodes = whole_at_least("nodes", nodes, 2)
    tokens = whole_at_least("tokens", tokens, 1)
    responses = whole_at_least("responses", responses, 1)
    seed = whole_at_least("seed", seed, 0)
    in_order = true_or_false("in_order", in_order)
    positive("flop_per_token", flop_per_token)
    chosen = choose_tokens(len(gates.scores), tokens, token_choice)
    source = place_tokens(gates.prompt[chosen], nodes, placement)
    scores = group_experts(gates.scores[chosen], nodes)
    links = np.array([(i, j) for i in np.unique(source) for j in range(nodes) if i != j])
    per_node = gates.scores.shape[1] // nodes
    metadata: dict[str, Any] = {
        "family": "recorded",
        "gates": gates.origin,
        "channel": channel.origin,
        "recorded_score_mass": float(gates.scores[chosen].sum(axis=1).mean()),
        "seed": seed,
        "parameters": {
            "nodes": nodes,
            "tokens": tokens,
            "token_choice": token_choice,
            "placement": placement,
            "responses": responses,
            "in_order": in_order,
            "with_assignment": with_assignment,
            "flop_per_token": float(flop_per_token),
        },
        "package": f"dmoe-models {package_version()}",
        "assumptions": [
            f"{per_node} consecutive expert(s) on each node: scores added, then divided by their "
            "sum; scores that were not recorded count as zero",
            "a node that serves a token computes one expert",
            *channel.assumptions,
            *_resampling(channel, responses, in_order),
            f"{flop_per_token:g} FLOP per token at 0.5 to 2 TFLOP/J, drawn for each node",
            RETURN_ASSUMPTION,
        ],
    }
    notes = [*channel.notes, *_unused(channel, nodes * (nodes - 1) * responses, in_order)]
    if notes:
        metadata["notes"] = notes
    instance = Instance(
        name=name,
        gate_scores=scores,
        source=source,
        gain=network_gain(channel, nodes, links, responses=responses, seed=seed, in_order=in_order),
        bandwidth_hz=channel.bandwidth_hz,
        transmit_power_w=channel.transmit_power_w,
        noise_power_w=channel.noise_power_w,
        hidden_state_bits=hidden_state_bits,
        computation_energy_j=efficiency_energy_j(Draws(seed), nodes, flop_per_token),
        static_energy_j=np.zeros(nodes),
        relevance=relevance,
        importance=importance,
        max_experts=max_experts,
        strict_relevance=strict_relevance,
        metadata=metadata,
    )
    return instance.replace(assignment=_cheapest(instance)) if with_assignment else instance


def _resampling(channel: ChannelRecord, responses: int, in_order: bool) -> tuple[str, ...]:
    if channel.gain.ndim == 3:
        return ()
    joined = (f"{responses} responses are concatenated for a link",) if responses > 1 else ()
    return (IN_ORDER_ASSUMPTION if in_order else RESAMPLING_ASSUMPTION, *joined)


def _unused(channel: ChannelRecord, wanted: int, in_order: bool) -> tuple[str, ...]:
    """Say that a recording has more rows than there are links: perhaps it is of more nodes."""
    rows = len(channel.gain)
    if not in_order or channel.gain.ndim == 3 or rows <= wanted:
        return ()
    return (f"{rows - wanted} of {rows} rows of the channel belong to no link and are not used",)


def _cheapest(instance: Instance) -> np.ndarray:
    """Return the (K, K) assignment of least total joule per token, every link counted once."""
    links = instance.links
    if len(links) > instance.M:
        raise InstanceError(
            f"with_assignment: {len(links)} links need more than M = {instance.M} subcarriers"
        )
    assignment = cheapest_assignment(instance.transmission_energy_j, links)
    if assignment is None:
        raise InstanceError(
            "with_assignment: the links' positive gains allow no distinct subcarriers"
        )
    return assignment


def import_instance(
    gates_path: str | Path,
    channel_path: str | Path,
    *,
    layer: int | None = None,
    transmit_power_dbm: float = 20.0,
    noise_figure_db: float = 7.0,
    bandwidth_hz: float | None = None,
    **choices: Any,
) -> Instance:
    """Read a file of gate scores and one of channel state, and join them.

    Parameters
    ----------
    gates_path, layer
        As in `dmoe_models.scores.recorded.read_gates`.
    channel_path, transmit_power_dbm, noise_figure_db, bandwidth_hz
        As in `dmoe_models.channels.recorded.read_channel`.
    **choices
        As in `join`.

    Returns
    -------
    Instance
    """
    for name, path in (("gates_path", gates_path), ("channel_path", channel_path)):
        hint = "; arrays in memory make an Instance(gate_scores=..., gain=..., ...)"
        require_kind(name, path, str | Path, InstanceError, hint)
    gates = read_gates(gates_path, layer=layer)
    channel = read_channel(
        channel_path,
        transmit_power_dbm=transmit_power_dbm,
        noise_figure_db=noise_figure_db,
        bandwidth_hz=bandwidth_hz,
    )
    return join(gates, channel, **choices)


def recorded_set(data_dir: str | Path) -> list[Instance]:
    """Build the recorded set: real gate scores on measured channels.

    Eight P2 instances (four domains, two layers each; K = 8 nodes of eight experts, T = 512 tokens,
    M = 56 subcarriers for 56 links, D = 2), then four P1 instances (the later layer; K = 64 nodes
    of one expert, all 512 tokens at node 0, two responses a link, D = 6, z gamma = 0.7).

    Parameters
    ----------
    data_dir : path
        Holds ``gates_deepseek_v2_lite/<domain>.npz`` and ``csi_nexmon_indoor/csi.npz``.

    Returns
    -------
    list of Instance

    Raises
    ------
    FileError
        Where the directory or a file in it is missing or not what it should be.
    """
    channel = recorded_channel(checked_directory(data_dir))
    selection: list[Instance] = []
    knapsacks: list[Instance] = []
    seed = 0
    for domain in DOMAINS:
        for layer in LAYERS:
            seed += 1  # a channel of its own for every instance
            gates = recorded_gates(data_dir, domain, layer)
            label = f"recorded-{domain}-layer{layer}"
            selection.append(join(gates, channel, name=f"{label}-K8", nodes=8, seed=seed))
            if layer == LAYERS[-1]:
                knapsacks.append(
                    join(
                        gates,
                        channel,
                        name=f"{label}-K64",
                        nodes=64,
                        placement="first-node",
                        max_experts=6,
                        importance=0.7,
                        responses=2,
                        with_assignment=True,
                        seed=seed,
                    )
                )
    return selection + knapsacks
