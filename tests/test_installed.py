"""The wheel in a clean environment without extras: `make wheel` builds one and runs this.

Every command of the core works there, and what needs an extra names it.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import click
import pytest

from dmoe_models.cli.app import dmoe

SCRIPTS = os.environ.get("DMOE_INSTALLED", "")
"""The folder of `dmoe` and `python` in the clean environment."""

pytestmark = pytest.mark.skipif(not SCRIPTS, reason="make wheel builds the wheel and tries it")

SET = """\
title = "One draw"
purpose = "To be drawn."
drawn = "Seed 1."
not_covered = "Everything else."
bundled = true

[[draws]]
family = "rayleigh"
seeds = [1]
parameters = { K = 3, T = 4 }
"""

STUDY = """\
study = "{study}"
batch = 1
methods = ["jesa", "top-k", "exact"]
[[cells]]
family = "rayleigh"
seeds = 1
K = 3
{more}
"""

STUDIES = {
    "asymptotics": "T = 4\nM = [6]",
    "optimality": 'part = "methods"\nT = 4',
    "savings": "tokens_per_node = 2\nlayers = 2",
}
"""What a cell of each study has to hold besides."""

PLUG_IN = """\
from dmoe_models import solve


def mine(instance, seed=0):
    return solve(instance, "jesa", seed=seed).solution
"""

CORE = """\
--version
--help
methods
methods jesa
families
families cell
generate rayleigh --seed 1 -p K=3 -p T=4 -o round.json
info round.json
convert round.json round.nc
solve round.json --method exact -o answer.json
solve round.nc --method mine.py:mine
solve round.json --method pyomo-p2-milp
solve round.json --method cvxpy-p2-milp --solver scip
solve round.json --method highs-p2-set
check round.json answer.json
certify round.json -o proof.json --solution proved.json
check round.json proved.json --certificate proof.json
export round.json --model p2-milp -o model.lp
read-solution round.json model.sol
import gates.npy channel.npy --nodes 4 --tokens 3 -o imported.json
validate round.json --time-limit 5 --json
validate smoke --methods jesa,exact --json > rows.json
compare rows.json
rounds rayleigh -p K=3 -p T=4 --layers 2 --methods jesa,exact,top-k
library list
library show smoke
library verify smoke
library build set.toml -o built
library table toy
library search jesa -p K=3 -p T=4 --draws 2 --trials 2 -o found.toml
library update proved.json --set set.toml --records best
study asymptotics --config asymptotics.toml --workers 0 --out first
study asymptotics --config asymptotics.toml --workers 0 --out second
study optimality --config optimality.toml --workers 0 --out third
study savings --config savings.toml --workers 0 --out fourth
study status first
study compare first second
"""
"""What has to work without extras, in this order."""

EXTRA = {
    "validate round.json --methods jesa --report report": "[report]",
    "study report first": "[report]",
    "solve round.json --method cpsat-p2": "[cpsat]",
    "study asymptotics --config asymptotics.toml --workers 1 --out dask": "[studies]",
}
"""What needs an extra, and the one that is named."""


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the clean environment in a folder."""
    hidden = ("PYTHONPATH", "DMOE_DATA")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    program, *arguments = words
    return subprocess.run(
        [str(Path(SCRIPTS) / program), *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )


def leaves(group: click.Group, path: str = "") -> set[str]:
    """Return every command below a group, such as "library show"."""
    found: set[str] = set()
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        below = f"{path} {name}".strip()
        found |= leaves(command, below) if isinstance(command, click.Group) else {below}
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder away from the source, with files that the commands read."""
    place = tmp_path_factory.mktemp("elsewhere")
    (place / "set.toml").write_text(SET)
    (place / "mine.py").write_text(PLUG_IN)
    for study, more in STUDIES.items():
        (place / f"{study}.toml").write_text(STUDY.format(study=study, more=more))
    prepared = run(
        place,
        "python",
        "-c",
        "import numpy as np; np.save('gates.npy', np.full((3, 4), 0.25)); "
        "np.save('channel.npy', np.ones((12, 8)))",
    )
    assert prepared.returncode == 0, prepared.stderr
    return place


def test_every_command_works_without_extras(folder):
    commands = leaves(dmoe) - {"study report"}  # a report needs an extra
    tried = [line for line in CORE.splitlines() if not line.startswith("--")]
    forgotten = {c for c in commands if not any(line.startswith(c) for line in tried)}
    assert not forgotten, f"no line in CORE tries {sorted(forgotten)}"
    for line in CORE.splitlines():
        if line.startswith("read-solution"):
            _solve_the_exported_model(folder)
        words, _, output = line.partition(" > ")
        done = run(folder, "dmoe", *words.split())
        if output:
            (folder / output).write_text(done.stdout)
        assert done.returncode == 0, f"dmoe {line}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr and "Warning" not in done.stderr, (line, done.stderr)


def _solve_the_exported_model(folder: Path) -> None:
    script = (
        "import highspy; h = highspy.Highs(); h.silent(); h.readModel('model.lp'); h.run(); "
        "h.writeSolution('model.sol', 0)"
    )
    assert run(folder, "python", "-c", script).returncode == 0


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
