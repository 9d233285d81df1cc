"""Rounds: the layers of the DMoE protocol, one after the other, by several methods on equal terms.

A round is one layer: its gate scores, its channel, its importance gamma(l). Methods see the very
same instances, so that what differs between them is the methods. The energy of a layer is
`evaluate`'s; here it is split by layer, by token, by transmission and computation, next to
which experts were chosen and how many for a token. All results are tidy tables.

References
----------
Qin, Wu, Du, Huang, arXiv 2503.13421: layers whose importance falls as gamma(l) = gamma0^l.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sized
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dmoe_models.errors import InstanceError, MethodError, require_kind
from dmoe_models.layers.draws import LAYERS, RECORDED, draw_layers
from dmoe_models.model.energy import evaluate
from dmoe_models.model.instance import Instance, require_instance
from dmoe_models.model.solution import Solution
from dmoe_models.presentation.progress import Asked, watched
from dmoe_models.solving.catalogue import bind_method
from dmoe_models.solving.options import checked_seed
from dmoe_models.solving.result import Result
from dmoe_models.solving.solve import solve
from dmoe_models.solving.variants import VariantLike, variants
from dmoe_models.text import format_number, html_grid, prefixed
from dmoe_models.values.value import TableValue
from instances.recorded.directory import RECORDED_LAYERS

Watch = Callable[[Mapping[str, Any]], None]
"""What is called with a line of `Rounds.layers`."""

_PARTS = ("energy_j", "transmission_j", "computation_j", "static_j", "bound_j")


@dataclass(frozen=True, eq=False, repr=False)
class Rounds(TableValue):
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

    def __repr__(self) -> str:
        methods = self.layers["method"].nunique()
        return f"Rounds({self.layers['layer'].nunique()} layers, {methods} methods)"

    def _repr_html_(self) -> str:
        totals = self.totals()
        unit, scale = prefixed(totals["energy_j"], "J")
        headers = ["method", "layers", "solved", "valid"]
        energies = ["energy_j", "transmission_j", "computation_j", "static_j", "bound_j"]
        lines = [
            [str(line[name]) for name in headers]
            + [format_number(scale * line[name], 6) for name in energies]
            for line in totals.to_dict("records")
        ]
        headers += [f"{name.removesuffix('_j')} ({unit})" for name in energies]
        notes = ["sums over all layers; per layer: .layers"]
        return html_grid(repr(self), (headers, lines), notes=notes)


def whole_sum(values: pd.Series) -> float:
    """Sum, in the order of the layers, which is NaN where one of them is."""
    return math.fsum(values) if np.isfinite(values).all() else float(values.sum(skipna=False))


def run_rounds(
    model: str | Iterable[Instance],
    methods: VariantLike | Iterable[VariantLike] | Mapping[str, VariantLike],
    *,
    seed: int = 0,
    time_limit: float | None = None,
    watch: Watch | None = None,
    progress: Asked = None,
    **drawn: Any,
) -> Rounds:
    """Run methods on the layers of a model, all on the same draws.

    Parameters
    ----------
    model : str or iterable of Instance
        The name of a family, or "recorded", of which `draw_layers` draws them with the same seed;
        or layer 1, 2, ... themselves, each of which is held only as long as it is worked on.
    methods : str, callable, mapping, or a sequence of them
        As `validate` takes them: names, functions, methods with options and a label.
    seed : int
        For methods that draw random numbers; every layer's draws are its own.
    time_limit : float, optional
        Seconds per layer and method.
    watch : callable, optional
        Called with every line of `Rounds.layers` as its run finishes.
    progress : bool or callable, optional
        Whether to show how far it is; by default in a notebook. Or what is called with every line,
        its number (from 1) and how many there are (None for layers that are no list).
    **drawn
        Parameters of `draw_layers`: `layers`, `importance`, `channel`, and those of the family.

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
    seed = checked_seed(seed)
    if not isinstance(model, str):
        hint = "; name a family, or give the layers"
        require_kind("model", model, Iterable, InstanceError, hint)
    layers = _how_many(model, drawn)
    if isinstance(model, str):
        model = draw_layers(model, seed, **drawn)
    elif drawn:
        raise InstanceError(f"{', '.join(drawn)}: for layers to be drawn; these are given")
    chosen = [(v.label, bind_method(v)) for v in variants(methods)]
    for _, bound in chosen:
        if not bound.method.applies_to("P2"):
            raise MethodError(f"method {bound.method.name} solves P1; layers are P2 instances")
    total = None if layers is None else layers * len(chosen)
    tables: dict[str, list[pd.DataFrame]] = {"tokens": [], "loads": [], "sizes": []}
    lines: list[dict[str, Any]] = []
    with watched(progress, _words) as show:
        for number, instance in enumerate(model, 1):
            require_instance(instance, f"model[{number - 1}]")
            for label, method in chosen:
                result = solve(instance, method, seed=(seed << 16) + number, time_limit=time_limit)
                where: dict[str, Any] = {"layer": number, "method": label}
                lines.append(where | layer_facts(instance, result))
                if result.solution is not None:
                    for name, table in _patterns(instance, result.solution).items():
                        tables[name].append(table.assign(**where))
                if watch is not None:
                    watch(lines[-1])
                if show is not None:
                    show(lines[-1], len(lines), total)
    if not lines:
        raise InstanceError("there are no layers")
    return Rounds(
        pd.DataFrame(lines), *(_joined(name, tables[name]) for name in ("tokens", "loads", "sizes"))
    )


def _how_many(model: str | Iterable[Instance], drawn: Mapping[str, Any]) -> int | None:
    """Return the number of layers; None where only running them tells."""
    layers: Any = model
    if isinstance(model, str):
        layers = drawn.get("layers", RECORDED_LAYERS if model == RECORDED else LAYERS)
    return layers if isinstance(layers, int) else len(layers) if isinstance(layers, Sized) else None


def _words(line: Mapping[str, Any]) -> str:
    return f"{line['method']} on layer {line['layer']}: {line['status']}"


def layer_facts(instance: Instance, result: Result) -> dict[str, Any]:
    """Return one line of `Rounds.layers`, without its layer and method.

    Parameters
    ----------
    instance : Instance
        The layer.
    result : Result
        Of a method on it.
    """
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
