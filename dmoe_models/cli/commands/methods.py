"""List every method and what it solves."""

from __future__ import annotations

import click

from dmoe_models.cli.options import json_option
from dmoe_models.cli.printing import print_json
from dmoe_models.solving.catalogue import methods as methods_table
from dmoe_models.text import text_table


@click.command(
    epilog="""\b
Examples:
  dmoe methods
  dmoe methods --json
""",
)
@json_option
def methods(as_json: bool) -> None:
    """List every method: the problem that it solves, its kind, what it needs.

    P1 selects experts at a given subcarrier assignment, P2 chooses both, P3 assigns subcarriers for
    a given selection. Where a method is asked for, path/to/mine.py:function is one too.
    """
    table = methods_table().reset_index()
    if as_json:
        print_json(table.to_dict("records"))
    else:
        click.echo(text_table(list(table.columns), table.to_numpy().tolist(), left=range(5)))
