"""C1 is decided on exact sums, whatever the order of addition."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmoe_models.model.relevance import (
    best_score_sums,
    maximal_failing_set,
    meets_need,
    need_from_threshold,
    reaches,
)

scores = st.lists(st.floats(0, 1), min_size=1, max_size=8)


@given(scores, st.floats(0, 2), st.integers(-3, 3))
def test_reaches_is_the_comparison_of_rationals(values, need, ulps):
    exact = sum(map(Fraction, values))
    assert reaches(values, need) == (exact >= Fraction(need))
    near = float(exact)
    for _ in range(abs(ulps)):
        near = float(np.nextafter(near, np.inf if ulps > 0 else -np.inf))
    assert reaches(values, near) == (exact >= Fraction(near))


@given(scores, st.integers(0, 2**8 - 1), st.integers(-3, 3))
def test_meets_need_is_the_comparison_of_rationals(values, members, ulps):
    selection = np.array([bool(members >> j & 1) for j in range(len(values))])
    exact = sum(
        (Fraction(v) for v, chosen in zip(values, selection, strict=True) if chosen), Fraction()
    )
    need = float(exact)
    for _ in range(abs(ulps)):
        need = float(np.nextafter(need, np.inf if ulps > 0 else -np.inf))
    met = meets_need(np.array([values]), selection[None], np.array([need]))
    assert bool(met[0]) == (exact >= Fraction(need))


def test_order_of_addition_does_not_decide():
    values = [0.1, 0.2, 0.3]  # 0.1 + 0.2 + 0.3 > 0.6 in doubles, 0.3 + 0.2 + 0.1 == 0.6
    exact = sum(map(Fraction, values))
    for need in (0.6, float(np.nextafter(0.6, 1))):
        for order in ([0, 1, 2], [2, 1, 0]):
            assert reaches([values[j] for j in order], need) == (exact >= Fraction(need))


@given(scores, st.integers(1, 8))
def test_best_score_sums_are_correctly_rounded(values, count):
    count = min(count, len(values))
    exact = sum(map(Fraction, sorted(values)[-count:]))
    assert best_score_sums(np.array([values]), count)[0] == float(exact)


@given(scores, st.floats(0.01, 1))
def test_maximal_failing_sets_fail_and_cannot_grow(values, need):
    if reaches([], need) or not reaches(values, need):
        return
    failing = maximal_failing_set(np.array(values), np.zeros(len(values), dtype=bool), need)
    assert not reaches(np.array(values)[failing].tolist(), need)
    for j in np.flatnonzero(~failing):
        grown = failing.copy()
        grown[j] = True
        assert reaches(np.array(values)[grown].tolist(), need)


def test_need_is_a_billionth_below_the_threshold():
    assert need_from_threshold(np.array([0.5]))[0] == 0.5 * (1 - 1e-9)
    assert need_from_threshold(np.array([1e-9]))[0] == pytest.approx(1e-9, rel=2e-9)
