"""Branching over what the reductions leave: best bound first, on what moves the program most.

A node restricts which subcarriers a link may own, whether it owns one at all, and which sets a
token may choose. Three questions split it, wherever the linear program answers by a fraction: does
this link own a subcarrier; is it one of its k cheapest; does this token use that expert. Strong
branching asks the program itself which question helps most, and remembers the answer
(reliability branching). Before it is split, a node loses the subcarriers and sets whose reduced
cost exceeds the node's own gap.

References
----------
T. Achterberg, T. Koch, A. Martin, "Branching rules revisited", Operations Research Letters 33
(2005).
"""

from __future__ import annotations

import heapq
import math
from dataclasses import replace

import numpy as np

from dmoe_models.algorithms.exact.dual import DualPoint
from dmoe_models.algorithms.exact.node import Node, Relaxation
from dmoe_models.algorithms.exact.residual import ResidualProgram
from dmoe_models.algorithms.exact.state import SearchState
from dmoe_models.algorithms.jesa import descend
from dmoe_models.model.energy import assignment_energy_j
from dmoe_models.model.gap import CERTIFIED_GAP

_FRACTION = 1e-6
_MAX_PROBED = 24  # questions considered at a node, at most
_PROBE_ITERATIONS = 1000
_HEURISTIC_EVERY = 16

Branching = tuple[str, int, int]
"""("owns", link, 0), ("cheap", link, k) or ("uses", use, 0)."""


