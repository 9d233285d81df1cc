"""Hostile arrays: files of numpy and netCDF whose headers are right and whose content is not."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
from numpy.lib import format as numpy_format

KINDS = (
    *("f2", "f4", "f8", ">f8", ">f4", "g", "c8", "c16", ">c16", "?", "i1", "u1", "i2", ">i4", "i8"),
    *("u8", ">u8", "S3", "U2", ">U2", "M8[s]", "m8[ns]", "V4", "O", "f4,i2", "(2,)f8"),
)
NUMBERS = (
    *(np.nan, np.inf, -np.inf, -0.0, -1.0, 5e-324, 1e308, -1e308, 1e-308, 0.0, 2.0**63, 9.96921e36),
    *(0.5, 3.4e38, -(2.0**31)),
)
SHAPES = (
    *(
        (),
        (0,),
        (0, 0),
        (1,),
        (1, 1),
        (2, 2),
        (3, 1),
        (1, 3),
        (2, 2, 2),
        (0, 4),
        (4, 0),
        (1, 2, 3, 2),
    ),
    *((3, 3, 0), (2, 3, 4), (1,) * 6, (1,) * 32),
)
HUGE = (
    "(2**40,)",
    "(1099511627776, 8)",
    "(9223372036854775807,)",
    "(-3, 4)",
    "(4, 1e3)",
    "(True,)",
)
HUGE = (
    *HUGE,
    "(4000000000, 4000000000)",
    "(18446744073709551616,)",
    "(3,)" * 50,
    "(" * 90 + ")" * 90,
)


def _any(options: Any, rng: np.random.Generator) -> Any:
    return options[int(rng.integers(len(options)))]


def mutated_array(array: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return an array with other entries, of another type, shape, or order in memory.

    Parameters
    ----------
    array : array
    rng : numpy Generator
    """
    array = np.array(array)
    for _ in range(int(_any((1, 1, 2), rng))):
        with np.errstate(all="ignore"):
            array = _once(array, rng)
    return array


