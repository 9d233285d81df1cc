"""Read another solver's solution file."""

from __future__ import annotations

from pathlib import Path

import click

from dmoe_models.cli.options import file_path, json_option
from dmoe_models.cli.printing import print_json, print_verdict, violation_facts
from dmoe_models.files.instances import read_instance
from dmoe_models.files.solutions import require_solution_target, write_solution
from formulations.exchange.read import judge_model_solution
from formulations.exchange.solver_files import FORMS


def _forms() -> str:
    """Return the forms of solution files that are read, a line each."""
    lines = []
    for form in FORMS:
        beside = f"; {form.beside} beside it" if form.beside else ""
        lines.append(f"  {form.solver}: {form.made_by}{beside}")
    return "\n".join(lines)


@click.command(
    epilog=f"""\b
Examples:
  dmoe read-solution round.json model.sol -o answer.json
  dmoe read-solution round.json model.sol --json

\b
Solution files that are read, known by what is in them (m.lp, m.mps, m.col: the model's files,
under the same name as the solution):
{_forms()}
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
    instance = read_instance(file)
    if output is not None:
        require_solution_target(output, file, solved)
    result = judge_model_solution(instance, solved)
    report, solution = result.check, result.solution
    assert report is not None and solution is not None  # of whatever could be read
    valid = report.ok
    claim, holds = result.details["claimed_objective_j"], result.details["claim_holds"]
    if output is not None and valid:
        write_solution(solution, output, instance)
    if as_json:
        facts = result.summary() | result.details
        facts["violations"] = violation_facts(report)
        facts["output"] = str(output) if output is not None and valid else None
        print_json(facts)
    else:
        click.echo(repr(result))
        print_verdict(f"referee: {report.verdict}", report)
        if holds is False:
            click.echo(f"mismatch: the file claims {claim:.9g} J, it is {result.objective:.9g} J")
    if output is not None and not valid:
        click.echo(f"not valid: {output} was not written", err=True)
    return 0 if valid and holds is not False else 1
