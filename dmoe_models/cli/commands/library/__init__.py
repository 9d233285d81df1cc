"""List, describe, build, verify and search instance sets."""

from __future__ import annotations

import click

from dmoe_models.cli.folder import CommandFolder


@click.group(
    cls=CommandFolder,
    package=__name__,
    epilog="""\b
A set is named (smoke, small, ...), or given by the path of its TOML file:
  dmoe library list
  dmoe library show small
  dmoe library build mine.toml -o mine/
  dmoe library verify
  dmoe library update answers/
  dmoe library table hard
  dmoe library search jesa -p K=4 -o bad.toml
""",
)
def library() -> None:
    """Instance sets: drawn from a TOML file bit for bit, held against a manifest of hashes."""
