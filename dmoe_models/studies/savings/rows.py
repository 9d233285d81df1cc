"""How much energy does selection save, layer by layer, against the baselines of the literature?

All methods work on the same layers. A row is one method on one layer of one draw; what is saved is
a matter of sums over rows, and so of the tables made of them
(`dmoe_models.studies.analysis.summaries`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from dmoe_models.layers.rounds import layer_facts
from dmoe_models.model.gap import CERTIFIED_GAP
from dmoe_models.solving.catalogue import find_method
from dmoe_models.studies.cells import draw_layers
from dmoe_models.studies.measuring import attempt, rounded
from dmoe_models.studies.study import Column, Work

COLUMNS = (
    Column("layer", "whole", "1 to L"),
    Column("gamma", "real", "importance of the layer"),
    Column("tokens", "whole", "T"),
    Column("capped", "whole", "tokens whose threshold was lowered"),
    Column("method", "text", "label of the method"),
    Column("valid", "truth", "the referee accepts the solution"),
    Column("certified", "truth", "the energy is the optimum, proved to a gap of 1e-9"),
    Column("energy_j", "real", "energy of the layer, J; a bound's value for a bound"),
    Column("transmission_j", "real", "of it, J; missing for a bound"),
    Column("computation_j", "real", "of it, J; missing for a bound"),
    Column("static_j", "real", "of it, J; missing for a bound"),
    Column("experts_per_token", "real", "mean over the tokens"),
    Column("gap", "real", "proved gap of the energy", repeatable=False),
    Column("method_s", "real", "time of the method, s", repeatable=False),
)
"""What a row holds, beside the columns of every study."""

_ROUNDED = ("energy_j", "transmission_j", "computation_j", "static_j")


def rows(work: Work) -> Iterator[dict[str, Any]]:
    """Return a row for every seed, layer and method."""
    for seed in work.seeds:
        for layer, instance in enumerate(draw_layers(work.cell, seed, work.data), 1):
            for variant in work.methods:
                tried = attempt(instance, variant, (seed << 16) + layer, work.time_limit_s)
                row: dict[str, Any] = {
                    "seed": seed,
                    "layer": layer,
                    "gamma": instance.importance,
                    "tokens": instance.T,
                    "capped": int(instance.capped.sum()),
                    "method": variant.label,
                    "status": tried.status,
                    "reason": tried.reason,
                }
                result = tried.result
                if result is not None:
                    facts = layer_facts(instance, result)
                    row |= {name: rounded(facts[name]) for name in _ROUNDED}
                    bounds = find_method(variant.method).kind == "bound"
                    if bounds and result.solution is None and math.isfinite(result.bound):
                        row["energy_j"] = rounded(result.bound)
                    row |= {
                        "valid": facts["valid"],
                        "certified": facts["valid"] and result.gap <= CERTIFIED_GAP,
                        "experts_per_token": facts["experts_per_token"],
                        "gap": result.gap,
                        "method_s": result.runtime,
                    }
                yield row
