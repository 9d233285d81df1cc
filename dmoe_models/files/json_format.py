"""What stands in JSON files of instances and solutions.

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
from dataclasses import MISSING, fields
from typing import Any

import numpy as np

from dmoe_models.errors import InstanceFileError, SolutionError
from dmoe_models.input_checks import quote, real_number, whole_array, whole_number
from dmoe_models.model.instance import Instance
from dmoe_models.model.solution import Solution

INSTANCE_FORMAT, SOLUTION_FORMAT = "dmoe-instance", "dmoe-solution"
VERSION = 1

LARGEST_BYTES = 100_000_000
"""Larger JSON files are refused, in both directions."""

MOST_DIGITS = 1000
"""Longer integers are not worked out while reading: nothing here needs a hundredth of that."""

MOST_FLAGS = 2**30
"""Largest K K M of a solution with several subcarriers per link: a short file can claim any."""

INSTANCE_FIELDS = [f.name for f in fields(Instance)]
REQUIRED_FIELDS = [
    f.name for f in fields(Instance) if f.default is MISSING and f.default_factory is MISSING
]


# ------------------------------------------------------------------------------------ instances


def read_instance_fields(path: str) -> dict[str, Any]:
    """Return the constructor's arguments that stand in an instance file, not yet validated."""
    return checked_content(read_document(path), INSTANCE_FORMAT, INSTANCE_FIELDS, REQUIRED_FIELDS)


def write_instance(instance: Instance, path: str) -> None:
    """Write an instance to a file that does not exist yet."""
    content = {name: getattr(instance, name) for name in INSTANCE_FIELDS}
    if instance.assignment is None:
        del content["assignment"]
    write_document({"format": INSTANCE_FORMAT, "version": VERSION} | content, path)


# ------------------------------------------------------------------------------------ solutions


def read_solution(path: str) -> Solution:
    """Return the solution in a file."""
    content = checked_content(
        read_document(path),
        SOLUTION_FORMAT,
        ["instance", "instance_sha256", "experts", *_CHANNEL_KEYS, "objective"],
        ["instance", "instance_sha256", "experts"],
    )
    for name in ("instance", "instance_sha256"):
        if not isinstance(content[name], str):
            raise InstanceFileError(f"{name} = {quote(content[name])} is not a string")
    digest = content["instance_sha256"]
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
        raise InstanceFileError(
            f"instance_sha256 = {quote(digest)} is not 64 lower-case hexadecimal digits"
        )
    objective = content.get("objective")
    assignment, subcarriers = _channel_decision(content)
    channel = subcarriers if assignment is None else assignment
    assert channel is not None
    return Solution(
        selection=_flags("experts", content["experts"], len(channel), "an expert"),
        assignment=assignment,
        subcarriers=subcarriers,
        instance_sha256=digest,
        objective=None if objective is None else real_number("objective", objective),
    )


def write_solution(solution: Solution, path: str, instance: Instance) -> None:
    """Write a solution of `instance` to a file that does not exist yet."""
    solution.require_shape(instance)
    if solution.instance_sha256 not in (None, instance.sha256):
        raise SolutionError(f"the solution was made for another instance than {instance.name}")
    content: dict[str, Any] = {
        "format": SOLUTION_FORMAT,
        "version": VERSION,
        "instance": instance.name,
        "instance_sha256": instance.sha256,
        "experts": solution.experts,
    }
    if solution.subcarriers is None:
        content["assignment"] = solution.assignment_for(instance)
    else:
        content["subcarrier_count"] = instance.M
        content["subcarriers"] = [
            [np.flatnonzero(owned).tolist() for owned in row] for row in solution.subcarriers
        ]
    if solution.objective is not None:
        real_number("objective", solution.objective)  # JSON has no infinity
    write_document(content | {"objective": solution.objective}, path)


_CHANNEL_KEYS = ("assignment", "subcarriers", "subcarrier_count")


