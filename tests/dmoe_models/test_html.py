"""What a notebook shows of an object: escaped, and short however large the object is."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np
import pytest

from dmoe_models import Solution, check, evaluate, run_rounds, solve
from dmoe_models.text import html_grid
from instances.families import draw

HOSTILE = "<img src=x onerror='a'>\"&"
LARGE = draw("rayleigh", 1, K=12, T=600, M=132)


class Tags(HTMLParser):
    """Remembers every tag; fails where one is closed that is not open."""

    def __init__(self, text):
        super().__init__()
        self.seen, self.open = set(), []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def shown(value) -> str:
    text = value._repr_html_()
    assert Tags(text).seen <= {"table", "caption", "thead", "tr", "th", "td", "div", "p"}
    assert len(text) < 8_000
    return text


def test_instances_and_answers():
    instance = draw("contended", 1, K=3, T=5).replace(name=HOSTILE)
    result = solve(instance, "jesa")
    for value in (instance, result, result.check, result.solution):
        shown(value)
    assert "mJ" in shown(evaluate(instance, result.solution))


def test_large_ones_are_cut():
    answer = solve(LARGE, "greedy").solution
    assert "more" in shown(answer)
    shown(evaluate(LARGE, answer))
    nothing = Solution(np.zeros((600, 12), dtype=bool), np.full((12, 12), -1))
    assert "more" in shown(check(LARGE, nothing))


@pytest.mark.parametrize("several", [False, True])
def test_solutions_in_every_form(several):
    chosen = np.eye(3, dtype=bool)
    owned = np.ones((3, 3, 2), dtype=bool) if several else None
    assert ("18 subcarriers" if several else "as the instance") in shown(
        Solution(chosen, subcarriers=owned)
    )


def test_energy_of_a_loaded_link_without_a_rate_is_infinite():
    instance = draw("tight", 1, K=3, T=4)
    nowhere = Solution(np.ones((4, 3), dtype=bool), np.full((3, 3), -1))
    assert "inf" in shown(evaluate(instance, nowhere))


def test_rounds():
    rounds = run_rounds("rayleigh", ["greedy", "top-k"], layers=2, K=3, T=4)
    assert "transmission" in shown(rounds) and repr(rounds) == "Rounds(2 layers, 2 methods)"


def test_a_grid_says_how_much_it_leaves_out():
    lines = [[str(n), HOSTILE] for n in range(50)]
    text = html_grid(HOSTILE, (["n", "<b>"], lines), notes=["<i>"] * 30, room=10)
    assert Tags(text).seen == {"table", "caption", "thead", "tr", "th", "td", "div"}
    assert text.count("<tr>") == 1 + 10 + 1 and "and 40 more" in text and "and 20 more" in text
    assert "and" not in html_grid("", (["n"], [["1"]]))
