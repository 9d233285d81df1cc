"""The table of families, and of the parameters of one."""

from __future__ import annotations

import inspect
from typing import Any

import pandas as pd

from dmoe_models.solving.listing import Listing, unit_of
from dmoe_models.solving.options import described_parameters, options_of
from instances.families import FAMILIES
from instances.families.family import Family
from instances.families.find import FamilyLike, find_family, offered_families
from instances.families.size import ByNodes, Size


def list_families(family: FamilyLike | None = None) -> pd.DataFrame:
    """Return the table of all families, or of the parameters of one.

    Parameters
    ----------
    family : str or callable, optional
        A name in ``FAMILIES``, or a family of one's own as `draw` takes it.

    Returns
    -------
    DataFrame
        Shown whole in a terminal or notebook. Of all families: family, description. Of one:
        parameter, default, unit, meaning; the seed, which has no default, is left out.

    Raises
    ------
    InstanceError
        For an unknown family.
    """
    if family is None:
        rows = [(name, entry.description) for name, entry in FAMILIES.items()]
        rows += [(name, f"from {target}") for name, target in offered_families().items()]
        return Listing(rows, columns=["family", "description"])
    found = find_family(family)
    common = described_parameters(inspect.getdoc(Size) or "")
    table = []
    for name, _, default, meaning in options_of(found.name, found.function):
        meaning = meaning or common.get(name, ("", ""))[1]
        table.append((name, _shown(found, name, default), unit_of(name), meaning))
    return Listing(table, columns=["parameter", "default", "unit", "meaning"])


def example_of(family: FamilyLike) -> dict[str, Any]:
    """Return a parameter or two of a family with values that work: the defaults.

    Parameters
    ----------
    family : str or callable
        As for `list_families`.
    """
    found = find_family(family)
    plain = {
        name: parameter.default
        for name, parameter in found.parameters.items()
        if isinstance(parameter.default, (bool, int, float, str))
    }
    own = [name for name in plain if name not in found.size_defaults]
    wanted = ["K", *own[:1]] if "K" in plain else own[:2]
    return {name: plain[name] for name in wanted}


def _shown(found: Family, name: str, default: Any) -> Any:
    """Return a default as a table shows it: the rule where it follows from K."""
    rule = found.size_defaults.get(name)
    if isinstance(rule, ByNodes):
        return rule.text
    return "(to be given)" if default is found.parameters[name].empty else default
