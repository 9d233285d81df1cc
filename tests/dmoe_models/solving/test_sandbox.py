"""The wall around foreign code: a result or a failure, whatever the code does."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from dmoe_models import InstanceError, MethodError
from dmoe_models.solving.sandbox import (
    EXITED,
    OVERDUE,
    RAISED,
    REFUSED,
    Failure,
    contained,
)


def fail(error: BaseException):
    raise error


def sleep():
    time.sleep(60)


@pytest.mark.parametrize(
    ("work", "kind", "reason"),
    [
        (lambda: fail(ValueError("two\nlines")), RAISED, "ValueError: two lines"),
        (lambda: fail(MethodError("not so")), REFUSED, "not so"),
        (lambda: fail(InstanceError("nor so")), RAISED, "InstanceError: nor so"),
        (lambda: sys.exit("done"), EXITED, "called sys.exit('done')"),
        (sleep, OVERDUE, "still running after 0.05 s, stopped"),
    ],
)
def test_every_end_is_a_failure_of_one_line(work, kind, reason):
    failure = contained(work, limit_s=0.05 if kind == OVERDUE else None)
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.reason) == (kind, reason)


def test_the_place_in_foreign_code_is_named():
    failure = contained(lambda: fail(MethodError("not so")), sources=[__file__])
    assert failure.kind == RAISED  # of the foreign code's own making
    assert failure.reason.startswith(f"MethodError: not so ({Path(__file__).name}, line ")


def test_a_result_comes_back_and_everything_else_is_as_before(capsys, tmp_path):
    before = Path.cwd()

    def work():
        os.chdir(tmp_path)
        print("thinking")
        return 42

    assert contained(work) == 42
    assert Path.cwd() == before
    assert capsys.readouterr() == ("", "thinking\n")


def test_the_user_may_interrupt():
    with pytest.raises(KeyboardInterrupt):
        contained(lambda: fail(KeyboardInterrupt()))


def test_a_failure_is_raised_for_a_person():
    with pytest.raises(MethodError, match=r"^method mine: ValueError: no$"):
        contained(lambda: fail(ValueError("no"))).raise_for("method mine")
    with pytest.raises(InstanceError, match=r"^nor so$"):
        contained(lambda: fail(InstanceError("nor so"))).raise_for("method mine")
