"""What a study has found so far: one SQLite file, one transaction for every finished task.

A task is in the file with all of its rows or not at all, whenever the process is killed, and never
twice. One process writes at a time; any number may read.
"""

from __future__ import annotations

import functools
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import pandas as pd

from dmoe_models.environment import package_version
from dmoe_models.errors import DmoeError
from dmoe_models.files.paths import make_folder, naming, replacement
from dmoe_models.files.plain_json import plain
from dmoe_models.studies.configuration import design_of
from dmoe_models.studies.design import Design, Task
from dmoe_models.studies.engine.opening import (
    CONFIGURATION,
    FILE,
    FORMAT,
    connected,
    create_tables,
    emptied,
    locked,
    remove_begun,
    require_same,
)
from dmoe_models.studies.engine.records import records, typed, writable
from dmoe_models.studies.study import FAILED, StudyError
from dmoe_models.values.value import Value

_EVERYTHING = "cell, seed, rowid"  # order of the table: rows of a seed as the task gave them


@dataclass(frozen=True, eq=False)
class Progress(Value):
    """How far a study is.

    Attributes
    ----------
    tasks, done, failed : int
        All tasks; finished ones, failed ones among them.
    rows : int
    seconds : float
        That workers spent on finished tasks.
    sessions : int
    """

    tasks: int
    done: int
    failed: int
    rows: int
    seconds: float
    sessions: int


_P = ParamSpec("_P")
_R = TypeVar("_R")


