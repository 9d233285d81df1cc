"""From a configuration (TOML) to cells and tasks, every task with a key of its own.

```toml
study = "asymptotics"
title = "What it is for"
time_limit_s = 20              # per method and instance
batch = 50                     # seeds per task
task_limit_s = 600             # a task's worker is stopped after that
memory_limit_mb = 4000         # and above that
retries = 1                    # of a task whose worker died, hung or grew too large
methods = ["jesa", { method = "jesa", label = "JESA, 10 starts", starts = 10 }]

[[cells]]                      # all combinations of the axes; a list is an axis
seeds = 500                    # 0 to 499, unless first_seed says otherwise
family = "rayleigh"
K = [3, 4, 6]
subcarriers_per_link = [1, 2, 4]
```

A table of `cells` may have a `batch` and `methods` of its own. What decides the rows is in the hash
of the configuration, the source files of plug-ins among it; title, task_limit_s, memory_limit_mb
and retries are not. A task's key covers all that decides its own rows, and the version of the
package.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import tomllib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Any

from dmoe_models.environment import package_version
from dmoe_models.errors import DmoeError
from dmoe_models.input_checks import quote
from dmoe_models.layers.variants import Variant, variants
from dmoe_models.solving.catalogue import find_method
from dmoe_models.studies.cells import check_cell, needs_data
from dmoe_models.studies.study import Study, StudyError, Work, find_study

_FIELDS = {
    "study": str,
    "title": str,
    "methods": list,
    "time_limit_s": (int, float),
    "batch": int,
    "task_limit_s": (int, float),
    "memory_limit_mb": (int, float),
    "retries": int,
    "cells": list,
}
_OF_CELLS = ("seeds", "first_seed", "batch", "methods")
_LARGEST = 10**7  # tasks
_LONGEST = 1e9  # seconds, or MB
_SEEDS_END = 2**47  # a seed and a layer (16 bits) make the seed of a method: below 2^63


@dataclass(frozen=True)
class Cell:
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
    """

    number: int
    parameters: dict[str, Any]
    first_seed: int
    seeds: int
    batch: int
    methods: list[Variant]

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
        }


@dataclass(frozen=True)
class Task:
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
    key : str
        SHA-256 of all that decides the task's rows.
    """

    study: str
    cell: Cell
    first_seed: int
    seeds: int
    time_limit_s: float
    revision: int
    key: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", digest(self.content()))

    def content(self) -> dict[str, Any]:
        """Return what a worker has to know, as plain JSON."""
        return {
            "study": self.study,
            "revision": self.revision,
            "version": package_version(),
            "parameters": self.cell.parameters,
            "first_seed": self.first_seed,
            "seeds": self.seeds,
            "methods": self.cell.content()["methods"],
            "time_limit_s": self.time_limit_s,
        }


def work_of(content: dict[str, Any], data: Path | None = None) -> Work:
    """Return the work that a task's content asks for."""
    return Work(
        cell=content["parameters"],
        seeds=range(content["first_seed"], content["first_seed"] + content["seeds"]),
        methods=[Variant(**entry) for entry in content["methods"]],
        time_limit_s=content["time_limit_s"],
        data=data,
    )


@dataclass(frozen=True)
class Design:
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
    """

    study: Study
    title: str
    text: str
    cells: list[Cell]
    time_limit_s: float
    task_limit_s: float
    memory_limit_mb: float
    retries: int

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
        be told.
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
                )
                found.append((turn, task))
        return [task for _, task in sorted(found, key=lambda pair: pair[0])]

    @property
    def sources(self) -> dict[str, str]:
        """Hashes of the source files of plug-ins, by method."""
        found = {v.method: v.source_sha256 for cell in self.cells for v in cell.methods}
        return {method: sha256 for method, sha256 in found.items() if sha256}

    @property
    def needs_data(self) -> bool:
        """Whether some cell is built from recorded data."""
        return any(needs_data(cell.parameters) for cell in self.cells)


def digest(content: Any) -> str:
    """Return the SHA-256 of plain JSON content in its canonical form."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def configuration_file(study: str, size: str = "default") -> Path:
    """Return the package's own configuration of a study: "default" or "full"."""
    return Path(str(resources.files(f"dmoe_models.studies.{study}"))) / f"{size}.toml"


def read_design(file: Path, study: str | None = None) -> Design:
    """Read a configuration.

    Parameters
    ----------
    file : path
    study : str, optional
        The study that it has to be of.

    Raises
    ------
    StudyError
        In one line that names the file, the field and its value.
    """
    try:
        text = Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8"
        raise StudyError(f"{file}: {reason}") from error
    try:
        return design_of(text, study)
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"{file}: {' '.join(str(error).split())}") from error
    except DmoeError as error:
        raise StudyError(f"{file}: {error}") from error


