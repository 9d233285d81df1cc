"""Figures from tables that were made up: what is drawn, that it can be read, that it always can."""

import io
import itertools
import math

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cbook import is_math_text
from matplotlib.collections import LineCollection
from matplotlib.text import Text

from dmoe_models.presentation.plot_style import styles
from dmoe_models.studies.analysis.figure_tools import parameter_text
from dmoe_models.studies.analysis.figures import figures
from dmoe_models.studies.asymptotics.rows import distinct_probability
from dmoe_models.studies.study import StudyError, find_study, study_names

INCH = 0.02  # what a text may stand out by: the width of a stroke


def estimate_of(name: str, value: float, low: float, high: float) -> dict[str, float]:
    return {name: value, f"{name}_low": low, f"{name}_high": high}


def asymptotics() -> dict[str, pd.DataFrame]:
    series = [("rayleigh", 3, math.nan), ("rayleigh", 4, math.nan), ("tdl", 3, 2.0)]
    lines, needed, rates = [], [], []
    for number, ((family, nodes, turns), (late, method)) in enumerate(
        itertools.product(series, enumerate(["JESA", "JESA, 10 starts"]))
    ):
        about = {"family": family, "K": nodes, "band_turns": turns}
        for ratio in (1, 2, 4):
            links = nodes * (nodes - 1)
            p = 0.5 + 0.1 * ratio + 0.05 * late
            lines.append(
                {"cell": 3 * (number // 2) + ratio}
                | about
                | {"subcarriers_per_link": ratio, "method": method}
                | {"links": links, "subcarriers": ratio * links, "draws": 50, "certified": 40}
                | estimate_of("p_optimal", p, p - 0.08, p + 0.04)
                | estimate_of("p_distinct", p / 2, p / 2 - 0.03, p / 2 + 0.06)
                | {"closed_form": 0.1 * ratio, "worst_excess": 0.4 / ratio}
                | estimate_of("mean_excess", 0.1 / ratio, 0.03 / ratio, 0.2 / ratio)
            )
        needed.append(
            about
            | {"method": method, "target": 0.99, "needed": 2.0 if late else math.nan}
            | {"needed_surely": math.nan, "largest": 4.0, "certified": 120}
        )
        rates.append(
            about
            | {"method": method}
            | estimate_of("optimal_exponent", 1.5 + number, 1.25 + number, 2.25 + number)
            | estimate_of("distinct_exponent", math.nan, math.nan, math.nan)
            | {"certified": 120}
        )
    tables = {"optimality": lines, "subcarriers_needed": needed, "decay_rates": rates}
    return {name: pd.DataFrame(table) for name, table in tables.items()}


def optimality() -> dict[str, pd.DataFrame]:
    gaps = [
        {"family": family, "method": method, "draws": 60, "certified": 50}
        | {"worst_excess": 2.5 * m, "mean_s": 10.0 ** (m - 4)}
        | estimate_of("p_optimal", 1 - 0.3 * m, 0.9 - 0.3 * m, 1 - 0.25 * m)
        | estimate_of(
            "mean_excess", *(() if lost else (0.1 * m, 0.05 * m, 0.2 * m)) or [math.nan] * 3
        )
        for (family, (m, method)) in itertools.product(
            ("rayleigh", "scarce"), enumerate(["exact", "JESA", "Top-k"])
        )
        for lost in [family == "scarce" and method == "Top-k"]
    ]
    tightness = [
        {"family": family, "K": nodes, "method": bound, "draws": 50, "certified": 45}
        | estimate_of("mean_distance", 0.02 * b * nodes, 0.01 * b * nodes, 0.03 * b * nodes)
        | {"worst_distance": 0.5 * b}
        | estimate_of("p_tight", 1 - 0.1 * b, 0.8 - 0.1 * b, 1 - 0.05 * b)
        | estimate_of("p_integral", *([math.nan] * 3 if bound == "LB" else [0.97, 0.9, 0.99]))
        for (family, nodes, (b, bound)) in itertools.product(
            ("rayleigh", "tdl"), (3, 5), enumerate(["LP of sets", "LB"])
        )
    ]
    nodes = [
        {"cell": k, "part": "selection", "family": family, "K": k, "method": method, "draws": 10}
        | {"certified": 10, "subsets_per_token": 2.0**k}
        | estimate_of(
            "nodes_per_token", *([math.nan] * 3 if late > 1 else [k, k - 1.0 - late, k + 2.0])
        )
        for (family, k, (late, method)) in itertools.product(
            ("rayleigh", "hard-p1"), (4, 8), enumerate(["DES", "MILP", "enumeration"])
        )
    ]
    tables = {"gaps_by_family": gaps, "tightness_by_family": tightness, "nodes": nodes}
    return {name: pd.DataFrame(table) for name, table in tables.items()}


def savings() -> dict[str, pd.DataFrame]:
    nothing = {"z": math.nan, "gamma0": 0.7, "snr_db": math.nan, "computation_ratio": math.nan}
    cells = [
        *(nothing | {"z": z, "gamma0": g} for z in (0.5, 1.0) for g in (0.6, 0.7, 0.9)),
        *(nothing | {"snr_db": s, "computation_ratio": r} for s in (0.0, 10.0) for r in (0.1, 1.0)),
        nothing | {"family": "tdl", "gamma0": 0.8},
    ]
    totals, layers, parts = [], [], []
    for number, cell in enumerate(cells):
        about = {"cell": number, "family": "rayleigh", "K": 4} | cell
        for late, method in enumerate(("JESA", "exact", "H(1, D)")):
            s = 0.55 - 0.1 * late - 0.04 * (number % 3)
            known = {"draws": 30, "method": method} | estimate_of("saving", s, s - 0.02, s + 0.06)
            for reference in ("Top-k", "H(1, D)"):
                if method != reference:
                    totals.append(about | known | {"reference": reference})
                    layers += [
                        about | {"layer": layer} | known | {"reference": reference}
                        for layer in (1, 2)
                    ]
            parts += [
                about
                | {"method": method, "layer": layer, "draws": 30, "capped": 0.2 / layer}
                | estimate_of("energy_j", 0.01 / layer, 0.008 / layer, 0.013 / layer)
                | {"transmission_j": 0.004 / layer, "computation_j": 0.006 / layer}
                | {"experts_per_token": 1 + 0.1 * late}
                for layer in (1, 2)
            ]
    columns = [*about, "method", "reference"]
    tables = {"savings": totals, "savings_by_layer": layers, "energy_parts": parts}
    found = {name: pd.DataFrame(table) for name, table in tables.items()}
    return found | {"savings": found["savings"][[*columns, *set(found["savings"]) - set(columns)]]}


TABLES = {"asymptotics": asymptotics(), "optimality": optimality(), "savings": savings()}
AXES = {
    "probability": ("M / L", "%"),
    "channels": ("M / L", "%"),
    "distinct": ("%", "%"),
    "decay": ("M / L", "share of draws"),
    "exponents": ("exponent b", None),
    "excess": ("M / L", "%"),
    "starts": ("M / L", "%"),
    "needed": ("M / L", None),
    "gaps": ("%", None),
    "optimal": ("%", None),
    "time": ("(s,", "%"),
    "tightness": ("%", None),
    "integral": ("%", None),
    "nodes": ("experts, K", "nodes a token"),
    "importance": ("γ₀", "%"),
    "methods": ("γ₀", "%"),
    "snr_computation": ("ratio", "dB"),
    "where": ("%", None),
    "layers": ("layer", None),
    "patterns": ("layer", "experts per token"),
}
"""What the labels of a figure's two axes say; None where rows or panels have names of their own."""

STUDY_OF = {name: study for study in study_names() for name in find_study(study).figures}


@pytest.fixture(scope="module")
def drawn():
    """Every figure of the made-up tables, drawn once."""
    found = {}
    for study, tables in TABLES.items():
        for name, picture in figures(study, tables).items():
            picture.figure.set_dpi(60)
            canvas = FigureCanvasAgg(picture.figure)
            canvas.draw()
            found[name] = picture, canvas.get_renderer()
    return found


def intervals(figure, along: str) -> list[tuple[float, float]]:
    """The ends of all bars that are drawn along an axis."""
    which = "xy".index(along)
    return [
        (float(segment[0][which]), float(segment[1][which]))
        for axes in figure.axes
        for collection in axes.collections
        if isinstance(collection, LineCollection)
        for segment in collection.get_segments()
        if len(segment)
    ]


def marks_of(figure, which: int = 1) -> list[float]:
    """One coordinate of all marks and corners of lines."""
    return [
        float(value)
        for axes in figure.axes
        for line in axes.lines
        for value in np.ravel(line.get_data()[which])
    ]


def assert_drawn(values, found) -> None:
    for value in values:
        assert any(np.allclose(value, other, rtol=1e-9) for other in found), value


# -------------------------------------------------------------------------------- what is drawn


def test_every_figure_is_made(drawn):
    assert set(drawn) == set(STUDY_OF) == set(AXES)


BARS = {
    "probability": ("optimality", ["p_optimal", "p_distinct"], 100, "y"),
    "channels": ("optimality", ["p_optimal"], 100, "y"),
    "distinct": ("optimality", ["p_distinct"], 100, "y"),
    "exponents": ("decay_rates", ["optimal_exponent"], 1, "x"),
    "excess": ("optimality", ["mean_excess"], 100, "y"),
    "starts": ("optimality", ["p_optimal"], 100, "y"),
    "gaps": ("gaps_by_family", ["mean_excess"], 100, "x"),
    "optimal": ("gaps_by_family", ["p_optimal"], 100, "x"),
    "time": ("gaps_by_family", ["mean_excess"], 100, "y"),
    "tightness": ("tightness_by_family", ["mean_distance"], 100, "x"),
    "integral": ("tightness_by_family", ["p_tight", "p_integral"], 100, "x"),
    "nodes": ("nodes", ["nodes_per_token"], 1, "y"),
    "importance": ("savings", ["saving"], 100, "y"),
    "where": ("savings", ["saving"], 100, "x"),
}


def shown_in(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Lines of a table that the figure is to show."""
    if name in ("channels", "distinct", "excess", "exponents"):
        table = table[table["method"] == "JESA"]
    if name == "probability":
        table = table[(table["method"] == "JESA") & (table["family"] == "rayleigh")]
    if name == "integral":
        table = table[table["method"] == "LP of sets"]
    if name in ("importance", "where"):
        table = table[(table["method"] == "JESA") & table["snr_db"].isna()]
    if name == "importance":
        table = table[table["z"].notna()]
    if name == "where":  # of those that differ in importance only, the one at 0.7
        table = table[(table["gamma0"] == 0.7) | (table["family"] == "tdl")]
    return table


@pytest.mark.parametrize("name", BARS)
def test_figures_and_their_intervals_are_drawn(drawn, name):
    table, columns, factor, along = BARS[name]
    lines = shown_in(name, TABLES[STUDY_OF[name]][table])
    figure = drawn[name][0].figure
    ends, places = intervals(figure, along), marks_of(figure, "xy".index(along))
    for column in columns:
        known = lines[lines[column].notna()]
        assert len(known)
        wanted = zip(factor * known[f"{column}_low"], factor * known[f"{column}_high"], strict=True)
        assert_drawn(wanted, ends)
        assert_drawn(factor * known[column], places)


def test_failures_on_logarithmic_axes(drawn):
    table = TABLES["asymptotics"]["optimality"]
    line = table[(table["method"] == "JESA") & (table["family"] == "rayleigh")]
    figure = drawn["decay"][0].figure
    assert_drawn(1 - line["p_optimal"], marks_of(figure))
    wanted = zip(1 - line["p_optimal_high"], 1 - line["p_optimal_low"], strict=True)
    assert_drawn(wanted, intervals(figure, "y"))
    assert [axes.get_title() for axes in figure.axes] == [
        "K\u00a0=\u00a03: b = 1.50 [1.25, 2.25]",
        "K\u00a0=\u00a04: b = 3.50 [3.25, 4.25]",
    ]


def test_without_a_failure_there_is_a_bound_alone():
    tables = asymptotics()
    tables["optimality"] = tables["optimality"].assign(p_optimal=1.0, p_optimal_high=1.0)
    figure = figures("asymptotics", tables)["decay"].figure
    (strokes,) = [
        line for line in figure.axes[0].lines if line.get_marker() == "_" and len(line.get_xdata())
    ]
    assert strokes.get_ydata() == pytest.approx([0.48, 0.38, 0.18])


def test_energies_relative_to_the_first_reference(drawn):
    table = TABLES["savings"]["savings"]
    line = table[(table["reference"] == "Top-k") & (table["z"] == 1.0)]
    figure = drawn["methods"][0].figure
    assert_drawn(100 - 100 * line["saving"], marks_of(figure))
    wanted = zip(100 - 100 * line["saving_high"], 100 - 100 * line["saving_low"], strict=True)
    assert_drawn(wanted, intervals(figure, "y"))


def test_the_map_says_numbers_and_frames_what_is_surely_above_half():
    tables = savings()
    picture = figures("savings", tables)["snr_computation"]
    table = tables["savings"]
    line = table[(table["method"] == "JESA") & table["snr_db"].notna()]
    texts = [text.get_text() for axes in picture.figure.axes for text in axes.texts]
    assert sorted(texts) == sorted(f"{100 * value:.1f}\n±4.0" for value in line["saving"])
    frames = sum(len(axes.patches) for axes in picture.figure.axes)
    assert frames == (line["saving_low"] > 0.5).sum() > 0


def test_a_saving_that_vanishes_has_a_mark_of_its_own():
    tables = savings()
    first = tables["savings"]["cell"] == 1
    tables["savings"].loc[first, ["saving", "saving_low", "saving_high"]] = [0.0, -0.1, 0.1]
    figure = figures("savings", tables)["where"].figure
    (crosses, *more) = [line for line in figure.axes[0].lines if line.get_marker() == "x"]
    assert not more and crosses.get_xdata() == pytest.approx([0.0])
    assert "interval holds 0" in entries(figure)


def test_needed_or_not_in_the_design(drawn):
    figure = drawn["needed"][0].figure
    assert [axes.get_title() for axes in figure.axes] == ["JESA", "JESA, 10 starts"]
    ticks = dict(
        zip(
            [label.get_text() for label in figure.axes[0].get_xticklabels()],
            figure.axes[0].get_xticks(),
            strict=True,
        )
    )
    needed = [
        line.get_xdata()[0]
        for axes in figure.axes
        for line in axes.lines
        if len(line.get_xdata()) == 3
    ]
    assert needed == [ticks["none"], ticks["none"], 2.0, ticks["none"]]
    assert ticks["none"] > 4.0


def test_layers_of_the_cell_at_the_defaults(drawn):
    picture = drawn["layers"][0]
    assert "z\u00a0=\u00a01, γ₀\u00a0=\u00a00.7" in picture.caption
    assert_drawn([(8.0, 13.0), (4.0, 6.5)], intervals(picture.figure, "y"))
    assert "(mJ)" in picture.figure.axes[0].get_title()
    assert_drawn([10.0, 5.0, 4.0, 2.0, 6.0, 3.0], marks_of(picture.figure))


# ------------------------------------------------------------------------------- how it is read


def entries(figure) -> list[str]:
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


@pytest.mark.parametrize("name", AXES)
def test_axes_say_what_they_show_and_in_what(drawn, name):
    figure = drawn[name][0].figure
    x, y = AXES[name]
    assert x in figure.get_supxlabel()
    if y is None:
        own = (
            [axes.get_title() for axes in figure.axes]
            if name == "layers"
            else [label.get_text() for label in figure.axes[0].get_yticklabels()]
        )
        assert own and all(own)
    else:
        assert y in figure.get_supylabel()


def assert_on_the_paper(figure, renderer) -> None:
    inside = figure.get_tightbbox(renderer)
    width, height = figure.get_size_inches()
    assert width == 7.5
    assert inside.x0 >= -INCH and inside.y0 >= -INCH
    assert inside.x1 <= width + INCH and inside.y1 <= height + INCH


def assert_no_overlap(figure, renderer) -> None:
    """No words of titles and legends, nor of the ticks of an axis, stand upon each other."""
    groups = [[axes.title for axes in figure.axes]]
    groups[0] += [text for legend in figure.legends for text in legend.get_texts()]
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            seen = [tick for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
            groups.append([tick.label1 for tick in seen if tick.label1.get_visible()])
    for group in groups:
        boxes = [text.get_window_extent(renderer) for text in group if text.get_text()]
        for one, other in itertools.combinations(boxes, 2):
            assert not one.overlaps(other)


@pytest.mark.parametrize("name", AXES)
def test_all_stands_on_the_paper_and_nothing_upon_other_words(drawn, name):
    picture, renderer = drawn[name]
    assert_on_the_paper(picture.figure, renderer)
    assert_no_overlap(picture.figure, renderer)


@pytest.mark.parametrize("name", ["starts", "needed", "gaps"])
def test_long_labels_are_broken_and_dollars_are_no_mathematics(name):
    study = STUDY_OF[name]
    tables = {
        table: lines.assign(
            family="the family of " + lines["family"] + ", which has a name that is too long " * 3,
            method=lines["method"] + " at 5 $ or 6 $, which is told in more words than needed" * 2,
        )
        for table, lines in TABLES[study].items()
    }
    figure = figures(study, tables)[name].figure
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    assert_on_the_paper(figure, canvas.get_renderer())
    assert_no_overlap(figure, canvas.get_renderer())
    words = [text for text in figure.findobj(Text) if "$" in text.get_text()]
    assert words and not any(is_math_text(text.get_text()) for text in words)


@pytest.mark.parametrize("name", AXES)
def test_no_two_entries_of_a_legend_look_alike(drawn, name):
    for legend in drawn[name][0].figure.legends:
        looks = [
            (
                line.get_marker(),
                str(line.get_linestyle()),
                line._dash_pattern[1],
                line.get_color(),
                line.get_markerfacecolor(),
            )
            for line in legend.get_lines()
        ]
        assert len({str(look) for look in looks}) == len(looks) == len(legend.get_texts())


@pytest.mark.parametrize("name", AXES)
def test_letters_are_large_enough_and_shades_grey(drawn, name):
    import matplotlib.colors

    figure = drawn[name][0].figure
    assert min(text.get_fontsize() for text in figure.findobj(Text) if text.get_text()) >= 8
    for axes in figure.axes:
        for line in axes.lines:
            red, green, blue = matplotlib.colors.to_rgb(line.get_color())
            assert red == green == blue <= 0.93


@pytest.mark.parametrize("name", AXES)
def test_every_caption_says_how_many_draws(drawn, name):
    caption = drawn[name][0].caption
    assert caption.endswith(".") and "draws" in caption and any(map(str.isdigit, caption))


def test_legends_name_all_series(drawn):
    assert entries(drawn["channels"][0].figure) == ["K\u00a0=\u00a03", "K\u00a0=\u00a04"]
    assert entries(drawn["starts"][0].figure) == ["JESA", "JESA, 10 starts"]
    assert entries(drawn["importance"][0].figure) == [
        "z\u00a0=\u00a00.5",
        "z\u00a0=\u00a01",
        "exact",
    ]
    assert entries(drawn["gaps"][0].figure) == ["mean", "worst draw", "no valid answer"]
    assert entries(drawn["nodes"][0].figure) == ["DES", "MILP", "all sets (enumeration)"]
    titles = [axes.get_title() for axes in drawn["channels"][0].figure.axes]
    assert titles == ["rayleigh", "tdl, band\u00a0turns\u00a02"]


def test_a_hundred_styles_differ():
    looks = styles(map(str, range(105))).values()
    assert len({(s["marker"], s["linestyle"], s["color"]) for s in looks}) == 105


# ---------------------------------------------------------------------------- that it always can


def without_intervals(table: pd.DataFrame) -> pd.DataFrame:
    ends = {name: math.nan for name in table if name.endswith(("_low", "_high"))}
    return table.assign(**ends, method="cost: 5 $ or 6 $, " + table["method"].astype(str))


def without_figures(table: pd.DataFrame) -> pd.DataFrame:
    measured = {name: math.nan for name in table if f"{name}_low" in table}
    return without_intervals(table).assign(**measured)


def with_infinities(table: pd.DataFrame) -> pd.DataFrame:
    names = {"worst_excess", "worst_distance", "mean_excess_high"} & set(table)
    table = table.assign(**dict.fromkeys(names, math.inf))
    return table.assign(K=table["K"].where(table.index % 2 == 0)) if "K" in table else table


def with_zeros(table: pd.DataFrame) -> pd.DataFrame:
    names = {"nodes_per_token", "mean_s", "saving", "energy_j"} & set(table)
    return table.assign(**dict.fromkeys(names, 0.0)).rename(columns={"K": "spread"})


def without_parameters(table: pd.DataFrame) -> pd.DataFrame:
    names = ["K", "z", "gamma0", "snr_db", "computation_ratio", "band_turns", "worst"]
    return table.drop(columns=names, errors="ignore").assign(family="my family")


ODD = {
    "no intervals": without_intervals,
    "no figures": without_figures,
    "infinities": with_infinities,
    "zeros": with_zeros,
    "no parameters": without_parameters,
    "one line": lambda table: table.iloc[:1],
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("study", TABLES)
def test_whatever_a_configuration_writes_is_drawn_or_left_out(study, odd):
    tables = {name: ODD[odd](table) for name, table in TABLES[study].items()}
    found = figures(study, tables)
    assert set(found) <= set(AXES)
    assert found


@pytest.mark.parametrize("study", TABLES)
def test_of_nothing_nothing_is_drawn(study):
    empty = {name: pd.DataFrame() for name in TABLES[study]}
    assert figures(study, empty) == figures(study, {}) == {}
    headers = {name: table.iloc[:0] for name, table in TABLES[study].items()}
    assert figures(study, headers) == {}


def test_lines_without_a_certified_draw_are_left_out_and_counted():
    tables = asymptotics()
    none = tables["optimality"]["family"] == "tdl"
    tables["optimality"].loc[none, "certified"] = 0
    tables["optimality"].loc[none, "p_optimal"] = math.nan
    picture = figures("asymptotics", tables)["channels"]
    assert [axes.get_title() for axes in picture.figure.axes] == ["rayleigh"]
    assert "Left out: 6 lines without a certified draw." in picture.caption
    nothing = {name: table.assign(certified=0) for name, table in tables.items()}
    assert figures("asymptotics", nothing) == {}


def test_the_closed_form_is_drawn_as_it_is(drawn):
    for nodes, axes in zip((3, 4), drawn["probability"][0].figure.axes, strict=True):
        links = nodes * (nodes - 1)
        wanted = [distinct_probability(links, ratio * links) for ratio in (1, 4)]
        (form,) = (line for line in axes.lines if len(line.get_xdata()) > 10)
        assert form.get_ydata()[[0, -1]] == pytest.approx(np.multiply(100, wanted))
        decay = drawn["decay"][0].figure.axes[nodes - 3]
        (form,) = (line for line in decay.lines if len(line.get_xdata()) > 10)
        assert form.get_ydata()[[0, -1]] == pytest.approx(np.subtract(1, wanted))


def test_the_exact_method_all_sets_and_capped_tokens_are_drawn(drawn):
    table = TABLES["savings"]["savings"]
    best = table[(table["method"] == "exact") & table["z"].notna()]
    marks = [
        float(y)
        for axes in drawn["importance"][0].figure.axes
        for line in axes.lines
        if line.get_marker() == "+"
        for y in line.get_ydata()
    ]
    assert sorted(marks) == pytest.approx(sorted(100 * best["saving"]))
    assert_drawn([16.0, 256.0], marks_of(drawn["nodes"][0].figure))
    bars = [
        patch.get_height() for axes in drawn["patterns"][0].figure.axes for patch in axes.patches
    ]
    assert bars and sorted(set(bars)) == [0.1, 0.2]


def test_the_channel_of_reference_has_independent_links():
    table = asymptotics()["optimality"]
    turned = table["family"] == "rayleigh"
    table = table.assign(band_turns=np.where(turned, 2.0, math.nan))  # "tdl" is shorter to say
    caption = figures("asymptotics", {"optimality": table})["probability"].caption
    assert caption.startswith("Channel rayleigh, band\u00a0turns\u00a02:")


def test_other_channels_are_shown_with_the_most_usual_number_of_nodes():
    table = asymptotics()["optimality"]
    tdl = table[table["family"] == "tdl"]
    more = [
        tdl.assign(K=5, cell=tdl["cell"] + 50),
        tdl.assign(family="cell", cell=tdl["cell"] + 90),
    ]
    tables = {"optimality": pd.concat([*more, table], ignore_index=True)}
    titles = [axes.get_title() for axes in figures("asymptotics", tables)["starts"].figure.axes]
    assert {title.rpartition("\u00a0")[2] for title in titles if "tdl" in title} == {"3"}


def test_a_saving_needs_no_draw_that_is_solved_to_optimality():
    """`certified` of savings counts draws on which the method is optimal: Top-k hardly ever is."""
    plain = savings()
    solved = {n: t.assign(certified=0) if "saving" in t else t for n, t in plain.items()}
    found = figures("savings", solved)
    for name, picture in figures("savings", plain).items():
        assert found[name].caption == picture.caption
        assert marks_of(found[name].figure) == pytest.approx(marks_of(picture.figure))
    none = plain["savings"].assign(
        draws=plain["savings"]["draws"].where(plain["savings"].cell > 0, 0)
    )
    caption = figures("savings", plain | {"savings": none})["where"].caption
    assert "Left out: 5 lines without a draw." in caption


WIDE = {
    "gaps": ("gaps_by_family", "mean_excess", "x"),
    "time": ("gaps_by_family", "mean_excess", "y"),
    "tightness": ("tightness_by_family", "mean_distance", "x"),
    "nodes": ("nodes", "nodes_per_token", "y"),
    "excess": ("optimality", "mean_excess", "y"),
}


@pytest.mark.parametrize("name", WIDE)
def test_no_interval_is_cut_by_its_axis(name):
    table, column, along = WIDE[name]
    tables = dict(TABLES[STUDY_OF[name]])
    tables[table] = tables[table].assign(**{f"{column}_high": 5000.0})
    figure = figures(STUDY_OF[name], tables)[name].figure
    highest = max(high for _, high in intervals(figure, along))
    axes = figure.axes[0]
    assert highest >= 5000
    assert (axes.get_xlim() if along == "x" else axes.get_ylim())[1] >= highest


def test_captions_say_why_a_mean_has_no_bar():
    for name in ("gaps", "time", "excess"):
        table, column, _ = WIDE[name]
        tables = dict(TABLES[STUDY_OF[name]])
        assert "without one" not in figures(STUDY_OF[name], tables)[name].caption
        bare = tables[table][column] > 0
        tables[table] = tables[table].assign(
            **{
                f"{column}_{end}": tables[table][f"{column}_{end}"].mask(bare)
                for end in ("low", "high")
            }
        )
        caption = figures(STUDY_OF[name], tables)[name].caption
        assert "a mark without one has too few draws above 0 for it" in caption


def test_captions_say_what_is_not_drawn(drawn):
    assert "Without a valid answer, or a time: 1 marks." in drawn["time"][0].caption
    assert "Of thresholds, z\u00a0=\u00a01 alone." in drawn["methods"][0].caption
    alone = savings()
    alone["savings"] = alone["savings"].assign(z=1.0)
    assert "Of thresholds" not in figures("savings", alone)["methods"].caption


def test_distinct_subcarriers_are_of_all_draws(drawn):
    assert "of 50 draws." in drawn["distinct"][0].caption
    for name in ("probability", "decay"):
        caption = drawn[name][0].caption
        assert "40 certified draws a mark, of subcarriers 50 draws." in caption


def test_the_cell_of_layers_is_told_by_all_that_varies():
    parts = savings()["energy_parts"].assign(family="rayleigh")
    parts["K"] = parts["cell"].map(lambda cell: 4 if cell % 2 else 5)
    tables = savings() | {"energy_parts": parts}
    assert "(rayleigh, K\u00a0=\u00a0" in figures("savings", tables)["layers"].caption


def test_an_exponent_without_an_end_has_a_dash():
    tables = asymptotics()
    tables["decay_rates"]["optimal_exponent_high"] = math.nan
    titles = [axes.get_title() for axes in figures("asymptotics", tables)["decay"].figure.axes]
    assert all("-]" in title and "nan" not in title for title in titles)


def test_values_that_differ_are_told_apart():
    values = [1e6, 1e6 + 0.25, 0.7, 1234567.0, 1 / 3]
    assert len({parameter_text("bandwidth_hz", value) for value in values}) == len(values)
    assert parameter_text("gamma0", 0.7).endswith("0.7") and "1234567" in parameter_text(
        "T", 1234567.0
    )


@pytest.mark.parametrize("study", TABLES)
def test_files_are_drawn_as_tables_are(study, drawn):
    read = {
        name: pd.read_csv(io.StringIO(table.to_csv(index=False)))
        for name, table in TABLES[study].items()
    }
    found = figures(study, read)
    assert set(found) == {name for name, own in STUDY_OF.items() if own == study}
    for name, picture in found.items():
        first = drawn[name][0]
        assert picture.caption == first.caption
        assert marks_of(picture.figure) == pytest.approx(marks_of(first.figure), nan_ok=True)


def test_many_nodes_are_shared_out_among_panels():
    table = asymptotics()["optimality"]
    table = table[(table["family"] == "rayleigh") & (table["K"] == 3)]
    many = pd.concat([table.assign(K=k, cell=table["cell"] + 9 * k) for k in range(3, 9)])
    figure = figures("asymptotics", {"optimality": many})["channels"].figure
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == [f"rayleigh, K\u00a0=\u00a0{k} to {k + 2}" for k in (3, 6)]


def test_an_unknown_study():
    with pytest.raises(StudyError):
        figures("weather", {})


def test_every_figure_has_a_title():
    for name in study_names():
        study = find_study(name)
        assert study.figures and all(figure.title for figure in study.figures.values())


def test_a_logarithmic_axis_with_a_zero_has_labels_that_can_be_read():
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from dmoe_models.presentation.plot_axes import positive_axis

    figure = Figure(figsize=(4.0, 3.0), layout="constrained")
    axes = figure.add_subplot()
    positive_axis(axes.yaxis, [0.0, 0.008, 0.1, 5.0, 2e5])
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = [label.get_window_extent() for label in axes.get_yticklabels() if label.get_text()]
    assert len(boxes) > 3
    for below, above in itertools.pairwise(boxes):
        assert not below.overlaps(above)
