"""P1, P2 and P3 in CVXPY: the models of `formulations.with_pyomo.models`, written with matrices.

Sets, symbols and formulas are the same, and so are the names of variables and the labels of
constraints. Variables over links and subcarriers are vectors over ``model.options``, the list of
all (i, j, m) in which link (i, j) may own subcarrier m; sparse 0-1 matrices say which entries
belong to one link, one subcarrier or one token. Energies are in units of ``data.unit_j``, without
the static energy; C1 is divided by need.

Every function returns a `CvxpyModel`: the `cvxpy.Problem` and the variables by name.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import cvxpy as cp
import numpy as np
from scipy import sparse

from dmoe_models.deadline import Deadline
from dmoe_models.model.instance import Instance
from formulations.data import LEAST_COVERAGE, ModelData


@dataclass
class CvxpyModel:
    """A problem with the variables to read it by.

    Attributes
    ----------
    data : ModelData
    problem : cvxpy.Problem
    alpha : cvxpy.Variable, optional
        (T, K), the selection (P1 and the MILP).
    x : cvxpy.Variable, optional
        (O,), ownership of subcarriers over `options`.
    z : cvxpy.Variable, optional
        (S,), choice of sets over `set_index`.
    options : sequence of (i, j, m)
        The entries of x.
    set_index : sequence of (group, set)
        The entries of z.
    """

    data: ModelData
    problem: cp.Problem
    alpha: cp.Variable | None = None
    x: cp.Variable | None = None
    z: cp.Variable | None = None
    options: Sequence[tuple[int, int, int]] = ()
    set_index: Sequence[tuple[int, int]] = ()


def p1_milp(instance: Instance, *, deadline: Deadline | None = None) -> CvxpyModel:
    """Return P1: experts for every token at given link prices.

    minimise  sum_t sum_j (price[i(t), j] + a[j]) alpha[t, j]    subject to C1 and C2, alpha binary

    Parameters
    ----------
    instance : Instance
        With its assignment given.
    deadline : Deadline, optional
        Building stops with OutOfTimeError when it has passed.
    """
    data = ModelData(instance, deadline=deadline)
    price = data.given_price[instance.source]
    usable = np.isfinite(price)
    alpha = cp.Variable((instance.T, instance.K), boolean=True, name="alpha")
    cost = np.where(usable, price, 0.0) + data.computation
    energy = cp.sum(cp.multiply(cost, alpha))
    problem = cp.Problem(cp.Minimize(energy), _selection_rows(data, alpha, usable))
    return CvxpyModel(data, problem, alpha=alpha)


def p2_milp(
    instance: Instance,
    *,
    disaggregated: bool = False,
    candidates: np.ndarray | None = None,
    deadline: Deadline | None = None,
) -> CvxpyModel:
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
    """
    data = ModelData(instance, candidates, deadline)
    alpha = cp.Variable((instance.T, instance.K), boolean=True, name="alpha")
    constraints = _selection_rows(data, alpha, data.usable)
    x, rows = _ownership(data, data.options, boolean=True)
    constraints += rows
    served = cp.vec(alpha, order="C")  # entry t K + j
    energy = cp.sum(alpha @ data.computation)

    # y has an entry for every option and batch of tokens that may use it: all tokens of the
    # option's node (aggregated) or one of them (disaggregated).
    def batches(i: int) -> list[list[int]]:
        return [[t] for t in data.tokens_at[i]] if disaggregated else [data.tokens_at[i]]

    index = [
        (number, (tuple(batch), option[1]))
        for number, option in enumerate(data.options)
        for batch in data.in_time(batches(option[0]))
    ]
    carriers = [
        (tuple(batch), j) for i, j in data.links for batch in batches(i)
    ]  # what shares one load row: a link, or one token's use of it
    if carriers:
        y = cp.Variable(max(len(index), 1), nonneg=True, name="y")
        row_of = {carrier: row for row, carrier in enumerate(carriers)}
        spread = _matrix([(row_of[c], n) for n, (_, c) in enumerate(index)], (len(row_of), y.size))
        load = _matrix(
            [(row, t * instance.K + j) for (batch, j), row in row_of.items() for t in batch],
            (len(row_of), served.size),
        )
        constraints.append((spread @ y == load @ served).set_label("carried"))
    if index:
        most = np.array([len(batch) for _, (batch, _) in index])
        owner = y <= cp.multiply(most, x[[number for number, _ in index]])
        constraints.append(owner.set_label("owner"))
        energy = energy + np.array([data.price[data.options[n]] for n, _ in index]) @ y
    return CvxpyModel(
        data, cp.Problem(cp.Minimize(energy), constraints), alpha=alpha, x=x, options=data.options
    )


