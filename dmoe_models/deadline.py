"""Time limits: one object that every method asks whether its time is up."""

from __future__ import annotations

import math
import time
from contextlib import suppress
from decimal import Decimal
from numbers import Real
from typing import Any

from dmoe_models.errors import MethodError


class OutOfTimeError(Exception):
    """The time limit passed in the middle of something that has no result yet."""


def time_limit_s(value: Any) -> float | None:
    """Return a time limit as a float, s; None for none.

    Parameters
    ----------
    value : float or None
        Seconds: a number of Python, of numpy, a Decimal or a Fraction.

    Raises
    ------
    MethodError
        For what is no positive, finite number; True is none.
    """
    if value is None:
        return None
    if isinstance(value, (Real, Decimal)) and not isinstance(value, bool):
        with suppress(OverflowError, ValueError):
            seconds = float(value)
            if 0 < seconds < math.inf:
                return seconds
    raise MethodError(f"time_limit = {value!r:.60} is not a positive, finite number of seconds")


class Deadline:
    """A moment after which a method returns the best that it has.

    Parameters
    ----------
    seconds : float or None
        From now; None for no limit.
    """

    def __init__(self, seconds: float | None = None) -> None:
        limit = time_limit_s(seconds)
        self._end = math.inf if limit is None else time.perf_counter() + limit

    @property
    def passed(self) -> bool:
        """Whether the time is up."""
        return time.perf_counter() >= self._end

    @property
    def remaining(self) -> float | None:
        """Seconds left, at least 0; None where there is no limit."""
        return None if self._end == math.inf else max(0.0, self._end - time.perf_counter())

    def expire(self) -> None:
        """Let the time be up now, for all threads that share this deadline."""
        self._end = -math.inf

    def at_most(self, seconds: float) -> float:
        """Seconds left, but no more than so many: for waiting with a look at the clock between."""
        return seconds if self.remaining is None else min(seconds, self.remaining)

    def at_least(self, seconds: float) -> float | None:
        """Seconds left, but no fewer than so many: for a last step that must be taken."""
        return None if self.remaining is None else max(seconds, self.remaining)
