"""The errors a user can cause, each with one line that says what to change."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any

_ENDLESS = re.compile(r"\S{1000,}")


class DmoeError(ValueError):
    """A mistake in what was asked or handed over; its text is meant for a person to read.

    It is one line, whatever is quoted in it: line breaks and controls are written as in a string,
    and words of thousands of signs are cut.
    """

    def __str__(self) -> str:
        text = _ENDLESS.sub(lambda word: word[0][:60] + "...", super().__str__())
        return text if text.isprintable() else "".join(map(_written, text))


def _written(sign: str) -> str:
    return sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii")


class InstanceError(DmoeError):
    """Instance data that cannot be: the text names the field, the index and the value."""


class SolutionError(DmoeError):
    """Solution data of the wrong kind (shape or type), before any question of feasibility."""


class FileError(DmoeError):
    """A file that cannot be read or written as what it should be: the text names the file."""


InstanceFileError = FileError
"""The name of `FileError` in version 0.1.0."""


class MethodError(DmoeError):
    """A method that is unknown, not installed, misused, or not meant for the problem at hand."""


def require_kind(
    name: str, value: object, kind: Any, error: type[DmoeError] = DmoeError, hint: str = ""
) -> None:
    """Raise an error where an argument is not of the class that it has to be of.

    Parameters
    ----------
    name : str
        Of the argument.
    value : object
        As it was handed over.
    kind : type, or several of them as ``A | B``
    error : type
        What to raise.
    hint : str
        What to do instead; the end of the message.
    """
    if not isinstance(value, kind):
        given = type(value).__name__
        wanted = f", and has to be of type {kind.__name__}" if isinstance(kind, type) else ""
        raise error(f"{name} is of type {given}{wanted}{hint}")


def did_you_mean(given: object, known: Iterable[str]) -> str:
    """Return "; did you mean NAME?" for a name that is like a known one; else an empty text.

    Parameters
    ----------
    given : object
        What was asked for; what is no text is like nothing.
    known : iterable of str
    """
    if not isinstance(given, str):
        return ""
    names = {name.casefold(): name for name in known}
    found = difflib.get_close_matches(given.casefold(), names, n=1)
    return f"; did you mean {names[found[0]]}?" if found else ""
