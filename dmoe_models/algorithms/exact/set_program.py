"""The set formulation's linear program over what the reductions leave, by cuts.

The set formulation has a variable for every (use, subcarrier): they are what makes it large. Here
each use u of a link, with listed prices f_0 <= f_1 <= ... and the link's share x_k of its k-th
subcarrier, has one cost variable instead, bounded by its optimality cuts

    cost_u >= f_k use_u - sum_{q < k} (f_k - f_q) x_q        for every k,

where use_u is the weight of the token's sets that contain the expert. For given x and use_u the use
takes the cheapest subcarriers until it is served, and the cut of the one that serves its last part
is tight: together these cuts are the set formulation's projection, and few of them are ever needed.
A cut's dual is a share of the price f_k; the use's price is the sum of these.

References
----------
M. Fischetti, I. Ljubic, M. Sinnl, "Redesigning Benders decomposition for large-scale facility
location", Management Science 63 (2017), for the cuts; their use for sets of experts is ours.
"""

from __future__ import annotations

import highspy
import numpy as np
from scipy.sparse import csr_matrix

from dmoe_models.algorithms.exact.cuts import most_violated_cuts
from dmoe_models.algorithms.exact.dual import DualProblem
from dmoe_models.algorithms.exact.node import Node, Relaxation
from dmoe_models.algorithms.exact.proof_tree import ProofNode
from dmoe_models.algorithms.exact.set_pool import SetPool, sums
from dmoe_models.deadline import Deadline

_ROUNDS = 200  # of cuts, per solve
SPARE_CUTS = 1000  # that are kept though they are not tight
_INFINITY = highspy.kHighsInf


