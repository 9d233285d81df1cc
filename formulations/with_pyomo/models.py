"""P1, P2 and P3 in Pyomo, each as it stands on paper.

Sets and symbols: t a token residing at node i(t), j an expert (and its node), (i, j) a link, m a
subcarrier; alpha[t, j] expert j serves token t, x[i, j, m] subcarrier m belongs to link (i, j),
y tokens carried by a link on a subcarrier, c[i, j, m] joule per token on it, a[j] joule of
computation per token. All energies are in units of ``model.data.unit_j``; the static energy, which
no decision changes, is left out. C1 is divided by need.

Every function returns a `pyomo.environ.ConcreteModel` that can be inspected, changed, written to a
file or handed to any solver. `read_selection` and `read_assignment` read a solved one.
"""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo

from dmoe_models.deadline import Deadline
from dmoe_models.model.instance import Instance
from formulations.data import LEAST_COVERAGE, ModelData


def p1_milp(instance: Instance, *, deadline: Deadline | None = None) -> pyo.ConcreteModel:
    """P1: experts for every token at given link prices.

    minimise  sum_t sum_j (price[i(t), j] + a[j]) alpha[t, j]
    C1        sum_j g[t, j] alpha[t, j] >= need[t]    for every token
    C2        sum_j alpha[t, j] <= D                  for every token

    Parameters
    ----------
    instance : Instance
        With its assignment given.
    """
    data = ModelData(instance, deadline=deadline)
    price = data.given_price[instance.source]
    model = _with_selection(data, np.isfinite(price))
    model.energy = pyo.Objective(
        expr=sum(
            (price[t, j] + data.computation[j]) * model.alpha[t, j]
            for t in model.T
            for j in model.K
            if np.isfinite(price[t, j])
        )
    )
    return model


def p2_milp(
    instance: Instance,
    *,
    disaggregated: bool = False,
    candidates: np.ndarray | None = None,
    deadline: Deadline | None = None,
) -> pyo.ConcreteModel:
    """P2 with one subcarrier a link (which loses nothing), as a MILP.

    minimise     sum_ijm c[i, j, m] y[i, j, m] + sum_t sum_j a[j] alpha[t, j]
    C1, C2       as in P1
    one a link   sum_m x[i, j, m] <= 1                for every link
    C3           sum_ij x[i, j, m] <= 1               for every subcarrier
    carried      sum_m y[i, j, m] = n[i, j]           for every link
    owner        y[i, j, m] <= n_max[i] x[i, j, m]    n_max[i]: tokens of node i, the most it sends

    The last two stand per link (aggregated) or, tighter and larger, per token (disaggregated):
    sum_m y[t, j, m] = alpha[t, j] and y[t, j, m] <= x[i(t), j, m].

    Parameters
    ----------
    instance : Instance
    disaggregated : bool
    candidates : (K, K, M) bool array, optional
        Subcarriers to consider for each link.
    deadline : Deadline, optional
        Building stops with OutOfTimeError when it has passed.
    """
    data = ModelData(instance, candidates, deadline)
    model = _with_selection(data, data.usable)
    _add_assignment(model, data)
    if disaggregated:
        model.Y = pyo.Set(
            initialize=[(t, j, m) for i, j, m in data.options for t in data.tokens_at[i]]
        )
        model.y = pyo.Var(model.Y, bounds=(0, 1))

        @model.Constraint([(t, j) for i, j in data.links for t in data.tokens_at[i]])
        def carried(model, t, j):
            i = int(instance.source[t])
            return sum(model.y[t, j, m] for m in data.subcarriers[i, j]) == model.alpha[t, j]

        @model.Constraint(model.Y)
        def owner(model, t, j, m):
            return data.in_time(model.y[t, j, m] <= model.x[int(instance.source[t]), j, m])

        transmission = sum(
            data.price[instance.source[t], j, m] * model.y[t, j, m] for t, j, m in model.Y
        )
    else:
        model.y = pyo.Var(model.X, domain=pyo.NonNegativeReals)

        @model.Constraint(data.links)
        def carried(model, i, j):
            carried = sum(model.y[i, j, m] for m in data.subcarriers[i, j])
            return carried == sum(model.alpha[t, j] for t in data.tokens_at[i])

        @model.Constraint(model.X)
        def owner(model, i, j, m):
            return model.y[i, j, m] <= len(data.tokens_at[i]) * model.x[i, j, m]

        transmission = sum(data.price[i, j, m] * model.y[i, j, m] for i, j, m in model.X)
    model.energy = pyo.Objective(expr=transmission + _computation(model, data))
    return model


