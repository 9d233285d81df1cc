"""P1, P2 and P3 in Pyomo, each as it stands on paper.

Sets: T tokens, token t residing at node i(t); K experts, expert j on node j; links (i, j); X all
(i, j, m) in which link (i, j) may own subcarrier m; Y what y is indexed by; Z pairs of a group of
equal tokens and one of its minimal feasible sets.

Variables: alpha[t, j] expert j serves token t; x[i, j, m] subcarrier m belongs to link (i, j), beta
the same where a link may own several; y tokens carried by a link on a subcarrier; z[q, s] group q
takes its set s; e[i, j] a link's energy.

Numbers: c[i, j, m] joule per token on a link's subcarrier, a[j] joule of computation per token,
both in units of ``model.data.unit_j``, as the objective is; the static energy, which no decision
changes, is left out. Scores g[t, j] are divided by need[t].

Every function returns a `pyomo.environ.ConcreteModel` that can be inspected (each component says
in its ``doc`` what it is), changed, written to a file or handed to any solver. The functions
``read_...`` read a solved one (`formulations.with_pyomo.reading`).
"""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo

from dmoe_models.deadline import Deadline
from dmoe_models.model.instance import Instance
from formulations.data import ModelData
from formulations.with_pyomo.parts import (
    ENERGY,
    add_assignment,
    add_exclusivity,
    add_links,
    computation_energy,
    rules_quiet,
    with_selection,
)
from formulations.with_pyomo.reading import (
    forbid,
    read_assignment,
    read_selection,
    read_sets,
    read_subcarriers,
)

__all__ = [
    "forbid",
    "p1_milp",
    "p2_milp",
    "p2_minlp",
    "p2_set",
    "p3_assignment",
    "read_assignment",
    "read_selection",
    "read_sets",
    "read_subcarriers",
]


@rules_quiet()
def p1_milp(instance: Instance, *, deadline: Deadline | None = None) -> pyo.ConcreteModel:
    """Return P1: experts for every token at given link prices.

    minimise  sum_t sum_j (price[i(t), j] + a[j]) alpha[t, j]
    C1        sum_j g[t, j] alpha[t, j] >= need[t]    for every token
    C2        sum_j alpha[t, j] <= D                  for every token
    alpha binary

    Parameters
    ----------
    instance : Instance
        With its assignment given.
    deadline : Deadline, optional
        Building stops with OutOfTimeError when it has passed.
    """
    data = ModelData(instance, deadline=deadline)
    price = data.given_price[instance.source]
    model = with_selection(data, np.isfinite(price))
    model.energy = pyo.Objective(
        expr=sum(
            (price[t, j] + data.computation[j]) * model.alpha[t, j]
            for t in model.T
            for j in model.K
            if np.isfinite(price[t, j])
        ),
        doc=ENERGY,
    )
    return model


@rules_quiet()
def p2_milp(
    instance: Instance,
    *,
    disaggregated: bool = False,
    candidates: np.ndarray | None = None,
    deadline: Deadline | None = None,
) -> pyo.ConcreteModel:
    """Return P2 with one subcarrier a link (which loses nothing), as a MILP.

    minimise     sum_ijm c[i, j, m] y[i, j, m] + sum_t sum_j a[j] alpha[t, j]
    C1, C2       as in P1
    one a link   sum_m x[i, j, m] <= 1                for every link
    C3           sum_ij x[i, j, m] <= 1               for every subcarrier
    carried      sum_m y[i, j, m] = n[i, j]           for every link
    owner        y[i, j, m] <= n_max[i] x[i, j, m]    n_max[i]: tokens of node i, the most it sends

    The last two stand per link (aggregated) or, tighter and larger, per token (disaggregated):
    sum_m y[t, j, m] = alpha[t, j] and y[t, j, m] <= x[i(t), j, m]. alpha and x are binary, y >= 0.

    Parameters
    ----------
    instance : Instance
    disaggregated : bool
        One load and owner row per token instead of per link.
    candidates : (K, K, M) bool array, optional
        Subcarriers to consider for each link.
    deadline : Deadline, optional
        Building stops with OutOfTimeError when it has passed.
    """
    data = ModelData(instance, candidates, deadline)
    model = with_selection(data, data.usable)
    add_assignment(model, data)
    if disaggregated:
        model.Y = pyo.Set(
            initialize=[(t, j, m) for i, j, m in data.options for t in data.tokens_at[i]],
            doc="(t, j, m): token t may reach expert j over subcarrier m",
        )
        model.y = pyo.Var(model.Y, bounds=(0, 1), doc="y[t, j, m]: share of token t on m")
        model.uses = pyo.Set(
            initialize=[(t, j) for i, j in data.links for t in data.tokens_at[i]],
            dimen=2,
            doc="(t, j): token t may use remote expert j",
        )

        @model.Constraint(model.uses, doc="what serves a token is carried: sum_m y = alpha")
        def carried(model, t, j):
            i = int(instance.source[t])
            return sum(model.y[t, j, m] for m in data.subcarriers[i, j]) == model.alpha[t, j]

        @model.Constraint(model.Y, doc="on subcarriers that the link owns: y <= x")
        def owner(model, t, j, m):
            return data.in_time(model.y[t, j, m] <= model.x[int(instance.source[t]), j, m])

        transmission = sum(
            data.price[instance.source[t], j, m] * model.y[t, j, m] for t, j, m in model.Y
        )
    else:
        model.y = pyo.Var(
            model.X, domain=pyo.NonNegativeReals, doc="y[i, j, m]: tokens of the link on m"
        )

        @model.Constraint(model.links, doc="what serves tokens is carried: sum_m y = n")
        def carried(model, i, j):
            on_link = sum(model.y[i, j, m] for m in data.subcarriers[i, j])
            return on_link == sum(model.alpha[t, j] for t in data.tokens_at[i])

        @model.Constraint(model.X, doc="on subcarriers that the link owns: y <= n_max x")
        def owner(model, i, j, m):
            return model.y[i, j, m] <= len(data.tokens_at[i]) * model.x[i, j, m]

        transmission = sum(data.price[i, j, m] * model.y[i, j, m] for i, j, m in model.X)
    model.energy = pyo.Objective(expr=transmission + computation_energy(model, data), doc=ENERGY)
    return model


