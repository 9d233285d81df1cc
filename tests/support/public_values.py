"""The classes that a user of the public names meets, found by walking, and a sample of each.

From every public name the walk goes on to the types of its parameters, of what it returns, and of
the fields and properties of these. A class that is new is found, and sampled by the types of its
fields; one that takes no such sample gets one in `SAMPLES`.
"""

from __future__ import annotations

import ast
import inspect
import math
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dmoe_models.presentation.plot_style import Picture
from dmoe_models.solving.catalogue import find_method
from dmoe_models.studies.configuration import configuration_file, read_design
from dmoe_models.studies.study import find_study
from dmoe_models.values.value import Value
from instances import draw

PUBLIC = (
    *("dmoe_models", "dmoe_models.certificates"),
    *("instances", "formulations", "formulations.exchange"),
)
"""Modules whose `__all__` is public."""

MORE = (
    *("dmoe_models.channels.recorded", "dmoe_models.scores.recorded"),
    *("dmoe_models.verification.measures", "dmoe_models.solving.answers"),
    *("instances.library.record", "instances.library.offer", "dmoe_models.studies.measuring"),
)
"""Modules of records that public functions read and write; all that they define is walked."""

NOT_VALUES = {
    "instances.library.loaded_set.LoadedSet": "a list of instances, its reader's own",
    "dmoe_models.solving.answers.Answers": "a folder",
    "dmoe_models.studies.engine.engine.Listener": "what is called as a study goes on",
    "formulations.catalogue.Models": "a mapping of models, made when it is imported",
}
"""Classes that are met and hold no result, and what they are instead."""


def name_of(kind: type) -> str:
    """Return the dotted name of a class."""
    return f"{kind.__module__}.{kind.__qualname__}"


@cache
def public_classes() -> list[type]:
    """Return the classes of ours that the public names lead to, but exceptions and enumerations."""
    waiting = [getattr(import_module(m), n) for m in PUBLIC for n in import_module(m).__all__]
    for module in map(import_module, MORE):
        own = (v for n, v in vars(module).items() if not n.startswith("_"))
        waiting += [v for v in own if getattr(v, "__module__", "") == module.__name__]
    met: dict[int, Any] = {}
    while waiting:
        one = waiting.pop()
        room = str(getattr(one, "__module__", "")).split(".")[0]
        if id(one) in met or room not in ("dmoe_models", "instances", "formulations"):
            continue
        met[id(one)] = one
        waiting += [kind for hint in _hints(one) for kind in _classes(hint)]
    classes = [one for one in met.values() if inspect.isclass(one)]
    return sorted((c for c in classes if not issubclass(c, (Exception, Enum))), key=name_of)


def _hints(one: Any) -> Iterator[Any]:
    """Yield the types that a function or class speaks of."""
    if not inspect.isclass(one) and not inspect.isfunction(one):
        yield type(one)
        return
    yield from _types_of(one).values()
    for name, member in vars(one).items() if inspect.isclass(one) else ():
        function = getattr(member, "fget", None) or getattr(member, "func", member)
        if not name.startswith("_") and inspect.isfunction(function):
            yield _types_of(function).get("return")


def _types_of(one: Any) -> dict[str, Any]:
    return typing.get_type_hints(one, localns=_for_type_checkers(one.__module__))


@cache
def _for_type_checkers(module: str) -> dict[str, Any]:
    """Import what a module imports for type checkers only."""
    tree = ast.parse(inspect.getsource(import_module(module)))
    choices = [node for node in tree.body if isinstance(node, ast.If)]
    guarded = [node for node in choices if "TYPE_CHECKING" in ast.dump(node.test)]
    imports = ast.Module([s for n in guarded for s in n.body], type_ignores=[])
    found: dict[str, Any] = {}
    exec(compile(imports, module, "exec"), found)
    return found


def _classes(hint: Any) -> Iterator[type]:
    if inspect.isclass(hint):
        yield hint
    for part in typing.get_args(hint):
        yield from _classes(part)


# ---------------------------------------------------------------------------------------- samples

