"""The `dmoe` command: one file a command."""

from dmoe_models.cli.app import main

__all__ = ["main"]
