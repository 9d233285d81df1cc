"""Running a command: its exit status, how it fails, and what it logs.

Exit status 0 says yes, 1 says no (a solution that is not valid, a breach), 2 says that the question
was wrong: one line on standard error, never a traceback.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

import click

from dmoe_models.environment import require_own_packages
from dmoe_models.errors import DmoeError


def run(command: click.Command, name: str, arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and exit with its status; whatever is wrong is one line.

    Parameters
    ----------
    command : click.Command
    name : str
        As its help calls it.
    arguments : sequence of str, optional
        Those of the process by default.
    """
    try:
        require_own_packages()
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


@contextmanager
def log_progress(wanted: bool, source: str = "dmoe_models") -> Iterator[None]:
    """Write what `source` logs about its progress to standard error, if that is wanted.

    Parameters
    ----------
    wanted : bool
    source : str
        Name of a logger.
    """
    log, handler = logging.getLogger(source), logging.StreamHandler()
    if wanted:
        log.addHandler(handler)
        log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(logging.NOTSET)
