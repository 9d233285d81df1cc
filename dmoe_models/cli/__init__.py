"""The `dmoe` command: one file a command, in `commands`, found by its folder."""

from dmoe_models.cli.app import main

__all__ = ["main"]
