"""What the reductions leave: the set formulation's linear program over it, and branching.

The linear program serves to find token prices: its dual values on the rows "use of expert j by
token t" are prices p[t, j], and the bound is what the dual function says at these prices. No
tolerance of the LP solver enters the proof, and where its duals are poor the bound is poor and not
wrong. Sets come by column generation: at the prices found, DES (the pricing problem of a token)
either proves that no set is missing or names one.

Where the optimum of the linear program is not integral, branching splits the subcarriers of one
link: first whether it owns any at all, then whether it owns one of its cheapest so many. Both sides
differ from their parent in bounds of the same linear program, which is solved again from the last
basis.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np

from dmoe_models.algorithms.dual import DualPoint, DualProblem
from dmoe_models.clock import Deadline

_ROUNDS = 50  # of column generation, per node
_INTEGRAL = 1e-6


@dataclass
class Relaxation:
    """The solved linear program over the current sets.

    Attributes
    ----------
    value_j : float
        Its optimum, J (not a proof).
    token_prices : (U, K) array
        Dual prices.
    ownership : (L, d) array
        x[l, k], fractions of subcarriers owned.
    selection : (U, K) bool array
        The set with the greatest weight of each token.
    """

    value_j: float
    token_prices: np.ndarray
    ownership: np.ndarray
    selection: np.ndarray

    @property
    def integral(self) -> bool:
        """Whether every subcarrier is owned wholly or not at all."""
        return bool((np.abs(self.ownership - np.round(self.ownership)) <= _INTEGRAL).all())


@dataclass(frozen=True)
class Node:
    """A part of the kernel's solutions.

    Attributes
    ----------
    bound : float
        Proved lower bound, J.
    allowed : (L, d) bool array
        Options that each link may own.
    must_own : (L,) bool array
        Links that own one of them.
    """

    bound: float
    allowed: np.ndarray
    must_own: np.ndarray


class SetPool:
    """Known sets of the undecided tokens, by token.

    Parameters
    ----------
    owner : (S,) int array
        Position of the token that each set belongs to.
    members : (S, K) bool array
    """

    def __init__(self, owner: np.ndarray, members: np.ndarray) -> None:
        self.owner = owner
        self.members = members
        self._known = {(int(t), m.tobytes()) for t, m in zip(owner, members, strict=True)}

    def add(self, positions: np.ndarray, members: np.ndarray) -> int:
        """Add sets that are not known yet; return how many were new."""
        new = []
        for row, (t, m) in enumerate(zip(positions.tolist(), members, strict=True)):
            key = (t, m.tobytes())
            if key not in self._known:
                self._known.add(key)
                new.append(row)
        if new:
            self.owner = np.concatenate([self.owner, positions[new]])
            self.members = np.concatenate([self.members, members[new]])
        return len(new)


class KernelProgram:
    """The linear program of the set formulation over a kernel, kept in HiGHS between solves.

    Columns: x over the listed options, y over uses and options, "none" for links that must own a
    subcarrier and get none, "unserved" for tokens without a set (both at a prohibitive price, so
    that the program always has a solution and its duals always mean something), then z over the
    sets of the pool, which may grow.

    Rows: one subcarrier a link; C3; one set a token; use of expert j by token t equals what its
    sets use; y at most x.

    Parameters
    ----------
    problem : DualProblem
        With complete lists.
    pool : SetPool
    all_listed : (U,) bool array
        The pool holds every set of the token that a solution better than the best known may use.
    unit_j : float
        Joule that the program calls 1.

    Attributes
    ----------
    complete : bool
        All sets of all tokens are listed.
    """

    def __init__(
        self, problem: DualProblem, pool: SetPool, all_listed: np.ndarray, unit_j: float
    ) -> None:
        self.problem, self.pool, self.unit_j = problem, pool, unit_j
        self.complete = bool(all_listed.all())
        instance, lists = problem.instance, problem.lists
        number_of_tokens, number_of_links = len(problem.undecided), len(lists.links)
        source = instance.source[problem.undecided]
        self.listed = np.isfinite(lists.prices)
        x_link, x_position = np.nonzero(self.listed)
        x_number = np.full(lists.prices.shape, -1)
        x_number[self.listed] = np.arange(len(x_link))

        # Every use that a set of a better solution could make has its row and its y, so that sets
        # can be added later without new rows: where all sets are listed, those in the pool.
        usable = lists.link_of[source] >= 0
        usable &= instance.gate_scores[problem.undecided] > 0
        used = np.zeros_like(usable)
        np.logical_or.at(used, pool.owner, pool.members)
        usable &= used | ~all_listed[:, None]
        self.use_token, self.use_expert = np.nonzero(usable)
        self.use_number = np.full(usable.shape, -1)
        self.use_number[self.use_token, self.use_expert] = np.arange(len(self.use_token))
        use_link = lists.link_of[source[self.use_token], self.use_expert]
        y_use, y_position = np.nonzero(self.listed[use_link])
        y_link = use_link[y_use]

        self.number_x, number_y = len(x_link), len(y_use)
        first_none = self.number_x + number_y
        first_unserved = first_none + number_of_links
        self.first_z = first_unserved + number_of_tokens
        self.first_choice = number_of_links + instance.M
        self.first_use = self.first_choice + number_of_tokens
        self.first_owner = self.first_use + len(self.use_token)
        rows = self.first_owner + number_y

        unserved = problem.unserved_j / unit_j
        cost = np.concatenate(
            [
                problem.load[x_link] * lists.prices[x_link, x_position] / unit_j,
                lists.prices[y_link, y_position] / unit_j,
                np.full(number_of_links + number_of_tokens, unserved),
            ]
        )
        x, y = np.arange(self.number_x), self.number_x + np.arange(number_y)
        links, tokens = np.arange(number_of_links), np.arange(number_of_tokens)
        entries = [
            (x_link, x, 1.0),
            (number_of_links + lists.columns[x_link, x_position], x, 1.0),
            (self.first_use + y_use, y, 1.0),
            (self.first_owner + np.arange(number_y), y, 1.0),
            (self.first_owner + np.arange(number_y), x_number[y_link, y_position], -1.0),
            (links, first_none + links, 1.0),
            (self.first_choice + tokens, first_unserved + tokens, 1.0),
        ]
        infinity = highspy.kHighsInf
        lower, upper = np.full(rows, -infinity), np.zeros(rows)
        upper[: self.first_use] = 1.0
        lower[self.first_choice : self.first_use] = 1.0
        lower[self.first_use : self.first_owner] = 0.0
        self.solver = _program(cost, entries, lower, upper)
        self._held = 0
        self._hold_new_sets()

    def _hold_new_sets(self) -> None:
        """Add a column for every set of the pool that has none yet."""
        instance = self.problem.instance
        members = self.pool.members[self._held :]
        owner = self.pool.owner[self._held :]
        self._held = len(self.pool.owner)
        for token, chosen in zip(owner.tolist(), members, strict=True):
            uses = self.use_number[token, chosen]
            index = np.concatenate([[self.first_choice + token], self.first_use + uses[uses >= 0]])
            value = np.concatenate([[1.0], np.full(len(index) - 1, -1.0)])
            cost = float(instance.computation_energy_j[chosen].sum()) / self.unit_j
            self.solver.addCol(
                cost, 0.0, highspy.kHighsInf, len(index), index.astype(np.int32), value
            )

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.solver.getNumRow(), self.solver.getNumCol()

    def add(self, members: np.ndarray) -> int:
        """Add one set for every undecided token, where it is new; return how many were.

        A set with a use that has no row cannot be added and is not counted.
        """
        tokens = np.arange(len(self.problem.undecided))
        source = self.problem.instance.source[self.problem.undecided]
        unknown = members & (self.use_number < 0)
        unknown[tokens, source] = False
        fits = ~unknown.any(axis=1)
        new = self.pool.add(tokens[fits], members[fits])
        self._hold_new_sets()
        return new

    def branch_in_solver(self, deadline: Deadline) -> tuple[Relaxation | None, float]:
        """Solve the kernel as a mixed-integer program, x integral, by HiGHS.

        HiGHS has cuts that our own branching has not. The bound it returns rests on its tolerances
        (1e-9), and on the pool: it is one of the kernel only if the pool holds every set that a
        better solution may use.

        Returns
        -------
        Relaxation or None
            The best solution found.
        float
            The solver's lower bound, J; -inf where it has none.
        """
        solver = self.solver
        numbers = np.arange(self.number_x, dtype=np.int32)
        zeros, ones = np.zeros(self.number_x), np.ones(self.number_x)
        solver.changeColsBounds(self.number_x, numbers, zeros, ones)
        for link in range(len(self.problem.load)):
            required = 1.0 if self.problem.load[link] > 0 else -highspy.kHighsInf
            solver.changeRowBounds(link, required, 1.0)
        integer = np.full(self.number_x, highspy.HighsVarType.kInteger)
        solver.changeColsIntegrality(self.number_x, numbers, integer)
        for option in ("mip_rel_gap", "mip_abs_gap"):
            solver.setOptionValue(option, 0.0)
        solver.setOptionValue("mip_feasibility_tolerance", 1e-9)
        self._limit(deadline.remaining)
        solver.run()
        info = solver.getInfo()
        bound = info.mip_dual_bound * self.unit_j + self.problem.constant_j
        found = self._read() if info.primal_solution_status == 2 else None
        return found, bound if np.isfinite(bound) else -np.inf

    def _limit(self, seconds: float | None) -> None:
        if seconds is not None:
            limit = self.solver.getRunTime() + max(seconds, 0.01)
            self.solver.setOptionValue("time_limit", limit)

    def solve(self, node: Node, time_limit: float | None) -> Relaxation | None:
        """Solve the program of a node; None where the solver did not finish."""
        solver = self.solver
        upper = node.allowed[self.listed].astype(np.float64)
        numbers = np.arange(self.number_x, dtype=np.int32)
        solver.changeColsBounds(self.number_x, numbers, np.zeros(self.number_x), upper)
        lower = np.where(node.must_own, 1.0, -highspy.kHighsInf)
        for link in range(len(lower)):
            solver.changeRowBounds(link, float(lower[link]), 1.0)
        self._limit(time_limit)
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        return self._read()

    def _read(self) -> Relaxation:
        """Read the solver's solution, and its duals as token prices."""
        problem, instance, lists = self.problem, self.problem.instance, self.problem.lists
        solution = self.solver.getSolution()
        value, dual = np.asarray(solution.col_value), np.asarray(solution.row_dual)

        # An expert without a use row is in no set that a better solution may hold.
        prices = np.full((len(problem.undecided), instance.K), np.inf)
        prices[np.arange(len(prices)), instance.source[problem.undecided]] = 0.0
        # The dual of a use row is the price: what one more unit of use would cost.
        if len(dual):  # a mixed-integer program has none
            use_dual = dual[self.first_use : self.first_owner] * self.unit_j
            prices[self.use_token, self.use_expert] = np.maximum(use_dual, 0.0)

        ownership = np.zeros(lists.prices.shape)
        ownership[self.listed] = value[: self.number_x]
        weight = value[self.first_z :]
        best = np.lexsort((-weight, self.pool.owner))
        _, first = np.unique(self.pool.owner[best], return_index=True)
        selection = np.zeros((len(problem.undecided), instance.K), dtype=bool)
        selection[self.pool.owner[best][first]] = self.pool.members[best][first]
        objective = self.solver.getObjectiveValue() * self.unit_j + problem.constant_j
        return Relaxation(objective, prices, ownership, selection)


