"""Recorded gate scores: reading them, and turning E recorded experts and N tokens into K and T.

What a recording leaves open is decided by the caller, in the functions below: how experts are put
on nodes, which tokens are taken, and where they reside. `instances.recorded.join` writes those
choices into the instance's metadata.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from dmoe_models.channels.array_files import load_array, load_arrays, readable_name
from dmoe_models.errors import FileError, InstanceError
from dmoe_models.input_checks import quote, refuse_where
from dmoe_models.model.arrays import real_array, whole_array
from dmoe_models.portable.random import normalise_rows
from dmoe_models.scores.csv_table import read_csv_table
from dmoe_models.values.value import Value

ESFT_EXPERTS = 64
ESFT_ACTIVE = 6
"""Experts of a layer of the recorded model, and how many of their scores a token's record holds."""

TOKEN_CHOICES = ("spread", "contiguous")
PLACEMENTS = ("round-robin", "prompt", "first-node")


@dataclass(frozen=True, eq=False)
class GateRecord(Value):
    """Gate scores of one layer, as recorded.

    Attributes
    ----------
    scores : (N, E) array
        Non-negative; zero where the recording has no score. Rows need not sum to 1.
    prompt : (N,) int array
        Number of the prompt that a token belongs to; zero throughout where it is not known.
    origin : dict
        Where the scores come from, for the metadata.
    """

    scores: np.ndarray
    prompt: np.ndarray
    origin: dict[str, Any]

    def __post_init__(self) -> None:
        scores = real_array("scores", self.scores, 2)
        wrong = ~np.isfinite(scores) | (scores < 0)
        refuse_where("scores", scores, wrong, "is negative or not finite")
        prompt = whole_array("prompt", self.prompt, 1)
        if len(prompt) != len(scores):
            raise InstanceError(f"prompt: {len(prompt)} entries for {len(scores)} tokens")
        object.__setattr__(self, "scores", scores)
        object.__setattr__(self, "prompt", prompt)
        super().__post_init__()


def read_gates(path: str | Path, *, layer: int | None = None) -> GateRecord:
    """Read recorded gate scores in any of the supported formats.

    Parameters
    ----------
    path : path
        ``.npz``: arrays ``expert_ids`` (layers, N, A) and ``weights_1e4`` (layers, N, A), the
        scores (times 10^4) of the A best of 64 experts, and ``seq_len``, tokens per prompt.
        ``.txt``: the text format of the ESFT project, one layer: a prompt per line, tab-separated,
        six expert numbers per token, an empty field, the scores in the same order.
        ``.npy`` or ``.csv`` (comma-separated, with or without a header): an (N, E) table of scores.
    layer : int, optional
        Which layer of an ``.npz`` file; needed there and only there.

    Returns
    -------
    GateRecord

    Raises
    ------
    FileError
        Where the file is missing, damaged, or not of that form.
    """
    path = Path(path)
    readers = {".txt": _read_esft_text, ".npy": _read_table, ".csv": _read_table}
    suffix = path.suffix.lower()
    if suffix == ".npz":
        read: Callable[[Path], GateRecord] = partial(_read_esft_arrays, layer=layer)
    elif suffix in readers:
        if layer is not None:
            raise FileError(f"{path}: layer = {layer} is given, but the file holds one")
        read = readers[suffix]
    else:
        raise FileError(f"{path}: gate scores are .npz, .txt, .npy or .csv files")
    try:
        record = read(path)
    except InstanceError as error:
        raise FileError(f"{path}: {error}") from None
    if record.scores.shape[0] == 0 or record.scores.shape[1] < 2:
        raise FileError(f"{path}: shape {record.scores.shape} is not (tokens, experts)")
    with np.errstate(over="ignore"):
        endless = np.flatnonzero(~np.isfinite(record.scores.sum(axis=1)))
    if endless.size:
        raise FileError(f"{path}: the sum of the scores of token {endless[0]} is too large")
    empty = np.flatnonzero(~(record.scores > 0).any(axis=1))
    if empty.size:
        raise FileError(f"{path}: all scores of token {empty[0]} are zero")
    return record


def _read_esft_arrays(path: Path, layer: int | None) -> GateRecord:
    arrays = load_arrays(
        path, {"expert_ids": (3, "iu"), "weights_1e4": (3, "iu"), "seq_len": (1, "iu")}
    )
    ids, weights, lengths = arrays["expert_ids"], arrays["weights_1e4"], arrays["seq_len"]
    fits = lengths.min() >= 0 and lengths.max() <= ids.shape[1] and lengths.sum() == ids.shape[1]
    if ids.shape != weights.shape or not fits:
        raise FileError(
            f"{path}: shapes of expert_ids {ids.shape}, weights_1e4 {weights.shape} and the sum of "
            f"seq_len {lengths.sum()} disagree"
        )
    if layer is None:
        raise FileError(f"{path}: layer is needed, the file holds 0 to {len(ids) - 1}")
    if not 0 <= layer < len(ids):
        raise FileError(f"{path}: layer = {layer} is outside 0 to {len(ids) - 1}")
    scores = _dense(path, ids[layer], weights[layer] / 1e4)
    prompt = np.repeat(np.arange(len(lengths)), lengths.astype(np.int64))
    return GateRecord(scores, prompt, {"file": readable_name(path), "layer": int(layer)})


