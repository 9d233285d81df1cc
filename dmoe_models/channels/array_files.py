"""Arrays from ``.npz`` and ``.npy`` files of recordings: what is wrong with one is said in a line.

Recorded channels and recorded gate scores are both read by these functions.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.npyio import NpzFile

from dmoe_models.errors import FileError


def load_arrays(path: Path, wanted: dict[str, tuple[int, str]]) -> dict[str, np.ndarray]:
    """Return arrays of an ``.npz`` file, or say in one line what is wrong with it.

    Parameters
    ----------
    path : path
    wanted : dict
        Name -> (number of dimensions, allowed kinds of numpy type).
    """
    with _opened(path, ".npz") as archive:
        if not isinstance(archive, NpzFile):
            raise FileError(f"{path}: cannot be read as .npz")
        missing = [name for name in wanted if name not in archive.files]
        if missing:
            raise FileError(
                f"{path}: there is no array {missing[0]}; expected {', '.join(wanted)}, "
                f"found {', '.join(archive.files) or 'none'}"
            )
        arrays = {name: archive[name] for name in wanted}
    for name, (dimensions, kinds) in wanted.items():
        array = arrays[name]
        if not isinstance(array, np.ndarray):  # numpy hands out the bytes of what is none
            raise FileError(f"{path}: {name} is no array")
        if array.ndim != dimensions or array.dtype.kind not in kinds or array.size == 0:
            raise FileError(
                f"{path}: array {name} is {array.dtype} of shape {array.shape}, which is not what "
                "is recorded there"
            )
    return arrays


def load_array(path: Path) -> np.ndarray:
    """Return the array of an ``.npy`` file, or say in one line what is wrong with it."""
    with _opened(path, ".npy") as array:
        pass
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiuc":
        raise FileError(f"{path}: is not one array of numbers")
    return array


def readable_name(path: Path) -> str:
    """Return a file's name as text that can be written, whatever bytes it consists of."""
    return os.fsencode(path.name).decode("utf-8", "replace")


@contextmanager
def _opened(path: Path, kind: str) -> Iterator[Any]:
    """Yield what numpy finds in a file; whatever it cannot make of it is a FileError."""
    try:
        with open(path, "rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of files that Python 2 wrote
            yield np.load(file, allow_pickle=False)
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or f'cannot be read as {kind}'}") from None
    except Exception:  # of zip, of several ways to compress, of Python's own tokens in headers
        raise FileError(f"{path}: cannot be read as {kind}") from None
