"""Variants: methods with options and a label, as configurations and commands name them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from unicodedata import category

from dmoe_models.errors import MethodError
from dmoe_models.input_checks import quote
from dmoe_models.solving.catalogue import find_method
from dmoe_models.values.value import Value


@dataclass(frozen=True, eq=False)
class Variant(Value):
    """A method with options of its own, and the label under which its results stand.

    Attributes
    ----------
    label : str
    method : str
        A name from `methods()`, or ``path/to/file.py:function``.
    options : mapping
        Of the method, such as ``{"z": 0.5}``.
    source_sha256 : str
        Hash of the file that a plug-in's source is in, where that has to stay the same; else empty.
    """

    label: str
    method: str
    options: Mapping[str, Any] = field(default_factory=dict)
    source_sha256: str = ""


_NOT_OPTIONS = ("instance", "seed", "time_limit")
"""Arguments of `solve` that are the same for all methods of a run."""

_UNWRITABLE = ("Cc", "Cs", "Zl", "Zp")
"""Categories of signs that no table can hold: controls, halves of characters, ends of lines."""


def variants(
    entries: Iterable[str | Variant | Mapping[str, Any]], *, present: bool = True
) -> list[Variant]:
    """Read a list of methods, as it stands in a configuration.

    Parameters
    ----------
    entries : iterable of str, Variant or mapping
        A method's name; or a mapping of `method`, optionally `label`, and the method's options.
    present : bool
        Refuse methods that are unknown here. Without it the list is only read, not to be run.

    Returns
    -------
    list of Variant

    Raises
    ------
    MethodError
        For an unknown method, an entry that is none, an option that is the run's to set, or a label
        that stands twice or is not one line of text.
    """
    found: list[Variant] = []
    for entry in entries:
        if isinstance(entry, str):
            entry = Variant(entry, entry)
        elif isinstance(entry, Mapping):
            options = dict(entry)
            method, label = options.pop("method", None), options.pop("label", None)
            words = ", ".join(f"{name}={value}" for name, value in options.items())
            label = label or (f"{method} ({words})" if words else method)
            if not isinstance(method, str) or not isinstance(label, str):
                raise MethodError(f"method {quote(dict(entry))} has no name")
            entry = Variant(label, method, options)
        elif not isinstance(entry, Variant):
            raise MethodError(f"method {quote(entry)} is neither a name nor a table")
        if not entry.label.strip() or any(category(sign) in _UNWRITABLE for sign in entry.label):
            raise MethodError(f"label {quote(entry.label)} of a method is not one line of text")
        if present:
            find_method(entry.method)
        for name in _NOT_OPTIONS:
            if name in entry.options:
                raise MethodError(f"method {entry.method}: {name} is not an option of a method")
        if entry.label in [other.label for other in found]:
            raise MethodError(f"method {quote(entry.label)} stands twice; give one a label")
        found.append(entry)
    if not found:
        raise MethodError("there is no method")
    return found
