"""What stands in netCDF-4 files of instances: the same fields as in JSON, as named arrays.

Arrays are variables over the dimensions token, node, expert and subcarrier, scalars are variables
without dimensions, and every variable says its unit. What is not a number is a global attribute.
"""

from __future__ import annotations

import json
import math
from typing import Any

import netCDF4
import numpy as np

from dmoe_models.errors import FileError
from dmoe_models.files.documents import (
    INSTANCE_FORMAT,
    VERSION,
    check_header,
    check_names,
    parsed,
)
from dmoe_models.input_checks import quote
from dmoe_models.model.instance import NUMERIC_FIELDS, Instance

DIMENSIONS: dict[str, tuple[str, ...]] = {
    "gate_scores": ("token", "expert"),
    "source": ("token",),
    "gain": ("node", "expert", "subcarrier"),
    "computation_energy_j": ("expert",),
    "static_energy_j": ("expert",),
    "assignment": ("node", "expert"),
}
"""Dimensions of the variables; those not listed are scalars."""

MOST_ENTRIES = 2**28
"""Largest variable that is read (2 GiB): a small compressed file can claim any size."""

_GAP_MARKS = ("_FillValue", "missing_value")
"""Attributes of a variable that say which number stands for "nothing was written here"."""

_VARIABLES = [name for name in NUMERIC_FIELDS if name != "strict_relevance"]
_ATTRIBUTES = ("format", "version", "name", "strict_relevance", "metadata")


def read_instance_fields(path: str) -> dict[str, Any]:
    """Return the constructor's arguments that stand in an instance file, not yet validated."""
    with netCDF4.Dataset(path, "r") as dataset:
        dataset.set_auto_maskandscale(False)
        attributes = {name: _attribute(dataset, name) for name in dataset.ncattrs()}
        check_header(attributes, INSTANCE_FORMAT)
        check_names("attribute", attributes, _ATTRIBUTES, ["name"])
        check_names("group", dataset.groups, (), ())
        check_names("dimension", dataset.dimensions, ("token", "node", "expert", "subcarrier"), ())
        required = [name for name in _VARIABLES if name != "assignment"]
        check_names("variable", dataset.variables, _VARIABLES, required)
        content = {name: _values(name, dataset.variables[name]) for name in dataset.variables}
    content["name"] = attributes["name"]
    if "strict_relevance" in attributes:
        flag = attributes["strict_relevance"]
        if type(flag) is not int or flag not in (0, 1):
            raise FileError(f"strict_relevance = {quote(flag)} is not 0 or 1")
        content["strict_relevance"] = bool(flag)
    if "metadata" in attributes:
        if not isinstance(attributes["metadata"], str):
            raise FileError("attribute metadata is not JSON text")
        content["metadata"] = parsed(attributes["metadata"], "attribute metadata")
    return content


def write_instance(instance: Instance, path: str) -> None:
    """Write an instance to a file that does not exist yet.

    Parameters
    ----------
    instance : Instance
    path : str
    """
    if "\0" in instance.name:
        raise FileError(f"name = {quote(instance.name)}: netCDF text ends at a NUL")
    sizes = {
        "token": instance.T, "node": instance.K, "expert": instance.K, "subcarrier": instance.M,
    }  # fmt: skip
    with netCDF4.Dataset(path, "w", clobber=False, format="NETCDF4") as dataset:
        dataset.setncattr("format", INSTANCE_FORMAT)
        dataset.setncattr("version", np.int64(VERSION))
        dataset.setncattr("name", instance.name)
        dataset.setncattr("strict_relevance", np.int8(instance.strict_relevance))
        dataset.setncattr("metadata", json.dumps(instance.metadata))
        for name, size in sizes.items():
            dataset.createDimension(name, size)
        for name in _VARIABLES:
            value = getattr(instance, name)
            if value is not None:
                dtype, unit = NUMERIC_FIELDS[name]
                dimensions = DIMENSIONS.get(name, ())
                variable = dataset.createVariable(
                    name, dtype, dimensions, compression="zlib" if dimensions else None
                )
                variable.setncattr("units", unit)
                variable.set_auto_maskandscale(False)
                variable[...] = value


def _values(name: str, variable: netCDF4.Variable) -> Any:
    """Return the values of a variable once its form and its unit are right."""
    expected = DIMENSIONS.get(name, ())
    if variable.dimensions != expected:
        raise FileError(
            f"{name} has dimensions ({', '.join(variable.dimensions)}), "
            f"expected ({', '.join(expected)})"
        )
    check_names(f"attribute of {name}", variable.ncattrs(), ["units", *_GAP_MARKS], ["units"])
    unit = NUMERIC_FIELDS[name][1]
    if _attribute(variable, "units") != unit:
        raise FileError(
            f"{name} has units {quote(_attribute(variable, 'units'))}, expected {unit!r}"
        )
    if not isinstance(variable.dtype, np.dtype) or variable.dtype.kind not in "fiu":
        raise FileError(f"{name}: entries are not numbers")
    if math.prod(variable.shape) > MOST_ENTRIES:
        raise FileError(f"{name}: shape {variable.shape} is too large")
    values = np.asarray(variable[...])
    if values.dtype.kind not in "fiu":  # rows of any length say of themselves that they are numbers
        raise FileError(f"{name}: entries are not numbers")
    gaps = _gaps(name, variable, values)
    if expected:
        return np.ma.masked_array(values, gaps) if gaps.any() else values
    if gaps:
        raise FileError(f"{name} = {values.item()} is missing (never written)")
    return values.item()


def _gaps(name: str, variable: netCDF4.Variable, values: np.ndarray) -> np.ndarray:
    """Return where a variable holds what stands for "nothing was written here".

    That is the variable's own mark where it has one, and otherwise what the netCDF library fills
    every new variable of a type with: a number as good as any to who does not know it.
    """
    marks = {mark: variable.getncattr(mark) for mark in _GAP_MARKS if mark in variable.ncattrs()}
    marks.setdefault("_FillValue", netCDF4.default_fillvals[values.dtype.str[1:]])
    gaps = np.zeros(values.shape, dtype=bool)
    for mark, stored in marks.items():
        entries = np.atleast_1d(stored)
        if entries.dtype.kind not in "fiu":
            raise FileError(f"attribute {mark} of {name} = {quote(_plain(stored))} is no number")
        for entry in entries:
            gaps |= np.isnan(values) if np.isnan(entry) else values == _stored(entry, values.dtype)
    return gaps


def _stored(mark: np.generic, dtype: np.dtype) -> np.generic:
    """Return a mark as a variable would hold it; one that whole numbers cannot hold as it is."""
    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            return mark.astype(dtype)
    return mark


def _attribute(holder: netCDF4.Dataset | netCDF4.Variable, name: str) -> Any:
    """Return an attribute as a plain Python value; text has to be UTF-8.

    The library puts other characters where bytes are none. Latin-1 has one for every byte.
    """
    value = holder.getncattr(name)
    if isinstance(value, str):
        try:
            holder.getncattr(name, encoding="latin-1").encode("latin-1").decode("utf-8")
        except UnicodeError:
            raise FileError(f"attribute {name} = {quote(value)} is not UTF-8 text") from None
    return _plain(value)


def _plain(value: Any) -> Any:
    """Return numbers of numpy as Python's."""
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
