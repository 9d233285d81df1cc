"""`dmoe library`: the instance sets, what they are for, and the proof of what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from dmoe_models.cli_search import search
from dmoe_models.shell import file_path, json_option, print_json


@click.group(
    short_help="List, describe, build, verify and search instance sets.",
    epilog="""\b
A set is named (smoke, small, ...), or given by the path of its TOML file:
  dmoe library list
  dmoe library show small
  dmoe library build mine.toml -o mine/
  dmoe library verify
  dmoe library search jesa -p K=4 -o bad.toml
""",
)
def library() -> None:
    """Instance sets: drawn from a TOML file bit for bit, held against a manifest of hashes."""


def _module() -> Any:
    from dmoe_models import agenda

    return agenda.instance_package("library")


@library.command("list", short_help="List the sets of the package.")
@json_option
def list_sets(as_json: bool) -> None:
    """List the sets of the package: instances, families, and what each is."""
    sets = _module()
    facts = []
    for name in sets.set_names():
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
    from dmoe_models.tables import text_table

    rows = [[str(value) for value in fact.values()] for fact in facts]
    click.echo(text_table(list(facts[0]), rows, left=[0, 3, 4]))


@library.command(short_help="Show a set's datasheet and draws.")
@click.argument("name", metavar="SET")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show the datasheet of SET: what it is for, how it is drawn, what it does not cover."""
    chosen = _module().find_set(name)
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


@library.command(short_help="Draw a set into a folder.")
@click.argument("name", metavar="SET")
@click.option("-o", "--output", type=file_path, required=True, help="The folder.")
@click.option(
    "--format", "suffix", type=click.Choice(["json", "nc"]), default="json", show_default=True
)
@json_option
def build(name: str, output: Path, suffix: str, as_json: bool) -> None:
    """Draw SET into a folder, with a manifest of hashes beside it.

    A draw that is not what the set's own manifest says is an error.
    """
    sets = _module()
    written = sets.write_set(sets.find_set(name), output, f".{suffix}")
    if as_json:
        print_json([str(path) for path in written])
    else:
        click.echo(f"{len(written)} instances in {output}, hashes in {output}.sha256")


@library.command(short_help="Draw sets again and hold them against their manifests.")
@click.argument("names", metavar="[SET]...", nargs=-1)
@json_option
def verify(names: Sequence[str], as_json: bool) -> int:
    """Draw each SET again (all of the package's by default) and hold it against its manifest.

    Bundled files are compared as well. Exit status 0: all is as it should be; 1: something is not.
    """
    sets = _module()
    chosen = list(names) or sets.set_names()
    faults = {name: list(sets.verify(name)) for name in chosen}
    if as_json:
        print_json(faults)
    else:
        for name, lines in faults.items():
            number = len(sets.find_set(name).specs)
            click.echo(f"{name}: {number} instances, {len(lines) or 'no'} faults")
            for line in lines:
                click.echo(f"  {line}")
    return 1 if any(faults.values()) else 0


library.add_command(search)
