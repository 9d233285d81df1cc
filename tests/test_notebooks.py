"""The committed notebooks, as a reader finds them; continuous integration executes them anew."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from places import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LARGEST_BYTES = 1_500_000
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:tmp|home|work|root)\b")
PUBLIC = {
    "dmoe_models",
    "dmoe_models.algorithms.placement",
    "dmoe_models.algorithms.selection",
    "dmoe_models.certificates",
    "formulations",
    "formulations.changes",
    "formulations.exchange",
    "instances",
    "instances.search",
}
"""What a notebook imports of the project: everything that is not science is one call of these."""
ROOMS = ("dmoe_models", "formulations", "instances")
PLUMBING = ("subprocess", "chdir", "rcParams")
OF_TESTS = {"tests", *(path.stem for path in (ROOT / "tests" / "support").glob("*.py"))}


def faults(notebook: NotebookNode) -> Iterator[str]:
    """Yield what is wrong with a notebook that is to be committed."""
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        yield "kernel"
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if [cell.execution_count for cell in cells] != list(range(1, len(cells) + 1)):
        yield "order"
    outputs = [output for cell in cells for output in cell.outputs]
    if not any("image/png" in output.get("data", {}) for output in outputs):
        yield "figure"
    if any(output.output_type == "error" for output in outputs):
        yield "error"
    if any(output.get("name") == "stderr" for output in outputs):
        yield "stderr"
    texts = [cell.source for cell in notebook.cells]
    for output in outputs:
        shown = {"text": output.get("text", "")} | output.get("data", {})
        texts += [str(text) for kind, text in shown.items() if kind.startswith("text")]
    if any(MACHINE_PATH.search(text) for text in texts):
        yield "path"
    for cell in cells:
        yield from _uses(cell.source)


def _uses(source: str) -> Iterator[str]:
    """Yield what a cell, or the file that it writes, should not use."""
    lines = [line for line in source.splitlines() if not line.startswith(("%", "!"))]
    for node in ast.walk(ast.parse("\n".join(lines))):
        names, modules = [], []
        if isinstance(node, ast.Import):
            names = modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            modules = [str(node.module)]
        elif isinstance(node, ast.Attribute) and node.attr.startswith("_"):
            yield "private"
        if any(part.startswith("_") for name in names for part in name.split(".")):
            yield "private"
        if any(name.split(".")[0] in OF_TESTS for name in names):
            yield "tests"
        ours = [
            m for m in modules if m.split(".")[0] in ("dmoe_models", "formulations", "instances")
        ]
        if not set(ours) <= PUBLIC:
            yield "deep"
    if any(word in source for word in PLUMBING):
        yield "plumbing"


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def test_there_are_notebooks():
    assert len(NOTEBOOKS) >= 3


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_can_be_committed(path):
    assert path.stat().st_size < LARGEST_BYTES
    notebook = read(path)
    nbformat.validate(notebook)
    assert list(faults(notebook)) == []


def _last(notebook: NotebookNode) -> NotebookNode:
    return [cell for cell in notebook.cells if cell.cell_type == "code"][-1]


def _kernel(notebook):
    notebook.metadata.kernelspec.name = "mine"


def _order(notebook):
    _last(notebook).execution_count = 1


def _figure(notebook):
    for cell in notebook.cells:
        cell.outputs = []


def _error(notebook):
    error = nbformat.v4.new_output("error", ename="E", evalue="", traceback=[])
    _last(notebook).outputs.append(error)


def _stderr(notebook):
    _last(notebook).outputs.append(nbformat.v4.new_output("stream", name="stderr", text="!"))


def _path(notebook):
    text = "File '/home/me/x.py'"
    _last(notebook).outputs.append(nbformat.v4.new_output("stream", name="stdout", text=text))


def _private(notebook):
    _last(notebook).source = "from dmoe_models import _attached_bound"


def _tests(notebook):
    _last(notebook).source = "%%writefile mine.py\nfrom tiny import anything"


def _deep(notebook):
    _last(notebook).source = "from dmoe_models.solving.solve import solve"


def _plumbing(notebook):
    _last(notebook).source = "import os\nos.chdir('elsewhere')"


@pytest.mark.parametrize(
    "spoil",
    [_kernel, _order, _figure, _error, _stderr, _path, _private, _tests, _deep, _plumbing],
)
def test_a_fault_is_seen(spoil):
    notebook = copy.deepcopy(read(NOTEBOOKS[0]))
    spoil(notebook)
    assert list(faults(notebook)) == [spoil.__name__.removeprefix("_")]
