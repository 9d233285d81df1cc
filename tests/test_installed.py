"""The wheel in a clean environment without extras: `make wheel` builds one and runs this.

Every command of the core works there, and what needs an extra names it.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from command_samples import arguments, found, write_files

SCRIPTS = os.environ.get("DMOE_INSTALLED", "")
"""The folder of `dmoe` and `python` in the clean environment."""

pytestmark = pytest.mark.skipif(not SCRIPTS, reason="make wheel builds the wheel and tries it")

REPORTS = [("compare",), ("rounds",), ("study", "report"), ("validate",)]
"""Commands whose small run writes figures, for which there is an extra."""

PLUG_IN = """\
from dmoe_models import solve


def mine(instance, seed=0):
    return solve(instance, "jesa", seed=seed).solution
"""

WITHOUT_EXTRAS = """\
--version
families cell
methods jesa
solve round.json --method mine.py:mine
solve round.json --method exact
solve round.json --method pyomo-p2-milp
solve round.json --method cvxpy-p2-milp --solver scip
solve round.json --method highs-p2-set
validate round.json --time-limit 5
compare rows.json
rounds rayleigh -p K=3 -p T=4 --layers 2 --methods jesa,exact,top-k
"""
"""What has to work besides the small runs."""

EXTRA = {
    "solve round.json --method cpsat-p2": "[cpsat]",
    "study asymptotics --config asymptotics.toml --workers 1 --out dask": "[studies]",
    **{" ".join(arguments(path)): "[report]" for path in REPORTS},
}
"""What needs an extra, and the one that is named."""


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the clean environment in a folder."""
    hidden = ("PYTHONPATH", "DMOE_DATA")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    program, *rest = words
    return subprocess.run(
        [str(Path(SCRIPTS) / program), *rest],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder away from the source, with files that the commands read."""
    place = tmp_path_factory.mktemp("elsewhere")
    write_files(place)
    (place / "mine.py").write_text(PLUG_IN)
    return place


def assert_works(folder: Path, words: list[str]) -> None:
    done = run(folder, "dmoe", *words)
    assert done.returncode == 0, f"dmoe {words}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr and "Warning" not in done.stderr, (words, done.stderr)


@pytest.mark.parametrize("path", [path for path in found() if path not in REPORTS], ids=" ".join)
def test_every_command_works_without_extras(path, folder):
    out = [] if path[0] != "study" or path[1] in ("compare", "status") else ["--out", path[1]]
    assert_works(folder, [*arguments(path), *out])


@pytest.mark.parametrize("line", WITHOUT_EXTRAS.splitlines())
def test_solvers_plug_ins_and_tables_need_none(line, folder):
    assert_works(folder, line.split())


@pytest.mark.parametrize("line", EXTRA)
def test_a_missing_extra_is_named(folder, line):
    done = run(folder, "dmoe", *line.split())
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert done.stderr.count("\n") == 1, done.stderr
    assert f'pip install "dmoe-models{EXTRA[line]}"' in done.stderr


def test_the_package_is_the_one_that_was_installed(folder):
    """Nothing of the source tree is used, and the data files came with the wheel."""
    script = (
        "import dmoe_models, instances, json; from instances import load_set; "
        "print(json.dumps([dmoe_models.__file__, instances.__file__, len(load_set('toy'))]))"
    )
    done = run(folder, "python", "-c", script)
    assert done.returncode == 0, done.stderr
    package, sets, number = json.loads(done.stdout)
    inside = str(Path(SCRIPTS).parent)
    assert package.startswith(inside) and sets.startswith(inside) and number == 120
