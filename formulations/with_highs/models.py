"""P2 straight into HiGHS: the models of `formulations.with_pyomo`, without a modelling layer.

A model is a few long vectors, handed over in one call; `formulations.with_highs.assembly` says in
which order. Sets, symbols and formulas are the same. Energies are in units of
``model.data.unit_j``, without the static energy; C1 is divided by need.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from dmoe_models.deadline import Deadline
from dmoe_models.model.instance import Instance
from formulations.data import LEAST_COVERAGE, ModelData
from formulations.with_highs.assembly import (
    Choices,
    HighsModel,
    Uses,
    assemble,
    concatenate_ranges,
    incidence,
)


def p2_milp(
    instance: Instance,
    *,
    disaggregated: bool = False,
    candidates: np.ndarray | None = None,
    deadline: Deadline | None = None,
    relaxed: bool = False,
) -> HighsModel:
    """Return P2 with one subcarrier a link, as a MILP.

    minimise     sum_ijm c[i, j, m] y[i, j, m] + sum_t sum_j a[j] alpha[t, j]
    C1, C2, one a link, C3; carried: sum_m y = n; owner: y <= n_max x (per link or per token)

    Parameters
    ----------
    instance : Instance
    disaggregated : bool
        One load and owner row per token instead of per link.
    candidates : (K, K, M) bool array, optional
        Subcarriers to consider for each link.
    deadline : Deadline, optional
        Building stops with OutOfTimeError when it has passed.
    relaxed : bool
        The linear program: alpha and x between 0 and 1.

    Raises
    ------
    MethodError
        Where y would have more than SPREAD_LIMIT entries.
    """
    data = ModelData(instance, candidates, deadline)
    tokens, experts = instance.T, instance.K
    here = np.bincount(instance.source, minlength=experts)
    by_node = np.argsort(instance.source, kind="stable")
    node, expert = instance.links.T
    link, place = concatenate_ranges(np.cumsum(here)[node] - here[node], here[node])
    served = by_node[place] * experts + expert[link]  # column of alpha[t, j]
    if disaggregated:
        uses = Uses(by_node[place], link, np.ones(len(link)), np.ones(len(link)))
        row = np.arange(len(link))
    else:
        uses = Uses(node, np.arange(len(node)), here[node].astype(float), np.ones(len(node)))
        row = link
    of_token = np.repeat(np.arange(tokens), experts)
    everything = np.arange(tokens * experts)
    cover = incidence(of_token, everything, (tokens, tokens * experts))
    cover.data = data.coverage.ravel()
    cover.eliminate_zeros()
    count = incidence(of_token, everything, (tokens, tokens * experts))
    most = float(instance.max_experts)
    choices = Choices(
        cost=np.tile(data.computation, tokens),
        upper=data.usable.ravel().astype(float),
        rows=sparse.vstack([cover, count], format="csr"),
        row_bounds=np.repeat([[LEAST_COVERAGE, np.inf], [-np.inf, most]], tokens, axis=0),
        load=incidence(row, served, (len(uses.link), tokens * experts)),
    )
    return assemble(data, choices, uses, relaxed=relaxed)


def p2_set(
    instance: Instance,
    *,
    candidates: np.ndarray | None = None,
    deadline: Deadline | None = None,
    relaxed: bool = False,
) -> HighsModel:
    """Return P2 over minimal feasible sets.

    minimise     sum_q w[q] ( sum_jm c[i(q), j, m] y[q, j, m] + sum_S a(S) z[q, S] )
    choice: sum_S z = 1; carried: sum_m y = sum of z over sets with j; owner: y <= x; one a link; C3

    Parameters
    ----------
    instance : Instance
    candidates : (K, K, M) bool array, optional
        Subcarriers to consider for each link.
    deadline : Deadline, optional
        Building stops with OutOfTimeError when it has passed.
    relaxed : bool
        The linear program: x and z between 0 and 1.

    Raises
    ------
    MethodError
        Where there are more minimal feasible sets, or entries of y, than a model can hold.
    """
    data = ModelData(instance, candidates, deadline)
    groups, experts = data.groups, instance.K
    members = np.concatenate([group.members for group in groups])
    group = np.repeat(np.arange(len(groups)), [len(g.members) for g in groups])
    source = np.array([g.source for g in groups])
    weight = np.array([float(len(g.tokens)) for g in groups])

    chosen, expert = np.nonzero(members)
    remote = expert != source[group[chosen]]
    chosen, expert = chosen[remote], expert[remote]
    used, row = np.unique(group[chosen] * experts + expert, return_inverse=True)
    user, expert = used // experts, used % experts
    link = data.link_number[source[user], expert]
    uses = Uses(user, link, np.ones(len(used)), weight[user])

    # The last choice must be zero: with it a token without a set is an infeasible row, where a
    # model without any column would count as empty and feasible.
    nothing = np.full(len(groups), len(members))
    rows = np.concatenate([group, np.arange(len(groups))])
    columns = np.concatenate([np.arange(len(members)), nothing])
    choices = Choices(
        cost=np.append(weight[group] * (members @ data.computation), 0.0),
        upper=np.append(np.ones(len(members)), 0.0),
        rows=incidence(rows, columns, (len(groups), len(members) + 1)),
        row_bounds=np.ones((len(groups), 2)),
        load=incidence(row, chosen, (len(used), len(members) + 1)),
    )
    return assemble(data, choices, uses, relaxed=relaxed)


# ------------------------------------------------------------------------ reading a solved model


def read_selection(model: HighsModel) -> np.ndarray:
    """Return the (T, K) selection of a solved model with alpha."""
    instance = model.data.instance
    value = np.asarray(model.highs.getSolution().col_value)[: model.choices]
    return value.reshape(instance.T, instance.K) > 0.5


def read_sets(model: HighsModel) -> np.ndarray:
    """Return the (T, K) selection of a solved model with z: every token has its group's set."""
    value = np.asarray(model.highs.getSolution().col_value)[: model.choices]
    return model.data.selection_of_sets(value)


def read_assignment(model: HighsModel) -> np.ndarray:
    """Return the (K, K) assignment of a solved model."""
    instance = model.data.instance
    assignment = np.full((instance.K, instance.K), -1)
    value = np.asarray(model.highs.getSolution().col_value)[model.choices :]
    i, j, m = model.options[value[: len(model.options)] > 0.5].T
    assignment[i, j] = m
    return assignment


def forbid(model: HighsModel, token: int, failing: np.ndarray) -> None:
    """Cut off a set of experts that C1 refuses: one outside of it must serve the token.

    Parameters
    ----------
    model : HighsModel
        With alpha.
    token : int
    failing : (K,) bool array
        A set whose exact score sum misses need; the larger, the stronger the cut.
    """
    others = np.flatnonzero(~failing)
    if not others.size:  # even all experts together miss need: a row that no alpha satisfies
        others = np.arange(len(failing))
    least = 1.0 if not failing.all() else len(failing) + 1.0
    columns = (token * len(failing) + others).astype(np.int32)
    model.highs.addRow(least, np.inf, len(columns), columns, np.ones(len(columns)))
