"""Run commands inside the test's own process: exit status, standard output, standard error."""

from __future__ import annotations

from typing import NamedTuple

import click
import pytest

from dmoe_models.cli.app import dmoe
from dmoe_models.cli.shell import run


class Said(NamedTuple):
    """What a command left behind."""

    status: int
    out: str
    err: str


def call(capsys, *arguments: object, command: click.Command = dmoe) -> Said:
    """Run `dmoe` (or another command) with arguments."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        run(command, "dmoe", [str(argument) for argument in arguments])
    said = capsys.readouterr()
    assert isinstance(left.value.code, int)
    return Said(left.value.code, said.out, said.err)


def assert_refused(said: Said, *words: str) -> None:
    """A wrong question: status 2, nothing on standard output, one line that holds the words."""
    assert said.status == 2
    assert said.out == ""
    assert said.err.startswith("error: ") and said.err.count("\n") == 1, said.err
    assert "Traceback" not in said.err
    for word in words:
        assert word in said.err, said.err
