"""Draw sets again and hold them against their manifests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from dmoe_models.cli.commands.library._options import records_option
from dmoe_models.cli.options import allow_code_option, json_option
from dmoe_models.cli.printing import print_json
from instances.library import best_known_audit, record, sets


@click.command()
@click.argument("names", metavar="[SET]...", nargs=-1)
@click.option("--values", is_flag=True, help="Check the best known values as well.")
@records_option
@allow_code_option
@json_option
def verify(
    names: Sequence[str], values: bool, records: Path | None, allow_code: bool, as_json: bool
) -> int:
    """Draw each SET again (all of the package's by default) and hold it against its manifest.

    Bundled files are compared as well. With --values the referee checks every witness and every
    certificate of the best known values. Exit status 0: all is as it should be; 1: something is
    not.
    """
    chosen = list(names) or sets.published_names()
    folder = (records or record.FOLDER) if values else None
    faults = {
        name: best_known_audit.verify_set(name, folder, allow_code=allow_code) for name in chosen
    }
    if as_json:
        print_json(faults)
    else:
        for name, lines in faults.items():
            number = len(sets.find_set(name).specs)
            faulty = f"{len(lines) or 'no'} fault{'s' * (len(lines) != 1)}"
            click.echo(f"{name}: {number} instance{'s' * (number != 1)}, {faulty}")
            for line in lines:
                click.echo(f"  {line}")
    return 1 if any(faults.values()) else 0
