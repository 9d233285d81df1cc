"""`dmoe study`: run the studies, look how far they are, take out what they found."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

import click

from dmoe_models.cli.shell import file_path, json_option, print_json, recorded_data
from dmoe_models.studies.study import study_help, study_names


@click.group(
    short_help=f"Run studies: {', '.join(study_names())}.",
    epilog="""\b
Examples:
  dmoe study asymptotics --out asymptotics/          the default configuration, on all cores
  dmoe study savings --full --scheduler tcp://head:8786 --out savings/
  dmoe study status asymptotics/
  dmoe study report asymptotics/
  dmoe study compare asymptotics/ again/
""",
)
def study() -> None:
    """Claims of the literature, measured over many draws: run, interrupted, continued, reported.

    A run that was interrupted, or killed, goes on where it was with the same command. DIR holds one
    SQLite file, study.sqlite, and the configuration.
    """


def _run_command(name: str) -> click.Command:
    """Return the command that runs one study."""

    @click.option(
        "--config", "config", type=file_path, metavar="FILE",
        help="Axes, seeds and methods (.toml); by default the package's own.",
    )  # fmt: skip
    @click.option("--full", is_flag=True, help="The package's full configuration: it takes long.")
    @click.option(
        "--workers", type=click.IntRange(min=0), metavar="N",
        help="Processes on this machine; by default one a core. 0: one, without Dask.",
    )  # fmt: skip
    @click.option("--scheduler", metavar="ADDRESS", help="Of a Dask scheduler: tcp://HOST:PORT.")
    @click.option(
        "--out", "folder", type=file_path, metavar="DIR",
        help=f"Where the results are kept.  [default: study-{name}]",
    )  # fmt: skip
    @click.option("--data", type=file_path, help="Directory of recorded data, or DMOE_DATA.")
    @click.option("--retry-failed", is_flag=True, help="Try again what failed in earlier runs.")
    @json_option
    def run(
        config: Path | None,
        full: bool,
        workers: int | None,
        scheduler: str | None,
        folder: Path | None,
        data: Path | None,
        retry_failed: bool,
        as_json: bool,
    ) -> int:
        from dmoe_models.studies.configuration import configuration_file, read_design
        from dmoe_models.studies.engine.engine import run_design
        from dmoe_models.studies.engine.progress import reporting
        from dmoe_models.studies.study import StudyError

        if config is not None and full:
            raise click.UsageError("give --config or --full, not both")
        if workers is not None and scheduler is not None:
            raise click.UsageError("give --workers or --scheduler, not both")
        design = read_design(
            config or configuration_file(name, "full" if full else "default"), name
        )
        out = folder or Path(f"study-{name}")
        data = recorded_data(data)
        if data is not None and not data.is_dir():
            raise StudyError(f"{data}: there is no such directory")
        with reporting(sys.stderr) as listener:
            ending = run_design(
                design,
                out,
                workers=workers,
                scheduler=scheduler,
                data=data,
                retry_failed=retry_failed,
                listener=listener,
            )
        if as_json:
            print_json(vars(ending) | {"study": name, "sha256": design.sha256, "folder": str(out)})
        else:
            click.echo(
                f"{name}, configuration {design.sha256[:12]}: {ending.done:,} of {ending.total:,} "
                f"tasks done, {ending.failed:,} failed; in {out}"
            )
            if ending.waiting:
                click.echo(f"{ending.waiting:,} tasks wait for recorded data: --data DIR")
            click.echo(f"what was found: dmoe study report {shlex.quote(str(out))}")
        return 1 if ending.failed else 0

    title = study_help(name)
    statuses = (
        "0: all tasks are done that can be without recorded data; 1: some failed; 130: "
        "interrupted, the same command goes on."
    )
    return click.command(name, short_help=title, help=f"{title}\n\nExit status {statuses}")(run)


for _name in study_names():
    study.add_command(_run_command(_name))


@study.command(short_help="How far a study is.")
@click.argument("folder", type=file_path, metavar="DIR")
@json_option
def status(folder: Path, as_json: bool) -> int:
    """Say how far the study in DIR is, running or not. Exit status 1 while it is not finished."""
    from dmoe_models.studies.engine.database import Database

    with Database(folder) as database:
        facts: dict[str, Any] = {
            "study": database.design.study.name,
            "title": database.design.title,
            "sha256": database.design.sha256,
            **vars(database.progress()),
            "failures": database.failures(),
            "runs": database.sessions(),
        }
    if as_json:
        print_json(facts)
    else:
        click.echo(f"{facts['study']}, configuration {facts['sha256'][:12]}: {facts['title']}")
        click.echo(
            f"{facts['done']:,} of {facts['tasks']:,} tasks done, {facts['failed']:,} failed"
        )
        click.echo(f"{facts['rows']:,} rows, {facts['seconds']:,.0f} s of work")
        for reason, number in facts["failures"].items():
            click.echo(f"  {number:,} x {reason}")
        for run in facts["runs"]:
            click.echo(f"run {run['started']} to {run['ended'] or '(not ended)'}")
    return 0 if facts["done"] == facts["tasks"] else 1


@study.command(short_help="Whether two runs gave the same.")
@click.argument("folder", type=file_path, metavar="DIR")
@click.argument("other", type=file_path, metavar="OTHER")
@json_option
def compare(folder: Path, other: Path, as_json: bool) -> int:
    """Hold the rows in DIR against those in OTHER, of the same configuration.

    All but times, and what depends on them, has to be the same. Exit status 1 where it is not, or
    where one has rows that the other has not.
    """
    from dmoe_models.studies.engine.database import Database
    from dmoe_models.studies.engine.repeat import compare_runs
    from dmoe_models.text import text_table

    with Database(folder) as one, Database(other) as two:
        found = compare_runs(one, two)
    if as_json:
        print_json(
            {"same": found.same, "rows": found.rows, "missing": found.missing}
            | {"more": found.more, "differences": found.differences.to_dict("records")}
        )
    else:
        click.echo(
            f"{found.rows:,} rows in both, {found.missing:,} in {folder} only, {found.more:,} in "
            f"{other} only; {len(found.differences):,} different values"
        )
        if len(found.differences):
            shown = found.differences.head(20)
            lines = [[str(value) for value in line] for line in shown.to_numpy().tolist()]
            click.echo(text_table(list(shown.columns), lines, left=[2, 3]))
    return 0 if found.same else 1


@study.command(short_help="Write what a study found.")
@click.argument("folder", type=file_path, metavar="DIR")
@click.option(
    "-o", "--output", type=file_path, metavar="DIR", help="Another directory to write to."
)
@click.option(
    "--no-rows", is_flag=True, help="Leave out rows.csv and rows.parquet: they are large."
)
@json_option
def report(folder: Path, output: Path | None, no_rows: bool, as_json: bool) -> int:
    """Write what the study in DIR found so far: report.html, and all that is in it as files.

    Verdicts and tables (.csv, .parquet, .tex), figures (.pdf, .png), report.md, the configuration,
    and every row (rows.csv, rows.parquet). The page needs no other file. Exit status 1 where rows
    cannot be true together, such as an energy below a certified optimum.
    """
    from dmoe_models.studies.engine.database import Database

    with Database(folder) as database:
        from dmoe_models.studies.analysis.findings import gather  # scipy: slow to import
        from dmoe_models.studies.report.files import require_report, write_report
        from dmoe_models.studies.report.tables import verdict_text

        target = output or folder
        require_report(target, database.design.sha256)
        found = gather(database)
    written = write_report(found, target, with_rows=not no_rows)
    if as_json:
        print_json(
            {
                "study": found.study.name,
                "sha256": found.sha256,
                "verdicts": [vars(verdict) for verdict in found.verdicts],
                "breaches": list(found.breaches),
                "files": [str(path) for path in written],
            }
        )
        return 1 if found.breaches else 0
    for remark in found.remarks:
        click.echo(remark)
    for reason, number in found.failures.items():
        click.echo(f"  {number:,} x {reason}")
    if found.verdicts:
        width = shutil.get_terminal_size((100, 24)).columns
        click.echo(verdict_text(found.verdicts, min(max(width, 80), 140)) + "\n")
    for path in written:
        click.echo(str(path))
    return 1 if found.breaches else 0
