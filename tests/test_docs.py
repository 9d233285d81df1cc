"""The page on studies says what the committed reports say, and these are of the package's own."""

import importlib.util
import re

import pandas as pd
import pytest

from dmoe_models.studies.design import configuration_file, read_design

from places import ROOT

DOCS = ROOT / "docs"
SIZES = {"asymptotics": "full", "optimality": "default", "savings": "default"}


def test_claims_are_those_of_the_reports():
    spec = importlib.util.spec_from_file_location("docs_studies", DOCS / "studies.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = (DOCS / "studies.md").read_text(encoding="utf-8")
    assert f"{module.BEGIN}{module.claims()}{module.END}" in text, "run docs/studies.py"


def test_links_lead_somewhere():
    text = (DOCS / "studies.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)\)", text)
    assert len(links) > 10
    assert [link for link in links if not (DOCS / link).exists()] == []


@pytest.mark.parametrize(("study", "size"), SIZES.items())
def test_reports_are_of_the_packages_configurations(study, size):
    own = read_design(configuration_file(study, size))
    folder = DOCS / "studies" / study
    assert read_design(folder / "configuration.toml").sha256 == own.sha256
    verdicts = pd.read_csv(folder / "verdicts.csv")
    assert set(verdicts["sha256"]) == {own.sha256}
    assert own.sha256[:12] in (folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("study", SIZES)
def test_every_figure_that_a_verdict_names_is_there(study):
    folder = DOCS / "studies" / study
    named = pd.read_csv(folder / "verdicts.csv")["figure"].dropna()
    assert len(named)
    assert [name for name in named if not (folder / f"{name}.png").exists()] == []


@pytest.mark.parametrize("study", SIZES)
def test_reports_tell_nothing_of_a_machine(study):
    for file in (DOCS / "studies" / study).glob("report.*"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"/(tmp|home|work|root)/", text), file.name
        assert "cannot be true" not in text and "Not finished" not in text
