"""The models in Pyomo as methods, called like the functions that build them."""

from __future__ import annotations

from formulations.catalogue import Language
from formulations.methods import methods_in
from formulations.with_pyomo import models, solver

PYOMO = Language("pyomo", models, solver.solve)

globals().update(methods_in(PYOMO))  # a new model's method needs no line here
