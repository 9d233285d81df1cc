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

from dmoe_models.algorithms.exact.ascent import Run, ascend
from dmoe_models.algorithms.exact.branching import Tree, allowance, offer_rounded
from dmoe_models.algorithms.exact.cheap_sets import near_sets
from dmoe_models.algorithms.exact.dual import DualPoint, DualProblem, Lists
from dmoe_models.algorithms.exact.proof_tree import DualPrices
from dmoe_models.algorithms.exact.residual import KernelProgram
from dmoe_models.algorithms.exact.set_pool import SetPool
from dmoe_models.algorithms.jesa import descend
from dmoe_models.algorithms.local_search import Search
from dmoe_models.algorithms.lower_bound import select_at_best_prices
from dmoe_models.deadline import Deadline
from dmoe_models.errors import MethodError
from dmoe_models.model.energy import assignment_energy_j, best_link_energy_j
from dmoe_models.model.instance import Instance
from dmoe_models.model.solution import Outcome

_FIRST_DEPTH = 8
_MOST_SETS = 256  # sets of one token that are listed


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
        Of the local search.
    time_limit : float, optional
        Seconds; past it the best solution is returned with the best proved bound.
    max_steps : int
        Supergradient steps of one ascent.
    decide_tokens, fix_subcarriers, grow_lists : bool
        Switches of the reductions, for tests and measurements: tokens decided, and sets left out,
        by the gap; subcarriers removed by reduced cost; lists that start short.

    Returns
    -------
    Outcome
        `details` tells the story: sizes before and after, steps, gap and time by phase, incumbents.

    Raises
    ------
    MethodError
        For `max_steps` below 1.
    """
    if max_steps < 1:
        raise MethodError(f"max_steps = {max_steps} is not a whole number of at least 1")
    run = Run(instance, Deadline(time_limit))
    return run_exact(run, seed, max_steps, decide_tokens, fix_subcarriers, grow_lists)


def run_exact(
    run: Run,
    seed: int = 0,
    max_steps: int = 100,
    decide_tokens: bool = True,
    fix_subcarriers: bool = True,
    grow_lists: bool = True,
) -> Outcome:
    """Carry out a run of `exact`, which may be one that records its proof (if nothing is off)."""
    instance = run.instance
    cheapest = select_at_best_prices(instance, time_limit=run.deadline)
    if not np.isfinite(cheapest.bound_j).all():
        return Outcome(bound=math.inf, details={"proof": "a token has no feasible set"})
    _learn_cheapest(run, float(cheapest.bound_j.sum()))
    run.offer(descend(instance, best_link_energy_j(instance), deadline=run.deadline))
    run.note("jesa")
    if run.closed:
        return run.outcome()

    run.cutoff_j = _more_than_any(instance)
    unserved = 2 * run.energy_j if run.solution is not None else 20 * run.cutoff_j
    depth = _FIRST_DEPTH if grow_lists else instance.M
    problem = DualProblem(instance, Lists(instance, depth), unserved)
    run.details["links"] = len(instance.links)
    run.details["tokens"] = instance.T
    floor = problem.price_table(best_link_energy_j(instance))
    if run.solution is not None:
        prices = assignment_energy_j(instance, run.solution.assignment_for(instance))
        start = np.where(run.solution.selection, problem.price_table(prices), floor)
    else:
        start = floor
    if decide_tokens:
        start = _decide(problem, start, np.full(instance.T, np.inf))
    point = ascend(run, problem, start, max_steps)
    run.note("ascent")
    if not run.closed and not run.deadline.passed:
        if run.solution is not None and _search(run, seed):
            point = ascend(run, problem, point.token_prices, max_steps)
        run.note("search")
    if not run.closed and not run.deadline.passed:
        if fix_subcarriers:
            _fix(run, problem, point)
        if decide_tokens:
            _decide_by_gap(run, problem, point)
        run.note("reduction")
        _branch(run, problem, point, fix_subcarriers, decide_tokens)
    return run.outcome()


def _learn_cheapest(run: Run, bound: float) -> None:
    """Keep LB: the dual at every link's own best price, where no subcarrier has one."""
    run.raise_bound(bound)
    if run.proof is not None:
        instance = run.instance
        prices = best_link_energy_j(instance)[instance.source]
        tokens, subcarriers = np.arange(instance.T), np.zeros(instance.M)
        run.proof.learn(bound, DualPrices(tokens, prices, subcarriers, 1))


def _more_than_any(instance: Instance) -> float:
    """Return an energy, J, above that of every solution."""
    prices = instance.transmission_energy_j
    dearest = float(prices[np.isfinite(prices)].max(initial=0.0))
    per_token = instance.max_experts * (dearest + float(instance.computation_energy_j.max()))
    return 2 * instance.T * per_token + 1e-12