def _read_esft_text(path: Path) -> GateRecord:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise FileError(f"{path}: is not UTF-8 text (byte {error.start})") from None
    if not lines:
        raise FileError(f"{path}: is empty")
    ids: list[np.ndarray] = []
    weights: list[np.ndarray] = []
    for number, line in enumerate(lines, start=1):
        left, separator, right = line.partition("\t\t")
        experts, values = left.split("\t"), right.split("\t")
        if not separator or len(experts) % ESFT_ACTIVE or len(experts) != len(values):
            raise FileError(
                f"{path}: line {number} is not six expert numbers per token, an empty field "
                "and as many scores"
            )
        ids.append(_numbers(f"{path}: line {number}: expert", experts, np.int64))
        weights.append(_numbers(f"{path}: line {number}: score", values, np.float64))
    scores = _dense(
        path,
        np.concatenate(ids).reshape(-1, ESFT_ACTIVE),
        np.concatenate(weights).reshape(-1, ESFT_ACTIVE),
    )
    prompt = np.repeat(np.arange(len(ids)), [len(row) // ESFT_ACTIVE for row in ids])
    return GateRecord(scores, prompt, {"file": readable_name(path)})


def _numbers(where: str, cells: list[str], kind: type[np.int64] | type[np.float64]) -> np.ndarray:
    """Return the numbers in a prompt's cells; FileError names the first cell that is none."""
    numbers = []
    for position, cell in enumerate(cells):
        try:
            if "_" in cell:  # Python reads 1_0 as ten
                raise ValueError
            numbers.append(kind(cell))
        except (ValueError, OverflowError):
            raise FileError(f"{where} {position} = {quote(cell)} is not a number") from None
    return np.array(numbers, dtype=kind)


def _dense(path: Path, ids: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Spread the recorded (N, A) scores over an (N, 64) table."""
    experts = ids.astype(np.int64)
    outside = (experts < 0) | (experts >= ESFT_EXPERTS)
    refuse_where(f"{path}: expert", experts, outside, f"is not 0 to {ESFT_EXPERTS - 1}", FileError)
    ordered = np.sort(experts, axis=1)
    twice = np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1))
    if twice.size:
        raise FileError(f"{path}: token {twice[0]} names an expert twice")
    scores = np.zeros((len(experts), ESFT_EXPERTS))
    np.put_along_axis(scores, experts, weights, axis=1)
    return scores


def _read_table(path: Path) -> GateRecord:
    scores = load_array(path) if path.suffix.lower() == ".npy" else read_csv_table(path)
    if scores.ndim != 2 or scores.dtype.kind == "c":
        raise FileError(f"{path}: {scores.dtype} of shape {scores.shape} is not (T, K) scores")
    prompt = np.zeros(len(scores), dtype=np.int64)
    return GateRecord(scores.astype(np.float64), prompt, {"file": readable_name(path)})


def group_experts(scores: np.ndarray, nodes: int) -> np.ndarray:
    """Put E experts on K nodes, E/K consecutive ones on each, and add their scores.

    Parameters
    ----------
    scores : (N, E) array
    nodes : int
        K, a divisor of E; K = E leaves the scores as they are.

    Returns
    -------
    (N, K) array, each row divided by its sum
    """
    experts = scores.shape[1]
    if nodes < 2 or experts % nodes:
        raise InstanceError(f"{experts} experts cannot be put on {quote(nodes)} nodes evenly")
    grouped = np.zeros((len(scores), nodes))
    for place in range(experts // nodes):
        grouped += scores[:, place :: experts // nodes]
    return normalise_rows(grouped)


def choose_tokens(available: int, count: int, how: str = "spread") -> np.ndarray:
    """Return which `count` tokens of a record to take, (T,) increasing indices.

    Parameters
    ----------
    available, count : int
    how : {"spread", "contiguous"}
        Evenly spaced over the whole record, so that all prompts take part; or its first tokens,
        which follow each other as they did in the text.
    """
    if how not in TOKEN_CHOICES:
        raise InstanceError(f"token choice {quote(how)} is not one of {', '.join(TOKEN_CHOICES)}")
    if not 1 <= count <= available:
        raise InstanceError(
            f"{quote(count)} tokens were asked for; the record has {available}: "
            f"pass --tokens {available} (tokens={available} in Python) or fewer"
        )
    steps = np.arange(count, dtype=np.int64)
    return steps * available // count if how == "spread" else steps


def place_tokens(prompt: np.ndarray, nodes: int, how: str = "round-robin") -> np.ndarray:
    """Return the node at which each token resides, (T,).

    Parameters
    ----------
    prompt : (T,) int array
        Prompt of each token.
    nodes : int
    how : {"round-robin", "prompt", "first-node"}
        Dealt out one by one; all tokens of a prompt at node (prompt mod K); or all at node 0.
    """
    if how == "round-robin":
        return np.arange(len(prompt), dtype=np.int64) % nodes
    if how == "prompt":
        return prompt % nodes
    if how == "first-node":
        return np.zeros(len(prompt), dtype=np.int64)
    raise InstanceError(f"token placement {quote(how)} is not one of {', '.join(PLACEMENTS)}")
