"""Rows of earlier runs in a report: which of them still stand beside those of this run.

A report that is continued with other methods keeps what it has: rows of methods that are not asked
for now stay, as long as a run of today would give them. So they are of the same instance (its
hash), version, time limit, seed and solver, and of a plug-in whose source is what it was. Nothing
is executed to find that out.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from dmoe_models.environment import package_version
from dmoe_models.errors import MethodError
from dmoe_models.solving.catalogue import METHODS
from dmoe_models.solving.method import PLUG_IN
from dmoe_models.solving.own_code import source_digest
from dmoe_models.solving.plugins import file_of
from dmoe_models.verification.row import Row
from dmoe_models.verification.run import Plan, Settings

Place = tuple[str, str]
"""Name and hash of an instance."""


def standing(
    rows: Iterable[Row], plan: Plan, settings: Settings
) -> tuple[Mapping[Place, list[Row]], list[str]]:
    """Return the rows of earlier runs that stand beside a plan's, and what became of the others.

    Parameters
    ----------
    rows : iterable of Row
        Of a journal, oldest first.
    plan : list of (Instance, list of BoundMethod)
    settings : Settings

    Returns
    -------
    rows : mapping
        By name and hash of their instance; of each method the newest.
    notes : list of str
        Which were kept, and which were not and why, one line each.
    """
    asked = {(i.name, i.sha256): {bound.name for bound in several} for i, several in plan}
    newest: dict[tuple[Place, str], Row] = {}
    elsewhere = 0
    for row in rows:
        place = (row.instance, row.instance_sha256)
        if place not in asked:
            elsewhere += 1
        elif row.method not in asked[place]:
            newest.pop((place, row.method), None)
            newest[place, row.method] = row
    kept: dict[Place, list[Row]] = {}
    names: Counter[str] = Counter()
    lost: Counter[tuple[str, str]] = Counter()
    for (place, name), row in newest.items():
        if reason := _outdated(row, settings):
            lost[name, reason] += 1
        else:
            kept.setdefault(place, []).append(row)
            names[name] += 1
    notes = []
    if names:
        words = ", ".join(f"{name} ({number} row(s))" for name, number in names.items())
        notes.append(f"kept from earlier runs of this report: {words}")
    notes += [
        f"not kept from earlier runs of this report: {name}, {number} row(s): {reason}"
        for (name, reason), number in lost.items()
    ]
    if elsewhere:
        notes.append(
            f"{elsewhere} row(s) of earlier runs are of instances that are not asked for now; they "
            "stay in rows.jsonl"
        )
    return kept, notes


def _outdated(row: Row, settings: Settings) -> str:
    """Return why a run of today would not give a row; empty where it would."""
    if row.version != package_version():
        return f"by version {row.version} of this package"
    if row.time_limit_s != settings.time_limit:
        return f"time limit {row.time_limit_s:g} s"
    if row.seed != settings.seed:
        return f"seed {row.seed}"
    if row.solver != _solver_now(row, settings):
        return f"solver {row.solver or 'by default'}"
    file = file_of(row.name_of_method) if row.kind == PLUG_IN else ""
    if not file:
        return "" if row.kind == PLUG_IN or row.name_of_method in METHODS else "no such method here"
    try:
        same = source_digest(Path(os.path.expanduser(file))) == row.method_sha256
    except OSError:
        return f"there is no file {file}"
    return "" if same else "its source is another one by now"


def _solver_now(row: Row, settings: Settings) -> str:
    """Return the solver that a row's method would run on; one with a label may have its own."""
    if settings.solver is None or row.solver == settings.solver:
        own = row.solver if row.method_name else ""
        return settings.solver or own
    try:
        name = row.name_of_method
        takes_one = name in METHODS and METHODS[name].bind().takes_solver
    except MethodError:
        takes_one = False
    return settings.solver if takes_one else row.solver