def _program(
    cost: np.ndarray,
    entries: list[tuple[np.ndarray, np.ndarray, float]],
    lower: np.ndarray,
    upper: np.ndarray,
) -> highspy.Highs:
    """Hand a linear program with non-negative columns to HiGHS."""
    row = np.concatenate([entry[0] for entry in entries])
    column = np.concatenate([entry[1] for entry in entries])
    value = np.concatenate([np.full(len(entry[0]), entry[2]) for entry in entries])
    order = np.lexsort((row, column))
    starts = np.zeros(len(cost) + 1, dtype=np.int32)
    np.cumsum(np.bincount(column, minlength=len(cost)), out=starts[1:])
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(cost), len(lower)
    lp.col_cost_ = cost
    lp.col_lower_ = np.zeros(len(cost))
    lp.col_upper_ = np.full(len(cost), highspy.kHighsInf)
    lp.row_lower_, lp.row_upper_ = lower, upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = starts
    lp.a_matrix_.index_ = row[order].astype(np.int32)
    lp.a_matrix_.value_ = value[order]
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    for option in ("primal_feasibility_tolerance", "dual_feasibility_tolerance"):
        solver.setOptionValue(option, 1e-9)
    solver.passModel(lp)
    return solver


def price_out(
    program: KernelProgram, node: Node, deadline: Deadline, enough_j: float
) -> tuple[Relaxation | None, DualPoint | None]:
    """Solve a node's linear program with sets added until none is missing.

    Parameters
    ----------
    enough_j : float
        A bound, J, that ends the work: nothing better is needed.

    Returns
    -------
    Relaxation or None
        The last one; None where time ran out before it was solved.
    DualPoint or None
        The best proved point met.
    """
    problem = program.problem.restricted(node.allowed, node.must_own)
    best: DualPoint | None = None
    relaxation: Relaxation | None = None
    for _ in range(_ROUNDS):
        relaxation = program.solve(node, deadline.remaining)
        if relaxation is None:
            break
        point = problem.evaluate(relaxation.token_prices)
        if best is None or point.bound > best.bound:
            best = point
        if best.bound >= enough_j or deadline.passed or not program.add(point.selection):
            break
    return relaxation, best


def sides(node: Node, relaxation: Relaxation, bound: float) -> list[Node]:
    """Split a node where its linear program is fractional; nothing to split where it is not."""
    total = relaxation.ownership.sum(axis=1)
    open_link = np.where(node.must_own, 0.0, np.abs(total - np.round(total)))
    if open_link.max(initial=0.0) > _INTEGRAL:
        link = int(open_link.argmax())
        closed = node.allowed.copy()
        closed[link] = False
        owning = node.must_own.copy()
        owning[link] = True
        return [Node(bound, closed, node.must_own), Node(bound, node.allowed, owning)]
    prefix = relaxation.ownership.cumsum(axis=1)
    distance = np.abs(prefix - 0.5 * total[:, None])
    distance[:, -1] = np.inf
    distance[np.abs(prefix - np.round(prefix)) <= _INTEGRAL] = np.inf
    link, position = divmod(int(distance.argmin()), distance.shape[1])
    if not np.isfinite(distance[link, position]):
        return []
    cheap, dear = node.allowed.copy(), node.allowed.copy()
    cheap[link, position + 1 :] = False
    dear[link, : position + 1] = False
    return [Node(bound, dear, node.must_own), Node(bound, cheap, node.must_own)]
