"""Rows that cannot be true together are found, and none of those that can."""

import math

import pandas as pd
import pytest

from dmoe_models.studies.analysis.breaches import breaches
from dmoe_models.studies.study import find_study


def of(study, lines):
    return breaches(find_study(study), pd.DataFrame(lines))


GOOD = {"cell": 2, "seed": 7, "method": "JESA", "certified": True, "distinct": False}
GOOD |= {"excess": 0.0, "bound_distance": 0.25, "optimal": True}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, None),
        ({"excess": 0.5, "optimal": False}, None),
        ({"excess": math.nan, "bound_distance": math.nan, "certified": False}, None),
        ({"excess": math.inf}, None),
        ({"distinct": True, "bound_distance": 0.0}, None),
        ({"distinct": True, "certified": False}, None),
        ({"excess": -1e-6}, "JESA is below the certified optimum by 1e-06"),
        ({"bound_distance": -0.01}, "has an LB above the certified optimum by 0.01"),
        ({"distinct": True}, "distinct best subcarriers, and LB below the optimum"),
    ],
)
def test_asymptotics(change, words):
    found = of("asymptotics", [GOOD, GOOD | change | {"seed": 8}])
    if words is None:
        assert found == []
    else:
        (line,) = found
        assert line.startswith("cell 2, seed 8: ") and words in line


def test_optimality():
    line = {"cell": 0, "seed": 1, "method": "LP of sets", "excess": math.nan, "distance": 0.1}
    assert of("optimality", [line, line | {"distance": 0.0}]) == []
    (found,) = of("optimality", [line, line | {"distance": -2e-7}])
    assert "LP of sets is a bound above the certified optimum" in found


def test_savings():
    row = {"cell": 0, "seed": 1, "layer": 1, "method": "exact", "certified": True, "valid": True}
    row |= {"energy_j": 1.0, "transmission_j": 0.5}
    jesa = row | {"method": "JESA", "certified": False, "energy_j": 1.2}
    bound = {"method": "LB", "certified": False, "valid": False, "transmission_j": math.nan}
    bound = row | bound | {"energy_j": 0.9}
    other = jesa | {"layer": 2, "energy_j": 0.1}  # nothing is proved of this layer
    cheap = jesa | {"method": "H(0.5, D)", "valid": False, "energy_j": 0.5}  # not the same problem
    assert of("savings", [row, jesa, bound, other, cheap]) == []
    (found,) = of("savings", [row, jesa | {"energy_j": 1 - 1e-8}, bound])
    assert "JESA, layer 1, is below the certified optimum 1 J" in found
    (found,) = of("savings", [row, jesa, bound | {"energy_j": 1 + 1e-8}])
    assert "LB, layer 1, is a bound above" in found