def p2_set(
    instance: Instance, *, candidates: np.ndarray | None = None, deadline: Deadline | None = None
) -> CvxpyModel:
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

    Raises
    ------
    MethodError
        Where there are more minimal feasible sets than a model can hold.
    """
    data = ModelData(instance, candidates, deadline)
    groups = data.groups
    weight = np.array([len(group.tokens) for group in groups])
    x, constraints = _ownership(data, data.options, boolean=True)

    set_index = [(q, s) for q, group in enumerate(groups) for s in range(len(group.members))]
    z = cp.Variable(max(len(set_index), 1), boolean=True, name="z")
    choice = _matrix([(q, n) for n, (q, _) in enumerate(set_index)], (len(groups), z.size))
    # CVXPY's interface to SCIP drops rows without entries, "0 == 1" among them. A variable that
    # must be zero keeps the row of a token without a set, and makes it infeasible.
    nothing = cp.Variable(name="nothing")
    constraints += [
        (choice @ z + nothing == 1).set_label("choice"),
        (nothing == 0).set_label("nothing"),
    ]
    computation = np.array(
        [weight[q] * data.computation[groups[q].members[s]].sum() for q, s in set_index] or [0.0]
    )
    energy = computation @ z

    option_number = {option: number for number, option in enumerate(data.options)}
    uses = [
        (q, j)
        for q, group in enumerate(groups)
        for j in np.flatnonzero(group.members.any(axis=0)).tolist()
        if j != group.source
    ]
    index = [
        (u, q, option_number[groups[q].source, j, m])
        for u, (q, j) in enumerate(uses)
        for m in data.in_time(data.subcarriers[groups[q].source, j])
    ]
    if uses:
        y = cp.Variable(max(len(index), 1), nonneg=True, name="y")
        spread = _matrix([(u, n) for n, (u, _, _) in enumerate(index)], (len(uses), y.size))
        number_of_set = {key: n for n, key in enumerate(set_index)}
        entries = [
            (u, number_of_set[q, s])
            for u, (q, j) in enumerate(uses)
            for s in np.flatnonzero(groups[q].members[:, j]).tolist()
        ]
        load = _matrix(entries, (len(uses), z.size))
        constraints.append((spread @ y == load @ z).set_label("carried"))
        if index:
            constraints.append((y <= x[[o for _, _, o in index]]).set_label("owner"))
            cost = np.array([weight[q] * data.price[data.options[o]] for _, q, o in index])
            energy = energy + cost @ y
    return CvxpyModel(
        data,
        cp.Problem(cp.Minimize(energy), constraints),
        x=x,
        z=z,
        options=data.options,
        set_index=set_index,
    )


def p3_assignment(instance: Instance, *, selection: np.ndarray) -> CvxpyModel:
    """Return P3: subcarriers for the loaded links of a selection.

    minimise  sum_ijm n[i, j] c[i, j, m] x[i, j, m]
    served: sum_m x = 1 for every loaded link; C3; x >= 0

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
    options = [(i, j, m) for i, j in loads for m in data.subcarriers[i, j]]
    x, constraints = _ownership(data, options, boolean=False)
    if options:
        served = _incidence([(i, j) for i, j, _ in options]) @ x == 1
        constraints.append(served.set_label("served"))
    cost = np.array([loads[i, j] * data.price[i, j, m] for i, j, m in options] or [0.0])
    return CvxpyModel(data, cp.Problem(cp.Minimize(cost @ x), constraints), x=x, options=options)


