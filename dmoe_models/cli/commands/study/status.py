"""How far a study is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dmoe_models.cli.options import file_path, json_option
from dmoe_models.cli.printing import print_json
from dmoe_models.studies.engine.database import Database


@click.command()
@click.argument("folder", type=file_path, metavar="DIR")
@json_option
def status(folder: Path, as_json: bool) -> int:
    """Say how far the study in DIR is, running or not. Exit status 1 while it is not finished."""
    with Database(folder) as database:
        facts: dict[str, Any] = {
            "study": database.design.study.name,
            "title": database.design.title,
            "sha256": database.design.sha256,
            **vars(database.progress()),
            "failures": database.failures(),
            "runs": database.sessions(),
        }
    if as_json:
        print_json(facts)
    else:
        click.echo(f"{facts['study']}, configuration {facts['sha256'][:12]}: {facts['title']}")
        click.echo(
            f"{facts['done']:,} of {facts['tasks']:,} tasks done, {facts['failed']:,} failed"
        )
        click.echo(f"{facts['rows']:,} rows, {facts['seconds']:,.0f} s of work")
        for reason, number in facts["failures"].items():
            click.echo(f"  {number:,} x {reason}")
        for run in facts["runs"]:
            click.echo(f"run {run['started']} to {run['ended'] or '(not ended)'}")
    return 0 if facts["done"] == facts["tasks"] else 1
