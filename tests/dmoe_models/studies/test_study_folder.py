"""A study is a folder: one that is put there has a command, tables, verdicts and figures."""

from __future__ import annotations

import subprocess
import sys

import pytest

import dmoe_models.studies
from dmoe_models.studies.analysis.findings import gather
from dmoe_models.studies.configuration import configuration_file, read_design
from dmoe_models.studies.engine.database import Database
from dmoe_models.studies.engine.worker import perform
from dmoe_models.studies.report.page import html_page
from dmoe_models.studies.report.tables import present
from dmoe_models.studies.study import StudyError, find_study, study_help, study_names

STUDY = """
import math

from dmoe_models.presentation.plot_style import (Picture, panels)
from dmoe_models.studies.study import StudyFigure
from dmoe_models.studies.analysis.intervals import Interval, mean_interval
from dmoe_models.studies.analysis.summaries import columns_of, per_cell
from dmoe_models.studies.analysis.verdicts import HELD, NOT_HELD, OURS, verdict
from dmoe_models.studies.cells import draw_cell
from dmoe_models.studies.measuring import attempt
from dmoe_models.studies.study import Column, Study

COLUMNS = (
    Column("method", "text", "label of the method"),
    Column("power", "real", "energy, J"),
)


def rows(work):
    for seed in work.seeds:
        instance = draw_cell(work.cell, seed, work.data)
        for variant in work.methods:
            tried = attempt(instance, variant, seed, work.time_limit_s)
            yield {"seed": seed, "status": tried.status, "method": variant.label,
                   "power": tried.energy_j}


def tables(rows):
    def line(group):
        return {"draws": len(group), **columns_of("mean_power", mean_interval(group["power"]))}

    return {"powers": per_cell(COLUMNS, rows, ["method"], line)}


def verdicts(tables):
    found = tables["powers"]
    mean = float(found["mean_power"].max())
    outcome = HELD if mean > 0 else NOT_HELD
    effect = Interval(mean, math.nan, math.nan)
    yield verdict("Selection needs energy.", OURS, outcome, f"{mean:.3g} J", "powers", effect, 1)


def powers(table):
    figure, (axes,) = panels(["energy"])
    axes.plot(table["mean_power"], "o")
    return Picture(figure, "Mean energies.")


STUDY = Study(
    name="powers",
    title="What selection needs",
    columns=COLUMNS,
    rows=rows,
    tables=tables,
    verdicts=verdicts,
    figures={"powers": StudyFigure("Energies", ("powers",), powers)},
    about={"powers": ("Energy of every method", "Means over draws.")},
    measured={"mean_power": ("mean energy", "J")},
)
"""
CONFIGURATION = """
study = "powers"
title = "for tests"
methods = ["top-k", "greedy"]
[[cells]]
seeds = 3
family = "rayleigh"
K = [2, 3]
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    folder = tmp_path / "powers"
    folder.mkdir()
    (folder / "__init__.py").write_text('"""How much energy selection needs."""\n')
    (folder / "study.py").write_text(STUDY)
    (folder / "default.toml").write_text(CONFIGURATION)
    path = [*dmoe_models.studies.__path__, str(tmp_path)]
    monkeypatch.setattr(dmoe_models.studies, "__path__", path)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("dmoe_models.studies.powers")]:
        del sys.modules[name]
    vars(dmoe_models.studies).pop("powers", None)


def test_it_is_found(place):
    assert study_names() == ["asymptotics", "optimality", "powers", "savings"]
    assert study_help("powers") == "How much energy selection needs."
    assert find_study("powers").title == "What selection needs"
    with pytest.raises(StudyError, match="asymptotics, optimality, powers, savings"):
        find_study("power")


def test_it_has_a_command(place):
    code = (
        "import sys, dmoe_models.studies\n"
        "dmoe_models.studies.__path__.append(sys.argv.pop(1))\n"
        "from dmoe_models.cli import main\n"
        "sys.exit(main())"
    )
    command = [sys.executable, "-c", code, str(place), "study"]
    listed = subprocess.run([*command, "--help"], capture_output=True, text=True, check=True)
    assert "How much energy selection needs." in listed.stdout
    own = subprocess.run([*command, "powers", "--help"], capture_output=True, text=True, check=True)
    assert "How much energy selection needs." in own.stdout and "--workers" in own.stdout


def test_it_has_tables_verdicts_and_figures(place, tmp_path):
    pytest.importorskip("matplotlib")
    design = read_design(configuration_file("powers"), "powers")
    with Database(tmp_path / "run", design) as database:
        for task in design.tasks():
            answer = perform(task.content())
            database.store(task, answer["rows"], 1, answer["seconds"])
        report = gather(database)
    assert len(report.rows) == 12 and not report.remarks
    assert [verdict.outcome for verdict in report.verdicts] == ["held"]
    assert set(report.tables) == {"powers"} and set(report.pictures) == {"powers"}
    table = present("powers", report.tables["powers"], report.study)
    assert table.title == "Energy of every method" and len(table.lines) == 4
    assert [header.partition(" (")[0] for header in table.headers][-1] == "mean energy"
    page = html_page(report, [table])
    for words in ("What selection needs", "Selection needs energy.", "Energies"):
        assert words in page
