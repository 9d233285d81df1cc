"""What is known about several methods on the same instances, as frames and as tables of text."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dmoe_models.errors import DmoeError
from dmoe_models.input_checks import quote
from dmoe_models.model.gap import format_gap
from dmoe_models.text import Table, html_grid, latex, markdown, seconds, text_table
from dmoe_models.values.value import TableValue
from dmoe_models.verification.run_outcome import OUTCOMES, Options

LEGEND = (
    "median: of the paired differences (first less second) with its interval of at least 95 %; of "
    "gaps in percentage points, of times as the ratio first / second.",
    "p: Wilcoxon's signed-rank test, two-sided, without ties; Holm: corrected for all pairs of the "
    "quantity. lower, higher: pairs in which the first method's figure is.",
)

_LEFT = {"tests": (0, 1, 2, 10)}
"""Columns of words."""

_HEADERS = {
    "time_s": "time (s)",
    "common_time_s": "common time (s)",
    "common_gap": "common gap",
    "integral_s": "integral (s)",
}


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(TableValue):
    """What is known about several methods on the same instances.

    Attributes
    ----------
    runs : DataFrame
        One line per instance and method: instance, instance_sha256, method, outcome, time_s
        (runtime), solved_s (time to solve; inf for never), limit_s, energy_j and best_j (without
        static energy), gap (primal; NaN where no energy is known), integral_s, trajectory (whether
        the integral knows the solutions on the way).
    summary : DataFrame
        One line per method: how many instances of each outcome, how many solved and best; time_s
        and gap (shifted geometric means over all instances; an unsolved one counts with its time
        limit and a gap of 1), common_time_s and common_gap (over those that all methods solved),
        integral_s (mean).
    tests : DataFrame
        One line per pair of methods and quantity, the fields of `PairedTest` and holm. "gap":
        differences of primal gaps; "time": of natural logarithms of times to solve.
    time_profile, energy_profile : DataFrame
        From `performance_profile`.
    notes : list of str
        What a reader must know: coverage, references, settings.
    options : Options
    """

    runs: pd.DataFrame
    summary: pd.DataFrame
    tests: pd.DataFrame
    time_profile: pd.DataFrame
    energy_profile: pd.DataFrame
    notes: list[str]
    options: Options

    def text(self) -> str:
        """Return both tables and all that must be known to read them."""
        parts = [text_table(*summary_table(self), left=(0,))]
        if len(self.tests):
            parts.append(text_table(*tests_table(self), left=(0, 1, 2, 7, 10)))
        return "\n\n".join([*parts, "\n".join(self._legend())])

    def to_markdown(self, table: str = "summary") -> str:
        """Return a table in Markdown.

        Parameters
        ----------
        table : {"summary", "tests"}
            One line per method, or one per quantity and pair of methods.

        Raises
        ------
        DmoeError
            For another table.
        """
        return markdown(self._table(table), _LEFT.get(table, (0,)))

    def to_latex(self, table: str = "summary") -> str:
        """Return a table as a LaTeX tabular for the package booktabs, notes as comments above.

        Parameters
        ----------
        table : {"summary", "tests"}
            As for `to_markdown`.

        Raises
        ------
        DmoeError
            For another table.
        """
        return latex(self._table(table), self._legend(), _LEFT.get(table, (0,)))

    def _table(self, name: str) -> Table:
        made = {"summary": summary_table, "tests": tests_table}
        if name not in made:
            raise DmoeError(f"table {quote(name)} is not one of {', '.join(made)}")
        return made[name](self)

    def _legend(self) -> list[str]:
        return [*self.notes, *(LEGEND if len(self.tests) else ())]

    def __repr__(self) -> str:
        instances = self.runs[["instance", "instance_sha256"]].drop_duplicates()
        return f"Comparison({len(self.summary)} methods, {len(instances)} instances)"

    def _repr_html_(self) -> str:
        shown = html_grid("Comparison", summary_table(self), notes=self.notes)
        if len(self.tests):
            tests = tests_table(self)
            shown += html_grid("Paired tests", tests, _LEFT["tests"], notes=LEGEND)
        return shown


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
