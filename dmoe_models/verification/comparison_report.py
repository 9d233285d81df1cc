"""A comparison on paper: text, Markdown and LaTeX tables, CSV and JSON, profiles as pictures."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dmoe_models.files.plain_json import plain
from dmoe_models.presentation.files import pictures, require_packages, write_contents
from dmoe_models.presentation.row_plots import energy_profile, figure_of, time_profile
from dmoe_models.text import latex, markdown
from dmoe_models.verification.comparison import LEGEND, Comparison, summary_table, tests_table


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
