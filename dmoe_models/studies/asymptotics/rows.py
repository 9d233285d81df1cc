"""Is JESA asymptotically optimal? Every draw: certified optimum, JESA, LB, distinct bests.

docs/model.md, fact 4 (distinct bests): where the best subcarriers of all links are distinct, LB,
the optimum and JESA's energy are one. With gains that are independent over links and exchangeable
over subcarriers that has a probability in closed form, which goes to 1 with the number of
subcarriers; with correlated or measured ones it is to be seen.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from dmoe_models.algorithms.lower_bound import lower_bound
from dmoe_models.model.instance import Instance
from dmoe_models.studies.cells import draw_cell
from dmoe_models.studies.measuring import attempt, certify, rounded
from dmoe_models.studies.study import Column, Work

COLUMNS = (
    Column("links", "whole", "L, links that can carry a token"),
    Column("subcarriers", "whole", "M"),
    Column("tokens", "whole", "T"),
    Column("distinct", "truth", "the best subcarriers of all links are distinct"),
    Column("certified", "truth", "the optimum is proved to a gap of 1e-9"),
    Column("optimum_j", "real", "certified optimum, J"),
    Column("bound_distance", "real", "(OPT - LB) / (OPT - static), 0 where within 1e-9"),
    Column("method", "text", "label of the method"),
    Column("energy_j", "real", "its energy, J"),
    Column("excess", "real", "(E - OPT) / (OPT - static), 0 where within 1e-9"),
    Column("optimal", "truth", "the excess is 0"),
    Column("gap", "real", "proved gap of the optimum", repeatable=False),
    Column("exact_s", "real", "time of exact, s", repeatable=False),
    Column("method_s", "real", "time of the method, s", repeatable=False),
)
"""What a row holds, beside the columns of every study."""


def rows(work: Work) -> Iterator[dict[str, Any]]:
    """Return a row for every seed and method."""
    for seed in work.seeds:
        instance = draw_cell(work.cell, seed, work.data)
        optimum = certify(instance, seed, work.time_limit_s)
        common = {
            "seed": seed,
            "links": len(instance.links),
            "subcarriers": instance.M,
            "tokens": instance.T,
            "distinct": distinct_bests(instance),
            "certified": optimum.certified,
            "optimum_j": optimum.energy_j,
            "bound_distance": optimum.distance(rounded(lower_bound(instance).bound)),
            "gap": optimum.gap,
            "exact_s": optimum.runtime_s,
        }
        for variant in work.methods:
            tried = attempt(instance, variant, seed, work.time_limit_s)
            known = optimum.certified and tried.valid
            excess = optimum.excess(tried.energy_j) if known else math.nan
            yield common | {
                "status": tried.status_beside(optimum.status),
                "reason": tried.reason,
                "method": variant.label,
                "energy_j": tried.energy_j,
                "excess": excess,
                "optimal": excess == 0.0 if optimum.certified and tried.result else None,
                "method_s": math.nan if tried.result is None else tried.result.runtime,
            }


def distinct_bests(instance: Instance) -> bool:
    """Whether no two links have the same best subcarrier (the first of equals)."""
    i, j = instance.links.T
    best = instance.transmission_energy_j[i, j].argmin(axis=1)
    return len(np.unique(best)) == len(best)


def distinct_probability(links: int, subcarriers: int) -> float:
    """Return prod over q < L of (1 - q / M), the closed form of `distinct_bests`; 0 for M < L.

    It holds for gains that are independent over links and exchangeable over subcarriers.

    Parameters
    ----------
    links : int
        L.
    subcarriers : int
        M.
    """
    if subcarriers < links:
        return 0.0
    return math.exp(math.fsum(math.log1p(-q / subcarriers) for q in range(links)))
