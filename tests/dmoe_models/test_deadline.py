"""Deadlines: what is left of them, and those that are let expire."""

from __future__ import annotations

import pytest

from dmoe_models import MethodError
from dmoe_models.deadline import Deadline


def test_no_limit_leaves_no_number_and_never_passes():
    deadline = Deadline(None)
    assert deadline.remaining is None
    assert deadline.at_least(1.0) is None
    assert deadline.at_most(0.1) == 0.1
    assert not deadline.passed


@pytest.mark.parametrize("seconds", [None, 1000.0])
def test_a_deadline_that_is_let_expire_has_passed(seconds):
    deadline = Deadline(seconds)
    assert deadline.at_most(0.1) == 0.1
    deadline.expire()
    assert deadline.passed
    assert deadline.remaining == 0.0
    assert deadline.at_most(0.1) == 0.0
    assert deadline.at_least(0.1) == 0.1


def test_what_is_no_limit_is_refused():
    with pytest.raises(MethodError, match="time_limit = -1"):
        Deadline(-1)
