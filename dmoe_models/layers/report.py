"""Rounds on paper: what each method saves and how far it is from what is proved, as tables, files.

A saving is 1 - (sum of the method's energy) / (sum of the reference's), static energy included; a
gap here is to the best bound that any of the methods proved, layer by layer.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from dmoe_models.files.plain_json import plain
from dmoe_models.layers.rounds import Rounds, whole_sum
from dmoe_models.model.gap import format_gap, relative_gap
from dmoe_models.presentation.files import pictures, require_packages, write_contents
from dmoe_models.text import format_number, text_table

_NUMBERS = {
    "energy_j": "energy (J)",
    "energy_per_token_j": "per token (J)",
    "transmission_j": "transmission (J)",
    "computation_j": "computation (J)",
    "static_j": "static (J)",
}


def graded_layers(rounds: Rounds, reference: str | None) -> pd.DataFrame:
    """Return `Rounds.layers` with what only all methods together can say.

    Parameters
    ----------
    rounds : Rounds
    reference : str or None
        Label of the method to whose energy savings refer; None for none.

    Returns
    -------
    DataFrame
        Also with `best_bound_j` (of all methods, on that layer), `best_gap` (of a valid solution's
        energy to it) and `saving`.
    """
    table = rounds.layers.copy()
    table["best_bound_j"] = table.groupby("layer")["bound_j"].transform("max")
    table["best_gap"] = _gaps(table, table["valid"])
    own = table[table["method"] == reference].set_index("layer")["energy_j"]
    table["saving"] = _savings(table["energy_j"], table["layer"].map(own))
    return table


def graded_totals(rounds: Rounds, reference: str | None) -> pd.DataFrame:
    """Return `Rounds.totals` with the same columns, of the sums over all layers.

    A method has a gap where the referee accepts it on every layer.

    Parameters
    ----------
    rounds : Rounds
    reference : str or None
        As in `graded_layers`.
    """
    table = rounds.totals()
    best = rounds.layers.groupby("layer")["bound_j"].max()
    table["best_bound_j"] = whole_sum(best)
    table["best_gap"] = _gaps(table, table["valid"] == table["layers"])
    own = table.loc[table["method"] == reference, "energy_j"]
    table["saving"] = _savings(table["energy_j"], own.iloc[0] if len(own) else math.nan)
    return table


def _gaps(table: pd.DataFrame, valid: pd.Series) -> list[float]:
    cells = zip(table["energy_j"], table["best_bound_j"], table["static_j"], valid, strict=True)
    return [
        relative_gap(e, bound, static) if sound else math.nan for e, bound, static, sound in cells
    ]


def _savings(energy: pd.Series, reference: Any) -> pd.Series:
    of = pd.Series(reference, index=energy.index, dtype=float)
    return 1 - energy / of.where(of > 0)


def totals_text(totals: pd.DataFrame, reference: str | None) -> str:
    """Return the totals as an aligned table, with all that must be known to read it.

    Parameters
    ----------
    totals : DataFrame
        From `graded_totals`.
    reference : str or None
    """
    headers, cells = _parts(totals)
    headers += [*(["saving"] if reference else []), "valid", "bound (J)", "gap"]
    lines = [
        [
            line["method"],
            *written,
            *_saving(line, reference),
            f"{line['valid']}/{line['layers']}",
            _number(line["bound_j"]),
            format_gap(line["best_gap"]),
        ]
        for line, written in zip(totals.to_dict("records"), cells, strict=True)
    ]
    best = totals["best_bound_j"].iloc[0]
    legend = [
        "per token: of a token through all layers. valid: layers on which the referee accepts the "
        "solution.",
        f"bound: what the method's own runs proved; the best of all methods' is {best:.8g} J.",
        "gap: (energy - best bound) / (energy - static energy), where all layers are valid.",
    ]
    if best == math.inf:
        legend.append("inf: a layer is proved to have no solution; --per-layer tells which.")
    if reference:
        legend.insert(0, f"saving: 1 - energy / energy of {reference}.")
    return text_table(["method", *headers], lines, left=(0,)) + "\n\n" + "\n".join(legend)


def layers_text(layers: pd.DataFrame, reference: str | None) -> str:
    """Return the table from `graded_layers` as text, one line per layer and method.

    Parameters
    ----------
    layers : DataFrame
    reference : str or None
        As in `graded_layers`.
    """
    headers, cells = _parts(layers)
    headers += ["experts/token", *(["saving"] if reference else []), "gap", "status", "referee"]
    lines = [
        [
            str(line["layer"]),
            f"{line['gamma']:.4g}",
            line["method"],
            *written,
            _number(line["experts_per_token"]),
            *_saving(line, reference),
            format_gap(line["best_gap"]),
            line["status"],
            "-" if math.isnan(line["energy_j"]) else "valid" if line["valid"] else "refused",
        ]
        for line, written in zip(layers.to_dict("records"), cells, strict=True)
    ]
    end = len(headers) + 3
    return text_table(["layer", "gamma", "method", *headers], lines, left=(2, end - 2, end - 1))


def _parts(table: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Return headers and cells of the energies; static energy where there is any."""
    names = [name for name in _NUMBERS if name in table]
    if not (table["static_j"] > 0).any():
        names.remove("static_j")
    cells = [[_number(value) for value in line] for line in table[names].to_numpy()]
    return [_NUMBERS[name] for name in names], cells


