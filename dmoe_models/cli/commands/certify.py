"""Solve an instance and write a proof of optimality."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from dmoe_models.algorithms.certify.optimum import certify as certify_instance
from dmoe_models.cli.options import file_path, json_option, seed_option
from dmoe_models.cli.printing import print_json, print_proof
from dmoe_models.files.certificates import write_certificate
from dmoe_models.files.instances import read_instance
from dmoe_models.files.solutions import require_solution_target, write_solution
from dmoe_models.referee.check import check
from dmoe_models.solving.answers import Answers
from dmoe_models.solving.certified import certify_answer, proof_facts


@click.command(
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
@seed_option
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
    if output is None and answers_folder is None:
        raise click.UsageError("name a file by -o, or a folder by --answers")
    if len(files) > 1 and (output is not None or solution is not None):
        raise click.UsageError("-o and --solution are for one instance; several go to --answers")
    instances = [read_instance(file) for file in files]  # a wrong file is an error before any work
    for target, other in ((output, solution), (solution, output)):
        if target is not None:
            require_solution_target(target, files[0], other)
    answers = None if answers_folder is None else Answers(answers_folder, author)
    facts = []
    for instance in instances:
        if answers is None:
            made = certify_instance(instance, seed=seed, time_limit=time_limit)
        else:
            made = certify_answer(instance, answers, seed=seed, time_limit=time_limit)
        if made.report.ok:
            if output is not None:
                write_certificate(made.certificate, output)
            if solution is not None and made.solution is not None:
                write_solution(made.solution, solution, instance)
        energy = None if made.solution is None else check(instance, made.solution).energy_j
        facts.append({"instance": instance.name} | proof_facts(instance, made.report, energy))
        if not as_json:
            if len(files) > 1:
                click.echo(f"{instance.name}:")
            print_proof(facts[-1])
            if made.solution is None and solution is not None:
                click.echo(f"no solution: {solution} was not written", err=True)
    if as_json:
        print_json(facts if len(files) > 1 else facts[0])
    return 0 if all(one["proved"] for one in facts) else 1
