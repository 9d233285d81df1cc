"""What a verification runs: instances from sets and files, methods by name or by default."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NoReturn

import numpy as np

from dmoe_models.errors import InstanceError, MethodError, did_you_mean
from dmoe_models.files.instances import read_instance
from dmoe_models.model.instance import Instance
from dmoe_models.solving.catalogue import METHODS, bind_method, find_method
from dmoe_models.solving.method import BoundMethod, Method, Variant
from dmoe_models.solving.sandbox import REFUSED, Failure, contained
from dmoe_models.solving.solve import solve
from dmoe_models.solving.variants import variants
from dmoe_models.verification.run import Plan, Settings
from instances.library.sets import RECORDED, load_set, set_names

FILES = "files"
"""What instances that are read from files are summarised under."""

GIVEN = "given"
"""What instances that are handed over as objects are summarised under."""


def gather(
    sources: Sequence[str | Path | Instance],
    data: Path | None = None,
    *,
    allow_code: bool = False,
) -> dict[str, list[Instance]]:
    """Return the instances of each set, those of files and those handed over, each of them once.

    Parameters
    ----------
    sources : sequence of str, path or Instance
        Names of sets, instance files, instances; where there is none, `small`, and `recorded` if
        there is `data`.
    data : path, optional
        Directory of recorded data.
    allow_code : bool
        Whether code that a set's file names may be run.

    Raises
    ------
    DmoeError
        For what is neither a set nor a readable file, in one line.
    """
    names = set_names()
    default = ["small", *([RECORDED] if data is not None else [])]
    groups: dict[str, list[Instance]] = {}
    seen: set[tuple[str, str]] = set()
    for source in sources or default:
        group = FILES
        if isinstance(source, Instance):
            group, several = GIVEN, [source]
        elif (source := str(source)) in names or Path(source).suffix == ".toml":
            group, several = source, load_set(source, data, allow_code=allow_code)
        elif (source and Path(source).exists()) or Path(source).suffix.lower() in (".json", ".nc"):
            several = [read_instance(source)]
        else:
            raise InstanceError(
                f"unknown set {source!r}; sets are {', '.join(names)}, or give the file of a set "
                f"(.toml) or of an instance (.json or .nc){did_you_mean(source, names)}"
            )
        for instance in several:
            if (instance.name, instance.sha256) not in seen:
                seen.add((instance.name, instance.sha256))
                groups.setdefault(group, []).append(instance)
    return groups


def choose(
    instances: Sequence[Instance],
    methods: Sequence[Variant] | None,
    added: Sequence[Variant],
    settings: Settings,
) -> tuple[Plan, list[str]]:
    """Decide which method runs on which instance; every method is loaded here, once.

    Parameters
    ----------
    instances : sequence of Instance
    methods : sequence of Variant, or None
        Methods asked for; None for the default list.
    added : sequence of Variant
        More methods.
    settings : Settings

    Returns
    -------
    plan : list of (Instance, list of BoundMethod)
    notes : list of str
        What the default list leaves out, and why.

    Raises
    ------
    MethodError
        For a method that is unknown, cannot be loaded or applies to no instance, or a solver that
        no method can use.
    """
    wanted = list(dict.fromkeys([*(methods or []), *added]))  # the same one twice is once
    asked = [_bound(variant) for variant in (variants(wanted) if wanted else [])]
    names = [bound.name for bound in asked]
    for bound in asked:
        if not any(bound.method.applies_to(instance.problem) for instance in instances):
            raise MethodError(
                f"method {bound.name} solves {' and '.join(bound.method.problems)}; "
                "there is no such instance here"
            )
    default = [] if methods is not None else [m for m in METHODS.values() if m.problems != ("P3",)]
    left_out = {m.name: f"{m.needs} is not installed" for m in default if not m.installed}
    listed = [
        _bound(Variant(m.name, m))
        for m in default
        if m.name not in left_out and m.name not in names
    ]
    if settings.solver is not None:
        asked, listed = (_with_solver(several, settings.solver) for several in (asked, listed))
        refusals = _solver_refusals([*asked, *listed], settings.solver)
        left_out |= {name: why for name, why in refusals.items() if name not in names}
        listed = [bound for bound in listed if bound.name not in left_out]
    notes = [f"left out of the default list: {name}, {why}" for name, why in left_out.items()]
    plan: Plan = []
    too_large: Counter[tuple[str, str]] = Counter()
    for instance in instances:
        reasons = {bound.name: bound.method.too_large(instance) for bound in listed}
        chosen = [b for b in (*listed, *asked) if b.method.applies_to(instance.problem)]
        too_large.update((b.name, reason) for b in chosen if (reason := reasons.get(b.name)))
        plan.append((instance, [b for b in chosen if not reasons.get(b.name)]))
    notes += [
        f"left out of the default list: {name} on {number} instance(s), {reason}; "
        f"--method {name} adds it"
        for (name, reason), number in too_large.items()
    ]
    return plan, notes


def _bound(variant: Variant) -> BoundMethod:
    """Load a method; one of this package that cannot be loaded says so whenever it is run."""
    method = find_method(variant)
    try:
        method.load()
    except MethodError as error:
        if method.foreign:
            raise
        return BoundMethod(method, partial(_decline, error), label=variant.label)
    return bind_method(variant)


def _decline(error: MethodError, instance: Instance) -> NoReturn:
    raise error


def _with_solver(methods: Sequence[BoundMethod], solver: str) -> list[BoundMethod]:
    chosen = {"solver": solver}
    return [
        m.with_options(chosen) if m.takes_solver and "solver" not in m.options else m
        for m in methods
    ]


def _solver_refusals(methods: Sequence[BoundMethod], solver: str) -> dict[str, str]:
    """Return which methods cannot use a solver, and why; MethodError where none can.

    Each method is tried on an instance of one token: only that shows what is installed.
    """
    users = [bound for bound in methods if bound.takes_solver]
    if not users:
        raise MethodError(f"--solver {solver}: none of the methods takes a solver")
    refusals: dict[str, str] = {}
    for bound in users:
        tried = contained(partial(solve, _tiny(bound.method), bound, time_limit=10.0))
        if isinstance(tried, Failure):
            beginning = "" if tried.kind == REFUSED else f"solver {solver}: "
            refusals[bound.name] = beginning + tried.reason
    if len(refusals) == len(users):
        raise MethodError(refusals[users[0].name])
    return refusals


def _tiny(method: Method) -> Instance:
    """Return an instance of one token that a method applies to."""
    return Instance(
        name="tiny",
        gate_scores=np.array([[0.4, 0.6]]),
        source=np.array([0]),
        gain=np.full((2, 2, 1), 0.01),
        bandwidth_hz=1e6,
        transmit_power_w=1e-2,
        noise_power_w=1e-5,
        hidden_state_bits=65536.0,
        computation_energy_j=np.full(2, 2e-4),
        static_energy_j=np.zeros(2),
        relevance=1.0,
        importance=0.5,
        max_experts=1,
        assignment=np.array([[-1, 0], [-1, -1]]) if "P1" in method.problems else None,
    )
