"""Ctrl-C ends every command at once, with status 130 and nothing half-written."""

from __future__ import annotations

import sys

import pytest

from command_runner import MOMENTS, Runner
from command_samples import SLOW, arguments, found, write_files
from volumes import CAMPAIGN

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's list of processes")

COMMANDS = list(found())
AT_MOST_S = 3.0


def chosen(number: int, path: tuple[str, ...]) -> list[str]:
    """Return the moments at which a command is interrupted."""
    if CAMPAIGN:
        return list(MOMENTS)
    return [] if path in SLOW else [MOMENTS[number % len(MOMENTS)]]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    write_files(folder)
    runner = Runner(folder)
    yield runner
    runner.close()


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
