"""List every family of instances, or the parameters of one."""

from __future__ import annotations

import click

from dmoe_models.cli.options import json_option
from dmoe_models.cli.printing import print_json
from instances.families.find import find_family
from instances.families.table import list_families


@click.command(
    epilog="""\b
Examples:
  dmoe families
  dmoe families cell
  dmoe families tdl --json
  dmoe generate cell --help            the same, and how to draw
""",
)
@click.argument("name", required=False, metavar="[NAME]")
@json_option
def families(name: str | None, as_json: bool) -> None:
    """List every family, or the parameters of family NAME: default, unit and meaning.

    NAME may be a family of your own, path/to/mine.py:function: its code is run.
    """
    if name is None:
        table, description = list_families(), ""
    else:
        found = find_family(name)
        table, description = list_families(found), found.description
    if as_json:
        print_json(table.to_dict("records"))
        return
    if name is not None:
        click.echo(f"{name}: {description}\n")
    click.echo(str(table))
