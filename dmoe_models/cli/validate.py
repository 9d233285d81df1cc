"""The front door: ask for sets and methods, get the table, the summary, the verdict and a report.

``python validate.py`` and ``dmoe validate`` are this one command.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import click

from dmoe_models.cli.shell import counting, names_given, recorded_data

EXIT_BREACH = 1
"""Exit status where answers cannot be true together."""


@click.command(
    short_help="Run methods on sets and prove how good they are.",
    epilog="""\b
Examples:
  validate.py                              the small set, and recorded data where named
  validate.py smoke mine.json              a set and a file
  validate.py --method mine.py:my_method   your own algorithm beside all others
  validate.py easy --methods jesa,greedy,cvxpy-p2-set --solver scip
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
@click.option(
    "--method",
    "added",
    multiple=True,
    metavar="NAME",
    help="Add a method: a name, or path/to/mine.py:function. Repeatable.",
)
@click.option("--solver", help="For the methods that take one: highs, scip, ...")
@click.option(
    "--time-limit",
    type=float,
    default=10.0,
    show_default=True,
    help="Seconds per method and instance.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Directory of recorded data, for the set `recorded` (or set DMOE_DATA).",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write rows.csv, rows.parquet, summary.csv, gap.png, time.png, report.html. "
    "Rows are kept as they finish: a rerun continues from them.",
)
@click.option(
    "--answers",
    "answers_folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Keep every answer as files there, for `dmoe library update`.",
)
@click.option("--author", default="", help="Whose answers these are.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def validate(
    sources: Sequence[str],
    names: str | None,
    added: Sequence[str],
    solver: str | None,
    time_limit: float,
    seed: int,
    data: Path | None,
    report: Path | None,
    answers_folder: Path | None,
    author: str,
    as_json: bool,
) -> int:
    """Run methods on instance sets and prove how good each of them is.

    Every answer is evaluated, checked by an independent referee in exact arithmetic, measured
    against the best proved lower bound, and held against all other answers.

    SET is a set's name (see `dmoe library list`), its TOML file, or recorded; FILE an instance
    (.json or .nc). By default: small, and recorded where its data is named. The default list holds
    every built-in method that applies and has a chance within the time limit; what it leaves out is
    said below the summary.
    """
    from dmoe_models.files.plain_json import plain
    from dmoe_models.presentation.files import require_packages
    from dmoe_models.solving.answers import Answers
    from dmoe_models.verification import tables
    from dmoe_models.verification.cross_check import verify
    from dmoe_models.verification.plan import choose, gather
    from dmoe_models.verification.report import JOURNAL, write_report
    from dmoe_models.verification.row import Journal, Row
    from dmoe_models.verification.run import Settings

    settings = Settings(time_limit, seed, solver)
    wanted = None if names is None else names_given(names, "--methods")
    if report is not None:
        require_packages()
        report = report.absolute()  # wherever a plug-in may go
    groups = gather(sources, recorded_data(data))
    instances = [instance for several in groups.values() for instance in several]
    plan, notes = choose(instances, wanted, added, settings)

    journal = Journal(None if report is None else report / JOURNAL)
    answers = None if answers_folder is None else Answers(answers_folder, author)
    with closing(journal), counting() as say:

        def watch(row: Row, number: int, total: int) -> None:
            say(f"{row.method} on {row.instance}: {row.status}", number, total)

        rows, breaches = verify(plan, settings, journal, watch, answers)
    set_of = {(i.name, i.sha256): name for name, several in groups.items() for i in several}
    rows = [replace(r, instance_set=set_of[r.instance, r.instance_sha256]) for r in rows]

    if as_json:
        document = {
            "rows": tables.frame(rows).to_dict("records"),
            "summary": tables.summary(rows).to_dict("records"),
            "notes": notes,
            "breaches": breaches,
        }
        click.echo(json.dumps(plain(document), indent=1))
    else:
        click.echo(tables.rows_text(rows) + "\n")
        click.echo(tables.summary_text(rows) + "\n")
        click.echo("\n".join([*tables.LEGEND, *notes]) + "\n")
        click.echo("\n".join(f"BREACH {line}" for line in breaches) or "no breach")
    if report is not None:
        configuration = {
            "sets and files": ", ".join(sources) or "default",
            "methods": ", ".join([names or "default list", *added]),
            "solver": solver or "each method's default",
            "time limit (s)": time_limit,
            "seed": seed,
        }
        written = write_report(report, rows, breaches, notes, configuration)
        click.echo(f"report: {written[-1]}", err=True)
    return EXIT_BREACH if breaches else 0
