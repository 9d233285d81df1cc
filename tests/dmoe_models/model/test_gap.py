"""Gap and excess: shares of the energy that decisions can change."""

from __future__ import annotations

import math

import pytest

from dmoe_models.model.gap import (
    CERTIFIED_GAP,
    OPTIMALITY_GAP,
    format_gap,
    relative_excess,
    relative_gap,
)


@pytest.mark.parametrize(
    ("objective", "bound", "static", "gap"),
    [
        (2.0, 1.0, 0.0, 0.5),
        (2.0, 1.5, 1.0, 0.5),
        (1.0, 1.0, 0.0, 0.0),
        (1.0, 2.0, 0.0, 0.0),
        (1.0, -math.inf, 0.0, math.inf),
        (1.0, math.inf, 0.0, 0.0),
        (1.0, 0.5, 1.0, math.inf),
    ],
)
def test_gap(objective, bound, static, gap):
    assert relative_gap(objective, bound, static) == pytest.approx(gap)


def test_gap_without_a_solution_is_nan():
    assert math.isnan(relative_gap(math.nan, 1.0, 0.0))


@pytest.mark.parametrize(
    ("energy", "optimum", "static", "excess"),
    [
        (3.0, 2.0, 1.0, 1.0),
        (2.0, 2.0, 1.0, 0.0),
        (1.5, 2.0, 1.0, -0.5),
        (1.0, 1.0, 1.0, 0.0),
        (2.0, 1.0, 1.0, math.inf),
        (math.inf, 2.0, 1.0, math.inf),
    ],
)
def test_the_excess_is_over_the_optimums_avoidable_energy(energy, optimum, static, excess):
    assert relative_excess(energy, optimum, static) == excess


def test_there_is_no_excess_without_an_optimum():
    assert math.isnan(relative_excess(1.0, math.nan, 0.0))
    assert math.isnan(relative_excess(math.nan, 1.0, 0.0))


def test_what_is_optimal_is_written_as_no_gap():
    assert CERTIFIED_GAP < OPTIMALITY_GAP
    gaps = (0.0, CERTIFIED_GAP, 1e-7, 0.012345, math.nan)
    assert [format_gap(gap) for gap in gaps] == ["0 %", "0 %", "0 %", "1.23 %", "-"]
