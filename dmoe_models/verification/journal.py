"""The journal of a report directory: rows as JSON lines, which outlive a kill.

Each finished row is one line, flushed at once. Without a finished row there is no file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TextIO

from dmoe_models.errors import FileError
from dmoe_models.files.paths import make_folder, naming, replacement, require_folder
from dmoe_models.verification.row import NOT_RUN, Row, row_from_json

JOURNAL = "rows.jsonl"
"""Name of the journal inside a report directory."""

_BEGINNING = '{"instance": '  # of every line of a journal, of whatever version


class Journal:
    """The rows of a report directory, appended one by one.

    Parameters
    ----------
    path : path or None
        The file; None for a run that keeps no record.

    Raises
    ------
    FileError
        Where the file is not a journal or cannot be read or written, naming it.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._file: TextIO | None = None
        self._finished: dict[tuple[Any, ...], Row] = {}
        self.earlier: list[Row] = []  # as they stood there when it was opened
        self.appended = 0
        if path is None:
            return
        require_folder(path.parent)
        with naming(path):
            text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
            lines = text.splitlines(keepends=True)
            for line in lines:
                row = row_from_json(line)
                if row is not None:
                    self._finished[row.key] = row
                    self.earlier.append(row)
            if lines and lines[0][: len(_BEGINNING)] != _BEGINNING[: len(lines[0])]:
                raise FileError("holds no rows of dmoe-models; not overwritten")
            if lines and not lines[-1].endswith("\n"):  # a kill in the middle of a line
                with replacement(path) as temporary:
                    temporary.write_text("".join(lines[:-1]), encoding="utf-8")
            if path.exists():  # one that cannot be written is refused before anything is run
                self._file = path.open("a", encoding="utf-8")

    def find(self, key: tuple[Any, ...]) -> Row | None:
        """Return the finished row of that key; one that was not run is tried again."""
        row = self._finished.get(key)
        return None if row is None or row.status == NOT_RUN else row

    def append(self, row: Row) -> None:
        """Add a finished row; it is in the file when this returns."""
        self.appended += 1
        if self.path is not None:
            with naming(self.path):
                if self._file is None:
                    make_folder(self.path.parent)
                    self._file = self.path.open("a", encoding="utf-8")
                self._file.write(row.to_json() + "\n")
                self._file.flush()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
