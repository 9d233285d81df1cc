"""A comparison on paper: text, Markdown and LaTeX tables, CSV and JSON, profiles as pictures."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dmoe_models.files.plain_json import plain
from dmoe_models.model.gap import format_gap
from dmoe_models.presentation.files import pictures, require_packages, write_contents
from dmoe_models.presentation.row_plots import energy_profile, figure_of, time_profile
from dmoe_models.text import Table, latex, markdown, seconds, text_table
from dmoe_models.verification.compare import Comparison
from dmoe_models.verification.run_outcome import OUTCOMES

LEGEND = (
    "median: of the paired differences (first less second) with its interval of at least 95 %; of "
    "gaps in percentage points, of times as the ratio first / second.",
    "p: Wilcoxon's signed-rank test, two-sided, without ties; Holm: corrected for all pairs of the "
    "quantity. lower, higher: pairs in which the first method's figure is.",
)

_HEADERS = {
    "time_s": "time (s)",
    "common_time_s": "common time (s)",
    "common_gap": "common gap",
    "integral_s": "integral (s)",
}


def summary_table(comparison: Comparison) -> Table:
    """Return one line per method; outcomes that no method has are left out."""
    table = comparison.summary
    empty = [outcome for outcome in OUTCOMES if not table[outcome].any()]
    table = table.drop(columns=empty)
    formats: dict[str, Callable[[Any], str]] = {"gap": format_gap, "common_gap": format_gap}
    formats |= {"time_s": seconds, "common_time_s": seconds, "integral_s": seconds}
    lines = [
        [formats.get(str(column), str)(value) for column, value in line.items()]
        for line in table.to_dict("records")
    ]
    return [_HEADERS.get(str(column), str(column)) for column in table.columns], lines


def tests_table(comparison: Comparison) -> Table:
    """Return one line per quantity and pair of methods."""
    lines = []
    for test in comparison.tests.to_dict("records"):
        effect: Callable[[float], str] = _points if test["quantity"] == "gap" else _ratio
        median = "-"
        if test["pairs"]:
            interval = f"{effect(test['low'])}, {effect(test['high'])}"
            median = f"{effect(test['median'])} [{interval}]"
            if not math.isfinite(test["low"]):
                median = f"{effect(test['median'])} [too few]"
        counts = [str(test[name]) for name in ("pairs", "ties", "lower", "higher")]
        pair = [test["quantity"], test["first"], test["second"]]
        lines.append([*pair, *counts, median, _p(test["p_value"]), _p(test["holm"]), test["note"]])
    headers = ["quantity", "first", "second", "pairs", "ties", "lower", "higher"]
    return [*headers, "median", "p", "Holm", "remark"], lines


def _points(value: float) -> str:
    return f"{100 * value:.3g}"


def _ratio(value: float) -> str:
    return f"{math.exp(value):.3g}"


def _p(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.2g}"


def text(comparison: Comparison) -> str:
    """Return both tables and all that must be known to read them."""
    parts = [text_table(*summary_table(comparison), left=(0,))]
    legend = list(comparison.notes)
    if len(comparison.tests):
        parts.append(text_table(*tests_table(comparison), left=(0, 1, 2, 7, 10)))
        legend += LEGEND
    return "\n\n".join([*parts, "\n".join(legend)])


def document(comparison: Comparison) -> dict[str, Any]:
    """Return all that is known, as plain JSON values."""
    found = {
        "options": asdict(comparison.options),
        "notes": comparison.notes,
        "summary": comparison.summary.to_dict("records"),
        "tests": comparison.tests.to_dict("records"),
        "time_profile": comparison.time_profile.reset_index().to_dict("list"),
        "energy_profile": comparison.energy_profile.reset_index().to_dict("list"),
        "runs": comparison.runs.to_dict("records"),
    }
    return {key: plain(value) for key, value in found.items()}


def require_report() -> None:
    """Raise DmoeError, before any work is done, where pictures cannot be drawn."""
    require_packages("a comparison's pictures", ["matplotlib"])


def write_comparison(directory: Path, comparison: Comparison) -> list[Path]:
    """Write tables, figures and pictures; each file appears complete or not at all.

    Parameters
    ----------
    directory : path
        Exists.
    comparison : Comparison

    Returns
    -------
    list of path
        summary, tests (.csv, .md, .tex), runs.csv, comparison.json, time_profile and
        energy_profile (.csv, .png, .pdf).

    Raises
    ------
    DmoeError
        Where a package is missing or a file cannot be written.
    """
    require_report()
    summary, tests = summary_table(comparison), tests_table(comparison)
    whole = json.dumps(document(comparison), indent=1, allow_nan=False) + "\n"
    notes = [*comparison.notes, *LEGEND]
    below = "\n" + "".join(f"- {note}\n" for note in notes)
    texts = {
        "summary.md": markdown(summary) + below,
        "tests.md": markdown(tests) + below,
        "summary.tex": latex(summary, notes),
        "tests.tex": latex(tests, notes),
        "comparison.json": whole,
    }
    frames = {
        "summary.csv": comparison.summary,
        "tests.csv": comparison.tests,
        "runs.csv": comparison.runs,
        "time_profile.csv": comparison.time_profile.reset_index(),
        "energy_profile.csv": comparison.energy_profile.reset_index(),
    }
    texts |= {name: frame.to_csv(index=False) for name, frame in frames.items()}
    figures = {
        "time_profile": figure_of(time_profile, comparison.time_profile),
        "energy_profile": figure_of(energy_profile, comparison.energy_profile),
    }
    contents = {name: content.encode() for name, content in texts.items()}
    return write_contents(directory, contents | pictures(figures))
