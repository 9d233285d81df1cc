"""The evaluator against the formula written out token by token, and its shapes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmoe_models import Solution, SolutionError, evaluate
from dmoe_models.model.energy import assignment_energy_j, best_link_energy_j, count_tokens
from instances.families import draw

from tiny import tiny_instance


def energy_by_hand(instance, selection, owned):
    """E, link by link; `owned[i][j]` lists the subcarriers of a link."""
    total = float(instance.static_energy_j.sum())
    for i in range(instance.K):
        for j in range(instance.K):
            tokens = sum(
                bool(selection[t, j]) for t in range(instance.T) if instance.source[t] == i
            )
            total += tokens * instance.computation_energy_j[j]
            if i == j or tokens == 0:
                continue
            rate = 0.0
            for m in owned[i][j]:
                snr = instance.transmit_power_w * instance.gain[i, j, m] / instance.noise_power_w
                rate += instance.bandwidth_hz * math.log1p(snr) / math.log(2)
            power = instance.transmit_power_w * len(owned[i][j])
            total += power * instance.hidden_state_bits * tokens / rate if rate else math.inf
    return total


@given(st.integers(0, 10**9))
@settings(max_examples=150)
def test_energy_is_the_formula(seed):
    random = np.random.default_rng(seed)
    instance = tiny_instance(seed % 1000, max_nodes=4)
    selection = random.random((instance.T, instance.K)) < 0.4
    owners = random.integers(-1, instance.K * instance.K, instance.M)
    shared = np.zeros(instance.gain.shape, dtype=bool)
    for m, owner in enumerate(owners):
        if owner >= 0:
            shared[owner // instance.K, owner % instance.K, m] = True
    shared[np.arange(instance.K), np.arange(instance.K)] = False
    owned = [[np.flatnonzero(shared[i, j]) for j in range(instance.K)] for i in range(instance.K)]
    expected = energy_by_hand(instance, selection, owned)
    report = evaluate(instance, Solution(selection, subcarriers=shared))
    assert report.total_j == pytest.approx(expected, rel=1e-12)
    assert report.per_token_j.sum() == pytest.approx(
        report.transmission_j + report.computation_j, rel=1e-12
    )

    single = np.where(shared.any(axis=2), shared.argmax(axis=2), -1)
    owned = [
        [[single[i, j]] if single[i, j] >= 0 else [] for j in range(instance.K)]
        for i in range(instance.K)
    ]
    expected = energy_by_hand(instance, selection, owned)
    report = evaluate(instance, Solution(selection, single))
    assert report.total_j == pytest.approx(expected, rel=1e-12)
    table = report.to_dataframe()
    assert table.tokens.sum() == selection.sum()
    assert table.transmission_j.sum() == pytest.approx(report.transmission_j)


def test_prices_are_zero_at_home_and_infinite_without_a_subcarrier():
    instance = draw("rayleigh", 1, K=3, T=3)
    nothing = assignment_energy_j(instance, np.full((3, 3), -1))
    assert (np.diag(nothing) == 0).all()
    assert np.isinf(nothing[~np.eye(3, dtype=bool)]).all()
    assert (best_link_energy_j(instance) <= nothing).all()


def test_token_counts():
    instance = draw("rayleigh", 1, K=3, T=4).replace(source=[0, 0, 2, 2])
    selection = np.array([[1, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]], dtype=bool)
    assert count_tokens(instance, selection).tolist() == [[1, 2, 0], [0, 0, 0], [1, 0, 1]]


def test_a_weak_link_has_a_finite_price():
    """log2(1 + 1e-18) is zero in doubles; log1p keeps the rate, and the price, right."""
    instance = draw("rayleigh", 1, K=2, T=2)
    gain = np.full(instance.gain.shape, 1e-21)
    weak = instance.replace(gain=gain)
    snr = 1e-21 * weak.transmit_power_w / weak.noise_power_w
    assert weak.rate_bps[0, 1, 0] == pytest.approx(weak.bandwidth_hz * snr / math.log(2), rel=1e-12)


@pytest.mark.parametrize(
    ("solution", "words"),
    [
        (Solution(np.zeros((3, 3), dtype=bool)), "selection: shape"),
        (Solution(np.zeros((4, 3), dtype=bool), np.full((2, 2), -1)), "assignment: shape"),
        (
            Solution(np.zeros((4, 3), dtype=bool), subcarriers=np.zeros((3, 3, 1), dtype=bool)),
            "subcarriers: shape",
        ),
        (Solution(np.zeros((4, 3), dtype=bool), np.full((3, 3), 99)), r"assignment\[0,0\] = 99"),
    ],
)
def test_what_cannot_be_evaluated_is_named(solution, words):
    with pytest.raises(SolutionError, match=words):
        evaluate(draw("rayleigh", 1, K=3, T=4), solution)
