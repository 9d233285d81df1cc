"""Tables for people: nothing rounded into a lie, nothing lost, nothing said on every line."""

from __future__ import annotations

import itertools
import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmoe_models.presentation.numerals import figure, labels, measure, prefixed
from dmoe_models.studies.report.tables import present, tally, verdict_frame, verdict_text
from dmoe_models.studies.study import find_study

from sample_report import LABEL, optimality, sample

NAN = math.nan


@pytest.mark.parametrize(
    ("values", "factor", "text"),
    [
        ((0.984, 0.960, 0.996), 1, "0.984 [0.960, 0.996]"),
        ((0.984, 0.960, 0.996), 100, "98.4 [96.0, 99.6]"),
        ((1, 0.93, 1), 100, "100 [93.0, 100]"),
        ((0.99986, 0.9978, 0.999996), 100, "99.99 [99.78, 99.9996]"),
        ((0.0021, -0.00002, 0.004), 1, "0.0021 [-0.00002, 0.0040]"),
        ((0, 0, 0.07), 100, "0 [0, 7.0]"),
        ((12345.0, 12000.0, 12700.0), 1, "12,345 [12,000, 12,700]"),
        ((2.7, NAN, 4.1), 1, "2.7 [-, 4.1]"),
        ((0.5, NAN, NAN), 100, "50 [-]"),
        ((0.25, 0.25, 0.25), 100, "25 [25, 25]"),
        ((math.inf, NAN, NAN), 100, "inf [-]"),
        ((NAN, NAN, NAN), 100, "-"),
        ((1e-9, 0, 2e-9), 1, "1e-09 [0, 2e-09]"),
        ((1 - 1e-13, 0.99, 1), 100, "<100 [99.00, 100]"),
    ],
)
def test_figures(values, factor, text):
    assert figure(*values, factor) == text


@pytest.mark.parametrize(
    ("value", "factor", "text"),
    [
        (1750, 1, "1,750"),
        (4.0, 1, "4"),
        (0.99, 100, "99"),
        (0.042665, 100, "4.266"),
        (0.9999612, 100, "99.9961"),
        (1.382400000000003, 100, "138.2"),
        (1e-13, 100, "1e-11"),
        (0.0013884, 1000, "1.388"),
        (-math.inf, 1, "-inf"),
        (NAN, 1, "-"),
        (pd.NA, 1, "-"),
        (True, 1, "yes"),
    ],
)
def test_measures(value, factor, text):
    assert measure(value, factor) == text


def number(text):
    """Read a number as it was written, and how far it may be off."""
    digits = text.lstrip("<>").replace(",", "")
    decimals = len(digits.partition("e")[0].partition(".")[2]) - int(digits.partition("e")[2] or 0)
    return float(digits), 0.5 * 10.0**-decimals


@given(
    st.floats(0, 1) | st.floats(0.99999, 1) | st.floats(0, 1e-12),
    st.floats(1e-9, 0.5),
    st.sampled_from([1, 100]),
)
def test_rounding_claims_no_more_than_is_known(value, half, factor):
    low, high = max(0.0, value - half), min(1.0, value + half)
    shown = figure(value, low, high, factor)
    texts = shown.replace("]", "").replace(" [", ", ").split(", ")
    for exact, text in zip((value, low, high), texts, strict=True):
        read, off = number(text)
        assert (read == 0) == (exact == 0), shown
        assert (read == factor and text[0] != "<") == (exact == 1), shown
        assert abs(read - factor * exact) <= off * (1 + 1e-6), shown
    assert abs(number(texts[0])[0] - factor * value) <= max(0.06 * factor * half, 0.5e-6)


@given(st.lists(st.floats(-1e6, 1e6).map(lambda value: float(f"{value:.11g}") + 0.0), min_size=1))
def test_labels_tell_values_apart(values):
    written = labels(values)
    for one, other in itertools.combinations(range(len(values)), 2):
        assert (written[one] == written[other]) == (values[one] == values[other])


def test_units():
    assert prefixed([0.002, 0.0135, NAN, 0.0, math.inf], "J") == ("mJ", 1e3)
    assert prefixed([3e-6], "s") == ("µs", 1e6)
    assert prefixed([NAN], "J") == ("J", 1.0)
    assert prefixed([1e30], "J") == ("MJ", 1e-6)


