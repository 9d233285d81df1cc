"""Progress in a notebook is one output that changes, and nothing where nothing takes long."""

from __future__ import annotations

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

CELLS = {
    "setup": """
import sys, time
from dmoe_models.presentation.progress import progress, watched

def run(asked, seconds, total=20):
    with watched(asked) as show:
        for number in range(1, 21):
            time.sleep(seconds / 20)
            if show is not None:
                show("a <b>", number, total)
    return number
""",
    "quick": "run(None, 0.0); None",
    "slow": "run(None, 1.2)",
    "endless": "run(True, 1.2, None); None",
    "silent": "run(False, 0.6); None",
    "broken": """
try:
    with watched(True) as show:
        time.sleep(0.6)
        show("on", 1, 2)
        raise KeyboardInterrupt
except KeyboardInterrupt:
    pass
""",
    "notes": """
with progress(sys.stderr) as display:
    for number in range(30):
        display.note(f"<b>{number}")
        display.show("on", number, None)
""",
}


@pytest.fixture(scope="module")
def outputs():
    cells = [nbformat.v4.new_code_cell(code) for code in CELLS.values()]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    return dict(zip(CELLS, (cell.outputs for cell in notebook.cells), strict=True))


@pytest.mark.parametrize("cell", ["setup", "quick", "silent"])
def test_what_is_quick_or_silent_leaves_no_output(outputs, cell):
    assert outputs[cell] == []


@pytest.mark.parametrize("cell", ["slow", "endless", "broken"])
def test_a_long_run_leaves_one_empty_output_beside_its_value(outputs, cell):
    kinds = [output.output_type for output in outputs[cell]]
    assert kinds == ["display_data"] + ["execute_result"] * (cell == "slow")
    assert outputs[cell][0]["data"]["text/html"] == ""


def test_notes_stay_escaped_and_few(outputs):
    (output,) = outputs["notes"]
    shown = output["data"]["text/html"]
    assert "&lt;b&gt;29" in shown and "<b>" not in shown and shown.count("<br>") < 20
