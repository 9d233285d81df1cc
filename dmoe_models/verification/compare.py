"""Methods compared on the rows of a verification: coverage, profiles, means, paired tests.

Energies are compared without the static energy, which no decision changes, and against the best
known: the least energy among all valid rows of an instance, of whatever method. An instance that a
method did not run, failed, or answered with something that the referee refused stays in the count
as never solved; pairs are formed on the instances that both methods solved.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from dmoe_models.errors import DmoeError
from dmoe_models.input_checks import quote
from dmoe_models.model.gap import OPTIMALITY_GAP
from dmoe_models.solving.catalogue import find_method
from dmoe_models.solving.variants import require_label
from dmoe_models.verification.comparison import Comparison
from dmoe_models.verification.measures import (
    PairedTest,
    holm,
    paired_test,
    performance_profile,
    shifted_geometric_mean,
)
from dmoe_models.verification.read_rows import complete, joined, read_several
from dmoe_models.verification.result import Verification
from dmoe_models.verification.row import AT_LIMIT, Row
from dmoe_models.verification.run_outcome import (
    ABSENT,
    OUTCOMES,
    SOLUTION,
    Options,
    classified,
    reference,
)
from dmoe_models.verification.tables import frame

Named: TypeAlias = str | Callable[..., Any]
"""A method in rows: its name or label, or the function itself."""

_Table: TypeAlias = Verification | pd.DataFrame
_Path: TypeAlias = str | Path

Rows: TypeAlias = _Table | _Path | Sequence[_Table] | Sequence[_Path] | Sequence[Row]
"""What rows can be taken from."""

_CLOCK = 1e-9  # seconds: no clock shows less, and zero has no logarithm


def compare(
    rows: Rows,
    methods: Named | Sequence[Named] | None = None,
    options: Options | None = None,
    *,
    instance_set: str | None = None,
    problem: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Comparison:
    """Compare methods on the instances for which at least one of them has a row.

    Parameters
    ----------
    rows : Verification, DataFrame, path, or sequence of them or of Row
        What `validate` returned, or its `rows`: one line per instance and method. Or its report
        directories and files, as for `read_rows.read_several`. Of several that are no files the
        first is called 1, and so on. Rows of methods that are not compared still count for the best
        known.
    methods : str, callable, or a sequence of them, optional
        Names or labels that rows have, or functions that were run. By default all in `rows` but
        those that give a bound only.
    options : Options, optional
    instance_set, problem : str, optional
        Compare on the instances of this set, or of this problem, only.
    labels : mapping, optional
        What tables and legends call a method, by its name in `rows`.

    Raises
    ------
    DmoeError
        For what holds no rows, a method without rows, one that gives a bound only, two rows of a
        method for one instance, or methods that share no instance.
    """
    options = options or Options()
    rows = _those_of(
        _relabelled(_table(rows), labels or {}), instance_set=instance_set, problem=problem
    )
    wanted = None if methods is None else _names(methods)
    if wanted and labels:  # by what it was called before, too
        wanted = [labels.get(name, name) for name in wanted]
    names = _chosen(rows, wanted)
    instances = reference(rows, names)
    runs = classified(rows, names, instances, options)
    by = {
        column: runs.pivot(index="place", columns="method", values=column)[names]
        for column in ("solved_s", "time_s", "energy_j", "gap", "integral_s", "limit_s")
    }
    known = instances.best_j.notna().to_numpy()
    _require_common(runs, names)
    none = pd.DataFrame(columns=names, dtype=float, index=pd.Index([], name="ratio"))
    energy_profile = none
    if known.any():
        energy_profile = performance_profile(
            by["energy_j"][known], instances.best_j[known], OPTIMALITY_GAP
        )
    return Comparison(
        runs=runs.drop(columns="place"),
        summary=_summary(runs, by, known, options),
        tests=_tests(by, names),
        time_profile=performance_profile(by["solved_s"]),
        energy_profile=energy_profile,
        notes=_notes(rows[rows.method.isin(names)], runs, instances, options),
        options=options,
    )


# --------------------------------------------------------------------------- what is compared


def _table(rows: Rows) -> pd.DataFrame:
    """Return what was given as one table, with the columns of `read_rows` at least."""
    if isinstance(rows, Verification):
        return rows.rows
    if isinstance(rows, pd.DataFrame):
        try:
            return complete(rows)
        except (ValueError, TypeError) as error:
            raise DmoeError(f"rows: {error}") from None
    if isinstance(rows, str | Path):
        return read_several([Path(rows)])
    several = list(rows) if isinstance(rows, Iterable) else []
    paths = [Path(one) for one in several if isinstance(one, str | Path)]
    records = [one for one in several if isinstance(one, Row)]
    tables = [_table(one) for one in several if isinstance(one, Verification | pd.DataFrame)]
    for some in (paths, records, tables):
        if some and len(some) < len(several):
            raise DmoeError("rows: a list of paths, or of rows, or of what validate returned")
    if paths:
        return read_several(paths)
    if records:
        return frame(records)
    if tables:
        return joined(tables, [str(number + 1) for number in range(len(tables))])
    raise DmoeError(
        "rows are what validate returned, its rows, a path, or a list of such, not "
        + quote(several or rows)
    )


def _those_of(rows: pd.DataFrame, **wanted: str | None) -> pd.DataFrame:
    """Return the rows with a wanted value in a column; DmoeError where there is none."""
    for column, value in wanted.items():
        if value is not None:
            known = ", ".join(dict.fromkeys(rows[column])) or "none"
            rows = rows[rows[column] == value]
            if rows.empty:
                what = column.removeprefix("instance_")
                raise DmoeError(f"no row of {what} {value!r}; there are {known}")
    return rows


def _names(methods: Named | Sequence[Named]) -> list[str]:
    """Return names or labels as they are, and those of functions."""
    several = [methods] if isinstance(methods, str) or callable(methods) else methods
    return [one if isinstance(one, str) else find_method(one).name for one in several]


def _relabelled(rows: pd.DataFrame, labels: Mapping[str, str]) -> pd.DataFrame:
    """Return rows whose methods have other names; DmoeError for one that has no rows."""
    present = list(dict.fromkeys(rows.method))
    for name in labels:
        if name not in present:
            raise DmoeError(f"no row of method {name!r}; there are {', '.join(present)}")
    called = [labels.get(name, name) for name in present]
    for name in called:
        if called.count(require_label(name)) > 1:
            raise DmoeError(f"two methods are called {name}")
    return rows.assign(method=[labels.get(name, name) for name in rows.method])


def _chosen(rows: pd.DataFrame, methods: Sequence[str] | None) -> list[str]:
    bounds = set(rows.method[rows.kind == "bound"])
    present = list(dict.fromkeys(rows.method))
    names = [name for name in present if name not in bounds]
    if methods is not None:
        names = list(dict.fromkeys(methods))
        for name in names:
            if name not in present:
                raise DmoeError(f"no row of method {name!r}; there are {', '.join(present)}")
            if name in bounds:
                raise DmoeError(f"method {name} gives a bound only: there is nothing to compare")
    if not names:
        raise DmoeError("no method to compare")
    twice = rows[rows.duplicated(["instance", "instance_sha256", "method"])]
    if len(twice):
        raise DmoeError(
            f"method {twice.method.iloc[0]} has several rows for {twice.instance.iloc[0]}: "
            "compare runs of one method as files of their own"
        )
    return names


def _require_common(runs: pd.DataFrame, names: list[str]) -> None:
    ran = runs[runs.outcome != ABSENT]
    if len(names) > 1 and ran.groupby("place").size().max() < 2:
        raise DmoeError(f"no instance is common to any two of {', '.join(names)}")


# ---------------------------------------------------------------------------------- the figures


def _summary(
    runs: pd.DataFrame, by: dict[str, pd.DataFrame], known: np.ndarray, options: Options
) -> pd.DataFrame:
    charged = by["solved_s"].where(by["solved_s"] < math.inf, by["limit_s"])
    all_solved = np.isfinite(by["solved_s"].to_numpy(dtype=float)).all(axis=1)
    all_answered = np.isfinite(by["energy_j"].to_numpy(dtype=float)).all(axis=1)
    lines = []
    for name in by["gap"].columns:
        own = runs[runs.method == name]
        gaps, times = by["gap"][name].to_numpy(), by["solved_s"][name].to_numpy()
        lines.append(
            {"method": name, "instances": len(own)}
            | {outcome: int((own.outcome == outcome).sum()) for outcome in OUTCOMES}
            | {
                "solved": int(np.isfinite(times).sum()),
                "best": int((gaps <= OPTIMALITY_GAP).sum()),
                "time_s": shifted_geometric_mean(charged[name].to_numpy(), options.time_shift_s),
                "common_time_s": shifted_geometric_mean(times[all_solved], options.time_shift_s),
                "gap": shifted_geometric_mean(gaps[known], options.gap_shift),
                "common_gap": shifted_geometric_mean(gaps[all_answered], options.gap_shift),
                "integral_s": float(by["integral_s"][name].mean()),
            }
        )
    return pd.DataFrame(lines)


def _tests(by: dict[str, pd.DataFrame], names: list[str]) -> pd.DataFrame:
    """Test every pair of methods; Holm's correction is over all pairs of one quantity."""
    times = by["solved_s"].where(np.isfinite(by["solved_s"])).clip(lower=_CLOCK)
    quantities: dict[str, tuple[Any, float]] = {
        "gap": (by["gap"].where(by["energy_j"].notna()), OPTIMALITY_GAP),
        "time": (np.log(times), 0.0),
    }
    lines: list[dict[str, Any]] = []
    for quantity, (values, tie) in quantities.items():
        tests: list[tuple[str, str, PairedTest]] = []
        for first, second in itertools.combinations(names, 2):
            both = values[[first, second]].dropna().to_numpy()
            tests.append((first, second, paired_test(both[:, 0], both[:, 1], tie)))
        adjusted = holm([test.p_value for *_, test in tests])
        lines += [
            {"quantity": quantity, "first": first, "second": second} | asdict(test) | {"holm": p}
            for (first, second, test), p in zip(tests, adjusted, strict=True)
        ]
    columns = ["quantity", "first", "second", *PairedTest.__dataclass_fields__, "holm"]
    return pd.DataFrame(lines, columns=columns)


