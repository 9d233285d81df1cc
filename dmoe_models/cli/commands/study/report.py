"""Write what a study found."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from dmoe_models.cli.options import file_path, json_option
from dmoe_models.cli.printing import print_json
from dmoe_models.studies.analysis.findings import gather
from dmoe_models.studies.engine.database import Database
from dmoe_models.studies.report.files import require_report, write_report
from dmoe_models.studies.report.tables import verdict_text


@click.command()
@click.argument("folder", type=file_path, metavar="DIR")
@click.option(
    "-o", "--output", type=file_path, metavar="DIR", help="Another directory to write to."
)
@click.option(
    "--no-rows", is_flag=True, help="Leave out rows.csv and rows.parquet: they are large."
)
@json_option
def report(folder: Path, output: Path | None, no_rows: bool, as_json: bool) -> int:
    """Write what the study in DIR found so far: report.html, and all that is in it as files.

    Verdicts and tables (.csv, .parquet, .tex), figures (.pdf, .png), report.md, the configuration,
    and every row (rows.csv, rows.parquet). The page needs no other file. Exit status 1 where rows
    cannot be true together, such as an energy below a certified optimum.
    """
    with Database(folder) as database:
        target = output or folder
        require_report(target, database.design.sha256, database.design.sources)
        found = gather(database)
    written = write_report(found, target, with_rows=not no_rows)
    if as_json:
        print_json(
            {
                "study": found.study.name,
                "sha256": found.sha256,
                "verdicts": [vars(verdict) for verdict in found.verdicts],
                "breaches": list(found.breaches),
                "files": [str(path) for path in written],
            }
        )
        return 1 if found.breaches else 0
    for remark in found.remarks:
        click.echo(remark)
    for reason, number in found.failures.items():
        click.echo(f"  {number:,} x {reason}")
    if found.verdicts:
        width = shutil.get_terminal_size((100, 24)).columns
        click.echo(verdict_text(found.verdicts, min(max(width, 80), 140)) + "\n")
    for path in written:
        click.echo(str(path))
    return 1 if found.breaches else 0
