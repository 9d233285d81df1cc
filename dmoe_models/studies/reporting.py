"""What a study found, as files: the tidy table and, for every study, its tables per cell."""

from __future__ import annotations

from pathlib import Path

from dmoe_models.files import replacement
from dmoe_models.rows import make_folder
from dmoe_models.studies.database import Database
from dmoe_models.studies.summaries import summaries

ROWS = "rows.csv"


def write_tables(database: Database, folder: Path) -> list[Path]:
    """Write the tables of a study.

    Parameters
    ----------
    database : Database
    folder : path
        Made where there is none.

    Returns
    -------
    list of path
        What was written: ``rows.csv``, then a file for each of the study's summaries.
    """
    make_folder(Path(folder))
    rows = database.table()
    tables = {ROWS: rows}
    for name, table in summaries(database.design.study.name, rows).items():
        tables[f"{name}.csv"] = table
    written = []
    for name, table in tables.items():
        written.append(Path(folder) / name)
        with replacement(written[-1]) as file:
            table.to_csv(file, index=False)
    return written
