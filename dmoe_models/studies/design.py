"""Designs: the cells of a study, and its tasks, every one with a key of its own.

What decides the rows is in the hash of the design, the source files of plug-ins among it; title,
limits of tasks and retries are not. A task's key covers all that decides its own rows, and the
version of the package.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dmoe_models.environment import package_version
from dmoe_models.solving.method import Variant
from dmoe_models.studies.cells import located, needs_data
from dmoe_models.studies.named_code import located_method
from dmoe_models.studies.study import Study, Work
from dmoe_models.values.value import Value


@dataclass(frozen=True, eq=False)
class Cell(Value):
    """One combination of the axes.

    Attributes
    ----------
    number : int
        Position in the design.
    parameters : dict
    first_seed, seeds : int
        Which draws: `seeds` consecutive ones.
    batch : int
    methods : list of Variant
    family_sha256 : str
        Hash of the source of a family of one's own; else empty.
    """

    number: int
    parameters: dict[str, Any]
    first_seed: int
    seeds: int
    batch: int
    methods: list[Variant]
    family_sha256: str = ""

    def content(self) -> dict[str, Any]:
        """Return all that decides the cell's rows, as plain JSON."""
        return {
            "parameters": self.parameters,
            "first_seed": self.first_seed,
            "seeds": self.seeds,
            "batch": self.batch,
            "methods": [
                {"label": v.label, "method": v.method, "options": dict(v.options)}
                | ({"source_sha256": v.source_sha256} if v.source_sha256 else {})
                for v in self.methods
            ],
            **self.family_source,
        }

    @property
    def family_source(self) -> dict[str, str]:
        """What stands for the source of a family of one's own where there is one."""
        return {"family_sha256": self.family_sha256} if self.family_sha256 else {}


@dataclass(frozen=True, eq=False)
class Task(Value):
    """Some seeds of a cell: what a worker is given at a time.

    Attributes
    ----------
    study : str
    cell : Cell
    first_seed, seeds : int
    time_limit_s : float
        Per method and instance.
    revision : int
        Of the study.
    folder : path
        Of the configuration: paths in it are relative to it.
    key : str
        SHA-256 of all that decides the task's rows.
    """

    study: str
    cell: Cell
    first_seed: int
    seeds: int
    time_limit_s: float
    revision: int
    folder: Path = Path()
    key: str = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "key", digest(self.content()))

    def message(self) -> dict[str, Any]:
        """Return what a worker has to know, as plain JSON."""
        return self.content() | {"folder": str(self.folder)}

    def content(self) -> dict[str, Any]:
        """Return all that decides the task's rows, as plain JSON."""
        return {
            "study": self.study,
            "revision": self.revision,
            "version": package_version(),
            "parameters": self.cell.parameters,
            "first_seed": self.first_seed,
            "seeds": self.seeds,
            "methods": self.cell.content()["methods"],
            "time_limit_s": self.time_limit_s,
            **self.cell.family_source,
        }


def work_of(content: dict[str, Any], data: Path | None = None) -> Work:
    """Return the work that a task's content asks for.

    Parameters
    ----------
    content : dict
        `Task.message`.
    data : path, optional
        Directory of recorded data.
    """
    folder = Path(content.get("folder", ""))
    return Work(
        cell=located(content["parameters"], folder),
        seeds=range(content["first_seed"], content["first_seed"] + content["seeds"]),
        methods=[located_method(Variant(**entry), folder) for entry in content["methods"]],
        time_limit_s=content["time_limit_s"],
        data=data,
    )


@dataclass(frozen=True, eq=False)
class Design(Value):
    """A configuration, checked.

    Attributes
    ----------
    study : Study
    title : str
    text : str
        The TOML file, as it was read.
    cells : list of Cell
    time_limit_s, task_limit_s : float
    memory_limit_mb : float
    retries : int
    folder : path
        Of the file: what paths in it are relative to. Not in the hash.
    """

    study: Study
    title: str
    text: str
    cells: list[Cell]
    time_limit_s: float
    task_limit_s: float
    memory_limit_mb: float
    retries: int
    folder: Path = Path()

    @property
    def sha256(self) -> str:
        """Hash of all that decides the rows, whatever the file looks like."""
        return digest(
            {
                "study": self.study.name,
                "revision": self.study.revision,
                "time_limit_s": self.time_limit_s,
                "cells": [cell.content() for cell in self.cells],
            }
        )

    def tasks(self) -> list[Task]:
        """Return all tasks: first one of every cell, then a second, and so on.

        In this order what is done at any moment is spread over all cells, and so the time left can
        be estimated.
        """
        found = []
        for cell in self.cells:
            last = cell.first_seed + cell.seeds
            for turn, first in enumerate(range(cell.first_seed, last, cell.batch)):
                task = Task(
                    self.study.name,
                    cell,
                    first,
                    min(cell.batch, last - first),
                    self.time_limit_s,
                    self.study.revision,
                    self.folder,
                )
                found.append((turn, task))
        return [task for _, task in sorted(found, key=lambda pair: pair[0])]

    @property
    def sources(self) -> dict[str, str]:
        """Hashes of the source files of plug-ins and of families of one's own, by their names."""
        found = {v.method: v.source_sha256 for cell in self.cells for v in cell.methods}
        found |= {str(cell.parameters["family"]): cell.family_sha256 for cell in self.cells}
        return {method: sha256 for method, sha256 in found.items() if sha256}

    @property
    def needs_data(self) -> bool:
        """Whether some cell is built from recorded data."""
        return any(needs_data(cell.parameters) for cell in self.cells)


def digest(content: Any) -> str:
    """Return the SHA-256 of plain JSON content in its canonical form."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
