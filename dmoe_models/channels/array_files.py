"""Arrays from ``.npz`` and ``.npy`` files of recordings: what is wrong with one is said in a line.

Recorded channels and recorded gate scores are both read by these functions.
"""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np

from dmoe_models.errors import FileError

_UNREADABLE = (OSError, ValueError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error)
"""What numpy raises for files that are not what their extension says."""


def load_arrays(path: Path, wanted: dict[str, tuple[int, str]]) -> dict[str, np.ndarray]:
    """Return arrays of an ``.npz`` file, or say in one line what is wrong with it.

    Parameters
    ----------
    path : path
    wanted : dict
        Name -> (number of dimensions, allowed kinds of numpy type).
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            missing = [name for name in wanted if name not in archive.files]
            if missing:
                raise FileError(
                    f"{path}: there is no array {missing[0]}; expected {', '.join(wanted)}, "
                    f"found {', '.join(archive.files) or 'none'}"
                )
            arrays = {name: archive[name] for name in wanted}
    except FileError:
        raise
    except (*_UNREADABLE, AttributeError) as error:
        raise FileError(f"{path}: {_reason(error, '.npz')}") from None
    for name, (dimensions, kinds) in wanted.items():
        array = arrays[name]
        if array.ndim != dimensions or array.dtype.kind not in kinds or array.size == 0:
            raise FileError(
                f"{path}: array {name} is {array.dtype} of shape {array.shape}, which is not what "
                "is recorded there"
            )
    return arrays


def load_array(path: Path) -> np.ndarray:
    """Return the array of an ``.npy`` file, or say in one line what is wrong with it."""
    try:
        array = np.load(path, allow_pickle=False)
    except _UNREADABLE as error:
        raise FileError(f"{path}: {_reason(error, '.npy')}") from None
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiuc":
        raise FileError(f"{path}: is not one array of numbers")
    return array


def _reason(error: Exception, kind: str) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"cannot be read as {kind}"
