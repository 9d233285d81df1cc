"""Run commands inside the test's own process: exit status, standard output, standard error."""

from __future__ import annotations

from typing import NamedTuple

import click
import pytest

from dmoe_models.cli.app import dmoe
from dmoe_models.cli.shell import run


class Finished(NamedTuple):
    """What a command left behind."""

    status: int
    out: str
    err: str


def call(capsys, *arguments: object, command: click.Command = dmoe) -> Finished:
    """Run `dmoe` (or another command) with arguments."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        run(command, "dmoe", [str(argument) for argument in arguments])
    done = capsys.readouterr()
    assert isinstance(left.value.code, int)
    return Finished(left.value.code, done.out, done.err)


def assert_refused(done: Finished, *words: str) -> None:
    """A wrong question: status 2, nothing on standard output, one line that holds the words."""
    assert done.status == 2
    assert done.out == ""
    assert done.err.startswith("error: ") and done.err.count("\n") == 1, done.err
    assert "Traceback" not in done.err
    for word in words:
        assert word in done.err, done.err
