"""Configurations (TOML): reading them, checking them, and the designs that they describe.

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

A table of `cells` may have a `batch` and `methods` of its own. Methods and families may be code,
``mine.py:function``: as configurations are handed on, that is refused unless it is permitted.
"""

from __future__ import annotations

import itertools
import math
import tomllib
from collections import defaultdict
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from dmoe_models.errors import DmoeError
from dmoe_models.input_checks import quote
from dmoe_models.solving.method import Variant
from dmoe_models.solving.variants import variants
from dmoe_models.studies.cells import check_cell
from dmoe_models.studies.design import Cell, Design, digest
from dmoe_models.studies.named_code import NamedCode
from dmoe_models.studies.study import Study, StudyError, find_study

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


def configuration_file(study: str, size: str = "default") -> Path:
    """Return the package's own configuration of a study: "default" or "full".

    Parameters
    ----------
    study : str
    size : {"default", "full"}
    """
    return Path(str(resources.files(f"dmoe_models.studies.{study}"))) / f"{size}.toml"


def read_design(file: Path, study: str | None = None, *, allow_code: bool = False) -> Design:
    """Read a configuration.

    Parameters
    ----------
    file : path
    study : str, optional
        The study that it has to be of.
    allow_code : bool
        Whether code that it names, methods and families of its author, may be run.

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
        folder = Path(file).absolute().parent
        return design_of(text, study, folder=folder, allow_code=allow_code)
    except DmoeError as error:
        raise StudyError(f"{file}: {error}") from error
    except ValueError as error:  # no TOML, or a number of thousands of digits
        raise StudyError(f"{file}: {' '.join(str(error).split())}") from error


def design_of(
    text: str,
    study: str | None = None,
    *,
    folder: Path | None = None,
    allow_code: bool = False,
    sources: Mapping[str, str] | None = None,
) -> Design:
    """Read a configuration's text; errors as for `read_design`.

    Parameters
    ----------
    text : str
    study : str, optional
    folder : path, optional
        To which paths in it are relative; the working directory by default.
    allow_code : bool
        As for `read_design`.
    sources : mapping, optional
        `Design.sources` of a run that there was: its methods and families need not be here any
        more, and are not looked at.
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
    place = Path.cwd() if folder is None else folder
    named = NamedCode(place, allow_code, sources)
    cells: list[Cell] = []
    for number, table in enumerate(content.get("cells", [])):
        try:
            named.table = f"cells[{number}]."
            cells += _cells(chosen, content, table, len(cells), named)
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
    named.require_permitted()
    return Design(
        chosen, content.get("title", ""), text, cells, **limits, retries=retries, folder=place
    )


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
    named: NamedCode,
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
    where = f"{named.table if 'methods' in table else ''}methods"
    methods = _methods(where, table.get("methods", content.get("methods", [])), named)
    lists = [value if isinstance(value, list) else [value] for value in axes.values()]
    for name, entries in zip(axes, lists, strict=True):
        if not entries:
            raise StudyError(f"{name} = [] holds no value")
    if math.prod(len(entries) for entries in lists) > _LARGEST:
        raise StudyError(f"the axes have more than {_LARGEST} combinations")
    cells: list[Cell] = []
    for combination in itertools.product(*lists):
        parameters = dict(zip(axes, combination, strict=True))
        family_sha256 = _check(study, parameters, named)
        cells.append(
            Cell(
                number=first + len(cells),
                parameters=parameters,
                methods=methods,
                family_sha256=family_sha256,
                **{name: value for name, (value, _) in numbers.items()},
            )
        )
    return cells


def _methods(where: str, entries: Any, named: NamedCode) -> list[Variant]:
    """Read a list of methods; each has to be here and to take its options, unless it has run."""
    if not isinstance(entries, list):
        raise StudyError(f"methods = {quote(entries)} is not a list")
    found = variants(entries, present=False)
    for variant in found:
        for name, value in variant.options.items():
            _require_plain(f"option {name} of method {variant.label}", value)
    return [named.checked(f"{where}[{place}]", variant) for place, variant in enumerate(found)]


def _check(study: Study, parameters: dict[str, Any], named: NamedCode) -> str:
    """Refuse parameters of a cell that cannot be; return the hash of its family's source."""
    rest = dict(parameters)
    if study.parts:
        part = rest.pop("part", None)
        if part not in study.parts:
            given = "part is missing; it is" if part is None else f"part = {quote(part)} is not"
            raise StudyError(f"{given} one of {', '.join(study.parts)}")
    for name, value in rest.items():
        _require_plain(name, value)
    own, source_sha256 = named.family(rest.get("family"))
    check_cell(rest, layered=study.layered, own=own)
    return source_sha256


def _require_plain(name: str, value: Any) -> None:
    """Raise StudyError for what has no place in a key: lists, tables, dates, NaN, infinities."""
    if not isinstance(value, (str, int, float)):
        raise StudyError(f"{name} = {quote(value)} is neither a number nor a word")
    if isinstance(value, float) and not math.isfinite(value):
        raise StudyError(f"{name} = {value} is not finite")
    if isinstance(value, int) and abs(value) >= 2**63:
        raise StudyError(f"{name} = {quote(value)} is too large")
