"""The `dmoe` command: one file a command, in `commands`, found by its folder.

The guard comes before all other imports, which take a while: an interrupt must find it there.
"""

from typing import NoReturn

from dmoe_models.cli.guard import guard, left_in_time


def main() -> NoReturn:
    """Run the console script."""
    guard()
    from dmoe_models.cli.app import main as run_dmoe

    with left_in_time():
        run_dmoe()
    raise AssertionError("a command exits")
