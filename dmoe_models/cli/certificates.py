"""Commands about what is proved: `dmoe certify`, and `dmoe check`, the door of both referees."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from dmoe_models.cli.shell import file_path, json_option, print_json, violation_facts
from dmoe_models.errors import DmoeError

_TOLERANCES = (
    "tolerances: objective 1e-9 (relative, if one is claimed); none otherwise: C1 and C2 exact"
)


@click.command(
    short_help="Solve an instance and write a proof of optimality.",
    epilog="""\b
Examples:
  dmoe certify round.json -o proof.json --solution answer.json
  dmoe check round.json answer.json --certificate proof.json
  dmoe certify mine/*.json --answers certified/ && dmoe library update certified/ --set mine.toml
""",
)
@click.argument("files", nargs=-1, required=True, type=file_path, metavar="FILE...")
@click.option("-o", "--output", type=file_path, help="Where to write the certificate (.json).")
@click.option("--solution", type=file_path, help="Where to write the solution (.json).")
@click.option(
    "--answers",
    "answers_folder",
    type=file_path,
    metavar="DIR",
    help="Keep both as an answer there, for `dmoe library update`.",
)
@click.option("--author", default="", help="Whose answer it is.")
@click.option("--time-limit", type=float, help="Seconds for solving; the rest is quick.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@json_option
def certify(
    files: Sequence[Path],
    output: Path | None,
    solution: Path | None,
    answers_folder: Path | None,
    author: str,
    time_limit: float | None,
    seed: int,
    as_json: bool,
) -> int:
    """Solve the instance in FILE, P1 or P2, and write a certificate that no solution is better.

    It is verified before it is written, by the code of `dmoe check`. Past the time limit it
    certifies the bound that was reached. Several files are done one after the other, into the
    folder of --answers. Exit status 0: written; 1: what was found (for one of them) proves nothing.
    """
    import time

    from dmoe_models.algorithms.certify.certificates import certify as certify_instance
    from dmoe_models.algorithms.certify.certificates import write_certificate
    from dmoe_models.files.formats import read_instance, require_solution_target, write_solution
    from dmoe_models.referee.check import check as referee
    from dmoe_models.solving.answers import Answers

    if output is None and answers_folder is None:
        raise click.UsageError("name a file by -o, or a folder by --answers")
    if len(files) > 1 and (output is not None or solution is not None):
        raise click.UsageError("-o and --solution are for one instance; several go to --answers")
    instances = [read_instance(file) for file in files]  # a wrong file is told before any work
    for target, other in ((output, solution), (solution, output)):
        if target is not None:
            require_solution_target(target, files[0], other)
    answers = None if answers_folder is None else Answers(answers_folder, author)
    told = []
    for instance in instances:
        started = time.perf_counter()
        made = certify_instance(instance, seed=seed, time_limit=time_limit)
        if made.report.ok:
            if output is not None:
                write_certificate(made.certificate, output)
            if answers is not None:
                _keep(answers, instance, made, seed, time_limit, time.perf_counter() - started)
            if solution is not None and made.solution is not None:
                write_solution(made.solution, solution, instance)
        energy = None if made.solution is None else referee(instance, made.solution).energy_j
        told.append({"instance": instance.name} | _facts(instance, energy, made.report))
        if not as_json:
            if len(files) > 1:
                click.echo(f"{instance.name}:")
            _tell(told[-1])
            if made.solution is None and solution is not None:
                click.echo(f"no solution: {solution} was not written", err=True)
    if as_json:
        print_json(told if len(files) > 1 else told[0])
    return 0 if all(facts["proved"] for facts in told) else 1


def _keep(
    answers: Any, instance: Any, made: Any, seed: int, limit: float | None, seconds: float
) -> None:
    """Keep a solution and its proof as an answer of the method that found them."""
    from dmoe_models.model.solution import Outcome
    from dmoe_models.solving.catalogue import method_for
    from dmoe_models.solving.method import CERTIFIER
    from dmoe_models.solving.solve import judge

    method = method_for(CERTIFIER, instance.problem)
    outcome = Outcome(made.solution, made.report.bound_j)
    result = judge(instance, method.name, outcome, made.report.bound_j, seconds)
    options = {"seed": seed, "certificate": True}
    answers.add(
        instance,
        method,
        result,
        options=options,
        time_limit=limit,
        certificate=made.certificate,
    )


@click.command(
    short_help="Check a solution, and a proof of optimality, in exact arithmetic.",
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
    from dmoe_models.algorithms.certify.certificates import read_certificate, verify_certificate
    from dmoe_models.files.formats import read_instance, read_solution
    from dmoe_models.referee.check import check as referee

    if solution is None and certificate is None:
        raise click.UsageError("Missing argument 'SOLUTION' (or option '--certificate').")
    instance = read_instance(file)
    answer = None if solution is None else read_solution(solution)
    claim = None if certificate is None else read_certificate(certificate)
    facts: dict[str, Any] = {"instance": instance.name}
    verdicts = []
    if answer is not None:
        report = referee(instance, answer)
        verdicts.append(report.ok)
        facts |= {
            "valid": report.ok,
            "energy_j": report.energy_j,
            "violations": violation_facts(report),
        }
        if not as_json:
            click.echo(f"{report.verdict}, {report.energy_j:.9g} J")
            for violation in report.violations:
                click.echo(f"  {violation.constraint}: {violation.message}")
            click.echo(_TOLERANCES)
    if claim is not None:
        proof = verify_certificate(instance, claim)
        verdicts.append(proof.ok)
        valid = answer is not None and report.ok
        proved = _facts(instance, report.energy_j if valid else None, proof)
        facts |= proved
        if not as_json:
            _tell(proved)
    if as_json:
        print_json(facts)
    return 0 if all(verdicts) else 1


def _facts(instance: Any, energy: float | None, proof: Any) -> dict[str, Any]:
    """Return what a certificate proves, also about the energy, J, of a valid solution."""
    from dmoe_models.model.gap import relative_gap

    facts = {"proved": proof.ok, "bound_j": proof.bound_j, "reasons": proof.reasons}
    if energy is not None:
        if energy < proof.bound_j:  # one of the two referees is wrong
            raise DmoeError(f"a valid solution of {energy!r} J, and a proof that there is none")
        static = instance.static_total_j
        facts |= {"energy_j": energy, "gap": relative_gap(energy, proof.bound_j, static)}
    return facts


def _tell(facts: dict[str, Any]) -> None:
    if not facts["proved"]:
        click.echo("certificate refused")
        for reason in facts["reasons"]:
            click.echo(f"  {reason}")
    elif facts["bound_j"] == math.inf:
        click.echo("certificate proves: there is no solution")
    else:
        click.echo(f"certificate proves: no solution below {facts['bound_j']!r} J")
    if facts["proved"] and "gap" in facts:
        click.echo(f"energy {facts['energy_j']!r} J, proved gap {facts['gap']:.3g}")
