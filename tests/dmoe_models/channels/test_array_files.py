"""Files of arrays that numpy and zip stumble over: one error that names them, no warning."""

from __future__ import annotations

import io
import warnings
import zipfile

import numpy as np
import pytest

from dmoe_models import FileError
from dmoe_models.channels.recorded import read_channel
from dmoe_models.scores.recorded import read_gates

HEADER = b"\x93NUMPY\x01\x00\x76\x00"


def npy(header):
    return HEADER + header.encode().ljust(117) + b"\n" + bytes(64)


def archive(content=None, name="csi_iq.npy", place=None, value=0):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        packed.writestr(name, content or b"no array")
    raw = bytearray(stream.getvalue())
    if place is not None:  # in the directory of the archive
        raw[raw.find(b"PK\x01\x02") + place] = value
    return bytes(raw)


@pytest.mark.parametrize(
    ("suffix", "raw"),
    [
        (".npy", npy("{'descr': '<f8', 'shape': (2, 2")),
        (".npy", npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2L, ")),
        (".npy", npy("(" * 100)),
        (".npy", npy("{'descr': '|O', 'fortran_order': False, 'shape': (2, 2), }")),
        (".npy", npy("{'descr': '<f8', 'fortran_order': False, 'shape': (9000000000000, 9), }")),
        (".npz", archive(place=10, value=77)),  # compressed by nobody knows what
        (".npz", archive(place=8, value=1)),  # encrypted
        (".npz", archive(place=8, value=32)),  # patched
        (".npz", archive()),  # a member that is no array
        (".npz", b"PK\x03\x04" + bytes(50)),
        (".npz", npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }")),
    ],
)
def test_what_numpy_cannot_read_is_one_error(tmp_path, suffix, raw):
    path = tmp_path / f"x{suffix}"
    path.write_bytes(raw)
    for read in (
        read_channel,
        lambda path: read_gates(path, layer=0 if suffix == ".npz" else None),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(FileError, match=f"x{suffix}"):
                read(path)


@pytest.mark.parametrize(
    "array",
    [np.full((4, 8), 1e200 + 1j), np.full((4, 8), np.inf), np.full((2, 2, 8), -1.0)],
)
def test_powers_beyond_doubles_are_refused_without_a_warning(tmp_path, array):
    np.save(tmp_path / "h.npy", array)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(FileError, match="negative or not finite"):
            read_channel(tmp_path / "h.npy")


def test_scores_whose_sum_is_beyond_doubles_are_refused(tmp_path):
    np.save(tmp_path / "g.npy", np.full((3, 4), [1e308, 1e308, 1.0, 1.0]))
    with pytest.raises(FileError, match="token 0"):
        read_gates(tmp_path / "g.npy")


@pytest.mark.parametrize("text", ["", "\n\n", "# only this\n", " \n"])
def test_a_csv_without_numbers_is_refused_without_a_warning(tmp_path, text):
    (tmp_path / "g.csv").write_text(text)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(FileError, match=r"g\.csv"):
            read_gates(tmp_path / "g.csv")
