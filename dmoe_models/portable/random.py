"""Random numbers that are the same bits on every machine and with every version of numpy.

A benchmark instance that is named by its seed must not depend on the mathematics library of the
machine that draws it. numpy guarantees the raw bits of a bit generator for ever, but not the
distributions made of them, and logarithms differ in the last bit between platforms. So everything
here is raw bits followed by elementwise operations that IEEE 754 defines exactly and by the
functions of `dmoe_models.portable.functions`, which consist of such. Sums are added column by
column, since the order inside ``np.sum`` may change.
"""

from __future__ import annotations

import hashlib

import numpy as np

from dmoe_models.errors import InstanceError
from dmoe_models.input_checks import whole_number
from dmoe_models.portable.functions import portable_cosine_sine, portable_log


class Draws:
    """A stream of random numbers, named by a seed and a path of names.

    Streams of different names are independent, so that drawing more of one kind (say, tokens)
    leaves every other kind (say, gains) as it was. Arrays are filled in C order: a longer first
    axis only appends.

    Parameters
    ----------
    seed : int
        0 <= seed < 2^63.
    path : str
        Name of the stream.

    Raises
    ------
    InstanceError
        Where the seed is not such a number.
    """

    def __init__(self, seed: int, path: str = "") -> None:
        self.seed = whole_number("seed", seed)
        if not 0 <= self.seed < 2**63:
            raise InstanceError(f"seed = {self.seed} is outside 0 to 2^63 - 1")
        self.path = path
        digest = hashlib.sha256(f"{self.seed}/{path}".encode()).digest()
        self._bits = np.random.PCG64(int.from_bytes(digest, "little"))

    def stream(self, name: str) -> Draws:
        """Return the stream `name` below this one; it starts anew with every call."""
        return Draws(self.seed, f"{self.path}/{name}")

    def _raw(self, shape: tuple[int, ...]) -> np.ndarray:
        size = 1
        for length in shape:
            size *= length
        return np.asarray(self._bits.random_raw(size), dtype=np.uint64).reshape(shape)

    def uniform(self, *shape: int) -> np.ndarray:
        """Return doubles uniform on the open interval (0, 1), symmetric about 1/2."""
        return ((self._raw(shape) >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52

    def between(self, low: float, high: float, *shape: int) -> np.ndarray:
        """Return doubles uniform between `low` and `high`.

        Parameters
        ----------
        low, high : float
        *shape : int
        """
        return low + (high - low) * self.uniform(*shape)

    def exponential(self, *shape: int) -> np.ndarray:
        """Return positive doubles, exponentially distributed with mean 1."""
        return -portable_log(self.uniform(*shape))

    def normal(self, *shape: int) -> np.ndarray:
        """Return doubles, normally distributed with mean 0 and variance 1, within 8.6 of zero."""
        return np.sqrt(2.0) * self.complex_normal(*shape)[0]

    def complex_normal(self, *shape: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the real and imaginary parts of circular normal numbers of mean power 1.

        By the transform of Box and Muller (1958): the power is exponential, the phase uniform.
        """
        pair = self.uniform(*shape, 2)
        amplitude = np.sqrt(-portable_log(pair[..., 0]))
        cosine, sine = portable_cosine_sine(pair[..., 1])
        return amplitude * cosine, amplitude * sine

    def integers(self, bound: int, *shape: int) -> np.ndarray:
        """Return int64 numbers uniform on 0 .. bound - 1 (to within bound / 2^52).

        Parameters
        ----------
        bound : int
            At least 1.
        *shape : int
        """
        return np.floor(self.uniform(*shape) * bound).astype(np.int64)

    def permutation(self, length: int) -> np.ndarray:
        """Return the numbers 0 .. length - 1 in random order, int64."""
        return np.argsort(self._raw((length,)), kind="stable").astype(np.int64)

    def simplex(self, rows: int, columns: int) -> np.ndarray:
        """Return (rows, columns): each row uniform on the simplex, Dirichlet(1, ..., 1).

        Parameters
        ----------
        rows, columns : int
        """
        return normalise_rows(self.exponential(rows, columns))


def row_sums(values: np.ndarray) -> np.ndarray:
    """Return the sum of every row of a 2-D array, added from left to right."""
    total = np.zeros(values.shape[0])
    for column in range(values.shape[1]):
        total = total + values[:, column]
    return total


def normalise_rows(weights: np.ndarray) -> np.ndarray:
    """Divide every row of a 2-D array by its sum, added from left to right."""
    return np.asarray(weights / row_sums(weights)[:, None])
