"""What the reductions leave: its linear program gives prices, the dual proves what they are worth.

The linear program (`dmoe_models.algorithms.exact.set_program`) serves to find token prices: its
dual values name a price p[t, j] of every use of an expert by a token, and the bound is what the
dual function (`dmoe_models.algorithms.exact.dual`) says at these prices. No tolerance of the LP
solver enters the proof, and where its duals are poor the bound is poor and not wrong.

Sets come by column generation: at the prices found, DES (the pricing problem of a token) either
proves that no set is missing or names one.
"""

from __future__ import annotations

import numpy as np

from dmoe_models.algorithms.exact.dual import DualPoint
from dmoe_models.algorithms.exact.node import Node, Relaxation
from dmoe_models.algorithms.exact.set_program import SetProgram
from dmoe_models.deadline import Deadline

_ROUNDS = 200  # of column generation, per node


class ResidualProgram(SetProgram):
    """The set program of the residual problem, with proofs of its bounds and pricing of sets."""

    def evaluate(self, node: Node, token_prices: np.ndarray) -> tuple[DualPoint, np.ndarray]:
        """Evaluate the dual of a node; also by how much each set exceeds its token's cheapest, J.

        Tokens choose among the node's sets, by DES where not all of a token's sets are listed.

        Parameters
        ----------
        node : Node
        token_prices : (U, K) array
            J.

        Returns
        -------
        DualPoint
        (S,) array
            Cost of a set above its token's cheapest, J; infinite for sets that the node excludes.
        """
        problem = self.problem.restricted(node.allowed, node.must_own)
        pool = self.pool
        costs = pool.costs(token_prices + problem.instance.computation_energy_j)
        costs[~node.permits(len(pool))] = np.inf
        best, least = pool.cheapest(costs, self.tokens)
        selection = pool.members[best] & (best >= 0)[:, None]
        if not self.all_listed.all():
            by_search, least_by_search = problem.cheapest(token_prices)
            unlisted = ~self.all_listed
            selection[unlisted] = by_search[unlisted]
            least[unlisted] = least_by_search[unlisted]
        point = problem.evaluate(token_prices, (selection, least))
        excess = np.full(len(pool), np.inf)
        known = np.isfinite(costs)
        excess[known] = costs[known] - least[pool.owner[known]]
        excess[~self.all_listed[pool.owner]] = 0.0  # such tokens keep what they have
        return point, excess

    def solve_node(
        self, node: Node, deadline: Deadline, enough_j: float
    ) -> tuple[Relaxation | None, DualPoint | None, np.ndarray]:
        """Solve a node's program with sets added until none is missing.

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
        (S,) array
            By how much each set exceeds its token's cheapest at that point, J.
        """
        best: DualPoint | None = None
        relaxation: Relaxation | None = None
        excess = np.zeros(0)
        for _ in range(_ROUNDS):
            self.impose(node)
            relaxation = self.solve(deadline)
            if relaxation is None:
                break
            point, above = self.evaluate(node, relaxation.token_prices)
            if best is None or point.bound > best.bound:
                best, excess = point, above
            if best.bound >= enough_j or deadline.passed or not self._add(point.selection):
                break
        return relaxation, best, np.append(excess, np.zeros(len(self.pool) - len(excess)))

    def _add(self, members: np.ndarray) -> int:
        """Add one set for every token that is not wholly listed, where it is new; count them."""
        tokens = np.flatnonzero(~self.all_listed & members.any(axis=1))
        new = self.pool.add(tokens, members[tokens])
        self.add_new_columns()
        return new