class BranchAndBound:
    """A search over the residual problem's solutions for one better than the best known.

    Parameters
    ----------
    state : SearchState
        Its best solution is improved; its bound is left alone.
    program : ResidualProgram
    fix_subcarriers, decide_tokens : bool
        Whether nodes lose subcarriers, and sets, by reduced cost.
    """

    def __init__(
        self,
        state: SearchState,
        program: ResidualProgram,
        *,
        fix_subcarriers: bool = True,
        decide_tokens: bool = True,
    ) -> None:
        self.state = state
        self.program = program
        self.fix_subcarriers = fix_subcarriers
        self.decide_tokens = decide_tokens
        self.nodes = 0
        self._finished = math.inf  # least bound of the parts that are done with
        self._gain: dict[
            Branching, float
        ] = {}  # share of the gap that a question closed when it was tried

    def search(self, root: Node) -> float:
        """Search until nothing better is left or time is up; return the proved bound, J."""
        state = self.state
        open_nodes = [(root.bound, 0, root)]
        count = 0
        while open_nodes and not state.deadline.passed:
            _, _, node = heapq.heappop(open_nodes)
            if state.reached(node.bound):
                self._finish(node.bound)
                continue
            self.nodes += 1
            state.log_progress(f"{self.nodes} nodes, {len(open_nodes) + 1} open", node.bound)
            relaxation, point, excess = self.program.solve_node(node, state.deadline, self.enough_j)
            if relaxation is None or point is None:
                heapq.heappush(open_nodes, (node.bound, -count - 1, node))
                break
            bound = max(node.bound, point.bound)
            if node.proof is not None:
                node.proof.record_bound(point.bound, self.program.problem.prices_at(point))
            if state.reached(bound):
                self._finish(bound)
                continue
            if self.nodes % _HEURISTIC_EVERY == 1 or relaxation.integral:
                offer_rounded(state, self.program, relaxation)
            node = replace(self.reduced(node, point, excess), bound=bound)
            parts = self._split(node, relaxation)
            if parts is None:
                self._finish(bound)
                continue
            for part in parts:
                count += 1
                heapq.heappush(open_nodes, (bound, -count, part))
        return min([self._finished, *(bound for bound, _, _ in open_nodes)])

    def _finish(self, bound: float) -> None:
        """Note the bound, J, of a part that is done with."""
        self._finished = min(self._finished, bound)

    @property
    def enough_j(self) -> float:
        """A bound, J, past which a node holds nothing of interest."""
        target = self.state.target_j
        return target + 0.9 * CERTIFIED_GAP * abs(target)

    def reduced(self, node: Node, point: DualPoint, excess: np.ndarray) -> Node:
        """Drop what no solution of the node that is better than the best known makes use of.

        Parameters
        ----------
        node : Node
        point : DualPoint
            A dual point of the node.
        excess : (S,) array
            By how much each set exceeds its token's cheapest at that point, J.

        Returns
        -------
        Node
        """
        gap = allowance(self.state, point)
        allowed, sets = node.allowed, node.permits(len(excess))
        if self.fix_subcarriers:
            allowed = allowed & (point.reduced <= gap)
        if self.decide_tokens:
            sets = sets & (excess <= gap)
        proof = node.proof
        if proof is not None:
            proof = proof.reduce(self.program.problem.prices_at(point))
        return replace(node, allowed=allowed, sets=sets, proof=proof)

    def _split(self, node: Node, relaxation: Relaxation) -> list[Node] | None:
        """Return nodes that hold all that matters of this one; None if no question is left.

        Either the two answers to the question that raises the bound most; or, where an answer was
        proved to hold nothing better, what the other answers leave of the node.
        """
        found = self.questions(node, relaxation)
        if not found:
            return None
        usual = float(np.mean(list(self._gain.values()))) if self._gain else 1.0
        ranked = sorted(found, key=lambda q: self._gain.get(q, 4 * usual * found[q]), reverse=True)[
            :_MAX_PROBED
        ]
        basis = self.program.solver.getBasis()
        best, best_gain, tightened = ranked[0], -1.0, False
        for question in ranked:
            if self.state.deadline.passed:
                break
            parts = self.children(node, question)
            if question not in self._gain or (not tightened and question == ranked[0]):
                probed = []
                for part in parts:
                    probed.append(self._probe(part, relaxation))
                    self.program.solver.setBasis(basis)
                gain = math.prod(rise for rise, _ in probed)
                if any(point is not None for _, point in probed):
                    alive = []
                    for part, (_, point) in zip(
                        self._recorded(node, question, parts), probed, strict=True
                    ):
                        if point is None:
                            alive.append(part)
                        elif part.proof is not None:
                            prices = self.program.problem.prices_at(point)
                            part.proof.record_bound(point.bound, prices)
                    if not alive:
                        return []
                    node, tightened = alive[0], True
                self._gain[question] = math.sqrt(gain)
            if self._gain[question] > best_gain:
                best, best_gain = question, self._gain[question]
        return [node] if tightened else self._recorded(node, best, self.children(node, best))

    def _probe(self, part: Node, relaxation: Relaxation) -> tuple[float, DualPoint | None]:
        """Return what share of the gap a part's program closes, and what proves all if it does."""
        state, program = self.state, self.program
        value, prices = program.probe(part, _PROBE_ITERATIONS)
        gap = max(state.target_j - relaxation.value_j, 1e-12 * abs(relaxation.value_j))
        rise = min(max((value - relaxation.value_j) / gap, 1e-4), 1.0)
        if rise < 1.0:
            return rise, None
        point = program.evaluate(part, prices)[0]
        if not state.reached(point.bound):
            return rise, None
        self._finish(point.bound)
        return rise, point

    def _recorded(self, node: Node, question: Branching, parts: tuple[Node, Node]) -> list[Node]:
        """Return the parts of a node with a place each in the proof that is recorded, if any."""
        if node.proof is None:
            return list(parts)
        kind, number, position = question
        program, lists = self.program, self.program.problem.lists
        i, j = lists.links[number].tolist() if kind != "uses" else (-1, -1)
        if kind == "owns":
            places = node.proof.split(("owns", [i, j]))
        elif kind == "cheap":
            listed = np.isfinite(lists.prices[number, : position + 1])
            cheap = lists.columns[number, : position + 1][listed].tolist()
            places = node.proof.split(("among", [i, j, cheap]))
        else:
            token = int(program.problem.undecided[program.use_token[number]])
            places = node.proof.split(("uses", [token, int(program.use_expert[number])]))
        return [replace(part, proof=place) for part, place in zip(parts, places, strict=True)]

    def questions(self, node: Node, relaxation: Relaxation) -> dict[Branching, float]:
        """Return the questions that the program answers by a fraction.

        Parameters
        ----------
        node : Node
        relaxation : Relaxation
            The node's solved program.

        Returns
        -------
        dict
            f (1 - f) of each question that is answered by a fraction f.
        """
        found: dict[Branching, float] = {}
        if relaxation.integral:  # then some choice of sets is worth the same
            return found
        total = relaxation.ownership.sum(axis=1)
        for link in np.flatnonzero(~node.must_own & _fractional(total)).tolist():
            found["owns", link, 0] = total[link] * (1 - total[link])
        prefix = relaxation.ownership.cumsum(axis=1)
        middle = np.abs(prefix - 0.5 * total[:, None])
        middle[~_fractional(prefix)] = np.inf
        middle[:, -1] = np.inf
        for link in np.flatnonzero(np.isfinite(middle.min(axis=1, initial=np.inf))).tolist():
            k = int(middle[link].argmin())
            if node.allowed[link, : k + 1].any() and node.allowed[link, k + 1 :].any():
                found["cheap", link, k] = prefix[link, k] * (1 - prefix[link, k])
        program = self.program
        use = relaxation.use[program.use_token, program.use_expert]
        listed = program.all_listed[program.use_token]
        for number in np.flatnonzero(_fractional(use) & listed).tolist():
            found["uses", number, 0] = use[number] * (1 - use[number])
        return found

    def children(self, node: Node, question: Branching) -> tuple[Node, Node]:
        """Split a node by a question.

        Parameters
        ----------
        node : Node
        question : Branching

        Returns
        -------
        tuple of Node
            Where the answer is no, and where it is yes.
        """
        kind, number, position = question
        program, pool = self.program, self.program.pool
        sets = node.permits(len(pool))
        if kind == "uses":
            own = pool.owner == program.use_token[number]
            holds = pool.members[:, program.use_expert[number]]
            return replace(node, sets=sets & ~(own & holds)), replace(
                node, sets=sets & ~(own & ~holds)
            )
        less, more = node.allowed.copy(), node.allowed.copy()
        if kind == "owns":
            less[number] = False
            without = sets.copy()
            without[program.sets_using(number)] = False
            owning = node.must_own.copy()
            owning[number] = True
            return replace(node, allowed=less, sets=without), replace(node, must_own=owning)
        less[number, : position + 1] = False
        more[number, position + 1 :] = False
        return replace(node, allowed=less), replace(node, allowed=more)


