"""Rounds: the layers of the DMoE protocol, one after the other, by several methods on equal terms.

A round is one layer: its gate scores, its channel, its importance gamma(l). Methods see the very
same instances, so that what differs between them is the methods. The energy of a layer is
`evaluate`'s; here it is told apart by layer, by token, by transmission and computation, next to
which experts were chosen and how many for a token. All results are tidy tables.

References
----------
Qin, Wu, Du, Huang, arXiv 2503.13421: layers whose importance falls as gamma(l) = gamma0^l.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from unicodedata import category

import numpy as np
import pandas as pd

from dmoe_models.errors import InstanceError, MethodError
from dmoe_models.input_checks import quote
from dmoe_models.model.energy import evaluate
from dmoe_models.model.instance import Instance
from dmoe_models.model.solution import Solution
from dmoe_models.solving.catalogue import find_method
from dmoe_models.solving.result import Result
from dmoe_models.solving.solve import solve

Watch = Callable[[Mapping[str, Any]], None]
"""Is told every line of `Rounds.layers` as its run finishes."""

_PARTS = ("energy_j", "transmission_j", "computation_j", "static_j", "bound_j")


@dataclass(frozen=True)
class Variant:
    """A method with options of its own, and the label under which its results stand.

    Attributes
    ----------
    label : str
    method : str
        A name from `methods()`, or ``path/to/file.py:function``.
    options : mapping
        Of the method, such as ``{"z": 0.5}``.
    source_sha256 : str
        Hash of the file that a plug-in's source is in, where that has to stay the same; else empty.
    """

    label: str
    method: str
    options: Mapping[str, Any] = field(default_factory=dict)
    source_sha256: str = ""


_NOT_OPTIONS = ("instance", "seed", "time_limit")
"""Arguments of `solve` that are the same for all methods of a run."""

_UNWRITABLE = ("Cc", "Cs", "Zl", "Zp")
"""Categories of signs that no table can hold: controls, halves of characters, ends of lines."""


def variants(
    entries: Iterable[str | Variant | Mapping[str, Any]], *, present: bool = True
) -> list[Variant]:
    """Read a list of methods, as it stands in a configuration.

    Parameters
    ----------
    entries : iterable of str, Variant or mapping
        A method's name; or a mapping of `method`, optionally `label`, and the method's options.
    present : bool
        Refuse methods that are unknown here. Without it the list is only read, not to be run.

    Returns
    -------
    list of Variant

    Raises
    ------
    MethodError
        For an unknown method, an entry that is none, an option that is the run's to set, or a label
        that stands twice or is not one line of text.
    """
    found: list[Variant] = []
    for entry in entries:
        if isinstance(entry, str):
            entry = Variant(entry, entry)
        elif isinstance(entry, Mapping):
            options = dict(entry)
            method, label = options.pop("method", None), options.pop("label", None)
            words = ", ".join(f"{name}={value}" for name, value in options.items())
            label = label or (f"{method} ({words})" if words else method)
            if not isinstance(method, str) or not isinstance(label, str):
                raise MethodError(f"method {quote(dict(entry))} has no name")
            entry = Variant(label, method, options)
        elif not isinstance(entry, Variant):
            raise MethodError(f"method {quote(entry)} is neither a name nor a table")
        if not entry.label.strip() or any(category(sign) in _UNWRITABLE for sign in entry.label):
            raise MethodError(f"label {quote(entry.label)} of a method is not one line of text")
        if present:
            find_method(entry.method)
        for name in _NOT_OPTIONS:
            if name in entry.options:
                raise MethodError(f"method {entry.method}: {name} is not an option of a method")
        if entry.label in [other.label for other in found]:
            raise MethodError(f"method {quote(entry.label)} stands twice; give one a label")
        found.append(entry)
    if not found:
        raise MethodError("there is no method")
    return found


def combination_weights(gate_scores: np.ndarray, selection: np.ndarray) -> np.ndarray:
    """Return the weights with which experts' outputs are combined, (T, K).

    The gate scores of the chosen experts, divided by their sum; zero for the others. A token whose
    chosen experts have no score weighs them alike, and one without experts has zeros only.

    Parameters
    ----------
    gate_scores : (T, K) array
    selection : (T, K) bool array
    """
    chosen = np.where(selection, gate_scores, 0.0)
    chosen[chosen.sum(axis=1) == 0] = selection[chosen.sum(axis=1) == 0]
    total = chosen.sum(axis=1, keepdims=True)
    return np.divide(chosen, total, out=np.zeros_like(chosen), where=total > 0)


@dataclass(frozen=True)
class Rounds:
    """What several methods did, layer by layer. Layers count from 1.

    Attributes
    ----------
    layers : DataFrame
        One line for every layer and method: `layer`, `method` (the label), `instance`,
        `instance_sha256`, `gamma`, `tokens`, `capped` (tokens whose threshold was lowered),
        `status`, `valid` (the referee accepts the solution), `energy_j`, `transmission_j`,
        `computation_j`, `static_j`, `bound_j` (the best that this method's run proved), `gap`,
        `experts_per_token`, `runtime_s`. Energies are NaN without a solution.
    tokens : DataFrame
        One line for every layer, method and token: `token`, `source`, `experts` (how many),
        `energy_j`, `transmission_j`, `computation_j`.
    loads : DataFrame
        One line for every layer, method and expert: `expert`, `tokens` that it serves, `share` of
        all of the layer's.
    sizes : DataFrame
        One line for every layer, method and number of experts that occurs: `experts`, `tokens` that
        are served by so many.
    """

    layers: pd.DataFrame
    tokens: pd.DataFrame
    loads: pd.DataFrame
    sizes: pd.DataFrame

    def totals(self) -> pd.DataFrame:
        """Return one line per method, over all layers.

        Columns: `layers`, `solved`, `valid` (numbers of layers), the sums of `energy_j`,
        `transmission_j`, `computation_j`, `static_j` and `bound_j`, and `energy_per_token_j` (of a
        token through all layers). A sum is NaN where a layer has no solution.
        """
        groups = self.layers.groupby("method", sort=False)
        table = groups.agg(
            layers=("layer", "size"), solved=("energy_j", "count"), valid=("valid", "sum")
        )
        for column in _PARTS:
            table[column] = groups[column].agg(whole_sum)
        per_token = self.layers["energy_j"] / self.layers["tokens"]
        of_methods = per_token.groupby(self.layers["method"], sort=False)
        table["energy_per_token_j"] = of_methods.agg(whole_sum)
        return table.reset_index()


def whole_sum(values: pd.Series) -> float:
    """Sum, in the order of the layers, which is NaN where one of them is."""
    return math.fsum(values) if np.isfinite(values).all() else float(values.sum(skipna=False))


def run_rounds(
    layers: Iterable[Instance],
    methods: Iterable[str | Variant | Mapping[str, Any]],
    *,
    seed: int = 0,
    time_limit: float | None = None,
    watch: Watch | None = None,
) -> Rounds:
    """Run methods on the layers of a model, all on the same draws.

    Parameters
    ----------
    layers : iterable of Instance
        Layer 1, 2, ..., such as `dmoe_models.layers.draws` builds them; each is held only as long
        as it is being worked on.
    methods : iterable
        As `variants` takes them.
    seed : int
        For methods that draw random numbers; every layer's draws are its own.
    time_limit : float, optional
        Seconds per layer and method.
    watch : callable, optional

    Returns
    -------
    Rounds

    Raises
    ------
    MethodError
        For a method that is unknown or misused.
    InstanceError
        Where there are no layers.
    """
    chosen = variants(methods)
    tables: dict[str, list[pd.DataFrame]] = {"tokens": [], "loads": [], "sizes": []}
    lines: list[dict[str, Any]] = []
    for number, instance in enumerate(layers, 1):
        for variant in chosen:
            result = solve(
                instance,
                variant.method,
                seed=(seed << 16) + number,
                time_limit=time_limit,
                **variant.options,
            )
            where: dict[str, Any] = {"layer": number, "method": variant.label}
            lines.append(where | layer_facts(instance, result))
            if result.solution is not None:
                for name, table in _patterns(instance, result.solution).items():
                    tables[name].append(table.assign(**where))
            if watch is not None:
                watch(lines[-1])
    if not lines:
        raise InstanceError("there are no layers")
    return Rounds(
        pd.DataFrame(lines), *(_joined(name, tables[name]) for name in ("tokens", "loads", "sizes"))
    )


def layer_facts(instance: Instance, result: Result) -> dict[str, Any]:
    """Return one line of `Rounds.layers`, without its layer and method."""
    parts = dict.fromkeys([*_PARTS, "experts_per_token"], math.nan)
    if result.solution is not None:
        report = evaluate(instance, result.solution)
        parts |= {
            "energy_j": report.total_j,
            "transmission_j": report.transmission_j,
            "computation_j": report.computation_j,
            "static_j": report.static_j,
            "experts_per_token": float(result.solution.selection.sum()) / instance.T,
        }
    return {
        "instance": instance.name,
        "instance_sha256": instance.sha256,
        "gamma": instance.importance,
        "tokens": instance.T,
        "capped": int(instance.capped.sum()),
        "status": str(result.status),
        "valid": result.check is not None and result.check.ok,
        **parts,
        "bound_j": result.bound,
        "gap": result.gap,
        "runtime_s": result.runtime,
    }


def _patterns(instance: Instance, solution: Solution) -> dict[str, pd.DataFrame]:
    report = evaluate(instance, solution)
    number = solution.selection.sum(axis=1)
    load = solution.selection.sum(axis=0)
    sizes, tokens = np.unique(number, return_counts=True)
    return {
        "tokens": pd.DataFrame(
            {
                "token": np.arange(instance.T),
                "source": instance.source,
                "experts": number,
                "energy_j": report.per_token_j,
                "transmission_j": report.per_token_transmission_j,
                "computation_j": report.per_token_computation_j,
            }
        ),
        "loads": pd.DataFrame(
            {
                "expert": np.arange(instance.K),
                "tokens": load,
                "share": load / max(1, int(load.sum())),
            }
        ),
        "sizes": pd.DataFrame({"experts": sizes, "tokens": tokens}),
    }


_COLUMNS = {
    "tokens": ["token", "source", "experts", "energy_j", "transmission_j", "computation_j"],
    "loads": ["expert", "tokens", "share"],
    "sizes": ["experts", "tokens"],
}


def _joined(name: str, tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Put tables below each other, layer and method first; with their columns even if none."""
    columns = ["layer", "method", *_COLUMNS[name]]
    if not tables:
        return pd.DataFrame(columns=columns)
    return pd.concat(tables, ignore_index=True)[columns]
