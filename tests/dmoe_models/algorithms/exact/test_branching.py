"""Branching: no part of a node is lost, and what is proved is true."""

import numpy as np
import pytest
from residuals import solve_node, whole_program

from dmoe_models import Status, solve
from dmoe_models.algorithms.exact import method as exact_module
from dmoe_models.algorithms.exact.branching import BranchAndBound
from dmoe_models.algorithms.exact.state import SearchState
from dmoe_models.deadline import Deadline
from instances.families import draw


def holds(program, node, solution):
    """Whether a node holds a solution (which owns what it uses, and nothing else)."""
    instance, lists, pool = program.problem.instance, program.problem.lists, program.pool
    owned = solution.assignment_for(instance)[lists.links[:, 0], lists.links[:, 1]]
    used = np.zeros((instance.K, instance.K), dtype=bool)
    for t, chosen in enumerate(solution.selection):
        used[instance.source[t], chosen] = True
    used = used[lists.links[:, 0], lists.links[:, 1]]
    for link in range(len(owned)):
        options = lists.columns[link][node.allowed[link] & np.isfinite(lists.prices[link])]
        if used[link] and owned[link] not in options:
            return False
        if node.must_own[link] and not used[link] and not len(options):
            return False
    for t, chosen in enumerate(solution.selection):
        allowed = pool.members[(pool.owner == t) & node.sets]
        # the solution may hold more experts than it needs: one of its minimal sets suffices
        if not (allowed <= chosen).all(axis=1).any():
            return False
    return True


def test_the_parts_of_a_node_hold_all_its_solutions():
    asked = 0
    for seed in range(20):
        instance = draw("contended", seed, K=6, T=36, M=30, gamma=0.25)
        optimum = solve(instance, "exact")
        program = whole_program(instance, optimum.objective)
        state = SearchState(instance, Deadline(None))
        tree = BranchAndBound(state, program)
        node = program.root_node(0.0)
        relaxation, _, _ = solve_node(program, node)
        others = [solve(instance, "jesa", seed=s).solution for s in range(5)]
        for question in tree.questions(node, relaxation):
            parts = tree.children(node, question)
            for solution in (optimum.solution, *others):
                assert any(holds(program, part, solution) for part in parts), question
            asked += 1
    assert asked >= 50


def test_a_tree_that_has_to_work_finds_the_optimum(monkeypatch):
    """Without local search and nearly without ascent; three experts a token."""
    monkeypatch.setattr(exact_module, "improve_by_local_search", lambda state, seed: False)
    nodes = []
    for seed in range(40):
        instance = draw("contended", seed, K=5, T=20, M=20, gamma=0.25, D=3)
        truth = solve(instance, "cvxpy-p2-set")
        result = solve(instance, "exact", max_steps=2)
        assert result.status is truth.status is Status.OPTIMAL
        assert result.objective == pytest.approx(truth.objective, rel=1e-9)
        assert result.details["own_bound"] <= truth.objective * (1 + 1e-12)
        assert result.gap <= 1e-9
        nodes.append(result.details.get("nodes", 0))
    assert sum(number > 3 for number in nodes) >= 3


def test_a_tree_that_is_cut_short_proves_what_it_says():
    instance = draw("contended", 1, K=8, T=64, M=64, gamma=0.2)
    optimum = solve(instance, "exact").objective
    for limit in (0.3, 0.5, 0.7):
        short = solve(instance, "exact", time_limit=limit)
        assert short.details["own_bound"] <= optimum * (1 + 1e-12)
