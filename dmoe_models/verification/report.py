"""The report of a verification: tables as files, pictures, and one page that holds everything."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dmoe_models.environment import environment
from dmoe_models.presentation.files import Writer, require_packages, svg, write_files
from dmoe_models.presentation.pages import render
from dmoe_models.presentation.row_plots import figure_of, gaps, times
from dmoe_models.verification import tables
from dmoe_models.verification.result import Verification

if TYPE_CHECKING:
    from matplotlib.figure import Figure


_CAPTIONS = {
    "gap": "Gap of every method on every instance; a mark is one instance.",
    "time": "Runtime of every method on every instance; a mark is one instance.",
}


def write_report(directory: Path, found: Verification) -> list[Path]:
    """Write the tables, pictures and page of a report; each file appears complete or not at all.

    Parameters
    ----------
    directory : path
        Made where there is none.
    found : Verification

    Returns
    -------
    list of path
        The files: rows.csv, rows.parquet, summary.csv, gap.png, time.png, report.html.

    Raises
    ------
    DmoeError
        Where a package is missing or a file cannot be written.
    """
    require_packages()
    figures = {"gap": figure_of(gaps, found.rows), "time": figure_of(times, found.rows)}
    page = _page(found, figures)
    writers: dict[str, Writer] = {
        "rows.csv": lambda path: found.rows.to_csv(path, index=False),
        "rows.parquet": lambda path: found.rows.to_parquet(path, index=False),
        "summary.csv": lambda path: found.summary.to_csv(path, index=False),
        "gap.png": lambda path: figures["gap"].savefig(path, dpi=150),
        "time.png": lambda path: figures["time"].savefig(path, dpi=150),
        "report.html": lambda path: path.write_text(page, encoding="utf-8"),
    }
    return write_files(directory, writers)


def _page(found: Verification, figures: Mapping[str, Figure]) -> str:
    values = {
        "headers": tables.ROW_HEADERS,
        "rows": [(row, tables.row_cells(row)) for row in found.records],
        "summaries": found.summary_tables,
        "instances": len({(row.instance, row.instance_sha256) for row in found.records}),
        "breaches": found.breaches,
        "notes": found.notes,
        "legend": tables.LEGEND,
        "configuration": found.configuration,
        "environment": environment(),
        "written": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "pictures": {name: svg(figure, name, _CAPTIONS[name]) for name, figure in figures.items()},
        "captions": _CAPTIONS,
    }
    return render("dmoe_models.verification", "report.html", values)
