"""Commands that make instances: `dmoe generate` and `dmoe import`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from dmoe_models.cli.shell import file_path, json_option, options_given, print_json, recorded_data
from dmoe_models.errors import MethodError


@click.command(
    short_help="Draw instances of a family, or write a set.",
    epilog="""\b
Examples:
  dmoe generate                                     list families and sets
  dmoe generate rayleigh --seed 7 -o round.json
  dmoe generate rayleigh -p K=6 -p T=32 --count 10 -o rounds/
  dmoe generate --set smoke -o smoke/
""",
)
@click.argument("family", required=False)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option(
    "-p", "--parameter", "parameters", multiple=True, metavar="NAME=VALUE",
    help="Of the family, such as K=6 or gamma=0.7. Repeatable.",
)  # fmt: skip
@click.option(
    "--count", type=click.IntRange(min=1), help="So many instances, of consecutive seeds."
)
@click.option(
    "--set", "set_name", help="Write the instances of a set (a name, or a .toml file) instead."
)
@click.option("--data", type=file_path, help="Directory of recorded data, for --set recorded.")
@click.option(
    "-o", "--output", type=file_path,
    help="An instance file (.json or .nc); with --count or --set, a directory.",
)  # fmt: skip
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
    from instances import families
    from instances.library import sets

    if family is None and set_name is None:
        table = {name: entry.description for name, entry in families.FAMILIES.items()}
        if as_json:
            print_json({"families": table, "sets": sets.set_names()})
        else:
            width = max(map(len, table))
            for name, text in table.items():
                click.echo(f"{name.ljust(width)} {text}")
            click.echo(f"sets: {', '.join(sets.set_names())}")
        return
    if family is not None and set_name is not None:
        raise click.UsageError("give a family or --set, not both")
    if output is None:
        raise click.UsageError("-o names the file (or directory) to write")
    if set_name is not None:
        if set_name not in sets.set_names() and Path(set_name).suffix != ".toml":
            raise MethodError(f"unknown set {set_name!r}; sets are {', '.join(sets.set_names())}")
        drawn = sets.load_set(set_name, recorded_data(data))
    else:
        options = options_given(parameters, "-p")
        if "seed" in options:
            raise click.UsageError("the seed is given by --seed")
        drawn = [families.draw(family, seed + n, **options) for n in range(count or 1)]
    one_file = set_name is None and count is None
    _write_instances(drawn, output, one_file=one_file, as_json=as_json)


@click.command(
    "import",
    short_help="Join recorded gate scores and a channel.",
    epilog="""\b
Examples:
  dmoe import gates.npz csi.npz --layer 6 --nodes 8 -o round.json
  dmoe import scores.csv gains.npy --nodes 6 --tokens 40 -o round.nc

\b
Gate scores: .npz (expert_ids, weights_1e4, seq_len), .txt (ESFT), .npy or .csv (T, experts).
Channel: .npz (csi_iq, rssi_dbm; or csi, scale), .npy of power or complex gains (N, M) or (K, K, M).
Every choice is written into the instance's metadata.
""",
)
@click.argument("gates", type=file_path)
@click.argument("channel", type=file_path)
@click.option("--nodes", type=int, required=True, help="K: experts are grouped evenly on them.")
@click.option("--name", help="Of the instance; the output file's name by default.")
@click.option("--layer", type=int, help="Which layer of an .npz file of gate scores.")
@click.option("--tokens", type=int, help="T.  [default: 512]")
@click.option("--token-choice", metavar="HOW", help="spread or contiguous.  [default: spread]")
@click.option(
    "--placement", metavar="HOW",
    help="Which node holds a token: round-robin, prompt or first-node.  [default: round-robin]",
)  # fmt: skip
@click.option("--max-experts", type=int, help="D.  [default: 2]")
@click.option("--relevance", type=float, help="z.  [default: 1]")
@click.option("--importance", type=float, help="gamma.  [default: 0.49]")
@click.option("--strict-relevance", is_flag=True, help="Tokens out of reach: infeasible.")
@click.option("--responses", type=int, help="Measured responses joined per link.  [default: 1]")
@click.option("--with-assignment", is_flag=True, help="Make it P1: fix a cheap assignment.")
@click.option("--hidden-state-bits", type=float, help="s0.  [default: 32768]")
@click.option("--flop-per-token", type=float, help="Of one expert.  [default: 17301504]")
@click.option("--transmit-power-dbm", type=float, help="Over the band.  [default: 20]")
@click.option("--noise-figure-db", type=float, help="[default: 7]")
@click.option("--bandwidth-hz", type=float, help="Of one subcarrier.  [default: 312500]")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("-o", "--output", type=file_path, required=True)
@json_option
def import_recordings(
    gates: Path, channel: Path, output: Path, as_json: bool, **choices: Any
) -> None:
    """Join recorded GATES and a recorded CHANNEL into an instance.

    The two come from different places: how they are joined are assumptions, each an option here.
    """
    from instances.recorded.join import import_instance

    # What is not given is left to the importer, where the defaults stand.
    given = {key: value for key, value in choices.items() if value is not None}
    given["name"] = given.get("name") or output.stem
    instance = import_instance(gates, channel, **given)
    _write_instances([instance], output, one_file=True, as_json=as_json)


def _write_instances(
    instances: Sequence[Any], output: Path, *, one_file: bool, as_json: bool
) -> None:
    from dmoe_models.files.formats import write_instance
    from dmoe_models.files.paths import make_folder

    if not one_file:
        make_folder(output)
    targets = [output] if one_file else [output / f"{i.name}.json" for i in instances]
    for instance, target in zip(instances, targets, strict=True):
        write_instance(instance, target)
    facts = [
        {"file": str(target)} | instance.summary()
        for instance, target in zip(instances, targets, strict=True)
    ]
    if as_json:
        print_json(facts)
    else:
        for instance, target in zip(instances, targets, strict=True):
            click.echo(f"{target}: {instance!r}")
