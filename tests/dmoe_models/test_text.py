"""Numbers and tables for people: nothing rounded into a lie, nothing lost."""

from __future__ import annotations

import itertools
import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmoe_models.text import (
    format_estimate,
    format_labels,
    format_number,
    format_value,
    html_table,
    in_percent,
    prefixed,
)

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
def test_estimates(values, factor, text):
    assert format_estimate(*values, factor) == text


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
        (np.bool_(False), 1, "no"),
        (np.int64(1750), 1, "1,750"),
        (None, 1, "-"),
    ],
)
def test_values(value, factor, text):
    assert format_value(value, factor) == text


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
    shown = format_estimate(value, low, high, factor)
    texts = shown.replace("]", "").replace(" [", ", ").split(", ")
    for exact, text in zip((value, low, high), texts, strict=True):
        read, off = number(text)
        assert (read == 0) == (exact == 0), shown
        assert (read == factor and text[0] != "<") == (exact == 1), shown
        assert abs(read - factor * exact) <= off * (1 + 1e-6), shown
    assert abs(number(texts[0])[0] - factor * value) <= max(0.06 * factor * half, 0.5e-6)


@given(st.lists(st.floats(-1e6, 1e6).map(lambda value: float(f"{value:.11g}") + 0.0), min_size=1))
def test_labels_tell_values_apart(values):
    written = format_labels(values)
    for one, other in itertools.combinations(range(len(values)), 2):
        assert (written[one] == written[other]) == (values[one] == values[other])


def test_units():
    assert prefixed([0.002, 0.0135, NAN, 0.0, math.inf], "J") == ("mJ", 1e3)
    assert prefixed([3e-6], "s") == ("µs", 1e6)
    assert prefixed([NAN], "J") == ("J", 1.0)
    assert prefixed([1e30], "J") == ("MJ", 1e-6)


@given(
    value=st.floats(-1, 2),
    reach=st.one_of(st.just(math.nan), st.floats(0, 1), st.floats(0, 1e-9)),
    off=st.floats(0, 1),
)
def test_percentages_say_what_is_so(value, reach, off):
    low, high = value - off * reach, value + reach
    written = in_percent((value, low, high))
    numbers = [float(number) for number in re.findall(r"-?[\d.]+(?:e-?\d+)?", written)]
    assert len(numbers) in (1, 3)
    for number, true in zip(numbers, (100 * value, 100 * low, 100 * high), strict=False):
        width = abs(true) if math.isnan(reach) else max(100 * (high - low), abs(true))
        assert abs(number - true) <= 0.06 * width + 1e-12
        for end in (0.0, 100.0):  # nothing and all are said of nothing else
            assert number != end or abs(true - end) < 1e-12
    assert "-0 " not in written and "nan" not in written


@pytest.mark.parametrize(
    ("interval", "written"),
    [
        ((0.5, 0.4, 0.6), "50 % [40, 60]"),
        ((0.984, 0.960, 0.996), "98.4 % [96.0, 99.6]"),
        ((0.9996, 0.99, 1.0), "99.96 % [99.00, 100.00]"),
        ((1.0, 1.0, 1.0), "100 %"),
        ((0.0, 0.0, 0.0), "0 %"),
        ((0.0004, 0.0003, 0.0005), "0.040 % [0.030, 0.050]"),
        ((0.25, math.nan, math.nan), "25 %"),
    ],
)
def test_percentages_never_round_to_all_or_nothing(interval, written):
    assert in_percent(interval) == written


def test_labels_of_all_kinds():
    values = [np.float32(0.5), np.int64(3), np.bool_(True), "a", None, pd.NA, math.nan]
    assert format_labels(values) == ["0.5", "3", "yes", "a", "-", "-", "-"]


def test_numbers():
    assert format_number(math.pi, 3) == "3.14"
    assert format_number(-math.inf, 3) == format_number(NAN, 3) == "-"


def test_a_small_html_table():
    assert html_table("<i>", [("a&b", "1 < 2")]) == (
        "<table><caption>&lt;i&gt;</caption><tr><th style='text-align:left'>a&amp;b</th>"
        "<td style='text-align:left'>1 &lt; 2</td></tr></table>"
    )
