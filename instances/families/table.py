"""The table of families, and of the parameters of one."""

from __future__ import annotations

import pandas as pd

from instances.docstrings import parameters
from instances.families import FAMILIES
from instances.families.family import find_family
from instances.families.size import ByNodes


def list_families(family: str | None = None) -> pd.DataFrame:
    """Return the table of all families, or of the parameters of one.

    Parameters
    ----------
    family : str, optional
        A name in ``FAMILIES``.

    Returns
    -------
    DataFrame
        Of all families: family, description. Of one: parameter, default, unit, meaning; the seed,
        which has no default, is left out.

    Raises
    ------
    InstanceError
        For an unknown family.
    """
    if family is None:
        rows = [(name, entry.description) for name, entry in FAMILIES.items()]
        return pd.DataFrame(rows, columns=["family", "description"])
    entry = find_family(family)
    table = []
    for name, parameter in parameters(entry.function).items():
        rule = entry.size_defaults.get(name)
        default = rule.text if isinstance(rule, ByNodes) else parameter.default
        table.append((name, default, parameter.unit, parameter.meaning))
    return pd.DataFrame(table[1:], columns=["parameter", "default", "unit", "meaning"])
