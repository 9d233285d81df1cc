"""The package's own names: all are there, and cost nothing before they are used."""

import subprocess
import sys

import instances


def test_public_names():
    assert set(instances.__all__) <= set(dir(instances))
    assert all(callable(getattr(instances, name)) for name in instances.__all__)


def test_importing_the_package_loads_no_other():
    code = "import sys, instances; print(any(name in sys.modules for name in ('numpy', 'pandas')))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
