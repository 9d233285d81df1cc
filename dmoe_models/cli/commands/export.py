"""Write a model for another solver: LP, MPS, NL."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from dmoe_models.cli.options import file_path, json_option
from dmoe_models.cli.printing import print_json
from dmoe_models.cli.selection import read_selection
from dmoe_models.files.instances import read_instance
from formulations.catalogue import models
from formulations.exchange.write import write_model


def _models() -> str:
    """Return the models' names, by problem."""
    of_problem: dict[str, list[str]] = {}
    for model in models.values():
        only = f" ({model.formats[0]} only)" if len(model.formats) == 1 else ""
        of_problem.setdefault(model.problem, []).append(f"{model.name}{only}")
    return "; ".join(map(", ".join, of_problem.values()))


@click.command(
    epilog=f"""\b
Examples:
  dmoe export round.json -o model.mps
  dmoe export round.json --model p2-set -o model.lp
  dmoe export round.json --model p3 --selection answer.json -o placed.lp --json

\b
Models: {_models()}.
Beside an .nl file its names are written, as .col and .row. An .mps file is free MPS (glpsol
--freemps). What solvers find is read by dmoe read-solution.
""",
)
@click.argument("file", type=file_path)
@click.option("--model", help="See below.  [default: p1-milp or p2-milp]")
@click.option(
    "--selection",
    type=file_path,
    metavar="SOLUTION",
    help="For p3: the solution file whose experts are to be served.",
)
@click.option(
    "--whole",
    is_flag=True,
    help="All subcarriers, not only each link's cheapest, which suffice.",
)
@click.option("-o", "--output", type=file_path, required=True, help="Where to: .lp, .mps or .nl.")
@json_option
def export(
    file: Path,
    model: str | None,
    selection: Path | None,
    whole: bool,
    output: Path,
    as_json: bool,
) -> None:
    """Write a model of the instance in FILE, under names that mean something.

    select_t3_e5: expert 5 serves token 3. assign_i0_j2_m17: link 0 -> 2 owns subcarrier 17.
    Comments in the file say what its objective is in joule.
    """
    instance = read_instance(file)
    chosen = None if selection is None else read_selection(selection, instance, file)
    written = write_model(instance, output, model, selection=chosen, reduce=not whole)
    if as_json:
        print_json(asdict(written))
        return
    click.echo(
        f"{output}: {written.model}, {written.columns} columns, {written.rows} rows; "
        f"energy in joule = {written.unit_j!r} * objective + {written.static_j!r}"
    )
