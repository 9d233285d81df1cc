"""Parts that several Pyomo models share: alpha with C1 and C2, x with one a link, C3."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pyomo.environ as pyo
from pyomo.common.log import LoggingIntercept

from formulations.data import LEAST_COVERAGE, ModelData

ENERGY = "transmission and computation energy without the static, unit_j"


@contextmanager
def rules_quiet() -> Iterator[None]:
    """Keep off the screen what Pyomo logs where a rule raises (time is up): the error says it."""
    with LoggingIntercept(module="pyomo", level=logging.ERROR):
        yield


def with_selection(data: ModelData, usable: np.ndarray) -> pyo.ConcreteModel:
    """Start a model with alpha, C1 and C2; experts out of reach are fixed to zero by a bound.

    Parameters
    ----------
    data : ModelData
    usable : (T, K) bool array
        Experts within reach of each token.
    """
    instance = data.instance
    model = pyo.ConcreteModel(name=f"{instance.name} ({instance.problem})")
    model.data = data
    model.T = pyo.RangeSet(0, instance.T - 1, doc="t: tokens")
    model.K = pyo.RangeSet(0, instance.K - 1, doc="j: experts")
    model.alpha = pyo.Var(
        model.T,
        model.K,
        domain=pyo.Binary,
        bounds=lambda model, t, j: (0, 1 if usable[t, j] else 0),
        doc="alpha[t, j]: expert j serves token t",
    )
    model.least_coverage = pyo.Param(
        initialize=LEAST_COVERAGE, mutable=True, doc="C1's right-hand side, share of need"
    )

    @model.Constraint(model.T, doc="C1, relevance: sum_j g alpha >= need, divided by need")
    def C1(model, t):
        covered = sum(data.coverage[t, j] * model.alpha[t, j] for j in model.K)
        return data.in_time(covered >= model.least_coverage)

    @model.Constraint(model.T, doc="C2, sparsity: sum_j alpha <= D")
    def C2(model, t):
        return sum(model.alpha[t, j] for j in model.K) <= instance.max_experts

    model.cuts = pyo.ConstraintList(doc="score sums that C1 refuses and the rows of C1 let by")
    return model


def add_links(model: pyo.ConcreteModel, data: ModelData) -> None:
    """Add the sets of links and of the subcarriers that they may own.

    Parameters
    ----------
    model : ConcreteModel
    data : ModelData
    """
    model.links = pyo.Set(initialize=data.links, dimen=2, doc="(i, j): links to carry tokens")
    model.X = pyo.Set(
        initialize=data.options, dimen=3, doc="(i, j, m): link (i, j) may own subcarrier m"
    )


def add_assignment(model: pyo.ConcreteModel, data: ModelData) -> None:
    """Add x, at most one subcarrier a link, and C3.

    Parameters
    ----------
    model : ConcreteModel
    data : ModelData
    """
    add_links(model, data)
    model.x = pyo.Var(model.X, domain=pyo.Binary, doc="x[i, j, m]: link (i, j) owns m")
    model.owning = pyo.Set(
        initialize=[link for link in data.links if data.subcarriers[link]],
        dimen=2,
        doc="(i, j): links that may own a subcarrier",
    )

    @model.Constraint(model.owning, doc="one subcarrier a link: sum_m x <= 1")
    def one_a_link(model, i, j):
        return sum(model.x[i, j, m] for m in data.subcarriers[i, j]) <= 1

    add_exclusivity(model, model.x, data)


def add_exclusivity(model: pyo.ConcreteModel, owner: pyo.Var, data: ModelData) -> None:
    """C3: a subcarrier belongs to at most one link.

    Parameters
    ----------
    model : ConcreteModel
    owner : Var
        x or beta, by (i, j, m).
    data : ModelData
    """
    claimants: dict[int, list[tuple[int, int, int]]] = {}
    for i, j, m in owner:
        claimants.setdefault(m, []).append((i, j, m))

    model.claimed = pyo.Set(initialize=sorted(claimants), doc="m: subcarriers that links may own")

    @model.Constraint(model.claimed, doc="C3, exclusivity: a subcarrier has one link at most")
    def C3(model, m):
        return sum(owner[claim] for claim in claimants[m]) <= 1


def computation_energy(model: pyo.ConcreteModel, data: ModelData) -> pyo.Expression:
    """Return the computation energy of the chosen experts, unit_j.

    Parameters
    ----------
    model : ConcreteModel
        With alpha.
    data : ModelData
    """
    return sum(data.computation[j] * model.alpha[t, j] for t in model.T for j in model.K)
