"""List every method and what it solves, or the options of one."""

from __future__ import annotations

import click

from dmoe_models.cli.options import json_option
from dmoe_models.cli.printing import print_json
from dmoe_models.solving.catalogue import find_method
from dmoe_models.solving.catalogue import methods as methods_table


@click.command(
    epilog="""\b
Examples:
  dmoe methods
  dmoe methods jesa
  dmoe methods --json
""",
)
@click.argument("name", required=False, metavar="[NAME]")
@json_option
def methods(name: str | None, as_json: bool) -> None:
    """List every method, or the options of method NAME: type, default, unit and meaning.

    P1 selects experts at a given subcarrier assignment, P2 chooses both, P3 assigns subcarriers for
    a given selection. Where a method is asked for, path/to/mine.py:function is one too.
    """
    table = methods_table(name)
    if as_json:
        print_json(table.reset_index().to_dict("records"))
        return
    if name is not None:
        click.echo(f"{name}: {find_method(name).summary}\n")
    click.echo(str(table))
