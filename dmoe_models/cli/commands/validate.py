"""Run methods on sets and prove how good they are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from dmoe_models.cli.options import (
    added_methods_option,
    allow_code_option,
    file_path,
    method_names,
    method_options_option,
    method_variants,
    recorded_data,
    seed_option,
    solver_option,
)
from dmoe_models.cli.printing import print_json
from dmoe_models.verification.run import Settings
from dmoe_models.verification.validate import validate as run_validation

EXIT_BREACH = 1
"""Exit status where answers cannot be true together."""


@click.command(
    epilog="""\b
Examples:
  validate.py                              the small set, and recorded data where named
  validate.py smoke mine.json              a set and a file
  validate.py --method mine.py:my_method   your own algorithm beside all others
  validate.py easy --methods jesa,greedy,cvxpy-p2-set --solver scip
  validate.py easy --methods jesa --method "JESA, 9=jesa" --option "JESA, 9.starts=9"
  validate.py --report out                 tables, pictures, a page; rerun to continue

\b
Exit status: 0 all answers agree; 1 a breach; 2 misuse or unreadable input.
""",
)
@click.argument("sources", nargs=-1, metavar="[SET | FILE]...")
@click.option(
    "--methods",
    "names",
    metavar="NAME,NAME,...",
    help="Run these instead of the default list (see `dmoe methods`).",
)
@added_methods_option
@method_options_option
@solver_option
@click.option(
    "--time-limit",
    type=float,
    default=Settings.time_limit,
    show_default=True,
    help="Seconds per method and instance.",
)
@seed_option
@click.option(
    "--data",
    type=file_path,
    help="Directory of recorded data, for the set `recorded` (or set DMOE_DATA).",
)
@click.option(
    "--report",
    type=file_path,
    metavar="DIR",
    help="Write rows.csv, rows.parquet, summary.csv, gap.png, time.png, report.html. "
    "Rows are kept as they finish: a rerun continues from them, and other methods' rows stay.",
)
@click.option(
    "--answers",
    "answers_folder",
    type=file_path,
    metavar="DIR",
    help="Keep every answer as files there, for `dmoe library update`.",
)
@click.option("--author", default="", help="Whose answers these are.")
@allow_code_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def validate(
    sources: Sequence[str],
    names: str | None,
    added: Sequence[str],
    options: Sequence[str],
    solver: str | None,
    time_limit: float,
    seed: int,
    data: Path | None,
    report: Path | None,
    answers_folder: Path | None,
    author: str,
    allow_code: bool,
    as_json: bool,
) -> int:
    """Run methods on instance sets and prove how good each of them is.

    Every answer is evaluated, checked by an independent referee in exact arithmetic, measured
    against the best proved lower bound, and held against all other answers.

    SET is a set's name (see `dmoe library list`), its TOML file, or recorded; FILE an instance
    (.json or .nc). By default: small, and recorded where its data is named. The default list holds
    every built-in method that applies and has a chance within the time limit; what it leaves out
    stands below the summary.
    """
    listed = [] if names is None else method_names(names, "--methods")
    chosen = method_variants([*listed, *added], options)
    found = run_validation(
        sources,
        None if names is None else chosen,
        added=chosen if names is None else (),
        time_limit=time_limit,
        seed=seed,
        solver=solver,
        data=recorded_data(data),
        report=report,
        answers=answers_folder,
        author=author,
        allow_code=allow_code,
        progress=True,
    )
    if as_json:
        print_json(
            {
                "rows": found.rows.to_dict("records"),
                "summary": found.summary.to_dict("records"),
                "notes": found.notes,
                "breaches": found.breaches,
            }
        )
    else:
        click.echo(found.text())
    if found.page is not None:
        click.echo(f"report: {found.page}", err=True)
    return EXIT_BREACH if found.breaches else 0
