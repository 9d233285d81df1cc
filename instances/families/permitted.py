"""Families that a file names: what shows in their source, and whether it may be run."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dmoe_models.solving.named_code import declared_parameters, require_permission
from dmoe_models.solving.plugins import file_of
from instances.families import FAMILIES
from instances.families.find import require_parameters, target_of
from instances.families.size import SIZE_DEFAULTS, size_parameters


def require_permitted_family(
    entry: str, family: str, folder: Path, parameters: Mapping[str, Any], allow_code: bool
) -> None:
    """Refuse a family that a file names and that is code, unless it is permitted.

    Parameters
    ----------
    entry : str
        Where in the file it is named, such as "draws[2].family".
    family : str
    folder : path
        To which the path of a file of code is relative.
    parameters : mapping
        That the file gives to it; what its function does not take is refused first.
    allow_code : bool

    Raises
    ------
    InstanceError
        For an unknown family, a file that is not there, or a parameter that the family does not
        have, as far as its source says.
    DmoeError
        Where code would have to be run.
    """
    if family in FAMILIES:
        return
    target = target_of(family, folder)
    file = file_of(target)
    if not file or allow_code:
        return
    known = declared_family_parameters(Path(file), target.rpartition(":")[2])
    if known is not None:
        require_parameters(family, known, parameters)
    require_permission(entry, family, file, allow_code)


def declared_family_parameters(file: Path, function: str) -> dict[str, inspect.Parameter] | None:
    """Return the parameters of a family as its source declares them; nothing is run.

    Parameters
    ----------
    file : path
        Of the source.
    function : str

    Returns
    -------
    dict or None
        By name, without the seed; None where only running the source would tell.
    """
    declared = declared_parameters(file, function)
    if declared is None:
        return None
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    given = [p for p in declared.values() if p.kind in kinds and p.default is p.empty]
    if len(given) != 2:
        return dict(list(declared.items())[1:])
    sizes = {parameter.name: parameter for parameter in size_parameters(SIZE_DEFAULTS)}
    return sizes | dict(list(declared.items())[2:])
