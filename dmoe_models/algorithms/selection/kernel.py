"""The search of DES for one token and for a block of tokens, compiled by numba.

A token of few experts and two slots is settled by enumeration. Any other passes three stages. The D
highest scores are the first set found, or prove that there is none. The Lagrangian dual of both
constraints gives multipliers, better sets, and by reduced costs the experts that belong to every
better set or to none. What is left, often a handful of experts, is searched by the tree of
`reference`, whose docstring says what its nodes and bounds are; besides, an expert is not tried
where one that is no worse was left out. With bound "paper" neither enumeration, dual nor comparison
takes place, and the tree is the reference's, node for node.

All of it stands in one file, longer than others, because numba's cache notices changes of a
function's own file only (after a change of `CLOSE`, empty the cache).

References
----------
Handler, Zang, "A dual algorithm for the constrained shortest path problem", Networks 10 (1980):
the multiplier of a covering constraint from the two sets on either side of it.
Shewchuk, "Adaptive precision floating-point arithmetic and fast robust geometric predicates",
Discrete & Computational Geometry 18 (1997): exact sums as expansions.
"""

from __future__ import annotations

import numpy as np

from dmoe_models.algorithms.compiling import compiled
from dmoe_models.model.relevance import CLOSE

_ROUNDING = 2e-15
"""Bounds are lowered by this times the largest terms that they are differences of."""

_FEW = 24
"""Up to as many experts, looking at all pairs is faster than avoiding it."""

_MAX_DUAL_STEPS = 60
"""About 5 are needed; any number gives a valid bound."""

# A thread's workspace is two tables, used again for every token. Rows of the real one (passing
# one table costs less than passing ten arrays, whose references numba would count):
# experts that can be used, in their own order
_ENERGY, SCORE = 0, 1
# the slots of a set that is best at a price; later, the highest scores of the core
_VALUE = 2
# the core in the order of its ratios, and its prefix sums
_RATIO, _CORE_ENERGY, _CORE_SCORE, _COST_SUM, _SCORE_SUM = 3, 4, 5, 6, 7
# the tree's levels
_LEVEL_COST, _LEVEL_MISSING = 8, 9
# an exact sum
_PART = 10
_REAL_ROWS = 11

# Rows of the table of indices: which expert it is; members of a set that is best at a price, of the
# core, of the set at the tree's node, of the best set; where the tree's levels go on; and for each
# position of the core the last earlier one that is at least as good.
_EXPERT, _MEMBER, _CORE, CHOSEN, _BEST, _LEVEL_NEXT, _BETTER = 0, 1, 2, 3, 4, 5, 6
_INDEX_ROWS = 7