def test_a_table():
    shown = present("optimality", optimality(), find_study("asymptotics"))
    assert shown.title == "How often JESA is optimal"
    assert shown.notes[1:] == [
        "Throughout: K = 4, failed draws = 0.",
        "Without any value: mean excess.",
    ]
    assert shown.headers == [
        *("family", "axis_of_their_own", "band_turns", "method"),
        *("draws", "optimal (%)", "worst excess (%)", "energy (mJ)", "half or more"),
    ]
    assert shown.labels == 4 and shown.left == (0, 3, 8)
    assert shown.lines[0][2:] == ["-", LABEL, "250", "70.0 [69.0, 71.0]", "0", "2", "yes"]
    assert shown.lines[1][2:6] == ["2", "jesa", "251", "85.0 [84.0, -]"]
    assert [line[6] for line in shown.lines] == ["0", "1e-07", "inf", "3e-07"]


def test_all_of_a_table_is_there():
    table = optimality(30)
    shown = present("mine", table)
    assert shown.title == "Mine" and len(shown.lines) == 30
    assert all(len(line) == len(shown.headers) for line in shown.lines)
    told = " ".join([*shown.headers, *shown.notes])
    for name in ("family", "K", "axis_of_their_own", "band_turns", "method", "draws", "optimal"):
        assert name in told
    assert "_low" not in told and "_high" not in told and "cell" not in told


def test_figures_of_a_name_that_nobody_knows():
    table = pd.DataFrame({"x": [1, 2], "y": [0.5, 0.25], "y_low": [0.4, 0.2], "y_high": [0.6, 0.3]})
    assert present("t", table).lines == [["1", "0.50 [0.40, 0.60]"], ["2", "0.250 [0.200, 0.300]"]]


def test_cells_stand_where_nothing_else_tells_lines_apart():
    table = pd.DataFrame({"cell": [0, 1], "K": [3, 3], "method": ["a", "a"], "draws": [5, 6]})
    assert present("t", table).headers == ["cell", "draws"]
    table["K"] = [3, 4]
    assert present("t", table).headers == ["K", "draws"]


def test_conditions_of_few_lines_share_a_column():
    table = pd.DataFrame(
        {
            "K": [3, 4, 5, 6, 7],
            "snr_db": [NAN, -10.0, NAN, 10.0, NAN],
            "domain": [None, "law", None, None, "code"],
            "method": list("abcde"),
        }
    )
    shown = present("t", table)
    assert shown.headers == ["K", "further conditions", "method"]
    assert [line[1] for line in shown.lines] == [
        *("-", "snr_db = -10, domain = law", "-", "snr_db = 10", "domain = code")
    ]


def test_a_table_of_one_line_or_of_equal_ones_keeps_its_columns():
    table = pd.DataFrame({"family": ["tdl"], "K": [3], "above_half": [False]})
    assert present("t", table).lines == [["tdl", "3", "no"]]
    twice = pd.concat([table, table], ignore_index=True)
    assert present("t", twice).lines == [["tdl", "3", "no"]] * 2
    assert present("t", pd.DataFrame()).lines == []


def test_verdicts_for_a_terminal():
    verdicts = sample().verdicts
    assert tally(verdicts) == "1 held, 1 held in part, 1 not held, 1 not tested"
    for width in (40, 80, 132):
        lines = verdict_text(verdicts, width).splitlines()
        assert max(map(len, lines)) <= max(width, 12 + 16 + 24 + 4)
        starts = [line for line in lines[2:] if not line.startswith(" ")]
        assert [line.split("  ")[0] for line in starts] == [v.outcome for v in verdicts]
        column = lines[1].rindex(" -") + 1
        said = " ".join(line[column:].strip() for line in lines[2:]).split()
        assert said == " ".join(verdict.sentence for verdict in verdicts).split()
    assert verdict_frame(verdicts)["sample"].tolist() == [250, 9, 9, 0]


def test_what_is_measured_is_no_label_and_has_a_name():
    """A column that `headings` does not know would stand before the figures, as what a line is."""
    shares = {f"beyond_jesa{end}": [0.01, 0.02] for end in ("", "_low", "_high")}
    table = pd.DataFrame({"family": ["a", "b"], "method": ["x", "y"], "paired": [3, 4]} | shares)
    shown = present("gaps_by_family", table)
    assert shown.labels == 2
    assert shown.headers[2:] == ["draws beside JESA", "mean excess beyond JESA (%)"]
    table = pd.DataFrame({"method": ["x", "y"], "optimal_without": [3, 4]})
    assert present("optimality", table).headers == ["method", "optimal, not distinct"]
    assert present("optimality", table).labels == 1
