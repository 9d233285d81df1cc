"""Show the best known values."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from dmoe_models.cli.commands.library._options import records_option
from dmoe_models.cli.options import file_path
from dmoe_models.errors import FileError
from dmoe_models.files.paths import naming, replacement
from instances.library import record, sets, status


@click.command(
    epilog="""\b
Examples:
  dmoe library table
  dmoe library table hard open
  dmoe library table --format markdown -o status.md
  dmoe library table small --format csv
""",
)
@click.argument("names", nargs=-1, metavar="[SET]...")
@records_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "csv", "json"]),
    default="text",
    show_default=True,
    help="Of the table.",
)
@click.option("-o", "--output", type=file_path, help="Write to a file instead.")
def table(names: Sequence[str], records: Path | None, form: str, output: Path | None) -> None:
    """Show what is known about the instances of each SET (all of the package's by default).

    Best energy and bound, the gap that is left, how the bound is proved, how hard the instance is
    for the whole MILP on HiGHS, and who found what when.
    """
    folder = record.FOLDER if records is None else records
    chosen = [sets.find_set(name) for name in names or sets.published_names()]
    if records is not None and not records.is_dir():
        raise FileError(f"{records}: there is no such folder of records")
    text = status.rendered(status.status_table(chosen, folder), form)
    if output is None:
        click.echo(text, nl=False)
        return
    with naming(output), replacement(output) as temporary:
        temporary.write_text(text, encoding="utf-8")
    click.echo(f"{output}: best known values", err=True)
