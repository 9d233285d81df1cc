"""Standard output and standard error that cannot abort a command.

What a command prints is the least of what it leaves: its files come first. So a character that the
screen does not know is replaced, a reader that has seen enough (`| head`) is no error, and a screen
that is full or gone makes the rest silent, to be reported at the end.
"""

from __future__ import annotations

import io
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO


class Screen(io.TextIOBase):
    """A stream that takes everything, and remembers why it could not show it.

    What the encoding does not have is replaced as the stream does it, or by question marks. It has
    no ``buffer``: output through it would pass by what is done here.

    Parameters
    ----------
    stream : file
        Where the text goes.
    name : str
        Of the stream, for people.
    """

    def __init__(self, stream: TextIO, name: str) -> None:
        self._stream, self.name = stream, name
        self.failure: OSError | None = None
        """Why not everything was shown; a reader that left is no such reason."""
        self._silent = False
        with suppress(OSError, ValueError):  # a terminal or pipe that another program left so
            os.set_blocking(stream.fileno(), True)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding of what is shown."""
        return self._stream.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        """What becomes of characters that the encoding does not have."""
        return self._stream.errors

    def reconfigure(self, **settings: Any) -> None:
        """Change how the stream encodes, as `io.TextIOWrapper` does, where it can be changed."""
        if isinstance(self._stream, io.TextIOWrapper):
            self._stream.reconfigure(**settings)

    def fileno(self) -> int:
        """Return the number of the stream's file."""
        return self._stream.fileno()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._stream.isatty()

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, text: str) -> int:
        """Show a text, as far as it can be shown."""
        if not self._silent:
            try:
                self._stream.write(self._showable(text))
            except OSError as error:
                self._fail(error)
        return len(text)

    def _showable(self, text: str) -> str:
        """Return the text with lines that the encoding does not have replaced by what it has.

        Such a line is written in ASCII altogether: half of a name in a code page and half of it in
        question marks is read by nobody.
        """
        encoding, errors = self.encoding or "utf-8", self.errors
        if errors in (None, "strict", "surrogateescape"):
            errors = "replace"
        try:
            text.encode(encoding)
            return text
        except UnicodeEncodeError:
            known = encoding if encoding.lower().startswith("utf") else "ascii"
            lines = text.splitlines(keepends=True)
            if len(lines) > 1:
                return "".join(map(self._showable, lines))
            return text.encode(known, errors).decode(known)

    def flush(self) -> None:
        """Show what was written so far."""
        if not self._silent:
            try:
                self._stream.flush()
            except OSError as error:
                self._fail(error)

    def _fail(self, error: OSError) -> None:
        if not isinstance(error, ConnectionError):  # of which a broken pipe is one
            self.failure = error
        self.silence()

    def silence(self) -> None:
        """Show nothing from now on: what compiled code and other processes print is lost, too."""
        self._silent = True
        with suppress(OSError, ValueError):
            number = self._stream.fileno()
            if number in (1, 2):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, number)
                os.close(nowhere)
                self._stream.flush()  # what is left must not fail again when Python exits

    def give_up_if_blocked(self) -> None:
        """Be silent where nobody reads: a command that is to end must not wait for a reader."""
        with suppress(OSError, ValueError):  # not a file of the system, which never blocks
            if not select.select([], [self._stream.fileno()], [], 0)[1]:
                self.silence()


def occupy_standard_files() -> None:
    """Let closed standard streams be the null device.

    A file that is opened would get the number of a closed one, and what compiled code prints would
    be written into it.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # gets the lowest number free


def _nowhere() -> TextIO:
    """Return what stands for a stream that Python found closed."""
    return open(os.devnull, "w", encoding="utf-8")


@contextmanager
def screens() -> Iterator[tuple[Screen, Screen]]:
    """Let standard output and standard error be screens in the enclosed code, and yield them."""
    occupy_standard_files()
    before = sys.stdout, sys.stderr
    out = Screen(sys.stdout or _nowhere(), "standard output")
    err = Screen(sys.stderr or _nowhere(), "standard error")
    sys.stdout, sys.stderr = out, err
    try:
        yield out, err
    finally:
        out.flush()
        err.flush()
        sys.stdout, sys.stderr = before