@rules_quiet()
def p2_set(
    instance: Instance, *, candidates: np.ndarray | None = None, deadline: Deadline | None = None
) -> pyo.ConcreteModel:
    """Return P2 over minimal feasible sets: the strong facility-location model.

    Every token (every group of equal tokens q, of weight w[q]) chooses one of its minimal feasible
    sets S, which takes the place of C1 and C2.

    minimise     sum_q w[q] ( sum_jm c[i(q), j, m] y[q, j, m] + sum_S a(S) z[q, S] )
    choice       sum_S z[q, S] = 1                               for every q
    carried      sum_m y[q, j, m] = sum of z[q, S] over S with j    for every q and remote j
    owner        y[q, j, m] <= x[i(q), j, m]
    one a link, C3 as in the MILP; x and z binary, y >= 0

    Parameters
    ----------
    instance : Instance
    candidates : (K, K, M) bool array, optional
        Subcarriers to consider for each link.
    deadline : Deadline, optional
        Building stops with OutOfTimeError when it has passed.

    Raises
    ------
    MethodError
        Where there are more minimal feasible sets than a model can hold.
    """
    data = ModelData(instance, candidates, deadline)
    groups = data.groups
    model = pyo.ConcreteModel(name=f"{instance.name} (P2, sets)")
    model.data = data
    add_assignment(model, data)
    model.groups = pyo.RangeSet(0, len(groups) - 1, doc="q: equal tokens of one node")
    model.Z = pyo.Set(
        initialize=[(q, s) for q, group in enumerate(groups) for s in range(len(group.members))],
        dimen=2,
        doc="(q, s): minimal feasible set number s of group q",
    )
    model.z = pyo.Var(model.Z, domain=pyo.Binary, doc="z[q, s]: group q takes set s")
    model.uses = pyo.Set(
        initialize=[
            (q, j)
            for q, group in enumerate(groups)
            for j in np.flatnonzero(group.members.any(axis=0)).tolist()
            if j != group.source
        ],
        dimen=2,
        doc="(q, j): remote expert j is in a set of group q",
    )
    model.Y = pyo.Set(
        initialize=[
            (q, j, m)
            for q, j in model.uses
            for m in data.in_time(data.subcarriers[groups[q].source, j])
        ],
        dimen=3,
        doc="(q, j, m): group q may reach expert j over subcarrier m",
    )
    model.y = pyo.Var(model.Y, bounds=(0, 1), doc="y[q, j, m]: share of group q on subcarrier m")
    model.nothing = pyo.Var(
        bounds=(0, 0), doc="zero: makes a token without a set infeasible, and no error"
    )

    @model.Constraint(model.groups, doc="every group takes one set: sum_s z = 1")
    def choice(model, q):
        return sum(model.z[q, s] for s in range(len(groups[q].members))) + model.nothing == 1

    @model.Constraint(model.uses, doc="experts of the set are reached: sum_m y = sum z")
    def carried(model, q, j):
        group = groups[q]
        return sum(model.y[q, j, m] for m in data.subcarriers[group.source, j]) == sum(
            model.z[q, s] for s in np.flatnonzero(group.members[:, j]).tolist()
        )

    @model.Constraint(model.Y, doc="on subcarriers that the link owns: y <= x")
    def owner(model, q, j, m):
        return data.in_time(model.y[q, j, m] <= model.x[groups[q].source, j, m])

    model.energy = pyo.Objective(
        expr=sum(
            len(groups[q].tokens) * data.price[groups[q].source, j, m] * model.y[q, j, m]
            for q, j, m in model.Y
        )
        + sum(
            len(groups[q].tokens)
            * float(data.computation[groups[q].members[s]].sum())
            * model.z[q, s]
            for q, s in model.Z
        ),
        doc=ENERGY,
    )
    return model