def p2_set(
    instance: Instance, *, candidates: np.ndarray | None = None, deadline: Deadline | None = None
) -> pyo.ConcreteModel:
    """P2 over minimal feasible sets: the strong facility-location model.

    Every token (every group of equal tokens q, of weight w[q]) chooses one of its minimal feasible
    sets S, which takes the place of C1 and C2.

    minimise     sum_q w[q] ( sum_jm c[i(q), j, m] y[q, j, m] + sum_S a(S) z[q, S] )
    choice       sum_S z[q, S] = 1                               for every q
    carried      sum_m y[q, j, m] = sum of z[q, S] over S with j    for every q and remote j
    owner        y[q, j, m] <= x[i(q), j, m]
    one a link, C3 as in the MILP; x and z binary

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
    _add_assignment(model, data)
    model.Z = pyo.Set(
        initialize=[(q, s) for q, group in enumerate(groups) for s in range(len(group.members))]
    )
    model.z = pyo.Var(model.Z, domain=pyo.Binary)
    used = [
        (q, j)
        for q, group in enumerate(groups)
        for j in np.flatnonzero(group.members.any(axis=0)).tolist()
        if j != group.source
    ]
    model.Y = pyo.Set(
        initialize=[
            (q, j, m) for q, j in used for m in data.in_time(data.subcarriers[groups[q].source, j])
        ]
    )
    model.y = pyo.Var(model.Y, bounds=(0, 1))
    model.nothing = pyo.Var(bounds=(0, 0))  # so that a token without a set is infeasible, no error

    @model.Constraint(range(len(groups)))
    def choice(model, q):
        return sum(model.z[q, s] for s in range(len(groups[q].members))) + model.nothing == 1

    @model.Constraint(used)
    def carried(model, q, j):
        group = groups[q]
        return sum(model.y[q, j, m] for m in data.subcarriers[group.source, j]) == sum(
            model.z[q, s] for s in np.flatnonzero(group.members[:, j]).tolist()
        )

    @model.Constraint(model.Y)
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
        )
    )
    return model


def p2_minlp(instance: Instance, *, deadline: Deadline | None = None) -> pyo.ConcreteModel:
    """P2 as written: several subcarriers a link, and the ratio, for a global MINLP solver.

    minimise  sum_ij e[i, j] + sum_t sum_j a[j] alpha[t, j]
    energy    e[i, j] sum_m r[i, j, m] beta[i, j, m] >= P0 s0 n[i, j] sum_m beta[i, j, m]
    owned     n[i, j] <= n_max[i] sum over m of positive rate of beta[i, j, m]
    C1, C2, C3

    Rates are divided by P0 s0 / unit_j, so that a link's energy is in units of ``unit_j``. The
    bounds of e and one implied row (no mean of rates is above the best rate) restrict nothing; they
    give a solver's relaxation of the products something to start from.

    Parameters
    ----------
    instance : Instance
    """
    data = ModelData(instance, deadline=deadline)
    model = _with_selection(data, data.usable)
    model.X = pyo.Set(initialize=data.options)
    model.beta = pyo.Var(model.X, domain=pyo.Binary)
    finite = {(i, j): data.price[i, j, data.subcarriers[i, j]] for i, j in data.links}
    model.e = pyo.Var(
        data.links,
        bounds=lambda model, i, j: (0, len(data.tokens_at[i]) * float(finite[i, j].max())),
    )

    def tokens(i: int, j: int) -> pyo.Expression:
        return sum(model.alpha[t, j] for t in data.tokens_at[i])

    @model.Constraint(data.links)
    def energy_of_link(model, i, j):
        owned = data.subcarriers[i, j]
        number = sum(model.beta[i, j, m] for m in owned)
        rate = sum(model.beta[i, j, m] / data.price[i, j, m] for m in owned)
        return model.e[i, j] * rate >= tokens(i, j) * number

    @model.Constraint(data.links)
    def no_mean_beats_the_best(model, i, j):
        return model.e[i, j] >= float(finite[i, j].min()) * tokens(i, j)

    @model.Constraint(data.links)
    def owned(model, i, j):
        return tokens(i, j) <= len(data.tokens_at[i]) * sum(
            model.beta[i, j, m] for m in data.subcarriers[i, j]
        )

    _add_exclusivity(model, model.beta, data)
    model.energy = pyo.Objective(expr=sum(model.e.values()) + _computation(model, data))
    return model


def p3_assignment(instance: Instance, selection: np.ndarray) -> pyo.ConcreteModel:
    """P3: subcarriers for the loaded links of a given selection, as a linear program.

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
    model.X = pyo.Set(initialize=[(i, j, m) for i, j in loads for m in data.subcarriers[i, j]])
    model.x = pyo.Var(model.X, domain=pyo.NonNegativeReals)

    @model.Constraint(list(loads))
    def served(model, i, j):
        return sum(model.x[i, j, m] for m in data.subcarriers[i, j]) == 1

    _add_exclusivity(model, model.x, data)
    model.energy = pyo.Objective(
        expr=sum(loads[i, j] * data.price[i, j, m] * model.x[i, j, m] for i, j, m in model.X)
    )
    return model


