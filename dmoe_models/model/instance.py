"""One round of the DMoE protocol: validated once, immutable, with its derived quantities."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from os import PathLike
from typing import Any, TypeVar, cast

import numpy as np
import pandas as pd

from dmoe_models.errors import InstanceError, require_kind
from dmoe_models.input_checks import (
    quote,
    real_number,
    unicode_text,
    whole_number,
)
from dmoe_models.model import radio
from dmoe_models.model.arrays import real_array, whole_array
from dmoe_models.model.consistency import (
    gain_array,
    require_assignment,
    require_finite_energies,
    require_ranges,
    require_shapes,
)
from dmoe_models.model.metadata import frozen_metadata
from dmoe_models.model.relevance import best_score_sums, need_from_threshold
from dmoe_models.text import html_table
from dmoe_models.values.frozen import sealed
from dmoe_models.values.value import Value

Derived = TypeVar("Derived")

NUMERIC_FIELDS: dict[str, tuple[str, str]] = {
    "gate_scores": ("<f8", "1"),
    "source": ("<i8", "1"),
    "gain": ("<f8", "1"),
    "bandwidth_hz": ("<f8", "Hz"),
    "transmit_power_w": ("<f8", "W"),
    "noise_power_w": ("<f8", "W"),
    "hidden_state_bits": ("<f8", "bit"),
    "computation_energy_j": ("<f8", "J"),
    "static_energy_j": ("<f8", "J"),
    "relevance": ("<f8", "1"),
    "importance": ("<f8", "1"),
    "max_experts": ("<i8", "1"),
    "assignment": ("<i8", "1"),
    "strict_relevance": ("<i8", "1"),
}
"""Fields that decide what the problem is, with stored type and unit, in the order of the hash."""


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Instance(Value):
    """One round: gate scores, channel, energies and limits, in SI units.

    Indices count from 0. Node j hosts expert j, so there are K nodes and K experts.

    Parameters
    ----------
    name : str
        For people; not part of the instance's identity.
    gate_scores : (T, K) array
        g[t, j] >= 0, each row summing to 1 within 1e-6.
    source : (T,) array of int
        Node at which each token resides.
    gain : (K, K, M) array
        Linear channel power gain of link i -> j on subcarrier m, path loss included; 0 means that
        there is no link. The diagonal is ignored; what is not finite or masked there becomes 0.
    bandwidth_hz, transmit_power_w, noise_power_w : float
        Of one subcarrier (Hz, W, W).
    hidden_state_bits : float
        Size of one hidden state, bit.
    computation_energy_j : (K,) array
        Energy of expert j per token, J/token.
    static_energy_j : (K,) array
        Energy of expert j per round whatever is chosen, J.
    relevance, importance : float
        Task-relevance threshold z and layer importance gamma, both in (0, 1].
    max_experts : int
        D, the most experts a token may use, 1 <= D <= K.
    assignment : (K, K) array of int, optional
        Subcarrier of every link (-1: none, and on the diagonal). Given, the instance is a P1
        instance; without it, P2.
    strict_relevance : bool
        If true, a token whose D best experts miss z gamma makes the instance infeasible; by default
        its threshold is lowered to what they reach ("capped").
    metadata : mapping
        Provenance and assumptions, plain JSON values; not part of the instance's identity.

    Raises
    ------
    InstanceError
        For the first wrong value, naming field, index and value.
    """

    name: str
    gate_scores: np.ndarray
    source: np.ndarray
    gain: np.ndarray
    bandwidth_hz: float
    transmit_power_w: float
    noise_power_w: float
    hidden_state_bits: float
    computation_energy_j: np.ndarray
    static_energy_j: np.ndarray
    relevance: float
    importance: float
    max_experts: int
    assignment: np.ndarray | None = None
    strict_relevance: bool = False
    metadata: Mapping[str, Any] = field(default_factory=dict)

    # ------------------------------------------------------------------------------- validation

    def __post_init__(self) -> None:
        def store(name: str, value: Any) -> None:
            object.__setattr__(self, name, value)

        if not isinstance(self.name, str) or not self.name.strip():
            raise InstanceError(f"name = {quote(self.name)} is not a non-empty string")
        unicode_text("name", self.name)
        if isinstance(self.gate_scores, (list, tuple)) and not self.gate_scores:
            raise InstanceError("gate_scores: there are no tokens")
        store("gate_scores", real_array("gate_scores", self.gate_scores, 2))
        store("source", whole_array("source", self.source, 1))
        store("gain", gain_array(self.gain))
        for name in ("bandwidth_hz", "transmit_power_w", "noise_power_w", "hidden_state_bits"):
            store(name, real_number(name, getattr(self, name)))
        for name in ("computation_energy_j", "static_energy_j"):
            store(name, real_array(name, getattr(self, name), 1))
        for name in ("relevance", "importance"):
            store(name, real_number(name, getattr(self, name)))
        store("max_experts", whole_number("max_experts", self.max_experts))
        if self.assignment is not None:
            store("assignment", whole_array("assignment", self.assignment, 2))
        if not isinstance(self.strict_relevance, (bool, np.bool_)):
            raise InstanceError(
                f"strict_relevance = {quote(self.strict_relevance)} is not true or false"
            )
        store("strict_relevance", bool(self.strict_relevance))
        store("metadata", frozen_metadata(self.metadata))

        values = {f.name: getattr(self, f.name) for f in fields(self)}
        require_shapes(values)
        require_ranges(values)
        require_finite_energies(values, self.transmission_energy_j)
        if self.assignment is not None:
            require_assignment(self.assignment, self.M)

    # ------------------------------------------------------------------------------- dimensions

    @property
    def K(self) -> int:
        """Number of nodes, which is the number of experts."""
        return int(self.gate_scores.shape[1])

    @property
    def T(self) -> int:
        """Number of tokens."""
        return int(self.gate_scores.shape[0])

    @property
    def M(self) -> int:
        """Number of subcarriers."""
        return int(self.gain.shape[2])

    @property
    def problem(self) -> str:
        """``"P1"`` where the assignment is given, ``"P2"`` where it is to be chosen."""
        return "P2" if self.assignment is None else "P1"

    # ------------------------------------------------------------------------ derived quantities

    @cached_property
    def rate_bps(self) -> np.ndarray:
        """(K, K, M) rates in bit/s; zero where there is no link and on the diagonal."""
        with np.errstate(over="ignore"):
            rate = radio.rate_bps(
                self.gain, self.bandwidth_hz, self.transmit_power_w, self.noise_power_w
            )
        rate[np.arange(self.K), np.arange(self.K)] = 0.0
        return sealed(rate)

    @cached_property
    def transmission_energy_j(self) -> np.ndarray:
        """(K, K, M) joules per token sent on link i -> j over m; infinite without a link."""
        with np.errstate(over="ignore"):
            return sealed(
                radio.transmission_energy_j(
                    self.rate_bps, self.transmit_power_w, self.hidden_state_bits
                )
            )

    @cached_property
    def static_total_j(self) -> float:
        """Energy of a round that no decision changes: the sum of b[j] over the experts, J."""
        return float(self.static_energy_j.sum())

    @cached_property
    def threshold(self) -> np.ndarray:
        """(T,) theta = min(z gamma, sum of the D largest scores); z gamma where strict."""
        wanted = np.full(self.T, self.relevance * self.importance)
        return sealed(wanted if self.strict_relevance else np.minimum(wanted, self._best_sums))

    @cached_property
    def need(self) -> np.ndarray:
        """(T,) right-hand side of C1, theta (1 - 1e-9): the double every method must reach."""
        return sealed(need_from_threshold(self.threshold))

    @cached_property
    def capped(self) -> np.ndarray:
        """(T,) bool: the D best experts miss z gamma, so the threshold was lowered to their sum."""
        if self.strict_relevance:
            return sealed(np.zeros(self.T, dtype=bool))
        return sealed(self._best_sums < self.relevance * self.importance)

    @cached_property
    def links(self) -> np.ndarray:
        """(L, 2) pairs (i, j) that can carry a token: i holds tokens, some gain is positive."""
        holds_tokens = np.zeros(self.K, dtype=bool)
        holds_tokens[self.source] = True
        usable = (self.gain > 0).any(axis=2) & holds_tokens[:, None] & ~np.eye(self.K, dtype=bool)
        return sealed(np.argwhere(usable))

    @cached_property
    def reachable(self) -> np.ndarray:
        """(K, K) bool: node i can use expert j, over a link that exists or at home (i = j)."""
        usable = np.eye(self.K, dtype=bool)
        usable[self.links[:, 0], self.links[:, 1]] = True
        return sealed(usable)

    @cached_property
    def _best_sums(self) -> np.ndarray:
        return sealed(best_score_sums(self.gate_scores, self.max_experts))

    def derived(self, derive: Callable[[Instance], Derived]) -> Derived:
        """Return derive(self), worked out at the first call and kept with the instance.

        For what only some algorithms need, such as sorted lists: the instance need not know them.
        """
        if derive not in self._derived:
            self._derived[derive] = derive(self)
        return cast(Derived, self._derived[derive])

    @cached_property
    def _derived(self) -> dict[Callable[[Instance], Any], Any]:
        return {}

    @cached_property
    def sha256(self) -> str:
        """Hash of the numeric fields and ``strict_relevance`` (not of name and metadata).

        For each field of ``NUMERIC_FIELDS`` in order: its name, a NUL byte, its dimensions as
        little-endian int64 preceded by their count, then its entries in C order, little-endian
        float64 or int64. An absent ``assignment`` is left out.
        """
        digest = hashlib.sha256()
        for name, (dtype, _) in NUMERIC_FIELDS.items():
            value = getattr(self, name)
            if value is not None:
                array = np.ascontiguousarray(value, dtype=dtype)
                shape = np.shape(value)
                digest.update(name.encode() + b"\0")
                digest.update(np.array([len(shape), *shape], dtype="<i8").tobytes())
                digest.update(array.tobytes())
        return digest.hexdigest()

    # ------------------------------------------------------------------------- value behaviour

    def replace(self, **changes: Any) -> Instance:
        """Return a copy with some fields changed, validated again."""
        names = [f.name for f in fields(self)]
        for name in changes:
            if name not in names:
                raise InstanceError(f"{name} is not a field; fields are {', '.join(names)}")
        return Instance(**{name: getattr(self, name) for name in names} | changes)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Instance):
            return NotImplemented
        return (
            self.name == other.name
            and self.sha256 == other.sha256
            and json.dumps(self.metadata, sort_keys=True)
            == json.dumps(other.metadata, sort_keys=True)
        )

    def __hash__(self) -> int:
        return hash((self.name, self.sha256))

    def __repr__(self) -> str:
        return (
            f"Instance({self.name!r}, {self.problem}, K={self.K}, T={self.T}, M={self.M}, "
            f"D={self.max_experts}, links={len(self.links)}, capped={int(self.capped.sum())})"
        )

    def summary(self) -> dict[str, Any]:
        """Return the figures that describe the instance, ready for a table."""
        finite = self.transmission_energy_j[np.isfinite(self.transmission_energy_j)]
        return {
            "name": self.name,
            "problem": self.problem,
            "nodes and experts (K)": self.K,
            "tokens (T)": self.T,
            "subcarriers (M)": self.M,
            "links that can carry tokens (L)": len(self.links),
            "most experts per token (D)": self.max_experts,
            "relevance z": self.relevance,
            "importance gamma": self.importance,
            "strict relevance": self.strict_relevance,
            "capped tokens": int(self.capped.sum()),
            "median transmission energy (J/token)": float(np.median(finite))
            if finite.size
            else math.inf,
            "median computation energy (J/token)": float(np.median(self.computation_energy_j)),
            "static energy (J)": self.static_total_j,
            "sha256": self.sha256,
        }

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per token: source, threshold, whether capped, and its gate scores."""
        table = pd.DataFrame(
            {"source": self.source, "threshold": self.threshold, "capped": self.capped}
        )
        scores = pd.DataFrame(self.gate_scores).add_prefix("score_")
        return pd.concat([table, scores], axis=1).rename_axis("token")

    def _repr_html_(self) -> str:
        lines = ((name, _short(value)) for name, value in self.summary().items())
        return html_table("DMoE instance", lines)


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def require_instance(value: Any, name: str = "instance") -> None:
    """Raise InstanceError for an argument that is no Instance.

    Parameters
    ----------
    value : object
        As it was handed over.
    name : str
        Of the argument.
    """
    file = "; read_instance reads one from a file" if isinstance(value, (str, PathLike)) else ""
    require_kind(name, value, Instance, InstanceError, file)