@rules_quiet()
def p2_minlp(instance: Instance, *, deadline: Deadline | None = None) -> pyo.ConcreteModel:
    """Return P2 as written: several subcarriers a link, and the ratio, for a global MINLP solver.

    minimise  sum_ij e[i, j] + sum_t sum_j a[j] alpha[t, j]
    energy    e[i, j] sum_m r[i, j, m] beta[i, j, m] >= P0 s0 n[i, j] sum_m beta[i, j, m]
    owned     n[i, j] <= n_max[i] sum over m of positive rate of beta[i, j, m]
    C1, C2, C3; alpha and beta binary, e >= 0

    Rates are divided by P0 s0 / unit_j, so that a link's energy is in units of ``unit_j``. The
    bounds of e and one implied row (no mean of rates is above the best rate) restrict nothing; they
    give a solver's relaxation of the products something to start from.

    Parameters
    ----------
    instance : Instance
    deadline : Deadline, optional
        Building stops with OutOfTimeError when it has passed.
    """
    data = ModelData(instance, deadline=deadline)
    model = with_selection(data, data.usable)
    add_links(model, data)
    model.beta = pyo.Var(model.X, domain=pyo.Binary, doc="beta[i, j, m]: link (i, j) owns m")
    finite = {(i, j): data.price[i, j, data.subcarriers[i, j]] for i, j in data.links}
    model.e = pyo.Var(
        model.links,
        bounds=lambda model, i, j: (0, len(data.tokens_at[i]) * float(finite[i, j].max())),
        doc="e[i, j]: the link's energy, unit_j",
    )

    def tokens(i: int, j: int) -> pyo.Expression:
        return sum(model.alpha[t, j] for t in data.tokens_at[i])

    @model.Constraint(model.links, doc="energy times rate: e sum r beta >= P0 s0 n sum beta")
    def energy_of_link(model, i, j):
        owned = data.subcarriers[i, j]
        number = sum(model.beta[i, j, m] for m in owned)
        rate = sum(model.beta[i, j, m] / data.price[i, j, m] for m in owned)
        return model.e[i, j] * rate >= tokens(i, j) * number

    @model.Constraint(model.links, doc="no mean rate is above the best: e >= n min_m c")
    def no_mean_beats_the_best(model, i, j):
        return model.e[i, j] >= float(finite[i, j].min()) * tokens(i, j)

    @model.Constraint(model.links, doc="a loaded link owns a subcarrier: n <= n_max sum beta")
    def owned(model, i, j):
        return tokens(i, j) <= len(data.tokens_at[i]) * sum(
            model.beta[i, j, m] for m in data.subcarriers[i, j]
        )

    add_exclusivity(model, model.beta, data)
    model.energy = pyo.Objective(
        expr=sum(model.e.values()) + computation_energy(model, data), doc=ENERGY
    )
    return model


@rules_quiet()
def p3_assignment(instance: Instance, *, selection: np.ndarray) -> pyo.ConcreteModel:
    """Return P3: subcarriers for the loaded links of a given selection, as a linear program.

    minimise  sum_ijm n[i, j] c[i, j, m] x[i, j, m]
    served    sum_m x[i, j, m] = 1     for every loaded link
    C3        sum_ij x[i, j, m] <= 1   for every subcarrier

    The vertices of this polytope are integral, so a simplex solver returns an assignment.

    Parameters
    ----------
    instance : Instance
    selection : (T, K) bool array

    Raises
    ------
    MethodError
        Where the selection loads a link that does not exist.
    """
    data = ModelData(instance)
    loads = data.loads(selection)
    model = pyo.ConcreteModel(name=f"{instance.name} (P3)")
    model.data = data
    model.links = pyo.Set(initialize=list(loads), dimen=2, doc="(i, j): links that carry tokens")
    model.X = pyo.Set(
        initialize=[(i, j, m) for i, j in loads for m in data.subcarriers[i, j]],
        dimen=3,
        doc="(i, j, m): link (i, j) may own subcarrier m",
    )
    model.x = pyo.Var(
        model.X, domain=pyo.NonNegativeReals, doc="x[i, j, m]: link (i, j) owns m, a share of 1"
    )

    @model.Constraint(model.links, doc="a loaded link owns one subcarrier: sum_m x = 1")
    def served(model, i, j):
        return sum(model.x[i, j, m] for m in data.subcarriers[i, j]) == 1

    add_exclusivity(model, model.x, data)
    model.energy = pyo.Objective(
        expr=sum(loads[i, j] * data.price[i, j, m] * model.x[i, j, m] for i, j, m in model.X),
        doc="transmission energy, unit_j",
    )
    return model
