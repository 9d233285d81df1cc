"""Describe an instance file."""

from __future__ import annotations

import json
from pathlib import Path

import click

from dmoe_models.cli.options import file_path, json_option
from dmoe_models.cli.printing import print_json
from dmoe_models.files.instances import read_instance


@click.command(
    epilog="""\b
Examples:
  dmoe info round.json
  dmoe info round.nc --json
""",
)
@click.argument("file", type=file_path)
@json_option
def info(file: Path, as_json: bool) -> None:
    """Describe the instance in FILE: sizes, limits, energies, where it comes from."""
    instance = read_instance(file)
    if as_json:
        print_json(instance.summary() | {"metadata": dict(instance.metadata)})
        return
    facts = instance.summary() | dict(instance.metadata)
    width = max(map(len, facts))
    for key, value in facts.items():
        text = json.dumps(value) if isinstance(value, (dict, list, tuple)) else str(value)
        click.echo(f"{key.ljust(width)}  {text}")
