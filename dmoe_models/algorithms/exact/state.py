"""The state of a run of `exact`: best solution and bound, recorded proof, time and gap by phase."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass, field
from typing import Any

from dmoe_models.algorithms.exact.dual import DualPoint, DualProblem
from dmoe_models.algorithms.exact.proof_tree import ProofNode
from dmoe_models.deadline import Deadline
from dmoe_models.model.energy import evaluate
from dmoe_models.model.gap import CERTIFIED_GAP
from dmoe_models.model.instance import Instance
from dmoe_models.model.solution import Outcome, Solution

_NEGLIGIBLE = 1e-4
"""Share of a bound by which it has to rise to be told of."""

_LOG = logging.getLogger("dmoe_models.exact")


@dataclass
class SearchState:
    """The best solution and bound of a run of `exact`, its proof, and its course for `details`."""

    instance: Instance
    deadline: Deadline
    energy_j: float = math.inf  # without static energy, like all energies here
    solution: Solution | None = None
    bound_j: float = -math.inf
    cutoff_j: float = math.inf  # above the energy of any solution there can be
    details: dict[str, Any] = field(default_factory=dict)
    proof: ProofNode | None = None  # the open node of the proof, where one is recorded
    started: float = field(default_factory=time.perf_counter)
    _last_logged: float = -math.inf
    _recorded_j: float = -math.inf

    def offer(self, solution: Solution | None) -> bool:
        """Keep a solution if it is better than the best known; return whether it is."""
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
        self._record_rise()

    def _record_rise(self) -> None:
        """Keep in `details` when the bound rose, where it did by more than can be neglected."""
        rise = self.bound_j - self._recorded_j
        if math.isfinite(self.bound_j) and rise > _NEGLIGIBLE * abs(self.bound_j):
            self._recorded_j = self.bound_j
            elapsed = time.perf_counter() - self.started
            total = self.bound_j + self.instance.static_total_j
            self.details.setdefault("bounds", []).append((elapsed, total))

    def record_bound(self, problem: DualProblem, point: DualPoint) -> None:
        """Keep the bound of a dual point of the whole problem, and its prices for the proof.

        Parameters
        ----------
        problem : DualProblem
        point : DualPoint
            Evaluated for this problem.
        """
        self.raise_bound(point.bound)
        if self.proof is not None:
            self.proof.record_bound(point.bound, problem.prices_at(point))

    def record_reduction(self, problem: DualProblem, point: DualPoint) -> None:
        """Record in the proof that what a dual point excludes is left out from here on.

        Parameters
        ----------
        problem : DualProblem
        point : DualPoint
            Evaluated for this problem.
        """
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

    def end_phase(self, phase: str) -> None:
        """Record time and gap at the end of a phase."""
        elapsed = time.perf_counter() - self.started
        gap = self.gap_j / self.energy_j if 0 < self.energy_j < math.inf else math.nan
        self.details.setdefault("phases", []).append(
            {"phase": phase, "seconds": elapsed, "gap": gap}
        )
        self.log_progress(phase, self.bound_j)

    def log_progress(self, what: str, bound: float) -> None:
        """Log where the run stands, at most once a second.

        Parameters
        ----------
        what : str
            The step that is under way.
        bound : float
            J without static energy.
        """
        now = time.perf_counter()
        if now >= self._last_logged + 1.0 and _LOG.isEnabledFor(logging.INFO):
            self._last_logged = now
            static = self.instance.static_total_j
            gap = (self.energy_j - bound) / self.energy_j if self.energy_j < math.inf else math.nan
            _LOG.info(
                "%7.1f s  %s: energy %.9g J, bound %.9g J, gap %.2e",
                *(now - self.started, what, self.energy_j + static, bound + static, gap),
            )

    def outcome(self) -> Outcome:
        """Return the answer of the run."""
        static = self.instance.static_total_j
        infeasible = self.solution is None and self.closed
        bound = math.inf if infeasible else self.bound_j
        return Outcome(self.solution, bound + static, self.details)
