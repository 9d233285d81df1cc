"""JSON documents with a format and a version: parsed with care, written to be read.

The layout is for people and for ``diff``: one key per line, and lists of numbers one to a line.
Python's shortest form of a double reads back as the same double, so nothing is lost. Reading
accepts nothing by accident: keys that are unknown, missing or given twice are faults.
"""

from __future__ import annotations

import difflib
import json
import math
import os
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from dmoe_models.errors import FileError
from dmoe_models.input_checks import is_bool, quote, unicode_text

VERSION = 1
"""Of every format of this package."""

INSTANCE_FORMAT = "dmoe-instance"

LARGEST_BYTES = 100_000_000
"""Larger JSON files are refused, in both directions."""

MOST_DIGITS = 1000
"""Longer integers are not worked out while reading: nothing here needs a hundredth of that."""


def read_document(path: str) -> dict[str, Any]:
    """Parse a JSON file whose outermost value is an object."""
    if os.path.getsize(path) > LARGEST_BYTES:
        raise FileError(_too_large(os.path.getsize(path)))
    with open(path, "rb") as file:
        raw = file.read()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(f"is not UTF-8 text (byte {error.start})") from None
    document = parsed(text)
    if not isinstance(document, dict):
        raise FileError(f"holds {quote(document)}, not a JSON object")
    return document


def parsed(text: str, what: str = "file") -> Any:
    """Parse JSON text in which no key is given twice.

    NaN and Infinity, which JSON does not have, pass as doubles: no field computes with them, and
    the field's own fault names the place. Text with half a surrogate pair is refused here.

    Parameters
    ----------
    text : str
    what : str
        What a fault calls the text.
    """
    try:
        content = json.loads(text, object_pairs_hook=_without_repetition, parse_int=_integer)
    except json.JSONDecodeError as error:
        raise FileError(
            f"{what} is not complete, valid JSON: {error.msg} "
            f"(line {error.lineno}, column {error.colno})"
        ) from None
    if "\\u" in text:  # only an escape can stand for half of a character
        _require_unicode(content, what)
    return content


def _require_unicode(content: Any, what: str) -> None:
    """Raise FileError for the first text or key, by its place, that holds half a surrogate pair."""
    waiting = [("", content)]
    while waiting:
        where, value = waiting.pop()
        if isinstance(value, str):
            unicode_text(where or what, value, FileError)
        elif isinstance(value, dict):
            for key in value:
                unicode_text(f"key of {where or what}", key, FileError)
            prefix = f"{where}." if where else ""
            waiting += [(prefix + key, entry) for key, entry in reversed(value.items())]
        elif isinstance(value, list):
            waiting += [(f"{where}[{i}]", value[i]) for i in reversed(range(len(value)))]


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise FileError(f"key {quote(key)} is given twice")
        result[key] = value
    return result


def _integer(digits: str) -> int:
    """Return an integer; of one of thousands of digits the order of magnitude.

    No field takes it either way, and the field's own fault names the place.
    """
    if len(digits) <= MOST_DIGITS:
        return int(digits)
    size = 1 << math.ceil(len(digits.lstrip("-")) * math.log2(10))
    return -size if digits.startswith("-") else size


def as_whole(value: Any, depth: int) -> Any:
    """Return a number that is written as 2.0 or 2e0 as 2, in lists and objects too.

    JSON has one kind of number, and JSON Schema counts 2.0 among the integers. What is no whole
    number stays: the field's own fault names it.

    Parameters
    ----------
    value : object
        As parsed.
    depth : int
        How deep lists and objects are looked into.
    """
    if type(value) is float and value.is_integer():
        return int(value)
    if depth and isinstance(value, list):
        return [as_whole(entry, depth - 1) for entry in value]
    if depth and isinstance(value, dict):
        return {key: as_whole(entry, depth - 1) for key, entry in value.items()}
    return value


def checked_content(
    document: dict[str, Any], form: str, known: Iterable[str], required: Iterable[str]
) -> dict[str, Any]:
    """Return a document without its format and version, once these and its keys are right.

    Parameters
    ----------
    document : dict
        As parsed.
    form : str
        The format that is expected.
    known, required : iterable of str
        Keys that may stand in it, and those that must.

    Raises
    ------
    FileError
        For another format or version, and keys that are unknown or missing.
    """
    check_header(document, form)
    content = {key: document[key] for key in document if key not in ("format", "version")}
    check_names("key", content, known, required)
    return content


def check_header(header: Mapping[str, Any], form: str) -> None:
    """Raise FileError unless format and version are those that this module reads.

    Parameters
    ----------
    header : mapping
        With ``format`` and ``version``.
    form : str
        The format that is expected.
    """
    for name in ("format", "version"):
        if name not in header:
            raise FileError(f"{name} is missing")
    if header["format"] != form:
        raise FileError(f"format = {quote(header['format'])}, expected {form!r}")
    version = header["version"]
    if is_bool(version) or version != VERSION:
        raise FileError(f"version = {quote(version)}, but only {VERSION} can be read")


def check_names(
    kind: str, given: Iterable[str], known: Iterable[str], required: Iterable[str]
) -> None:
    """Raise FileError for the first name that is unknown, then for one that is missing.

    Parameters
    ----------
    kind : str
        What the names are of, for the message.
    given, known, required : iterable of str
    """
    given, known = list(given), list(known)
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise FileError(f"unknown {kind} {quote(name)}{hint}")
    for name in required:
        if name not in given:
            raise FileError(f"{kind} {name} is missing")


def require_named_instance(content: Mapping[str, Any]) -> None:
    """Raise FileError unless a document says by name and hash which instance it is about."""
    for name in ("instance", "instance_sha256"):
        if not isinstance(content[name], str):
            raise FileError(f"{name} = {quote(content[name])} is not a string")
    digest = content["instance_sha256"]
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
        raise FileError(
            f"instance_sha256 = {quote(digest)} is not 64 lower-case hexadecimal digits"
        )


def write_document(document: Mapping[str, Any], path: str) -> None:
    """Write a JSON file that does not exist yet; lists of numbers take one line each.

    Parameters
    ----------
    document : mapping
        Plain JSON values and arrays.
    path : str

    Raises
    ------
    FileError
        For text that is not Unicode, and where the file would be too large to be read.
    """
    try:
        raw = (_formatted(document) + "\n").encode("utf-8")
    except UnicodeEncodeError as error:
        raise FileError(f"{quote(error.object[error.start])} is not Unicode text") from None
    if len(raw) > LARGEST_BYTES:
        raise FileError(_too_large(len(raw)))
    with open(path, "xb") as file:
        file.write(raw)


def _too_large(size: int) -> str:
    return (
        f"{size} bytes are too many for JSON (at most {LARGEST_BYTES}); netCDF (.nc) holds large "
        "instances"
    )


def _formatted(value: Any, indent: str = "") -> str:
    """Write JSON with lists that hold no other list, and empty objects, on one line."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    inner = indent + "  "
    if isinstance(value, Mapping) and value:
        lines = [
            f"{json.dumps(key, ensure_ascii=False)}: {_formatted(entry, inner)}"
            for key, entry in value.items()
        ]
        opening, closing = "{", "}"
    elif isinstance(value, (list, tuple)) and any(
        isinstance(entry, (list, tuple, Mapping)) for entry in value
    ):
        lines = [_formatted(entry, inner) for entry in value]
        opening, closing = "[", "]"
    else:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    separator = ",\n" + inner
    return f"{opening}\n{inner}{separator.join(lines)}\n{indent}{closing}"
