"""Draw instances of a family, or write a set."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from dmoe_models.cli.instance_files import write_instances
from dmoe_models.cli.options import (
    allow_code_option,
    file_path,
    json_option,
    named_values,
    recorded_data,
)
from dmoe_models.cli.printing import print_json
from dmoe_models.errors import MethodError, did_you_mean
from dmoe_models.model.instance import Instance
from dmoe_models.solving.listing import listing_text
from instances.families import FAMILIES, draw
from instances.families.find import find_family
from instances.families.table import example_of, list_families
from instances.library.sets import load_set, set_names


class FamilyHelp(click.Command):
    """A command whose help, where a family is named as well, is about that family."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; remember the family for the help, which is shown before all else."""
        asked = [word for word in args if word in ctx.help_option_names]
        if asked:
            rest = [word for word in args if word not in asked]
            with contextlib.suppress(click.UsageError):
                ctx.meta["family"] = self.make_parser(ctx).parse_args(rest)[0].get("family")
        return super().parse_args(ctx, args)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help: of the command, or of a family and how to draw from it."""
        name = ctx.meta.get("family")
        if not isinstance(name, str):
            super().format_help(ctx, formatter)
            return
        found = find_family(name)
        given = "".join(f" -p {key}={_word(value)}" for key, value in example_of(found).items())
        file = f"{name.rpartition(':')[2]}.json"
        formatter.write(f"Usage: dmoe generate {name} [-p NAME=VALUE]... --seed N -o FILE\n\n")
        formatter.write(f"  {found.description}\n\nParameters:\n")
        width = shutil.get_terminal_size((100, 24)).columns - 2
        for line in listing_text(list_families(found), width).splitlines():
            formatter.write(f"  {line}\n")
        formatter.write(f"\nExample:\n  dmoe generate {name}{given} --seed 1 -o {file}\n\n")
        formatter.write("All options: dmoe generate --help\n")


def _word(value: Any) -> str:
    """Return a value as -p takes it."""
    return value if isinstance(value, str) else json.dumps(value)


@click.command(
    cls=FamilyHelp,
    epilog="""\b
Examples:
  dmoe generate                                     list families and sets
  dmoe generate cell --help                         the parameters of a family
  dmoe generate rayleigh --seed 7 -o round.json
  dmoe generate rayleigh -p K=6 -p T=32 --count 10 -o rounds/
  dmoe generate --set smoke -o smoke/
  dmoe generate mine.py:my_family --seed 1 -o round.json
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
    help="Of the family, such as K=6 or gamma=0.7 (dmoe generate FAMILY --help). Repeatable.",
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
@allow_code_option
@json_option
def generate(
    family: str | None,
    seed: int,
    parameters: Sequence[str],
    count: int | None,
    set_name: str | None,
    data: Path | None,
    output: Path | None,
    allow_code: bool,
    as_json: bool,
) -> None:
    """Draw instances of FAMILY from a seed: the same bits on every machine.

    `dmoe generate FAMILY --help` shows a family's parameters with default, unit and meaning; `dmoe
    families` lists all. FAMILY may be one of your own, path/to/mine.py:function.
    """
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
            known = set_names()
            raise MethodError(
                f"unknown set {set_name!r}; sets are {', '.join(known)}"
                f"{did_you_mean(set_name, known)}"
            )
        drawn: list[Instance] = load_set(set_name, recorded_data(data), allow_code=allow_code)
    else:
        given = named_values(parameters, "-p")
        if "seed" in given:
            raise click.UsageError("the seed is given by --seed")
        drawn = [draw(family, seed + n, **given) for n in range(count or 1)]
    if set_name is None and count is None:
        write_instances({output: drawn[0]}, as_json=as_json)
        return
    files = {output / f"{one.name}.json": one for one in drawn}
    write_instances(files, folder=output, as_json=as_json)


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
