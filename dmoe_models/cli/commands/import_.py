"""Join recorded gate scores and a channel."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from dmoe_models.channels.recorded import RESAMPLING_ASSUMPTION, WIFI_SUBCARRIER_HZ
from dmoe_models.cli.instance_files import write_instances
from dmoe_models.cli.options import file_path, json_option
from dmoe_models.model.instance import Instance
from instances.recorded.join import IN_ORDER_ASSUMPTION, import_instance, join

Command = TypeVar("Command", bound=Callable[..., Any])

_DEFAULTS = {
    parameter.name: parameter.default
    for function in (join, import_instance)
    for parameter in inspect.signature(function).parameters.values()
} | {"bandwidth_hz": WIFI_SUBCARRIER_HZ}
"""Defaults of the importer, which its functions know; of Wi-Fi's subcarriers, its reader."""


def _choice(flag: str, help: str = "", **attributes: Any) -> Callable[[Command], Command]:
    """Return an option of the importer, whose default stands in the help but is left to it."""
    default = _DEFAULTS[flag.removeprefix("--").replace("-", "_")]
    text = default if isinstance(default, str) else f"{default:.15g}"
    return click.option(flag, help=f"{help}  [default: {text}]".lstrip(), **attributes)


@click.command(
    "import",
    epilog="""\b
Examples:
  dmoe import gates.npz csi.npz --layer 6 --nodes 8 -o round.json
  dmoe import scores.csv gains.npy --nodes 6 --tokens 40 -o round.nc

\b
Gate scores: .npz (expert_ids, weights_1e4, seq_len), .txt (ESFT), .npy or .csv (T, experts; a
header line is allowed).
Channel: .npz (csi_iq, rssi_dbm; or csi, scale), .npy of power or complex gains (N, M) or (K, K, M).
Every choice is written into the instance's metadata.
""",
)
@click.argument("gates", type=file_path)
@click.argument("channel", type=file_path)
@click.option("--nodes", type=int, required=True, help="K: experts are grouped evenly on them.")
@click.option("--name", help="Of the instance; the output file's name by default.")
@click.option("--layer", type=int, help="Which layer of an .npz file of gate scores.")
@_choice("--tokens", "T.", type=int)
@_choice("--token-choice", "spread or contiguous.", metavar="HOW")
@_choice(
    "--placement", "Which node holds a token: round-robin, prompt or first-node.", metavar="HOW"
)
@_choice("--max-experts", "D.", type=int)
@_choice("--relevance", "z.", type=float)
@_choice("--importance", "gamma.", type=float)
@click.option("--strict-relevance", is_flag=True, help="Tokens out of reach: infeasible.")
@_choice("--responses", "Measured responses joined per link.", type=int)
@click.option(
    "--in-order",
    is_flag=True,
    help="Rows of a channel (N, M) belong to the links (0,1), (0,2), ..., (1,0), (1,2), ..., all "
    "ordered pairs of different nodes, one source after the other. Without it rows are drawn.",
)
@click.option("--with-assignment", is_flag=True, help="Make it P1: fix a cheap assignment.")
@_choice("--hidden-state-bits", "s0.", type=float)
@_choice("--flop-per-token", "Of one expert.", type=float)
@_choice("--transmit-power-dbm", "Over the band.", type=float)
@_choice("--noise-figure-db", type=float)
@_choice("--bandwidth-hz", "Of one subcarrier.", type=float)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Of what is drawn in joining the two."
)
@click.option(
    "-o", "--output", type=file_path, required=True, help="The instance's file (.json or .nc)."
)
@json_option
def import_(gates: Path, channel: Path, output: Path, as_json: bool, **choices: Any) -> None:
    """Join recorded GATES and a recorded CHANNEL into an instance.

    The two come from different places: how they are joined are assumptions, each an option here.
    """
    given = {key: value for key, value in choices.items() if value is not None}
    given["name"] = given.get("name") or output.stem
    instance = import_instance(gates, channel, **given)
    write_instances({output: instance}, as_json=as_json)
    for note in (_order(channel, instance), *instance.metadata.get("notes", ())):
        click.echo(f"note: {note}", err=True)


def _order(channel: Path, instance: Instance) -> str:
    """Say which response of a channel serves which link of an instance."""
    assumptions = instance.metadata["assumptions"]
    if IN_ORDER_ASSUMPTION in assumptions:
        return f"{channel.name}: {IN_ORDER_ASSUMPTION}"
    if RESAMPLING_ASSUMPTION in assumptions:
        seed = instance.metadata["seed"]
        return (
            f"{channel.name}: which row serves which link was drawn (seed {seed}); "
            "--in-order takes them one after the other"
        )
    return f"{channel.name}: the gains of a whole network, each for its own link"
