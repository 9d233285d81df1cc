"""Figures show the numbers that they are drawn from, on the axes that they are given."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from dmoe_models import DmoeError, plot, solve
from instances.families import draw

pyplot = pytest.importorskip("matplotlib.pyplot", reason="needs the extra report")

INSTANCE = draw("contended", 19, K=4, T=12, gamma=0.3)


@pytest.fixture(autouse=True)
def _closed_figures():
    pyplot.switch_backend("agg")
    yield
    pyplot.close("all")


def test_maps_hold_the_instance():
    figure = plot.instance(INSTANCE)
    scores, gains = (axes.images[0].get_array() for axes in figure.axes[:2])
    assert np.array_equal(scores, INSTANCE.gate_scores)
    i, j = INSTANCE.links[3]
    assert np.allclose(10 ** (gains[3] / 10), INSTANCE.gain[i, j])


def test_a_gain_of_zero_is_left_out():
    gain = INSTANCE.gain.copy()
    i, j = INSTANCE.links[0]
    gain[i, j, 0] = 0.0
    shown = plot.gains(INSTANCE.replace(gain=gain)).images[0].get_array()
    assert np.ma.getmaskarray(shown)[0, 0] and not np.ma.getmaskarray(shown)[0, 1:].any()


def test_a_solution_is_drawn_whole():
    answer = solve(INSTANCE, "exact").solution
    chosen, owned = plot.solution(INSTANCE, answer).axes[:2]
    points = np.concatenate([series.get_offsets() for series in chosen.collections])
    assert {(int(t), int(e)) for e, t in points} == set(
        zip(*map(list, np.nonzero(answer.selection)), strict=True)
    )
    drawn = {(int(line.get_xdata()[0]), int(line.get_ydata()[0])) for line in owned.lines}
    loaded = [
        row
        for row, (i, j) in enumerate(INSTANCE.links)
        if answer.selection[INSTANCE.source == i, j].any()
    ]
    assert drawn == {(answer.assignment[tuple(INSTANCE.links[row])], row) for row in loaded}


def test_a_descent_shows_every_energy():
    run = solve(INSTANCE, "jesa")
    _, axes = pyplot.subplots()
    assert plot.iterations(run, ax=axes) is axes
    assert axes.lines[0].get_ydata() == pytest.approx(run.details["energies_j"])
    assert axes.lines[1].get_ydata()[0] == run.bound
    with pytest.raises(DmoeError, match="greedy"):
        plot.iterations(solve(INSTANCE, "greedy"))


def test_runs_end_at_their_answers():
    runs = [solve(INSTANCE, name) for name in ("jesa", "exact")]
    axes = plot.bounds(runs)
    ends = [line.get_ydata()[-1] for line in axes.lines]
    assert ends == [runs[0].objective, runs[0].bound, runs[1].objective, runs[1].bound]


def test_rows_are_drawn_by_method():
    rows = pd.DataFrame(
        {
            "method": ["a", "a", "b", "b"],
            "instance": ["x", "y", "x", "y"],
            "gap": [0.0, 0.25, 1e-9, math.nan],
        }
    )
    axes = plot.gaps(rows)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
    assert axes.collections[0].get_offsets()[:, 0].tolist() == [0.0, 25.0]
    lines = plot.profile(rows).lines
    assert [line.get_ydata()[-1] for line in lines] == [100.0, 50.0]
    with pytest.raises(DmoeError, match="gap"):
        plot.gaps(rows.drop(columns="gap"))


def test_the_style_is_that_of_figures_read_in_grey():
    with pyplot.rc_context():
        plot.use_style()
        assert pyplot.rcParams["image.cmap"] == "Greys"
        assert not pyplot.rcParams["axes.spines.top"]
