"""Instance files in netCDF: what is broken is named with the file, before it is read whole."""

import math
import os

import netCDF4
import numpy as np
import pytest
from file_examples import GOOD_TEXT, error_of, example

from dmoe_models.files.instances import read_instance, write_instance


def netcdf_with(mutate):
    def write(path):
        write_instance(example(), path)
        with netCDF4.Dataset(path, "a") as dataset:
            mutate(dataset)

    return write


def replaced_variable(name, dtype, dimensions, value, units="1"):
    """Return a writer of a file in which one variable is of another make."""

    def write(path):
        write_instance(example(), path)
        with netCDF4.Dataset(path, "a") as dataset:
            dataset.renameVariable(name, "old")
            new = dataset.createVariable(name, dtype, dimensions)
            new.units = units
            new[...] = value
        strip_variable(path, "old")

    return write


def strip_variable(path, unwanted):
    """Copy a netCDF file without one of its variables."""
    other = f"{path}.copy"
    with netCDF4.Dataset(path) as old, netCDF4.Dataset(other, "w") as new:
        new.setncatts({name: old.getncattr(name) for name in old.ncattrs()})
        for name, dimension in old.dimensions.items():
            new.createDimension(name, len(dimension))
        for name, variable in old.variables.items():
            if name != unwanted:
                copied = new.createVariable(name, variable.dtype, variable.dimensions)
                copied.setncatts({key: variable.getncattr(key) for key in variable.ncattrs()})
                copied[...] = variable[...]
    os.replace(other, path)


def without_variable(name):
    def write(path):
        write_instance(example(), path)
        strip_variable(path, name)

    return write


def truncated(path):
    write_instance(example(), path)
    os.truncate(path, os.path.getsize(path) // 2)


BROKEN_NETCDF = {
    "empty": (lambda path: path.write_bytes(b""), "is empty"),
    "text": (lambda path: path.write_bytes(GOOD_TEXT), "NetCDF"),
    "binary": (lambda path: path.write_bytes(bytes(range(256)) * 40), "NetCDF"),
    "truncated": (truncated, ""),
    "another format": (netcdf_with(lambda d: d.setncattr("format", "x")), "format = 'x'"),
    "format missing": (netcdf_with(lambda d: d.delncattr("format")), "format is missing"),
    "version 2": (netcdf_with(lambda d: d.setncattr("version", 2)), "version = 2"),
    "version text": (netcdf_with(lambda d: d.setncattr("version", "1")), "version = '1'"),
    "name missing": (netcdf_with(lambda d: d.delncattr("name")), "attribute name is missing"),
    "name a number": (netcdf_with(lambda d: d.setncattr("name", 5)), "name = 5"),
    "unknown attribute": (
        netcdf_with(lambda d: d.setncattr("nmae", 5)),
        "unknown attribute 'nmae'; did you mean name?",
    ),
    "unknown dimension": (netcdf_with(lambda d: d.createDimension("x", 2)), "dimension 'x'"),
    "unknown variable": (
        netcdf_with(lambda d: d.createVariable("gains", "f8")),
        "unknown variable 'gains'; did you mean gain?",
    ),
    "unknown group": (netcdf_with(lambda d: d.createGroup("extra")), "unknown group 'extra'"),
    "gain missing": (without_variable("gain"), "variable gain is missing"),
    "unit missing": (netcdf_with(lambda d: d["gain"].delncattr("units")), "units is missing"),
    "another unit": (
        netcdf_with(lambda d: d["bandwidth_hz"].setncattr("units", "MHz")),
        "bandwidth_hz has units 'MHz', expected 'Hz'",
    ),
    "a scale factor": (
        netcdf_with(lambda d: d["gain"].setncattr("scale_factor", 2.0)),
        "unknown attribute of gain 'scale_factor'",
    ),
    "strict 2": (
        netcdf_with(lambda d: d.setncattr("strict_relevance", 2)),
        "strict_relevance = 2",
    ),
    "metadata no JSON": (
        netcdf_with(lambda d: d.setncattr("metadata", "{")),
        "attribute metadata is not complete, valid JSON",
    ),
    "metadata a number": (netcdf_with(lambda d: d.setncattr("metadata", 1)), "metadata"),
    "metadata key twice": (
        netcdf_with(lambda d: d.setncattr("metadata", '{"a": 1, "a": 2}')),
        "key 'a' is given twice",
    ),
    "score NaN": (
        netcdf_with(lambda d: d["gate_scores"].__setitem__((1, 2), math.nan)),
        "gate_scores[1,2] = nan",
    ),
    "score never written": (
        netcdf_with(lambda d: d["gate_scores"].__setitem__((1, 2), 9.969209968386869e36)),
        "gate_scores[1]: scores sum",
    ),
    "source out of range": (
        netcdf_with(lambda d: d["source"].__setitem__(2, 3)),
        "source[2] = 3",
    ),
    "other dimensions": (
        replaced_variable("source", "i8", ("expert",), [0, 0, 1]),
        "source has dimensions (expert), expected (token)",
    ),
    "scalar as an array": (
        replaced_variable("relevance", "f8", ("token",), 1.0),
        "relevance has dimensions (token), expected ()",
    ),
    "text for numbers": (
        replaced_variable("source", str, ("token",), np.array(["0", "0", "1"], dtype=object)),
        "source: entries are not numbers",
    ),
    "real for whole": (
        replaced_variable("source", "f8", ("token",), [0, 0, 1]),
        "source: entries of type float64, each must be a whole number",
    ),
}


@pytest.mark.parametrize("fault", BROKEN_NETCDF)
def test_broken_netcdf(tmp_path, fault):
    write, expected = BROKEN_NETCDF[fault]
    path = tmp_path / "broken.nc"
    write(path)
    text = error_of(read_instance, path)
    assert text.startswith(f"{path}: ")
    assert expected in text


def test_a_claim_of_enormous_size_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "enormous.nc"
    with netCDF4.Dataset(path, "w") as dataset:
        dataset.setncatts({"format": "dmoe-instance", "version": 1, "name": "x"})
        for name, size in (("token", 1), ("node", 2), ("expert", 2), ("subcarrier", 2**40)):
            dataset.createDimension(name, size)
        write_instance(example(), tmp_path / "good.nc")
        with netCDF4.Dataset(tmp_path / "good.nc") as good:
            for name, variable in good.variables.items():
                chunks = (1, 1, 1000) if name == "gain" else None
                new = dataset.createVariable(
                    name, variable.dtype, variable.dimensions, chunksizes=chunks
                )
                new.units = variable.units
    assert path.stat().st_size < 10**6
    assert "gain: shape (2, 2, 1099511627776) is too large" in error_of(read_instance, path)
