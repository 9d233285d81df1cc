"""Run studies, look how far they are, report what they found."""

from __future__ import annotations

import importlib

import click

from dmoe_models.cli.folder import CommandFolder
from dmoe_models.studies.study import study_help, study_names


class StudyCommands(CommandFolder):
    """The commands of this folder and one for every study, each imported when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands and studies, sorted."""
        return sorted({*super().list_commands(ctx), *study_names()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, or the one that runs that study."""
        if cmd_name not in study_names():
            return super().get_command(ctx, cmd_name)
        command = importlib.import_module(f"{__name__}._run").run_command(cmd_name)
        assert isinstance(command, click.Command)
        return command

    def summary(self, ctx: click.Context, name: str) -> str:
        """Return the line about a command or a study in the list of commands."""
        return study_help(name) if name in study_names() else super().summary(ctx, name)


@click.group(
    cls=StudyCommands,
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