# ------------------------------------------------------------------------------ shared parts


def _selection_rows(data: ModelData, alpha: cp.Variable, usable: np.ndarray) -> list[cp.Constraint]:
    """Return C1, C2, and experts out of reach."""
    covered = cp.sum(cp.multiply(data.coverage, alpha), axis=1)
    return [
        (covered >= LEAST_COVERAGE).set_label("C1"),
        (cp.sum(alpha, axis=1) <= data.instance.max_experts).set_label("C2"),
        (alpha <= usable.astype(float)).set_label("usable"),
    ]


def _ownership(
    data: ModelData, options: Sequence[tuple[int, int, int]], *, boolean: bool
) -> tuple[cp.Variable, list[cp.Constraint]]:
    """Return the variable x over `options`, and with at most one subcarrier a link, C3."""
    x = cp.Variable(max(len(options), 1), boolean=boolean, nonneg=not boolean, name="x")
    if not options:  # CVXPY has no variables of length zero: one that nothing asks for
        return x, [(x == 0).set_label("nothing")]
    of_link = _incidence([(i, j) for i, j, _ in options])
    on_subcarrier = _incidence([m for _, _, m in options])
    return x, [
        (of_link @ x <= 1).set_label("one_a_link"),
        (on_subcarrier @ x <= 1).set_label("C3"),
    ]


def _incidence(keys: Sequence[Hashable]) -> sparse.csr_array:
    """Return the 0-1 matrix with a row for every distinct key, ones in the columns that bear it."""
    row_of = {key: row for row, key in enumerate(dict.fromkeys(keys))}
    entries = [(row_of[key], column) for column, key in enumerate(keys)]
    return _matrix(entries, (len(row_of), len(keys)))


def _matrix(entries: Sequence[tuple[int, int]], shape: tuple[int, int]) -> sparse.csr_array:
    rows, columns = (np.array(entries, dtype=np.int64).reshape(-1, 2)).T
    return sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)


# ------------------------------------------------------------------------ reading a solved model


def read_selection(model: CvxpyModel) -> np.ndarray:
    """Return the (T, K) selection of a solved model with alpha."""
    assert model.alpha is not None
    return np.asarray(model.alpha.value) > 0.5


def read_sets(model: CvxpyModel) -> np.ndarray:
    """Return the (T, K) selection of a solved model with z: every token has its group's set."""
    assert model.z is not None
    instance = model.data.instance
    selection = np.zeros((instance.T, instance.K), dtype=bool)
    best: dict[int, float] = {}
    for value, (q, s) in zip(np.asarray(model.z.value), model.set_index, strict=False):
        if value > best.get(q, -np.inf):
            best[q] = value
            group = model.data.groups[q]
            selection[list(group.tokens)] = group.members[s]
    return selection


def read_assignment(model: CvxpyModel) -> np.ndarray:
    """Return the (K, K) assignment of a solved model with x."""
    instance = model.data.instance
    assignment = np.full((instance.K, instance.K), -1)
    assert model.x is not None
    for value, (i, j, m) in zip(np.asarray(model.x.value), model.options, strict=False):
        if value > 0.5:
            assignment[i, j] = m
    return assignment


def forbid(model: CvxpyModel, token: int, failing: np.ndarray) -> None:
    """Cut off a set of experts that C1 refuses: one outside of it must serve the token.

    Parameters
    ----------
    model : CvxpyModel
        With alpha.
    token : int
    failing : (K,) bool array
        A set whose exact score sum misses need; the larger, the stronger the cut.
    """
    assert model.alpha is not None
    if failing.all():  # even all experts together miss need: a row that no alpha satisfies
        row = cp.sum(model.alpha[token]) >= len(failing) + 1
    else:
        row = (~failing).astype(float) @ model.alpha[token] >= 1
    cut = row.set_label("cut")
    model.problem = cp.Problem(model.problem.objective, [*model.problem.constraints, cut])
