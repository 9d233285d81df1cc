"""Running a command: its exit status, how it fails, and what it logs.

Exit status 0 says yes, 1 says no (a solution that is not valid, a breach) or that the screen was
full, 2 says that the question was wrong: one line on standard error, never a traceback. 130 says
that the command was interrupted, 143 that it was terminated.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

import click

from dmoe_models.cli.guard import interrupts_raise, stopping
from dmoe_models.cli.screen import screens
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
    with screens() as (out, err):
        try:
            interrupts_raise(True)
            status = _status(command, name, arguments)
            out.flush()
        except (click.Abort, Exception, KeyboardInterrupt) as error:
            stop = stopping() or (130 if isinstance(error, (click.Abort, KeyboardInterrupt)) else 0)
            if not stop:
                raise
            status = stop  # whatever a library has made of the interrupt
            out.give_up_if_blocked()
            err.give_up_if_blocked()
            click.echo("interrupted", err=True)
            if stopping():  # what Python does at its end may take a while
                out.flush()
                err.flush()
                os._exit(status)
        finally:
            interrupts_raise(False)
        err.flush()
        for screen in (out, err):
            if screen.failure is not None:
                reason = screen.failure.strerror or screen.failure
                click.echo(f"error: {screen.name}: {reason}", err=True)
                status = status or 1
    sys.exit(status)


def _status(command: click.Command, name: str, arguments: Sequence[str] | None) -> int:
    """Run a command; return its exit status, having said what was wrong with the question."""
    try:
        require_own_packages()
        status = command.main(arguments, prog_name=name, standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:  # `dmoe` alone asks what there is
        click.echo(error.format_message(), err=True)
        return 2
    except click.ClickException as error:
        return _complaint(error.format_message())
    except DmoeError as error:
        return _complaint(str(error))
    except OSError as error:
        return _complaint(f"{error.filename or 'output'}: {error.strerror or error}")
    return status if isinstance(status, int) else 0


def _complaint(message: str) -> int:
    if stopping():  # what is wrong is a consequence
        raise KeyboardInterrupt
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
