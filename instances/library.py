"""The bundled sets: instance files that come with the package, and the rule that made each of them.

``SETS`` is the source: every file is one draw of a family, named by its seed and parameters, and
``python -m instances.library --rebuild`` writes the files again. They are bundled all the same, so
that a set is read, hashed and cited like any other data.
"""

from __future__ import annotations

import argparse
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from dmoe_models.errors import InstanceError, InstanceFileError
from dmoe_models.files import read_instance, write_instance
from dmoe_models.instance import Instance
from dmoe_models.numbers import shown
from instances.families import FAMILIES, draw


class Spec(NamedTuple):
    """One draw: the family, its seed and its parameters, and what to append to the name."""

    family: str
    seed: int
    parameters: dict[str, Any]
    note: str = ""

    def build(self) -> Instance:
        """Draw the instance, with the note in its name."""
        instance = draw(self.family, self.seed, **self.parameters)
        return instance.replace(name=f"{instance.name}-{self.note}") if self.note else instance


SETS: dict[str, tuple[Spec, ...]] = {
    "smoke": (
        Spec("rayleigh", 1, {"K": 2, "T": 2}),
        Spec("rayleigh", 2, {"K": 3, "T": 4, "M": 8}),
        Spec("rayleigh", 3, {"K": 4, "T": 4, "gamma": 0.8}, "capped"),
        Spec("rayleigh", 4, {"K": 3, "T": 6, "gamma": 0.8, "strict": True}, "strict-infeasible"),
        Spec("rayleigh", 5, {"K": 3, "T": 3, "gamma": 0.6, "strict": True}, "strict"),
        Spec("tight", 1, {"K": 3, "T": 6}),
        Spec("scarce", 1, {"K": 3, "T": 6, "M": 3}),
        Spec("scarce", 2, {"K": 3, "T": 4, "M": 2}, "infeasible"),
        Spec("uneven", 1, {"K": 3, "T": 6}),
        Spec("contended", 19, {"K": 3, "T": 6}),
        Spec("ties", 1, {"K": 3, "T": 3}),
        Spec("hard-p1", 1, {"K": 4, "T": 6}),
        Spec("reciprocal", 1, {"K": 3, "T": 6}),
    ),
    "small": (
        Spec("rayleigh", 11, {"K": 3, "T": 12}),
        Spec("rayleigh", 12, {"K": 4, "T": 16}),
        Spec("rayleigh", 13, {"K": 5, "T": 20, "M": 40}),
        Spec("rayleigh", 14, {"K": 5, "T": 16, "D": 3, "gamma": 0.7}),
        Spec("tight", 11, {"K": 4, "T": 16}),
        Spec("tight", 12, {"K": 5, "T": 20}),
        Spec("scarce", 11, {"K": 4, "T": 8, "M": 8}),
        Spec("scarce", 12, {"K": 5, "T": 10, "M": 12}),
        Spec("uneven", 11, {"K": 4, "T": 24}),
        Spec("uneven", 12, {"K": 5, "T": 20}),
        Spec("contended", 11, {"K": 4, "T": 8}),
        Spec("contended", 12, {"K": 5, "T": 10}),
        Spec("ties", 11, {"K": 4, "T": 12}),
        Spec("ties", 12, {"K": 4, "T": 16, "levels": 3}, "levels3"),
        Spec("hard-p1", 11, {"K": 5, "T": 24}),
        Spec("reciprocal", 11, {"K": 4, "T": 16}),
    ),
    "medium": (
        Spec("rayleigh", 21, {"K": 6, "T": 32}),
        Spec("rayleigh", 22, {"K": 8, "T": 48, "M": 80}),
        Spec("rayleigh", 23, {"K": 10, "T": 64, "M": 128}),
        Spec("rayleigh", 24, {"K": 8, "T": 32, "D": 3, "gamma": 0.6}),
        Spec("tight", 21, {"K": 6, "T": 32}),
        Spec("tight", 22, {"K": 8, "T": 32}),
        Spec("scarce", 21, {"K": 6, "T": 16, "M": 24}),
        Spec("scarce", 22, {"K": 8, "T": 16, "M": 40}),
        Spec("uneven", 21, {"K": 6, "T": 48}),
        Spec("uneven", 22, {"K": 10, "T": 64}),
        Spec("contended", 21, {"K": 6, "T": 18}),
        Spec("contended", 22, {"K": 8, "T": 24}),
        Spec("ties", 21, {"K": 6, "T": 24, "levels": 2}, "levels2"),
        Spec("hard-p1", 21, {"K": 10, "T": 64}),
        Spec("reciprocal", 21, {"K": 6, "T": 32}),
        Spec("reciprocal", 22, {"K": 8, "T": 32}),
    ),
}
"""Set name -> the draws it consists of: ``smoke`` tiny, ``small`` K 3 to 5, ``medium`` 6 to 10."""


def set_names() -> list[str]:
    """Return the names of the bundled sets."""
    return list(SETS)


def load_set(name: str) -> list[Instance]:
    """Read a bundled set.

    Parameters
    ----------
    name : str
        One of `set_names`.

    Returns
    -------
    list of Instance

    Raises
    ------
    InstanceError
        For an unknown name.
    InstanceFileError
        Where a file of the installed package is missing or damaged.
    """
    if not isinstance(name, str) or name not in SETS:
        raise InstanceError(f"unknown set {shown(name)}; sets are {', '.join(SETS)}")
    folder = resources.files("instances") / "sets" / name
    if not folder.is_dir():
        raise InstanceFileError(f"{folder}: the files of set {name} are not installed")
    instances = []
    for entry in folder.iterdir():
        # A package may lie inside an archive: as_file gives the entry a path while it is read.
        with resources.as_file(entry) as path:
            instances.append(read_instance(path))
    return sorted(instances, key=_order)


def _order(instance: Instance) -> tuple[int, int, int, str]:
    """Families as in their table, small instances first."""
    place = list(FAMILIES).index(str(instance.metadata["family"]))
    return place, instance.K, instance.T, instance.name


def rebuild(target: Path) -> list[Path]:
    """Draw all bundled instances again and write them below `target`, a folder per set.

    Files there that no longer belong to a set are removed.

    Parameters
    ----------
    target : path

    Returns
    -------
    list of path
    """
    written = []
    for name, specs in SETS.items():
        folder = target / name
        folder.mkdir(parents=True, exist_ok=True)
        for spec in specs:
            instance = spec.build()
            written.append(folder / f"{instance.name}.json")
            write_instance(instance, written[-1])
        for file in sorted(folder.glob("*.json")):
            if file not in written:
                file.unlink()
    return written


def main() -> None:
    """Rebuild the bundled files, from the command line."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--rebuild", action="store_true", required=True)
    parser.add_argument("--target", type=Path, default=Path(__file__).parent / "sets")
    arguments = parser.parse_args()
    files = rebuild(arguments.target)
    total = 0
    for file in files:
        total += file.stat().st_size
    print(f"{len(files)} files, {total / 1e6:.2f} MB, below {arguments.target}")


if __name__ == "__main__":
    main()
