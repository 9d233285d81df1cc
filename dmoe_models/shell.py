"""What every command shares: running it, reading options, printing JSON, and how it fails.

Exit status 0 says yes, 1 says no (a solution that is not valid, a breach), 2 says that the question
was wrong: one line on standard error, never a traceback.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import click

from dmoe_models.errors import DmoeError

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for machines.")
file_path = click.Path(path_type=Path)


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
        except ValueError:
            found[name] = text
    return found


def print_json(value: Any) -> None:
    """Print a value as JSON; what is not finite becomes null or a string."""
    from dmoe_models.rows import plain

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
