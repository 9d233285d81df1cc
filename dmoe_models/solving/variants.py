"""Variants: methods with options and a label, as configurations, commands and notebooks name them.

There is one way to name a method of a run wherever several run together (`validate`, rounds,
studies): its name or a function; or a table of `method`, `label` and the method's options.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias
from unicodedata import category

from dmoe_models.errors import MethodError
from dmoe_models.input_checks import quote
from dmoe_models.solving.catalogue import MethodLike, find_method
from dmoe_models.solving.method import BoundMethod, Method, Variant

VariantLike: TypeAlias = MethodLike | Mapping[str, Any]
"""What stands for a variant: what stands for a method, or a table."""

_NOT_OPTIONS = ("instance", "seed", "time_limit", "label")
"""Arguments of `solve` that are the same for all methods of a run, or none of a method's."""

_UNWRITABLE = ("Cc", "Cs", "Zl", "Zp")
"""Categories of signs that no table can hold: controls, halves of characters, ends of lines."""


def variants(
    entries: VariantLike | Iterable[VariantLike] | Mapping[str, VariantLike],
    *,
    present: bool = True,
) -> list[Variant]:
    """Read a list of methods, as it stands in a configuration.

    Parameters
    ----------
    entries : iterable, or a single entry
        A method's name, a function of an instance, a Variant; or a mapping of `method`, optionally
        `label`, and the method's options. A mapping without `method` is of entries by label.
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
    for entry in listed(entries):
        variant = variant_of(entry)
        label = require_label(variant.label)
        if present:
            find_method(variant)
        for name in _NOT_OPTIONS:
            if name in variant.options:
                called = variant.method if isinstance(variant.method, str) else label
                once = "" if name in ("instance", "label") else "; a run has one for all methods"
                raise MethodError(f"method {called}: {name} is not an option of a method{once}")
        if label in [other.label for other in found]:
            raise MethodError(f"method {quote(label)} stands twice; give one a label")
        found.append(variant)
    if not found:
        raise MethodError("there is no method")
    return found


def variant_of(entry: VariantLike) -> Variant:
    """Return one entry of a list of methods as a Variant; MethodError for what is none.

    Parameters
    ----------
    entry : str, callable, Variant or mapping
        As for `variants`.
    """
    if isinstance(entry, Variant):
        return entry
    if isinstance(entry, BoundMethod):
        return Variant(entry.name, entry.method, entry.options)
    if isinstance(entry, str):
        return Variant(entry, entry)
    if isinstance(entry, Mapping):
        options = dict(entry)
        method, label = options.pop("method", None), options.pop("label", None)
        if not isinstance(method, str) and not isinstance(method, Method) and not callable(method):
            raise MethodError(f"method {quote(dict(entry))} has no name")
        if label is not None:
            require_label(label)
        words = ", ".join(f"{name}={value}" for name, value in options.items())
        name = method if isinstance(method, str) else find_method(method).name
        return Variant(label or (f"{name} ({words})" if words else name), method, options)
    if not isinstance(entry, Method) and not callable(entry):
        raise MethodError(f"method {quote(entry)} is neither a name nor a table nor a function")
    return Variant(find_method(entry).name, entry)


def require_label(label: Any) -> str:
    """Return a label; MethodError for what is not one line of text."""
    writable = isinstance(label, str) and label.strip()
    if not writable or any(category(sign) in _UNWRITABLE for sign in label):
        raise MethodError(f"label {quote(label)} of a method is not one line of text")
    return str(label)


def listed(entries: Any) -> Iterable[VariantLike]:
    """Return entries one by one, from whichever form they were given in."""
    if isinstance(entries, Mapping) and "method" not in entries:
        return [_labelled(label, entry) for label, entry in entries.items()]
    if isinstance(entries, (str, Mapping, Variant, Method, BoundMethod)) or callable(entries):
        return [entries]
    if not isinstance(entries, Iterable):
        raise MethodError(f"methods = {quote(entries)} is not a list of methods")
    return entries


def _labelled(label: Any, entry: VariantLike) -> Variant:
    variant = variant_of(entry)
    return Variant(require_label(label), variant.method, variant.options, variant.source_sha256)
