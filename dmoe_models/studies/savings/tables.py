"""Summaries of the study "savings": what is saved of whose energy, and where energy goes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from dmoe_models.studies.analysis.intervals import Interval, mean_interval, ratio_interval
from dmoe_models.studies.analysis.summaries import alive, columns_of, labelled, per_cell
from dmoe_models.studies.savings.rows import COLUMNS

HALF = 0.5
"""The saving that the literature speaks of."""

REFERENCES = ("Top-k", "H(1, D)", "greedy")
"""Labels of the methods to which energies are compared."""


def savings_in_total(rows: pd.DataFrame, references: Sequence[str] = REFERENCES) -> pd.DataFrame:
    """Return what each method saves of each reference's energy over all layers.

    One line per cell, method and reference. `saving` is 1 - (sum of the method's energy) / (sum of
    the reference's) over draws, both over all layers, paired; draws on which either has a layer
    without an energy are left out. `valid` counts the draws on which the referee accepts the method
    on every layer, `certified` those on which its energy is the proved optimum on every layer, of
    the `draws` that are left. `above_half`: the whole interval lies at or above 50 %; `none`: it
    contains 0.

    Parameters
    ----------
    rows : DataFrame
        The tidy table of all rows.
    references : sequence of str
        Labels.
    """
    return _saved(rows, references, [])


def savings_by_layer(rows: pd.DataFrame, references: Sequence[str] = REFERENCES) -> pd.DataFrame:
    """Return the same for every layer.

    Parameters
    ----------
    rows : DataFrame
        The tidy table of all rows.
    references : sequence of str
        Labels.
    """
    return _saved(rows, references, ["layer"])


def _saved(rows: pd.DataFrame, references: Sequence[str], more: list[str]) -> pd.DataFrame:
    known = alive(rows)
    where = ["cell", *more, "method", "seed"]
    totals = known.groupby(where, sort=False).agg(
        energy_j=("energy_j", _sum_of_all),
        valid=("valid", _all_true),
        certified=("certified", _all_true),
    )
    energies = totals["energy_j"].unstack("method")
    counted = {name: totals[name].unstack("method") for name in ("valid", "certified")}
    lines = []
    places: Any = energies.groupby(level=["cell", *more], sort=False)
    for place, group in places:
        for reference in references:
            if reference not in group or group[reference].isna().all():
                continue
            for method in group:
                if method == reference or group[method].isna().all():
                    continue
                ratio = ratio_interval(group[method], group[reference])
                saving = Interval(1 - ratio.value, 1 - ratio.high, 1 - ratio.low)
                used = group[method].notna() & group[reference].notna()
                lines.append(
                    dict(zip(["cell", *more], place, strict=True))
                    | {"method": method, "reference": reference, "draws": int(used.sum())}
                    | {
                        name: int(table.loc[group.index, method][used].fillna(False).sum())
                        for name, table in counted.items()
                    }
                    | columns_of("saving", saving)
                    | {
                        "above_half": bool(saving.low >= HALF),
                        "none": bool(saving.low <= 0 <= saving.high),
                    }
                )
    return labelled(COLUMNS, rows, pd.DataFrame(lines))


def energy_parts(rows: pd.DataFrame) -> pd.DataFrame:
    """Return where the energy goes, one line per cell, method and layer.

    Means over draws: `energy_j`, `transmission_j`, `computation_j` of the layer,
    `transmission_share`, `experts_per_token`; `gamma`, and `capped`, the share of tokens whose
    threshold was lowered.
    """

    def line(group: pd.DataFrame) -> dict[str, Any]:
        return {
            "gamma": float(group["gamma"].iloc[0]),
            "draws": len(group),
            **columns_of("energy_j", mean_interval(group["energy_j"])),
            "transmission_j": float(group["transmission_j"].mean()),
            "computation_j": float(group["computation_j"].mean()),
            "transmission_share": ratio_interval(group["transmission_j"], group["energy_j"]).value,
            "experts_per_token": float(group["experts_per_token"].mean()),
            "capped": float(group["capped"].sum()) / float(group["tokens"].sum()),
        }

    return per_cell(COLUMNS, rows, ["method", "layer"], line)


def _sum_of_all(values: pd.Series) -> float:
    return math.fsum(values) if values.notna().all() else math.nan


def _all_true(values: pd.Series) -> bool:
    return bool(values.fillna(False).all())


def tables(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return all tables of the study, by name."""
    return {
        "savings": savings_in_total(rows),
        "savings_by_layer": savings_by_layer(rows),
        "energy_parts": energy_parts(rows),
    }


_SAVED = (
    "Of the reference's energy, on the same draws. Half or more: the whole interval is at least "
    "50 %. None: the interval holds 0. Valid, certified: draws on which the method's answer is "
    "valid, and the proved optimum, {where}."
)

ABOUT = {
    "savings": (
        "Energy saved over all layers",
        _SAVED.format(where="on every layer"),
    ),
    "savings_by_layer": ("Energy saved, layer by layer", _SAVED.format(where="on the layer")),
    "energy_parts": (
        "Where the energy goes",
        "Means over draws. Capped tokens: their relevance threshold was lowered.",
    ),
}
"""Title and explanation of each table."""
