"""Run studies, look how far they are, report what they found."""

from __future__ import annotations

import click

from dmoe_models.cli.commands.study._run import run_command
from dmoe_models.cli.folder import CommandFolder
from dmoe_models.studies.study import study_names


@click.group(
    cls=CommandFolder,
    package=__name__,
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


for _name in study_names():
    study.add_command(run_command(_name))
