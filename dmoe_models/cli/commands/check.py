"""Check a solution, and a proof of optimality, in exact arithmetic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dmoe_models.cli.options import file_path, json_option
from dmoe_models.cli.printing import print_json, print_proof, print_verdict, violation_facts
from dmoe_models.files.certificates import read_certificate
from dmoe_models.files.instances import read_instance
from dmoe_models.files.solutions import read_solution
from dmoe_models.referee.certificate import verify_certificate
from dmoe_models.referee.check import check as check_solution
from dmoe_models.solving.certified import proof_facts

_TOLERANCES = (
    "tolerances: objective 1e-9 (relative, if one is claimed); none otherwise: C1 and C2 exact"
)


@click.command(
    epilog="""\b
Examples:
  dmoe check round.json answer.json
  dmoe check round.json answer.json --json && echo valid
  dmoe check round.json answer.json --certificate proof.json
  dmoe check round.json --certificate proof.json
""",
)
@click.argument("file", type=file_path)
@click.argument("solution", type=file_path, required=False)
@click.option(
    "--certificate", type=file_path, metavar="PROOF", help="A file that `dmoe certify` has written."
)
@json_option
def check(file: Path, solution: Path | None, certificate: Path | None, as_json: bool) -> int:
    """Let the referee check SOLUTION against the instance in FILE, in exact arithmetic.

    Every violation is listed. A claimed objective may be off by 1e-9 of the energy; nothing else
    has a tolerance. With --certificate the proof is verified as well, in whole numbers, and the gap
    between the energy and the proved bound is printed; SOLUTION may then be left out.

    Exit status 0: all that was given is valid; 1: the solution is not, or the certificate does not
    prove its claim; 2: a file cannot be read.
    """
    if solution is None and certificate is None:
        raise click.UsageError("Missing argument 'SOLUTION' (or option '--certificate').")
    instance = read_instance(file)
    answer = None if solution is None else read_solution(solution)
    claim = None if certificate is None else read_certificate(certificate)
    facts: dict[str, Any] = {"instance": instance.name}
    verdicts = []
    energy = None
    if answer is not None:
        report = check_solution(instance, answer)
        verdicts.append(report.ok)
        energy = report.energy_j if report.ok else None
        facts |= {"valid": report.ok, "energy_j": report.energy_j}
        facts["violations"] = violation_facts(report)
        if not as_json:
            print_verdict(f"{report.verdict}, {report.energy_j:.9g} J", report)
            click.echo(_TOLERANCES)
    if claim is not None:
        proved = proof_facts(instance, verify_certificate(instance, claim), energy)
        verdicts.append(proved["proved"])
        facts |= proved
        if not as_json:
            print_proof(proved)
    if as_json:
        print_json(facts)
    return 0 if all(verdicts) else 1
