"""Writing instances that a command has made, and saying so."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path

import click

from dmoe_models.cli.printing import print_json
from dmoe_models.files.folders import filled_folder
from dmoe_models.files.instances import write_instance
from dmoe_models.model.instance import Instance


def write_instances(
    instances: Mapping[Path, Instance], *, as_json: bool, folder: Path | None = None
) -> None:
    """Write instances to files, then print one line for each.

    Parameters
    ----------
    instances : mapping of path to Instance
    as_json : bool
        Print a list of objects instead: `file`, and the instance's summary.
    folder : path, optional
        That all of the files are in; it is made where it does not exist, and holds all of them in
        the end or none.
    """
    with nullcontext() if folder is None else filled_folder(folder) as aside:
        for target, instance in instances.items():
            write_instance(instance, target if aside is None else aside / target.name)
    if as_json:
        print_json([{"file": str(t)} | instance.summary() for t, instance in instances.items()])
    else:
        for target, instance in instances.items():
            click.echo(f"{target}: {instance!r}")
