"""The table of families, and `draw`: one instance of a family, by name.

A family says where gains, scores, tokens and energies come from; sizes, checks, name and metadata
are common to all. Numbers that a family's docstring gives are defaults of this project. Sizes
are named as in the mathematics: K nodes, T tokens, M subcarriers, at most D experts per token,
relevance z and importance gamma.
"""

from __future__ import annotations

import inspect
from typing import Any

from dmoe_models.errors import InstanceError
from dmoe_models.instance import Instance
from dmoe_models.numbers import shown
from instances import fading, gated, near_ties, structured, structured_p1, wireless
from instances.building import FAMILIES, Family

__all__ = [
    "FAMILIES",
    "Family",
    "draw",
    "fading",
    "gated",
    "near_ties",
    "structured",
    "structured_p1",
    "wireless",
]


def draw(family: str, seed: int, **parameters: Any) -> Instance:
    """Draw one instance of a family.

    Parameters
    ----------
    family : str
        A name in ``FAMILIES``.
    seed : int
        0 <= seed < 2^63. The same seed and parameters give the same bits on every machine.
    **parameters
        Of that family; the others keep their defaults.

    Returns
    -------
    Instance

    Raises
    ------
    InstanceError
        For an unknown family or parameter, or a value that cannot be.
    """
    if not isinstance(family, str) or family not in FAMILIES:
        raise InstanceError(f"unknown family {shown(family)}; families are {', '.join(FAMILIES)}")
    known = list(inspect.signature(FAMILIES[family].function).parameters)[1:]
    for name in parameters:
        if name not in known:
            raise InstanceError(
                f"family {family} has no parameter {shown(name)}; it has {', '.join(known)}"
            )
    return FAMILIES[family].function(seed, **parameters)
