"""How far a long run is: a bar on a terminal or in a notebook, a line now and then in a file."""

from __future__ import annotations

import html
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TextIO, TypeAlias

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from dmoe_models.errors import DmoeError
from dmoe_models.input_checks import quote

Asked: TypeAlias = bool | Callable[[Any, int, int | None], None] | None
"""Whether progress is shown; None: in a notebook. Or a function of one's own, see `watched`."""


class Display(Protocol):
    """Shows how far a run is."""

    def show(self, text: str, done: int, total: int | None) -> None:
        """Show that `done` of `total` are done; `text` says so in words.

        Parameters
        ----------
        text : str
        done : int
        total : int or None
            None where nobody knows.
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

    def show(self, text: str, done: int, total: int | None) -> None:
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

    def show(self, text: str, done: int, total: int | None) -> None:
        self._bar.update(self._task, completed=done, total=total, description=text)

    def note(self, text: str) -> None:
        self._bar.console.print(text, markup=False, highlight=False)


class _Cell:
    """One output of a notebook's cell, changed in place; a run that ends soon needs none."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._changed = time.monotonic()
        self._notes: list[str] = []
        self._bar = ""

    def show(self, text: str, done: int, total: int | None) -> None:
        if time.monotonic() - self._changed >= _CELL_S:
            size = "" if total is None else f" value='{done}' max='{total}'"
            self._bar = f"<progress{size}></progress> {html.escape(text)}"
            self._change()

    def note(self, text: str) -> None:
        self._notes = [*self._notes[-_CELL_NOTES:], html.escape(text)]
        self._change()

    def end(self) -> None:
        """Leave the notes, if there are any."""
        self._bar = ""
        if self._handle is not None:
            self._change()

    def _change(self) -> None:
        from IPython.display import display  # what a notebook runs on

        self._changed = time.monotonic()
        lines = [*self._notes, self._bar] if self._bar else self._notes
        content = {"text/html": "<br>".join(lines), "text/plain": ""}
        if self._handle is None:
            self._handle = display(content, raw=True, display_id=True)
        else:
            self._handle.update(content, raw=True)


_CELL_S = 0.5
"""Seconds between changes of a notebook's output."""

_CELL_NOTES = 9
"""Notes, beside the newest, that stay in a notebook."""


@contextmanager
def watched(
    asked: Asked, words: Callable[[Any], str] = str
) -> Iterator[Callable[[Any, int, int | None], None] | None]:
    """Yield what is called as a run proceeds, or None where nobody watches.

    Parameters
    ----------
    asked : bool, callable or None
        A function is called with what is done, its number (from 1) and how many there are, None
        where that is not known. True: a bar on a terminal or in a notebook, or lines in a file.
        None: in a notebook only.
    words : callable
        Returns words for what is done.

    Raises
    ------
    DmoeError
        For anything else.
    """
    if callable(asked):
        yield asked
    elif shown(asked):
        with progress(sys.stderr) as display:

            def show(what: Any, number: int, total: int | None) -> None:
                of = f"{number}" if total is None else f"{number}/{total}"
                display.show(f"{of} {words(what)}", number, total)

            yield show
    else:
        yield None


def shown(asked: bool | None) -> bool:
    """Whether progress is shown: if it is asked for, or by default in a notebook."""
    if asked is not None and not isinstance(asked, bool):
        raise DmoeError(f"progress = {quote(asked)} is not True, False or a function")
    return in_notebook() if asked is None else asked


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    return "IPython" in sys.modules and Console().is_jupyter


@contextmanager
def progress(
    out: TextIO, *, pause_s: float = 5.0, ending: bool = False, transient: bool = True
) -> Iterator[Display]:
    """Yield what shows how far a run is, while the enclosed code runs.

    Parameters
    ----------
    out : file
        A terminal gets a bar, anything else gets `Lines`, and a notebook one output that changes.
    pause_s : float
    ending : bool
        As for `Lines`.
    transient : bool
        Whether the bar disappears at the end.
    """
    if in_notebook():
        cell = _Cell()
        try:
            yield cell
        finally:
            cell.end()
        return
    if not out.isatty():
        yield Lines(out, pause_s, ending=ending)
        return
    columns = BarColumn(), TextColumn("{task.description}", markup=False)
    with Progress(*columns, console=Console(file=out), transient=transient) as bar:
        yield _Bar(bar)
