"""`exact`: P2 to proved optimality, by prices instead of a MILP solver.

Upper bounds come from JESA and from what the dual suggests; lower bounds from the dual of the set
formulation (`dmoe_models.algorithms.exact.dual`), whose value is proved by evaluating it and so
depends on no solver's tolerance. The two meet in these steps, each of which ends the run where they
do:

1. JESA from every link's own best price, against LB.
2. *Ascent.* Supergradient steps on the token prices, of Polyak's length towards the best known
   energy. Every few steps the assignment that the dual suggests starts a JESA descent. On most
   instances this ends at equality within some tens of steps, and no linear program is ever built.
3. *Local search* for a better solution, and once more the ascent if there was one.
4. *Reduction.* With the gap that is left: a token whose only set within the gap of its cheapest is
   that one, is decided and becomes base load of its links; a subcarrier whose reduced cost exceeds
   the gap leaves its link's list. Any solution that is better than the best known survives, so the
   smaller of the best known energy and a bound of what remains is a bound of the whole.
5. *Linear program* over what remains (`dmoe_models.algorithms.exact.residual`), which says at which
prices
   the dual is greatest; then 4 again, with the gap that is left now.
6. *Branching* (`dmoe_models.algorithms.exact.branching`), whose every bound is again a value of the
dual.

References
----------
The formulation and its bound: P. Mirchandani, R. Francis (eds.), "Discrete Location Theory", 1990,
on strong formulations of facility location; step length: B. Polyak, "Minimization of unsmooth
functionals", 1969; reduction by reduced cost: any text on integer programming. Their application to
this problem is this project's.
"""

from __future__ import annotations

import math
import time

import numpy as np

from dmoe_models.algorithms.exact.ascent import ascend
from dmoe_models.algorithms.exact.branching import BranchAndBound, allowance, offer_rounded
from dmoe_models.algorithms.exact.dual import DualPoint, DualProblem, SubcarrierLists
from dmoe_models.algorithms.exact.proof_tree import DualPrices
from dmoe_models.algorithms.exact.residual import ResidualProgram
from dmoe_models.algorithms.exact.set_pool import SetPool
from dmoe_models.algorithms.exact.state import SearchState
from dmoe_models.algorithms.jesa import descend
from dmoe_models.algorithms.local_search import Search
from dmoe_models.algorithms.lower_bound import select_at_best_prices
from dmoe_models.algorithms.selection.cheap_sets import list_cheap_sets
from dmoe_models.deadline import Deadline
from dmoe_models.errors import MethodError
from dmoe_models.model.energy import assignment_energy_j, best_link_energy_j
from dmoe_models.model.instance import Instance
from dmoe_models.model.solution import Outcome

_FIRST_DEPTH = 8
_MAX_SETS = 256  # sets of one token that are listed


def exact(
    instance: Instance,
    *,
    seed: int = 0,
    time_limit: float | None = None,
    max_steps: int = 100,
    decide_tokens: bool = True,
    fix_subcarriers: bool = True,
    grow_lists: bool = True,
) -> Outcome:
    """Solve P2 to proved optimality.

    Parameters
    ----------
    instance : Instance
        P2.
    seed : int
        Seed of the local search.
    time_limit : float, optional
        Seconds; past it the best solution is returned with the best proved bound.
    max_steps : int
        Most supergradient steps of one ascent.
    decide_tokens : bool
        Whether tokens are decided, and sets left out, by the gap; off only for measurements.
    fix_subcarriers : bool
        Whether subcarriers are removed by reduced cost; off only for measurements.
    grow_lists : bool
        Whether lists of subcarriers start short; off only for measurements.

    Returns
    -------
    Outcome
        `details`: sizes before and after the reductions, steps, gap and time by phase, incumbents,
        bounds.

    Raises
    ------
    MethodError
        For `max_steps` below 1.
    """
    if max_steps < 1:
        raise MethodError(f"max_steps = {max_steps} is not a whole number of at least 1")
    state = SearchState(instance, Deadline(time_limit))
    return run_exact(state, seed, max_steps, decide_tokens, fix_subcarriers, grow_lists)


