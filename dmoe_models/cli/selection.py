"""Experts that a solution file gives to a P3 method or model."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dmoe_models.errors import DmoeError
from dmoe_models.files.solutions import read_solution
from dmoe_models.model.instance import Instance


def read_selection(path: Path, instance: Instance, file: Path) -> np.ndarray:
    """Return the experts in a solution file, (T, K) bool.

    Parameters
    ----------
    path : path
        The solution file.
    instance : Instance
    file : path
        That the instance was read from.

    Raises
    ------
    DmoeError
        For a solution of another instance.
    """
    solution = read_solution(path)
    if solution.instance_sha256 not in (None, instance.sha256):
        raise DmoeError(f"{path}: is a solution for another instance than {file}")
    return solution.selection
