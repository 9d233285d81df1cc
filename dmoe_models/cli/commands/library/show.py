"""Show a set's datasheet and draws."""

from __future__ import annotations

import click

from dmoe_models.cli.options import json_option
from dmoe_models.cli.printing import print_json
from instances.library import sets


@click.command()
@click.argument("name", metavar="SET")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show the datasheet of SET: what it is for, how it is drawn, what it does not cover."""
    chosen = sets.find_set(name)
    draws = [
        {"family": spec.family, "seed": spec.seed} | spec.parameters | {"note": spec.note}
        for spec in chosen.specs
    ]
    if as_json:
        sheet = {field: getattr(chosen, field) for field in ("title", "purpose", "drawn")}
        sheet |= {"not_covered": chosen.not_covered, "bundled": chosen.bundled}
        print_json({"set": chosen.name} | sheet | {"draws": draws, "sha256": chosen.manifest})
        return
    click.echo(f"{chosen.name}: {chosen.title}\n")
    for label, text in (
        ("for", chosen.purpose),
        ("drawn", chosen.drawn),
        ("not covered", chosen.not_covered),
    ):
        click.echo(f"{label}: {text}")
    click.echo()
    for spec in chosen.specs:
        words = "".join(f" {key}={value}" for key, value in spec.parameters.items())
        note = f"  ({spec.note})" if spec.note else ""
        click.echo(f"{spec.family} seed={spec.seed}{words}{note}")