def allowance(state: SearchState, point: DualPoint) -> float:
    """Return the reduced cost, J, above which nothing can be in a better solution.

    Parameters
    ----------
    state : SearchState
        Its best known energy counts.
    point : DualPoint
        Where the reduced costs are taken.
    """
    return (state.energy_j - point.bound) * (1 + 1e-9) + 1e-13 * abs(state.energy_j)


def offer_rounded(state: SearchState, program: ResidualProgram, relaxation: Relaxation) -> None:
    """Try what the linear program's solution suggests: the sets, then the assignment.

    Parameters
    ----------
    state : SearchState
        Gets the solutions that are better than its best.
    program : ResidualProgram
    relaxation : Relaxation
        Its solution.
    """
    problem, pool = program.problem, program.pool
    best, _ = pool.cheapest(-relaxation.weight, program.tokens)
    if (best >= 0).all():
        selection = problem.decided.copy()
        selection[problem.undecided] = pool.members[best]
        state.offer(descend(state.instance, selection, deadline=state.deadline))
    owned = np.full((state.instance.K, state.instance.K), -1)
    most = relaxation.ownership.argmax(axis=1)
    rows = np.flatnonzero(relaxation.ownership.max(axis=1, initial=0.0) > 0.5)
    links = problem.lists.links[rows]
    owned[links[:, 0], links[:, 1]] = problem.lists.columns[rows, most[rows]]
    state.offer(
        descend(state.instance, assignment_energy_j(state.instance, owned), deadline=state.deadline)
    )


def _fractional(value: np.ndarray) -> np.ndarray:
    return np.abs(value - np.round(value)) > _FRACTION
