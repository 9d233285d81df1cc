"""How far a long run is: a bar on a terminal, a line now and then in a file."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn


class Display(Protocol):
    """Shows how far a run is."""

    def show(self, text: str, done: int, total: int) -> None:
        """Show that `done` of `total` are done; `text` says so in words.

        Parameters
        ----------
        text : str
        done, total : int
        """

    def note(self, text: str) -> None:
        """Write a line that stays, at once."""


class Lines:
    """Lines in a file or a pipe: one now and then, and every note.

    Parameters
    ----------
    out : file
    pause_s : float
        At least so many seconds between a line and what was written before it.
    ending : bool
        Whether the last one is written whenever it comes.
    """

    def __init__(self, out: TextIO, pause_s: float, *, ending: bool = False) -> None:
        self._out, self._pause_s, self._ending = out, pause_s, ending
        self._written = time.monotonic()

    def show(self, text: str, done: int, total: int) -> None:
        """Write the text, unless something was written just before."""
        late = time.monotonic() - self._written >= self._pause_s
        if late or (self._ending and done == total):
            self.note(text)

    def note(self, text: str) -> None:
        """Write a line."""
        self._written = time.monotonic()
        print(text, file=self._out, flush=True)


class _Bar:
    """A bar on a terminal, notes above it."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task: Any = bar.add_task("starting", total=None)

    def show(self, text: str, done: int, total: int) -> None:
        self._bar.update(self._task, completed=done, total=total, description=text)

    def note(self, text: str) -> None:
        self._bar.console.print(text, markup=False, highlight=False)


@contextmanager
def progress(
    out: TextIO, *, pause_s: float = 5.0, ending: bool = False, transient: bool = True
) -> Iterator[Display]:
    """Yield what shows how far a run is, while the enclosed code runs.

    Parameters
    ----------
    out : file
        A terminal gets a bar, anything else gets `Lines`.
    pause_s : float
    ending : bool
        As for `Lines`.
    transient : bool
        Whether the bar disappears at the end.
    """
    if not out.isatty():
        yield Lines(out, pause_s, ending=ending)
        return
    columns = BarColumn(), TextColumn("{task.description}", markup=False)
    with Progress(*columns, console=Console(file=out), transient=transient) as bar:
        yield _Bar(bar)
