"""Rows that cannot be true together: below a certified optimum, or a bound above it.

What a method does worse than the optimum is a finding; what it does better is a fault, of the
method's, of a proof, or of this package.
"""

from __future__ import annotations

import pandas as pd

from dmoe_models.model.gap import CERTIFIED_GAP
from dmoe_models.studies.study import Study


def breaches(study: Study, rows: pd.DataFrame) -> list[str]:
    """Return a line for every such row of a tidy table.

    Parameters
    ----------
    study : Study
    rows : DataFrame
        From `Database.table`. Excesses and distances in it are 0 where within the proof, so every
        negative one counts; energies of layers are compared to a relative 1e-9.
    """
    if study.layered:
        return _of_layers(rows)
    found = []
    for column, words in (
        ("excess", "is below the certified optimum"),
        ("distance", "is a bound above the certified optimum"),
        ("bound_distance", "has an LB above the certified optimum"),
    ):
        if column in rows:
            found += [
                f"{_place(row)} {words} by {-row[column]:.3g}"
                for _, row in rows[rows[column] < 0].iterrows()
            ]
    if {"distinct", "optimal"} <= set(rows):  # distinct best subcarriers: LB is the optimum
        wrong = rows["distinct"] & rows["certified"] & (rows["bound_distance"] > 0)
        found += [
            f"{_place(row)} has distinct best subcarriers, and LB below the optimum"
            for _, row in rows[wrong.fillna(False)].iterrows()
        ]
    return found


def _of_layers(rows: pd.DataFrame) -> list[str]:
    """Hold every valid energy, and every bound, against the layer's certified optimum."""
    where = ["cell", "seed", "layer"]
    proved = rows[rows["certified"].fillna(False).astype(bool)]
    optimum = proved.groupby(where)["energy_j"].min().rename("optimum_j")
    beside = rows.merge(optimum, left_on=where, right_index=True)
    margin = CERTIFIED_GAP * beside["optimum_j"]
    valid = beside["valid"].fillna(False).astype(bool)
    below = valid & (beside["energy_j"] < beside["optimum_j"] - margin)
    bound = beside["transmission_j"].isna()  # a bound has no parts
    above = bound & (beside["energy_j"] > beside["optimum_j"] + margin)
    return [
        f"{_place(row)}, layer {row['layer']}, {words} {row['optimum_j']:.10g} J: "
        f"{row['energy_j']:.10g} J"
        for wrong, words in (
            (below, "is below the certified optimum"),
            (above, "is a bound above the certified optimum"),
        )
        for _, row in beside[wrong].iterrows()
    ]


def _place(row: pd.Series) -> str:
    return f"cell {row['cell']}, seed {row['seed']}: {row['method']}"