class SetProgram:
    """The linear program of the residual problem, kept in HiGHS between solves.

    Columns: x over the listed options, the cost of every use, "none" for links that must own a
    subcarrier and get none, "unserved" for tokens without a set (both at a prohibitive price, so
    that the program always has a solution and its duals always mean something), then the weights of
    the pool's sets, which may grow.

    Rows: one subcarrier a link; C3; one set a token; then the cuts, which come and go.

    Parameters
    ----------
    problem : DualProblem
        With complete lists.
    pool : SetPool
    all_listed : (U,) bool array
        The pool holds every set of the token that a solution better than the best known may use.
    token_prices : (U, K) array
        Prices near which the first cuts are made, J.
    unit_j : float
        Joule that the program calls 1.
    """

    def __init__(
        self,
        problem: DualProblem,
        pool: SetPool,
        all_listed: np.ndarray,
        token_prices: np.ndarray,
        unit_j: float,
    ) -> None:
        self.problem, self.pool, self.unit_j = problem, pool, unit_j
        self.all_listed = all_listed
        instance, lists = problem.instance, problem.lists
        self.tokens, self.links = len(problem.undecided), len(lists.links)
        source = instance.source[problem.undecided]
        self.prices = lists.prices / unit_j
        self.unserved = problem.unserved_j / unit_j
        self.listed = np.isfinite(lists.prices)

        # Every use that a set of a better solution could make has its cost variable, so that sets
        # can be added later: where all sets are listed, those in the pool.
        usable = lists.link_of[source] >= 0
        usable &= instance.gate_scores[problem.undecided] > 0
        used = np.zeros_like(usable)
        np.logical_or.at(used, pool.owner, pool.members)
        usable &= used | ~all_listed[:, None]
        self.use_token, self.use_expert = np.nonzero(usable)
        self.use_number = np.full(usable.shape, -1)
        self.use_number[self.use_token, self.use_expert] = np.arange(len(self.use_token))
        self.use_link = lists.link_of[source[self.use_token], self.use_expert]

        x_link, x_position = np.nonzero(self.listed)
        self.x_number = np.full(lists.prices.shape, -1)
        self.x_number[self.listed] = np.arange(len(x_link))
        self.first_cost = len(x_link)
        self.first_none = self.first_cost + len(self.use_token)
        self.first_unserved = self.first_none + self.links
        self.first_set = self.first_unserved + self.tokens
        self.first_choice = self.links + instance.M
        self.first_cut = self.first_choice + self.tokens
        self.cut_use = np.zeros(0, dtype=np.int64)
        self.cut_position = np.zeros(0, dtype=np.int64)
        self.max_cuts = 0
        self._held = 0
        self._pair_set = self._pair_use = np.zeros(0, dtype=np.int64)

        self.solver = self._start(x_link, x_position)
        self._upper = np.ones(self.first_cost)
        self._required = np.zeros(self.links, dtype=bool)
        self._set_upper = np.zeros(0)
        self.add_new_columns()
        price = token_prices[self.use_token, self.use_expert] / unit_j
        above = (self.prices[self.use_link] < price[:, None]).sum(axis=1)
        uses = np.arange(len(self.use_token))
        at_least_one = above > 0
        self._add_cuts(
            np.concatenate([uses, uses[at_least_one]]),
            np.concatenate([above, above[at_least_one] - 1]),
        )

    def _start(self, x_link: np.ndarray, x_position: np.ndarray) -> highspy.Highs:
        """Hand the program without sets and cuts to HiGHS."""
        problem, lists = self.problem, self.problem.lists
        x, number = np.arange(self.first_cost), self.first_set
        links, tokens = np.arange(self.links), np.arange(self.tokens)
        row = np.concatenate(
            [
                x_link,
                self.links + lists.columns[x_link, x_position],
                links,
                self.first_choice + tokens,
            ]
        )
        column = np.concatenate([x, x, self.first_none + links, self.first_unserved + tokens])
        matrix = csr_matrix((np.ones(len(row)), (row, column)), shape=(self.first_cut, number))
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = number, self.first_cut
        lp.col_cost_ = np.concatenate(
            [
                problem.load[x_link] * self.prices[x_link, x_position],
                np.ones(len(self.use_token)),
                np.full(self.links + self.tokens, self.unserved),
            ]
        )
        lp.col_lower_ = np.zeros(number)
        lp.col_upper_ = np.where(np.arange(number) < self.first_cost, 1.0, _INFINITY)
        lower, upper = np.full(self.first_cut, -_INFINITY), np.ones(self.first_cut)
        lower[self.first_choice :] = 1.0
        lp.row_lower_, lp.row_upper_ = lower, upper
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = matrix.indptr.astype(np.int32)
        lp.a_matrix_.index_ = matrix.indices.astype(np.int32)
        lp.a_matrix_.value_ = matrix.data
        solver = highspy.Highs()
        solver.setOptionValue("output_flag", False)
        for option in ("primal_feasibility_tolerance", "dual_feasibility_tolerance"):
            solver.setOptionValue(option, 1e-9)
        solver.passModel(lp)
        return solver

    def add_new_columns(self) -> None:
        """Add a column for every set of the pool that has none yet."""
        problem, pool = self.problem, self.pool
        first, self._held = self._held, len(pool)
        energy = problem.instance.computation_energy_j / self.unit_j
        pairs = []
        for number in range(first, self._held):
            token, chosen = pool.owner[number], np.flatnonzero(pool.members[number])
            uses = self.use_number[token, chosen]
            uses = uses[uses >= 0]
            pairs.append((np.full(len(uses), number), uses))
            cuts = np.flatnonzero(np.isin(self.cut_use, uses))
            index = np.append(self.first_cut + cuts, self.first_choice + token)
            value = np.append(-self._cut_price(self.cut_use[cuts], self.cut_position[cuts]), 1.0)
            self.solver.addCol(
                float(energy[chosen].sum()),
                0.0,
                _INFINITY,
                len(index),
                index.astype(np.int32),
                value,
            )
        if pairs:
            self._pair_set = np.concatenate([self._pair_set, *(p[0] for p in pairs)])
            self._pair_use = np.concatenate([self._pair_use, *(p[1] for p in pairs)])
        self._set_upper = np.append(self._set_upper, np.full(self._held - first, _INFINITY))
        order = np.argsort(self._pair_use, kind="stable")
        self._sets_by_use = self._pair_set[order]
        self._first_of_use = np.searchsorted(
            self._pair_use[order], np.arange(len(self.use_token) + 1)
        )

    def _cut_price(self, use: np.ndarray, position: np.ndarray) -> np.ndarray:
        """Return f_k of some cuts; past the end of the list, what it costs not to be served."""
        padded = np.append(self.prices, np.full((self.links, 1), np.inf), axis=1)
        price = padded[self.use_link[use], position]
        return np.where(np.isfinite(price), price, self.unserved)

    def _add_cuts(self, uses: np.ndarray, positions: np.ndarray) -> None:
        """Add the cuts of some uses at some positions of their links' lists."""
        index: list[np.ndarray] = []
        value: list[np.ndarray] = []
        starts = [0]
        for use, position, price in zip(
            uses.tolist(), positions.tolist(), self._cut_price(uses, positions), strict=True
        ):
            link = self.use_link[use]
            sets = self._sets_by_use[self._first_of_use[use] : self._first_of_use[use + 1]]
            own = np.full(1, self.first_cost + use)
            saved = price - self.prices[link, :position]
            index += [own, self.x_number[link, :position], self.first_set + sets]
            value += [np.ones(1), saved, np.full(len(sets), -price)]
            starts.append(starts[-1] + 1 + position + len(sets))
        if len(uses):
            self.solver.addRows(
                len(uses),
                np.zeros(len(uses)),
                np.full(len(uses), _INFINITY),
                starts[-1],
                np.array(starts[:-1], dtype=np.int32),
                np.concatenate(index).astype(np.int32),
                np.concatenate(value),
            )
            self.cut_use = np.append(self.cut_use, uses)
            self.cut_position = np.append(self.cut_position, positions)

    def sets_using(self, link: int) -> np.ndarray:
        """Return the numbers of the sets that use a link."""
        return self._pair_set[self.use_link[self._pair_use] == link]

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.solver.getNumRow(), self.solver.getNumCol()

    def root_node(self, bound: float, proof: ProofNode | None = None) -> Node:
        """Return the whole residual problem as a node.

        Parameters
        ----------
        bound : float
            Proved lower bound of it, J.
        proof : ProofNode, optional
            Where its proof is recorded.
        """
        every = np.ones(len(self.pool), dtype=bool)
        return Node(bound, self.listed, self.problem.load > 0, every, proof)

    def impose(self, node: Node) -> None:
        """Restrict the program to a node."""
        upper = node.allowed[self.listed].astype(np.float64)
        changed = np.flatnonzero(upper != self._upper)
        self.solver.changeColsBounds(
            len(changed), changed.astype(np.int32), np.zeros(len(changed)), upper[changed]
        )
        self._upper = upper
        for link in np.flatnonzero(node.must_own != self._required).tolist():
            lower = 1.0 if node.must_own[link] else -_INFINITY
            self.solver.changeRowBounds(link, lower, 1.0)
        self._required = node.must_own
        limit = np.where(node.permits(self._held), _INFINITY, 0.0)
        changed = np.flatnonzero(limit != self._set_upper)
        columns = (self.first_set + changed).astype(np.int32)
        self.solver.changeColsBounds(len(changed), columns, np.zeros(len(changed)), limit[changed])
        self._set_upper = limit

    def solve(self, deadline: Deadline) -> Relaxation | None:
        """Solve the program with all the cuts it needs; None where time ran out."""
        for _ in range(_ROUNDS):
            if not self._run(deadline):
                return None
            value = np.asarray(self.solver.getSolution().col_value)
            ownership = np.zeros(self.prices.shape)
            ownership[self.listed] = value[: self.first_cost]
            weight = value[self.first_set :]
            use = sums(self._pair_use, weight[self._pair_set], len(self.use_token))
            cost = value[self.first_cost : self.first_none]
            position = most_violated_cuts(
                self.prices, ownership, self.use_link, use, cost, self.unserved
            )
            uses = np.flatnonzero(position >= 0)
            if not len(uses):
                break
            self._add_cuts(uses, position[uses])
        prices = self._token_prices()
        shares = np.zeros(prices.shape)
        shares[self.use_token, self.use_expert] = use
        relaxation = Relaxation(self._value_j(), prices, ownership, weight, shares)
        self._drop_loose_cuts()
        return relaxation

    def _run(self, deadline: Deadline) -> bool:
        """Run the solver; where it gives up on the way from the last basis, once more from none."""
        for attempt in range(2):
            if attempt:
                self.solver.clearSolver()
            if deadline.remaining is not None:
                limit = self.solver.getRunTime() + max(deadline.remaining, 0.01)
                self.solver.setOptionValue("time_limit", limit)
            self.solver.run()
            if self.solver.getModelStatus() == highspy.HighsModelStatus.kOptimal:
                return True
            if deadline.passed:
                break
        return False

    def _token_prices(self) -> np.ndarray:
        """Read (U, K) token prices off the cuts' duals."""
        problem = self.problem
        dual = np.maximum(np.asarray(self.solver.getSolution().row_dual)[self.first_cut :], 0.0)
        price = dual * self._cut_price(self.cut_use, self.cut_position)
        prices = np.full((self.tokens, problem.instance.K), np.inf)
        prices[np.arange(self.tokens), problem.instance.source[problem.undecided]] = 0.0
        prices[self.use_token, self.use_expert] = self.unit_j * sums(
            self.cut_use, price, len(self.use_token)
        )
        return prices

    def _value_j(self) -> float:
        return self.solver.getObjectiveValue() * self.unit_j + self.problem.constant_j

    def _drop_loose_cuts(self) -> None:
        """Drop the cuts that are not tight, once they are many."""
        if len(self.cut_use) <= self.max_cuts:
            return
        tight = np.asarray(self.solver.getSolution().row_value)[self.first_cut :] <= 1e-7
        self.max_cuts = max(2 * int(tight.sum()), 2 * len(self.use_token)) + SPARE_CUTS
        if len(self.cut_use) > self.max_cuts:
            loose = (self.first_cut + np.flatnonzero(~tight)).astype(np.int32)
            self.solver.deleteRows(len(loose), loose)
            self.cut_use, self.cut_position = self.cut_use[tight], self.cut_position[tight]

    def probe(self, node: Node, iterations: int) -> tuple[float, np.ndarray]:
        """Return about what the program's value, J, becomes in a node, and its token prices.

        Without new cuts, and after at most so many iterations of the dual simplex method.

        Parameters
        ----------
        node : Node
        iterations : int
            Most iterations of the dual simplex method.
        """
        self.impose(node)
        self.solver.setOptionValue("simplex_iteration_limit", iterations)
        self.solver.run()
        self.solver.setOptionValue("simplex_iteration_limit", 2**31 - 1)
        return self._value_j(), self._token_prices()
