"""Functions found by name: in modules, in files of a user's own, and in installed packages."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from dmoe_models.errors import MethodError
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
            module = _module_of_file(place) if in_file else importlib.import_module(place)
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
        Where it is known. By default the file that holds the function; the function's own source
        where there is no such file, as in a notebook.
    """
    function = inspect.unwrap(function)
    try:
        source = Path(file or inspect.getsourcefile(function) or "").read_bytes()
    except (OSError, TypeError):
        try:
            source = inspect.getsource(function).encode()
        except (OSError, TypeError):
            return ""
    return hashlib.sha256(source).hexdigest()


def _module_of_file(path: str) -> ModuleType:
    """Return a user's file as a module of its own, executed once for as long as it is unchanged."""
    return _executed_file(str(Path(path).resolve()), Path(path).stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _executed_file(path: str, modified_ns: int) -> ModuleType:
    name = f"dmoe_plugin_{Path(path).stem}_{modified_ns}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None  # the name ends in .py
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickle look a module up by its name
    spec.loader.exec_module(module)
    return module


def _install_hint(error: ImportError) -> str:
    """Return which package is missing and how to install it."""
    if error.name is None or error.name.split(".")[0] in ("dmoe_models", "formulations"):
        return str(error)
    package = error.name.split(".")[0]
    wanted = f'"dmoe-models[{EXTRAS[package]}]"' if package in EXTRAS else error.name
    return f"package {error.name} is not installed; try: pip install {wanted}"
