"""The linear program over minimal feasible sets as a proved lower bound of P2.

The program's optimum is nearly always the optimum of P2, but a solver's number for it is right to
its tolerances only. Its dual prices are used instead, and they need not be right. Take any price
p[q, j] >= 0 that a token of group q pays for using remote expert j, and any price v[m] >= 0 of a
subcarrier. Let a solution of P2 have sets S(t) and subcarriers m(i, j); some optimum has minimal
sets and one subcarrier a link. In its energy, add and take away what tokens pay:

    E = static + sum_t sum_(j in S(t)) (a[j] + p[t, j])
               - sum over its links (i, j) of the sum over tokens at i with j in S(t)
                     of (p[t, j] - c[i, j, m(i, j)])

A token's first sum is at least the least over all of its minimal sets, where p = 0 at home. A
link's deduction is at most V[l, m] = sum over all tokens of the link's node of the positive part of
p - c[l, m], with m = m(i, j). Every subcarrier is used once, so those deductions sum to no more
than the maximum-weight assignment of V, and so, whatever v, to no more than

    sum_m v[m] + sum over links of the positive part of max_m (V[l, m] - v[m]).

At the dual optimum p and v are the duals of the rows "carried" and C3, and this is the program's
value; elsewhere it is less, but as true. Rounding is covered by taking away a share of all that was
added up: (number of terms) x (machine epsilon).

Infeasibility is proved in the same way: with a = c = static = 0 and p, v a dual ray, a positive
number means that p and v times any factor give a bound as high as one likes.
"""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np

from dmoe_models.deadline import Deadline, OutOfTimeError
from dmoe_models.model.instance import Instance
from dmoe_models.model.solution import Outcome
from formulations.data import cheapest_candidates
from formulations.solver_answer import Health
from formulations.solver_options import TOLERANCES
from formulations.with_highs.assembly import HighsModel, concatenate_ranges
from formulations.with_highs.models import p2_set
from formulations.with_highs.solver import solve as solve_highs


def set_bound(
    instance: Instance, *, time_limit: float | None = None, reduce: bool = True
) -> Outcome:
    """Return a proved lower bound of P2 from the LP over minimal feasible sets, and no solution.

    Parameters
    ----------
    instance : Instance
        P2.
    time_limit : float, optional
        Seconds. Where it ends the program's solution early, the bound is LB.
    reduce : bool
        Keep the L cheapest subcarriers of each link only, which loses nothing.

    Returns
    -------
    Outcome
        Bound +inf where infeasibility is proved. `details`: rows, columns, build_s and solve_s
        (seconds), solver_says; and where the program was solved, lp_value_j (the solver's number,
        J), integral (x and z are whole: its solution is an optimum of P2) and iterations.

    Raises
    ------
    MethodError
        Where there are too many minimal feasible sets.
    """
    deadline = Deadline(time_limit)
    started = time.perf_counter()
    candidates = cheapest_candidates(instance) if reduce else None
    try:
        model = p2_set(instance, candidates=candidates, deadline=deadline, relaxed=True)
    except OutOfTimeError as error:
        return Outcome(details={"failed": str(error)})
    built = time.perf_counter()
    highs = model.highs
    details: dict[str, Any] = {
        "rows": highs.getNumRow(),
        "columns": highs.getNumCol(),
        "build_s": built - started,
    }
    answer = solve_highs(model, time_limit=deadline.remaining, tolerance=TOLERANCES[-1])
    bound = proved_bound(model, *best_prices(model))
    if answer.health is Health.OPTIMAL:
        solution, info = highs.getSolution(), highs.getInfo()
        bound = max(bound, proved_bound(model, *dual_prices(model, solution.row_dual)))
        decisions = np.asarray(solution.col_value)[: model.choices + len(model.options)]
        details |= {
            "lp_value_j": answer.bound * model.data.unit_j + instance.static_total_j,
            "integral": bool((np.abs(decisions - np.round(decisions)) <= 1e-6).all()),
            "iterations": max(info.simplex_iteration_count, 0),
        }
    elif answer.health is Health.INFEASIBLE:
        _, has_ray, ray = highs.getDualRay()
        if has_ray and proved_bound(model, *dual_prices(model, ray), energies=0.0) > 0:
            bound = math.inf
    details |= {"solve_s": time.perf_counter() - built, "solver_says": answer.message}
    return Outcome(bound=bound, details=details)


