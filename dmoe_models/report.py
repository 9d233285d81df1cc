"""The report of a verification: tables as files, pictures, and one page that holds everything."""

from __future__ import annotations

import html
import importlib.util
import io
import os
import platform
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib import resources
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from dmoe_models import tables
from dmoe_models.errors import DmoeError
from dmoe_models.files import replacement
from dmoe_models.rows import Row, naming

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Writer: TypeAlias = Callable[[Path], Any]
"""What writes one file."""

JOURNAL = "rows.jsonl"
"""Name of the journal inside a report directory."""

_NEEDED = ("matplotlib", "jinja2", "pyarrow")
_CAPTIONS = {
    "gap": "Gap of every method on every instance; a mark is one instance.",
    "time": "Runtime of every method on every instance; a mark is one instance.",
}
_ENVIRONMENT = (
    "dmoe-models",
    "numpy",
    "scipy",
    "pandas",
    "pyomo",
    "cvxpy",
    "highspy",
    "pyscipopt",
    "gurobipy",
)


def require_packages(what: str = "a report", names: Sequence[str] = _NEEDED) -> None:
    """Raise DmoeError, before any work is done, where a package for reports is missing."""
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing:
        raise DmoeError(f'{what} needs {", ".join(missing)}: pip install "dmoe-models[report]"')


def environment() -> dict[str, str]:
    """Return what the figures may depend on: versions, platform, processors."""
    found = {"Python": platform.python_version()}
    for name in _ENVIRONMENT:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    found["platform"] = platform.platform()
    found["processors"] = str(os.cpu_count())
    return found


def write_report(
    directory: Path,
    rows: Sequence[Row],
    breaches: Sequence[str],
    notes: Sequence[str],
    configuration: Mapping[str, Any],
) -> list[Path]:
    """Write the tables, pictures and page of a report; each file appears complete or not at all.

    Parameters
    ----------
    directory : path
        Exists.
    rows : sequence of Row
        Graded.
    breaches, notes : sequence of str
    configuration : mapping
        What was asked for, as shown on the page.

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
    from dmoe_models.plots import gap_figure, time_figure

    table, per_method = tables.frame(rows), tables.summary(rows)
    figures = {"gap": gap_figure(rows), "time": time_figure(rows)}
    page = _page(rows, breaches, notes, configuration, figures)
    writers: dict[str, Writer] = {
        "rows.csv": lambda path: table.to_csv(path, index=False),
        "rows.parquet": lambda path: table.to_parquet(path, index=False),
        "summary.csv": lambda path: per_method.to_csv(path, index=False),
        "gap.png": lambda path: figures["gap"].savefig(path, dpi=150),
        "time.png": lambda path: figures["time"].savefig(path, dpi=150),
        "report.html": lambda path: path.write_text(page, encoding="utf-8"),
    }
    return write_files(directory, writers)


def pictures(figures: Mapping[str, Figure]) -> dict[str, bytes]:
    """Return every figure as the contents of two files, name.png and name.pdf."""
    contents = {}
    for name, figure in figures.items():
        for kind, metadata in (("png", {}), ("pdf", {"CreationDate": None})):
            picture = io.BytesIO()
            figure.savefig(picture, format=kind, dpi=150, metadata=metadata)
            contents[f"{name}.{kind}"] = picture.getvalue()
    return contents


def write_contents(directory: Path, contents: Mapping[str, bytes]) -> list[Path]:
    """Write files whose contents are known, as `write_files` does."""
    return write_files(
        directory, {name: partial(_write_bytes, data) for name, data in contents.items()}
    )


def _write_bytes(data: bytes, path: Path) -> None:
    path.write_bytes(data)


def write_files(directory: Path, writers: Mapping[str, Writer]) -> list[Path]:
    """Write files into a directory that exists; each appears complete or not at all.

    Raises
    ------
    DmoeError
        Where one cannot be written, naming it.
    """
    written = []
    for name, write in writers.items():
        target = directory / name
        with naming(target), replacement(target) as temporary:
            write(temporary)
        written.append(target)
    return written


def _page(
    rows: Sequence[Row],
    breaches: Sequence[str],
    notes: Sequence[str],
    configuration: Mapping[str, Any],
    figures: Mapping[str, Figure],
) -> str:
    import jinja2

    source = (resources.files("dmoe_models") / "report.html").read_text(encoding="utf-8")
    template = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).from_string(source)
    return template.render(
        headers=tables.ROW_HEADERS,
        rows=[(row, tables.row_cells(row)) for row in rows],
        summaries=tables.summary_tables(rows),
        instances=len({(row.instance, row.instance_sha256) for row in rows}),
        breaches=breaches,
        notes=notes,
        legend=tables.LEGEND,
        configuration=configuration,
        environment=environment(),
        written=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        pictures={name: svg(figure, name, _CAPTIONS[name]) for name, figure in figures.items()},
        captions=_CAPTIONS,
    )


def svg(figure: Figure, name: str, label: str) -> str:
    """Return a figure as an SVG element that can stand inside a page, beside others.

    Parameters
    ----------
    figure : Figure
    name : str
        Its own on the page: all identifiers inside begin with it.
    label : str
        What it shows, for those who do not see it.
    """
    import matplotlib

    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": name, "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", text)
    return text.replace("<svg ", f'<svg role="img" aria-label="{html.escape(label)}" ', 1)
