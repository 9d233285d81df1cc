"""Solve an instance by one method."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from dmoe_models.cli.options import (
    file_path,
    json_option,
    named_values,
    seed_option,
    solver_option,
)
from dmoe_models.cli.printing import print_json, print_verdict, violation_facts
from dmoe_models.cli.selection import read_selection
from dmoe_models.cli.shell import log_progress
from dmoe_models.files.instances import read_instance
from dmoe_models.files.solutions import require_solution_target, write_solution
from dmoe_models.solving.answers import Answers
from dmoe_models.solving.catalogue import find_method
from dmoe_models.solving.result import Result, Status
from dmoe_models.solving.sandbox import Failure, contained, patience
from dmoe_models.solving.solve import solve as solve_instance

_HAVE_FLAGS = ("label", "seed", "time_limit", "solver", "selection", "method", "instance")
"""What --option does not give."""


@click.command(
    epilog="""\b
Examples:
  dmoe solve round.json --method jesa --option starts=10 -o answer.json
  dmoe solve round.json --method pyomo-p2-milp --solver scip --time-limit 60
  dmoe solve round.json --method pyomo-p3 --selection answer.json -o placed.json
""",
)
@click.argument("file", type=file_path)
@click.option("--method", required=True, help="See `dmoe methods`; or path/to/mine.py:function.")
@click.option("--label", help="What to call the method in what is printed.")
@click.option("-o", "--output", type=file_path, help="Where to write the solution (.json).")
@click.option(
    "--answers",
    "answers_folder",
    type=file_path,
    metavar="DIR",
    help="Keep the answer as files there, for `dmoe library update`.",
)
@click.option("--author", default="", help="Whose answer it is.")
@solver_option
@click.option("--time-limit", type=float, help="Seconds.")
@seed_option
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="NAME=VALUE",
    help="Any other option of the method, such as k=1. Repeatable.",
)
@click.option(
    "--selection",
    type=file_path,
    metavar="SOLUTION",
    help="For P3 methods: the solution file whose experts are to be served.",
)
@click.option(
    "-v", "--verbose", is_flag=True, help="Say on standard error where a long run of exact stands."
)
@json_option
def solve(
    file: Path,
    method: str,
    label: str | None,
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
    instance = read_instance(file)
    target = None
    if output is not None:  # before the work, and wherever a plug-in may go
        require_solution_target(output, file, selection)
        target = output.absolute()
    given = named_values(options, "--option")
    for name in _HAVE_FLAGS:
        if name in given:
            raise click.UsageError(f"{name} has an option of its own")
    if solver is not None:
        given["solver"] = solver
    kept = dict(given)
    if selection is not None:
        given["selection"] = read_selection(selection, instance, file)
    chosen = find_method(method)
    answers = None if answers_folder is None else Answers(answers_folder, author)
    with log_progress(verbose):
        result = contained(
            lambda: solve_instance(
                instance, chosen, seed=seed, time_limit=time_limit, label=label, **given
            ),
            sources=chosen.source_files,
            limit_s=None if not chosen.foreign or time_limit is None else patience(time_limit),
        )
    if isinstance(result, Failure):
        words = "".join(f", {name} = {value!r}" for name, value in given.items())
        result.raise_for(f"method {method}{words}")
    try:
        if target is not None and result.solution is not None:
            write_solution(result.solution, target, instance)
        if answers is not None:
            answers.add(
                instance, chosen, result, options={"seed": seed} | kept, time_limit=time_limit
            )
    finally:  # also where it could not be written: it may have taken hours
        _show(result, output, as_json=as_json)
    bounded = chosen.kind == "bound" and result.solution is None
    return 0 if result.status != Status.UNKNOWN or bounded else 1


def _show(result: Result, output: Path | None, *, as_json: bool) -> None:
    """Print what came out, and whether it was written to `output`."""
    if as_json:
        facts = result.summary() | {"details": result.details}
        facts["violations"] = violation_facts(result.check)
        written = output is not None and result.solution is not None
        print_json(facts | {"output": str(output) if written else None})
        return
    click.echo(repr(result))
    if result.check is not None:
        print_verdict(f"referee: {result.check.verdict}", result.check)
    if result.solution is None and output is not None:
        click.echo(f"no solution: {output} was not written", err=True)
