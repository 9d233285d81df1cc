"""Figures show the numbers that they are drawn from, on the axes that they are given."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from dmoe_models import DmoeError, Outcome, compare, plot, solve, validate
from instances.families import draw

pyplot = pytest.importorskip("matplotlib.pyplot", reason="needs the extra report")

INSTANCE = draw("contended", 19, K=4, T=12, gamma=0.3)
SINGLE = draw("rayleigh", 1, K=2, T=1)
NOWHERE = SINGLE.replace(
    gain=np.zeros_like(SINGLE.gain),
    strict_relevance=True,
    relevance=1.0,
    importance=1.0,
    max_experts=1,
)
GIVEN = np.full((4, 4), -1)
GIVEN[tuple(INSTANCE.links.T)] = np.arange(len(INSTANCE.links))
P1 = INSTANCE.replace(name="a $ in P_1", assignment=GIVEN)
MANY = draw("rayleigh", 1, K=10, T=200)


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


@pytest.mark.parametrize("start", ["random", "assignment"])
def test_a_descent_shows_its_start_and_every_energy(start):
    run = solve(INSTANCE, "jesa", start=start, seed=1)
    _, axes = pyplot.subplots()
    assert plot.iterations(run, ax=axes) is axes
    energies = [run.details["start_energy_j"], *run.details["energies_j"]]
    assert axes.lines[0].get_ydata() == pytest.approx(energies)
    assert axes.lines[0].get_xdata().tolist() == list(range(len(energies)))
    assert axes.lines[1].get_ydata()[0] == run.bound
    assert axes.collections[-1].get_offsets().tolist() == [[0, energies[0]]]


def test_a_start_at_best_prices_is_apart_since_it_is_no_assignment():
    run = solve(INSTANCE, "jesa", start="price")
    axes = plot.iterations(run)
    assert axes.lines[0].get_xdata()[0] == 1
    assert axes.collections[-1].get_offsets()[0].tolist() == pytest.approx([0, run.bound])
    assert "no assignment" in axes.get_legend().get_texts()[-1].get_text()


def test_a_run_without_steps_is_refused_by_its_name():
    with pytest.raises(DmoeError, match="greedy"):
        plot.iterations(solve(INSTANCE, "greedy"))
    with pytest.raises(DmoeError, match="no solution"):
        plot.iterations(solve(NOWHERE, "jesa"))


def test_runs_end_at_their_answers_and_bounds():
    runs = [solve(INSTANCE, name) for name in ("jesa", "exact")]
    axes = plot.bounds(runs)
    ends = [line.get_ydata()[-1] for line in axes.lines]
    assert ends == [runs[0].objective, runs[0].bound, runs[1].objective, runs[1].bound]
    rise = axes.lines[3].get_ydata()
    assert len(rise) > 1 and (np.diff(rise) >= 0).all()
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["jesa", "exact"]


def test_a_method_that_gives_a_bound_only_is_named():
    axes = plot.bounds(solve(INSTANCE, "lower-bound"))
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["lower-bound (bound)"]


def test_runs_have_labels_of_ones_own_or_numbers():
    one, many = solve(INSTANCE, "jesa"), solve(INSTANCE, "jesa", starts=5)
    for given, wanted in (
        ([one, many], ["jesa", "jesa 2"]),
        ({"_one": one, "a$b": many}, ["_one", r"a\$b"]),
        (iter([one]), ["jesa"]),
    ):
        texts = plot.bounds(given).get_legend().get_texts()
        assert [text.get_text() for text in texts] == wanted


def test_what_a_plug_in_claims_on_the_way_is_not_drawn():
    def mine(instance):
        answer = solve(instance, "jesa").solution
        return Outcome(answer, details={"bounds": [(0.0, 1e9)], "incumbents": ["soon", None]})

    axes = plot.bounds(solve(INSTANCE, mine))
    assert max(line.get_ydata().max() for line in axes.lines) < 1


def test_where_nothing_is_known_it_is_said():
    axes = plot.bounds(solve(NOWHERE, "exact"))
    assert [text.get_text() for text in axes.texts] == ["proved to have no solution"]


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


def test_what_is_proved_is_counted_when_it_was():
    rows = pd.DataFrame(
        {
            "method": ["a", "a", "b", "b"],
            "kind": "exact",
            "gap": [0.0, 0.25, 1e-9, math.nan],
            "status": ["optimal", "feasible", "optimal", "infeasible"],
            "runtime_s": [0.5, 1.0, 2.0, 0.1],
        }
    )
    first, second = plot.proved(rows).lines
    assert first.get_xdata()[:-1].tolist() == [0.1, 0.5, 2.0]
    assert first.get_ydata()[:-1].tolist() == [0.0, 50.0, 50.0]
    assert second.get_ydata()[:-1].tolist() == [50.0, 50.0, 100.0]
    assert not plot.proved(rows.assign(kind="bound")).lines


def test_objects_are_drawn_like_their_tables():
    found = validate([INSTANCE, draw("tight", 1, K=2, T=1)], ["jesa", "exact"])
    compared = compare(found)
    for draw_it in (plot.gaps, plot.times, plot.profile, plot.proved):
        labels = [axes.get_xlabel() for axes in (draw_it(found), draw_it(found.rows))]
        assert labels[0] == labels[1]
    for draw_it in (plot.time_profile, plot.energy_profile):
        assert len(draw_it(compared).lines) == 2
    with pytest.raises(DmoeError, match="time_profile of compare"):
        plot.time_profile(found)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("instance", "method"),
    [(SINGLE, "jesa"), (NOWHERE, "exact"), (P1, "des"), (MANY, "greedy")],
    ids=["single-token", "infeasible", "P1", "many"],
)
def test_odd_instances_are_drawn_without_a_warning(instance, method):
    run = solve(instance, method)
    figures = [plot.instance(instance), plot.bounds(run).figure]
    if run.solution is None:
        with pytest.raises(DmoeError, match="no solution"):
            plot.solution(instance, run)
    else:
        figures.append(plot.solution(instance, run))
    for figure in figures:
        figure.canvas.draw()
        for axes in figure.axes[:2]:
            ticks = [tick.get_text() for tick in axes.get_xticklabels()]
            assert not any("." in tick and axes.get_xlabel() != "time" for tick in ticks)


@pytest.mark.filterwarnings("error")
def test_rows_that_are_none_or_all_failed_are_drawn_without_a_warning():
    def failing(instance):
        raise ValueError("on purpose")

    failed = validate(SINGLE, [failing])
    for rows in (failed, failed.rows.iloc[:0]):
        for draw_it in (plot.gaps, plot.times, plot.profile, plot.proved):
            draw_it(rows).figure.canvas.draw()
    nothing = pd.DataFrame(index=pd.Index([], name="ratio"))
    for draw_it in (plot.time_profile, plot.energy_profile):
        draw_it(nothing).figure.canvas.draw()


def test_given_axes_are_drawn_on():
    figure, both = pyplot.subplots(1, 2)
    run = solve(SINGLE, "jesa")
    assert plot.solution(SINGLE, run, ax=both) is figure
    assert plot.instance(SINGLE, ax=tuple(both)) is figure
    for draw_it, facts in ((plot.gains, [SINGLE]), (plot.assignment, [SINGLE, run])):
        assert draw_it(*facts, ax=both[0]) is both[0]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: plot.gains("round.json"), "instance = 'round.json' is no Instance"),
        (lambda: plot.instance(None), "instance = None"),
        (lambda: plot.gates(SINGLE, ax=3), "ax = 3 is no Axes"),
        (lambda: plot.gates(SINGLE, ax=pyplot.subplots(2, 2)[1]), "is no Axes"),
        (lambda: plot.solution(SINGLE, SINGLE), "is no Solution"),
        (lambda: plot.solution(SINGLE, solve(INSTANCE, "greedy")), "selection: shape"),
        (lambda: plot.instance(SINGLE, ax=pyplot.subplots()[1]), "no two Axes"),
        (lambda: plot.iterations(SINGLE), "is no Result"),
        (lambda: plot.bounds([]), "none to draw"),
        (lambda: plot.bounds(3), "what solve returned"),
        (lambda: plot.bounds([SINGLE]), "is no Result"),
        (
            lambda: plot.bounds([solve(SINGLE, "jesa"), solve(INSTANCE, "jesa")]),
            "several instances",
        ),
        (lambda: plot.gaps("rows.csv"), "'rows.csv' is no table"),
        (lambda: plot.proved(pd.DataFrame({"method": ["a"]})), "no column gap"),
        (lambda: plot.energy_profile(None), "energy_profile of compare"),
    ],
)
def test_a_wrong_argument_is_named(call, words):
    with pytest.raises(DmoeError) as caught:
        call()
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_the_style_is_that_of_figures_read_in_grey():
    with pyplot.rc_context():
        plot.use_style()
        assert pyplot.rcParams["image.cmap"] == "Greys"
        assert not pyplot.rcParams["axes.spines.top"]


@pytest.mark.filterwarnings("error")
def test_many_methods_of_long_names_leave_room_for_the_axes():
    """The legend of thirty methods is not cut, and the axes beside it can still be read."""
    names = [f"a method whose name says all that it was given, {n}" for n in range(30)]
    rows = pd.DataFrame({"method": names, "gap": 0.1, "instance": "one", "runtime_s": 1.0})
    for draw_it in (plot.gaps, plot.times, plot.profile):
        axes = draw_it(rows)
        axes.figure.canvas.draw()
        whole, own = axes.figure.bbox, axes.get_window_extent()
        assert own.width > 0.3 * whole.width and own.height > 0.3 * whole.height
        legend = axes.get_legend() or axes.figure.legends[0]
        assert legend.get_window_extent().height <= whole.height
