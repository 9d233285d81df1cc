"""What a verification runs: instances from sets and files, methods by name or by default."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from dmoe_models.errors import InstanceError, MethodError
from dmoe_models.files.formats import read_instance
from dmoe_models.model.instance import Instance
from dmoe_models.solving.catalogue import METHODS, Method, find_method
from dmoe_models.solving.sandbox import same_directory
from dmoe_models.solving.solve import solve
from dmoe_models.verification.cross_check import Plan
from dmoe_models.verification.run import Settings, takes_solver
from instances.library.sets import RECORDED, load_set, set_names

FILES = "files"
"""What instances that are given as files are summarised under."""

LARGE = 2000
"""Tokens x nodes above which the default list solves P2 by two formulations only."""

_MINLP_NODES, _MINLP_SUBCARRIERS = 3, 6  # the next size up takes minutes
_EXHAUSTIVE_SIZE = 128  # tokens x nodes: beyond, P2 has hopelessly many cases
# Both models and both modelling languages remain.
_LEFT_WHERE_LARGE = ("pyomo-p2-set", "cvxpy-p2-milp", "highs-p2-milp", "cpsat-p2")


def gather(sources: Sequence[str], data: Path | None = None) -> dict[str, list[Instance]]:
    """Return the instances of each set, and those of files under `FILES`, each of them once.

    Parameters
    ----------
    sources : sequence of str
        Names of sets and instance files; by default `small`, and `recorded` where there is `data`.
    data : path, optional
        Directory of recorded data.

    Raises
    ------
    DmoeError
        For what is neither a set nor a readable file, in one line.
    """
    names = set_names()
    chosen = list(sources) or ["small", *([RECORDED] if data is not None else [])]
    groups: dict[str, list[Instance]] = {}
    seen: set[tuple[str, str]] = set()
    for source in chosen:
        group = FILES
        if source in names or Path(source).suffix == ".toml":
            group, several = source, load_set(source, data)
        elif (source and Path(source).exists()) or Path(source).suffix.lower() in (".json", ".nc"):
            several = [read_instance(source)]
        else:
            raise InstanceError(
                f"unknown set {source!r}; sets are {', '.join(names)}, or give the file of a set "
                "(.toml) or of an instance (.json or .nc)"
            )
        for instance in several:
            if (instance.name, instance.sha256) not in seen:
                seen.add((instance.name, instance.sha256))
                groups.setdefault(group, []).append(instance)
    return groups


def choose(
    instances: Sequence[Instance],
    names: Sequence[str] | None,
    added: Sequence[str],
    settings: Settings,
) -> tuple[Plan, list[str]]:
    """Decide which method runs on which instance.

    Parameters
    ----------
    instances : sequence of Instance
    names : sequence of str or None
        Methods asked for; None for the default list.
    added : sequence of str
        More methods, such as ``mine.py:my_method``.
    settings : Settings

    Returns
    -------
    plan : list of (Instance, list of Method)
    notes : list of str
        What the default list leaves out, and why.

    Raises
    ------
    MethodError
        For a method that is unknown, cannot be loaded or applies to no instance, or a solver that
        no method can use.
    """
    asked = [anchored(find_method(name)) for name in dict.fromkeys([*(names or []), *added])]
    for method in asked:
        if method.kind == "plug-in":
            with same_directory():
                method.load()
        if not any(applies(method, instance) for instance in instances):
            raise MethodError(
                f"method {method.name} solves {' and '.join(method.problems)}; there is no such "
                "instance here"
            )
    listed = [] if names is not None else [m for m in METHODS.values() if m.problems != ("P3",)]
    notes = [
        f"left out of the default list: {method.name}, {method.needs} is not installed"
        for method in listed
        if not method.installed
    ]
    listed = [method for method in listed if method.installed]
    if settings.solver is not None:
        refusals = _solver_refusals([*asked, *listed], settings.solver)
        notes += [
            f"left out of the default list: {method.name}, {refusals[method.name]}"
            for method in listed
            if method.name in refusals and method not in asked
        ]
        listed = [method for method in listed if method.name not in refusals]
    plan: Plan = []
    left_out: Counter[tuple[str, str]] = Counter()
    for instance in instances:
        chosen = []
        for method in listed:
            if applies(method, instance) and method not in asked:
                reason = too_large(method, instance)
                if reason:
                    left_out[method.name, reason] += 1
                else:
                    chosen.append(method)
        plan.append((instance, chosen + [m for m in asked if applies(m, instance)]))
    notes += [
        f"left out of the default list: {name} on {number} instance(s), {reason}; "
        f"--method {name} adds it"
        for (name, reason), number in left_out.items()
    ]
    return plan, notes


def anchored(method: Method) -> Method:
    """Return a method whose file, if it is one, is found wherever the process goes."""
    place, _, function = method.target.rpartition(":")
    if not place.endswith(".py"):
        return method
    return replace(method, target=f"{Path(place).absolute()}:{function}")


def applies(method: Method, instance: Instance) -> bool:
    """Whether a method answers an instance's problem (P3 methods choose top-k's experts on P2)."""
    return instance.problem in method.problems or (
        method.problems == ("P3",) and instance.problem == "P2"
    )


def too_large(method: Method, instance: Instance) -> str:
    """Return why the default list leaves a method out of an instance; empty where it does not."""
    size = instance.T * instance.K
    if method.name == "pyomo-p2-minlp" and (
        instance.K > _MINLP_NODES or instance.M > _MINLP_SUBCARRIERS
    ):
        return f"more than {_MINLP_NODES} nodes or {_MINLP_SUBCARRIERS} subcarriers"
    if method.name == "exhaustive" and instance.problem == "P2" and size > _EXHAUSTIVE_SIZE:
        return f"P2 with more than {_EXHAUSTIVE_SIZE} tokens x nodes"
    if method.name in _LEFT_WHERE_LARGE and size > LARGE:
        return f"more than {LARGE} tokens x nodes"
    return ""


def _solver_refusals(methods: Sequence[Method], solver: str) -> dict[str, str]:
    """Return which methods cannot use a solver, and why; MethodError where none can.

    Each method is tried on an instance of one token: only that tells what is installed.
    """
    refusals: dict[str, str] = {}
    users = [method for method in methods if takes_solver(method)]
    if not users:
        raise MethodError(f"--solver {solver}: none of the methods takes a solver")
    for method in users:
        try:
            solve(_tiny(method), method.name, time_limit=10.0, solver=solver)
        except MethodError as error:
            refusals[method.name] = " ".join(str(error).split())
        except Exception as error:
            refusals[method.name] = f"solver {solver}: {type(error).__name__}: {error}"
    if all(method.name in refusals for method in users):
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
