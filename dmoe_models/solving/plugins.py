"""Functions found by name: in modules, in files of a user's own, and in installed packages."""

from __future__ import annotations

import functools
import hashlib
import importlib
import inspect
import marshal
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from types import CellType
from typing import Any

from dmoe_models.errors import MethodError
from dmoe_models.solving.own_code import as_written, module_of_file, source_digest
from dmoe_models.solving.sandbox import same_directory

ENTRY_POINT_GROUP = "dmoe_models.methods"
"""Installed packages offer methods of their own under this entry-point group."""

EXTRAS = {"ortools": "cpsat"}
"""Optional packages that methods need, and the extra of this one that installs each."""


def entry_point_targets() -> dict[str, str]:
    """Return the methods that installed packages offer: ``module:function`` by name."""
    return {point.name: point.value for point in entry_points(group=ENTRY_POINT_GROUP)}


def file_of(target: str) -> str:
    """Return the file of a target ``path/to/file.py:function``; empty for ``module:function``."""
    place = target.rpartition(":")[0]
    return place if place.endswith(".py") else ""


def load_function(method: str, target: str) -> Callable[..., Any]:
    """Import a method's function.

    The working directory is afterwards what it was before.

    Parameters
    ----------
    method : str
        The method's name, for messages.
    target : str
        ``module:function``, or ``path/to/file.py:function``.

    Raises
    ------
    MethodError
        Where that is not possible, saying why.
    """
    place, _, function = target.rpartition(":")
    in_file = bool(file_of(target))
    try:
        with same_directory():
            module = module_of_file(Path(place)) if in_file else importlib.import_module(place)
    except ImportError as error:
        raise MethodError(f"method {method}: {_install_hint(error)}") from error
    except SystemExit as leaving:
        raise MethodError(
            f"method {method}: importing it calls sys.exit({leaving.code!r})"
        ) from None
    except Exception as error:
        raise MethodError(
            f"method {method} cannot be loaded: {type(error).__name__}: {error}"
        ) from error
    place = file_of(method) or place  # as the user wrote it
    try:
        loaded = getattr(module, function)
    except AttributeError:
        raise MethodError(f"method {method}: {place} has no function {function}") from None
    if not callable(loaded):
        raise MethodError(f"method {method}: {function} in {place} is not a function")
    found: Callable[..., Any] = loaded
    return found


def source_sha256(function: Callable[..., Any], file: str = "") -> str:
    """Return the hash of the source that a function comes from; empty where none can be read.

    Parameters
    ----------
    function : callable
    file : str
        Of a function that is named by its file: the hash is of that and of what it imports from
        its folder. By default the file that holds the function; the function's own source where
        there is no such file, as in a notebook.
    """
    function = inspect.unwrap(function)
    try:
        if file:
            return source_digest(Path(file))
        source = Path(inspect.getsourcefile(function) or "").read_bytes()
    except (OSError, TypeError):
        try:
            source = inspect.getsource(function).encode()
        except (OSError, TypeError):
            return ""
    return hashlib.sha256(source).hexdigest()


def function_sha256(function: Callable[..., Any]) -> str:
    """Return the hash of a function that was handed over: of its source, and of what it holds.

    Two functions of one file differ in it, and so do two that a loop defines. What cannot be
    written down (the state of an object whose `repr` is its address) differs in every process, so
    that the function counts as another one there.

    Parameters
    ----------
    function : callable
        A function, a method of an object, a `functools.partial`, an object with ``__call__``.
    """
    parts: list[object] = []
    while isinstance(function, functools.partial):
        parts += [function.args, sorted(function.keywords.items())]
        function = function.func
    parts += [source_sha256(function), getattr(function, "__qualname__", type(function))]
    owner = getattr(function, "__self__", None)
    if owner is not None or not hasattr(function, "__code__"):
        parts.append(function if owner is None else owner)
    inner = inspect.unwrap(function)
    if (code := getattr(inner, "__code__", None)) is not None:
        parts += [marshal.dumps(code).hex(), inner.__defaults__, inner.__kwdefaults__]
        parts += [_content(cell) for cell in inner.__closure__ or ()]
    return hashlib.sha256(repr(parts).encode(errors="backslashreplace")).hexdigest()


def _content(cell: CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet: the function's own name
        return None


def _install_hint(error: ImportError) -> str:
    """Return which package is missing and how to install it."""
    if error.name is None or error.name.split(".")[0] in ("dmoe_models", "formulations"):
        return as_written(str(error))
    package = error.name.split(".")[0]
    wanted = f'"dmoe-models[{EXTRAS[package]}]"' if package in EXTRAS else error.name
    return f"package {error.name} is not installed; try: pip install {wanted}"
