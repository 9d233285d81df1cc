"""The dual of P2's set formulation: token prices, and the bound that any of them proves.

Let every token t see a price p[t, j] of its own for every remote expert j. Whatever the prices are,

    OPT >= sum_b + sum_t DES_t(p_t) - max over assignments x of sum_lm x[l, m] V[l, m],
    V[l, m] = sum over tokens t of l's node of (p[t, j(l)] - c[l, m])^+,

where DES_t(p_t) is the token's P1 optimum at its prices. Proof, and why its maximum over p is the
linear relaxation of the set formulation: docs/model.md, fact 8 (the set formulation). Nothing has
to be trusted about p: wherever it comes from, a solver's duals or a subgradient step, evaluating
the formula proves the bound up to rounding.

Tokens whose set is known ("decided") need no prices: they are a base load n0[l] of their links,
and the assignment carries their cost exactly: it minimises
sum_lm x[l, m] (n0[l] c[l, m] - V[l, m]).

Lists: only the d cheapest subcarriers of a link are looked at, and one fallback for the rest,
priced at the (d + 1)-th and shared with nobody. That only lowers the bound, and where no
fallback is used it changes nothing.
"""

from __future__ import annotations

import math
from copy import copy
from dataclasses import dataclass

import numpy as np

from dmoe_models.algorithms.exact.proof_tree import DualPrices
from dmoe_models.algorithms.placement.candidates import candidates_of
from dmoe_models.algorithms.placement.ownership import add_bids, assign
from dmoe_models.algorithms.selection.des import select_experts
from dmoe_models.model.instance import Instance


class SubcarrierLists:
    """Each link's cheapest subcarriers, sorted, to a depth that can grow.

    Attributes
    ----------
    columns : (L, d) int array
        Subcarriers; meaningless where the price is infinite.
    prices : (L, d) array
        c[l, k], J per token, ascending; infinite past a link's last subcarrier and where removed.
    next_price : (L,) array
        Price of the cheapest subcarrier that is not listed; infinite where all are.
    deepest : int
        Subcarriers of a link that were looked at before some were dropped.
    """

    def __init__(self, instance: Instance, depth: int) -> None:
        self.instance = instance
        self.links = instance.links
        self.link_of = np.full((instance.K, instance.K), -1, dtype=np.int64)
        self.link_of[self.links[:, 0], self.links[:, 1]] = np.arange(len(self.links))
        self.useful = candidates_of(instance).max_depth
        self.deepen(depth)

    def deepen(self, depth: int) -> None:
        """List the `depth` cheapest subcarriers of every link."""
        self.depth = self.deepest = min(depth, self.useful)
        self.columns, self.prices, self.next_price = candidates_of(self.instance).listed(self.depth)

    def keep(self, kept: np.ndarray) -> None:
        """Drop the other listed options, and all that is not listed, for good.

        Parameters
        ----------
        kept : (L, d) bool array
        """
        prices = np.where(kept, self.prices, np.inf)
        order = np.argsort(prices, axis=1, kind="stable")
        depth = max(1, int(np.isfinite(prices).sum(axis=1).max(initial=0)))
        self.prices = np.take_along_axis(prices, order, axis=1)[:, :depth].copy()
        self.columns = np.take_along_axis(self.columns, order, axis=1)[:, :depth].copy()
        self.next_price = np.full(len(self.links), np.inf)
        self.depth = self.useful = depth

    @property
    def complete(self) -> bool:
        """Whether every subcarrier that can matter is listed."""
        return self.depth >= self.useful


@dataclass
class DualPoint:
    """The dual function at one set of token prices.

    Attributes
    ----------
    bound : float
        Proved lower bound, J, without static energy.
    token_prices : (U, K) array
        Of the undecided tokens.
    selection : (U, K) bool array
        Each token's cheapest set at its prices.
    least_j : (U,) array
        DES_t(p_t).
    chosen : (L,) int array
        Position in the list that each link owns, -1 for its fallback.
    escaped : (L,) bool array
        The fallback stands for an unlisted subcarrier that is put to use.
    reduced : (L, d) array
        Reduced cost of each listed option, J: what the bound rises by if it is imposed.
    reduced_next : (L,) array
        The same for what is not listed; infinite where everything is.
    ownership_price : (L,) array
        Price of what each link owns, listed or not; infinite where it owns nothing.
    subcarrier_price : (M,) array
        What a link has to pay for each subcarrier besides, J: the assignment's duals.
    """

    bound: float
    token_prices: np.ndarray
    selection: np.ndarray
    least_j: np.ndarray
    chosen: np.ndarray
    escaped: np.ndarray
    reduced: np.ndarray
    reduced_next: np.ndarray
    ownership_price: np.ndarray
    subcarrier_price: np.ndarray