def _channel_decision(content: Mapping[str, Any]) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return assignment or subcarriers, whichever the file gives."""
    if ("assignment" in content) == ("subcarriers" in content):
        raise InstanceFileError("exactly one of the keys assignment and subcarriers is needed")
    if ("subcarriers" in content) != ("subcarrier_count" in content):
        raise InstanceFileError("subcarrier_count belongs beside subcarriers, and nowhere else")
    if "assignment" in content:
        assignment = whole_array("assignment", content["assignment"], 2, SolutionError)
        if assignment.shape[0] != assignment.shape[1]:
            raise InstanceFileError(f"assignment: shape {assignment.shape} is not square")
        return assignment, None
    count = whole_number("subcarrier_count", content["subcarrier_count"])
    rows = _list("subcarriers", content["subcarriers"])
    for i, row in enumerate(rows):
        if len(_list(f"subcarriers[{i}]", row)) != len(rows):
            raise InstanceFileError(
                f"subcarriers[{i}]: {len(row)} links, expected one per node ({len(rows)})"
            )
    if not 1 <= count * len(rows) ** 2 <= MOST_FLAGS:
        raise InstanceFileError(f"subcarrier_count = {quote(count)} is out of range")
    flags = [_flags(f"subcarriers[{i}]", row, count, "a subcarrier") for i, row in enumerate(rows)]
    return None, np.array(flags)


def _flags(field: str, lists: Any, count: int, kind: str) -> np.ndarray:
    """Turn lists of distinct indices below `count` into rows of a bool array."""
    flags = np.zeros((len(_list(field, lists)), count), dtype=bool)
    for row, indices in enumerate(lists):
        for position, index in enumerate(_list(f"{field}[{row}]", indices)):
            here = f"{field}[{row}][{position}] = {quote(index)}"
            if type(index) is not int or not 0 <= index < count:
                raise InstanceFileError(f"{here} is not {kind} (0 to {count - 1})")
            if flags[row, index]:
                raise InstanceFileError(f"{here} is given twice")
            flags[row, index] = True
    return flags


def _list(field: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise InstanceFileError(f"{field} = {quote(value)} is not a list")
    return value


# ------------------------------------------------------------------------------------- documents


def read_document(path: str) -> dict[str, Any]:
    """Parse a JSON file whose outermost value is an object."""
    if os.path.getsize(path) > LARGEST_BYTES:
        raise InstanceFileError(_too_large(os.path.getsize(path)))
    with open(path, "rb") as file:
        raw = file.read()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InstanceFileError(f"is not UTF-8 text (byte {error.start})") from None
    document = parsed(text)
    if not isinstance(document, dict):
        raise InstanceFileError(f"holds {quote(document)}, not a JSON object")
    return document


def parsed(text: str, what: str = "file") -> Any:
    """Parse JSON text in which no key is given twice.

    NaN and Infinity, which JSON does not have, pass as doubles: no field takes them, and the
    field's own fault names the place.
    """
    try:
        return json.loads(text, object_pairs_hook=_without_repetition, parse_int=_integer)
    except json.JSONDecodeError as error:
        raise InstanceFileError(
            f"{what} is not complete, valid JSON: {error.msg} "
            f"(line {error.lineno}, column {error.colno})"
        ) from None


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise InstanceFileError(f"key {quote(key)} is given twice")
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


def checked_content(
    document: dict[str, Any], form: str, known: Iterable[str], required: Iterable[str]
) -> dict[str, Any]:
    """Return a document without its format and version, once these and its keys are right."""
    check_header(document, form)
    content = {key: document[key] for key in document if key not in ("format", "version")}
    check_names("key", content, known, required)
    return content


def check_header(header: Mapping[str, Any], form: str) -> None:
    """Raise InstanceFileError unless format and version are those that this module reads."""
    for name in ("format", "version"):
        if name not in header:
            raise InstanceFileError(f"{name} is missing")
    if header["format"] != form:
        raise InstanceFileError(f"format = {quote(header['format'])}, expected {form!r}")
    version = header["version"]
    if type(version) is not int or version != VERSION:
        raise InstanceFileError(f"version = {quote(version)}, but only {VERSION} can be read")


def check_names(
    kind: str, given: Iterable[str], known: Iterable[str], required: Iterable[str]
) -> None:
    """Raise InstanceFileError for the first name that is unknown, then for one that is missing."""
    given, known = list(given), list(known)
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise InstanceFileError(f"unknown {kind} {quote(name)}{hint}")
    for name in required:
        if name not in given:
            raise InstanceFileError(f"{kind} {name} is missing")


def write_document(document: Mapping[str, Any], path: str) -> None:
    """Write a JSON file that does not exist yet; lists of numbers take one line each."""
    try:
        raw = (_formatted(document) + "\n").encode("utf-8")
    except UnicodeEncodeError as error:
        raise InstanceFileError(f"{quote(error.object[error.start])} is not Unicode text") from None
    if len(raw) > LARGEST_BYTES:
        raise InstanceFileError(_too_large(len(raw)))
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
