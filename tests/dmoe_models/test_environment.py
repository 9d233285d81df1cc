"""Names of packages that a user's own files may take."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from places import ROOT


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder, whose files then come before the installed packages."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )


@pytest.mark.parametrize("name", ["instances.py", "formulations.py", "instances/__init__.py"])
def test_a_file_of_the_users_that_hides_a_package_is_named(tmp_path, name):
    taken = tmp_path / name
    taken.parent.mkdir(exist_ok=True)
    taken.write_text("mine = 1\n")
    command = python(tmp_path, "-m", "dmoe_models", "generate", "rayleigh", "--seed", "1")
    assert command.returncode == 2
    assert command.stderr.startswith(f"error: {taken} hides the package {name.split('.')[0]}"[:60])
    assert command.stderr.count("\n") == 1 and "rename it" in command.stderr
    script = python(tmp_path, "-c", "from dmoe_models import solve")
    assert "DmoeError" in script.stderr and f"{taken} hides" in script.stderr


def test_a_file_that_was_imported_already_is_named(tmp_path):
    (tmp_path / "instances.py").write_text("mine = 1\n")
    script = python(tmp_path, "-c", "import instances; from dmoe_models import validate")
    assert f"{tmp_path / 'instances.py'} hides the package instances" in script.stderr


def test_a_folder_of_data_beside_is_no_clash(tmp_path):
    (tmp_path / "instances").mkdir()  # a package that is installed comes before such a folder
    script = python(
        tmp_path, "-c", "from dmoe_models import solve; from instances.families import draw"
    )
    assert script.returncode == 0, script.stderr
