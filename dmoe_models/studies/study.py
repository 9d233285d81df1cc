"""The studies that there are, what a row of each holds, and where their work is done."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dmoe_models.errors import DmoeError
from dmoe_models.input_checks import quote
from dmoe_models.layers.rounds import Variant


class StudyError(DmoeError):
    """A study that cannot be run or read as asked: the text says what to change."""


FAILED = "failed"
"""Status of a row that could not be had; its `reason` says why."""

KINDS = ("text", "whole", "real", "truth")


@dataclass(frozen=True)
class Column:
    """A column of a study's rows.

    Attributes
    ----------
    name : str
    kind : {"text", "whole", "real", "truth"}
    meaning : str
        With the unit.
    repeatable : bool
        Whether another run of the same configuration gives the same value. Times do not, nor does
        what depends on how far a search came before it could stop.
    """

    name: str
    kind: str
    meaning: str
    repeatable: bool = True


COMMON = (
    Column("cell", "whole", "number of the cell in the design"),
    Column("seed", "whole", "seed of the draw"),
    Column("status", "text", "what is known of the row; 'failed' where it could not be had"),
    Column("reason", "text", "why it failed or was not run; else empty"),
)
"""Columns of every study's rows."""


@dataclass(frozen=True)
class Work:
    """What a task asks for: one cell of the design, and some consecutive seeds.

    Attributes
    ----------
    cell : dict
        Family, sizes and conditions (`dmoe_models.studies.cells`).
    seeds : range
    methods : list of Variant
    time_limit_s : float
        Per method and instance.
    data : path or None
        Directory of recorded data.
    """

    cell: dict[str, Any]
    seeds: range
    methods: list[Variant]
    time_limit_s: float
    data: Path | None = None


@dataclass(frozen=True)
class Study:
    """A study: what its rows hold, and which function makes them.

    Attributes
    ----------
    name, title : str
    columns : tuple of Column
        Without the common ones.
    target : str
        ``module:function``, from a `Work` to its rows (dictionaries of `seed` and columns).
    revision : int
        Part of every task's key: raised whenever the meaning of a row changes.
    layered : bool
        Whether a cell is of several layers.
    parts : tuple of str
        Kinds of work between which a cell chooses by its `part`; none where there is one only.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    target: str
    revision: int = 1
    layered: bool = False
    parts: tuple[str, ...] = field(default=())

    @property
    def all_columns(self) -> tuple[Column, ...]:
        """The common columns, then the study's own."""
        return COMMON + self.columns

    def load(self) -> Callable[[Work], Iterator[dict[str, Any]]]:
        """Import the function that does the work."""
        place, _, function = self.target.partition(":")
        loaded: Callable[[Work], Iterator[dict[str, Any]]] = getattr(
            importlib.import_module(place), function
        )
        return loaded


def find_study(name: Any) -> Study:
    """Return a study by its name; StudyError with the known names for another one."""
    if name not in STUDY_NAMES:
        raise StudyError(f"unknown study {quote(name)}; studies are {', '.join(STUDY_NAMES)}")
    study: Study = importlib.import_module(f"dmoe_models.studies.{name}.study").STUDY
    return study


STUDY_NAMES = ("optimality", "asymptotics", "savings")
"""Every study, each a module of this package with a `STUDY`."""
