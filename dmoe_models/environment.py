"""The machine and the versions that a result depends on, for records."""

from __future__ import annotations

import os
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version


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


_ENVIRONMENT = (
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


def environment() -> dict[str, str]:
    """Return what the figures may depend on: versions, platform, processors."""
    found = {"Python": platform.python_version()}
    for name in _ENVIRONMENT:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    found["platform"] = platform.platform()
    found["processors"] = str(os.cpu_count())
    return found