def workspace(experts: int, max_experts: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what one thread needs to search: the two tables, and that of `_tabulate`.

    Parameters
    ----------
    experts : int
        K.
    max_experts : int
        D.
    """
    real = np.empty((_REAL_ROWS, experts + 2))  # an exact sum may have D + 1 parts
    index = np.empty((_INDEX_ROWS, experts), dtype=np.int64)
    top_sums = np.empty((experts + 1, max_experts + 1))
    return real, index, top_sums


@compiled(_nrt=False)
def sum_reaches(row, size, need, real, index):
    """Decide exactly whether the scores of the first `size` experts of a row reach `need`.

    The sum so far is an expansion: non-zero doubles that do not overlap, of increasing magnitude,
    whose sum is exact. Its sign is the sign of the last.

    Parameters
    ----------
    row : int
        Row of `index` that lists the experts.
    size : int
        Number of experts, at most D.
    need : float
    real, index : arrays
        The thread's tables, see `workspace`.
    """
    used = 0
    for i in range(size + 1):
        carry = real[SCORE, index[row, i]] if i < size else -need
        kept = 0
        for k in range(used):
            total = carry + real[_PART, k]
            share = total - carry
            error = (carry - (total - share)) + (real[_PART, k] - share)
            if error != 0.0:
                real[_PART, kept] = error
                kept += 1
            carry = total
        if carry != 0.0:  # it may cancel, and leave the smaller ones
            real[_PART, kept] = carry
            kept += 1
        used = kept
    return used == 0 or real[_PART, used - 1] > 0.0


@compiled(forceinline=True, _nrt=False)
def _is_enough(excess, row, size, need, close, real, index):
    """C1 for a row's members, where `excess` is their float sum less need: exact where close."""
    if excess > close:
        return True
    return excess >= -close and sum_reaches(row, size, need, real, index)


@compiled(forceinline=True, _nrt=False)
def _keep(row, size, index):
    """Make a row's members the best set."""
    for k in range(size):
        index[_BEST, k] = index[row, k]


@compiled(forceinline=True, _nrt=False)
def _gather(energies, scores, t, real, index):
    """Copy the experts that can be used; return their number and the sum of their scores."""
    count = 0
    total = 0.0
    for j in range(energies.shape[1]):
        if scores[t, j] > 0.0 and energies[t, j] < np.inf:
            real[_ENERGY, count] = energies[t, j]
            real[SCORE, count] = scores[t, j]
            index[_EXPERT, count] = j
            total += scores[t, j]
            count += 1
    return count, total


@compiled(forceinline=True, _nrt=False)
def _cheapest_partner(i, missing, real):
    """Least energy of an expert before i whose score is at least `missing`; a loop of no branch."""
    least = np.inf
    for j in range(i):
        energy = real[_ENERGY, j] if real[SCORE, j] >= missing else np.inf
        least = energy if energy < least else least
    return least


@compiled(forceinline=True, _nrt=False)
def _cheapest_pair(count, slots, need, close, real):
    """Least energy of one or, with two slots, two experts whose score is above need less close.

    The least energy with expert i as the last goes to row _VALUE.
    """
    target = need - close
    least = np.inf
    for i in range(count):
        energy = real[_ENERGY, i]
        if real[SCORE, i] < target:
            partner = np.inf
            if slots == 2:
                partner = _cheapest_partner(i, target - real[SCORE, i], real)
            energy += partner
        real[_VALUE, i] = energy
        least = energy if energy < least else least
    return least


@compiled(_nrt=False)
def _enumerate_pairs(count, slots, dearest, need, close, real, index):
    """Look at all sets of one or, with two slots, two experts; return the best energy and size.

    Last experts whose best set, by row _VALUE, costs more than `dearest` are passed over.
    """
    best, best_size = np.inf, 0
    for i in range(count):
        if real[_VALUE, i] > dearest:
            continue
        energy = real[_ENERGY, i]
        excess = real[SCORE, i] - need
        if energy < best and excess >= -close:
            index[CHOSEN, 0] = i
            if _is_enough(excess, CHOSEN, 1, need, close, real, index):
                best, best_size = energy, 1
                _keep(CHOSEN, 1, index)
        if slots < 2:
            continue
        for j in range(i):
            if energy + real[_ENERGY, j] < best and excess + real[SCORE, j] >= -close:
                index[CHOSEN, 0], index[CHOSEN, 1] = i, j
                if _is_enough(excess + real[SCORE, j], CHOSEN, 2, need, close, real, index):
                    best, best_size = energy + real[_ENERGY, j], 2
                    _keep(CHOSEN, 2, index)
    return best, best_size


@compiled(forceinline=True, _nrt=False)
def _highest(price, weight, count, slots, real, index):
    """Put the `slots` highest positive values of price * score - weight * energy into row _MEMBER.

    Returns their number, the sum of their scores and of their energies. Descending, ties in the
    order of the experts.
    """
    size = 0
    least = 0.0
    for j in range(count):
        value = price * real[SCORE, j] - weight * real[_ENERGY, j]
        if value > least:
            k = min(size, slots - 1)
            size = min(size + 1, slots)
            while k > 0 and real[_VALUE, k - 1] < value:
                real[_VALUE, k] = real[_VALUE, k - 1]
                index[_MEMBER, k] = index[_MEMBER, k - 1]
                k -= 1
            real[_VALUE, k] = value
            index[_MEMBER, k] = j
            if size == slots:
                least = real[_VALUE, slots - 1]
    score = 0.0
    energy = 0.0
    for k in range(size):
        score += real[SCORE, index[_MEMBER, k]]
        energy += real[_ENERGY, index[_MEMBER, k]]
    return size, score, energy


@compiled(forceinline=True, _nrt=False)
def _dual(count, slots, need, close, best, best_size, top_score, real, index):
    """Solve the Lagrangian dual of covering and cardinality, keeping feasible sets met on the way.

    phi(price) = price need - sum of the `slots` largest (price score - energy)^+ is a lower bound
    for every price >= 0 (J per unit of score). It is concave, and each set met is a line above it:
    the next price is where the lines of the last set that reaches need and the last that does not
    cross. The rent (J per slot) is the smallest value that holds a slot. Of the prices tried, the
    one of the largest bound after the allowance for rounding is returned, so that enormous prices,
    which near misses of need produce, are not taken.

    Returns price, rent, bound and the best set's energy and size.
    """
    target = need - close
    price = rent = bound = 0.0
    over_energy, over_score = best, top_score
    under_energy, under_score = 0.0, 0.0
    for _ in range(_MAX_DUAL_STEPS):
        trial = (over_energy - under_energy) / (over_score - under_score)
        if not (trial > 0.0 and trial < np.inf):
            break
        size, score, energy = _highest(trial, 1.0, count, slots, real, index)
        value = energy + trial * (target - score)
        safe = value - _ROUNDING * slots * trial * top_score
        if safe > bound:
            price, bound = trial, safe
            rent = real[_VALUE, slots - 1] if size == slots else 0.0
        reaches = score >= target
        if (
            reaches
            and energy < best
            and _is_enough(score - need, _MEMBER, size, need, close, real, index)
        ):
            best, best_size = energy, size
            _keep(_MEMBER, size, index)
        if value >= over_energy + trial * (target - over_score) - 1e-12 * abs(value):
            break
        if reaches:
            over_energy, over_score = energy, score
        else:
            under_energy, under_score = energy, score
    return price, rent, bound, best, best_size


@compiled(forceinline=True, _nrt=False)
def _reduce(count, slots, price, rent, bound, best, slack, real, index):
    """Keep the experts that reduced cost does not decide, by (energy + rent) / score.

    A set with an expert of reduced cost r > 0, or without one of r < 0, costs at least bound + |r|.
    Those that every better set must have go to the front of row CHOSEN. Returns the size of the
    core, the number of the others and the sums of their energies and scores; a number above `slots`
    says that no set is better.
    """
    size = forced = 0
    energy = score = 0.0
    for j in range(count):
        reduced = real[_ENERGY, j] + rent - price * real[SCORE, j]
        if price > 0.0 and bound + abs(reduced) - slack >= best:
            if reduced < 0.0:
                if forced == slots:
                    return 0, slots + 1, 0.0, 0.0
                index[CHOSEN, forced] = j
                forced += 1
                energy += real[_ENERGY, j]
                score += real[SCORE, j]
            continue
        ratio = (real[_ENERGY, j] + rent) / real[SCORE, j]
        k = size
        while k > 0 and real[_RATIO, k - 1] > ratio:
            real[_RATIO, k] = real[_RATIO, k - 1]
            index[_CORE, k] = index[_CORE, k - 1]
            k -= 1
        real[_RATIO, k] = ratio
        index[_CORE, k] = j
        size += 1
    return size, forced, energy, score


@compiled(forceinline=True, _nrt=False)
def _tabulate(size, left, rent, real, index, top_sums):
    """Fill the core's prefix sums, and `top_sums`: the most that s experts from q on have."""
    real[_COST_SUM, 0] = real[_SCORE_SUM, 0] = 0.0
    for q in range(size):
        real[_CORE_ENERGY, q] = real[_ENERGY, index[_CORE, q]]
        real[_CORE_SCORE, q] = real[SCORE, index[_CORE, q]]
        real[_COST_SUM, q + 1] = real[_COST_SUM, q] + (real[_CORE_ENERGY, q] + rent)
        real[_SCORE_SUM, q + 1] = real[_SCORE_SUM, q] + real[_CORE_SCORE, q]
    for s in range(left):
        real[_VALUE, s] = 0.0
        top_sums[size, s] = 0.0
    top_sums[size, left] = 0.0
    for q in range(size - 1, -1, -1):
        score = real[_CORE_SCORE, q]
        if score > real[_VALUE, left - 1]:
            k = left - 1
            while k > 0 and real[_VALUE, k - 1] < score:
                real[_VALUE, k] = real[_VALUE, k - 1]
                k -= 1
            real[_VALUE, k] = score
        total = 0.0
        top_sums[q, 0] = 0.0
        for s in range(left):
            total += real[_VALUE, s]
            top_sums[q, s + 1] = total


@compiled(forceinline=True, _nrt=False)
def _compare(size, cardinality, real, index):
    """Find for every position of the core the last earlier one of no more energy, no less score.

    A set with the worse of the two and without the better one is no better than the set with the
    two exchanged, which the tree meets earlier. Not with the bound of the paper.
    """
    for q in range(size):
        p = q - 1 if cardinality else -1
        while p >= 0 and (
            real[_CORE_ENERGY, p] > real[_CORE_ENERGY, q]
            or real[_CORE_SCORE, p] < real[_CORE_SCORE, q]
        ):
            p -= 1
        index[_BETTER, q] = p


@compiled(forceinline=True, _nrt=False)
def _cover(position, missing, size, real):
    """Cost of covering `missing` from `position` on by energy + rent, the last expert in part."""
    target = real[_SCORE_SUM, position] + missing
    low, high = position, size + 1
    while low < high:
        middle = (low + high) >> 1
        if real[_SCORE_SUM, middle] < target:
            low = middle + 1
        else:
            high = middle
    if low <= position:
        return 0.0
    if low > size:
        return np.inf
    whole = real[_COST_SUM, low - 1] - real[_COST_SUM, position]
    return whole + (target - real[_SCORE_SUM, low - 1]) * real[_RATIO, low - 1]


@compiled(forceinline=True, _nrt=False)
def _tree(
    size,
    forced,
    cost,
    missing,
    left,
    rent,
    slack,
    close,
    need,
    best,
    best_size,
    limit,
    stop,
    real,
    index,
    top_sums,
):
    """Search the core depth first, from the set of the first `forced` members of row CHOSEN.

    `cost`, `missing` and `left` are that set's energy, what it lacks and the slots it leaves.
    Returns the best set's energy and size, the nodes, and whether a limit ended the search.
    """
    nodes = level = q = start = 0
    while True:
        if q < size and index[_BETTER, q] >= start:
            q += 1  # the better one has been tried here, and is left out
        elif (
            q < size
            and top_sums[q, left] >= missing - close
            and cost + _cover(q, missing - close, size, real) - rent * left - slack < best
        ):
            nodes += 1
            if nodes >= limit or (nodes & 1023 == 0 and stop[0] != 0):
                return best, best_size, nodes, True
            index[CHOSEN, forced + level] = index[_CORE, q]
            members = forced + level + 1
            rest = missing - real[_CORE_SCORE, q]
            if _is_enough(-rest, CHOSEN, members, need, close, real, index):
                if cost + real[_CORE_ENERGY, q] < best:
                    best, best_size = cost + real[_CORE_ENERGY, q], members
                    _keep(CHOSEN, members, index)
            elif left > 1:
                index[_LEVEL_NEXT, level] = q + 1
                real[_LEVEL_COST, level] = cost
                real[_LEVEL_MISSING, level] = missing
                cost, missing = cost + real[_CORE_ENERGY, q], rest
                level += 1
                left -= 1
                start = q + 1
            q += 1
        elif level > 0:
            level -= 1
            left += 1
            start = index[_LEVEL_NEXT, level - 1] if level > 0 else 0
            q, cost, missing = (
                index[_LEVEL_NEXT, level],
                real[_LEVEL_COST, level],
                real[_LEVEL_MISSING, level],
            )
        else:
            return best, best_size, nodes, False


@compiled(forceinline=True, _nrt=False)
def _search_token(
    energies, scores, t, need, max_experts, cardinality, limit, stop, real, index, top_sums
):
    """Search one token. Returns energy, bound, nodes and the size of the set in row _BEST."""
    if need <= 0.0:
        return 0.0, 0.0, 0, 0
    count, total = _gather(energies, scores, t, real, index)
    slots = min(max_experts, count)
    close = CLOSE * max(1.0, total)
    if cardinality and max_experts <= 2 and count <= _FEW:
        # a quick look for the least energy, which is attained unless sums are too close to need
        least = _cheapest_pair(count, slots, need, close, real)
        best, best_size = _enumerate_pairs(count, slots, least, need, close, real, index)
        if best > least:
            best, best_size = _enumerate_pairs(count, slots, np.inf, need, close, real, index)
        return best, best, 0, best_size
    best_size, top_score, best = _highest(1.0, 0.0, count, slots, real, index)
    if not _is_enough(top_score - need, _MEMBER, best_size, need, close, real, index):
        return np.inf, np.inf, 0, 0
    _keep(_MEMBER, best_size, index)

    price = rent = bound = 0.0
    if cardinality:
        price, rent, bound, best, best_size = _dual(
            count, slots, need, close, best, best_size, top_score, real, index
        )
        if bound >= best:
            return best, best, 0, best_size
    slack = _ROUNDING * slots * price * top_score
    size, forced, cost, score = _reduce(count, slots, price, rent, bound, best, slack, real, index)
    missing = need - score
    if forced > slots:
        return best, best, 0, best_size
    if forced > 0 and _is_enough(-missing, CHOSEN, forced, need, close, real, index):
        if cost < best:  # every better set has these experts: none is better than they alone
            best, best_size = cost, forced
            _keep(CHOSEN, forced, index)
        return best, best, 0, best_size
    left = slots - forced
    if size == 0 or left == 0:
        return best, best, 0, best_size

    _tabulate(size, left, rent, real, index, top_sums)
    _compare(size, cardinality, real, index)
    bound = max(bound, cost + _cover(0, missing - close, size, real) - rent * left - slack)
    if stop[0] != 0:
        return best, min(best, bound), 0, best_size
    best, best_size, nodes, ended = _tree(
        size,
        forced,
        cost,
        missing,
        left,
        rent,
        slack,
        close,
        need,
        best,
        best_size,
        limit,
        stop,
        real,
        index,
        top_sums,
    )
    return best, min(best, bound) if ended else best, nodes, best_size


@compiled(_nrt=False)
def search_block(
    energies,
    scores,
    need,
    max_experts,
    cardinality,
    limit,
    stop,
    first,
    last,
    answer,
    real,
    index,
    top_sums,
):
    """Search the tokens from `first` up to `last` and write what is found into `answer`.

    Parameters
    ----------
    energies, scores : (T, K) arrays
        Checked, C-contiguous, read-only.
    need : (T,) array
    max_experts : int
    cardinality : bool
        Whether the bound is "cardinality", not "paper".
    limit : int
        Most nodes of a token.
    stop : (1,) array
        Searches end soon after another thread writes something else than zero to it.
    first, last : int
    answer : selection (T, K) of false, energy (T,), bound (T,), nodes (T,)
    real, index, top_sums : arrays
        From `workspace`, of this thread alone.
    """
    selection, found, bound, nodes = answer
    for t in range(first, last):
        found[t], bound[t], nodes[t], size = _search_token(
            energies,
            scores,
            t,
            need[t],
            max_experts,
            cardinality,
            limit,
            stop,
            real,
            index,
            top_sums,
        )
        for k in range(size):
            selection[t, index[_EXPERT, index[_BEST, k]]] = True
