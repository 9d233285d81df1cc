"""The table of families, and of the parameters of one."""

from __future__ import annotations

import pandas as pd

from dmoe_models.solving.options import options_of
from instances.families import FAMILIES
from instances.families.family import find_family
from instances.families.size import ByNodes

_UNITS = {"_m_s": "m/s", "_s": "s", "_m": "m", "_hz": "Hz", "_w": "W", "_k": "K", "_db": "dB"}
"""Ends of parameters' names -> units; a parameter without such an end has none."""


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
    for name, _, default, meaning in options_of(family, entry.function):
        rule = entry.size_defaults.get(name)
        text = rule.text if isinstance(rule, ByNodes) else default
        unit = next((unit for end, unit in _UNITS.items() if name.endswith(end)), "")
        table.append((name, text, unit, meaning))
    return pd.DataFrame(table, columns=["parameter", "default", "unit", "meaning"])