def _number(value: float) -> str:
    return format_number(value, 6)


def _saving(line: Mapping[Any, Any], reference: str | None) -> list[str]:
    """Return the cell under "saving", of which there is none without a reference."""
    if reference is None:
        return []
    return ["-" if math.isnan(line["saving"]) else f"{100 * line['saving']:.2f} %"]


def document(
    rounds: Rounds, reference: str | None, configuration: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what was asked and what was found, as plain JSON values; tokens are in files only.

    Parameters
    ----------
    rounds : Rounds
    reference : str or None
        As in `graded_layers`.
    configuration : mapping
        What was asked for.
    """
    tables = _tables(rounds, reference)
    del tables["tokens"]
    found = {name: table.to_dict("records") for name, table in tables.items()}
    asked = {"configuration": configuration, "reference": reference}
    answer: dict[str, Any] = plain(asked | found)
    return answer


def require_report() -> None:
    """Raise DmoeError, before any work is done, where tables and figure cannot be written."""
    require_packages("-o (tables and figure)", ["matplotlib", "pyarrow"])


def write_rounds(
    directory: Path, rounds: Rounds, reference: str | None, configuration: Mapping[str, Any]
) -> list[Path]:
    """Write tables and figure; each file appears complete or not at all.

    Parameters
    ----------
    directory : path
        Exists.
    rounds : Rounds
    reference : str or None
        As in `graded_layers`.
    configuration : mapping
        What was asked for.

    Returns
    -------
    list of path
        totals, layers, tokens, loads and sizes (.csv, .parquet), rounds (.json, .png, .pdf).

    Raises
    ------
    DmoeError
        Where a package is missing or a file cannot be written.
    """
    require_report()
    from dmoe_models.layers.figure import rounds_figure

    whole = json.dumps(document(rounds, reference, configuration), indent=1, allow_nan=False)
    contents = {"rounds.json": f"{whole}\n".encode()}
    for name, table in _tables(rounds, reference).items():
        contents[f"{name}.csv"] = table.to_csv(index=False).encode()
        contents[f"{name}.parquet"] = table.to_parquet(index=False)
    return write_contents(
        directory, contents | pictures({"rounds": rounds_figure(rounds, reference)})
    )


def _tables(rounds: Rounds, reference: str | None) -> dict[str, pd.DataFrame]:
    return {
        "totals": graded_totals(rounds, reference),
        "layers": graded_layers(rounds, reference),
        "tokens": rounds.tokens,
        "loads": rounds.loads,
        "sizes": rounds.sizes,
    }
