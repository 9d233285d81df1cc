"""Pictures of reports and comparisons: names as they are, shares that claim no more than is so."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from matplotlib.cbook import is_math_text
from matplotlib.text import Text

from dmoe_models.text import share
from dmoe_models.verification.plots import gap_figure, profile_figure, time_figure
from dmoe_models.verification.row import Row

NAMES = ["_mine", r"$\frac{$", "a$b$"]


def row(method: str) -> Row:
    return Row(
        instance="a",
        instance_sha256="0" * 64,
        instance_set="",
        method=method,
        kind="heuristic",
        problem="P2",
        nodes=2,
        tokens=2,
        subcarriers=2,
        max_experts=2,
        method_sha256="",
        solver="",
        time_limit_s=10.0,
        seed=0,
        version="1",
        status="feasible",
        gap=0.1,
        runtime_s=0.5,
    )


def literal(figure) -> bool:
    figure.canvas.draw()
    words = [text.get_text() for text in figure.findobj(Text)]
    assert sum("$" in word for word in words) >= 2
    return not any(is_math_text(word) for word in words)


@pytest.mark.parametrize("draw", [gap_figure, time_figure])
def test_names_of_methods_are_no_formulas(draw):
    figure = draw([row(name) for name in NAMES])
    assert literal(figure)
    ticks = [tick.get_text().replace("\\$", "$") for tick in figure.axes[0].get_yticklabels()]
    assert ticks == NAMES


@pytest.mark.parametrize("quantity", ["time", "energy"])
def test_profiles_name_every_method_and_no_share_is_rounded_to_all(quantity):
    shares = [0.996, 1.0, 0.004]
    profile = pd.DataFrame([shares], index=[1.0], columns=NAMES)
    figure = profile_figure(profile, quantity)
    assert literal(figure)
    legend = [text.get_text().replace("\\$", "$") for text in figure.legends[0].get_texts()]
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
