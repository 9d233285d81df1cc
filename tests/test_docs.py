"""Documentation is true where that can be tested: links, places, the order of rooms, studies."""

import ast
import builtins
import importlib.util
import inspect
import json
import re
import tomllib
from collections.abc import Iterator

import click
import pandas as pd
import pytest

from dmoe_models.cli.app import dmoe
from dmoe_models.studies.configuration import configuration_file, read_design

from places import ROOT

DOCS = ROOT / "docs"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PAGES = [*ROOT.glob("*.md"), *DOCS.glob("*.md"), ROOT / "instances" / "FORMAT.md"]
SIZES = {"asymptotics": "full", "optimality": "default", "savings": "default"}


def test_claims_are_those_of_the_reports():
    spec = importlib.util.spec_from_file_location("docs_studies", DOCS / "studies.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = (DOCS / "studies.md").read_text(encoding="utf-8")
    assert f"{module.BEGIN}{module.claims()}{module.END}" in text, "run docs/studies.py"


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    headings = re.findall(
        r"^#+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE
    )
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        assert not link.startswith(("http", "/")), link
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), link


def test_links_of_notebooks_lead_somewhere():
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
        for path, anchor in re.findall(r"\]\(([\w./-]+)(?:#([\w-]+))?\)", text):
            target = notebook.parent / path
            assert target.exists(), f"{notebook.name}: {path}"
            assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), anchor


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_pages_name_exist(page):
    text = page.read_text(encoding="utf-8")
    named = {*re.findall(r"`((?:docs|dmoe_models|formulations|instances|tests)/[\w/.-]+)`", text)}
    new = {*re.findall(r"[Nn]ew\s+file\s+`([\w/.-]+)`", text)}  # of the worked examples
    assert [name for name in sorted(named - new) if not (ROOT / name).exists()] == []


def between(page: str, name: str) -> str:
    """Return what a page has between the comments that mark a part of it."""
    text = (DOCS / page).read_text(encoding="utf-8")
    (part,) = re.findall(rf"<!-- {name}: begin.*?-->\n(.*?)<!-- {name}: end -->", text, re.DOTALL)
    return part


def test_rooms_stand_in_the_order_of_the_import_contract():
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    (layers,) = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    rooms = re.findall(r"^\| `([\w.]+)`", between("architecture.md", "rooms"), re.MULTILINE)
    assert [room for layer in reversed(layers) for room in layer.split(" | ")] == rooms


def test_places_exist():
    paths = re.findall(r"`([\w/]+(?:/|\.py))`", between("architecture.md", "places"))
    assert len(paths) > 40
    for path in paths:
        top = path.split("/")[0] in ("formulations", "instances", "tests")
        assert ((ROOT if top else ROOT / "dmoe_models") / path).exists(), path


def test_modules_that_moved_are_where_the_changelog_says():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"<!-- moves: begin.*?-->\n(.*?)<!-- moves: end -->", text, re.DOTALL)
    rows = re.findall(r"^\| `([\w.]+)` \| (.*) \|$", table, re.MULTILINE)
    assert len(rows) > 20
    for room, modules in rows:
        for module in re.findall(r"`(\w+)` from", modules):
            place = ROOT / room.replace(".", "/") / module
            assert place.is_dir() or place.with_suffix(".py").exists(), f"{room}.{module}"


def test_the_citation_names_the_authors_and_the_version_of_the_project():
    yaml = pytest.importorskip("yaml")
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = PROJECT["project"]
    assert citation["cff-version"] == "1.2.0" and citation["message"]
    assert (citation["title"], citation["version"]) == (project["name"], project["version"])
    assert citation["authors"] == project["authors"]
    assert citation["license"] == project["license"]
    for reference in citation["references"]:
        assert {"type", "title", "authors"} <= reference.keys()
        assert all({"given-names", "family-names"} == a.keys() for a in reference["authors"])


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


def python_lines() -> list[tuple[str, str, str]]:
    """Return command, import and call of every line of the table of the page on Python."""
    text = (DOCS / "python.md").read_text(encoding="utf-8")
    table = text.split("<!-- commands: begin")[1].split("<!-- commands: end")[0]
    return re.findall(r"^\| `dmoe ([^`]+)` \| `([^`]+)` \| `([^`]+)` \|$", table, re.MULTILINE)


def commands(command: click.Command, name: str = "") -> Iterator[str]:
    """Yield the full names of all commands that do something themselves."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found is not None
            yield from commands(found, f"{name} {child}".strip())
    else:
        yield name


def test_every_command_has_a_call_in_python():
    listed = {re.split(r" -", command)[0] for command, _, _ in python_lines()}
    assert listed == set(commands(dmoe))


@pytest.mark.parametrize("line", python_lines(), ids=lambda line: line[0])
def test_every_call_in_python_is_one(line):
    """Each name is imported where the line says, and takes the keywords that it is given."""
    _, imports, call = line
    space: dict[str, object] = {}
    exec(imports, space)
    named = [node for node in ast.walk(ast.parse(call)) if isinstance(node, ast.Call)]
    called = {node.func.id: node for node in named if isinstance(node.func, ast.Name)}
    unused = set(space) - {"__builtins__"} - set(called) - {"write_found"}
    assert not unused
    for name, node in called.items():
        function = space[name] if name in space else getattr(builtins, name)
        given = [None] * len(node.args), {word.arg: None for word in node.keywords}
        inspect.signature(function).bind(*given[0], **given[1])
