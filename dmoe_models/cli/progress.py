"""How far a long run is, on standard error."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

Advance = Callable[[str, int, int], None]
"""Called with a text, a number (from 1) and how many there are, as runs finish."""

_SMALLEST_PAUSE_S = 5.0
"""Between lines of progress that go into a file."""


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


@contextmanager
def progress_bar() -> Iterator[Advance]:
    """Yield what to call as runs finish: a bar on a terminal, else a line every few seconds."""
    if sys.stderr.isatty():
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

    last = time.monotonic()

    def write_line(text: str, number: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last > _SMALLEST_PAUSE_S:
            last = time.monotonic()
            click.echo(f"{number}/{total} {text}", err=True)

    yield write_line
