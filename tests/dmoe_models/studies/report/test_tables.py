"""Tables for people: nothing rounded into a lie, nothing lost, nothing said on every line."""

from __future__ import annotations

import math

import pandas as pd

from dmoe_models.studies.report.tables import present, tally, verdict_frame, verdict_text
from dmoe_models.studies.study import find_study

from sample_report import LABEL, optimality, sample

NAN = math.nan


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
