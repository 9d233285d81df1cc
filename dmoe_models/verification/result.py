"""What a verification found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from dmoe_models.text import html_table
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

    def _repr_html_(self) -> str:
        facts = [("rows", str(len(self.records))), ("breaches", "; ".join(self.breaches) or "none")]
        return html_table("Verification", facts) + self.summary.to_html(index=False)

    def __repr__(self) -> str:
        return f"Verification({len(self.records)} rows, {len(self.breaches)} breaches)"
