"""The table of families, and `draw`: one instance of a family, by name.

A family says where gains, scores, tokens and energies come from; sizes, checks, name and metadata
are common to all. Numbers that a family's docstring gives are defaults of this project. Sizes
are named as in the mathematics: K nodes, T tokens, M subcarriers, at most D experts per token,
relevance z and importance gamma.
"""

from __future__ import annotations

from instances.families import (
    contended as structured,
)
from instances.families import (
    gated,
    near_ties,
    trap,
    wireless,
)
from instances.families import (
    knapsack as structured_p1,
)
from instances.families import (
    mutant as mutants,
)
from instances.families import (
    rayleigh as fading,
)
from instances.families.family import FAMILIES, Family, draw

__all__ = [
    "FAMILIES",
    "Family",
    "draw",
    "fading",
    "gated",
    "mutants",
    "near_ties",
    "structured",
    "structured_p1",
    "trap",
    "wireless",
]
