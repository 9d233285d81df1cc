"""The `dmoe` command: what the package can do, from a shell."""

from __future__ import annotations

from typing import NoReturn

import click

from dmoe_models.cli.folder import CommandFolder
from dmoe_models.cli.shell import run


@click.group(
    cls=CommandFolder,
    package="dmoe_models.cli.commands",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
A first round:
  dmoe generate rayleigh --seed 1 -p K=4 -o round.json
  dmoe solve round.json --method jesa -o answer.json
  dmoe check round.json answer.json
  dmoe validate round.json --method mine.py:my_method
""",
)
@click.version_option(package_name="dmoe-models")
def dmoe() -> None:
    """Energy-efficient expert selection in wireless distributed Mixture-of-Experts."""


def main() -> NoReturn:
    """Run the console script."""
    run(dmoe, "dmoe")