def _search(run: Run, seed: int) -> bool:
    """Look for a better solution by local search; tell whether there was one.

    The better the best known energy, the more the reductions remove: worth about as much time as
    the ascent took.
    """
    if not len(run.instance.links):
        return False
    search = Search(run.instance, seed)
    enough = Deadline(max(0.05, time.perf_counter() - run.started))
    improved, idle, rounds = False, 0, 1
    while idle < 3 and not enough.passed and not run.deadline.passed:
        assert run.solution is not None
        began = time.perf_counter()
        idle = 0 if run.offer(search.improve(run.solution, rounds, run.deadline)) else idle + 1
        improved |= idle == 0
        if rounds == 1 and time.perf_counter() - began < 0.01:
            rounds, idle = 16, 0  # several at a time, though such a call cannot be interrupted
    return improved


def _fix(run: Run, problem: DualProblem, point: DualPoint) -> None:
    """Drop the subcarriers, listed or not, that no better solution gives to a link."""
    lists = problem.lists
    allowed = allowance(run, point)
    while not lists.complete and (point.reduced_beyond <= allowed).any():
        lists.deepen(2 * lists.depth)
        point = problem.evaluate(point.token_prices)
    run.reduce(problem, point)
    kept = np.isfinite(lists.prices) & (point.reduced <= allowed)
    run.details.setdefault("options", []).append(
        (int(np.isfinite(lists.prices).sum()), int(kept.sum()))
    )
    lists.keep(kept)


def _decide_by_gap(run: Run, problem: DualProblem, point: DualPoint) -> None:
    """Decide the tokens that have one set only within the gap of their cheapest."""
    before = len(problem.undecided)
    prices = _decide(problem, point.token_prices, point.least_j + allowance(run, point))
    point.token_prices = prices
    run.details.setdefault("undecided", []).append((before, len(problem.undecided)))


def _branch(
    run: Run, problem: DualProblem, point: DualPoint, fix_subcarriers: bool, decide_tokens: bool
) -> None:
    """Close the gap over what is left: linear programs, and branching where they are fractional."""
    if not problem.lists.complete:
        problem.lists.deepen(problem.lists.useful)
    program = _program(run, problem, point, decide_tokens)
    root = program.node(run.bound_j)
    tree = Tree(run, program)
    relaxation, best, _ = program.price_out(root, run.deadline, tree.enough_j)
    if best is not None:
        run.learn(problem, best)
    if relaxation is not None:
        rows, columns = program.size
        run.details["lp"] = {
            "rows": rows,
            "columns": columns,
            "integral": relaxation.integral,
            "bound_j": relaxation.value_j,
        }
        offer_rounded(run, program, relaxation)
    run.note("root")
    if not run.closed and best is not None and not run.deadline.passed:
        # The gap is now that of the linear program: reduce once more, and begin with less.
        if fix_subcarriers:
            _fix(run, problem, best)
        if decide_tokens:
            _decide_by_gap(run, problem, best)
        program = _program(run, problem, best, decide_tokens)
        tree = Tree(run, program, fix_subcarriers=fix_subcarriers, decide_tokens=decide_tokens)
        run.raise_bound(tree.search(program.node(run.bound_j, run.proof)))
        run.note("branching")
    run.details["sets"], run.details["nodes"] = len(program.pool), 1 + tree.nodes


def _program(
    run: Run, problem: DualProblem, point: DualPoint, decide_tokens: bool
) -> KernelProgram:
    """Build the linear program over the sets that a better solution may hold, or over all sets."""
    instance, tokens = run.instance, problem.undecided
    served = run.solution is not None
    unit = (run.energy_j if served else problem.unserved_j) / instance.T
    limited = served and decide_tokens
    table = near_sets(
        instance.gate_scores[tokens],
        point.token_prices + instance.computation_energy_j,
        instance.need[tokens],
        instance.max_experts,
        _limits(run, problem, point) if limited else np.full(len(tokens), np.inf),
        _MOST_SETS,
    )
    listed = np.where(table.counts > _MOST_SETS, 0, table.counts)
    pool = SetPool(np.repeat(np.arange(len(tokens)), listed), table.incidence(instance.K))
    pool.add(np.arange(len(tokens)), problem.evaluate(point.token_prices).selection)
    return KernelProgram(problem, pool, table.counts <= _MOST_SETS, point.token_prices, unit)


def _limits(run: Run, problem: DualProblem, point: DualPoint) -> np.ndarray:
    evaluated = problem.evaluate(point.token_prices)
    run.reduce(problem, evaluated)
    return evaluated.least_j + allowance(run, evaluated)


def _decide(problem: DualProblem, prices: np.ndarray, limit: np.ndarray) -> np.ndarray:
    """Decide the tokens with a single set within the limit; return the others' prices."""
    instance, tokens = problem.instance, problem.undecided
    table = near_sets(
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
