"""Instance and solution files: JSON for what people read and compare, netCDF-4 for what is large.

The extension chooses the format (``.json`` or ``.nc``; solutions are JSON). This module is the thin
front: it looks at paths, writes atomically, and puts the file's name in front of every fault. What
stands in a file is decided in `files_json` and `files_netcdf`, and whether it can be an instance by
`Instance` itself. The formats are specified in ``instances/FORMAT.md``.
"""

from __future__ import annotations

import os
import tempfile

from dmoe_models.errors import InstanceFileError
from dmoe_models.files import json_format as files_json
from dmoe_models.files import netcdf_format as files_netcdf
from dmoe_models.files.paths import Path, by_extension, existing, faults_name, replacement
from dmoe_models.model.instance import Instance
from dmoe_models.model.solution import Solution


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
