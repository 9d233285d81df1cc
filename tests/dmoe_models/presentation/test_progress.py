"""How far a run is: lines for files, now and then; a bar for terminals."""

from __future__ import annotations

import io

import pytest

from dmoe_models import DmoeError
from dmoe_models.presentation.progress import progress, watched


class Clock:
    """Stands still until it is set."""

    def __init__(self, monkeypatch):
        self.now = 100.0
        monkeypatch.setattr("time.monotonic", lambda: self.now)


def test_lines_come_now_and_then(monkeypatch):
    clock, out = Clock(monkeypatch), io.StringIO()
    with progress(out, pause_s=5.0) as display:
        for number, now in ((1, 101.0), (2, 106.0), (3, 108.0), (4, 112.0), (5, 113.0)):
            clock.now = now
            display.show(f"{number}/5", number, 5)
    assert out.getvalue().split() == ["2/5", "4/5"]


def test_notes_and_the_last_line_are_written_at_once(monkeypatch):
    clock, out = Clock(monkeypatch), io.StringIO()
    with progress(out, pause_s=5.0, ending=True) as display:
        display.note("begun")
        clock.now = 104.0
        display.show("1/2", 1, 2)
        display.show("2/2", 2, 2)
    assert out.getvalue().split() == ["begun", "2/2"]


def test_a_terminal_has_a_bar():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    out = Terminal()
    with progress(out, transient=False) as display:
        display.note("a note [with brackets]")
        display.show("all [of it]", 3, 3)
    assert "all [of it]" in out.getvalue() and "a note [with brackets]" in out.getvalue()


def test_a_function_of_ones_own_is_what_is_called():
    seen = []
    with watched(lambda *facts: seen.append(facts)) as show:
        show("one", 1, 2)
    assert seen == [("one", 1, 2)]


@pytest.mark.parametrize("asked", [False, None])
def test_nobody_watches_unless_asked(asked):
    with watched(asked) as show:
        assert show is None


def test_asked_for_it_says_what_and_how_many(monkeypatch, capsys):
    clock = Clock(monkeypatch)
    with watched(True, str.upper) as show:
        clock.now += 10
        show("one", 1, 2)
        clock.now += 10
        show("two", 2, None)
    assert capsys.readouterr().err.splitlines() == ["1/2 ONE", "2 TWO"]


@pytest.mark.parametrize("wrong", [1, "yes", [], 0.0])
def test_anything_else_is_refused(wrong):
    with pytest.raises(DmoeError, match="True, False or a function"), watched(wrong):
        pass
