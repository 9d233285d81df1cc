"""The table of families, and `draw`: one instance of a family, by name.

A family says where gains, scores, tokens and energies come from; sizes, checks, name and metadata
are common to all. Numbers that a family's docstring gives are defaults of this project. Sizes
are named as in the mathematics: K nodes, T tokens, M subcarriers, at most D experts per token,
relevance z and importance gamma. A module of this folder that defines families is found here.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from instances.families.family import FAMILIES, Family
from instances.families.find import draw

__all__ = ["FAMILIES", "Family", "draw"]

# Families are listed, and instances of a set sorted, in the order in which they are defined.
_FIRST = (
    "rayleigh",
    "gated",
    "mutant",
    "near_ties",
    "contended",
    "knapsack",
    "trap",
    "wireless",
)
for _module in (*_FIRST, *sorted({found.name for found in iter_modules(__path__)} - {*_FIRST})):
    import_module(f"{__name__}.{_module}")