SAMPLES: dict[str, Callable[[], Any]] = {
    "dmoe_models.model.instance.Instance": lambda: draw("rayleigh", 1, K=3, T=4).replace(
        metadata={"a": [1, {"b": [2.5, None]}]}
    ),
    "dmoe_models.presentation.plot_style.Picture": lambda: Picture(FIGURE, "Nothing is drawn."),
    "dmoe_models.solving.method.BoundMethod": lambda: find_method("jesa").bind(),
    "dmoe_models.studies.design.Design": lambda: _design(),
    "dmoe_models.studies.design.Task": lambda: _design().tasks()[0],
    "dmoe_models.studies.study.Study": lambda: find_study("asymptotics"),
}
"""Samples of the classes that refuse what `arguments` makes up."""


FIGURE = Figure()


def _design() -> Any:
    return read_design(configuration_file("asymptotics", "default"))


def arguments(kind: type[Any]) -> dict[str, Any]:
    """Return arguments for the constructor of a record, made up by their types, all writable.

    Parameters
    ----------
    kind : type
        A dataclass, or a NamedTuple.
    """
    hints = _types_of(kind)
    names = [f.name for f in fields(kind) if f.init] if is_dataclass(kind) else kind._fields
    return {name: _made_up(kind, name, hints[name]) for name in names}


ARRAYS: dict[str, Any] = {
    "selection": [[True, False], [False, True]],
    "assignment": [[-1, 0], [1, -1]],
    "prompt": [0, 1],
    "gain": [[0.5, 1.0], [0.0, 2.0]],
    "scores": [[0.5, 1.0], [0.0, 2.0]],
}
"""By name, of arrays that are checked."""


def _made_up(kind: type, name: str, hint: Any) -> Any:
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return _made_up(kind, name, parts[0])
    if origin in (typing.Union, types.UnionType):
        none = name == "subcarriers"  # of a solution, beside an assignment
        return None if none else _made_up(kind, name, parts[0])
    origin = origin or hint
    if origin is np.ndarray:
        return np.array(ARRAYS.get(name, [[0.5, math.nan], [-0.0, math.inf]]))
    if origin is pd.DataFrame:
        return pd.DataFrame({"method": ["exact", "des"], "energy_j": [0.5, math.nan]})
    if origin in (dict, Mapping):
        return (
            {"a": [1, {"b": [2.5, math.nan]}], "c": np.arange(3.0)}
            if parts[1:] in ((Any,),)
            else {"a": _made_up(kind, name, parts[1])}
        )
    if origin in (list, Sequence, tuple):
        entry = parts[0] if parts else Any
        return (tuple if origin is tuple else list)([_made_up(kind, name, entry)] * 2)
    if origin in (Callable, object, Any):
        return arguments if origin is Callable else [1, [2]]
    simple = {str: "text", int: 3, float: math.nan, bool: True, Path: Path("a"), range: range(2)}
    if origin in simple:
        return 1.5 if kind.__name__ == "Options" and origin is float else simple[origin]
    return sample(origin)


def sample(kind: type[Any]) -> Any:
    """Return a sample of a class, or fail by saying what is missing."""
    if name_of(kind) in SAMPLES:
        return SAMPLES[name_of(kind)]()
    if issubclass(kind, Enum):
        return next(iter(kind))
    try:
        return kind(**arguments(kind))
    except Exception as error:
        raise AssertionError(
            f"{name_of(kind)} is met by users and takes no made-up arguments ({error}): "
            "give it a row in SAMPLES of tests/support/public_values.py"
        ) from error


def properties(value: Any) -> dict[str, Any]:
    """Return what the properties of a value hand out, its fields among them."""
    own = [
        name
        for kind in type(value).__mro__
        for name, member in vars(kind).items()
        if isinstance(member, (property, cached_property)) and not name.startswith("_")
    ]
    names = [f.name for f in fields(value)] if isinstance(value, Value) else []
    found = {}
    for name in (*names, *own):
        try:
            found[name] = getattr(value, name)
        except Exception:  # of made-up fields not everything can be worked out
            continue
    return found
