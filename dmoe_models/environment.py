"""The machine, the versions and the installation that a result depends on."""

from __future__ import annotations

import importlib.util
import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from dmoe_models.errors import DmoeError

_HOUSE = Path(__file__).resolve().parents[1]
"""The folder that holds this package and the two beside it."""


@cache
def require_own_packages() -> None:
    """Raise DmoeError where a file of the user's own hides a package that comes with this one.

    ``instances`` and ``formulations`` are names that a user may well give to a folder or a script.
    Where such a one comes first on Python's path, every import of ours would end in it.
    """
    for name in ("formulations", "instances"):
        loaded = sys.modules.get(name)
        spec = importlib.util.find_spec(name) if loaded is None else loaded.__spec__
        if spec is None:
            raise DmoeError(f"package {name} of dmoe-models is not installed: install it again")
        places = [spec.origin] if spec.has_location else list(spec.submodule_search_locations or ())
        found = Path(places[0] or "").resolve() if places else None
        if found != _HOUSE / name / "__init__.py":
            raise DmoeError(
                f"{found} hides the package {name} of dmoe-models: rename it, or start Python in "
                "another folder"
            )


@cache
def package_version() -> str:
    """Return the installed version of this package."""
    try:
        return version("dmoe-models")
    except PackageNotFoundError:  # a source tree on the path, not installed
        return "(not installed)"


def available_cores() -> int:
    """Return the cores that this process may use: a container or scheduler may restrict them."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def machine() -> str:
    """Return the processor, the number of cores that may be used, and the operating system."""
    name = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            models = [line.partition(":")[2].strip() for line in file if "model name" in line]
        name = models[0] if models else name
    except OSError:
        pass  # not Linux
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{name}, {available_cores()} cores, {platform.system()} {platform.machine()}, {python}"


_PACKAGES = (
    "dmoe-models",
    "numpy",
    "scipy",
    "pandas",
    "pyomo",
    "cvxpy",
    "highspy",
    "pyscipopt",
    "gurobipy",
)

_PACKAGES_OF_RUNS = (
    "dmoe-models",
    "numpy",
    "scipy",
    "pandas",
    "numba",
    "highspy",
    "pyscipopt",
    "ortools",
    "pyomo",
    "cvxpy",
    "dask",
    "distributed",
)


def _versions(names: Iterable[str]) -> dict[str, str | None]:
    """Return the installed version of every package, None where it is not installed."""
    found: dict[str, str | None] = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def environment() -> dict[str, str]:
    """Return what results may depend on, as text: installed versions, platform, processors."""
    installed = {name: found for name, found in _versions(_PACKAGES).items() if found}
    return {
        "Python": platform.python_version(),
        **installed,
        "platform": platform.platform(),
        "processors": str(os.cpu_count()),
    }


def run_environment() -> dict[str, Any]:
    """Return what a long run is made on, as plain JSON: machine, versions, commit of the source."""
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "versions": _versions(_PACKAGES_OF_RUNS),
        "commit": source_commit(),
    }


def source_commit() -> str | None:
    """Return the commit of the source that runs, "+" where it was changed; None where unknown."""
    here = Path(__file__).parent

    def git(*words: str) -> str:
        answer = subprocess.run(
            ["git", "-C", str(here), *words], capture_output=True, text=True, timeout=10, check=True
        )
        return answer.stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no", "--", "..")
        return git("rev-parse", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.SubprocessError):
        return None
