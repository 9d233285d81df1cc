"""Options that several commands have, and reading what was given to them."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

file_path = click.Path(path_type=Path)
"""Type of arguments and options that name a file or a folder."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for machines.")
data_option = click.option(
    "--data", type=file_path, help="Directory of recorded data, or DMOE_DATA."
)
allow_code_option = click.option(
    "--allow-code",
    is_flag=True,
    help="Run code that a set or configuration names (such as mine.py:f): only where you trust it.",
)
seed_option = click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Of the random numbers that methods draw.",
)
solver_option = click.option("--solver", help="For the methods that take one: highs, scip, ...")


def named_values(pairs: Sequence[str], flag: str) -> dict[str, Any]:
    """Return what NAME=VALUE pairs give; a value is JSON where it can be, and text otherwise.

    Parameters
    ----------
    pairs : sequence of str
    flag : str
        The option that gave them, for messages.

    Raises
    ------
    click.UsageError
        For a text that is no such pair, or a name that is given twice.
    """
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name.isidentifier():
            raise click.UsageError(f"{flag} {pair!r} is not NAME=VALUE")
        if name in found:
            raise click.UsageError(f"{flag} {name} is given twice")
        try:
            found[name] = json.loads(text)
        except (ValueError, RecursionError):  # of brackets, thousands deep
            found[name] = text
    return found


def method_names(text: str, flag: str) -> list[str]:
    """Return the methods in NAME,NAME,...

    Parameters
    ----------
    text : str
    flag : str
        The option that gave it, for messages.

    Raises
    ------
    click.UsageError
        Where there is no name.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise click.UsageError(f"{flag} names no method")
    return names


def recorded_data(given: Path | None) -> Path | None:
    """Return the directory of recorded data: as given, or what DMOE_DATA names, or None."""
    return given or (Path(os.environ["DMOE_DATA"]) if os.environ.get("DMOE_DATA") else None)
