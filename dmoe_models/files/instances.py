"""Instance files: JSON for what people read and compare, netCDF-4 for what is large.

The extension chooses the format, ``.json`` or ``.nc``. Whether what stands in a file can be an
instance is decided by `Instance` itself. The formats are specified in ``instances/FORMAT.md``.
"""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

from dmoe_models.files import netcdf
from dmoe_models.files.documents import (
    INSTANCE_FORMAT,
    VERSION,
    as_whole,
    checked_content,
    read_document,
    write_document,
)
from dmoe_models.files.paths import Path, by_extension, existing, naming, replacement
from dmoe_models.model.instance import NUMERIC_FIELDS, Instance, require_instance

_FIELDS = [f.name for f in fields(Instance)]
_REQUIRED = [
    f.name for f in fields(Instance) if f.default is MISSING and f.default_factory is MISSING
]

_WHOLE = [name for name, (dtype, _) in NUMERIC_FIELDS.items() if dtype == "<i8"]


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
    FileError
        One line that names the file and, where the fault lies in the data, field, index and value.
    """
    with naming(path):
        read = by_extension(
            path,
            {".json": _read_json, ".nc": netcdf.read_instance_fields},
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
    FileError
        Where the file cannot be written, naming it.
    """
    require_instance(instance)
    with naming(path):
        write = by_extension(path, {".json": _write_json, ".nc": netcdf.write_instance})
        with replacement(path) as temporary:
            write(instance, str(temporary))


def _read_json(path: str) -> dict[str, Any]:
    """Return the constructor's arguments that stand in an instance file, not yet validated."""
    content = checked_content(read_document(path), INSTANCE_FORMAT, _FIELDS, _REQUIRED)
    whole = {name: as_whole(content[name], 2) for name in _WHOLE if name in content}
    return content | whole


def _write_json(instance: Instance, path: str) -> None:
    """Write an instance to a file that does not exist yet."""
    content = {name: getattr(instance, name) for name in _FIELDS}
    if instance.assignment is None:
        del content["assignment"]
    write_document({"format": INSTANCE_FORMAT, "version": VERSION} | content, path)
