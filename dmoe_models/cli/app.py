"""The `dmoe` command: what the package can do, from a shell.

Heavy packages are imported by the command that needs them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click

from dmoe_models.cli.certificates import certify, check
from dmoe_models.cli.compare import compare
from dmoe_models.cli.exports import export, selection_for
from dmoe_models.cli.exports import read_solution as read_solution_file
from dmoe_models.cli.instances import generate, import_recordings
from dmoe_models.cli.library import library
from dmoe_models.cli.rounds import rounds
from dmoe_models.cli.shell import (
    file_path,
    json_option,
    options_given,
    print_json,
    progress,
    run,
    violation_facts,
)
from dmoe_models.cli.study import study
from dmoe_models.cli.validate import validate


def main() -> NoReturn:
    """Run the console script."""
    run(dmoe, "dmoe")


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
A first round:
  dmoe generate rayleigh --seed 1 -p K=4 -o round.json
  dmoe solve round.json --method jesa -o answer.json
  dmoe check round.json answer.json
  dmoe validate round.json --method mine.py:my_method
""",
)
@click.version_option(package_name="dmoe-models")
def dmoe() -> None:
    """Energy-efficient expert selection in wireless distributed Mixture-of-Experts."""


@dmoe.command(
    short_help="List every method and what it solves.",
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
    from dmoe_models.solving.catalogue import methods as menu

    table = menu().reset_index()
    if as_json:
        print_json(table.to_dict("records"))
        return
    from dmoe_models.text import text_table

    click.echo(text_table(list(table.columns), table.to_numpy().tolist(), left=range(5)))


@dmoe.command(
    short_help="Describe an instance file.",
    epilog="""\b
Examples:
  dmoe info round.json
  dmoe info round.nc --json
""",
)
@click.argument("file", type=file_path)
@json_option
def info(file: Path, as_json: bool) -> None:
    """Describe the instance in FILE: sizes, limits, energies, where it comes from."""
    from dmoe_models.files.formats import read_instance

    instance = read_instance(file)
    if as_json:
        print_json(instance.summary() | {"metadata": dict(instance.metadata)})
        return
    facts = instance.summary() | dict(instance.metadata)
    width = max(map(len, facts))
    for key, value in facts.items():
        shown = json.dumps(value) if isinstance(value, (dict, list, tuple)) else str(value)
        click.echo(f"{key.ljust(width)}  {shown}")


@dmoe.command(
    short_help="Solve an instance by one method.",
    epilog="""\b
Examples:
  dmoe solve round.json --method jesa --option starts=10 -o answer.json
  dmoe solve round.json --method pyomo-p2-milp --solver scip --time-limit 60
  dmoe solve round.json --method pyomo-p3 --selection answer.json -o placed.json
""",
)
@click.argument("file", type=file_path)
@click.option("--method", required=True, help="See `dmoe methods`; or path/to/mine.py:function.")
@click.option("-o", "--output", type=file_path, help="Where to write the solution (.json).")
@click.option(
    "--answers",
    "answers_folder",
    type=file_path,
    metavar="DIR",
    help="Keep the answer as files there, for `dmoe library update`.",
)
@click.option("--author", default="", help="Whose answer it is.")
@click.option("--solver", help="For the methods that take one: highs, scip, ...")
@click.option("--time-limit", type=float, help="Seconds.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option(
    "--option", "options", multiple=True, metavar="NAME=VALUE",
    help="Any other option of the method, such as k=1. Repeatable.",
)  # fmt: skip
@click.option(
    "--selection", type=file_path, metavar="SOLUTION",
    help="For P3 methods: the solution file whose experts are to be served.",
)  # fmt: skip
@click.option(
    "-v", "--verbose", is_flag=True, help="Say on standard error where a long run of exact stands."
)
@json_option
def solve(
    file: Path,
    method: str,
    output: Path | None,
    answers_folder: Path | None,
    author: str,
    solver: str | None,
    time_limit: float | None,
    seed: int,
    options: Sequence[str],
    selection: Path | None,
    verbose: bool,
    as_json: bool,
) -> int:
    """Solve the instance in FILE by one method, and say what is proved about the answer.

    Exit status 0 where there is a valid solution or a proof (also of infeasibility, or a bound from
    a method that gives no more); 1 where none was found or the referee refuses it.
    """
    from dmoe_models.files.formats import read_instance, require_solution_target, write_solution
    from dmoe_models.solving.answers import Answers
    from dmoe_models.solving.catalogue import find_method
    from dmoe_models.solving.sandbox import Failure, contained
    from dmoe_models.solving.solve import solve as solve_instance

    instance = read_instance(file)
    target = None
    if output is not None:  # before the work, and wherever a plug-in may go
        require_solution_target(output, file, selection)
        target = output.absolute()
    given = options_given(options, "--option")
    for reserved in ("seed", "time_limit", "solver", "selection", "method", "instance"):
        if reserved in given:
            raise click.UsageError(f"{reserved} has an option of its own")
    if solver is not None:
        given["solver"] = solver
    if selection is not None:
        given["selection"] = selection_for(instance, file, selection)
    chosen = find_method(method)
    answers = None if answers_folder is None else Answers(answers_folder, author)
    with progress(verbose):
        result = contained(
            lambda: solve_instance(instance, chosen, seed=seed, time_limit=time_limit, **given),
            sources=chosen.source_files,
        )
    if isinstance(result, Failure):
        shown = "".join(f", {name} = {value!r}" for name, value in given.items())
        result.raise_for(f"method {method}{shown}")
    facts = result.summary() | {"details": result.details}
    facts["violations"] = [] if result.check is None else violation_facts(result.check)
    facts["output"] = str(output) if output is not None and result.solution is not None else None
    if as_json:
        print_json(facts)
    else:
        click.echo(repr(result))
        if result.check is not None:
            click.echo(f"referee: {result.check.verdict}")
            for violation in result.check.violations:
                click.echo(f"  {violation.constraint}: {violation.message}")
        if result.solution is None and output is not None:
            click.echo(f"no solution: {output} was not written", err=True)
    if target is not None and result.solution is not None:
        write_solution(result.solution, target, instance)
    if answers is not None:
        kept = {name: value for name, value in given.items() if name != "selection"}
        answers.add(instance, chosen, result, options={"seed": seed} | kept, time_limit=time_limit)
    proved = str(result.status) != "unknown" or (chosen.kind == "bound" and result.solution is None)
    return 0 if proved else 1


@dmoe.command(
    short_help="Convert an instance: .json or .nc.",
    epilog="""\b
Examples:
  dmoe convert round.json round.nc
  dmoe convert round.nc copy.json --json
""",
)
@click.argument("source", type=file_path)
@click.argument("target", type=file_path)
@json_option
def convert(source: Path, target: Path, as_json: bool) -> None:
    """Convert the instance SOURCE to TARGET: .json or .nc, bit for bit the same numbers."""
    from dmoe_models.files.formats import read_instance, write_instance

    instance = read_instance(source)
    write_instance(instance, target)
    if as_json:
        print_json({"file": str(target)} | instance.summary())


_COMMANDS = (
    *(generate, import_recordings, library, export),
    *(read_solution_file, check, certify, compare, rounds, study, validate),
)
for _command in _COMMANDS:
    dmoe.add_command(_command)
