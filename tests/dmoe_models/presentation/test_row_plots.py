"""Figures of rows: names as they are, shares that claim no more than is so."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from matplotlib.cbook import is_math_text
from matplotlib.text import Text

from dmoe_models.presentation.row_plots import (
    energy_profile,
    figure_of,
    gaps,
    profile,
    time_profile,
    times,
)
from dmoe_models.text import share

NAMES = ["_mine", r"$\frac{$", "a$b$"]


def rows() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "instance": "a",
            "method": NAMES,
            "kind": ["heuristic", "exact", "plug-in"],
            "gap": [0.1, 0.0, math.nan],
            "runtime_s": [0.5, 0.0, 1.0],
            "time_limit_s": 10.0,
        }
    )


def literal(figure) -> bool:
    figure.canvas.draw()
    words = [text.get_text() for text in figure.findobj(Text)]
    assert sum("$" in word for word in words) >= 2
    return not any(is_math_text(word) for word in words)


@pytest.mark.parametrize("draw", [gaps, times])
def test_names_of_methods_are_no_formulas(draw):
    figure = figure_of(draw, rows())
    assert literal(figure)
    ticks = [tick.get_text().replace("\\$", "$") for tick in figure.axes[0].get_yticklabels()]
    assert ticks == NAMES


def test_a_mark_stands_at_its_gap_and_a_solved_one_at_zero():
    axes = figure_of(gaps, rows()).axes[0]
    drawn = [marks.get_offsets()[:, 0].tolist() for marks in axes.collections]
    assert [values for values in drawn if values] == [[10.0], [0.0]]


def test_an_instance_without_a_solution_stays_in_the_count():
    table = pd.DataFrame({"method": "a", "instance": ["x", "y"], "gap": [0.25, math.nan]})
    (line,) = figure_of(profile, table).axes[0].lines
    assert line.get_xdata()[:2].tolist() == [0.0, 25.0]
    assert line.get_ydata().tolist() == [0.0, 50.0, 50.0]


@pytest.mark.parametrize("draw", [time_profile, energy_profile])
def test_profiles_name_every_method_and_no_share_is_rounded_to_all(draw):
    shares = [0.996, 1.0, 0.004]
    figure = figure_of(draw, pd.DataFrame([shares], index=[1.0], columns=NAMES))
    assert literal(figure)
    texts = figure.axes[0].get_legend().get_texts()
    legend = [text.get_text().replace("\\$", "$") for text in texts]
    wanted = zip(NAMES, ["> 99 %", "100 %", "< 1 %"], strict=True)
    assert legend == [f"{name} ({text})" for name, text in wanted]


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (0.0, "0 %"),
        (1e-9, "< 1 %"),
        (0.0049, "< 1 %"),
        (0.006, "1 %"),
        (0.5, "50 %"),
        (0.994, "99 %"),
        (249 / 250, "> 99 %"),
        (1.0, "100 %"),
        (math.nan, "-"),
    ],
)
def test_shares(part, text):
    assert share(part) == text
