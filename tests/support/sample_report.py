"""A study's report made by hand: small tables, small figures, and everything that is awkward."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from dmoe_models.presentation.plot_style import Picture
from dmoe_models.studies.analysis.findings import StudyReport
from dmoe_models.studies.configuration import design_of
from dmoe_models.studies.engine.database import Progress
from dmoe_models.studies.study import Verdict

CONFIGURATION = """
study = "asymptotics"
title = "An <i>awkward</i> title & more"
batch = 2

[[methods]]
method = "jesa"
label = "JESA | 50 % & `ten` <b>starts</b> $x_1$"
starts = 10

[[cells]]
seeds = 4  # ``` is no end of it
family = "rayleigh"
K = [3, 4]
"""

DESIGN = design_of(CONFIGURATION)
COLOURS = ("#ff0000", "#00ff00")
"""Of the lines in the two figures: nothing else on the page has them."""

LABEL = "JESA | 50 % & `ten` <b>starts</b> $x_1$"


def optimality(lines: int = 4) -> pd.DataFrame:
    """Return a table like that of asymptotics, with missing values and an axis nobody knows."""
    number = np.arange(lines)
    share = 1 - 0.3 / (1 + number)
    return pd.DataFrame(
        {
            "cell": number,
            "family": np.where(number < lines // 2, "rayleigh", "tdl"),
            "K": 4,
            "axis_of_their_own": 0.1 * number,
            "band_turns": np.where(number == 1, 2.0, math.nan),
            "method": np.where(number % 2, "jesa", LABEL),
            "draws": 250 + number,
            "p_optimal": share,
            "p_optimal_low": share - 0.01,
            "p_optimal_high": np.where(number == 1, math.nan, share + 0.01),
            "mean_excess": math.nan,
            "mean_excess_low": math.nan,
            "mean_excess_high": math.nan,
            "worst_excess": np.where(number == 2, math.inf, 1e-9 * number),
            "energy_j": 0.002 + 1e-4 * number,
            "above_half": number % 2 == 0,
            "failed": 0,
        }
    )


def figure(colour: str) -> Any:
    """Return a line in a colour of its own."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(6.0, 3.0), layout="constrained")
    axes = drawn.add_subplot()
    axes.plot([1, 2, 4], [0.5, 0.9, 0.95], color=colour, marker="o", markerfacecolor="none")
    axes.set_xlabel("subcarriers per link")
    return drawn


def sample(**changes: Any) -> StudyReport:
    """Return a finished report, other than that where it is said."""
    sha256 = DESIGN.sha256
    verdicts = [
        Verdict("Becomes <optimal> | always", "paper & co.", "held", "On 98 % [96, 99] of 250 "
                f"draws ({sha256[:12]}).", "share", 0.98, 0.96, 0.99, 250, sha256),
        Verdict("Is fast", "", "held in part", "In some_cells *only*.", "pace", 1, 0, 2, 9, sha256),
        Verdict("Is right", "this project", "not held", "In none.", "gone", 0, 0, 0, 9, sha256),
        Verdict("Is small", "", "not tested", "No draws.", "", math.nan, math.nan, math.nan, 0),
    ]  # fmt: skip
    versions = {"numpy": "2.0", "dask": None}
    environment = {"python": "3.11.7", "system": "Linux-6.1-secret-host", "machine": "x86_64",
                   "cores": 8, "versions": versions, "commit": "0123456789abcdef+",
                   "workers": None, "cluster": False}  # fmt: skip
    started = "2026-01-02T03:04:05+00:00"
    report = StudyReport(
        study=DESIGN.study,
        title=DESIGN.title,
        configuration=DESIGN.text,
        sha256=sha256,
        progress=Progress(tasks=4, done=4, failed=0, rows=16, seconds=1234.5, sessions=2),
        failures={},
        waiting=0,
        sessions=[
            {"started": started, "ended": None, "environment": environment},
            {"started": started, "ended": started, "environment": environment | {"cluster": True}},
        ],
        rows=pd.DataFrame({"seed": [0, 1], "K": [3, None], "axis": ["a", 2], "reason": ["", "x"]}),
        tables={"optimality": optimality(), "of_mine": optimality(120)},
        verdicts=verdicts,
        pictures={
            "share": Picture(figure(COLOURS[0]), 'Share of "optimal" draws <5 %. More of it.'),
            "pace": Picture(figure(COLOURS[1]), "How fast."),
        },
    )
    return replace(report, **changes)
