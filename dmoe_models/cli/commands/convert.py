"""Convert an instance: .json or .nc."""

from __future__ import annotations

from pathlib import Path

import click

from dmoe_models.cli.options import file_path, json_option
from dmoe_models.cli.printing import print_json
from dmoe_models.files.instances import read_instance, write_instance


@click.command(
    epilog="""\b
Examples:
  dmoe convert round.json round.nc
  dmoe convert round.nc copy.json --json
""",
)
@click.argument("source", type=file_path)
@click.argument("target", type=file_path)
@json_option
def convert(source: Path, target: Path, as_json: bool) -> None:
    """Convert the instance SOURCE to TARGET: .json or .nc, bit for bit the same numbers."""
    instance = read_instance(source)
    write_instance(instance, target)
    if as_json:
        print_json({"file": str(target)} | instance.summary())
