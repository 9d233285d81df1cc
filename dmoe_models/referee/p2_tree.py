"""P2's certificates: a tree whose every leaf is closed by weak duality, verified in whole numbers.

What has to be considered. Several subcarriers on a link cost their mean rate, so the best one of
them alone is no worse; energies are not negative, so an expert that a token can do without may
leave; and of a link's L best subcarriers the other L - 1 links leave it one. So some best solution
gives every loaded link one of its own L best subcarriers and every token a minimal feasible set.

The bound at given prices is that of `dmoe_models.referee.p2_bound`.

The tree. A branch's two parts hold all of its solutions. Where an option of a link, or a set of a
token, would raise the bound to the target, no solution below the target makes use of it, and
`reduce` removes it.

Numbers are whole (`dmoe_models.referee.p2_whole_numbers`): tables of 64 bits, their sums Python's
own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from dmoe_models.model.instance import Instance
from dmoe_models.referee.exact_arithmetic import rounded_down
from dmoe_models.referee.p2_bound import Node, bound_at
from dmoe_models.referee.p2_nodes import Prices, Step, read_steps
from dmoe_models.referee.p2_sets import NEVER
from dmoe_models.referee.p2_whole_numbers import WholeInstance
from dmoe_models.referee.proof_reading import RefusedError, index, list_of, member

_MOST_SETS = 2000  # of one token that are listed
_MOST_LISTED = 4_000_000  # of all tokens before anything is reduced


def require_claim(instance: Instance, proof: Mapping[str, Any], claim: float | None) -> None:
    """Verify the claim of a P2 certificate.

    Parameters
    ----------
    instance : Instance
    proof : mapping
        ``depth`` and ``tree``, as they stand in the file.
    claim : float or None
        Bound to be proved, J; None: that there is no solution.

    Raises
    ------
    RefusedError
        Where it is not proved, saying at which node of the tree.
    """
    proof = dict(proof)
    depth = index(member(proof, "depth"), "depth", 1 << 40)
    steps = read_steps(instance, list_of(member(proof, "tree"), "tree"))
    points = [step.content for step in steps if isinstance(step.content, Prices)]
    checker = TreeChecker(WholeInstance(instance, depth, points, claim))
    pending = [checker.root()]
    for step in steps:
        if not pending:
            raise RefusedError(f"{step.where}: the tree is complete before")
        node = pending.pop()
        if step.kind == "prices":
            checker.require_closed(node, step)
        elif step.kind == "reduce":
            pending.append(checker.reduced(node, step.content))
        else:
            without, with_it = checker.parts(node, step)
            pending += [with_it, without]
    if pending:
        raise RefusedError(f"tree: {len(pending)} node(s) are missing")


class TreeChecker:
    """What may be done with a node of the tree."""

    def __init__(self, whole: WholeInstance) -> None:
        self.whole, self.instance = whole, whole.instance

    def root(self) -> Node:
        """Return all that has to be considered."""
        tokens = np.arange(self.instance.T)
        links = len(self.whole.links)
        node = Node(
            self.whole.columns,
            self.whole.joules,
            self.whole.joules < NEVER,
            np.zeros(links, dtype=bool),
            np.zeros(links, dtype=np.int64),
            0,
            tokens,
            np.zeros(len(tokens), dtype=bool),
            np.zeros(0, dtype=np.int64),
            np.zeros((0, self.whole.sets.slots), dtype=np.int64),
            np.full((len(tokens), self.whole.sets.slots), -1),
        )
        experts, slots = self.instance.K, self.whole.sets.slots
        sets = min(_MOST_SETS, sum(math.comb(experts, d) for d in range(1, slots + 1)))
        if len(tokens) * sets > _MOST_LISTED:
            return node
        free = np.zeros((len(tokens), experts), dtype=np.int64)
        return self._settled(self._listed(node, free, np.full(len(tokens), NEVER)))

    def _listed(self, node: Node, cost: np.ndarray, limit: np.ndarray) -> Node:
        """List the sets below a limit of tokens whose sets are not listed yet."""
        some = np.flatnonzero(~node.listed)
        owner, members, listed = self.whole.sets.below(
            node.tokens[some], cost[some], limit[some], _MOST_SETS
        )
        owner = np.append(node.owner, some[owner])
        order = np.argsort(owner, kind="stable")
        now = node.listed.copy()
        now[some[listed]] = True
        members = np.concatenate([node.members, members])[order]
        return replace(node, listed=now, owner=owner[order], members=members)

    def _settled(self, node: Node) -> Node:
        """Drop sets that use closed links; decide the tokens that have one set left."""
        instance = self.instance
        usable = np.append(node.open.any(axis=1), True)  # the last: no link at all
        link = self._links_of(node)
        kept = usable[link].all(axis=1)
        owner, members, link = node.owner[kept], node.members[kept], link[kept]
        count = np.bincount(owner, minlength=len(node.tokens))
        if (node.listed & (count == 0)).any():
            return replace(node, empty=True)
        single = node.listed & (count == 1)
        now = single[owner]
        links = len(self.whole.links)
        load = node.load + np.bincount(link[now].ravel(), minlength=links + 1)[:links]
        experts = members[now]
        decided = node.decided.copy()
        decided[node.tokens[owner[now]]] = experts
        constant = node.constant + sum(
            self.whole.computation[experts[experts < instance.K]].tolist()
        )
        position = np.cumsum(~single) - 1
        return replace(
            node,
            load=load,
            constant=constant,
            tokens=node.tokens[~single],
            listed=node.listed[~single],
            owner=position[owner[~now]],
            members=members[~now],
            decided=decided,
        )

    def _links_of(self, node: Node) -> np.ndarray:
        """Return the (S, D) links that the sets use; the number of links stands for none."""
        source = self.instance.source[node.tokens[node.owner]]
        padded = np.append(self.whole.link_of, np.full((self.instance.K, 1), -1), axis=1)
        link = padded[source[:, None], node.members]
        return np.where(link < 0, len(self.whole.links), link)

    def require_closed(self, node: Node, step: Step) -> None:
        """Refuse a leaf whose bound is below the target.

        Parameters
        ----------
        node : Node
        step : Step
            Of kind ``prices``.

        Raises
        ------
        RefusedError
            Saying by how many J the bound is short.
        """
        value = bound_at(self.whole, node, step.content)
        if value is not None and value.bound < self.whole.target:
            short = rounded_down(
                Fraction(self.whole.target - value.bound) / Fraction(2) ** self.whole.shift
            )
            raise RefusedError(f"{step.where}: the leaf's bound is {short:.3g} J below the claim")

    def reduced(self, node: Node, prices: Prices) -> Node:
        """Drop what no solution below the target makes use of.

        Parameters
        ----------
        node : Node
        prices : Prices
        """
        value = bound_at(self.whole, node, prices)
        if value is None or value.bound >= self.whole.target:
            return replace(node, empty=True)
        gap = min(self.whole.target - value.bound, int(NEVER))
        kept = node.open & (value.reduced < gap)
        order = np.argsort(~kept, axis=1, kind="stable")[:, : kept.sum(axis=1).max(initial=0)]
        columns, joules, still = (
            np.take_along_axis(table, order, axis=1) for table in (node.columns, node.joules, kept)
        )
        near = value.excess < gap
        node = replace(node, columns=columns, joules=joules, open=still)
        node = replace(node, owner=node.owner[near], members=node.members[near])
        if not node.listed.all():
            limit = np.minimum(value.least, NEVER - gap) + gap
            node = self._listed(node, value.expert_cost, limit)
        return self._settled(node)

    def parts(self, node: Node, step: Step) -> tuple[Node, Node]:
        """Split a node by a question: the answer no, and the answer yes.

        Parameters
        ----------
        node : Node
        step : Step
            Of kind ``uses``, ``owns`` or ``among``.
        """
        if node.empty:
            return node, node
        if step.kind == "uses":
            return self._by_use(node, step)
        i, j = step.content[:2]
        link = int(self.whole.link_of[i, j])
        if link < 0:
            raise RefusedError(f"{step.where}: there is no link {i} -> {j} that carries tokens")
        less, more = node.open.copy(), node.open.copy()
        if step.kind == "owns":
            less[link] = False
            owning = node.must_own.copy()
            owning[link] = True
            no = replace(node, open=less)
            if node.must_own[link] or node.load[link]:
                no = replace(no, empty=True)
            return self._settled(no), replace(node, must_own=owning)
        among = np.isin(node.columns[link], step.content[2])
        less[link] &= ~among
        more[link] &= among
        return self._settled(replace(node, open=less)), self._settled(replace(node, open=more))

    def _by_use(self, node: Node, step: Step) -> tuple[Node, Node]:
        t, j = step.content
        if node.decided[t, 0] >= 0:
            used = bool((node.decided[t] == j).any())
            return replace(node, empty=used), replace(node, empty=not used)
        here = np.flatnonzero(node.tokens == t)
        if not node.listed[here[0]]:
            raise RefusedError(f"{step.where}: token {t} has too many sets to ask for one")
        own = node.owner == here[0]
        holds = (node.members == j).any(axis=1)
        no, yes = (
            replace(node, owner=node.owner[kept], members=node.members[kept])
            for kept in (~own | ~holds, ~own | holds)
        )
        return self._settled(no), self._settled(yes)
