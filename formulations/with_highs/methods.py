"""The models in HiGHS as methods, called like the functions that build them."""

from __future__ import annotations

from formulations.catalogue import Language
from formulations.methods import methods_in
from formulations.with_highs import models, solver

HIGHS = Language("highs", models, solver.solve)

globals().update(methods_in(HIGHS))  # a new model's method needs no line here
