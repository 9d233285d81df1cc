"""Whether a study that was run again gave the same: every value but times, row for row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from dmoe_models.files.paths import require_path
from dmoe_models.studies.engine.database import Database
from dmoe_models.studies.study import Column, StudyError
from dmoe_models.values.value import TableValue


@dataclass(frozen=True, eq=False)
class RunComparison(TableValue):
    """Two runs of a configuration side by side.

    Attributes
    ----------
    rows : int
        Rows that both have.
    missing, more : int
        Rows that the first, or the second, has alone.
    differences : DataFrame
        One line for every value that differs: `cell`, `seed`, `method`, `column`, `first`,
        `second`.
    """

    rows: int
    missing: int
    more: int
    differences: pd.DataFrame

    @property
    def same(self) -> bool:
        """Whether nothing differs, and no row is in one of them only."""
        return not (self.missing or self.more or len(self.differences))


def repeatable(table: pd.DataFrame, columns: Iterable[Column]) -> pd.DataFrame:
    """Return a table without the columns that differ from run to run.

    Parameters
    ----------
    table : DataFrame
    columns : iterable of Column
    """
    return table.drop(columns=[column.name for column in columns if not column.repeatable])


def compare_studies(folder: str | Path, other: str | Path) -> RunComparison:
    """Compare the rows of two folders that a study was run in, or is being run in.

    Parameters
    ----------
    folder, other : path
        Of the same configuration.

    Raises
    ------
    StudyError
        Where a folder holds no study, or the configurations differ.
    """
    require_path(folder)
    require_path(other)
    with Database(Path(folder)) as one, Database(Path(other)) as two:
        return compare_runs(one, two)


def compare_runs(one: Database, two: Database) -> RunComparison:
    """Compare the rows of two runs.

    Parameters
    ----------
    one, two : Database
        Finished or not; of the same configuration.

    Raises
    ------
    StudyError
        Where the configurations differ.
    """
    if one.design.sha256 != two.design.sha256:
        raise StudyError(
            f"{one.folder} and {two.folder} are of different configurations, "
            f"{one.design.sha256[:12]} and {two.design.sha256[:12]}"
        )
    columns = one.design.study.all_columns
    first, second = (_numbered(repeatable(run.table(), columns)) for run in (one, two))
    both = first.index.intersection(second.index)
    a, b = first.loc[both], second.loc[both]
    lines = []
    for name in a.columns:
        left, right = a[name], b[name]
        equal = (left == right).fillna(False).astype(bool) | (left.isna() & right.isna())
        for place in both[~equal.to_numpy()]:
            lines.append(
                {
                    "cell": place[0],
                    "seed": place[1],
                    "method": a.at[place, "method"],
                    "column": name,
                    "first": left.at[place],
                    "second": right.at[place],
                }
            )
    names = ["cell", "seed", "method", "column", "first", "second"]
    return RunComparison(
        len(both),
        len(first.index.difference(second.index)),
        len(second.index.difference(first.index)),
        pd.DataFrame(lines, columns=names),
    )


def _numbered(table: pd.DataFrame) -> pd.DataFrame:
    """Return rows under their cell, their seed, and their place among the rows of that."""
    place = table.groupby(["cell", "seed"]).cumcount().rename("place")
    return table.set_index([table["cell"], table["seed"], place]).drop(columns=["cell", "seed"])
