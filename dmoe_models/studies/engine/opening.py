"""The folder of a study as it is opened: its files, the lock, the tables, and whose they are."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from dmoe_models.environment import package_version
from dmoe_models.files.paths import naming
from dmoe_models.studies.design import Design
from dmoe_models.studies.study import StudyError

try:
    import fcntl
except ImportError:  # no POSIX system: two runs are not kept apart
    fcntl = None  # type: ignore[assignment]

FILE = "study.sqlite"
CONFIGURATION = "configuration.toml"
FORMAT = 1
_LOCK = ".lock"
_TYPES = {"text": "TEXT", "whole": "INTEGER", "real": "REAL", "truth": "INTEGER"}

_TABLES = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE sessions (
    number INTEGER PRIMARY KEY, started TEXT NOT NULL, ended TEXT, environment TEXT NOT NULL);
CREATE TABLE cells (cell INTEGER PRIMARY KEY, parameters TEXT NOT NULL);
CREATE TABLE tasks (
    key TEXT PRIMARY KEY, cell INTEGER NOT NULL, first_seed INTEGER NOT NULL,
    seeds INTEGER NOT NULL, failure TEXT NOT NULL, attempts INTEGER NOT NULL,
    seconds REAL NOT NULL, session INTEGER NOT NULL, finished TEXT NOT NULL);
"""


def create_tables(connection: sqlite3.Connection, design: Design) -> None:
    """Make the tables of a new study and write what it is.

    Parameters
    ----------
    connection : sqlite3.Connection
        In a transaction.
    design : Design
    """
    columns = ", ".join(
        f'"{column.name}" {_TYPES[column.kind]}' for column in design.study.all_columns
    )
    facts = {
        "format": str(FORMAT),
        "study": design.study.name,
        "title": design.title,
        "version": package_version(),
        "sha256": design.sha256,
        "configuration": design.text,
        "sources": json.dumps(design.sources, sort_keys=True),
    }
    for statement in _TABLES.split(";"):
        connection.execute(statement)
    connection.execute(f"CREATE TABLE rows (task TEXT NOT NULL, {columns})")
    connection.execute("CREATE INDEX of_task ON rows (task)")
    connection.executemany("INSERT INTO facts VALUES (?, ?)", facts.items())
    connection.executemany(
        "INSERT INTO cells VALUES (?, ?)",
        [(cell.number, json.dumps(cell.parameters)) for cell in design.cells],
    )


def require_same(folder: Path, facts: Mapping[str, str], design: Design) -> None:
    """Raise StudyError where a folder is another study's, or was begun with another version.

    Parameters
    ----------
    folder : path
    facts : mapping
        What its database says of the study.
    design : Design
        Of the study that is to go on there.
    """
    if facts.get("sha256") != design.sha256:
        other = facts.get("sources", "{}") != json.dumps(design.sources, sort_keys=True)
        if other and facts.get("configuration") == design.text:
            raise StudyError(
                f"{folder}: was begun with plug-ins whose source is another one by now; "
                " name another directory"
            )
        raise StudyError(
            f"{folder}: holds study {facts.get('study')} of configuration "
            f"{facts.get('sha256', '')[:12]}, and this is {design.study.name} of "
            f"{design.sha256[:12]}; name another directory"
        )
    if facts.get("version") != package_version():  # its tasks would all be done again
        raise StudyError(
            f"{folder}: was begun with dmoe-models {facts.get('version')}, and this "
            f"is {package_version()}; name another directory"
        )


def locked(folder: Path) -> Any:
    """Return a file whose lock says that a process is writing; it ends with the process."""
    path = folder / _LOCK
    with naming(path):
        file = path.open("w")
    try:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise StudyError(f"{folder}: another run is at work on this study") from error
    except OSError as error:
        file.close()
        raise StudyError(f"{path}: cannot be locked: {error.strerror}") from error
    return file


@contextmanager
def emptied(made: Iterable[Path]) -> Iterator[None]:
    """Remove folders that were made, as far as they are empty, where the enclosed code fails."""
    try:
        yield
    except BaseException:
        for place in made:
            with suppress(OSError):
                place.rmdir()
        raise


def remove_begun(folder: Path, made: Iterable[Path]) -> None:
    """Remove the files of a study that could not be begun, and the folders made for it.

    Parameters
    ----------
    folder : path
    made : iterable of path
        From the innermost on; one that holds something else stays.
    """
    for name in (FILE, f"{FILE}-wal", f"{FILE}-shm", f"{FILE}-journal", _LOCK):
        (folder / name).unlink(missing_ok=True)
    for place in made:
        with suppress(OSError):
            place.rmdir()


def connected(path: Path, *, writing: bool) -> sqlite3.Connection:
    """Open the file; unchangeable where nothing can be written beside it and nothing is.

    Parameters
    ----------
    path : path
    writing : bool
        Whether the study goes on.
    """
    aside = path.with_name(f"{path.name}-wal")
    if writing or os.access(path.parent, os.W_OK) or aside.exists():
        return sqlite3.connect(path, isolation_level=None)
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?immutable=1", isolation_level=None, uri=True
    )
