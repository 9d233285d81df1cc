"""All that a study found, in one object: what every form of its report is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

import pandas as pd

from dmoe_models.presentation.plot_style import Picture
from dmoe_models.studies.analysis.breaches import breaches
from dmoe_models.studies.analysis.figures import figures
from dmoe_models.studies.analysis.summaries import summaries
from dmoe_models.studies.analysis.verdicts import verdicts
from dmoe_models.studies.cells import needs_data
from dmoe_models.studies.engine.database import Database, Progress
from dmoe_models.studies.study import Study, Verdict
from dmoe_models.text import html_grid
from dmoe_models.values.value import TableValue


@dataclass(frozen=True, eq=False, repr=False)
class StudyReport(TableValue):
    """What a study found, and on what.

    Attributes
    ----------
    study : Study
    title, configuration, sha256 : str
        Of the configuration: what it is for, its text, its hash.
    progress : Progress
    failures : mapping
        How many tasks failed, by reason.
    waiting : int
        Draws that are not done and need recorded data.
    sessions : sequence of dict
        Every run's start, end and environment.
    rows : DataFrame
        The tidy table.
    tables : mapping of DataFrame
        `dmoe_models.studies.analysis.summaries`; empty where no row is known yet, as what follows.
    verdicts : sequence of Verdict
    pictures : mapping of Picture
    breaches : sequence of str
        Rows that cannot be true together.
    sources : mapping
        Hashes of the source files of plug-ins and of families of one's own, by their names.
    """

    study: Study
    title: str
    configuration: str
    sha256: str
    progress: Progress
    failures: Mapping[str, int]
    waiting: int
    sessions: Sequence[Mapping[str, Any]]
    rows: pd.DataFrame
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    verdicts: Sequence[Verdict] = ()
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    breaches: Sequence[str] = ()
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def heading(self) -> str:
        """The configuration's title, or the study's."""
        return self.title or self.study.title

    def __repr__(self) -> str:
        done, of_all = self.progress.done, self.progress.tasks
        return f"StudyReport({self.study.name!r}, {done} of {of_all} tasks, {len(self.rows)} rows)"

    def _repr_html_(self) -> str:
        lines = [[one.claim, one.outcome, one.sentence] for one in self.verdicts]
        named = {"tables": self.tables, "pictures": self.pictures}
        notes = [f"{name}: {', '.join(held)}" for name, held in named.items() if held]
        table = ["claim", "outcome", "found"], lines
        return html_grid(f"{self.heading}: {self!r}", table, [0, 1, 2], [*self.remarks, *notes])

    @property
    def remarks(self) -> list[str]:
        """What is not as it should be: nothing of a study that is done and has no fault."""
        done, of_all, failed = self.progress.done, self.progress.tasks, self.progress.failed
        found = []
        if self.breaches:
            number = len(self.breaches)
            found.append(
                f"{number:,} row{'s' * (number != 1)} cannot be true; no verdict is to be trusted"
                " until it is known why: " + "; ".join(self.breaches[:3]) + "."
            )
        if done < of_all:
            found.append(
                f"Not finished: {done:,} of {of_all:,} tasks are done. "
                + ("All that follows is of these." if done else "There is nothing to show yet.")
            )
        if self.waiting:
            found.append(f"{self.waiting:,} draws wait for recorded data.")
        found += [
            f"{method} has no answer in {number:,} rows: {reason}."
            for method, number, reason in _without_answer(self.rows)
        ]
        if failed:
            found.append(f"{failed:,} of {of_all:,} tasks failed; no figure counts their draws.")
        return found


def _without_answer(rows: pd.DataFrame) -> list[tuple[str, int, str]]:
    """Return methods that raised or declined: how often, and the most frequent reason."""
    if not {"method", "reason"} <= set(rows):
        return []
    reasons = rows["reason"].fillna("").astype(str)
    named = rows[rows["method"].notna() & (reasons != "")]
    return [
        (str(method), len(own), str(own["reason"].mode().iloc[0]).rstrip("."))
        for method, own in named.groupby("method", sort=False)
    ]


def gather(database: Database) -> StudyReport:
    """Return all that a study has found so far; figures where matplotlib is installed."""
    design = database.design
    name, sha256 = design.study.name, design.sha256
    with database.snapshot():
        finished, rows = database.finished(), database.table()
        progress, failures = database.progress(), database.failures()
        sessions = database.sessions()
    tables = summaries(name, rows)
    known = any(not table.empty for table in tables.values())
    return StudyReport(
        study=design.study,
        title=design.title,
        configuration=design.text,
        sha256=sha256,
        progress=progress,
        failures=failures,
        waiting=sum(
            task.seeds
            for task in design.tasks()
            if needs_data(task.cell.parameters) and task.key not in finished
        ),
        sessions=sessions,
        rows=rows,
        tables=tables if known else {},
        verdicts=verdicts(name, tables, sha256) if known else [],
        pictures=figures(name, tables) if known and find_spec("matplotlib") else {},
        breaches=breaches(design.study, rows),
        sources=design.sources,
    )
