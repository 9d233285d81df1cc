"""A user's first steps are as short as they should be: cells of a notebook, counted and run."""

from __future__ import annotations

import json
import warnings

import pytest

from places import ROOT

matplotlib = pytest.importorskip("matplotlib")

NOTEBOOK = ROOT / "notebooks" / "2_is_my_algorithm_optimal.ipynb"
MOST_LINES = {"day-arrays": 25, "day-own": 10}
CELLS = {
    cell["id"]: "".join(cell["source"])
    for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    if cell["cell_type"] == "code"
}
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("cell", MOST_LINES)
def test_a_step_is_short(cell):
    lines = [line for line in CELLS[cell].splitlines() if line.strip()]
    assert len(lines) <= MOST_LINES[cell]


@pytest.fixture(scope="module")
def day():
    """What the cells have made; every warning in them is an error."""
    matplotlib.use("agg")
    space: dict[str, object] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for cell in ("day-arrays", "day-algorithm", "day-own"):
            exec(compile(CELLS[cell], cell, "exec"), space)
    yield space
    matplotlib.pyplot.close("all")


def test_own_arrays_are_five_compared_methods(day):
    rows = day["answers"].rows
    assert rows["method"].nunique() == 5 and (rows["verdict"] == "valid").all()
    assert rows["optimal"].any() and not day["answers"].breaches
    assert len(day["compare"](day["answers"]).summary) == 5


def test_an_algorithm_of_ones_own_has_a_table_and_a_figure(day):
    found = day["found"]
    assert found.rows["instance"].nunique() == 30 and not found.breaches
    own = found.summary.set_index("method").loc["one_shot"]
    assert own["instances"] == 30 and own["failed"] == own["invalid"] == 0
    assert r"one\_shot &" in found.to_latex()
    gaps, shares = day["figure"].axes
    assert [tick.get_text() for tick in gaps.get_yticklabels()] == ["one_shot", "jesa", "exact"]
    assert len(shares.lines) == 3


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_need_python_only(notebook):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    for cell in cells:
        if cell["cell_type"] == "code":
            text = "".join(cell["source"])
            assert not any(word in text for word in ("subprocess", "chdir", "rcParams", "system("))
            assert not any(line.lstrip().startswith(("!", "%")) for line in text.splitlines())
