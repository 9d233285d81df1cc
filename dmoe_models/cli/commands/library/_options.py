"""An option that commands about best known values have."""

from __future__ import annotations

import click

from dmoe_models.cli.options import file_path

records_option = click.option(
    "--records",
    type=file_path,
    metavar="DIR",
    help="The table's folder, if it is not the package's own.",
)