def run_exact(
    state: SearchState,
    seed: int = 0,
    max_steps: int = 100,
    decide_tokens: bool = True,
    fix_subcarriers: bool = True,
    grow_lists: bool = True,
) -> Outcome:
    """Carry out a run of `exact` from a given state, which may record its proof.

    Parameters
    ----------
    state : SearchState
        Fresh; with a `proof` if one is to be recorded (then no reduction may be off).
    seed, max_steps, decide_tokens, fix_subcarriers, grow_lists
        As for `exact`.

    Returns
    -------
    Outcome
    """
    instance = state.instance
    cheapest = select_at_best_prices(instance, time_limit=state.deadline)
    if not np.isfinite(cheapest.bound_j).all():
        return Outcome(bound=math.inf, details={"proof": "a token has no feasible set"})
    _record_lower_bound(state, float(cheapest.bound_j.sum()))
    state.offer(descend(instance, best_link_energy_j(instance), deadline=state.deadline))
    state.end_phase("jesa")
    if state.closed:
        return state.outcome()

    state.cutoff_j = _more_than_any(instance)
    unserved = 2 * state.energy_j if state.solution is not None else 20 * state.cutoff_j
    depth = _FIRST_DEPTH if grow_lists else instance.M
    problem = DualProblem(instance, SubcarrierLists(instance, depth), unserved)
    state.details["links"] = len(instance.links)
    state.details["tokens"] = instance.T
    floor = problem.price_table(best_link_energy_j(instance))
    if state.solution is not None:
        prices = assignment_energy_j(instance, state.solution.assignment_for(instance))
        start = np.where(state.solution.selection, problem.price_table(prices), floor)
    else:
        start = floor
    if decide_tokens:
        start = _decide(problem, start, np.full(instance.T, np.inf))
    point = ascend(state, problem, start, max_steps)
    state.end_phase("ascent")
    if not state.closed and not state.deadline.passed:
        if state.solution is not None and improve_by_local_search(state, seed):
            point = ascend(state, problem, point.token_prices, max_steps)
        state.end_phase("search")
    if not state.closed and not state.deadline.passed:
        if fix_subcarriers:
            _fix_subcarriers(state, problem, point)
        if decide_tokens:
            _decide_by_gap(state, problem, point)
        state.end_phase("reduction")
        _solve_residual(state, problem, point, fix_subcarriers, decide_tokens)
    return state.outcome()


def _record_lower_bound(state: SearchState, bound: float) -> None:
    """Keep LB: the dual at every link's own best price, where no subcarrier has one."""
    state.raise_bound(bound)
    if state.proof is not None:
        instance = state.instance
        prices = best_link_energy_j(instance)[instance.source]
        tokens, subcarriers = np.arange(instance.T), np.zeros(instance.M)
        state.proof.record_bound(bound, DualPrices(tokens, prices, subcarriers, 1))


def _more_than_any(instance: Instance) -> float:
    """Return an energy, J, above that of every solution."""
    prices = instance.transmission_energy_j
    dearest = float(prices[np.isfinite(prices)].max(initial=0.0))
    per_token = instance.max_experts * (dearest + float(instance.computation_energy_j.max()))
    return 2 * instance.T * per_token + 1e-12


def improve_by_local_search(state: SearchState, seed: int) -> bool:
    """Look for a better solution by local search; return whether there was one.

    The better the best known energy, the more the reductions remove: worth about as much time as
    the ascent took.

    Parameters
    ----------
    state : SearchState
        With a solution; gets the better ones.
    seed : int
        Seed of the search.
    """
    if not len(state.instance.links):
        return False
    search = Search(state.instance, seed)
    enough = Deadline(max(0.05, time.perf_counter() - state.started))
    improved, idle, rounds = False, 0, 1
    while idle < 3 and not enough.passed and not state.deadline.passed:
        assert state.solution is not None
        began = time.perf_counter()
        idle = (
            0 if state.offer(search.improve(state.solution, rounds, state.deadline)) else idle + 1
        )
        improved |= idle == 0
        if rounds == 1 and time.perf_counter() - began < 0.01:
            rounds, idle = 16, 0  # several at a time, though such a call cannot be interrupted
    return improved