def design_of(
    text: str, study: str | None = None, *, sources: Mapping[str, str] | None = None
) -> Design:
    """Read a configuration's text; errors as for `read_design`.

    Parameters
    ----------
    text : str
    study : str, optional
    sources : mapping, optional
        `Design.sources` of a run that there was: its methods need not be here any more, and are not
        looked at.
    """
    try:
        content = tomllib.loads(text)
    except RecursionError:
        raise StudyError("is nested too deeply") from None
    for name, value in content.items():
        if name not in _FIELDS:
            raise StudyError(f"unknown field {name}; fields are {', '.join(_FIELDS)}")
        if not isinstance(value, _FIELDS[name]) or isinstance(value, bool):  # type: ignore[arg-type]
            raise StudyError(f"{name} = {quote(value)} is of the wrong kind")
    chosen = find_study(content.get("study"))
    if study is not None and chosen.name != study:
        raise StudyError(f"study = {quote(chosen.name)}, not {study}")
    cells: list[Cell] = []
    for number, table in enumerate(content.get("cells", [])):
        try:
            cells += _cells(chosen, content, table, len(cells), sources)
        except DmoeError as error:
            raise StudyError(f"cells[{number}]: {error}") from error
    if not cells:
        raise StudyError("there are no cells")
    limits = {}
    for name, default in (
        ("time_limit_s", 60.0),
        ("task_limit_s", 1800.0),
        ("memory_limit_mb", 4000.0),
    ):
        value = content.get(name, default)
        if not 0 < value < _LONGEST:
            raise StudyError(f"{name} = {quote(value)} is not between 0 and {_LONGEST:g}")
        limits[name] = float(value)
    retries = content.get("retries", 1)
    if retries < 0:
        raise StudyError(f"retries = {quote(retries)} is negative")
    if sum(-(-cell.seeds // cell.batch) for cell in cells) > _LARGEST:
        raise StudyError(f"more than {_LARGEST} tasks")
    _require_once(cells)
    return Design(chosen, content.get("title", ""), text, cells, **limits, retries=retries)


def _require_once(cells: list[Cell]) -> None:
    """Raise StudyError where a method would be run twice on the same draws."""
    runs = defaultdict(list)
    for cell in cells:
        for variant in cell.methods:
            same = {name: _number(value) for name, value in cell.parameters.items()}
            what = digest([same, variant.label, variant.method, dict(variant.options)])
            runs[what].append((cell.first_seed, cell.first_seed + cell.seeds, cell.number))
    for ranges in runs.values():
        ranges.sort()
        for (_, end, one), (first, _, other) in itertools.pairwise(ranges):
            if first < end:
                raise StudyError(
                    f"two of the cells, {one} and {other}, are the same draws by the same methods"
                )


def _number(value: Any) -> Any:
    """Return 2 for 2.0: one draw, however it is written."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _cells(
    study: Study,
    content: dict[str, Any],
    table: Any,
    first: int,
    sources: Mapping[str, str] | None,
) -> list[Cell]:
    """Return the cells of one table: the product of its axes."""
    if not isinstance(table, dict):
        raise StudyError("is not a table")
    axes = {name: value for name, value in table.items() if name not in _OF_CELLS}
    numbers = {
        "seeds": (table.get("seeds"), 1),
        "first_seed": (table.get("first_seed", 0), 0),
        "batch": (table.get("batch", content.get("batch", 50)), 1),
    }
    for name, (value, least) in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise StudyError(f"{name} = {quote(value)} is not a whole number of at least {least}")
    if numbers["first_seed"][0] + numbers["seeds"][0] > _SEEDS_END:
        raise StudyError(f"first_seed + seeds is above {_SEEDS_END}")
    methods = _methods(table.get("methods", content.get("methods", [])), sources)
    lists = [value if isinstance(value, list) else [value] for value in axes.values()]
    for name, entries in zip(axes, lists, strict=True):
        if not entries:
            raise StudyError(f"{name} = [] holds no value")
    if math.prod(len(entries) for entries in lists) > _LARGEST:
        raise StudyError(f"the axes have more than {_LARGEST} combinations")
    cells: list[Cell] = []
    for combination in itertools.product(*lists):
        parameters = dict(zip(axes, combination, strict=True))
        _check(study, parameters)
        cells.append(
            Cell(
                number=first + len(cells),
                parameters=parameters,
                methods=methods,
                **{name: value for name, (value, _) in numbers.items()},
            )
        )
    return cells


def _methods(entries: Any, sources: Mapping[str, str] | None) -> list[Variant]:
    """Read a list of methods; each has to be here and to take its options, unless it has run."""
    if not isinstance(entries, list):
        raise StudyError(f"methods = {quote(entries)} is not a list")
    found = []
    for variant in variants(entries, present=sources is None):
        for name, value in variant.options.items():
            _require_plain(f"option {name} of method {variant.label}", value)
        if sources is None:
            method = find_method(variant.method)
            if method.kind == "plug-in":
                variant = replace(variant, source_sha256=method.source_sha256())
            else:
                method.bind(variant.options)
        elif variant.method in sources:
            variant = replace(variant, source_sha256=sources[variant.method])
        found.append(variant)
    return found


def _check(study: Study, parameters: dict[str, Any]) -> None:
    rest = dict(parameters)
    if study.parts:
        part = rest.pop("part", None)
        if part not in study.parts:
            raise StudyError(f"part = {quote(part)} is not one of {', '.join(study.parts)}")
    for name, value in rest.items():
        _require_plain(name, value)
    check_cell(rest, layered=study.layered)


def _require_plain(name: str, value: Any) -> None:
    """Raise StudyError for what has no place in a key: lists, tables, dates, NaN, infinities."""
    if not isinstance(value, (str, int, float)):
        raise StudyError(f"{name} = {quote(value)} is neither a number nor a word")
    if isinstance(value, float) and not math.isfinite(value):
        raise StudyError(f"{name} = {value} is not finite")
    if isinstance(value, int) and abs(value) >= 2**63:
        raise StudyError(f"{name} = {quote(value)} is too large")
