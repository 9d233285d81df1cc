"""A model that was changed: the chapter's code as it stands, and every model with the same rows."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pyomo.environ as pyo
import pytest

from dmoe_models import MethodError, Status, solve
from dmoe_models.model.energy import count_tokens, evaluate
from formulations import models
from formulations.changes import (
    link_done_within,
    link_energy,
    link_rate,
    link_tokens,
    node_energy,
    node_spends_at_most,
    solve_built,
)
from instances.families import draw

PAGE = Path(__file__).parents[3] / "docs" / "change_the_model.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.S | re.M)
PYOMO = [m.name for m in models.values() if m.problem == "P2"]


def test_the_chapters_code_does_what_it_says():
    assert len([line for line in BLOCKS[0].splitlines() if line.strip()]) <= 12
    scope: dict = {}
    for block in BLOCKS:  # the assertions are the page's own
        exec(compile(block, str(PAGE), "exec"), scope)
    instance, result = scope["instance"], scope["result"]
    assert result.status is Status.OPTIMAL and result.check.ok
    assert result.objective == pytest.approx(7.795e-3, rel=1e-4)
    assert solve(instance, "exact").objective == pytest.approx(7.725e-3, rel=1e-4)
    spent = [pyo.value(node_energy(scope["model"], k)) for k in range(instance.K)]
    unit = scope["model"].data.unit_j
    assert max(spent) * unit <= 2.2e-3 * (1 + 1e-6)
    assert sum(spent) * unit == pytest.approx(result.objective)


@pytest.mark.parametrize("name", PYOMO)
def test_quantities_are_those_of_the_solution(name):
    instance = draw("rayleigh", 2, K=3, T=5, M=7).replace(static_energy_j=np.array([0, 1e-4, 0]))
    model = models[name].build(instance)
    result = solve_built(model)
    unit = model.data.unit_j
    solution = result.solution
    counts = count_tokens(instance, solution.selection)
    assert result.objective == pytest.approx(solve(instance, "exact").objective, rel=1e-6)
    sent = 0.0
    for i, j in model.data.links:
        assert pyo.value(link_tokens(model, i, j)) == pytest.approx(counts[i, j], abs=1e-6)
        rate = pyo.value(link_rate(model, i, j)) * instance.hidden_state_bits
        if solution.assignment is not None and counts[i, j]:
            assert rate == pytest.approx(instance.rate_bps[i, j, solution.assignment[i, j]])
        sent += pyo.value(link_energy(model, i, j)) * unit
    assert sent == pytest.approx(evaluate(instance, solution).transmission_j, rel=1e-5)
    spent = sum(pyo.value(node_energy(model, k)) for k in range(instance.K)) * unit
    assert spent == pytest.approx(result.objective, rel=1e-5)


def test_models_agree_on_a_changed_optimum():
    instance = draw("rayleigh", 5, K=3, T=5, M=7)
    free = solve(instance, "exact").objective
    model = models["p2-milp"].build(instance)
    solve_built(model)
    most = max(pyo.value(node_energy(model, k)) for k in range(3))
    found = {}
    for name in PYOMO:
        model = models[name].build(instance)
        model.budget = pyo.Constraint(
            range(3), rule=lambda m, k: node_energy(m, k) <= 0.97 * most, doc="a node's budget"
        )
        found[name] = solve_built(model, time_limit=60)
    statuses = {result.status for result in found.values()}
    assert len(statuses) == 1
    values = [result.objective for result in found.values() if result.solution is not None]
    assert all(value == pytest.approx(values[0], rel=1e-6) for value in values)
    assert all(value >= free * (1 - 1e-9) for value in values)


def test_what_cannot_be_solved_is_refused():
    instance = draw("rayleigh", 5, K=3, T=5, M=7)
    with pytest.raises(MethodError, match="a ConcreteModel is not a model from"):
        solve_built(pyo.ConcreteModel())
    with pytest.raises(MethodError, match="takes no products of variables; use scip"):
        solve_built(models["p2-minlp"].build(instance), "glpk")
    with pytest.raises(MethodError, match="unknown solver 'nosuch'"):
        solve_built(models["p2-milp"].build(instance), "nosuch")
    selection = solve(instance, "top-k").solution.selection
    with pytest.raises(MethodError, match="p3 does not hold its experts"):
        solve_built(models["p3"].build(instance, selection=selection))


@pytest.mark.parametrize("name", [m.name for m in models.values() if "pyomo" in m.languages])
def test_every_component_says_its_unit(name):
    """Binaries have none; whatever else is a number says in what."""
    instance = draw("rayleigh", 5, K=3, T=5, M=7)
    options = {}
    if models[name].takes == "P1":
        instance = instance.replace(assignment=solve(instance, "jesa").solution.assignment)
    if name == "p3":
        options["selection"] = solve(instance, "top-k").solution.selection
    model = models[name].build(instance, **options)
    kinds = (pyo.Var, pyo.Param, pyo.Constraint, pyo.Objective, pyo.RangeSet)
    for item in model.component_objects(kinds):
        assert item.doc, item.local_name
        continuous = item.ctype is pyo.Var and not next(iter(item.values())).is_binary()
        if item.ctype in (pyo.Param, pyo.Objective) or continuous:
            assert re.search("unit_j|token|share|zero", item.doc), item.local_name


def test_rows_of_no_node_and_no_link_are_refused():
    """A link from a node to itself carries tokens that are at home: a row would forbid them."""
    model = models["p2-set"].build(draw("rayleigh", 5, K=3, T=5, M=7))
    with pytest.raises(MethodError, match="node = 3 is no node; they are 0 to 2"):
        node_spends_at_most(model, 3, 1e-3)
    with pytest.raises(MethodError, match="j = -1 is no node"):
        link_done_within(model, 0, -1, 0.1)
    with pytest.raises(MethodError, match="no link from node 1 to itself; index the rows by"):
        link_done_within(model, 1, 1, 0.1)
