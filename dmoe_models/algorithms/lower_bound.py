"""LB: the lower bound of P2 that lets every link use its own best subcarrier.

Why it is one, and when it is the optimum: docs/model.md, facts 3 (order) and 4 (distinct bests).
"""

from __future__ import annotations

from dmoe_models.algorithms.selection.des import ExpertSelection, select_experts
from dmoe_models.deadline import Deadline
from dmoe_models.model.energy import assignment_energy_j, best_link_energy_j, expert_energy_j
from dmoe_models.model.instance import Instance
from dmoe_models.model.solution import Outcome

NODE_LIMIT = 100_000
"""Most DES nodes per token within the bound; past it a token counts with its relaxation."""


def select_at_best_prices(
    instance: Instance, **limits: float | int | Deadline | None
) -> ExpertSelection:
    """Run DES with every link at its lowest possible price.

    The prices are those of the given assignment (P1), or of each link's own best subcarrier (P2,
    exclusivity dropped).

    Parameters
    ----------
    instance : Instance
    **limits
        `node_limit` and `time_limit` of `select_experts`.

    Returns
    -------
    ExpertSelection
    """
    if instance.assignment is None:
        link_energy = best_link_energy_j(instance)
    else:
        link_energy = assignment_energy_j(instance, instance.assignment)
    return select_experts(
        expert_energy_j(instance, link_energy),
        instance.gate_scores,
        instance.threshold,
        instance.max_experts,
        **limits,  # type: ignore[arg-type]
    )


def lower_bound(
    instance: Instance, *, node_limit: int | None = NODE_LIMIT, time_limit: float | None = None
) -> Outcome:
    """Return LB, a proved lower bound and no solution.

    Parameters
    ----------
    instance : Instance
        P2; for a P1 instance, where prices are given, LB is the optimum itself.
    node_limit : int, optional
        Most DES nodes per token; where one is cut off, its linear relaxation takes its place, so
        that the bound is always proved, and always cheap.
    time_limit : float, optional
        Seconds for all tokens, with the same consequence.

    Returns
    -------
    Outcome
        Bound +inf where some token cannot be served at all: the instance is infeasible.
    """
    answer = select_at_best_prices(instance, node_limit=node_limit, time_limit=time_limit)
    return Outcome(
        bound=float(answer.bound_j.sum()) + instance.static_total_j,
        details={"nodes": int(answer.nodes.sum()), "complete": answer.complete},
    )
