"""Groups of commands that are found as files of a folder."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from typing import Any

import click

from dmoe_models.errors import did_you_mean


class CommandFolder(click.Group):
    """A group whose commands are the modules of a package, each imported when it is called.

    A module holds the command under its own name; ``read_solution.py`` is the command
    ``read-solution``. The list of commands shows the first line of each module's docstring, which
    is read without importing the module: help is quick whatever a command needs.

    Parameters
    ----------
    package : str
        Dotted name of the package that holds the modules.
    **attributes
        As `click.Group` takes them.
    """

    def __init__(self, *, package: str, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.package = package

    def modules(self) -> dict[str, pkgutil.ModuleInfo]:
        """Return the modules of the package by the names of their commands."""
        folder = importlib.import_module(self.package).__path__
        return {
            info.name.rstrip("_").replace("_", "-"): info
            for info in pkgutil.iter_modules(folder)
            if not info.name.startswith("_")
        }

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, sorted."""
        return sorted(self.modules())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, importing its module; None where there is none."""
        info = self.modules().get(cmd_name)
        if info is None:
            return None
        command = getattr(importlib.import_module(f"{self.package}.{info.name}"), info.name)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that arguments begin with, as `click.Group` does; help with its name.

        Parameters
        ----------
        ctx : click.Context
        args : list of str
        """
        known = self.list_commands(ctx)
        if args[0] not in known and not args[0].startswith("-"):
            near = did_you_mean(args[0], known) or f"; commands are {', '.join(known)}"
            ctx.fail(f"No such command {args[0]!r}{near}")
        return super().resolve_command(ctx, args)

    def summary(self, ctx: click.Context, name: str) -> str:
        """Return the line about a command in the list of commands.

        Parameters
        ----------
        ctx : click.Context
        name : str
            Of one of the group's commands.
        """
        info = self.modules()[name]
        spec = info.module_finder.find_spec(info.name, None)
        assert spec is not None
        source = spec.loader.get_source(info.name)  # type: ignore[union-attr]
        return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands, as `click.Group` does, without importing them."""
        rows = [(name, self.summary(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
