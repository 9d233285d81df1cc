"""Draw a set into a folder."""

from __future__ import annotations

from pathlib import Path

import click

from dmoe_models.cli.options import allow_code_option, file_path, json_option
from dmoe_models.cli.printing import print_json
from instances.library import sets


@click.command()
@click.argument("name", metavar="SET")
@click.option("-o", "--output", type=file_path, required=True, help="The folder.")
@click.option(
    "--format",
    "suffix",
    type=click.Choice(["json", "nc"]),
    default="json",
    show_default=True,
    help="Of the instances' files.",
)
@allow_code_option
@json_option
def build(name: str, output: Path, suffix: str, allow_code: bool, as_json: bool) -> None:
    """Draw SET into a folder, with a manifest of hashes beside it.

    A draw that is not what the set's own manifest says is an error; the folder is then as it was.
    """
    written = sets.write_set(sets.find_set(name, allow_code=allow_code), output, f".{suffix}")
    if as_json:
        print_json([str(path) for path in written])
    else:
        click.echo(
            f"{len(written)} instances in {output}, hashes in {sets.manifest_beside(output)}"
        )
