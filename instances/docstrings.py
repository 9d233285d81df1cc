"""The parameters of a function, as its signature and its numpydoc docstring give them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any, NamedTuple

_UNITS = {
    "_m_s": "m/s",
    "_s": "s",
    "_m": "m",
    "_hz": "Hz",
    "_w": "W",
    "_j": "J",
    "_k": "K",
    "_db": "dB",
    "_dbm": "dBm",
    "_bits": "bit",
}
"""Ends of names -> units; a name without such an end is of a number without a unit."""


class Parameter(NamedTuple):
    """What a caller should know of a parameter; the default is None where one must be given."""

    name: str
    type: str
    default: Any
    meaning: str

    @property
    def unit(self) -> str:
        """The unit that the end of the name stands for; empty where it has none."""
        return next((unit for end, unit in _UNITS.items() if self.name.endswith(end)), "")


def parameters(function: Callable[..., Any]) -> dict[str, Parameter]:
    """Return the named parameters of a function, in their order.

    Parameters
    ----------
    function : callable
        Those that its docstring does not describe have no type and no meaning here.
    """
    described = described_parameters(inspect.getdoc(function) or "")
    found = {}
    for name, entry in inspect.signature(function).parameters.items():
        if entry.kind not in (entry.VAR_POSITIONAL, entry.VAR_KEYWORD):
            default = None if entry.default is entry.empty else entry.default
            kind, meaning = described.get(name, ("", ""))
            found[name] = Parameter(name, kind, default, meaning)
    return found


def sections(docstring: str) -> tuple[str, str, str]:
    """Return what stands before the section Parameters, its lines, and what follows it."""
    before, heading, rest = docstring.partition("Parameters\n----------\n")
    if not heading:
        return docstring, "", ""
    after = re.search(r"^\S.*\n-{3,}$", rest, flags=re.MULTILINE)
    end = after.start() if after else len(rest)
    return before, rest[:end], rest[end:]


def described_parameters(docstring: str) -> dict[str, tuple[str, str]]:
    """Return name -> (type, meaning) of what a numpydoc docstring describes, without its indent."""
    described: dict[str, tuple[str, str]] = {}
    names: list[str] = []
    for line in sections(docstring)[1].splitlines():
        if line[:1].strip():
            heads, _, kind = (part.strip() for part in line.partition(" :"))
            names = [name.strip() for name in heads.split(",")]
            described |= dict.fromkeys(names, (kind, ""))
        else:
            for name in names:
                kind, meaning = described[name]
                described[name] = (kind, f"{meaning} {line.strip()}".strip())
    return described
