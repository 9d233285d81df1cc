"""Whether two runs gave the same."""

from __future__ import annotations

from pathlib import Path

import click

from dmoe_models.cli.options import file_path, json_option
from dmoe_models.cli.printing import print_json
from dmoe_models.studies.engine.repeat import compare_studies
from dmoe_models.text import text_table


@click.command()
@click.argument("folder", type=file_path, metavar="DIR")
@click.argument("other", type=file_path, metavar="OTHER")
@json_option
def compare(folder: Path, other: Path, as_json: bool) -> int:
    """Hold the rows in DIR against those in OTHER, of the same configuration.

    All but times, and what depends on them, has to be the same. Exit status 1 where it is not, or
    where one has rows that the other has not.
    """
    found = compare_studies(folder, other)
    if as_json:
        print_json(
            {"same": found.same, "rows": found.rows, "missing": found.missing}
            | {"more": found.more, "differences": found.differences.to_dict("records")}
        )
    else:
        click.echo(
            f"{found.rows:,} rows in both, {found.missing:,} in {folder} only, {found.more:,} in "
            f"{other} only; {len(found.differences):,} different values"
        )
        if len(found.differences):
            head = found.differences.head(20)
            lines = [[str(value) for value in line] for line in head.to_numpy().tolist()]
            click.echo(text_table(list(head.columns), lines, left=[2, 3]))
    return 0 if found.same else 1
