"""Draw instances of a family, or write a set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from dmoe_models.cli.instance_files import write_instances
from dmoe_models.cli.options import file_path, json_option, named_values, recorded_data
from dmoe_models.cli.printing import print_json
from dmoe_models.errors import MethodError
from dmoe_models.files.paths import make_folder
from instances.families import FAMILIES, draw
from instances.library.sets import load_set, set_names


@click.command(
    epilog="""\b
Examples:
  dmoe generate                                     list families and sets
  dmoe generate rayleigh --seed 7 -o round.json
  dmoe generate rayleigh -p K=6 -p T=32 --count 10 -o rounds/
  dmoe generate --set smoke -o smoke/
""",
)
@click.argument("family", required=False)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Of the draw; the first of a series."
)
@click.option(
    "-p",
    "--parameter",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="Of the family, such as K=6 or gamma=0.7. Repeatable.",
)
@click.option(
    "--count", type=click.IntRange(min=1), help="So many instances, of consecutive seeds."
)
@click.option(
    "--set", "set_name", help="Write the instances of a set (a name, or a .toml file) instead."
)
@click.option("--data", type=file_path, help="Directory of recorded data, for --set recorded.")
@click.option(
    "-o",
    "--output",
    type=file_path,
    help="An instance file (.json or .nc); with --count or --set, a directory.",
)
@json_option
def generate(
    family: str | None,
    seed: int,
    parameters: Sequence[str],
    count: int | None,
    set_name: str | None,
    data: Path | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Draw instances of FAMILY from a seed: the same bits on every machine."""
    if family is None and set_name is None:
        _list(as_json)
        return
    if family is not None and set_name is not None:
        raise click.UsageError("give a family or --set, not both")
    if output is None:
        raise click.UsageError("-o names the file (or directory) to write")
    if family is None:
        assert set_name is not None
        if set_name not in set_names() and Path(set_name).suffix != ".toml":
            raise MethodError(f"unknown set {set_name!r}; sets are {', '.join(set_names())}")
        drawn = load_set(set_name, recorded_data(data))
    else:
        given = named_values(parameters, "-p")
        if "seed" in given:
            raise click.UsageError("the seed is given by --seed")
        drawn = [draw(family, seed + n, **given) for n in range(count or 1)]
    if set_name is None and count is None:
        write_instances({output: drawn[0]}, as_json=as_json)
        return
    make_folder(output)
    write_instances({output / f"{one.name}.json": one for one in drawn}, as_json=as_json)


def _list(as_json: bool) -> None:
    """Print the families and the sets that there are."""
    families = {name: family.description for name, family in FAMILIES.items()}
    if as_json:
        print_json({"families": families, "sets": set_names()})
        return
    width = max(map(len, families))
    for name, text in families.items():
        click.echo(f"{name.ljust(width)} {text}")
    click.echo(f"sets: {', '.join(set_names())}")
