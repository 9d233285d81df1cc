"""JESA: joint expert and subcarrier allocation (P2) by block coordinate descent.

From a starting assignment, repeat: DES chooses every token's experts at the current link prices;
the assignment problem P3 places the resulting load. Neither step raises the energy. A pass of DES
at the *new* prices that lowers nothing ends it: then the selection is optimal for the assignment
and the assignment for the selection, which makes a local optimum and no more. Proofs, and how far
from the optimum that can be: docs/model.md, facts 2 (concave minimisation), 4 and 7.

After the first pass DES looks again only at tokens that may gain: those of a node one of whose
links got cheaper, and those that use a link that got dearer. Where every loaded link owns its own
best subcarrier after a start at best prices, nobody may, and the energy is LB.

References
----------
Qin, Wu, Du, Huang, arXiv 2503.13421 (JESA). Starting points, what idle links get and the handling
of links without a subcarrier are choices of this project, documented below.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from dmoe_models.algorithms.placement.assignment import assign_load
from dmoe_models.algorithms.placement.candidates import candidates_of
from dmoe_models.algorithms.selection.des import ExpertSelection, select_experts
from dmoe_models.deadline import Deadline
from dmoe_models.environment import available_cores
from dmoe_models.errors import MethodError
from dmoe_models.model.energy import (
    assignment_energy_j,
    best_link_energy_j,
    count_tokens,
    expert_energy_j,
    selected_energy_j,
    total_energy_j,
)
from dmoe_models.model.instance import Instance
from dmoe_models.model.solution import Outcome, Solution

STARTS = ("random", "assignment", "price")

_NOISE = 1e-12
"""Energies closer than this (relative) are equal: rounding must not keep the descent alive."""


def jesa(
    instance: Instance,
    *,
    seed: int = 0,
    start: str = "random",
    starts: int = 1,
    max_iterations: int = 1000,
    threads: int | None = None,
    time_limit: float | None = None,
) -> Outcome:
    """Solve P2 heuristically by alternating DES and P3.

    Parameters
    ----------
    instance : Instance
        P2.
    seed : int
        Seed of the random starts.
    start : {"random", "assignment", "price"}
        The first start: a random assignment of subcarriers to links; the assignment that is
        cheapest when every link counts alike; or every link at its own best price, which is no
        assignment but the point that LB is computed at.
    starts : int
        Number of starts; the best result is kept, the first of equals. The second is "price"
        (unless the first was), the others are random. Where "price" shows that the best so far is
        LB, those that are left are not run.
    max_iterations : int
        Most iterations (one P3, one DES) of one start.
    threads : int, optional
        Starts that run at a time; by default one for every core that this process may use. Answers
        do not depend on it, unless time runs out.
    time_limit : float, optional
        Seconds for all starts together; past it the best solution so far is returned.

    Returns
    -------
    Outcome
        `details`: energies_j (J after every P3 and every DES step of the best start),
        start_energy_j (J before the first: of its first selection, at the prices that it started
        from), iterations, nodes, converged, starts_j (energy of every start).
    """
    if start not in STARTS:
        raise MethodError(f"start = {start!r} is not one of {', '.join(STARTS)}")
    if threads is None:
        threads = available_cores()
    numbers = {"starts": starts, "max_iterations": max_iterations, "threads": threads}
    for name, number in numbers.items():
        if not isinstance(number, int) or isinstance(number, bool) or number < 1:
            raise MethodError(f"{name} = {number!r} is not a whole number of at least 1")
    kinds = [start]
    if starts > 1:
        kinds.append("price" if start != "price" else "random")
    kinds += ["random"] * (starts - len(kinds))

    descents = _run_starts(instance, kinds, seed, max_iterations, threads, Deadline(time_limit))
    best = min(descents, key=lambda descent: descent.energy_j)
    details = {
        "start": best.start,
        "energies_j": best.energies_j,
        "start_energy_j": best.start_energy_j,
        "iterations": best.iterations,
        "nodes": sum(descent.nodes for descent in descents),
        "converged": best.converged,
        "starts_j": [descent.energy_j for descent in descents],
    }
    return Outcome(best.solution, details=details)


def _run_starts(
    instance: Instance,
    kinds: list[str],
    seed: int,
    max_iterations: int,
    threads: int,
    deadline: Deadline,
) -> list[_Descent]:
    """Run the starts, several at a time; return those up to the first that leaves no better."""
    at_once = min(threads, len(kinds))
    first_random = kinds.index("random") if "random" in kinds else 0

    def run(number: int) -> _Descent | None:
        if number and deadline.passed:
            return None
        # a start's draws are its own, whichever thread takes it, and when
        random = np.random.default_rng(seed if number == first_random else [seed, number])
        kind = kinds[number]
        descent = _Descent(instance, deadline, threads // at_once, kind)
        least = descent.start_from(starting_prices(instance, kind, random))
        if descent.selection is None and kind != "price":
            # Some token cannot be served at the starting prices (too few subcarriers, or missing
            # links). Each link's own best price is the most permissive start there is.
            kind, least = "price", descent.start_from(best_link_energy_j(instance))
        if kind == "price":
            descent.bound_j = least
        descent.alternate(max_iterations)
        return descent

    done: list[_Descent] = []
    least = -math.inf
    with ThreadPoolExecutor(at_once) as pool:
        try:
            # one at a time needs no thread but this one
            for descent in (pool.map if at_once > 1 else map)(run, range(len(kinds))):
                if descent is None:
                    break
                done.append(descent)
                least = max(least, descent.bound_j)
                if min(d.energy_j for d in done) <= least * (1 + _NOISE):
                    break
        finally:
            # what is still under way or waiting, after this or an interrupt, is not wanted
            deadline.expire()
            pool.shutdown(wait=False, cancel_futures=True)
    return done


def starting_prices(instance: Instance, start: str, random: np.random.Generator) -> np.ndarray:
    """Return the link prices at which the first DES works.

    Parameters
    ----------
    instance : Instance
    start : {"random", "assignment", "price"}
        See `jesa`.
    random : numpy.random.Generator
        Drawn from for a random start only.

    Returns
    -------
    (K, K) array
        J per token; infinite for links without a subcarrier.
    """
    if start == "price":
        return best_link_energy_j(instance)
    if start == "random":
        assignment = _random_assignment(instance, random)
    else:
        nothing = np.zeros((instance.K, instance.K), dtype=np.int64)
        allocated = assign_load(nothing, candidates_of(instance))
        assert allocated is not None  # nothing is loaded, so nothing can fail
        assignment = allocated
    return assignment_energy_j(instance, assignment)


def _random_assignment(instance: Instance, random: np.random.Generator) -> np.ndarray:
    """Give distinct random subcarriers to the links, in random order while they last."""
    assignment = np.full((instance.K, instance.K), -1)
    number = min(len(instance.links), instance.M)
    links = instance.links[random.permutation(len(instance.links))[:number]]
    assignment[links[:, 0], links[:, 1]] = random.permutation(instance.M)[:number]
    return assignment


def descend(
    instance: Instance, start: np.ndarray, *, deadline: Deadline, max_iterations: int = 1000
) -> Solution | None:
    """Run JESA's iterations from given prices or from a given selection.

    Parameters
    ----------
    instance : Instance
    start : (K, K) float array or (T, K) bool array
        Link prices, J per token, for a first DES pass; or the selection itself.
    deadline : Deadline
    max_iterations : int

    Returns
    -------
    Solution or None
        The local optimum; None where a token or a loaded link cannot be served.
    """
    descent = _Descent(instance, deadline)
    if start.dtype == bool:
        descent.selection = start
    else:
        descent.start_from(start)
    descent.alternate(max_iterations)
    return descent.solution


@dataclass
class _Descent:
    """One run of JESA: where it stands, its best decisions, its energy after every half-step."""

    instance: Instance
    deadline: Deadline
    threads: int | None = None
    start: str = "given"
    selection: np.ndarray | None = None
    prices: np.ndarray | None = None  # at which no token gains by another set; None: not known
    best: tuple[np.ndarray, np.ndarray] | None = None  # selection and assignment
    energy_j: float = math.inf
    bound_j: float = -math.inf  # LB, where the start was at best prices
    energies_j: list[float] = field(default_factory=list)
    start_energy_j: float = math.nan
    iterations: int = 0
    nodes: int = 0
    converged: bool = False

    @property
    def solution(self) -> Solution | None:
        """The best decisions."""
        return None if self.best is None else Solution(*self.best)

    def start_from(self, prices: np.ndarray) -> float:
        """Choose every token's experts at given prices, if all can be served.

        Returns
        -------
        float
            Proved lower bound of the energy, J, at these prices.
        """
        answer = self._choose(expert_energy_j(self.instance, prices), slice(None))
        if answer.feasible:
            self.selection, self.prices = answer.selection, prices
        return float(answer.bound_j.sum()) + self.instance.static_total_j

    def alternate(self, max_iterations: int) -> None:
        """P3 and DES in turn, until DES at the new prices lowers nothing."""
        if self.selection is None:
            return
        instance = self.instance
        counts = count_tokens(instance, self.selection)
        if self.prices is not None:
            self.start_energy_j = total_energy_j(instance, self.prices, counts)
        while self.iterations < max_iterations:
            self.iterations += 1
            assignment = assign_load(counts, candidates_of(instance))
            if assignment is None:
                return
            prices = assignment_energy_j(instance, assignment)
            self._record(assignment, total_energy_j(instance, prices, counts))
            if not self._improve(prices):
                self.converged = not self.deadline.passed
                return
            counts = count_tokens(instance, self.selection)
            self._record(assignment, total_energy_j(instance, prices, counts))
            if self.deadline.passed:
                return

    def _improve(self, prices: np.ndarray) -> bool:
        """Let the tokens that may gain by new prices choose again; return whether any did."""
        assert self.selection is not None
        tokens = self._tokens_that_may_gain(prices)
        self.prices = prices
        if len(tokens) == 0:
            return False
        energy = expert_energy_j(self.instance, prices, tokens)
        present = selected_energy_j(energy, self.selection[tokens])
        answer = self._choose(energy, tokens)
        gains = answer.energy_j < present * (1 - _NOISE)
        if not gains.any():
            return False
        self.selection = self.selection.copy()
        self.selection[tokens[gains]] = answer.selection[gains]
        return True

    def _tokens_that_may_gain(self, prices: np.ndarray) -> np.ndarray:
        """Tokens that may gain by new prices.

        Those of a node one of whose links got cheaper, and those that use a link that got dearer:
        any other token's set costs what it did, and all its other sets no less.
        """
        if self.prices is None:
            return np.arange(self.instance.T)
        source = self.instance.source
        cheaper: np.ndarray = np.any(prices < self.prices, axis=1)
        concerned = cheaper[source]
        dearer = np.greater(prices, self.prices) & ~cheaper[:, None]
        if dearer.any():
            concerned |= (self.selection & dearer[source]).any(axis=1)
        return np.flatnonzero(concerned)

    def _choose(self, energy_j: np.ndarray, tokens: np.ndarray | slice) -> ExpertSelection:
        """Run DES for some tokens."""
        instance = self.instance
        answer = select_experts(
            energy_j,
            instance.gate_scores[tokens],
            instance.threshold[tokens],
            instance.max_experts,
            time_limit=self.deadline,
            threads=self.threads,
        )
        self.nodes += int(answer.nodes.sum())
        return answer

    def _record(self, assignment: np.ndarray, energy: float) -> None:
        self.energies_j.append(energy)
        if energy < self.energy_j:
            assert self.selection is not None
            self.energy_j, self.best = energy, (self.selection, assignment)
