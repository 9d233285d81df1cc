"""Try readers with mutated files: nothing but the project's errors, no warning, no file, in time.

A mutation is decided by its reader's name and its number, so that it can be made again:

    python tests/campaigns/fuzz.py "channels, .npz" 1234 [FILE]

prints what comes of it, and writes the file that is read.
"""

from __future__ import annotations

import io
import json
import math
import multiprocessing
import os
import signal
import sys
import tempfile
import time
import tomllib
import traceback
import warnings
import xml.etree.ElementTree as ElementTree
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fuzz_arrays
import fuzz_text
import fuzz_trees
import numpy as np
from fuzz_readers import READERS, Reader, Sample
from numpy.lib import format as numpy_format

from dmoe_models.errors import DmoeError

LONGEST_S = 5.0
"""Processor time that one file may take."""

PATIENCE_S = 60
"""Seconds by the clock after which a reader is interrupted: the machine may be busy."""


@dataclass(frozen=True)
class Case:
    """What was made of a sample: the file that is read, and what lies beside it."""

    name: str
    raw: bytes
    beside: dict[str, bytes]
    well_formed: bool


@dataclass(frozen=True)
class Fault:
    """What a reader must not do, and the mutation that made it."""

    reader: str
    number: int
    what: str


def readers() -> dict[str, Reader]:
    """Return the table by name."""
    return {reader.name: reader for reader in READERS}


# -------------------------------------------------------------------------------------- mutations


def case_of(reader: Reader, samples: list[Sample], number: int, folder: Path) -> Case:
    """Return the mutation of that number: of the content in even ones, of bytes in odd ones.

    Parameters
    ----------
    reader : Reader
    samples : list of Sample
    number : int
    folder : path
        For what has to be written to be mutated.
    """
    rng = np.random.default_rng([zlib.crc32(reader.name.encode()), number])
    sample = samples[int(rng.integers(len(samples)))]
    raw = sample.path.read_bytes()
    beside = {path.name: path.read_bytes() for path in sample.beside}
    if beside and rng.random() < 0.15:
        name = sorted(beside)[0]
        text = beside[name].decode()
        beside[name] = fuzz_text.mutated_lines(text, rng).encode("utf-8", "surrogatepass")
    elif number % 2 or reader.content == "bytes":
        raw = fuzz_text.mutated_bytes(raw, rng, tuple(s.path.read_bytes() for s in samples))
    else:
        raw = _mutated_content(reader.content, sample.path, rng, folder)
    return Case(sample.path.name, raw, beside, well_formed(reader.content, raw))


def _mutated_content(kind: str, path: Path, rng: np.random.Generator, folder: Path) -> bytes:
    if kind == "npy":
        array = fuzz_arrays.mutated_array(np.load(path), rng)
        return fuzz_arrays.npy_bytes(array, rng)
    if kind == "npz":
        with np.load(path) as archive:
            return fuzz_arrays.npz_bytes(dict(archive), rng)
    if kind == "netcdf":
        target = folder / "mutated.nc"
        fuzz_arrays.mutated_netcdf(path, target, rng)
        raw = target.read_bytes()
        target.unlink()
        return raw
    return _mutated_text(kind, path.read_text(encoding="utf-8"), rng).encode(
        "utf-8", "surrogatepass"
    )


def _mutated_text(kind: str, text: str, rng: np.random.Generator) -> str:
    match kind:
        case "json":
            return fuzz_trees.as_json(fuzz_trees.mutated(json.loads(text), rng))
        case "jsonl":
            lines = text.splitlines()
            at = int(rng.integers(len(lines)))
            lines[at] = fuzz_trees.as_json(fuzz_trees.mutated(json.loads(lines[at]), rng))
            return "\n".join(lines) + "\n"
        case "toml":
            return fuzz_trees.as_toml(fuzz_trees.mutated(tomllib.loads(text), rng))
        case "xml":
            return fuzz_text.mutated_xml(text, rng)
        case _:
            return fuzz_text.mutated_lines(text, rng, "," if kind == "csv" else None)


def well_formed(kind: str, raw: bytes) -> bool:
    """Whether bytes are still what their kind asks for, whatever they say.

    Parameters
    ----------
    kind : str
        As in the table of readers.
    raw : bytes
    """
    try:
        if kind == "npy":
            with warnings.catch_warnings(action="ignore"):
                return _is_array(raw)
        if kind == "npz":
            with zipfile.ZipFile(io.BytesIO(raw)) as archive:
                return bool(archive.namelist())
        if kind == "bytes":
            return False
        if kind == "netcdf":
            return raw[:4] == b"\x89HDF" or raw[:3] == b"CDF"
        text = raw.decode("utf-8")
        if kind == "json":
            json.loads(text)
        elif kind == "jsonl":
            [json.loads(line) for line in text.splitlines()]
        elif kind == "toml":
            tomllib.loads(text)
        elif kind == "xml":
            ElementTree.fromstring(text)
    except Exception:
        return False
    return True


