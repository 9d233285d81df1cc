"""`draw`, and families by what stands for them: a name, a file of one's own, a function.

A family of one's own is a function in one of two forms, told apart by how many parameters it has
without a default. With two, ``draws`` and ``size``, it is written like those of this package and
returns fields (`instances.families.family.family`). With one, a seed, it returns an Instance. It is
named ``path/to/mine.py:function``, or handed over in Python; an installed package offers one by an
entry point of the group ``dmoe_models.families``.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, TypeAlias

from dmoe_models.errors import DmoeError, InstanceError, MethodError, did_you_mean
from dmoe_models.input_checks import quote
from dmoe_models.model.instance import Instance
from dmoe_models.solving.plugins import file_of, load_function, source_sha256
from dmoe_models.solving.sandbox import Failure, contained
from instances.families.family import FAMILIES, Family, drawing_fields, drawing_instances

ENTRY_POINT_GROUP = "dmoe_models.families"
"""Installed packages offer families of their own under this entry-point group."""

FamilyLike: TypeAlias = str | Family | Callable[..., Any]
"""What stands for a family: its name, its record, or a function."""


def draw(family: FamilyLike, seed: int, **parameters: Any) -> Instance:
    """Draw one instance of a family.

    Parameters
    ----------
    family : str or callable
        A name in ``FAMILIES`` or of a family of an installed package;
        ``path/to/file.py:function``; or a function (see this module).
    seed : int
        0 <= seed < 2^63. The same seed and parameters give the same bits on every machine; of a
        family of one's own, if its function keeps to the seed.
    **parameters
        Of that family; the others keep their defaults.

    Returns
    -------
    Instance

    Raises
    ------
    InstanceError
        For an unknown family or parameter, a value that cannot be, or a function of one's own that
        fails or draws what is no instance.
    """
    found = find_family(family)
    require_parameters(found.name, found.parameters, parameters)
    if not found.source:
        return found.function(seed, **parameters)
    drawn = contained(partial(found.function, seed, **parameters), sources=[found.source["file"]])
    if isinstance(drawn, Failure):
        ours = isinstance(drawn.error, DmoeError)
        reason = " ".join(str(drawn.error).split()) if ours else drawn.reason
        raise InstanceError(f"family {found.name}, seed {seed}: {reason}") from drawn.error
    return drawn


def require_parameters(
    family: str, known: Mapping[str, inspect.Parameter], given: Mapping[str, Any]
) -> None:
    """Raise InstanceError for a parameter that a family does not have, or one that is missing.

    Parameters
    ----------
    family : str
    known : mapping of str to inspect.Parameter
    given : mapping
    """
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values()):
        return
    for name in given:
        if name not in known:
            raise InstanceError(
                f"family {family} has no parameter {quote(name)}; it has {', '.join(known)}"
                f"{did_you_mean(name, known)}"
            )
    for name, parameter in known.items():
        needed = parameter.default is parameter.empty and parameter.kind is not (
            parameter.VAR_POSITIONAL
        )
        if needed and name not in given:
            raise InstanceError(f"family {family}: parameter {name} has to be given")


def find_family(family: FamilyLike, folder: str | Path = "") -> Family:
    """Return a family's record.

    Parameters
    ----------
    family : str, Family or callable
        As for `draw`.
    folder : path
        To which the path of a file is relative; the working directory by default.

    Raises
    ------
    InstanceError
        For what stands for no family, or code that cannot be loaded.
    """
    if isinstance(family, Family):
        return family
    if not isinstance(family, str):
        if not callable(family):
            raise InstanceError(f"unknown family {quote(family)}: neither a name nor a function")
        return _of_function(family)
    if family in FAMILIES:
        return FAMILIES[family]
    target = target_of(family, folder)
    listed = dict(FAMILIES)
    try:
        function = load_function(family, target)
    except MethodError as error:
        raise InstanceError(str(error).replace("method ", "family ", 1)) from error
    finally:  # a file's families are its own: they are not listed
        FAMILIES.clear()
        FAMILIES.update(listed)
    found = _of_function(function)
    name, source = family, dict(found.source)
    if file := file_of(target):  # the hash is then of the files beside it, too, that it imports
        name = f"{Path(file).name}:{target.rpartition(':')[2]}"
        source = {"file": Path(file).name, "sha256": source_sha256(function, file)}
    drawn = _stamped(found.function, {"family": name, "source": source})
    return replace(found, function=drawn, name=name, source=source)


def target_of(family: str, folder: str | Path = "") -> str:
    """Return what a name of a family that is not listed stands for, without loading it.

    Parameters
    ----------
    family : str
    folder : path
        To which the path of a file is relative.

    Returns
    -------
    str
        ``/path/to/file.py:function``, or ``module:function`` of an installed package.

    Raises
    ------
    InstanceError
        For an unknown family, or a file that is not there.
    """
    if file := file_of(family):
        path = (Path(folder) / os.path.expanduser(file)).absolute()
        if not path.is_file():
            raise InstanceError(f"family {family}: there is no file {path}")
        return f"{path}{family.removeprefix(file)}"
    offered = offered_families()
    if family not in offered:
        known = [*FAMILIES, *offered]
        raise InstanceError(
            f"unknown family {quote(family)}; families are {', '.join(known)}, and "
            f"path/to/file.py:function{did_you_mean(family, known)}"
        )
    return offered[family]


def offered_families() -> dict[str, str]:
    """Return the families that installed packages offer: ``module:function`` by name."""
    found = entry_points(group=ENTRY_POINT_GROUP)
    return {point.name: point.value for point in found if point.name not in FAMILIES}


def _of_function(function: Callable[..., Any]) -> Family:
    """Return the family that a function is."""
    if isinstance(found := getattr(function, "family", None), Family):
        return found
    name = getattr(function, "__name__", type(function).__name__)
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError) as error:
        raise InstanceError(f"family {name}: its parameters cannot be read: {error}") from error
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    given = [p for p in parameters if p.kind in kinds and p.default is p.empty]
    description = (inspect.getdoc(function) or "").partition("\n")[0]
    if len(given) == 2:
        return drawing_fields(function, name, description)
    if len(given) == 1 or (parameters and parameters[0].kind in kinds):
        return drawing_instances(function, name, description)
    raise InstanceError(
        f"family {name} takes neither a seed nor draws and size, as (draws, size, *, ...)"
    )


def _stamped(
    function: Callable[..., Instance], facts: Mapping[str, Any]
) -> Callable[..., Instance]:
    """Return a function whose instances say where their family is found."""

    def drawn(seed: int, **parameters: Any) -> Instance:
        instance = function(seed, **parameters)
        return instance.replace(metadata={**instance.metadata, **facts})

    drawn.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
    drawn.__doc__ = function.__doc__
    return drawn
