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
        "gate_scores[1,2] is missing",
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


def never_written(name, dtype, dimensions, rows, mark=None):
    """Return a writer of a file with a variable of some type of which only `rows` are written."""

    def write(path):
        write_instance(example(), path)
        with netCDF4.Dataset(path, "a") as dataset:
            units = dataset[name].units
            values = dataset[name][...]
            dataset.renameVariable(name, "old")
            new = dataset.createVariable(name, dtype, dimensions, fill_value=mark)
            new.units = units
            if rows:
                new[:rows] = values[:rows]
        other = f"{path}.copy"
        with netCDF4.Dataset(path) as old, netCDF4.Dataset(other, "w") as copy:
            old.set_auto_maskandscale(False)
            copy.setncatts({key: old.getncattr(key) for key in old.ncattrs()})
            for key, dimension in old.dimensions.items():
                copy.createDimension(key, len(dimension))
            for key, variable in old.variables.items():
                if key != "old":
                    fill = getattr(variable, "_FillValue", None)
                    new = copy.createVariable(
                        key, variable.dtype, variable.dimensions, fill_value=fill
                    )
                    new.set_auto_maskandscale(False)
                    new.units = variable.units
                    new[...] = variable[...]
        os.replace(other, path)

    return write


LINKS = ("node", "expert", "subcarrier")


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (never_written("gain", "f8", LINKS, 0), "gain[0,1,0] is missing"),
        (never_written("gain", "f8", LINKS, 2), "gain[2,0,0] is missing"),
        (never_written("gain", "f4", LINKS, 1), "gain[1,0,0] is missing"),
        (never_written("gain", "f8", LINKS, 1, mark=-1.0), "gain[1,0,0] is missing"),
        (never_written("gain", "f8", LINKS, 1, mark=0.5), "gain[1,0,0] is missing"),
        (never_written("gain", "f8", LINKS, 1, mark=np.nan), "gain[1,0,0] is missing"),
        (never_written("source", "i8", ("token",), 2), "source[2] is missing"),
        (never_written("source", "i4", ("token",), 1), "source[1] is missing"),
        (never_written("source", "u1", ("token",), 1), "source[1] is missing"),
        (never_written("source", "i2", ("token",), 1, mark=1), "source[1] is missing"),
        (never_written("static_energy_j", "f8", ("expert",), 1), "static_energy_j[1] is missing"),
        (never_written("bandwidth_hz", "f8", (), 0), "bandwidth_hz = 9.96"),
        (never_written("max_experts", "i8", (), 0), "max_experts = -922"),
        (never_written("max_experts", "i4", (), 0, mark=2), "max_experts = 2 is missing"),
    ],
)
def test_what_was_never_written_is_no_data(tmp_path, write, words):
    write(tmp_path / "hole.nc")
    assert words in error_of(read_instance, tmp_path / "hole.nc")


@pytest.mark.parametrize("mark", [None, 0.25, math.nan])
def test_a_variable_may_say_what_marks_a_gap_it_does_not_have(tmp_path, mark):
    never_written("gain", "f8", LINKS, 3, mark=mark)(tmp_path / "whole.nc")
    assert read_instance(tmp_path / "whole.nc").sha256 == example().sha256


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("mark", [1e300, 0.5, -1e300, math.nan])
def test_a_mark_that_whole_numbers_cannot_be_marks_nothing(tmp_path, mark):
    netcdf_with(lambda d: d["source"].setncattr("missing_value", mark))(tmp_path / "m.nc")
    assert read_instance(tmp_path / "m.nc").sha256 == example().sha256


def test_a_second_mark_of_gaps(tmp_path):
    def mark(dataset):
        dataset["gain"].missing_value = np.array([0.003, 0.007])

    netcdf_with(mark)(tmp_path / "marked.nc")
    assert "gain[0,2,1] is missing" in error_of(read_instance, tmp_path / "marked.nc")
    netcdf_with(lambda d: d["gain"].setncattr("missing_value", "none"))(tmp_path / "text.nc")
    assert "missing_value of gain = 'none'" in error_of(read_instance, tmp_path / "text.nc")
    for unread in ("valid_range", "valid_min", "add_offset"):
        netcdf_with(lambda d, name=unread: d["gain"].setncattr(name, 1.0))(tmp_path / "x.nc")
        assert f"unknown attribute of gain '{unread}'" in error_of(read_instance, tmp_path / "x.nc")


def test_nothing_on_the_diagonal_of_gain_is_no_link(tmp_path):
    diagonal = np.arange(3)
    for nothing in (math.nan, math.inf, netCDF4.default_fillvals["f8"]):
        gain = np.array(example().gain)
        gain[diagonal, diagonal] = nothing
        netcdf_with(lambda d, gain=gain: d["gain"].__setitem__(..., gain))(tmp_path / "d.nc")
        assert read_instance(tmp_path / "d.nc").sha256 == example().sha256


@pytest.mark.parametrize("dimension", ["token", "subcarrier", "node"])
def test_a_dimension_that_was_never_filled(tmp_path, dimension):
    path = tmp_path / "empty.nc"
    write_instance(example(), tmp_path / "full.nc")
    with netCDF4.Dataset(tmp_path / "full.nc") as old, netCDF4.Dataset(path, "w") as new:
        new.setncatts({name: old.getncattr(name) for name in old.ncattrs()})
        for name, size in old.dimensions.items():
            new.createDimension(name, None if name == dimension else len(size))
        for name, variable in old.variables.items():
            new.createVariable(name, variable.dtype, variable.dimensions).units = variable.units
    assert error_of(read_instance, path)


def test_text_that_is_not_unicode_is_not_guessed(tmp_path):
    netcdf_with(lambda d: d.setncattr("name", b"Z\xfcrich"))(tmp_path / "latin.nc")
    assert "attribute name" in error_of(read_instance, tmp_path / "latin.nc")
    half = '{"room": "\\ud800"}'
    netcdf_with(lambda d: d.setncattr("metadata", half))(tmp_path / "half.nc")
    assert "room = '\\ud800'" in error_of(read_instance, tmp_path / "half.nc")
