"""What there is, is listed: families and methods, with every parameter's default, unit, meaning."""

from __future__ import annotations

import json
import shlex
from importlib.metadata import version

import pandas as pd
import pytest

import dmoe_models
from dmoe_models import methods
from dmoe_models.solving.catalogue import METHODS
from instances import list_families
from instances.families import FAMILIES

from shell import assert_refused, call

ENDS = {"_s": "s", "_m": "m", "_hz": "Hz", "_w": "W", "_db": "dB", "_j": "J", "time_limit": "s"}


def described(table: pd.DataFrame) -> None:
    """Every parameter says what it means, and its unit where its name ends in one."""
    for name, row in table.iterrows():
        assert len(row["meaning"]) > 6 and row["meaning"][0].isupper(), name
        assert row["meaning"].endswith("."), name
        for end, unit in ENDS.items():
            if name.endswith(end) and not name.endswith("_m_s"):
                assert row["unit"] == unit, name


@pytest.mark.parametrize("name", FAMILIES)
def test_every_parameter_of_a_family_is_described(name):
    described(list_families(name).set_index("parameter"))


@pytest.mark.parametrize("name", METHODS)
def test_every_option_of_a_method_is_described(name):
    if METHODS[name].installed:
        described(methods(name))


def test_units():
    table = list_families("cell").set_index("parameter")["unit"]
    assert table.loc[["speed_m_s", "temperature_k", "K", "noise_figure_db"]].tolist() == [
        *("m/s", "K", "", "dB"),
    ]


def test_the_commands_show_the_tables(capsys):
    page = call(capsys, "families")
    assert page.status == 0 and all(name in page.out for name in FAMILIES)
    page = call(capsys, "families", "cell")
    assert "cell_radius_m" in page.out and "Radius of the disc" in page.out
    listed = json.loads(call(capsys, "families", "cell", "--json").out)
    assert {"parameter", "default", "unit", "meaning"} == set(listed[0])
    assert [row["parameter"] for row in listed] == list(list_families("cell")["parameter"])
    page = call(capsys, "methods", "jesa")
    assert "starts" in page.out and "Number of starts" in page.out
    (limit,) = [
        row
        for row in json.loads(call(capsys, "methods", "jesa", "--json").out)
        if row["option"] == "time_limit"
    ]
    assert limit["unit"] == "s"


def test_tables_are_readable_in_python():
    table = methods("jesa")
    assert table.loc["starts", "default"] == "1"
    text = " ".join(repr(table).split())
    assert "past it the" in text and "..." not in repr(table)
    assert max(map(len, repr(table).splitlines())) <= 120
    assert table._repr_html_().count("<tr>") == len(table) + 1
    assert "<b>" not in list_families()._repr_html_()
    assert type(table[table["unit"] == "s"]) is pd.DataFrame


@pytest.mark.parametrize("name", FAMILIES)
def test_the_help_of_generate_shows_a_family_and_an_example_that_works(name, capsys, tmp_path):
    for words in ((name, "--help"), ("-h", "-p", "K=9", name)):
        page = call(capsys, "generate", *words)
        assert page.status == 0 and page.err == ""
        assert all(f"\n  {row} " in page.out for row in list_families(name)["parameter"])
    (line,) = [line for line in page.out.splitlines() if line.startswith("  dmoe generate")]
    made = call(capsys, *shlex.split(line.replace("-o ", f"-o {tmp_path}/"))[1:])
    assert made.status == 0 and (tmp_path / f"{name}.json").exists()


def test_the_help_of_generate_leads_to_it(capsys):
    page = " ".join(call(capsys, "generate", "--help").out.split())
    assert "`dmoe generate FAMILY --help`" in page and "`dmoe families`" in page
    assert "Usage: dmoe generate cell" in call(capsys, "generate", "cell", "--help").out


@pytest.mark.parametrize(
    ("words", "suggestion"),
    [
        (("families", "rician2"), "did you mean rician?"),
        (("methods", "jessa"), "did you mean jesa?"),
        (("generate", "contend", "-h"), "did you mean contended?"),
        (
            ("generate", "cell", "-p", "cell_radius=3", "-o", "x.json"),
            "did you mean cell_radius_m?",
        ),
        (("generate", "--set", "smoek", "-o", "x"), "did you mean smoke?"),
        (("library", "show", "Smal"), "did you mean small?"),
    ],
)
def test_the_nearest_name_is_suggested(words, suggestion, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert_refused(call(capsys, *words), suggestion)


def test_the_version(capsys):
    assert dmoe_models.__version__ == version("dmoe-models")
    assert dmoe_models.__version__ in call(capsys, "--version").out
