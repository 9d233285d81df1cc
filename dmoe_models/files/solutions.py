"""Solution files: JSON with the experts of every token and the subcarriers of every link.

The format is specified in ``instances/FORMAT.md``.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from dmoe_models.errors import FileError, SolutionError
from dmoe_models.files.documents import (
    VERSION,
    as_whole,
    checked_content,
    read_document,
    require_named_instance,
    write_document,
)
from dmoe_models.files.paths import Path, by_extension, existing, naming, replacement
from dmoe_models.input_checks import quote, real_number, whole_number
from dmoe_models.model.arrays import whole_array
from dmoe_models.model.instance import Instance, require_instance
from dmoe_models.model.solution import Solution, require_solution

SOLUTION_FORMAT = "dmoe-solution"

MOST_FLAGS = 2**30
"""Largest K K M of a solution with several subcarriers per link: a short file can claim any."""

_CHANNEL_KEYS = ("assignment", "subcarriers", "subcarrier_count")
_WHOLE = ("experts", *_CHANNEL_KEYS)


def read_solution(path: Path) -> Solution:
    """Read a solution from a ``.json`` file.

    Whether it satisfies its instance is not looked at: that is the referee's.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    Solution
        With the hash of the instance that it was made for.

    Raises
    ------
    FileError
        One line that names the file and what is wrong in it.
    """
    with naming(path):
        read = by_extension(path, {".json": _read_json})
        return read(existing(path))


def write_solution(solution: Solution, path: Path, instance: Instance) -> None:
    """Write a solution to a ``.json`` file, replacing one that is there.

    Parameters
    ----------
    solution : Solution
        With neither an assignment nor subcarriers, the instance's assignment is written.
    path : str or path
    instance : Instance
        What the solution is for: its name and hash go into the file.

    Raises
    ------
    FileError
        Where the file cannot be written, or the solution was made for another instance.
    """
    require_solution(solution)
    require_instance(instance)
    with naming(path):
        write = by_extension(path, {".json": _write_json})
        with replacement(path) as temporary:
            write(solution, str(temporary), instance)


def require_solution_target(path: Path, *others: Path | None) -> None:
    """Make sure, before there is one, that a solution can be written to `path`.

    Parameters
    ----------
    path : str or path
    *others : str, path or None
        Files that the same command reads or writes.

    Raises
    ------
    FileError
        For an extension that is not ``.json``, a folder that does not exist or takes no files, and
        a file that is one of the others.
    """
    with naming(path):
        if os.path.realpath(path) in {os.path.realpath(other) for other in others if other}:
            raise FileError("is needed for something else here; name another file")
        by_extension(path, {".json": _write_json})
        folder = os.path.dirname(os.path.realpath(path))
        if not os.path.isdir(folder):
            raise FileError("its folder does not exist")
        with tempfile.TemporaryFile(dir=folder):
            pass


def _read_json(path: str) -> Solution:
    """Return the solution in a file."""
    content = checked_content(
        read_document(path),
        SOLUTION_FORMAT,
        ["instance", "instance_sha256", "experts", *_CHANNEL_KEYS, "objective"],
        ["instance", "instance_sha256", "experts"],
    )
    require_named_instance(content)
    content |= {name: as_whole(content[name], 3) for name in _WHOLE if name in content}
    if content["experts"] == []:
        raise FileError("experts: there are no tokens")
    objective = content.get("objective")
    assignment, subcarriers = _channel_decision(content)
    channel = subcarriers if assignment is None else assignment
    assert channel is not None
    return Solution(
        selection=_flags("experts", content["experts"], len(channel), "an expert"),
        assignment=assignment,
        subcarriers=subcarriers,
        instance_sha256=content["instance_sha256"],
        objective=None if objective is None else real_number("objective", objective),
    )


def _write_json(solution: Solution, path: str, instance: Instance) -> None:
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


def _channel_decision(content: Mapping[str, Any]) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return assignment or subcarriers, whichever the file gives."""
    if ("assignment" in content) == ("subcarriers" in content):
        raise FileError("exactly one of the keys assignment and subcarriers is needed")
    if ("subcarriers" in content) != ("subcarrier_count" in content):
        raise FileError("subcarrier_count belongs beside subcarriers, and nowhere else")
    if "assignment" in content:
        assignment = whole_array("assignment", content["assignment"], 2, SolutionError)
        if assignment.shape[0] != assignment.shape[1]:
            raise FileError(f"assignment: shape {assignment.shape} is not square")
        _require_nodes("assignment", len(assignment))
        return assignment, None
    count = whole_number("subcarrier_count", content["subcarrier_count"])
    rows = _list("subcarriers", content["subcarriers"])
    _require_nodes("subcarriers", len(rows))
    for i, row in enumerate(rows):
        if len(_list(f"subcarriers[{i}]", row)) != len(rows):
            raise FileError(
                f"subcarriers[{i}]: {len(row)} links, expected one per node ({len(rows)})"
            )
    if not 1 <= count * len(rows) ** 2 <= MOST_FLAGS:
        raise FileError(f"subcarrier_count = {quote(count)} is out of range")
    flags = [_flags(f"subcarriers[{i}]", row, count, "a subcarrier") for i, row in enumerate(rows)]
    return None, np.array(flags)


def _require_nodes(field: str, nodes: int) -> None:
    if nodes < 2:
        raise FileError(f"{field}: {nodes} node(s), but there are at least 2")


def _flags(field: str, lists: Any, count: int, kind: str) -> np.ndarray:
    """Turn lists of distinct indices below `count` into rows of a bool array."""
    flags = np.zeros((len(_list(field, lists)), count), dtype=bool)
    for row, indices in enumerate(lists):
        for position, index in enumerate(_list(f"{field}[{row}]", indices)):
            here = f"{field}[{row}][{position}] = {quote(index)}"
            if type(index) is not int or not 0 <= index < count:
                raise FileError(f"{here} is not {kind} (0 to {count - 1})")
            if flags[row, index]:
                raise FileError(f"{here} is given twice")
            flags[row, index] = True
    return flags


def _list(field: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise FileError(f"{field} = {quote(value)} is not a list")
    return value