def _is_array(raw: bytes) -> bool:
    """Whether there is an array's header and as many bytes; no object is unpickled."""
    stream = io.BytesIO(raw)
    version = numpy_format.read_magic(stream)
    read = numpy_format.read_array_header_1_0 if version == (1, 0) else None
    shape, _, dtype = (read or numpy_format.read_array_header_2_0)(stream)
    return dtype.hasobject or math.prod(shape) * dtype.itemsize <= len(raw) - stream.tell()


# ------------------------------------------------------------------------------------------ trying


@contextmanager
def _patience() -> Iterator[None]:
    """Interrupt what does not end."""

    def late(*_: Any) -> None:
        raise TimeoutError(f"not ended after {PATIENCE_S} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(PATIENCE_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def tried(reader: Reader, case: Case, folder: Path) -> str | None:
    """Read a mutated file in a folder of its own; return what is wrong with that, or None.

    Parameters
    ----------
    reader : Reader
    case : Case
    folder : path
        Empty.
    """
    for name, raw in {**case.beside, case.name: case.raw}.items():
        (folder / name).write_bytes(raw)
    there = sorted(os.listdir(folder))
    began = time.process_time()
    what = None
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            with _patience():
                reader.read(folder / case.name)
        except DmoeError as error:
            what = _of_message(str(error))
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(last.filename).name}:{last.lineno}"
            what = f"{type(error).__name__} at {place}: {' '.join(str(error).split())[:200]}"
    spent = time.process_time() - began
    if heard:
        what = f"warns: {heard[0].category.__name__}: {heard[0].message}"
    if sorted(os.listdir(folder)) != there:
        what = f"leaves files: {sorted(set(os.listdir(folder)) - set(there))}"
    if spent > LONGEST_S:
        what = f"takes {spent:.1f} s"
    for name in os.listdir(folder):
        (folder / name).unlink()
    return what


def _of_message(text: str) -> str | None:
    if not text.strip() or len(text.splitlines()) != 1:
        return f"its message is not one line: {text!r:.200}"
    if len(text) > 1000:
        return f"its message has {len(text)} signs: {text[:80]!r}..."
    if not text.isprintable():
        return f"its message cannot be printed: {text!r:.200}"
    return None


def run(reader: Reader, numbers: range, folder: Path) -> Iterator[tuple[int, bool, str | None]]:
    """Try mutations one after the other; yield number, whether well-formed, and what is wrong.

    Parameters
    ----------
    reader : Reader
    numbers : range
    folder : path
    """
    samples = _samples(reader, folder)
    work = folder / "work"
    work.mkdir(exist_ok=True)
    for number in numbers:
        case = case_of(reader, samples, number, folder)
        yield number, case.well_formed, tried(reader, case, work)


def _samples(reader: Reader, folder: Path) -> list[Sample]:
    made = folder / "samples"
    if not made.exists():
        made.mkdir()
    return list(reader.samples(made))


def _child(name: str, numbers: range, folder: Path, pipe: Any) -> None:
    for found in run(readers()[name], numbers, folder):
        pipe.send(found)
    pipe.send(None)


def run_apart(
    reader: Reader, numbers: range, folder: Path
) -> Iterator[tuple[int, bool, str | None]]:
    """Do as `run`, in another process, which is begun again after the mutation that ended it.

    Parameters
    ----------
    reader : Reader
    numbers : range
    folder : path
    """
    context = multiprocessing.get_context("spawn")
    turn = 0
    while numbers:
        turn += 1
        own = folder / str(turn)
        own.mkdir()
        receiver, sender = context.Pipe(duplex=False)
        child = context.Process(target=_child, args=(reader.name, numbers, own, sender))
        child.start()
        sender.close()
        done = numbers.start
        try:
            while (found := receiver.recv()) is not None:
                yield found
                done = found[0] + 1
            numbers = range(0)
        except EOFError:
            child.join()
            yield done, True, f"ends the process with {child.exitcode}"
            numbers = range(done + 1, numbers.stop)
        child.join()


def main() -> None:
    """Make one mutation again, and say what comes of it."""
    reader, number = readers()[sys.argv[1]], int(sys.argv[2])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        case = case_of(reader, _samples(reader, folder), number, folder)
        print(case.raw[:2000])
        for file in sys.argv[3:]:
            Path(file).write_bytes(case.raw)
        (folder / "work").mkdir()
        for part, raw in {**case.beside, case.name: case.raw}.items():
            (folder / "work" / part).write_bytes(raw)
        reader.read(folder / "work" / case.name)


if __name__ == "__main__":
    main()