def _naming_the_file(method: Callable[_P, _R]) -> Callable[_P, _R]:
    """Turn SQLite's errors (a full disk, a damaged file) into one line that names the file."""

    @functools.wraps(method)
    def call(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return method(*args, **kwargs)
        except sqlite3.Error as error:
            raise StudyError(f"{args[0].folder / FILE}: {error}") from error  # type: ignore[attr-defined]

    return call


class Database:
    """The folder of a study, open for writing (one process at a time) or for reading.

    Parameters
    ----------
    folder : path
    design : Design, optional
        To write, of this configuration; the folder is made where there is none. Without it, the
        folder is read.

    Raises
    ------
    StudyError
        Where the folder holds no study, one of another configuration or begun with another
        version of this package, or another process is writing.
    """

    def __init__(self, folder: Path, design: Design | None = None) -> None:
        self.folder = Path(folder)
        path = self.folder / FILE
        self._lock: Any = None
        new: list[Path] | None = None
        if design is None:
            if not path.is_file():
                raise StudyError(f"{folder}: holds no study")
        else:
            absent = [place for place in (self.folder, *self.folder.parents) if not place.exists()]
            make_folder(self.folder)
            with emptied(absent):
                self._lock = locked(self.folder)
            if not path.exists():
                new = absent
        try:
            self._connection = connected(path, writing=design is not None)
            if design is not None:
                self._begin(design)
            self.facts = dict(self._connection.execute("SELECT name, value FROM facts"))
        except sqlite3.DatabaseError as error:
            self._leave(new)
            raise StudyError(f"{path}: {error}") from error
        except BaseException:
            self._leave(new)
            raise
        if self.facts.get("format") != str(FORMAT):
            self.close()
            raise StudyError(f"{path}: is of format {self.facts.get('format')}, not {FORMAT}")
        self.design = design or self._stored_design()
        self.session = 0

    def _stored_design(self) -> Design:
        """Return the design that the rows are of; its plug-ins need not be here any more."""
        try:
            sources = json.loads(self.facts.get("sources", "{}"))
            found = design_of(self.facts["configuration"], sources=sources)
            if found.sha256 != self.facts["sha256"]:
                raise StudyError("the rows of this study mean something else by now")
        except (DmoeError, KeyError, ValueError) as error:
            self.close()
            raise StudyError(
                f"{self.folder}: cannot be read with dmoe-models {package_version()}, was written "
                f"with {self.facts.get('version')}: {error}"
            ) from error
        return found

    def _begin(self, design: Design) -> None:
        """Make the tables, or make sure that they are this configuration's."""
        connection = self._connection
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")  # a kill loses nothing; see SQLite, WAL
        text = design.text
        if connection.execute("SELECT name FROM sqlite_master").fetchone():
            facts = dict(connection.execute("SELECT name, value FROM facts"))
            require_same(self.folder, facts, design)
            text = facts["configuration"]
        else:
            with self._transaction():
                create_tables(connection, design)
        self._keep_configuration(text)

    def _keep_configuration(self, text: str) -> None:
        """Put the configuration beside the rows, for people to read."""
        if not (self.folder / CONFIGURATION).exists():
            with (
                naming(self.folder / CONFIGURATION),
                replacement(self.folder / CONFIGURATION) as file,
            ):
                file.write_text(text, encoding="utf-8")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:  # SQLite ends it by itself where the disk is full
                self._connection.execute("ROLLBACK")

    # ------------------------------------------------------------------------------- writing

    @_naming_the_file
    def start_session(self, environment: Mapping[str, Any]) -> None:
        """Record that a run begins, and on what."""
        cursor = self._connection.execute(
            "INSERT INTO sessions (started, environment) VALUES (?, ?)",
            (_now(), json.dumps(plain(environment))),
        )
        self.session = int(cursor.lastrowid or 0)

    @_naming_the_file
    def end_session(self) -> None:
        """Record that it ends; a session that was killed has no end."""
        self._connection.execute(
            "UPDATE sessions SET ended = ? WHERE number = ?", (_now(), self.session)
        )

    @_naming_the_file
    def store(
        self, task: Task, rows: Sequence[Mapping[str, Any]], attempts: int, seconds: float
    ) -> bool:
        """Write a finished task and its rows; a task that is there already is left as it is.

        Parameters
        ----------
        task : Task
        rows : sequence of mapping
            `seed` and columns.
        attempts : int
            How often it was tried.
        seconds : float
            That a worker spent on it.

        Returns
        -------
        bool
            Whether it was new.

        Raises
        ------
        StudyError
            For rows that are not as they should be (`records`), or cannot be written.
        """
        return self._store(task, rows, "", attempts, seconds)

    @_naming_the_file
    def store_failure(self, task: Task, reason: str, attempts: int, seconds: float) -> bool:
        """Write that a task failed: a row for each of its seeds says so.

        Parameters
        ----------
        task : Task
        reason : str
        attempts : int
            How often it was tried.
        seconds : float
            That a worker spent on it.
        """
        rows = [
            {"seed": seed, "status": FAILED, "reason": reason}
            for seed in range(task.first_seed, task.first_seed + task.seeds)
        ]
        return self._store(task, rows, writable(reason), attempts, seconds)

    def _store(
        self,
        task: Task,
        rows: Sequence[Mapping[str, Any]],
        failure: str,
        attempts: int,
        seconds: float,
    ) -> bool:
        columns = self.design.study.all_columns
        entry = (
            task.key,
            task.cell.number,
            task.first_seed,
            task.seeds,
            failure,
            attempts,
            seconds,
            self.session,
            _now(),
        )
        values = [[task.key, *record] for record in records(task, rows, columns)]
        marks = ", ".join("?" * (1 + len(columns)))
        with self._transaction():
            cursor = self._connection.execute(
                "INSERT OR IGNORE INTO tasks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", entry
            )
            if not cursor.rowcount:
                return False
            self._connection.executemany(f"INSERT INTO rows VALUES ({marks})", values)
        return True

    @_naming_the_file
    def forget_failures(self) -> int:
        """Remove failed tasks with their rows, so that they are tried again; return how many."""
        failed = "SELECT key FROM tasks WHERE failure != ''"
        with self._transaction():
            self._connection.execute(f"DELETE FROM rows WHERE task IN ({failed})")
            return self._connection.execute("DELETE FROM tasks WHERE failure != ''").rowcount

    # ------------------------------------------------------------------------------- reading

    @_naming_the_file
    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Make all that the enclosed code reads be of one moment, whatever is written meanwhile."""
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.execute("COMMIT")

    def finished(self) -> set[str]:
        """Return the keys of the tasks that are done."""
        return {key for (key,) in self._connection.execute("SELECT key FROM tasks")}

    @_naming_the_file
    def progress(self) -> Progress:
        """Return how far the study is."""
        done, failed, seconds = self._connection.execute(
            "SELECT COUNT(*), COUNT(NULLIF(failure, '')), TOTAL(seconds) FROM tasks"
        ).fetchone()
        (rows,) = self._connection.execute("SELECT COUNT(*) FROM rows").fetchone()
        (sessions,) = self._connection.execute("SELECT COUNT(*) FROM sessions").fetchone()
        return Progress(len(self.design.tasks()), done, failed, rows, seconds, sessions)

    @_naming_the_file
    def failures(self) -> dict[str, int]:
        """Return how many tasks failed, by reason."""
        return dict(
            self._connection.execute(
                "SELECT failure, COUNT(*) FROM tasks WHERE failure != '' GROUP BY failure"
            )
        )

    @_naming_the_file
    def failed_rows(self) -> dict[str, int]:
        """Return how many rows of methods say that the method failed, by method and reason."""
        return dict(
            self._connection.execute(
                "SELECT method || ': ' || reason, COUNT(*) FROM rows "
                "WHERE status = ? AND method IS NOT NULL GROUP BY method, reason",
                (FAILED,),
            )
        )

    @_naming_the_file
    def sessions(self) -> list[dict[str, Any]]:
        """Return every run's start, end and environment."""
        return [
            {"started": started, "ended": ended, "environment": json.loads(environment)}
            for started, ended, environment in self._connection.execute(
                "SELECT started, ended, environment FROM sessions ORDER BY number"
            )
        ]

    def cells(self) -> pd.DataFrame:
        """Return the parameters of every cell; index `cell`."""
        cells = {cell.number: cell.parameters for cell in self.design.cells}
        return pd.DataFrame.from_dict(cells, orient="index").rename_axis("cell")

    @_naming_the_file
    def table(self) -> pd.DataFrame:
        """Return the tidy table: one line per row, by cell and seed, parameters of cells included.

        The order does not depend on that in which tasks finished.
        """
        columns = self.design.study.all_columns
        names = ", ".join(f'rows."{column.name}"' for column in columns)
        values = self._connection.execute(f"SELECT {names} FROM rows ORDER BY {_EVERYTHING}")
        table = typed(columns, values.fetchall())
        parameters = self.cells()
        shared = [name for name in parameters if name not in table]
        return table.join(parameters[shared], on="cell")

    def _leave(self, new: list[Path] | None) -> None:
        """Close what could not be opened; of a study that was to begin here, nothing remains.

        Parameters
        ----------
        new : list of path, optional
            Folders that were made for it; None for a study that is there.
        """
        if new is not None:  # and nobody else has it: we hold the lock
            remove_begun(self.folder, new)
        self.close()

    def close(self) -> None:
        """Close the file and let others write."""
        if hasattr(self, "_connection"):
            self._connection.close()
        if self._lock is not None:
            self._lock.close()

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def read_table(folder: Path) -> pd.DataFrame:
    """Return the tidy table of a study's folder."""
    with closing(Database(folder)) as database:
        return database.table()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
