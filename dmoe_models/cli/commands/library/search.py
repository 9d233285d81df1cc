"""Search for instances that are bad for a method."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from dmoe_models.cli.options import file_path, json_option, named_values, seed_option
from dmoe_models.cli.printing import print_json
from dmoe_models.cli.shell import log_progress
from dmoe_models.errors import FileError
from dmoe_models.files.paths import require_folder
from dmoe_models.solving.catalogue import find_method
from dmoe_models.solving.sandbox import Failure, contained
from instances.search import adversarial
from instances.search.excess import Target


@click.command(
    epilog="""\b
Examples:
  dmoe library search jesa --option starts=2 -p K=4 -p T=8 -o bad.toml -v
  dmoe library search top-k --base rayleigh -p K=3 --trials 300 -o bad.toml
  dmoe library search mine.py:my_method --count 3 --time-limit 120 -o bad.toml
  dmoe validate bad.toml --methods jesa,local-search,exact
""",
)
@click.argument("method")
@click.option("--base", default="contended", show_default=True, help="The family to start from.")
@click.option(
    "-p",
    "--parameter",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="Of the base, such as K=4. Repeatable.",
)
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="NAME=VALUE",
    help="Of the method, such as starts=2. Repeatable.",
)
@click.option(
    "--runs",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    help="Seeds that the method is run with; the harmonic mean of their energies counts.",
)
@seed_option
@click.option(
    "--count",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Searches, of consecutive seeds.",
)
@click.option(
    "--draws",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="Instances drawn, of the worst of which a search starts.",
)
@click.option(
    "--trials",
    type=click.IntRange(min=0),
    default=500,
    show_default=True,
    help="Changes tried by a search.",
)
@click.option("--time-limit", type=float, help="Seconds for draws and trials.")
@click.option("-o", "--output", type=file_path, required=True, help="The set's file (.toml).")
@click.option("-v", "--verbose", is_flag=True, help="Say on standard error where it stands.")
@json_option
def search(
    method: str,
    base: str,
    parameters: Sequence[str],
    options: Sequence[str],
    runs: int,
    seed: int,
    count: int,
    draws: int,
    trials: int,
    time_limit: float | None,
    output: Path,
    verbose: bool,
    as_json: bool,
) -> None:
    """Search for instances on which METHOD is far above the proved optimum.

    From the worst of some draws of a family on, small changes are tried and kept if the excess
    does not fall. The file that is written is a set: `dmoe library build` draws it,
    `dmoe validate` runs methods on it. The same seed finds the same unless time runs out.
    """
    if output.suffix != ".toml":
        raise click.UsageError(f"-o {output}: a set's file ends in .toml")
    if not output.absolute().parent.is_dir():
        raise FileError(f"{output}: its folder does not exist")
    require_folder(output.absolute().parent)
    target = Target(method, named_values(options, "--option"), runs)
    given = named_values(parameters, "-p")
    with log_progress(verbose, "dmoe_models.adversarial"):
        found = contained(
            lambda: [
                adversarial.search(
                    target,
                    base,
                    given,
                    seed=seed + n,
                    draws=draws,
                    trials=trials,
                    time_limit=time_limit,
                )
                for n in range(count)
            ],
            sources=find_method(method).source_files,
        )
    if isinstance(found, Failure):
        found.raise_for(f"method {method}")
    found.sort(key=lambda one: -one.measured.excess)
    adversarial.write_found(output, found, target)
    if as_json:
        print_json(
            [
                {
                    "instance": one.instance.name,
                    "instance_sha256": one.instance.sha256,
                    "excess": one.measured.excess,
                    "excesses": one.measured.excesses,
                    "optimum_j": one.measured.optimum_j,
                    "steps": len(one.spec.parameters["steps"]),
                }
                for one in found
            ]
        )
        return
    for one in found:
        click.echo(
            f"{one.instance.name}: {100 * one.measured.excess:.2f} % above the optimum, "
            f"{len(one.spec.parameters['steps'])} steps from the base"
        )
    click.echo(f"{len(found)} draws in {output}")
