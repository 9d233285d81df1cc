"""Whole instances as kernels, for tests of the linear program and of branching."""

import numpy as np

from dmoe_models.algorithms.exact.dual import DualProblem, SubcarrierLists
from dmoe_models.algorithms.exact.residual import ResidualProgram
from dmoe_models.algorithms.exact.set_pool import SetPool
from dmoe_models.algorithms.selection.cheap_sets import list_cheap_sets
from dmoe_models.deadline import Deadline
from dmoe_models.model.energy import best_link_energy_j


def whole_program(instance, optimum, *, listed=True):
    """The linear program of a whole instance: every subcarrier, and every set or one a token."""
    problem = DualProblem(instance, SubcarrierLists(instance, instance.M), 2 * optimum)
    start = problem.price_table(best_link_energy_j(instance))
    if listed:
        table = list_cheap_sets(
            instance.gate_scores,
            start + instance.computation_energy_j,
            instance.need,
            instance.max_experts,
            np.full(instance.T, np.inf),
            10_000,
        )
        owner = np.repeat(np.arange(instance.T), table.counts)
        pool = SetPool(owner, table.incidence(instance.K))
    else:
        pool = SetPool(np.arange(instance.T), problem.cheapest(start)[0])
    all_listed = np.full(instance.T, listed)
    return ResidualProgram(problem, pool, all_listed, start, optimum / instance.T)


def solve_node(program, node=None):
    node = program.root_node(0.0) if node is None else node
    return program.solve_node(node, Deadline(None), np.inf)
