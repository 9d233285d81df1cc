"""List the sets of the package."""

from __future__ import annotations

import click

from dmoe_models.cli.options import json_option
from dmoe_models.cli.printing import print_json
from dmoe_models.text import text_table
from instances.library import sets


@click.command(
    "list",
)
@json_option
def list_(as_json: bool) -> None:
    """List the sets of the package: instances, families, and what each is."""
    facts = []
    for name in sets.published_names():
        chosen = sets.find_set(name)
        families = {spec.family for spec in chosen.specs}
        facts.append(
            {
                "set": name,
                "instances": len(chosen.specs),
                "families": len(families),
                "bundled": chosen.bundled,
                "title": chosen.title,
            }
        )
    if as_json:
        print_json(facts)
        return
    rows = [[str(value) for value in fact.values()] for fact in facts]
    click.echo(text_table(list(facts[0]), rows, left=[0, 3, 4]))
