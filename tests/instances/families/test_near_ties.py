"""Near ties are as near as promised, and every exact method decides them alike."""

import itertools
from math import fsum

import numpy as np
import pytest

from dmoe_models import DmoeError, solve
from instances.families import draw

EDGES = [  # sizes, and whether thresholds are capped
    ({}, False),
    ({"K": 6}, True),
    ({"K": 6, "D": 3}, False),
    ({"K": 2, "D": 1}, False),
    ({"K": 2, "D": 2}, False),
    ({"K": 2, "D": 1, "gamma": 0.7}, True),
    ({"K": 4, "D": 4, "gamma": 1.0}, False),
    ({"K": 4, "D": 3, "gamma": 1.0}, True),
]


def margins(instance, token):
    """Relative excess over need of every selection of a token."""
    scores, need = instance.gate_scores[token].tolist(), float(instance.need[token])
    for size in range(1, instance.max_experts + 1):
        for chosen in itertools.combinations(scores, size):
            yield fsum([*chosen, -need]) / need


@pytest.mark.parametrize(("sizes", "capped"), EDGES)
def test_tokens_at_the_edge(sizes, capped):
    instance = draw("near-ties", 1, T=60, edge=1.0, **sizes)
    assert instance.capped.all() if capped else not instance.capped.any()
    nearest = np.array([min(margins(instance, token), key=abs) for token in range(60)])
    assert np.abs(nearest).max() <= 1e-12 * (1 + 1e-3)  # plus the rounding of scores
    assert (nearest < -1e-15).sum() >= 10 and (nearest > 1e-15).sum() >= 10
    assert (np.abs(nearest) < 1e-15).sum() >= 10


def test_without_edges_no_sum_is_near_need():
    instance = draw("near-ties", 1, K=5, T=30, edge=0.0)
    nearest = [min(margins(instance, token), key=abs) for token in range(30)]
    assert np.abs(nearest).min() > 1e-10


def test_departures_have_the_promised_size():
    instance = draw("near-ties", 2, K=8, T=40, edge=0.0, closest=1e-6, closeness=1e-4)
    off_diagonal = ~np.eye(8, dtype=bool)
    for values in (instance.gain[off_diagonal] / 1e-2, instance.computation_energy_j / 3.52e-4):
        departure = np.abs(values - 1)
        assert departure.min() > 0.999e-6 and departure.max() < 1.001e-4
    departure = np.abs(instance.gain[off_diagonal] / 1e-2 - 1)
    assert np.median(np.log10(departure)) == pytest.approx(-5, abs=4 * 0.58 / len(departure) ** 0.5)
    assert np.abs(instance.gate_scores * 8 - 1).max() < 2.1e-4


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "sizes", [{"K": 3, "T": 6, "M": 7}, {"K": 4, "T": 4, "M": 4, "D": 1}, {"K": 3, "D": 3, "T": 4}]
)
def test_exact_methods_and_the_referee_agree(seed, sizes):
    instance = draw("near-ties", seed, edge=0.8, **sizes)
    best = solve(instance, "exhaustive").objective
    # How far "optimal" may be off: `exact` proves 1e-9, a solver behind a model 1e-6.
    for method, gap in (("exact", 1e-9), ("highs-p2-set", 1e-6), ("highs-p2-milp", 1e-6)):
        result = solve(instance, method)
        assert str(result.status) == "optimal", method
        assert result.check.ok, method
        assert best * (1 - 1e-15) <= result.objective <= best * (1 + gap), method


@pytest.mark.parametrize(
    ("seed", "sizes"),
    [
        (131, {"K": 4, "T": 4, "M": 5, "D": 3, "gamma": 0.6}),
        (111, {"K": 3, "T": 6, "M": 7, "gamma": 0.8}),
        (120, {"K": 3, "T": 6, "M": 7, "gamma": 0.8}),
        (128, {"K": 3, "T": 6, "M": 7, "gamma": 0.8}),
    ],
)
def test_rows_of_c1_leave_room_for_sets_at_the_edge(seed, sizes):
    """HiGHS called rows of exactly need infeasible, or a solution up to 3.5 % worse optimal."""
    instance = draw("near-ties", seed, edge=0.8, **sizes)
    best = solve(instance, "exhaustive").objective
    for method in ("highs-p2-milp", "pyomo-p2-milp", "cvxpy-p2-milp"):
        result = solve(instance, method)
        assert result.check is not None and result.check.ok, method
        assert best * (1 - 1e-15) <= result.objective <= best * (1 + 1e-6), method


@pytest.mark.parametrize("seed", range(6))
def test_selection_alone_is_decided_alike(seed):
    instance = draw("near-ties", seed, K=7, T=20, M=42, D=4, edge=0.8)
    owned = np.full((7, 7), -1)
    owned[~np.eye(7, dtype=bool)] = np.arange(42)
    instance = instance.replace(assignment=owned)
    best = solve(instance, "exhaustive").objective
    for method, gap in (("des", 1e-9), ("pyomo-p1-milp", 1e-6)):
        result = solve(instance, method)
        assert str(result.status) == "optimal", method
        assert result.check.ok, method
        assert best * (1 - 1e-15) <= result.objective <= best * (1 + gap), method


def test_strict_tokens_that_fall_short_are_infeasible():
    instance = draw("near-ties", 1, K=6, strict=True)
    for method in ("exact", "highs-p2-set"):
        assert str(solve(instance, method).status) == "infeasible"


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"closest": 0}, "closest = 0.0 is outside 1e-15 to 0.1"),
        ({"closeness": 0.5}, "closeness = 0.5 is outside"),
        ({"closest": 1e-2}, "closest = 0.01 is above closeness = 0.001"),
        ({"edge": 2}, "edge = 2.0 is outside 0 to 1"),
        ({"edge": "all"}, "edge"),
    ],
)
def test_bad_request(parameters, message):
    with pytest.raises(DmoeError, match=message) as caught:
        draw("near-ties", 1, **parameters)
    assert "\n" not in str(caught.value)
