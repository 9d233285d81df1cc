"""The models in CVXPY as methods, called like the functions that build them."""

from __future__ import annotations

from formulations.catalogue import Language
from formulations.methods import methods_in
from formulations.with_cvxpy import models, solver

CVXPY = Language("cvxpy", models, solver.solve)

globals().update(methods_in(CVXPY))  # a new model's method needs no line here