def _once(array: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    match int(rng.integers(10)):
        case 0 | 1 | 2 | 3 if array.size and array.dtype.kind in "fiuc":
            flat = array.ravel()
            few = rng.integers(0, flat.size, int(_any((1, 1, 3, flat.size), rng)))
            number = _any(NUMBERS, rng)
            if array.dtype.kind in "iu":
                limits = np.iinfo(array.dtype)
                number = _any(
                    (limits.min, limits.max, 0, limits.max // 2, 64, min(10000, limits.max)), rng
                )
            flat[few] = number if array.dtype.kind != "c" else complex(number, _any(NUMBERS, rng))
            return flat.reshape(array.shape)
        case 4 | 5:
            return _of_kind(array, _any(KINDS, rng))
        case 6:
            return (
                np.resize(array, _any(SHAPES, rng)) if array.size else np.zeros(_any(SHAPES, rng))
            )
        case 7:
            return np.asfortranarray(array.T if rng.random() < 0.5 else array)
        case 8:
            axis = int(rng.integers(max(array.ndim, 1)))
            if not array.ndim:
                return array[None]
            keep = int(rng.integers(array.shape[axis] + 1))
            return np.take(array, range(keep), axis) if rng.random() < 0.5 else array[None]
        case _:
            return np.concatenate([array, array]) if array.ndim else array


def _of_kind(array: np.ndarray, kind: str) -> np.ndarray:
    try:
        with warnings.catch_warnings(action="ignore"):
            return array.astype(kind)
    except (TypeError, ValueError, OverflowError):
        return np.zeros(array.shape, dtype=kind)


def npy_bytes(array: np.ndarray, rng: np.random.Generator) -> bytes:
    """Write an array as numpy does, at times with a header that claims something else."""
    stream = io.BytesIO()
    numpy_format.write_array(stream, array, version=None)
    raw = stream.getvalue()
    if rng.random() < 0.85:
        return raw
    shape = _any((*HUGE, str(array.shape)), rng)
    kind = _any((array.dtype.str, "<f8", "|O", "<U4000000", "|V0", "<f8,<i4", "x"), rng)
    if shape == "(2**40,)":
        shape = "(1099511627776,)"
    text = f"{{'descr': {kind!r}, 'fortran_order': {rng.random() < 0.3}, 'shape': {shape}, }}"
    text = _any((text, text[:-3], text.replace("'shape'", "'shapes'"), text + " " * 20000), rng)
    version = _any(((1, 0), (2, 0), (3, 0), (9, 9)), rng)
    length = struct.pack("<H" if version[0] == 1 else "<I", min(len(text) + 1, 65535))
    return b"\x93NUMPY" + bytes(version) + length + text.encode() + b"\n" + array.tobytes()[:512]


def npz_bytes(arrays: dict[str, np.ndarray], rng: np.random.Generator) -> bytes:
    """Write an archive of arrays of which one or the archive itself is mutated."""
    held = {name: (array, False) for name, array in arrays.items()}
    name = _any(sorted(held), rng)
    way = int(rng.integers(10))
    if way <= 5:
        held[name] = (mutated_array(arrays[name], rng), rng.random() < 0.1)
    elif way == 6:
        del held[name]
    elif way == 7:
        held[_any(("csi", "csi_iq", "scale", "x/y", "../z", "", "ж"), rng)] = held.pop(name)
    stream = io.BytesIO()
    packing = _any(
        (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA), rng
    )
    with zipfile.ZipFile(stream, "w", packing) as archive:
        for one, (array, odd) in held.items():
            raw = npy_bytes(array, np.random.default_rng(0 if not odd else int(rng.integers(99))))
            member = zipfile.ZipInfo(f"{one}.npy")  # of 1980, not of now
            member.compress_type = packing
            archive.writestr(member, raw if way != 8 or one != name else rng.bytes(40))
            if way == 9 and one == name:
                archive.writestr("more.txt", b"text")
    raw = bytearray(stream.getvalue())
    if rng.random() < 0.08:  # a method of compression, or a flag, that nobody knows
        place = raw.find(b"PK\x01\x02")
        raw[place + int(_any((8, 10), rng))] = int(rng.integers(1, 99))
    return bytes(raw)


# ---------------------------------------------------------------------------------------- netCDF

TYPES = (
    "f4",
    "f8",
    ">f8",
    "i1",
    "i2",
    "i4",
    "i8",
    "u1",
    "u8",
    "S1",
    "str",
    "vlen",
    "compound",
    "enum",
)
HUGE_SIZES = (1000, 2**31, 2**40)
ATTRIBUTES = (
    *("", "text", "\x1b[2J", "x" * 70000, 1, 2**62, -1, 0.5, np.nan, np.inf, np.float32(1), "ж漢"),
    *(
        np.array([1, 2]),
        np.array([], dtype="f8"),
        ["a", "b"],
        np.int8(7),
        "{}",
        "[1]",
        '{"a": NaN}',
    ),
    *('{"a": 1, "a": 2}', "[" * 5000, '{"a": "\\ud800"}'),
)


def mutated_netcdf(source: Path, target: Path, rng: np.random.Generator) -> None:
    """Write a netCDF file anew, with one or two of its parts made hostile.

    Parameters
    ----------
    source, target : path
    rng : numpy Generator
    """
    target.write_bytes(source.read_bytes())
    with suppress(RuntimeError), warnings.catch_warnings(action="ignore"):  # closed, or in part
        _rewritten(source, target, rng)


def _rewritten(source: Path, target: Path, rng: np.random.Generator) -> None:
    with netCDF4.Dataset(source) as old:
        old.set_auto_maskandscale(False)
        names = list(old.variables)
        odd = {str(_any(names, rng)): int(rng.integers(12)) for _ in range(int(rng.integers(1, 3)))}
        form = _any(("NETCDF4",) * 6 + ("NETCDF4_CLASSIC", "NETCDF3_64BIT_DATA"), rng)
        with netCDF4.Dataset(target, "w", format=form) as new:
            _copy_header(old, new, rng, form == "NETCDF4")
            for name in names:
                try:
                    _copy_variable(old.variables[name], new, odd.get(name, -1), rng)
                except Exception:  # the library refuses to write it: the file goes without
                    continue
            if form == "NETCDF4" and rng.random() < 0.05:
                new.createGroup("more")


def _copy_header(old: Any, new: Any, rng: np.random.Generator, sparse: bool) -> None:
    odd = _any((*old.ncattrs(), "more", "_FillValue", *(None,) * 12), rng)
    for name in old.ncattrs():
        if name != odd:
            new.setncattr(name, old.getncattr(name))
    if odd and rng.random() < 0.8:
        try:
            new.setncattr(odd, _any(ATTRIBUTES, rng))
        except Exception:  # an attribute of that kind there is not in this form
            return
    stretched = _any((*old.dimensions, *(None,) * 8), rng)
    for name, dimension in old.dimensions.items():
        size = len(dimension)
        if name == stretched:
            size = int(_any((0, 1, size + 1, *HUGE_SIZES[: 3 * sparse]), rng)) or None
        new.createDimension(name, size)
    if rng.random() < 0.03:
        new.createDimension("more", 3)


def _copy_variable(old: Any, new: Any, way: int, rng: np.random.Generator) -> None:
    kind: Any = old.dtype
    dimensions = old.dimensions
    options: dict[str, Any] = {}
    if way in (0, 1):
        kind = _type(new, _any(TYPES, rng), old.dtype)
    elif way == 2:
        dimensions = _any((dimensions[::-1], dimensions[:-1], dimensions * 2, ("more",)), rng)
    elif way == 3:
        options = {"fill_value": _any((0, 1, -1, 99), rng)}
    elif way == 4:
        return
    huge = any(len(new.dimensions[name]) in HUGE_SIZES for name in dimensions)
    packed = (
        "zlib" if huge or rng.random() < 0.3 else None
    )  # what is packed takes no room unwritten
    variable = new.createVariable(
        old.name if way != 5 else "other", kind, dimensions, compression=packed, **options
    )
    variable.set_auto_maskandscale(False)
    for name in old.ncattrs():
        if way != 6:
            variable.setncattr(name, old.getncattr(name))
    if way in (6, 7):
        names = ("units", "scale_factor", "missing_value", "valid_range", "coordinates")
        variable.setncattr(_any(names, rng), _any(ATTRIBUTES, rng))
    values = np.asarray(old[...])
    if way in (8, 9, 10):
        values = mutated_array(values, rng)
    if huge:
        return
    if way == 11:  # never written, or in part
        if values.ndim and rng.random() < 0.5:
            variable[:1] = values[:1]
        return
    variable[...] = values


def _type(new: Any, name: str, kind: np.dtype) -> Any:
    if name == "str":
        return str
    if name == "vlen":
        return new.createVLType(kind, "ragged")
    if name == "compound":
        return new.createCompoundType(np.dtype([("a", "f8"), ("b", "i4")]), "pair")
    return new.createEnumType("i1", "word", {"yes": 1, "no": 0}) if name == "enum" else name
