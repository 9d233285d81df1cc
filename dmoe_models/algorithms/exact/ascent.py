"""Raising the dual bound by supergradient steps, and the state of a run that does it.

Steps have Polyak's length: towards the best known energy, shortened whenever the bound stalls. Now
and then the assignment and the selection that the dual suggests start a JESA descent; where prices
are nearly right, these are nearly optimal.

References
----------
B. Polyak, "Minimization of unsmooth functionals", USSR Computational Mathematics and Mathematical
Physics 9 (1969).
"""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dmoe_models.algorithms.exact.dual import DualPoint, DualProblem
from dmoe_models.algorithms.exact.proof_tree import Proof
from dmoe_models.algorithms.jesa import descend
from dmoe_models.deadline import Deadline
from dmoe_models.model.energy import assignment_energy_j, best_link_energy_j, evaluate
from dmoe_models.model.gap import CERTIFIED_GAP
from dmoe_models.model.instance import Instance
from dmoe_models.model.solution import Outcome, Solution

_LOG = logging.getLogger("dmoe_models.exact")

_PATIENCE = 8  # steps without a better bound before the step length is cut
_SHORTER = 0.7
_HEURISTIC_EVERY = 10


@dataclass
class Run:
    """The state of one run: the best solution, the best bound, and the story for `details`."""

    instance: Instance
    deadline: Deadline
    energy_j: float = math.inf  # without static energy, like all energies here
    solution: Solution | None = None
    bound_j: float = -math.inf
    cutoff_j: float = math.inf  # above the energy of any solution there can be
    details: dict[str, Any] = field(default_factory=dict)
    proof: Proof | None = None  # where the proof is recorded, if it is; what is open of it
    started: float = field(default_factory=time.perf_counter)
    _told: float = -math.inf

    def offer(self, solution: Solution | None) -> bool:
        """Keep a solution if it is better than the best known."""
        if solution is None:
            return False
        report = evaluate(self.instance, solution)
        energy = report.transmission_j + report.computation_j
        if energy < self.energy_j:
            self.energy_j, self.solution = energy, solution
            elapsed = time.perf_counter() - self.started
            self.details.setdefault("incumbents", []).append((elapsed, report.total_j))
            return True
        return False

    def raise_bound(self, bound: float) -> None:
        """Keep a proved bound, J, of all solutions better than the best known."""
        self.bound_j = max(self.bound_j, min(bound, self.energy_j))

    def learn(self, problem: DualProblem, point: DualPoint) -> None:
        """Keep the bound of a dual point of the whole problem, and how it was come by."""
        self.raise_bound(point.bound)
        if self.proof is not None:
            self.proof.learn(point.bound, problem.prices_at(point))

    def reduce(self, problem: DualProblem, point: DualPoint) -> None:
        """Note that from here on what a dual point excludes is left out."""
        if self.proof is not None:
            self.proof = self.proof.reduce(problem.prices_at(point))

    @property
    def gap_j(self) -> float:
        """Best known energy less bound, J."""
        return self.energy_j - self.bound_j

    @property
    def target_j(self) -> float:
        """What a bound has to reach: the best known energy, or one that no solution has."""
        return self.cutoff_j if self.solution is None else self.energy_j * (1 - CERTIFIED_GAP)

    def reached(self, bound: float) -> bool:
        """Whether a bound leaves nothing to look for."""
        return bound >= self.target_j

    @property
    def closed(self) -> bool:
        """Whether energy and bound meet, or no solution is possible."""
        return self.reached(self.bound_j)

    def note(self, phase: str) -> None:
        """Record time and gap at the end of a phase."""
        elapsed = time.perf_counter() - self.started
        gap = self.gap_j / self.energy_j if 0 < self.energy_j < math.inf else math.nan
        self.details.setdefault("phases", []).append(
            {"phase": phase, "seconds": elapsed, "gap": gap}
        )
        self.tell(phase, self.bound_j)

    def tell(self, what: str, bound: float) -> None:
        """Log where the run stands, at most once a second."""
        now = time.perf_counter()
        if now >= self._told + 1.0 and _LOG.isEnabledFor(logging.INFO):
            self._told = now
            static = self.instance.static_total_j
            gap = (self.energy_j - bound) / self.energy_j if self.energy_j < math.inf else math.nan
            _LOG.info(
                "%7.1f s  %s: energy %.9g J, bound %.9g J, gap %.2e",
                *(now - self.started, what, self.energy_j + static, bound + static, gap),
            )

    def outcome(self) -> Outcome:
        """Return what the run has to show."""
        static = self.instance.static_total_j
        infeasible = self.solution is None and self.closed
        bound = math.inf if infeasible else self.bound_j
        return Outcome(self.solution, bound + static, self.details)


def ascend(run: Run, problem: DualProblem, start: np.ndarray, max_steps: int) -> DualPoint:
    """Raise the bound by supergradient steps; offer what the dual suggests to the run."""
    floor = problem.price_table(best_link_energy_j(run.instance))
    length = 1.0
    idle = 0
    prices = start
    best: DualPoint | None = None
    steps = 0
    for steps in range(max_steps):
        run.tell(f"step {steps + 1}", run.bound_j)
        point = problem.evaluate(prices)
        while point.escaped.any() and not problem.lists.complete:
            problem.lists.deepen(2 * problem.lists.depth)
            point = problem.evaluate(prices)
        if best is None or point.bound > best.bound * (1 + 1e-13):
            best, idle = point, 0
            run.learn(problem, point)
        else:
            idle += 1
        if steps % _HEURISTIC_EVERY == _HEURISTIC_EVERY - 1 or steps == 2:
            suggest(run, problem, point)
        if run.closed or run.deadline.passed:
            break
        if idle >= _PATIENCE:
            length *= _SHORTER
            idle = 0
            prices = best.token_prices
            if length < 1e-3:
                break
            continue
        direction = problem.supergradient(point)
        size = float((direction * direction).sum())
        if size == 0:
            suggest(run, problem, point)
            break
        target = run.energy_j if run.solution is not None else 1.05 * best.bound
        prices = np.maximum(prices + length * (target - point.bound) / size * direction, floor)
    assert best is not None
    run.details["steps"] = run.details.get("steps", 0) + steps + 1
    run.details["depth"] = problem.lists.depth
    return best


def suggest(run: Run, problem: DualProblem, point: DualPoint) -> None:
    """Start descents where the dual points to."""
    suggested = problem.assignment(point)
    run.offer(
        descend(run.instance, assignment_energy_j(run.instance, suggested), deadline=run.deadline)
    )
    run.offer(descend(run.instance, problem.full_selection(point), deadline=run.deadline))
