"""What constraints of one's own are written with: loads, rates and energies of a built model.

Each function returns an expression in the variables of a Pyomo model of P2, whichever it is
(p2-milp, either way; p2-set; p2-minlp). Nothing is added to the model. Energies are in units of
``model.data.unit_j``, as all of a model's are: solvers' tolerances are absolute, and a row in
joule, of order 1e-4, would be met by anything. `node_spends_at_most` and `link_done_within` return
rows made of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.core.expr.numeric_expr import LinearExpression

from dmoe_models.errors import MethodError


def link_tokens(model: pyo.ConcreteModel, i: int, j: int) -> Any:
    """Return n[i, j], the number of tokens that link (i, j) carries.

    Parameters
    ----------
    model : ConcreteModel
    i, j : int
    """
    data = model.data
    if hasattr(model, "alpha"):
        return _sum(model.alpha[t, j] for t in data.tokens_at.get(i, []))
    return _sum(
        len(group.tokens) * model.z[q, s]
        for q, group in enumerate(data.groups)
        if group.source == i
        for s in np.flatnonzero(group.members[:, j]).tolist()
    )


def link_rate(model: pyo.ConcreteModel, i: int, j: int) -> Any:
    """Return the rate of the subcarriers that link (i, j) owns, in tokens per second.

    That is sum_m r[i, j, m] / s0 over them. The link is done after n[i, j] / rate seconds.

    Parameters
    ----------
    model : ConcreteModel
    i, j : int
    """
    instance = model.data.instance
    owner = model.beta if hasattr(model, "beta") else model.x
    rate = instance.rate_bps[i, j] / instance.hidden_state_bits
    return _sum(float(rate[m]) * owner[i, j, m] for m in model.data.subcarriers.get((i, j), []))


def link_energy(model: pyo.ConcreteModel, i: int, j: int) -> Any:
    """Return the transmission energy of link (i, j), unit_j.

    Parameters
    ----------
    model : ConcreteModel
    i, j : int
    """
    data = model.data
    if hasattr(model, "e"):
        return _sum([model.e[i, j]] if (i, j) in model.e else [])
    if hasattr(model, "z"):  # tokens of one group choose alike, a set at a time
        groups = enumerate(data.groups)
        carried = {(q, j): len(group.tokens) for q, group in groups if group.source == i}
    elif model.y.index_set() is model.X:  # all tokens of the link together
        carried = {(i, j): 1}
    else:
        carried = {(t, j): 1 for t in data.tokens_at.get(i, [])}
    return _sum(
        number * float(data.price[i, j, m]) * model.y[(*index, m)]
        for m in data.subcarriers.get((i, j), [])
        for index, number in carried.items()
        if (*index, m) in model.y
    )


def node_energy(model: pyo.ConcreteModel, node: int) -> Any:
    """Return what a node spends, unit_j: what it sends, what its expert computes, its static part.

    Parameters
    ----------
    model : ConcreteModel
    node : int

    Raises
    ------
    MethodError
        Where there is no such node.
    """
    data = model.data
    instance = data.instance
    _require_node(model, "node", node)
    sent = sum(link_energy(model, i, j) for i, j in data.links if i == node)
    served = sum(link_tokens(model, i, node) for i in data.tokens_at)
    static = float(instance.static_energy_j[node]) / data.unit_j
    return sent + float(data.computation[node]) * served + static


def node_spends_at_most(model: pyo.ConcreteModel, node: int, budget_j: float) -> Any:
    """Return the row that keeps a node within a budget of energy.

    Parameters
    ----------
    model : ConcreteModel
    node : int
    budget_j : float
        Joule.
    """
    return node_energy(model, node) <= budget_j / model.data.unit_j


def link_done_within(model: pyo.ConcreteModel, i: int, j: int, limit_s: float) -> Any:
    """Return the row that keeps a link within a latency: n <= limit sum_m r / s0, linear.

    Parameters
    ----------
    model : ConcreteModel
    i, j : int
    limit_s : float
        Seconds.

    Raises
    ------
    MethodError
        Where there is no such node, and for i = j: a token that is served at home crosses no link,
        and the row would forbid that it is served there.
    """
    _require_node(model, "i", i)
    _require_node(model, "j", j)
    if i == j:
        raise MethodError(
            f"there is no link from node {i} to itself; index the rows by model.links"
        )
    return link_tokens(model, i, j) <= limit_s * link_rate(model, i, j)


def _require_node(model: pyo.ConcreteModel, name: str, node: int) -> None:
    if node not in range(model.data.instance.K):
        raise MethodError(f"{name} = {node} is no node; they are 0 to {model.data.instance.K - 1}")


def _sum(terms: Any) -> Any:
    """Return a sum, an expression where there are no terms too: Pyomo refuses `0 <= 1`."""
    found = list(terms)
    return sum(found) if found else LinearExpression(constant=0, linear_coefs=[], linear_vars=[])
