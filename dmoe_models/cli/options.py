"""Options that several commands have, and reading what was given to them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from dmoe_models.solving.method import Variant
from dmoe_models.solving.plugins import file_of
from dmoe_models.solving.variants import variants

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


added_methods_option = click.option(
    "--method",
    "added",
    multiple=True,
    metavar="[LABEL=]NAME",
    help="Add a method: a name, or path/to/mine.py:function; LABEL is what tables call it. "
    "Repeatable.",
)
method_options_option = click.option(
    "--option",
    "options",
    multiple=True,
    metavar="METHOD.NAME=VALUE",
    help="Of one of the methods named here, by its label or its name, such as top-k.k=1. "
    "Repeatable.",
)


def method_variants(names: Iterable[str], options: Sequence[str]) -> list[Variant]:
    """Return the methods with the options that METHOD.NAME=VALUE pairs give to them.

    Parameters
    ----------
    names : iterable of str
        NAME or LABEL=NAME.
    options : sequence of str

    Raises
    ------
    click.UsageError
        For a pair that is none, or names another method.
    MethodError
        For a label that stands twice, or a method that is unknown.
    """
    known: dict[str, str] = {}
    for label, name in map(_labelled, names):
        if known.setdefault(label, name) != name:
            raise click.UsageError(f"two methods are called {label}")
    pairs: dict[str, list[str]] = {}
    for text in options:
        place = max((label for label in known if text.startswith(f"{label}.")), key=len, default="")
        if not place:
            words = ", ".join(known) or "named by --methods or --method"
            raise click.UsageError(
                f"--option {text!r} is not METHOD.NAME=VALUE; methods are {words}"
            )
        pairs.setdefault(place, []).append(text[len(place) + 1 :])
    entries: list[dict[str, Any]] = []
    for label, name in known.items():
        given = named_values(pairs.get(label, ()), f"--option {label}:")
        for reserved in ("method", "label"):  # of the entry; `variants` refuses a run's own
            if reserved in given:
                raise click.UsageError(f"--option {label}: {reserved} is not an option of methods")
        own = {} if label == name else {"label": label}
        entries.append({"method": name, **own, **given})
    return variants(entries) if entries else []


def labels_of(pairs: Sequence[str]) -> dict[str, str]:
    """Return the labels by method that METHOD=LABEL pairs give; UsageError for what is none."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, _, label = pair.partition("=")
        if not name.strip() or not label.strip():
            raise click.UsageError(f"--label {pair!r} is not METHOD=LABEL")
        found[name.strip()] = label.strip()
    return found


def _labelled(text: str) -> tuple[str, str]:
    """Return the label and the name in [LABEL=]NAME; a file's path may hold the sign as well."""
    label, sign, name = text.partition("=")
    if not sign or Path(file_of(text)).is_file():
        return text, text
    return label.strip(), name.strip()


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
