"""What a study is, and which studies there are: every folder beside this file that holds one.

A study is a folder with a `study.py`, whose `STUDY` says all of it, and the configurations
``default.toml`` and ``full.toml``. The first line of the folder's docstring is the help of its
command. Nothing has to be written anywhere else.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import dmoe_models.studies
from dmoe_models.errors import DmoeError, did_you_mean
from dmoe_models.input_checks import quote
from dmoe_models.values.value import Value

if TYPE_CHECKING:  # the list of studies is read without them: they load pandas
    import pandas as pd

    from dmoe_models.presentation.plot_style import Picture
    from dmoe_models.solving.method import Variant


class StudyError(DmoeError):
    """A study that cannot be run or read as asked: the text says what to change."""


FAILED = "failed"
"""Status of a row that could not be had; its `reason` says why."""


@dataclass(frozen=True, eq=False)
class Column(Value):
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


@dataclass(frozen=True, eq=False)
class Work(Value):
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


Tables: TypeAlias = "Mapping[str, pd.DataFrame]"
"""The summaries of a study, by name."""


@dataclass(frozen=True, eq=False)
class Verdict(Value):
    """What a study says of a claim.

    Attributes
    ----------
    claim : str
        In our words.
    source : str
        Who says so.
    outcome : str
        One of `OUTCOMES`.
    sentence : str
        What was found: effect, interval, number of draws, configuration.
    figure : str
        Name of the figure that shows it; empty where none does.
    effect, low, high : float
        The number that the sentence turns on, with its interval; NaN where there is none.
    sample : int
        Draws on which it rests.
    sha256 : str
        Of the configuration.
    """

    claim: str
    source: str
    outcome: str
    sentence: str
    figure: str
    effect: float
    low: float
    high: float
    sample: int
    sha256: str = ""


class StudyFigure(NamedTuple):
    """A figure of a study, before it is drawn.

    Attributes
    ----------
    title : str
    tables : tuple of str
        Names of the tables that it is made of; the first decides whether there is anything to draw.
    draw : callable
        From these tables to a `Picture`, or None where they do not hold what it shows.
    """

    title: str
    tables: tuple[str, ...]
    draw: Callable[..., Picture | None]


@dataclass(frozen=True, eq=False)
class Study(Value):
    """A study: what its rows hold, what makes them, and what is made of them.

    Attributes
    ----------
    name : str
        Of its folder.
    title : str
    columns : tuple of Column
        Without the common ones.
    rows : callable
        From a `Work` to its rows (dictionaries of `seed` and columns).
    tables : callable
        From the tidy table of all rows to summaries, by name.
    verdicts : callable
        From these summaries to verdicts, not signed yet.
    figures : mapping of StudyFigure
        By name.
    about : mapping
        Title and explanation of its tables, by name.
    measured : mapping
        Header and unit of columns of its tables that no other study has (`report.words`).
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
    rows: Callable[[Work], Iterator[dict[str, Any]]]
    tables: Callable[[pd.DataFrame], dict[str, pd.DataFrame]]
    verdicts: Callable[[Tables], Iterator[Verdict]]
    figures: Mapping[str, StudyFigure]
    about: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    measured: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    revision: int = 1
    layered: bool = False
    parts: tuple[str, ...] = ()

    @property
    def all_columns(self) -> tuple[Column, ...]:
        """The common columns, then the study's own."""
        return COMMON + self.columns


def study_names() -> list[str]:
    """Return the names of all studies, in order of the alphabet; none of them is loaded."""
    places = [Path(place) for place in dmoe_models.studies.__path__]
    return sorted({file.parent.name for place in places for file in place.glob("*/study.py")})


def study_help(name: str) -> str:
    """Return in one line what a study is about: the first line of its folder's docstring."""
    folder = importlib.import_module(f"dmoe_models.studies.{name}")
    return (folder.__doc__ or "").strip().partition("\n")[0]


def find_study(name: Any) -> Study:
    """Return a study by its name; StudyError with the known names for another one."""
    known = study_names()
    if name not in known:
        raise StudyError(
            f"unknown study {quote(name)}; studies are {', '.join(known)}"
            f"{did_you_mean(name, known)}"
        )
    study: Study = importlib.import_module(f"dmoe_models.studies.{name}.study").STUDY
    return study
