"""Instance and solution files: JSON for what people read and compare, netCDF-4 for what is large.

The extension chooses the format (``.json`` or ``.nc``; solutions are JSON). This module is the thin
front: it looks at paths, writes atomically, and puts the file's name in front of every fault. What
stands in a file is decided in `files_json` and `files_netcdf`, and whether it can be an instance by
`Instance` itself. The formats are specified in ``instances/FORMAT.md``.
"""

from __future__ import annotations

import os
import pathlib
import secrets
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dmoe_models import files_json, files_netcdf
from dmoe_models.errors import DmoeError, InstanceFileError
from dmoe_models.instance import Instance
from dmoe_models.solution import Solution

Path = str | os.PathLike[str]

TEMPORARY = ".dmoe-"
"""Beginning of the names of files that are being written."""


def read_instance(path: Path) -> Instance:
    """Read an instance from a ``.json`` or ``.nc`` file.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    Instance

    Raises
    ------
    InstanceFileError
        One line that names the file and, where the fault lies in the data, field, index and value.
    """
    with faults_name(path):
        read = by_extension(
            path,
            {".json": files_json.read_instance_fields, ".nc": files_netcdf.read_instance_fields},
        )
        return Instance(**read(existing(path)))


def write_instance(instance: Instance, path: Path) -> None:
    """Write an instance to a ``.json`` or ``.nc`` file, replacing one that is there.

    The file appears complete or not at all.

    Parameters
    ----------
    instance : Instance
    path : str or path

    Raises
    ------
    InstanceFileError
        Where the file cannot be written, naming it.
    """
    with faults_name(path):
        write = by_extension(
            path, {".json": files_json.write_instance, ".nc": files_netcdf.write_instance}
        )
        with replacement(path) as temporary:
            write(instance, str(temporary))


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
    InstanceFileError
        One line that names the file and what is wrong in it.
    """
    with faults_name(path):
        read = by_extension(path, {".json": files_json.read_solution})
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
    InstanceFileError
        Where the file cannot be written, or the solution was made for another instance.
    """
    with faults_name(path):
        write = by_extension(path, {".json": files_json.write_solution})
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
    InstanceFileError
        For an extension that is not ``.json``, a folder that does not exist or takes no files, and
        a file that is one of the others.
    """
    with faults_name(path):
        if os.path.realpath(path) in {os.path.realpath(other) for other in others if other}:
            raise InstanceFileError("is needed for something else here; name another file")
        by_extension(path, {".json": files_json.write_solution})
        folder = os.path.dirname(os.path.realpath(path))
        if not os.path.isdir(folder):
            raise InstanceFileError("its folder does not exist")
        with tempfile.TemporaryFile(dir=folder):
            pass


# ---------------------------------------------------------------------------------------- paths


@contextmanager
def faults_name(path: Path) -> Iterator[None]:
    """Turn whatever goes wrong with a file into one line that begins with its name."""
    try:
        yield
    except (DmoeError, OSError, RuntimeError, MemoryError, ValueError) as error:
        name = os.fspath(path)
        shown = name if name.isprintable() else repr(name)
        raise InstanceFileError(f"{shown}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    if isinstance(error, DmoeError):
        return str(error)
    if isinstance(error, RecursionError):  # a RuntimeError, so it comes first
        return "nested too deeply"
    if isinstance(error, MemoryError):
        return "too large for this machine's memory"
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split()) or type(error).__name__


def by_extension(path: Path, known: Mapping[str, Callable[..., Any]]) -> Callable[..., Any]:
    """Return what is known for the extension of a path; InstanceFileError for another one."""
    if os.path.isdir(path):
        raise InstanceFileError("is a directory, not a file")
    extension = os.path.splitext(os.fspath(path))[1].lower()
    if extension not in known:
        raise InstanceFileError(
            f"extension {extension!r} is not known here; use {' or '.join(known)}"
        )
    return known[extension]


def existing(path: Path) -> str:
    """Return the absolute path of a regular file that is not empty."""
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):
        raise InstanceFileError("is not a regular file")
    if status.st_size == 0:
        raise InstanceFileError("is empty")
    return os.path.abspath(path)


@contextmanager
def replacement(path: Path) -> Iterator[pathlib.Path]:
    """Yield a temporary path beside `path`; what is written there takes its place at the end.

    Parameters
    ----------
    path : str or path
        A link goes on pointing where it does.
    """
    target = pathlib.Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise InstanceFileError("its folder does not exist")
    temporary = target.with_name(f"{TEMPORARY}{secrets.token_hex(8)}{target.suffix}")
    try:
        yield temporary
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
