"""Commands for those with other solvers: `dmoe export` and `dmoe read-solution`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from dmoe_models.cli.shell import file_path, json_option, print_json, violation_facts
from dmoe_models.errors import DmoeError
from formulations.exchange.read import judge_model_solution
from formulations.exchange.write import write_model


@click.command(
    short_help="Write a model for another solver: LP, MPS, NL.",
    epilog="""\b
Examples:
  dmoe export round.json -o model.mps
  dmoe export round.json --model p2-set -o model.lp
  dmoe export round.json --model p3 --selection answer.json -o placed.lp --json

\b
Models: p1-milp; p2-milp, p2-milp-disaggregated, p2-set, p2-minlp (.nl only); p3.
Beside an .nl file its names are written, as .col and .row.
""",
)
@click.argument("file", type=file_path)
@click.option("--model", help="See below.  [default: p1-milp or p2-milp]")
@click.option(
    "--selection", type=file_path, metavar="SOLUTION",
    help="For p3: the solution file whose experts are to be served.",
)  # fmt: skip
@click.option(
    "--whole", is_flag=True,
    help="All subcarriers, not only each link's cheapest, which suffice.",
)  # fmt: skip
@click.option(
    "-o", "--output", type=file_path, required=True, help="Where to: .lp, .mps or .nl."
)  # fmt: skip
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
    from dmoe_models.files.formats import read_instance

    instance = read_instance(file)
    chosen = None if selection is None else selection_for(instance, file, selection)
    written = write_model(instance, output, model, selection=chosen, reduce=not whole)
    if as_json:
        print_json(asdict(written))
        return
    click.echo(
        f"{output}: {written.model}, {written.columns} columns, {written.rows} rows; "
        f"energy in joule = {written.unit_j!r} * objective + {written.static_j!r}"
    )


@click.command(
    "read-solution",
    short_help="Read another solver's solution file.",
    epilog="""\b
Examples:
  dmoe read-solution round.json model.sol -o answer.json
  dmoe read-solution round.json model.sol --json

\b
Files of HiGHS, SCIP, Gurobi, CPLEX (XML), and of AMPL's solvers where the .col file that was
written with the model stands beside them under the same name.
""",
)
@click.argument("file", type=file_path)
@click.argument("solved", type=file_path)
@click.option("-o", "--output", type=file_path, help="Where to write the solution (.json).")
@json_option
def read_solution(file: Path, solved: Path, output: Path | None, as_json: bool) -> int:
    """Read SOLVED, a solver's solution of a model of the instance in FILE, and judge it.

    Its energy is evaluated, the referee checks it, and the objective that the solver claims is
    compared. Exit status 0: valid, as claimed; 1: the referee refuses it, and nothing is written,
    or the claim is wrong; 2: a file cannot be read.
    """
    from dmoe_models.files.formats import read_instance, require_solution_target, write_solution

    instance = read_instance(file)
    if output is not None:
        require_solution_target(output, file, solved)
    result = judge_model_solution(instance, solved)
    valid = result.check.ok
    claim, holds = result.details["claimed_objective_j"], result.details["claim_holds"]
    if output is not None and valid:
        write_solution(result.solution, output, instance)
    if as_json:
        facts = result.summary() | result.details
        facts["violations"] = violation_facts(result.check)
        facts["output"] = str(output) if output is not None and valid else None
        print_json(facts)
    else:
        click.echo(repr(result))
        click.echo(f"referee: {result.check.verdict}")
        for violation in result.check.violations:
            click.echo(f"  {violation.constraint}: {violation.message}")
        if holds is False:
            click.echo(f"mismatch: the file claims {claim:.9g} J, it is {result.objective:.9g} J")
    if output is not None and not valid:
        click.echo(f"not valid: {output} was not written", err=True)
    return 0 if valid and holds is not False else 1


def selection_for(instance: Any, file: Path, selection: Path) -> Any:
    """Return the experts of a solution file, which must be one of this instance."""
    from dmoe_models.files.formats import read_solution as read_solution_file

    chosen = read_solution_file(selection)
    if chosen.instance_sha256 not in (None, instance.sha256):
        raise DmoeError(f"{selection}: is a solution for another instance than {file}")
    return chosen.selection
