"""The worked examples of CONTRIBUTING.md, carried out as they stand in a copy of the packages."""

import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest

from places import ROOT
from volumes import CAMPAIGN

PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
EXAMPLES = dict(
    re.findall(
        r"^### (.*?)\n(.*?)(?=^##)",
        PAGE[PAGE.index("## Worked examples") :],
        re.DOTALL | re.MULTILINE,
    )
)
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
COPIED = (
    "pyproject.toml",
    "tests/conftest.py",
    "tests/test_conformance.py",
    "tests/formulations/test_catalogue.py",
    "tests/dmoe_models/cli/test_commands.py",
)
TABLES = {  # where a row or a record goes: before the end of its table
    "dmoe_models/solving/catalogue.py": "\n]\n# fmt: on",
    "tests/support/command_samples.py": '\n}\n"""Arguments by the command\'s path."""',
    "formulations/catalogue.py": "\n):\n    models[_model.name] = _model",
}


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """A copy of what an example changes, to be copied for each of them."""
    copy = tmp_path_factory.mktemp("packages") / "copy"
    for package in ("dmoe_models", "formulations", "instances", "tests/support"):
        ignored = shutil.ignore_patterns("best_known")  # what is compiled is not compiled again
        shutil.copytree(ROOT / package, copy / package, ignore=ignored)
    for file in COPIED:
        (copy / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, copy / file)
    return copy


def carry_out(example, root):
    """Write an example's files and rows into a copy of the packages; return what was touched."""
    touched = set()
    end = 0
    for block in FENCED.finditer(example):
        words, (language, text) = example[end : block.start()], block.groups()
        end = block.end()
        if not language:
            continue
        path = re.findall(r"`([\w/]+\.(?:py|toml))`", words)[-1]
        file = root / path
        if f"New file `{path}`" in words.replace("\n", " "):
            assert not file.exists(), path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        else:
            before = file.read_text(encoding="utf-8")
            if path in TABLES:
                assert before.count(TABLES[path]) == 1, path
                after = before.replace(TABLES[path], "\n" + text.rstrip("\n") + TABLES[path])
            else:
                after = f"{before}\n\n{text}"
            file.write_text(after, encoding="utf-8")
        touched.add(path)
    return touched


TRIED = list(EXAMPLES) if CAMPAIGN else ["A heuristic"]
"""Each runs tests of its own; ``make campaign`` carries all of them out."""


@pytest.mark.parametrize("name", TRIED)
def test_the_example_works_as_it_stands(name, packages, tmp_path):
    root = tmp_path / "repository"
    shutil.copytree(packages, root)
    touched = carry_out(EXAMPLES[name], root)
    assert touched
    environment = {**os.environ, "PYTHONPATH": str(root), "COLUMNS": "120"}
    for variable in ("DMOE_DATA", "DMOE_CAMPAIGN"):  # the examples draw all that they need
        environment.pop(variable, None)
    (commands,) = [text for language, text in FENCED.findall(EXAMPLES[name]) if not language]
    for line in commands.splitlines():
        program, *words = shlex.split(line)
        module = {"dmoe": "dmoe_models", "pytest": "pytest"}[program]
        run = subprocess.run(
            [sys.executable, "-m", module, *words],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert run.returncode == 0, f"{line}\n{run.stdout}\n{run.stderr}"


def test_additions_touch_the_files_that_they_name_and_no_others():
    """A file of its own, rows in tables, a test: what a stranger has to write."""
    existing = {
        name: {path for path in re.findall(r"`([\w/]+\.py)`", text) if (ROOT / path).exists()}
        for name, text in EXAMPLES.items()
    }
    catalogue = "dmoe_models/solving/catalogue.py"
    models = {f"formulations/with_{language}/models.py" for language in ("pyomo", "cvxpy")}
    assert existing == {
        "A heuristic": {catalogue},
        "A formulation in Pyomo and CVXPY": {catalogue, "formulations/catalogue.py", *models},
        "A family": set(),
        "A command": {"tests/support/command_samples.py"},
        "A study": set(),
    }