def _fix_subcarriers(state: SearchState, problem: DualProblem, point: DualPoint) -> None:
    """Drop the subcarriers, listed or not, that no better solution gives to a link."""
    lists = problem.lists
    allowed = allowance(state, point)
    while not lists.complete and (point.reduced_next <= allowed).any():
        lists.deepen(2 * lists.depth)
        point = problem.evaluate(point.token_prices)
    state.record_reduction(problem, point)
    kept = np.isfinite(lists.prices) & (point.reduced <= allowed)
    state.details.setdefault("options", []).append(
        (int(np.isfinite(lists.prices).sum()), int(kept.sum()))
    )
    lists.keep(kept)


def _decide_by_gap(state: SearchState, problem: DualProblem, point: DualPoint) -> None:
    """Decide the tokens that have one set only within the gap of their cheapest."""
    before = len(problem.undecided)
    prices = _decide(problem, point.token_prices, point.least_j + allowance(state, point))
    point.token_prices = prices
    state.details.setdefault("undecided", []).append((before, len(problem.undecided)))


def _solve_residual(
    state: SearchState,
    problem: DualProblem,
    point: DualPoint,
    fix_subcarriers: bool,
    decide_tokens: bool,
) -> None:
    """Close the gap over what is left: linear programs, and branching where they are fractional."""
    if not problem.lists.complete:
        problem.lists.deepen(problem.lists.useful)
    program = _program(state, problem, point, decide_tokens)
    root = program.root_node(state.bound_j)
    tree = BranchAndBound(state, program)
    relaxation, best, _ = program.solve_node(root, state.deadline, tree.enough_j)
    if best is not None:
        state.record_bound(problem, best)
    if relaxation is not None:
        rows, columns = program.size
        state.details["lp"] = {
            "rows": rows,
            "columns": columns,
            "integral": relaxation.integral,
            "bound_j": relaxation.value_j,
        }
        offer_rounded(state, program, relaxation)
    state.end_phase("root")
    if not state.closed and best is not None and not state.deadline.passed:
        # The gap is now that of the linear program: reduce once more, and begin with less.
        if fix_subcarriers:
            _fix_subcarriers(state, problem, best)
        if decide_tokens:
            _decide_by_gap(state, problem, best)
        program = _program(state, problem, best, decide_tokens)
        tree = BranchAndBound(
            state, program, fix_subcarriers=fix_subcarriers, decide_tokens=decide_tokens
        )
        state.raise_bound(tree.search(program.root_node(state.bound_j, state.proof)))
        state.end_phase("branching")
    state.details["sets"], state.details["nodes"] = len(program.pool), 1 + tree.nodes


def _program(
    state: SearchState, problem: DualProblem, point: DualPoint, decide_tokens: bool
) -> ResidualProgram:
    """Build the linear program over the sets that a better solution may hold, or over all sets."""
    instance, tokens = state.instance, problem.undecided
    served = state.solution is not None
    unit = (state.energy_j if served else problem.unserved_j) / instance.T
    limited = served and decide_tokens
    table = list_cheap_sets(
        instance.gate_scores[tokens],
        point.token_prices + instance.computation_energy_j,
        instance.need[tokens],
        instance.max_experts,
        _limits(state, problem, point) if limited else np.full(len(tokens), np.inf),
        _MAX_SETS,
    )
    listed = np.where(table.counts > _MAX_SETS, 0, table.counts)
    pool = SetPool(np.repeat(np.arange(len(tokens)), listed), table.incidence(instance.K))
    pool.add(np.arange(len(tokens)), problem.evaluate(point.token_prices).selection)
    return ResidualProgram(problem, pool, table.counts <= _MAX_SETS, point.token_prices, unit)


def _limits(state: SearchState, problem: DualProblem, point: DualPoint) -> np.ndarray:
    evaluated = problem.evaluate(point.token_prices)
    state.record_reduction(problem, evaluated)
    return evaluated.least_j + allowance(state, evaluated)


def _decide(problem: DualProblem, prices: np.ndarray, limit: np.ndarray) -> np.ndarray:
    """Decide the tokens with a single set within the limit; return the others' prices."""
    instance, tokens = problem.instance, problem.undecided
    table = list_cheap_sets(
        instance.gate_scores[tokens],
        prices + instance.computation_energy_j,
        instance.need[tokens],
        instance.max_experts,
        limit,
        1,
    )
    single = table.counts == 1
    problem.decide(single, table.incidence(instance.K)[: int(single.sum())])
    return prices[~single]
