"""What every command shares: running it, reading options, printing JSON, and how it fails.

Exit status 0 says yes, 1 says no (a solution that is not valid, a breach), 2 says that the question
was wrong: one line on standard error, never a traceback.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import click

from dmoe_models.errors import DmoeError

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for machines.")
file_path = click.Path(path_type=Path)

_SMALLEST_PAUSE = 5.0  # seconds between lines of progress that go into a file


def run(command: click.Command, name: str, arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and exit with its status; whatever is wrong is said in one line.

    Parameters
    ----------
    command : click.Command
    name : str
        As shown in its help.
    arguments : sequence of str, optional
        Those of the process by default.
    """
    try:
        status = command.main(arguments, prog_name=name, standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        status = _complaint(error.format_message())
    except DmoeError as error:
        status = _complaint(str(error))
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        status = 130
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 141
    except OSError as error:
        status = _complaint(f"{error.filename or 'output'}: {error.strerror or error}")
    sys.exit(status if isinstance(status, int) else 0)


def _complaint(message: str) -> int:
    click.echo("error: " + " ".join(message.split()), err=True)
    return 2


def options_given(pairs: Sequence[str], flag: str) -> dict[str, Any]:
    """Read NAME=VALUE pairs; a value is JSON where it can be, and text otherwise."""
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


def names_given(text: str, flag: str) -> list[str]:
    """Read NAME,NAME,... of methods."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise click.UsageError(f"{flag} names no method")
    return names


def print_json(value: Any) -> None:
    """Print a value as JSON; what is not finite becomes null or a string."""
    from dmoe_models.files.plain_json import plain

    click.echo(json.dumps(plain(value), indent=1))


@contextmanager
def progress(wanted: bool, source: str = "dmoe_models") -> Iterator[None]:
    """Write what `source` logs about its progress to standard error, if that is wanted."""
    log, handler = logging.getLogger(source), logging.StreamHandler()
    if wanted:
        log.addHandler(handler)
        log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(logging.NOTSET)


@contextmanager
def counting() -> Iterator[Callable[[str, int, int], None]]:
    """Yield what is told a text, a number (from 1) and how many there are, as runs finish.

    A bar on a terminal, else a line on standard error every few seconds.
    """
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        with Progress(
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.description}"),
            console=Console(stderr=True),
            transient=True,
        ) as bar:
            task = bar.add_task("starting", total=None)

            def advance(text: str, number: int, total: int) -> None:
                bar.update(task, total=total, completed=number, description=text)

            yield advance
        return

    said = time.monotonic()

    def say(text: str, number: int, total: int) -> None:
        nonlocal said
        if time.monotonic() - said > _SMALLEST_PAUSE:
            said = time.monotonic()
            click.echo(f"{number}/{total} {text}", err=True)

    yield say


def recorded_data(given: Path | None) -> Path | None:
    """Return the directory of recorded data: as given, or what DMOE_DATA names, or None."""
    return given or (Path(os.environ["DMOE_DATA"]) if os.environ.get("DMOE_DATA") else None)


def violation_facts(report: Any) -> list[dict[str, Any]]:
    """Return the violations of a referee's report, for JSON."""
    return [
        {
            "constraint": violation.constraint,
            "index": list(violation.index),
            "amount": violation.amount,
            "message": violation.message,
        }
        for violation in report.violations
    ]
