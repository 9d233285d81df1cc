"""What all tests share: settings of hypothesis, and a table of how long each room's tests took."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import hypothesis
import pytest

# Shared machines stall now and then; a slow example is no failure.
hypothesis.settings.register_profile("dmoe", deadline=None)
hypothesis.settings.load_profile("dmoe")


def room_of(test: str) -> str:
    """Return the room that a test belongs to, from its file's path below ``tests/``."""
    folders = Path(test.split("::")[0]).parts[1:-1]
    return ".".join(folders[:2]) or "the whole"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the seconds that the tests of each room took, longest first."""
    seconds: dict[str, float] = defaultdict(float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds[room_of(report.nodeid)] += report.duration
    if sum(seconds.values()) < 10:
        return
    terminalreporter.section("seconds by room", sep="-")
    for room, spent in sorted(seconds.items(), key=lambda item: -item[1]):
        terminalreporter.line(f"{spent:8.1f}  {room}")
