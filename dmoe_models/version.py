"""Which version this is, for records."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def package_version() -> str:
    """Return the installed version of this package."""
    try:
        return version("dmoe-models")
    except PackageNotFoundError:  # a source tree on the path, not installed
        return "(not installed)"
