"""Relaxations: below the optimum, in the order that theory gives them, integral where they say."""

import math

import pytest

from dmoe_models import MethodError, solve
from formulations.relaxations import relaxation
from instances.families import draw


@pytest.mark.parametrize("family", ["rayleigh", "contended", "uneven", "scarce"])
def test_relaxations_are_ordered_below_the_optimum(family):
    for seed in range(3):
        instance = draw(family, seed, K=3, T=6, gamma=0.3)
        optimum = solve(instance, "exact")
        if optimum.solution is None:
            continue
        values = {
            model: relaxation(instance, model) for model in ("aggregated", "disaggregated", "set")
        }
        room = 1e-7 * optimum.objective
        one, two, three = (values[name].value_j for name in values)
        assert one <= two + room and two <= three + room and three <= optimum.objective + room
        bound = solve(instance, "set-bound")
        assert three == pytest.approx(bound.details["lp_value_j"], rel=1e-9)
        assert values["set"].integral == bound.details["integral"]
        if values["set"].integral:
            assert three == pytest.approx(optimum.objective, rel=1e-7)
        assert values["aggregated"].columns <= values["disaggregated"].columns


def test_what_has_no_value():
    instance = draw("scarce", 1, K=3, T=6, M=1, D=1)
    assert relaxation(instance, "set").value_j == math.inf
    assert math.isnan(relaxation(draw("rayleigh", 1), "aggregated", time_limit=1e-9).value_j)
    with pytest.raises(MethodError, match="model 'sets' is not one of aggregated"):
        relaxation(instance, "sets")
