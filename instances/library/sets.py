"""Sets by name: those of the package, the recorded one, and one's own by the path of their file.

The package's own sets leave out the families of `instances.families.wireless`,
`instances.families.gated` and `instances.families.near_ties`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from dmoe_models.errors import FileError, InstanceError, did_you_mean
from dmoe_models.files.folders import filled_folder
from dmoe_models.files.instances import read_instance, write_instance
from dmoe_models.files.paths import naming, replacement
from dmoe_models.input_checks import quote
from dmoe_models.model.instance import Instance
from instances.families import FAMILIES
from instances.library.loaded_set import LoadedSet
from instances.library.set_file import InstanceSet, read_set
from instances.recorded.join import recorded_set

FOLDER = Path(str(resources.files("instances"))) / "sets"

RECORDED = "recorded"
"""The set that is built from a directory of recorded data."""

_LISTED_FIRST = ("smoke", "small", "toy", "easy", "medium", "hard", "open", "adversarial")
"""Small sets, then by difficulty; any other file of the folder is listed after these."""


def published_names() -> list[str]:
    """Return the names of the package's sets that everybody can draw, in the order of lists."""
    found = {file.stem for file in FOLDER.glob("*.toml")}
    first = [name for name in _LISTED_FIRST if name in found]
    return first + sorted(found.difference(first))


def set_names() -> list[str]:
    """Return the names of all sets, that of the recorded one included."""
    return [*published_names(), RECORDED]


def find_set(name: str, *, allow_code: bool = False) -> InstanceSet:
    """Return a set of the package by its name, or one of one's own by the path of its TOML file.

    Parameters
    ----------
    name : str
    allow_code : bool
        As for `read_set`.

    Raises
    ------
    InstanceError
        For an unknown name.
    FileError
        For a file that is not a set.
    """
    if isinstance(name, str) and Path(name).suffix == ".toml":
        return read_set(name, allow_code=allow_code)
    known = published_names()
    if not isinstance(name, str) or name not in known:
        raise InstanceError(
            f"unknown set {quote(name)}; sets are {', '.join(known)}{did_you_mean(name, known)}"
        )
    return read_set(FOLDER / f"{name}.toml")


def load_set(name: str, data: str | Path | None = None, *, allow_code: bool = False) -> LoadedSet:
    """Return the instances of a set, from its files where they are bundled, else drawn.

    Parameters
    ----------
    name : str
        One of `set_names`, or the path of a TOML file.
    data : path, optional
        Directory of recorded data, for the set ``recorded``.
    allow_code : bool
        Whether code that the TOML file names, families of its author, may be run.

    Returns
    -------
    LoadedSet
        A list of instances. Families as in their table, small instances first; the recorded set in
        its own order. `best_known` is the table of what is known of them.

    Raises
    ------
    InstanceError
        For an unknown name, or a draw that is not what the manifest says.
    FileError
        Where a file of the installed package or of the recorded data is missing or damaged.
    DmoeError
        For a set whose file names code, where that is not permitted.
    """
    if name == RECORDED:
        if data is None:
            raise InstanceError(
                "set recorded is built from recorded data: name its directory with --data or "
                "DMOE_DATA"
            )
        return LoadedSet(RECORDED, recorded_set(data))
    chosen = find_set(name, allow_code=allow_code)
    if not chosen.bundled:
        return LoadedSet(chosen.name, sorted(chosen.build(), key=_order))
    folder = chosen.file.with_suffix("")
    if not folder.is_dir():
        raise FileError(f"{folder}: the files of set {chosen.name} are not installed")
    kept = (read_instance(path) for path in folder.glob("*.json"))
    return LoadedSet(chosen.name, sorted(kept, key=_order))


def _order(instance: Instance) -> tuple[int, int, int, str]:
    order = {name: place for place, name in enumerate(FAMILIES)}
    place = order.get(str(instance.metadata.get("family")), len(order))
    return place, instance.K, instance.T, instance.name


def verify(name: str, *, allow_code: bool = False) -> Iterator[str]:
    """Draw a set again and hold it, and its bundled files, against its manifest.

    Parameters
    ----------
    name : str
    allow_code : bool
        As for `load_set`.

    Yields
    ------
    str
        One line for each thing that is wrong; none where all is well.
    """
    chosen = find_set(name, allow_code=allow_code)
    chosen.require_permitted()
    if not chosen.manifest:
        yield f"{chosen.file.with_suffix('.sha256')}: there is no manifest"
    left, drawn = dict(chosen.manifest), set()
    changed: set[str] = set()
    for spec in chosen.specs:
        instance = spec.build()
        drawn.add(instance.name)
        wanted = left.pop(instance.name, None)
        if chosen.manifest and wanted is None:
            yield f"{instance.name}: is not in the manifest, or drawn twice"
        elif wanted is not None and wanted != instance.sha256:
            yield f"{instance.name}: drawn as {instance.sha256}, the manifest says {wanted}"
        changed.add(chosen.changed_source(instance))
        if chosen.bundled:
            yield from _verify_file(chosen.file.with_suffix("") / f"{instance.name}.json", instance)
    yield from sorted(changed - {""})
    for missing in left:
        yield f"{missing}: is in the manifest and not drawn"
    if chosen.bundled:
        for path in sorted(chosen.file.with_suffix("").glob("*")):
            if path.stem not in drawn or path.suffix != ".json":
                yield f"{path}: does not belong to the set"


def _verify_file(path: Path, instance: Instance) -> Iterator[str]:
    try:
        kept = read_instance(path)
    except FileError as error:
        yield str(error)
        return
    if kept.sha256 != instance.sha256 or kept.name != instance.name:
        yield f"{path}: holds {kept.name}, {kept.sha256}, and not what the set draws"


def manifest_beside(folder: Path) -> Path:
    """Return the file of the manifest that belongs to a folder of instances."""
    named = folder if folder.name not in ("", "..") else Path(os.path.abspath(folder))
    return named.with_name(f"{named.name}.sha256")


def write_set(chosen: InstanceSet, folder: Path, suffix: str = ".json") -> list[Path]:
    """Draw a set into a folder, with its manifest beside it, ``FOLDER.sha256``.

    Parameters
    ----------
    chosen : InstanceSet
    folder : path
        Made where it does not exist. Where a draw fails, it and the manifest stay as they were.
    suffix : {".json", ".nc"}

    Returns
    -------
    list of path
        The instance files.

    Raises
    ------
    DmoeError
        For a draw that cannot be, code that is not permitted, or files that cannot be written.
    """
    names, lines = [], set()
    with filled_folder(folder) as temporary:
        for instance in chosen.build():
            names.append(f"{instance.name}{suffix}")
            write_instance(instance, temporary / names[-1])
            lines.add(f"{instance.sha256}  {instance.name}\n")
            source = instance.metadata.get("source") or {}
            if source.get("file", "").endswith(".py"):
                lines.add(f"{source['sha256']}  {source['file']}\n")
        beside = manifest_beside(folder)
        with naming(beside), replacement(beside) as manifest:
            text = "".join(sorted(lines, key=lambda line: line[66:]))
            manifest.write_text(text, encoding="utf-8")
    return [folder / name for name in names]
