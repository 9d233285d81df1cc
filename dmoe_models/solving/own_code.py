"""Files of a user's own as modules: each sees the files beside it, and no other file sees them.

A plug-in ``p/mine.py`` may say ``import tools`` and mean ``p/tools.py``, while another plug-in's
``tools`` lies in another folder. So neither folder is put on `sys.path`: the file becomes a module
below this one, ``dmoe_models.solving.own_code.FOLDER#VERSION.mine``, its neighbours become modules
beside it there, and the import statements of all of them look there first, whenever they are
executed. The folder is a part of the name, so any process on this machine that meets the name (a
worker of a process pool that unpickles a function) finds the file by importing it like any other
module. VERSION is a digest of the file and its neighbours: an edited one is another module.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import importlib
import importlib.util
import re
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any
from urllib.parse import quote, unquote

__path__: list[str] = []  # to the import system, this module has modules below it

_NEVER = ("__main__", "__future__")
"""What an import statement never means a file by."""

_OURS = ("dmoe_models", "formulations", "instances")
"""The packages of this project."""


def module_of_file(path: Path) -> ModuleType:
    """Return a file as a module, executed once for as long as it and its neighbours are unchanged.

    Parameters
    ----------
    path : path
        Of a ``.py`` file.
    """
    path = path.resolve()
    folder = f"{_part(str(path.parent))}#{source_digest(path)[:16]}"
    return importlib.import_module(f"{__name__}.{folder}.{_part(path.stem)}")


def as_written(message: str) -> str:
    """Return a message that names modules below this one by the names that their authors use."""
    return re.sub(re.escape(f"{__name__}.") + r"[^\s']*#[0-9a-f]+\.", "", message)


def source_digest(path: Path) -> str:
    """Return the SHA-256 of a file's source; with the neighbours that it imports, if there are any.

    Neighbours are what its import statements name (and those of the neighbours) and lies in its
    folder. Nothing is executed. Without neighbours it is the hash of the file alone.

    Parameters
    ----------
    path : path
        Of a ``.py`` file.

    Raises
    ------
    OSError
        Where it cannot be read.
    """
    path = path.resolve()
    own = path.read_bytes()
    others = sorted(_neighbours(path) - {path})
    if not others:
        return hashlib.sha256(own).hexdigest()
    whole = hashlib.sha256(hashlib.sha256(own).digest())
    for other in others:
        whole.update(other.relative_to(path.parent).as_posix().encode())
        whole.update(hashlib.sha256(other.read_bytes()).digest())
    return whole.hexdigest()


def _part(text: str) -> str:
    """Return a text as one part of a module's name, which no dot may be in."""
    return quote(text, safe="/").replace(".", "%2E")


def _neighbours(path: Path) -> set[Path]:
    """Return a file and all that its import statements reach in its folder; packages whole."""
    folder = path.parent
    found: set[Path] = set()
    waiting = [path]
    while waiting:
        file = waiting.pop()
        if file in found:
            continue
        found.add(file)
        for name in _imported(file.read_bytes()):
            if not is_neighbour(str(folder), name):
                continue
            package = folder / name
            alone = folder / f"{name}.py"
            waiting += [alone] if alone.is_file() else sorted(package.rglob("*.py"))
    return found


@lru_cache(maxsize=256)
def _imported(source: bytes) -> tuple[str, ...]:
    """Return the first parts of the names in the import statements of a source."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()  # executing it will say so
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names += [alias.name for alias in node.names]
    return tuple(dict.fromkeys(name.partition(".")[0] for name in names))


def is_neighbour(folder: str, name: str) -> bool:
    """Whether an import of `name` by a file in `folder` means what lies beside that file.

    As for a script, a file or package there comes before what is installed under the same name, and
    a mere folder after it. This package beside a plug-in, in a source tree, is the one that runs.

    Parameters
    ----------
    folder : str
    name : str
        Without dots.
    """
    if name in sys.builtin_module_names or name in _NEVER:
        return False
    spec = _found_in([folder], name, name)
    if spec is None:
        return False
    if spec.origin is not None and name not in _OURS:
        return True
    usual = importlib.util.find_spec(name)
    if usual is None or spec.origin is None or usual.origin is None:
        return usual is None
    return not Path(spec.origin).samefile(usual.origin)


def _found_in(places: Sequence[str], name: str, full_name: str) -> ModuleSpec | None:
    """Return what lies in one of the folders under a name: a file, a package, or a folder."""
    for place in map(Path, places):
        package = place / name / "__init__.py"
        for file, inside in ((package, [str(package.parent)]), (place / f"{name}.py", None)):
            if file.is_file():
                return importlib.util.spec_from_file_location(
                    full_name,
                    file,
                    loader=_Loader(full_name, str(file)),
                    submodule_search_locations=inside,
                )
    return PathFinder.find_spec(full_name, list(places))  # compiled ones, and mere folders


class _Loader(SourceFileLoader):
    """Executes a file of a user's own; its import statements look beside it first."""

    def exec_module(self, module: ModuleType) -> None:
        package = ".".join(module.__name__.split(".")[: len(__name__.split(".")) + 1])
        folder = _folder_of(package.rpartition(".")[2])
        own = {**vars(builtins), "__import__": _importing(folder, package)}
        module.__dict__["__builtins__"] = own
        super().exec_module(module)

    def get_code(self, fullname: str) -> CodeType:
        """Compile the source as it is now: a cached one may be a second older, and as long."""
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code


def _importing(folder: str, package: str) -> Callable[..., Any]:
    """Return what import statements call: `builtins.__import__`, looking into a folder first."""
    known: dict[str, bool] = {}

    def find(
        name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0
    ) -> Any:
        first = name.partition(".")[0]
        if level == 0 and first not in known:
            known[first] = is_neighbour(folder, first)
        if level or not known[first]:
            return builtins.__import__(name, globals, locals, fromlist, level)
        module = builtins.__import__(f"{package}.{name}", globals, locals, fromlist or ("*",), 0)
        return module if fromlist else sys.modules[f"{package}.{first}"]

    return find


def _folder_of(part: str) -> str:
    return unquote(part.rpartition("#")[0])


class _Finder(MetaPathFinder):
    """Finds modules below this one by their names, in any process."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        parts = fullname.split(".")
        depth = len(__name__.split("."))
        if not fullname.startswith(f"{__name__}.") or "#" not in parts[depth]:
            return None
        if len(parts) == depth + 1:
            spec = ModuleSpec(fullname, None, is_package=True)
            spec.submodule_search_locations = [_folder_of(parts[-1])]
            return spec
        return _found_in(path or [], unquote(parts[-1]), fullname)


sys.meta_path.insert(0, _Finder())
