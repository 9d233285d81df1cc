"""What the fields of an instance must satisfy together, or InstanceError with field and index."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from dmoe_models.errors import InstanceError
from dmoe_models.input_checks import quote, refuse_where
from dmoe_models.model.arrays import real_array
from dmoe_models.values.frozen import sealed

SCORE_SUM_TOLERANCE = 1e-6
"""How far a token's gate scores may sum from 1 (they are never renormalised silently)."""


def gain_array(value: Any) -> np.ndarray:
    """Return gains as a read-only (K, K, M) array; what is missing on the diagonal becomes 0.

    No node sends to itself, so that recordings often have nothing there: a masked, infinite or NaN
    entry. Finite ones are kept as they are: the hash covers them.
    """
    if isinstance(value, np.ma.MaskedArray) and value.ndim == 3:
        nodes = np.arange(min(value.shape[:2]))
        value = value.copy()
        value.soften_mask()  # a hard mask, such as of readers, takes no number
        value[nodes, nodes] = np.ma.filled(value[nodes, nodes], 0)
    gain = real_array("gain", value, 3)
    nodes = np.arange(min(gain.shape[:2]))
    if np.isfinite(gain[nodes, nodes]).all():
        return gain
    gain = gain.copy()
    gain[nodes, nodes] = np.where(np.isfinite(gain[nodes, nodes]), gain[nodes, nodes], 0.0)
    return sealed(gain)


def require_shapes(values: Mapping[str, Any]) -> None:
    """Raise InstanceError for the first field, by name, whose shape does not fit `gate_scores`."""
    tokens, experts = values["gate_scores"].shape
    if tokens == 0:
        raise InstanceError("gate_scores: there are no tokens")
    if experts < 2:
        raise InstanceError(f"gate_scores: K = {experts}, but at least 2 experts are needed")
    subcarriers = values["gain"].shape[2]
    expected = {
        "source": (tokens,),
        "gain": (experts, experts, subcarriers),
        "computation_energy_j": (experts,),
        "static_energy_j": (experts,),
    }
    if values["assignment"] is not None:
        expected["assignment"] = (experts, experts)
    for name, shape in expected.items():
        actual = values[name].shape
        if actual != shape:
            raise InstanceError(
                f"{name}: shape {actual} does not fit gate_scores (T, K) = "
                f"{(tokens, experts)}; expected {shape}"
            )
    if subcarriers == 0:
        raise InstanceError("gain: there are no subcarriers (M = 0)")


def require_ranges(values: Mapping[str, Any]) -> None:
    """Raise InstanceError for the first field, by name, with a value outside its range."""
    for name in ("gate_scores", "gain", "computation_energy_j", "static_energy_j"):
        array = values[name]
        refuse_where(name, array, ~np.isfinite(array), "is not finite")
        refuse_where(name, array, array < 0, "is negative")
    sums = values["gate_scores"].sum(axis=1)
    for token in np.flatnonzero(np.abs(sums - 1.0) > SCORE_SUM_TOLERANCE)[:1]:
        raise InstanceError(
            f"gate_scores[{token}]: scores sum to {sums[token]}, not to 1 within "
            f"{SCORE_SUM_TOLERANCE:g}"
        )
    nodes, source = values["gate_scores"].shape[1], values["source"]
    outside = (source < 0) | (source >= nodes)
    refuse_where("source", source, outside, f"is not a node (0 to {nodes - 1})")
    for name in ("bandwidth_hz", "transmit_power_w", "noise_power_w", "hidden_state_bits"):
        if values[name] <= 0:
            raise InstanceError(f"{name} = {values[name]} is not positive")
    for name in ("relevance", "importance"):
        if not 0 < values[name] <= 1:
            raise InstanceError(f"{name} = {values[name]} is outside (0, 1]")
    most = values["max_experts"]
    if not 1 <= most <= nodes:
        raise InstanceError(f"max_experts = {quote(most)} is outside 1 to K = {nodes}")
    if values["relevance"] * values["importance"] <= 0:
        raise InstanceError("relevance x importance is too small for double precision")


def require_finite_energies(values: Mapping[str, Any], transmission_energy_j: np.ndarray) -> None:
    """Raise InstanceError where an energy, or the sum of all, is outside the range of doubles.

    A gain that is positive must give a joule per token that a double can hold, so that "there is a
    link" and "the link has a finite price" are the same thing everywhere.

    Parameters
    ----------
    values : mapping
        The fields, by name.
    transmission_energy_j : (K, K, M) array
        J per token.
    """
    tokens, nodes = values["gate_scores"].shape
    priced = np.isfinite(transmission_energy_j) & (transmission_energy_j > 0)
    off_diagonal = ~np.eye(nodes, dtype=bool)[:, :, None]
    refuse_where(
        "gain",
        values["gain"],
        (values["gain"] > 0) & off_diagonal & ~priced,
        "gives an energy per token outside the range of doubles",
    )
    largest = float(transmission_energy_j[priced].max(initial=0.0))
    per_token = nodes * (largest + float(values["computation_energy_j"].max()))
    if not math.isfinite(tokens * per_token + math.fsum(values["static_energy_j"].tolist())):
        raise InstanceError("energies are too large: their total exceeds the range of doubles")


def require_assignment(assignment: np.ndarray, subcarriers: int) -> None:
    """Raise InstanceError unless links own distinct subcarriers that exist.

    Parameters
    ----------
    assignment : (K, K) int array
        Subcarrier of every link, -1 for none and on the diagonal.
    subcarriers : int
        M.
    """
    outside = (assignment < -1) | (assignment >= subcarriers)
    refuse_where(
        "assignment", assignment, outside, f"is not a subcarrier (-1 to {subcarriers - 1})"
    )
    diagonal = np.eye(len(assignment), dtype=bool) & (assignment != -1)
    refuse_where("assignment", assignment, diagonal, "on the diagonal: must be -1")
    owner: dict[int, tuple[int, int]] = {}
    for i, j in np.argwhere(assignment >= 0).tolist():
        m = int(assignment[i, j])
        if m in owner:
            raise InstanceError(
                f"assignment[{i},{j}] = {m} repeats the subcarrier of link {owner[m]}"
            )
        owner[m] = (i, j)
