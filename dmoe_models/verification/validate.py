"""`validate`: run methods on instance sets and prove how good each of them is."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from dmoe_models.errors import InstanceError, require_kind
from dmoe_models.model.instance import Instance
from dmoe_models.presentation.files import require_packages
from dmoe_models.presentation.progress import Asked, watched
from dmoe_models.solving.answers import Answers
from dmoe_models.solving.variants import VariantLike, listed, variant_of
from dmoe_models.verification.earlier import standing
from dmoe_models.verification.journal import JOURNAL, Journal
from dmoe_models.verification.plan import choose, gather
from dmoe_models.verification.report import write_report
from dmoe_models.verification.result import Verification
from dmoe_models.verification.row import Row
from dmoe_models.verification.run import Settings, run_plan

Source = str | Path | Instance


def validate(
    instances: Source | Sequence[Source] = (),
    methods: VariantLike | Iterable[VariantLike] | Mapping[str, VariantLike] | None = None,
    *,
    added: VariantLike | Iterable[VariantLike] = (),
    time_limit: float = Settings.time_limit,
    seed: int = Settings.seed,
    solver: str | None = Settings.solver,
    data: str | Path | None = None,
    report: str | Path | None = None,
    answers: str | Path | None = None,
    author: str = "",
    allow_code: bool = False,
    progress: Asked = None,
) -> Verification:
    """Run methods on instances; evaluate, check and compare every answer.

    Parameters
    ----------
    instances : str, path, Instance, or a sequence of them
        Names of sets, instance files, instances; by default `small`, and `recorded` where there is
        `data`.
    methods : str, callable, mapping, or a sequence of them, optional
        Names from `methods()`, ``path/to/file.py:function``, or functions of an instance; with
        options of its own, ``{"method": "jesa", "label": "JESA, 4 starts", "starts": 4}``. Or all
        of them by the label that they have in tables and legends. By default every method of the
        package that applies and has a chance within the time limit.
    added : sequence of the same
        More methods, beside the default list or `methods`.
    time_limit : float
        Seconds per method and instance.
    seed : int
        For methods that draw random numbers.
    solver : str, optional
        For the methods that take one.
    data : path, optional
        Directory of recorded data, for the set `recorded`.
    report : path, optional
        Directory for tables, pictures and a page. Rows are kept there as they finish; called again,
        it continues from them, and those of other methods on the same instances stay.
    answers : path, optional
        Directory to keep every answer in, as `dmoe library update` reads it.
    author : str
        Whose answers these are.
    allow_code : bool
        Whether code that a set's file names, families of its author, may be run.
    progress : bool or callable, optional
        Whether to show how far it is; by default in a notebook. Or what is called with every row
        (`verification.row.Row`), its number (from 1) and how many there are.

    Returns
    -------
    Verification
        `rows` and `summary` (DataFrames), `breaches`, `notes`; `text()` is what the command prints.

    Raises
    ------
    DmoeError
        For a set, file, method or solver that is unknown or cannot be used; in one line.
    """
    settings = Settings(time_limit, seed, solver)
    sources = _listed(instances)
    asked = None if methods is None else [variant_of(entry) for entry in listed(methods)]
    more = [variant_of(entry) for entry in listed(added)]
    folder = None
    if report is not None:
        require_packages()
        folder = Path(report).absolute()  # wherever a plug-in may go
    groups = gather(sources, None if data is None else Path(data), allow_code=allow_code)
    plan, notes = choose([i for several in groups.values() for i in several], asked, more, settings)
    kept = None if answers is None else Answers(Path(answers), author)
    with (
        watched(progress, _words) as watch,
        closing(Journal(None if folder is None else folder / JOURNAL)) as journal,
    ):
        earlier, remarks = standing(journal.earlier, plan, settings)
        rows, breaches = run_plan(plan, settings, journal, watch, kept, earlier)
    notes += remarks
    if journal.earlier:
        total = sum(len(several) for _, several in plan)
        notes.append(
            f"{journal.appended} of the {total} row(s) asked for were run now, "
            f"{total - journal.appended} taken from earlier runs"
        )
    set_of = {(i.name, i.sha256): name for name, several in groups.items() for i in several}
    rows = [replace(r, instance_set=set_of[r.instance, r.instance_sha256]) for r in rows]

    labels = ["default list"] if asked is None else [variant.label for variant in asked]
    configuration = {
        "sets and files": ", ".join(map(_name, sources)) or "default",
        "methods": ", ".join([*labels, *(variant.label for variant in more)]),
        "solver": solver or "each method's default",
        "time limit (s)": settings.time_limit,
        "seed": settings.seed,
    }
    found = Verification(rows, breaches, notes, configuration)
    if folder is None:
        return found
    return replace(found, page=write_report(folder, found)[-1])


def _words(row: Row) -> str:
    return f"{row.method} on {row.instance}: {row.status}"


def _listed(instances: Any) -> list[Any]:
    """Return sets, files and instances one by one; InstanceError for what is none of them."""
    if isinstance(instances, Source):
        return [instances]
    hint = "; give names of sets, files or instances"
    if isinstance(instances, Mapping):  # its keys are no instances
        raise InstanceError(f"instances is of type {type(instances).__name__}{hint}")
    require_kind("instances", instances, Iterable, InstanceError, hint)
    several = list(instances)
    for number, source in enumerate(several):
        require_kind(f"instances[{number}]", source, Source, InstanceError, hint)
    return several


def _name(source: Source) -> str:
    return source.name if isinstance(source, Instance) else os.fspath(source)
