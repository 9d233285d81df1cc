"""What a verification found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from dmoe_models.text import Table, html_grid, latex, markdown
from dmoe_models.values.frozen import frozen
from dmoe_models.values.value import TableValue
from dmoe_models.verification import tables
from dmoe_models.verification.row import Row


@dataclass(frozen=True, eq=False)
class Verification(TableValue):
    """Rows of methods on instances, graded and held against each other.

    Attributes
    ----------
    records : sequence of Row
        In the order of the plan.
    breaches : list of str
        What cannot be true together, one line each.
    notes : list of str
        What the default list of methods leaves out, and why.
    configuration : mapping
        What was asked for.
    page : path or None
        The report, where one was written.
    """

    records: Sequence[Row]
    breaches: list[str]
    notes: list[str]
    configuration: Mapping[str, Any] = field(default_factory=dict)
    page: Path | None = None

    @cached_property
    def rows(self) -> pd.DataFrame:
        """One line per instance and method, all fields of a `Row`."""
        return tables.frame(self.records)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One line per set and method, see `tables.summary`."""
        return tables.summary(self.records)

    @cached_property
    def summary_tables(self) -> list[tables.SummaryTable]:
        """The summary as text, one table for each set."""
        return frozen(tables.summary_tables(self.summary, self.records))

    def text(self) -> str:
        """Return rows, summary, legend, notes and verdict as text."""
        verdict = [f"BREACH {line}" for line in self.breaches] or ["no breach"]
        return "\n\n".join(
            [
                tables.rows_text(self.records),
                tables.summary_text(self.summary_tables),
                "\n".join([*tables.LEGEND, *self.notes]),
                "\n".join(verdict),
            ]
        )

    def to_markdown(self, columns: Sequence[str] | None = None) -> str:
        """Return the summary in Markdown.

        Parameters
        ----------
        columns : sequence of str, optional
            Of `summary`; by default all but kinds of methods, and counts that are 0 for all.

        Raises
        ------
        DmoeError
            For a column that the summary has not.
        """
        return markdown(self._paper(columns))

    def to_latex(self, columns: Sequence[str] | None = None) -> str:
        """Return the summary as a LaTeX tabular for the package booktabs, notes as comments above.

        Parameters
        ----------
        columns : sequence of str, optional
            As for `to_markdown`.

        Raises
        ------
        DmoeError
            For a column that the summary has not.
        """
        breaches = [f"BREACH {line}" for line in self.breaches]
        return latex(self._paper(columns), [*tables.LEGEND, *breaches])

    def _paper(self, columns: Sequence[str] | None = None) -> Table:
        return tables.paper_table(self.summary, columns)

    def _repr_html_(self) -> str:
        sets = {(row.instance_set, row.instance, row.instance_sha256) for row in self.records}
        caption = f"Verification: {len(self.records):,} rows, {len(sets):,} instances"
        breaches = [f"BREACH {line}" for line in self.breaches] or ["no breach"]
        return html_grid(caption, self._paper(), notes=[*breaches, *self.notes])

    def __repr__(self) -> str:
        return f"Verification({len(self.records)} rows, {len(self.breaches)} breaches)"
