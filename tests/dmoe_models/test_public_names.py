"""The names that `dmoe_models` offers, how quickly it is imported, and who may not use them."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import dmoe_models

from places import ROOT

OF_0_1_0 = {
    "CheckReport", "DmoeError", "EnergyReport", "Instance", "InstanceError", "InstanceFileError",
    "MethodError", "Outcome", "Result", "Solution", "SolutionError", "Status", "Violation",
    "check", "evaluate", "methods", "read_instance", "read_solution", "solve", "write_instance",
    "write_solution",
}  # fmt: skip


def in_a_fresh_process(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_the_package_loads_nothing_heavy():
    heavy = ("numpy", "scipy", "pandas", "mpmath", "netCDF4", "numba", "pyomo", "cvxpy", "highspy")
    code = f"import sys, dmoe_models; print([n for n in {heavy!r} if n in sys.modules])"
    assert in_a_fresh_process(code) == "[]\n"


@pytest.mark.parametrize("name", sorted(OF_0_1_0 | set(dmoe_models.__all__)))
def test_every_name_is_what_its_module_defines(name):
    value = getattr(dmoe_models, name)
    assert name in dmoe_models.__all__ and name in dir(dmoe_models)
    if name != "plot":  # a module itself
        assert getattr(importlib.import_module(value.__module__), name, value) is value


def test_version():
    assert in_a_fresh_process("import dmoe_models; print(dmoe_models.__version__)").strip()
    assert "__version__" in dir(dmoe_models)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nonesuch"):
        _ = dmoe_models.nonesuch
    with pytest.raises(ImportError):
        exec("from dmoe_models import nonesuch")


def test_star_import_gives_the_public_names():
    space: dict[str, object] = {}
    exec("from dmoe_models import *", space)
    assert set(dmoe_models.__all__) <= set(space)


def test_tools_see_the_same_names_from_the_same_modules():
    """What type checkers and editors read is the table that is used when the program runs."""
    tree = ast.parse(Path(dmoe_models.__file__).read_text())
    (guarded,) = [node for node in tree.body if isinstance(node, ast.If)]
    imported = {
        alias.asname: node.module
        for node in guarded.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert set(imported) == set(dmoe_models.__all__)
    for name, module in imported.items():
        space: dict[str, object] = {}
        exec(f"from {module} import {name}", space)
        assert space[name] is getattr(dmoe_models, name)


@pytest.mark.parametrize("package", ["dmoe_models", "formulations", "instances"])
def test_no_public_name_is_called_like_a_module(package):
    """Importing such a module would put it in the place of the name."""
    module = importlib.import_module(package)
    children = {info.name for info in pkgutil.iter_modules(module.__path__)}
    assert not children & set(getattr(module, "__all__", ()))


def product_files() -> list[Path]:
    return [
        path
        for package in ("dmoe_models", "formulations", "instances")
        for path in sorted((ROOT / package).rglob("*.py"))
    ]


def test_no_room_imports_names_from_the_package_root():
    """They would hide which room needs which."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in product_files()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.ImportFrom) and node.module == "dmoe_models" and not node.level)
        or (isinstance(node, ast.Import) and "dmoe_models" in [a.name for a in node.names])
    ]
    assert not found


def test_the_name_of_version_0_1_0_for_a_file_error_stays():
    from dmoe_models import FileError, InstanceFileError

    assert InstanceFileError is FileError