class DualProblem:
    """What is left to decide, and the evaluation of its dual.

    Parameters
    ----------
    instance : Instance
    lists : SubcarrierLists
    unserved_j : float
        Energy, J, above that of any solution: what a link or token that cannot be served costs.

    Attributes
    ----------
    undecided : (U,) int array
        Tokens whose set is open.
    load : (L,) int array
        n0, tokens that are decided to use each link.
    constant_j : float
        Computation energy of the decided tokens.
    decided : (T, K) bool array
        Sets of the decided tokens.
    must_own : (L,) bool array
        Links that own a subcarrier in every solution considered.
    """

    def __init__(self, instance: Instance, lists: SubcarrierLists, unserved_j: float) -> None:
        self.instance = instance
        self.lists = lists
        self.unserved_j = unserved_j
        self.undecided = np.arange(instance.T)
        self.load = np.zeros(len(lists.links), dtype=np.int64)
        self.constant_j = 0.0
        self.decided = np.zeros((instance.T, instance.K), dtype=bool)
        self.must_own = np.zeros(len(lists.links), dtype=bool)

    def restricted(self, allowed: np.ndarray, must_own: np.ndarray) -> DualProblem:
        """Return the problem in which links own allowed options only, and some own one surely.

        Parameters
        ----------
        allowed : (L, d) bool array
        must_own : (L,) bool array
        """
        other = copy(self)
        other.lists = copy(self.lists)
        other.lists.prices = np.where(allowed, self.lists.prices, np.inf)
        other.must_own = must_own
        return other

    def decide(self, positions: np.ndarray, selection: np.ndarray) -> None:
        """Fix the sets of some undecided tokens, given by position; they become base load.

        Parameters
        ----------
        positions : (U,) bool array
        selection : (number, K) bool array
        """
        tokens = self.undecided[positions]
        self.decided[tokens] = selection
        source = self.instance.source[tokens]
        rows, experts = np.nonzero(selection)
        links = self.lists.link_of[source[rows], experts]
        np.add.at(self.load, links[links >= 0], 1)
        self.constant_j += float(self.instance.computation_energy_j[experts].sum())
        self.undecided = self.undecided[~positions]

    def price_table(self, link_energy_j: np.ndarray) -> np.ndarray:
        """Return (U, K) prices from (K, K) link energies, for the undecided tokens."""
        return link_energy_j[self.instance.source[self.undecided]]

    def cheapest(self, token_prices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return each undecided token's cheapest set, (U, K) bool, and its cost, (U,), J: DES."""
        instance, tokens = self.instance, self.undecided
        if not len(tokens):
            return np.zeros((0, instance.K), dtype=bool), np.zeros(0)
        answer = select_experts(
            token_prices + instance.computation_energy_j,
            instance.gate_scores[tokens],
            instance.threshold[tokens],
            instance.max_experts,
        )
        return answer.selection, answer.bound_j

    def evaluate(
        self, token_prices: np.ndarray, cheapest: tuple[np.ndarray, np.ndarray] | None = None
    ) -> DualPoint:
        """Evaluate the dual function.

        Parameters
        ----------
        token_prices : (U, K) array
            p >= 0, J: zero at home, infinite where an expert is out of reach, or in no set that
            the token may still choose.
        cheapest : pair of arrays, optional
            What `cheapest` returns, where tokens have fewer sets to choose from than DES knows.
        """
        instance, lists = self.instance, self.lists
        tokens = self.undecided
        selection, least = self.cheapest(token_prices) if cheapest is None else cheapest
        least = np.minimum(least, self.unserved_j)
        bids, bids_next = np.empty_like(lists.prices), np.empty(len(lists.links))
        add_bids(
            lists.prices,
            lists.next_price,
            lists.link_of,
            instance.source[tokens],
            token_prices,
            bids,
            bids_next,
        )
        base = np.where(self.load[:, None] > 0, lists.prices, 0.0) * self.load[:, None]
        cost = np.where(np.isfinite(lists.prices), base - bids, np.inf)
        none = np.where((self.load > 0) | self.must_own, self.unserved_j, 0.0)
        unlisted = np.where(self.load > 0, lists.next_price, 0.0) * self.load - bids_next
        escape = np.where(np.isfinite(lists.next_price), unlisted, np.inf)
        fallback_cost = np.minimum(none, escape)
        chosen, row_dual, column_dual = assign(cost, lists.columns, fallback_cost, instance.M)
        # Dual feasibility is restored by hand, so that the bound does not rest on the algorithm:
        # a row's dual is the least of its options at the column duals.
        column_dual = np.minimum(column_dual, 0.0)
        at_columns = cost - column_dual[lists.columns]
        row_dual = np.minimum(fallback_cost, at_columns.min(axis=1, initial=np.inf))
        reduced = at_columns - row_dual[:, None]
        bound = math.fsum(
            [
                self.constant_j,
                float(least.sum()),
                float(row_dual.sum()),
                float(column_dual.sum()),
            ]
        )
        rows = np.arange(len(chosen))
        owned = fallback_cost
        if len(rows):
            owned = np.where(chosen >= 0, lists.prices[rows, chosen], np.inf)
        escaped = (chosen < 0) & (escape < none)
        return DualPoint(
            bound,
            token_prices,
            selection,
            least,
            chosen,
            escaped,
            reduced,
            escape - row_dual,
            np.where(escaped, lists.next_price, owned),
            -column_dual,
        )

    def prices_at(self, point: DualPoint) -> DualPrices:
        """Return a dual point's prices as they go into a proof."""
        prices = point.token_prices, point.subcarrier_price
        return DualPrices(self.undecided, *prices, self.lists.deepest)

    def supergradient(self, point: DualPoint) -> np.ndarray:
        """Return a supergradient of the bound: used by the token, less paid for by its bid."""
        source = self.instance.source[self.undecided]
        links = self.lists.link_of[source]
        bidding = point.token_prices > np.append(point.ownership_price, np.inf)[links]
        gradient = point.selection.astype(np.float64) - bidding
        gradient[(links < 0) | ~np.isfinite(point.token_prices)] = 0.0
        return gradient

    def assignment(self, point: DualPoint) -> np.ndarray:
        """Return the (K, K) assignment that a dual point suggests, -1 where it names none."""
        lists = self.lists
        result = np.full((self.instance.K, self.instance.K), -1)
        owns = point.chosen >= 0
        i, j = lists.links[owns, 0], lists.links[owns, 1]
        result[i, j] = lists.columns[np.flatnonzero(owns), point.chosen[owns]]
        return result

    def full_selection(self, point: DualPoint) -> np.ndarray:
        """Return the (T, K) selection: decided sets, and each other token's cheapest."""
        selection = self.decided.copy()
        selection[self.undecided] = point.selection
        return selection
