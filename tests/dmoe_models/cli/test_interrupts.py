"""Ctrl-C ends every command at once, with status 130 and nothing half-written."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from dmoe_models import write_instance
from instances.families import draw

from command_runner import MOMENTS
from command_samples import SLOW, arguments, found
from volumes import CAMPAIGN

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's list of processes")

COMMANDS = list(found())
AT_MOST_S = 3.0


def chosen(number: int, path: tuple[str, ...]) -> list[str]:
    """Return the moments at which a command is interrupted."""
    if CAMPAIGN:
        return list(MOMENTS)
    return [] if path in SLOW else [MOMENTS[number % len(MOMENTS)]]


def assert_interrupted(done) -> None:
    assert done.status == 130, done
    assert done.seconds < AT_MOST_S, done
    assert b"Traceback" not in done.err and done.err.count(b"interrupted") == 1, done
    assert not [name for name in done.files if ".dmoe-" in name], done


@pytest.mark.parametrize(("number", "path"), list(enumerate(COMMANDS)), ids=str)
def test_an_interrupt_ends_every_command(number, path, run):
    for moment in chosen(number, path):
        assert_interrupted(run(arguments(path), moment=moment))


@pytest.mark.parametrize("moment", ["before", "work"])
def test_compiled_code_that_keeps_python_waiting_is_ended(moment, run):
    done = run(arguments(("solve",)), moment=moment, stuck=True)
    assert_interrupted(done)
    assert done.seconds > 1.0  # it had time to end by itself


SOLVERS = {
    "highs-p2-milp": [],
    "cvxpy-p2-milp": ["", "scip"],
    "pyomo-p2-milp": ["", "appsi_highs", "scip", "glpk", "cbc"],
    "cpsat-p2": [],
    "exact": [],
}
PROGRAMS = {"glpk": "glpsol", "cbc": "cbc"}


@pytest.mark.skipif(not CAMPAIGN, reason="waits until large models are built: in a campaign only")
@pytest.mark.parametrize("whole_group", [False, True])
@pytest.mark.parametrize(
    ("method", "solver"),
    [(method, solver) for method, solvers in SOLVERS.items() for solver in solvers or [""]],
)
def test_an_interrupt_ends_every_solver(method, solver, whole_group, tmp_path):
    if solver in PROGRAMS and shutil.which(PROGRAMS[solver]) is None:
        pytest.skip(f"{PROGRAMS[solver]} is not installed")
    write_instance(draw("contended", 3, K=8, T=64, M=64, gamma=0.3), tmp_path / "big.json")
    words = ["solve", tmp_path / "big.json", "--method", method, "-o", tmp_path / "answer.json"]
    program = subprocess.Popen(
        [sys.executable, "-m", "dmoe_models", *words, *(["--solver", solver] if solver else [])],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    time.sleep(4.0 if method == "exact" else 12.0)  # most of them build their model until then
    assert program.poll() is None, "solved too soon: a larger instance is needed"
    (os.killpg if whole_group else os.kill)(program.pid, signal.SIGINT)
    _, err = program.communicate(timeout=AT_MOST_S)
    assert program.returncode == 130 and b"Traceback" not in err, err
    left = subprocess.run(["pgrep", "-s", str(program.pid)], capture_output=True)
    assert left.stdout == b"" and not list(tmp_path.glob(".dmoe-*"))