def _notes(
    rows: pd.DataFrame, runs: pd.DataFrame, instances: pd.DataFrame, options: Options
) -> list[str]:
    count = len(instances)
    without = int((instances.best_j.isna() & ~instances.infeasible).sum())
    answered = runs[runs.outcome == SOLUTION]
    with_times = int(answered.trajectory.sum())
    notes = [
        f"{count} instance(s), {int(instances.best_j.notna().sum())} with a known energy "
        f"({int(instances.proved.sum())} proved optimal), {int(instances.infeasible.sum())} proved "
        f"infeasible, {without} open. Best known: the least valid energy in the files.",
        f"solved: a valid answer within a primal gap of {options.target_gap:g}, or an own proof of "
        f"infeasibility, before {100 * AT_LIMIT:g} % of the time limit or with a proof.",
        f"time: shifted geometric mean, shift {1000 * options.time_shift_s:g} ms, one run each, "
        "unsolved instances at their time limit; common: where every method solved.",
        f"gap: primal gap without static energy, shifted geometric mean, shift "
        f"{100 * options.gap_shift:g} %, 100 % without a solution.",
        "integral: mean primal integral over "
        + ("the time limit" if options.horizon_s is None else f"{options.horizon_s:g} s")
        + f"; {with_times} of {len(answered)} runs tell when they found what, the others count as "
        "finding their answer at their end (an upper bound).",
    ]
    for column, what in (
        ("problem", "problems, pooled here"),
        ("instance_set", "sets, pooled here"),
        ("time_limit_s", "time limits"),
        ("seed", "seeds"),
        ("version", "versions of the package"),
    ):
        values = list(dict.fromkeys(rows[column]))
        if len(values) > 1:
            notes.append(f"{len(values)} {what}: {', '.join(f'{v}' for v in values)}")
    return notes
