"""The command that runs one study."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from dmoe_models.cli.options import (
    allow_code_option,
    data_option,
    file_path,
    json_option,
    recorded_data,
)
from dmoe_models.cli.printing import print_json
from dmoe_models.studies.configuration import configuration_file, read_design
from dmoe_models.studies.engine.engine import run_design
from dmoe_models.studies.engine.progress import reporting
from dmoe_models.studies.study import StudyError, study_help


def run_command(name: str) -> click.Command:
    """Return the command that runs one study."""

    @click.option(
        "--config",
        "config",
        type=file_path,
        metavar="FILE",
        help="Axes, seeds and methods (.toml); by default the package's own.",
    )
    @click.option("--full", is_flag=True, help="The package's full configuration: it takes long.")
    @click.option(
        "--workers",
        type=click.IntRange(min=0),
        metavar="N",
        help="Processes on this machine; by default one a core. 0: one, without Dask.",
    )
    @click.option("--scheduler", metavar="ADDRESS", help="Of a Dask scheduler: tcp://HOST:PORT.")
    @click.option(
        "--out",
        "folder",
        type=file_path,
        metavar="DIR",
        help=f"Where the results are kept.  [default: study-{name}]",
    )
    @data_option
    @click.option("--retry-failed", is_flag=True, help="Try again what failed in earlier runs.")
    @allow_code_option
    @json_option
    def run(
        config: Path | None,
        full: bool,
        workers: int | None,
        scheduler: str | None,
        folder: Path | None,
        data: Path | None,
        retry_failed: bool,
        allow_code: bool,
        as_json: bool,
    ) -> int:

        if config is not None and full:
            raise click.UsageError("give --config or --full, not both")
        if workers is not None and scheduler is not None:
            raise click.UsageError("give --workers or --scheduler, not both")
        design = read_design(
            config or configuration_file(name, "full" if full else "default"),
            name,
            allow_code=allow_code,
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
            for reason, number in ending.failed_rows.items():
                click.echo(f"{number:,} rows failed: {reason}")
            if ending.waiting:
                click.echo(f"{ending.waiting:,} tasks wait for recorded data: --data DIR")
            click.echo(f"what was found: dmoe study report {shlex.quote(str(out))}")
        return 1 if ending.failed or ending.failed_rows else 0

    title = study_help(name)
    statuses = (
        "0: all tasks are done that can be without recorded data; 1: some failed, or a method "
        "did; 130: interrupted, the same command goes on."
    )
    example = f"dmoe study {name}"
    return click.command(
        name,
        short_help=title,
        help=f"{title}\n\nExit status {statuses}",
        epilog=f"\b\nExamples:\n  {example}\n  {example} --full --out {name}-full/",
    )(run)
