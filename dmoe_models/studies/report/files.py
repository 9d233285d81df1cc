"""What a study found, as files: tables, figures, verdicts, a page and its twin in Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from dmoe_models.errors import DmoeError
from dmoe_models.files.paths import require_folder
from dmoe_models.presentation.files import Writer, require_packages, write_files
from dmoe_models.studies.analysis.findings import StudyReport
from dmoe_models.studies.configuration import design_of
from dmoe_models.studies.engine.database import CONFIGURATION, FILE, Database
from dmoe_models.studies.report.page import LONGEST, html_page, markdown_page
from dmoe_models.studies.report.tables import Presented, present, verdict_frame
from dmoe_models.studies.study import StudyError
from dmoe_models.text import latex

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAGE, TWIN = "report.html", "report.md"

_LONG = 50
"""Lines from which on a LaTeX table may go on over several pages."""

_VERDICT_COLUMNS = r"p{0.24\linewidth}p{0.16\linewidth}lp{0.4\linewidth}"


def require_report(folder: Path, sha256: str, sources: Mapping[str, str]) -> None:
    """Make sure, before any work is done, that a report can be written.

    Parameters
    ----------
    folder : path
    sha256 : str
        Hash of the configuration that the report is of.
    sources : mapping
        Hashes of the code that it names, by name: none of it is run.

    Raises
    ------
    DmoeError
        Where a package is missing, the folder cannot be made or written to, or is another study's.
    """
    require_packages("a study's report")
    require_folder(folder)
    other = None
    if (folder / FILE).exists():
        with Database(folder) as database:
            other = database.design.sha256
    elif (folder / CONFIGURATION).exists():
        try:
            text = (folder / CONFIGURATION).read_text(encoding="utf-8")
            other = design_of(text, sources=sources).sha256
        except (DmoeError, OSError, ValueError):
            other = ""
    if other not in (None, sha256):
        raise StudyError(f"{folder}: is of another study or configuration; name another directory")


def write_report(report: StudyReport, folder: Path, *, with_rows: bool = True) -> list[Path]:
    """Write a report; each file appears complete or not at all.

    The study's own database and configuration, where the folder is the study's, are left alone.

    Parameters
    ----------
    report : StudyReport
    folder : path
        Made where there is none.
    with_rows : bool
        Whether the tidy table is written: it is large.

    Returns
    -------
    list of path
        rows (.csv, .parquet); every table (.csv, .parquet, and .tex unless it is too long for
        paper); verdicts (.csv, .tex); every figure (.pdf, .png at 300 dpi); configuration.toml;
        report.md and, last, report.html.

    Raises
    ------
    DmoeError
        Where a package is missing, the folder is another study's, or a file cannot be written.
    """
    folder = Path(folder)
    require_report(folder, report.sha256, report.sources)
    presented = [present(name, table, report.study) for name, table in report.tables.items()]
    page, twin = html_page(report, presented), markdown_page(report, presented)
    origin = f"study {report.study.name}, configuration {report.sha256}"
    facts = {"study": report.study.name, "configuration_sha256": report.sha256}
    writers: dict[str, Writer] = {}
    if with_rows:
        writers |= _frame("rows", report.rows, facts)
    for table in presented:
        writers |= _frame(table.name, report.tables[table.name], facts)
        if len(table.lines) <= LONGEST["tex"]:
            writers[f"{table.name}.tex"] = _text(_table_tex(table, origin))
    writers["verdicts.csv"] = _csv(verdict_frame(report.verdicts))
    writers["verdicts.tex"] = _text(_verdicts_tex(report, origin))
    for name, picture in report.pictures.items():
        title = f"{name}: {origin}"
        about = {"Title": title, "CreationDate": None}
        writers[f"{name}.pdf"] = _picture(picture.figure, "pdf", about)
        writers[f"{name}.png"] = _picture(picture.figure, "png", {"Title": title})
    if not (folder / FILE).exists():
        writers[CONFIGURATION] = _text(report.configuration)
    writers |= {TWIN: _text(twin), PAGE: _text(page)}
    return write_files(folder, writers)


def _frame(name: str, frame: pd.DataFrame, facts: Mapping[str, str]) -> dict[str, Writer]:
    return {f"{name}.csv": _csv(frame), f"{name}.parquet": _parquet(frame, facts)}


def _csv(frame: pd.DataFrame) -> Writer:
    return lambda path: frame.to_csv(path, index=False)


def _text(text: str) -> Writer:
    return lambda path: path.write_text(text, encoding="utf-8")


def _picture(figure: Figure, kind: str, about: Mapping[str, Any]) -> Writer:
    return lambda path: figure.savefig(path, format=kind, dpi=300, metadata=dict(about))


def _parquet(frame: pd.DataFrame, facts: Mapping[str, str]) -> Writer:
    """Write a table with facts about it; a column of numbers and words becomes one of words."""

    def write(path: Path) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        plain = frame.copy()
        for name in plain.columns:
            values = plain[name].dropna()
            if plain[name].dtype == object and any(isinstance(value, str) for value in values):
                plain[name] = plain[name].map(str, na_action="ignore")
        table = pa.Table.from_pandas(plain, preserve_index=False)
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), **facts})
        parquet.write_table(table, path)

    return write


def _table_tex(table: Presented, origin: str) -> str:
    long = len(table.lines) > _LONG
    notes = [table.title, *table.notes, origin]
    return latex(table.table, notes, table.left, long=long)


def _verdicts_tex(report: StudyReport, origin: str) -> str:
    lines = [[v.claim, v.source, v.outcome, v.sentence] for v in report.verdicts]
    headers = ["claim", "source", "outcome", "finding"]
    return latex((headers, lines), [origin], columns=_VERDICT_COLUMNS)
