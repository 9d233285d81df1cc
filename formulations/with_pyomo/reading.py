"""The solution that a solved Pyomo model holds, and what is cut off where C1 refuses it."""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo


def read_selection(model: pyo.ConcreteModel) -> np.ndarray:
    """Return the (T, K) selection of a solved model with alpha."""
    instance = model.data.instance
    selection = np.zeros((instance.T, instance.K), dtype=bool)
    for (t, j), variable in model.alpha.items():
        selection[t, j] = pyo.value(variable) > 0.5
    return selection


def read_sets(model: pyo.ConcreteModel) -> np.ndarray:
    """Return the (T, K) selection of a solved model with z: every token has its group's set."""
    instance = model.data.instance
    selection = np.zeros((instance.T, instance.K), dtype=bool)
    best: dict[int, float] = {}
    for (q, s), variable in model.z.items():
        value = pyo.value(variable)
        if value > best.get(q, -np.inf):
            best[q] = value
            group = model.data.groups[q]
            selection[list(group.tokens)] = group.members[s]
    return selection


def read_assignment(model: pyo.ConcreteModel) -> np.ndarray:
    """Return the (K, K) assignment of a solved model with x."""
    instance = model.data.instance
    assignment = np.full((instance.K, instance.K), -1)
    for (i, j, m), variable in model.x.items():
        if pyo.value(variable) > 0.5:
            assignment[i, j] = m
    return assignment


def read_subcarriers(model: pyo.ConcreteModel) -> np.ndarray:
    """Return the (K, K, M) subcarriers of a solved model with beta."""
    instance = model.data.instance
    subcarriers = np.zeros((instance.K, instance.K, instance.M), dtype=bool)
    for index, variable in model.beta.items():
        subcarriers[index] = pyo.value(variable) > 0.5
    return subcarriers


def forbid(model: pyo.ConcreteModel, token: int, failing: np.ndarray) -> None:
    """Cut off a set of experts that C1 refuses: one outside of it must serve the token.

    Parameters
    ----------
    model : pyomo.environ.ConcreteModel
        With alpha.
    token : int
    failing : (K,) bool array
        A set whose exact score sum misses need; the larger, the stronger the cut.
    """
    others = np.flatnonzero(~failing).tolist()
    if others:
        model.cuts.add(sum(model.alpha[token, j] for j in others) >= 1)
    else:  # even all experts together miss need: a row that no alpha satisfies
        model.cuts.add(sum(model.alpha[token, j] for j in model.K) >= len(model.K) + 1)