# ------------------------------------------------------------------------------ shared parts


def _with_selection(data: ModelData, usable: np.ndarray) -> pyo.ConcreteModel:
    """Start a model with alpha, C1 and C2; experts out of reach are fixed to zero by a bound."""
    instance = data.instance
    model = pyo.ConcreteModel(name=f"{instance.name} ({instance.problem})")
    model.data = data
    model.T = pyo.RangeSet(0, instance.T - 1)
    model.K = pyo.RangeSet(0, instance.K - 1)
    model.alpha = pyo.Var(
        model.T,
        model.K,
        domain=pyo.Binary,
        bounds=lambda model, t, j: (0, 1 if usable[t, j] else 0),
    )

    model.least_coverage = pyo.Param(initialize=LEAST_COVERAGE, mutable=True)

    @model.Constraint(model.T)
    def C1(model, t):
        covered = sum(data.coverage[t, j] * model.alpha[t, j] for j in model.K)
        return data.in_time(covered >= model.least_coverage)

    @model.Constraint(model.T)
    def C2(model, t):
        return sum(model.alpha[t, j] for j in model.K) <= instance.max_experts

    model.cuts = pyo.ConstraintList(doc="score sums that C1 refuses and the rows of C1 let by")
    return model


def _add_assignment(model: pyo.ConcreteModel, data: ModelData) -> None:
    """Add x, at most one subcarrier a link, and C3."""
    model.X = pyo.Set(initialize=data.options)
    model.x = pyo.Var(model.X, domain=pyo.Binary)

    @model.Constraint([link for link in data.links if data.subcarriers[link]])
    def one_a_link(model, i, j):
        return sum(model.x[i, j, m] for m in data.subcarriers[i, j]) <= 1

    _add_exclusivity(model, model.x, data)


def _add_exclusivity(model: pyo.ConcreteModel, owner: pyo.Var, data: ModelData) -> None:
    """C3: a subcarrier belongs to at most one link."""
    claimants: dict[int, list[tuple[int, int, int]]] = {}
    for i, j, m in owner:
        claimants.setdefault(m, []).append((i, j, m))

    @model.Constraint(sorted(claimants))
    def C3(model, m):
        return sum(owner[claim] for claim in claimants[m]) <= 1


def _computation(model: pyo.ConcreteModel, data: ModelData) -> pyo.Expression:
    return sum(data.computation[j] * model.alpha[t, j] for t in model.T for j in model.K)


# ------------------------------------------------------------------------ reading a solved model


def read_selection(model: pyo.ConcreteModel) -> np.ndarray:
    """Return the (T, K) selection of a solved model (of any but P3)."""
    instance = model.data.instance
    selection = np.zeros((instance.T, instance.K), dtype=bool)
    if hasattr(model, "z"):
        for q, group in enumerate(model.data.groups):
            chosen = max(range(len(group.members)), key=lambda s: pyo.value(model.z[q, s]))
            selection[list(group.tokens)] = group.members[chosen]
    else:
        for (t, j), variable in model.alpha.items():
            selection[t, j] = pyo.value(variable) > 0.5
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
    """Return the (K, K, M) subcarriers of a solved `p2_minlp`."""
    instance = model.data.instance
    subcarriers = np.zeros((instance.K, instance.K, instance.M), dtype=bool)
    for index, variable in model.beta.items():
        subcarriers[index] = pyo.value(variable) > 0.5
    return subcarriers


def forbid(model: pyo.ConcreteModel, token: int, failing: np.ndarray) -> None:
    """Cut off a set of experts that C1 refuses: one outside of it must serve the token.

    Parameters
    ----------
    token : int
    failing : (K,) bool array
        A set whose exact score sum misses need; the larger, the stronger the cut.
    """
    others = np.flatnonzero(~failing).tolist()
    if others:
        model.cuts.add(sum(model.alpha[token, j] for j in others) >= 1)
    else:  # even all experts together miss need: a row that no alpha satisfies
        model.cuts.add(sum(model.alpha[token, j] for j in model.K) >= len(model.K) + 1)
