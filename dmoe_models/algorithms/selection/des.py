"""DES: exact expert selection (P1), one token at a time.

For one token P1 is a 0-1 covering knapsack with a cardinality limit: choose at most D experts whose
scores reach need, at least energy. `reference` says how the tree search works, in plain Python;
`compiled` is the same for batches of tokens, in machine code, and is used unless asked otherwise.

References
----------
Qin, Wu, Du, Huang, "Optimal Expert Selection for Distributed Mixture-of-Experts at the Wireless
Edge", arXiv 2503.13421.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from dmoe_models.algorithms.selection import reference
from dmoe_models.deadline import Deadline
from dmoe_models.errors import MethodError
from dmoe_models.input_checks import refuse_where
from dmoe_models.model.arrays import real_array
from dmoe_models.model.energy import assignment_energy_j, expert_energy_j
from dmoe_models.model.instance import Instance
from dmoe_models.model.relevance import need_from_threshold
from dmoe_models.model.solution import Outcome, Solution

BOUNDS = ("cardinality", "paper")
ENGINES = ("compiled", "reference")


@dataclass(frozen=True)
class ExpertSelection:
    """The answer of DES for a batch of tokens.

    Attributes
    ----------
    selection : (T, K) bool array
        The best set found for each token; all false where there is none.
    energy_j : (T,) array
        Its energy, J; infinite where the token cannot be served.
    bound_j : (T,) array
        Proved lower bound, J: equal to `energy_j` where the search was completed.
    nodes : (T,) int array
        Sets of experts that the tree search looked at; 0 where the token was settled without it.
    """

    selection: np.ndarray
    energy_j: np.ndarray
    bound_j: np.ndarray
    nodes: np.ndarray

    @property
    def complete(self) -> bool:
        """Whether every token's search ran to its end."""
        return bool(np.array_equal(self.energy_j, self.bound_j))

    @property
    def feasible(self) -> bool:
        """Whether every token has a set."""
        return bool(np.isfinite(self.energy_j).all())


def select_experts(
    energy_j: np.ndarray,
    gate_scores: np.ndarray,
    threshold: np.ndarray,
    max_experts: int,
    *,
    node_limit: int | None = None,
    time_limit: float | Deadline | None = None,
    bound: str = "cardinality",
    engine: str = "compiled",
    threads: int | None = None,
) -> ExpertSelection:
    """Choose for every token the cheapest set of at most D experts that reaches its threshold.

    Parameters
    ----------
    energy_j : (T, K) array
        e[t, j] >= 0, J; infinite where token t cannot use expert j.
    gate_scores : (T, K) array
        g[t, j] >= 0.
    threshold : (T,) array
        theta; C1 asks for an exact score sum of at least theta (1 - 1e-9).
    max_experts : int
        D.
    node_limit : int, optional
        Most nodes per token; a token that reaches it keeps its best set and the bound of the root.
    time_limit : float or Deadline, optional
        Seconds for the whole batch, with the same consequence; or a deadline shared with others.
    bound : {"cardinality", "paper"}
        What prunes the tree: the relaxation of covering and cardinality limit together, or of
        covering alone, with no other reduction, as in the paper (for comparing nodes). Both are
        exact.
    engine : {"compiled", "reference"}
        Machine code, or plain Python.
    threads : int, optional
        Of the compiled engine; by default one for every core that this process may use. Answers do
        not depend on it.

    Returns
    -------
    ExpertSelection

    Raises
    ------
    InstanceError
        For negative or NaN entries.
    MethodError
        For shapes that disagree and options out of range.
    """
    scores = _table("gate_scores", gate_scores, 2)
    energy = _table("energy_j", energy_j, 2)
    theta = _table("threshold", threshold, 1)
    if energy.shape != scores.shape or theta.shape != scores.shape[:1]:
        raise MethodError(
            f"energy_j {energy.shape}, gate_scores {scores.shape} and threshold {theta.shape} "
            "must be (T, K), (T, K) and (T,)"
        )
    # NaN fails these comparisons as it should; tables of truth values are made for bad data only
    if not energy.min(initial=0.0) >= 0:
        refuse_where("energy_j", energy, ~(energy >= 0), "is not a non-negative energy")
    if not (scores.min(initial=0.0) >= 0 and scores.max(initial=0.0) < np.inf):
        refuse_where(
            "gate_scores", scores, ~((scores >= 0) & np.isfinite(scores)), "is not a score"
        )
    refuse_where("threshold", theta, ~np.isfinite(theta), "is not finite")
    if not 1 <= max_experts <= scores.shape[1]:
        raise MethodError(f"max_experts = {max_experts} is outside 1 to K = {scores.shape[1]}")
    if node_limit is not None and node_limit < 1:
        raise MethodError(f"node_limit = {node_limit} is not positive")
    if threads is not None and threads < 1:
        raise MethodError(f"threads = {threads} is not positive")
    if bound not in BOUNDS:
        raise MethodError(f"bound = {bound!r} is not one of {', '.join(BOUNDS)}")
    answer = _engine(engine, threads)(
        energy,
        scores,
        need_from_threshold(theta),
        int(max_experts),
        cardinality=bound == "cardinality",
        node_limit=node_limit,
        deadline=time_limit if isinstance(time_limit, Deadline) else Deadline(time_limit),
    )
    return ExpertSelection(*answer)


def _table(field: str, value: np.ndarray, ndim: int) -> np.ndarray:
    """Return `value` as a C-contiguous float64 array, itself where it is one: batches are large."""
    plain = isinstance(value, np.ndarray) and not isinstance(value, np.ma.MaskedArray)
    if plain and value.dtype == np.float64 and value.ndim == ndim:
        return np.ascontiguousarray(value)
    return real_array(field, value, ndim)


def _engine(name: str, threads: int | None) -> Callable[..., Any]:
    if name == "reference":
        return reference.search
    if name == "compiled":
        # here, since it loads numba, which takes longer than most commands
        from dmoe_models.algorithms.selection import compiled

        return partial(compiled.search, threads=threads)
    raise MethodError(f"engine = {name!r} is not one of {', '.join(ENGINES)}")


def solve_p1(
    instance: Instance,
    *,
    time_limit: float | None = None,
    node_limit: int | None = None,
    bound: str = "cardinality",
    engine: str = "compiled",
) -> Outcome:
    """Solve a P1 instance to proved optimality by DES.

    Parameters
    ----------
    instance : Instance
        With its assignment given.
    time_limit : float, optional
        Seconds for all tokens; past it tokens keep their best set and the bound of the root.
    node_limit : int, optional
        Most nodes of the search tree per token, with the same consequence; no limit by default.
    bound : {"cardinality", "paper"}
        What prunes the tree: the relaxation of C1 and C2 together, or of C1 alone as in the paper.
    engine : {"compiled", "reference"}
        Machine code, or plain Python.

    Returns
    -------
    Outcome
        `details`: nodes (sum over tokens), nodes_per_token (largest), complete.
    """
    assert instance.assignment is not None
    energy = expert_energy_j(instance, assignment_energy_j(instance, instance.assignment))
    answer = select_experts(
        energy,
        instance.gate_scores,
        instance.threshold,
        instance.max_experts,
        node_limit=node_limit,
        time_limit=time_limit,
        bound=bound,
        engine=engine,
    )
    details = {
        "nodes": int(answer.nodes.sum()),
        "nodes_per_token": int(answer.nodes.max()),
        "complete": answer.complete,
    }
    least = float(answer.bound_j.sum()) + instance.static_total_j
    if not answer.feasible:
        return Outcome(None, least, details)
    return Outcome(Solution(answer.selection, instance.assignment), least, details)
