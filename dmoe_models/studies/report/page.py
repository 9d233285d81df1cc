"""A study's report to look at: one self-contained page, and its twin in Markdown.

Verdicts first, then the figures that show them, then tables. What stands in both is worked out
here, once; how it looks is in ``report.html`` and ``report.md``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from dmoe_models.environment import environment
from dmoe_models.presentation.files import svg
from dmoe_models.presentation.pages import render
from dmoe_models.studies.analysis.findings import StudyReport
from dmoe_models.studies.report.tables import Presented, tally
from dmoe_models.studies.report.words import LEGEND
from dmoe_models.text import NOTHING, Table, markdown

_LONG = 60
"""Lines of a table from which on it is folded away on the screen."""

_PRINTED = 300
"""Lines from which on a table is not printed; the page says where it is."""

LONGEST = {"html": 2000, "md": 200, "tex": 2000}
"""Lines from which on only a table's beginning is shown, `_LOOK` of them; the files have all."""

_LOOK = 20

_PORTRAIT, _LANDSCAPE = 140, 205
"""Characters that a line of a table may have on a printed page without being broken."""

_MARKS = {"held": "●", "held in part": "◐", "not held": "○", "undecided": "?", "not tested": "–"}

_RUN_HEADERS = ["run", "started", "ended", "Python", "machine", "cores", "workers", "commit"]


def html_page(report: StudyReport, tables: Sequence[Presented]) -> str:
    """Return the page: styles, figures and all inside, without a script.

    Parameters
    ----------
    report : StudyReport
    tables : sequence of Presented
    """
    return _rendered("html", report, tables)


def markdown_page(report: StudyReport, tables: Sequence[Presented]) -> str:
    """Return the report in Markdown; its figures are the PNG files beside it.

    Parameters
    ----------
    report : StudyReport
    tables : sequence of Presented
    """
    return _rendered("md", report, tables)


def _rendered(kind: str, report: StudyReport, tables: Sequence[Presented]) -> str:
    values = {
        "report": report,
        "tally": tally(report.verdicts),
        "verdicts": _verdicts(report),
        "figures": _figures(report, with_svg=kind == "html"),
        "tables": [_excerpt(number, t, LONGEST[kind]) for number, t in enumerate(tables, 1)],
        "legend": LEGEND,
        "columns": [(c.name, c.meaning) for c in report.study.all_columns],
        "runs": run_table(report.sessions),
        "packages": package_lines(report.sessions),
        "written": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "here": ", ".join(f"{n} {v}" for n, v in environment().items() if n not in _OF_MACHINE),
        "fence": "`" * max([3, *(1 + len(run) for run in re.findall("`+", report.configuration))]),
    }
    filters: dict[str, Callable[..., str]] = {"md": _escaped, "grid": _grid}
    return render("dmoe_models.studies.report", f"page.{kind}", values, filters)


_OF_MACHINE = ("platform", "processors")


def _figures(report: StudyReport, *, with_svg: bool) -> list[dict[str, Any]]:
    return [
        {
            "number": number,
            "name": name,
            "caption": picture.caption,
            "title": report.study.figures[name].title
            if name in report.study.figures
            else name.replace("_", " "),
            "svg": svg(picture.figure, name, picture.caption) if with_svg else "",
        }
        for number, (name, picture) in enumerate(report.pictures.items(), 1)
    ]


def _verdicts(report: StudyReport) -> list[dict[str, Any]]:
    numbers = {name: number for number, name in enumerate(report.pictures, 1)}
    return [
        {
            "mark": _MARKS.get(verdict.outcome, ""),
            "verdict": verdict,
            "number": numbers.get(verdict.figure),
        }
        for verdict in report.verdicts
    ]


def _excerpt(number: int, table: Presented, limit: int) -> dict[str, Any]:
    """Return a table with what a page has to know of its size."""
    lines = table.lines if len(table.lines) <= limit else table.lines[:_LOOK]
    return {
        "number": number,
        "table": table,
        "lines": lines,
        "short": len(lines) < len(table.lines),
        "folded": len(lines) > _LONG,
        "unprinted": len(table.lines) > _PRINTED,
        "latex": len(table.lines) <= LONGEST["tex"],
        "print": " across" * (_width(table) > _PORTRAIT) + " broken" * (_width(table) > _LANDSCAPE),
    }


def _width(table: Presented) -> int:
    """Return how many characters wide a table is, its headers broken wherever they can be."""
    return sum(
        2 + max(map(len, [*re.split("[ _]", header), *(line[number] for line in table.lines)]))
        for number, header in enumerate(table.headers)
    )


# ---------------------------------------------------------------------------------- environment


def run_table(sessions: Sequence[Mapping[str, Any]]) -> Table:
    """Return one line for every run of a study: when, and on what kind of machine."""
    lines = []
    for number, session in enumerate(sessions, 1):
        found = session["environment"]
        machine = f"{str(found.get('system', '')).split('-')[0]} {found.get('machine', '')}"
        workers = "cluster" if found.get("cluster") else found.get("workers")
        commit = str(found.get("commit") or NOTHING)
        lines.append(
            [
                str(number),
                _moment(session["started"]),
                _moment(session["ended"]) if session["ended"] else "not ended",
                str(found.get("python", NOTHING)),
                machine.strip() or NOTHING,
                str(found.get("cores", NOTHING)),
                "one a core" if workers is None else str(workers),
                commit[:12] + ("+" if commit.endswith("+") else ""),
            ]
        )
    return _RUN_HEADERS, lines


def package_lines(sessions: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the versions that runs were made with; runs with the same ones stand together."""
    runs: dict[str, list[int]] = {}
    for number, session in enumerate(sessions, 1):
        versions = session["environment"].get("versions") or {}
        text = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
        if text:
            runs.setdefault(text, []).append(number)
    if len(runs) == 1:
        return list(runs)
    return [f"runs {', '.join(map(str, own))}: {text}" for text, own in runs.items()]


def _moment(text: str) -> str:
    return text.replace("T", " ").replace("+00:00", " UTC")


# ------------------------------------------------------------------------------------- Markdown


def _escaped(text: object) -> str:
    """Return plain text such that Markdown shows it as it is, on one line."""
    plain = " ".join(str(text).split())
    plain = re.sub(r"([\\`*<>~$\[\]]|&(?=#?\w+;)|(?<!\w)_|_(?!\w))", r"\\\1", plain)
    return re.sub(r"^(\d+)([.)])|^([#+-])(?=\s)", r"\1\\\2\3", plain)


def _grid(table: Table, left: Sequence[int] = (0,)) -> str:
    headers, lines = table
    return markdown(
        ([_escaped(header) for header in headers], [[*map(_escaped, cells)] for cells in lines]),
        left,
    )
