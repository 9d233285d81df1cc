"""Paths of files: readable errors, atomic replacement, folders."""

from __future__ import annotations

import os
import pathlib
import secrets
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dmoe_models.errors import DmoeError, FileError, require_kind

Path = str | os.PathLike[str]


TEMPORARY = ".dmoe-"
"""Beginning of the names of files that are being written."""


def require_path(path: object) -> None:
    """Raise FileError for an argument that is no path."""
    require_kind("path", path, str | os.PathLike, FileError, "; give a string or a path")


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Turn whatever goes wrong with a file into a FileError: one line that begins with its name."""
    require_path(path)
    try:
        yield
    except (DmoeError, OSError, RuntimeError, MemoryError, ValueError) as error:
        name = os.fspath(path)
        name = name if name.isprintable() else repr(name)
        raise FileError(f"{name}: {_reason(error)}") from error


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
    """Return what is known for the extension of a path; FileError for another one.

    Parameters
    ----------
    path : str or path
    known : mapping of str to function
        By extension, in lower case and with its dot.
    """
    if os.path.isdir(path):
        raise FileError("is a directory, not a file")
    extension = os.path.splitext(os.fspath(path))[1].lower()
    if extension not in known:
        raise FileError(f"extension {extension!r} is not known here; use {' or '.join(known)}")
    return known[extension]


def existing(path: Path) -> str:
    """Return the absolute path of a regular file that is not empty."""
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):
        raise FileError("is not a regular file")
    if status.st_size == 0:
        raise FileError("is empty")
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
        raise FileError("its folder does not exist")
    temporary = target.with_name(f"{TEMPORARY}{secrets.token_hex(8)}{target.suffix}")
    try:
        yield temporary
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def require_folder(path: pathlib.Path) -> None:
    """Make sure, before there is anything to write, that `make_folder` can make a directory."""
    there = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
    if not there.is_dir():
        raise FileError(f"{there}: is a file, not a directory")
    if not os.access(there, os.W_OK | os.X_OK):
        raise FileError(f"{there}: Permission denied")


def make_folder(path: pathlib.Path) -> None:
    """Make a directory and those above it, unless it is there already."""
    if path.exists() and not path.is_dir():
        raise FileError(f"{path}: is a file, not a directory")
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:  # of one of those above it, perhaps
        raise FileError(f"{error.filename or path}: {error.strerror or error}") from error