def proved_bound(
    model: HighsModel, use_price: np.ndarray, subcarrier_price: np.ndarray, energies: float = 1.0
) -> float:
    """Evaluate the bound of this module's docstring.

    Parameters
    ----------
    model : HighsModel
        Of `p2_set`, relaxed or not.
    use_price : (U,) array
        p >= 0 of every use, J per token.
    subcarrier_price : (M',) array
        v >= 0 of the subcarriers in ``model.claimed``, J.
    energies : float
        Factor of all energies: 0 for a ray.

    Returns
    -------
    float
        J; +inf where a token has no set at all.
    """
    instance, groups = model.data.instance, model.data.groups
    if any(not len(group.members) for group in groups):
        return math.inf
    weight = np.array([len(group.tokens) for group in groups])
    expert_price = np.tile(energies * instance.computation_energy_j, (len(groups), 1))
    expert_price[model.uses.carrier, instance.links[model.uses.link, 1]] += use_price
    least = [
        np.where(g.members, e, 0.0).sum(axis=1).min()
        for g, e in zip(groups, expert_price, strict=True)
    ]
    raised = math.fsum(weight * least)
    if raised == math.inf:
        return math.inf

    i, j, m = model.options.T
    cost = energies * instance.transmission_energy_j[i, j, m]
    use, option = concatenate_ranges(*model.ranges[model.uses.link].T)
    surplus = np.maximum(use_price[use] - cost[option], 0.0) * model.uses.weight[use]
    wanted = np.bincount(option, weights=surplus, minlength=len(cost))
    over = wanted - subcarrier_price[np.searchsorted(model.claimed, m)]
    deducted = math.fsum(subcarrier_price) + math.fsum(np.maximum(_per_link(model, over), 0.0))

    static = energies * instance.static_total_j
    terms = instance.T + instance.K + 8
    added = static + raised + deducted + math.fsum(_per_link(model, wanted))
    rounding = terms * np.finfo(float).eps * added
    return float(static + raised - deducted - rounding)


def _per_link(model: HighsModel, values: np.ndarray) -> np.ndarray:
    """Return the largest value over the options of every link that has any."""
    owned = model.ranges[model.ranges[:, 1] > 0, 0]
    return np.maximum.reduceat(values, owned) if len(owned) else np.zeros(0)


def best_prices(model: HighsModel) -> tuple[np.ndarray, np.ndarray]:
    """Return prices at which the bound is LB: each link's own best, and none of subcarriers.

    Returns
    -------
    use_price : (U,) array
        J per token.
    subcarrier_price : (M',) array
        J.
    """
    i, j, m = model.options.T
    best = np.full(len(model.ranges), np.inf)  # of a link without any option
    best[model.ranges[:, 1] > 0] = -_per_link(
        model, -model.data.instance.transmission_energy_j[i, j, m]
    )
    return best[model.uses.link], np.zeros(len(model.claimed))


def dual_prices(model: HighsModel, duals: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the prices p and v that the duals of a model's rows state.

    Parameters
    ----------
    model : HighsModel
    duals : sequence of float
        One for every row, in the model's units.

    Returns
    -------
    use_price : (U,) array
        J per token.
    subcarrier_price : (M',) array
        J.
    """
    rows = np.asarray(duals) * model.data.unit_j
    of_uses = rows[model.carried : model.carried + len(model.uses.link)] / model.uses.weight
    of_subcarriers = -rows[model.exclusive : model.exclusive + len(model.claimed)]
    return np.maximum(of_uses, 0.0), np.maximum(of_subcarriers, 0.0)
