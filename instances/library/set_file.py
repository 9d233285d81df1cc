"""The file of a set: a TOML file says how each is drawn, a manifest of hashes proves that it is so.

A set's file holds its datasheet (what it is for, how it was drawn, what it does not cover) and its
draws: families, seeds and parameters. Its instances are drawn from that whenever they are asked
for. Beside it lies ``NAME.sha256``, the hash of every instance, in the form that ``sha256sum``
writes; an instance that does not match is never handed out. Draws are the same bits on every
machine (see `dmoe_models.portable.random`), so the manifest holds everywhere; what it covers is an
instance's numbers, not its name or metadata. Small sets are bundled as instance files as well, so
that they are read, hashed and cited like any other data.

A set of one's own is such a TOML file anywhere, with or without a manifest. The sets of the package
are in `instances.library.sets`.

A family may be one of the set's author, ``mine.py:function`` beside the set's file. That is code,
and a set is handed on: reading the set runs nothing, drawing from it does, and is refused unless it
is permitted. The manifest then has a line for the source, too.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from dmoe_models.errors import DmoeError, FileError, InstanceError
from dmoe_models.files.instances import read_instance
from dmoe_models.files.paths import naming
from dmoe_models.files.plain_json import decode
from dmoe_models.input_checks import quote
from dmoe_models.model.instance import Instance
from dmoe_models.values.value import Value
from instances.families import FAMILIES, draw
from instances.families.find import find_family, target_of
from instances.families.permitted import require_permitted_family

_TEXTS = ("title", "purpose", "drawn", "not_covered")


class Origin(NamedTuple):
    """Where a draw is asked for: folder and place in the file, and whether its code may be run."""

    folder: Path
    entry: str
    allow_code: bool


class Spec(NamedTuple):
    """One draw: the family, its seed and its parameters, and what to append to the name."""

    family: str
    seed: int
    parameters: dict[str, Any]
    note: str = ""
    origin: Origin = Origin(Path(), "family", allow_code=False)

    def require_permitted(self) -> None:
        """Raise DmoeError where the family is code, and that is not permitted."""
        folder, entry, allow_code = self.origin
        require_permitted_family(entry, self.family, folder, self.parameters, allow_code)

    def build(self) -> Instance:
        """Draw the instance, with the note in its name."""
        self.require_permitted()
        found = find_family(self.family, self.origin.folder)
        instance = draw(found, self.seed, **self.parameters)
        return instance.replace(name=f"{instance.name}-{self.note}") if self.note else instance

    def may_be_called(self, name: str) -> bool:
        """Whether an instance of that name can be this draw, as far as one sees without drawing."""
        return name.startswith(f"{self.family.rpartition(':')[2]}-") and f"-s{self.seed}" in name


@dataclass(frozen=True, eq=False)
class InstanceSet(Value):
    """What a set's TOML file and its manifest say.

    Attributes
    ----------
    name : str
        The file's, without its suffix.
    title, purpose, drawn, not_covered : str
        The datasheet.
    bundled : bool
        Whether the instances lie beside the TOML file, in a folder of the set's name.
    specs : tuple of Spec
    manifest : dict of str to str
        Instance name -> SHA-256; empty where there is no manifest.
    file : path
    sources : dict of str to tuple of str
        Of families of one's own, by the manifest: file name -> SHA-256 of all files of that name.
    """

    name: str
    title: str
    purpose: str
    drawn: str
    not_covered: str
    bundled: bool
    specs: tuple[Spec, ...]
    manifest: dict[str, str]
    file: Path
    sources: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def require_permitted(self) -> None:
        """Raise DmoeError for the first family that is code, where that is not permitted."""
        for spec in self.specs:
            try:
                spec.require_permitted()
            except DmoeError as error:
                raise type(error)(f"{self.file}: {error}") from error

    def changed_source(self, instance: Instance) -> str:
        """Return in what an instance's code is not what the manifest says; empty where it is."""
        source = instance.metadata.get("source") or {}
        wanted = self.sources.get(source.get("file", ""), ())
        if not wanted or source["sha256"] in wanted:
            return ""
        return f"{source['file']}, which drew it, is not what it was: {source['sha256'][:12]}..."

    def build(self) -> Iterator[Instance]:
        """Draw the instances, one after the other; each has to match the manifest, if there is one.

        Raises
        ------
        InstanceError
            For a draw that cannot be, one that is not what the manifest says, and one that has the
            name of another.
        """
        self.require_permitted()
        names: set[str] = set()
        for number, spec in enumerate(self.specs):
            try:
                instance = spec.build()
            except InstanceError as error:
                raise InstanceError(f"{self.file}: draw {number}: {error}") from error
            wanted = self.manifest.get(instance.name) if self.manifest else instance.sha256
            if wanted != instance.sha256:
                changed = self.changed_source(instance)
                raise InstanceError(
                    f"{self.file}: {instance.name} has SHA-256 {instance.sha256}, and the manifest "
                    f"says {wanted or 'nothing about it'}{changed and f'; {changed}'}"
                )
            if instance.name in names:
                raise InstanceError(
                    f"{self.file}: draw {number}: {instance.name} is drawn before; a note tells "
                    "apart what differs in its parameters only"
                )
            names.add(instance.name)
            yield instance

    def find(self, sha256: str) -> Instance | None:
        """Return the instance of that hash; None where the set does not hold it."""
        if not self.manifest:
            return next((one for one in self.build() if one.sha256 == sha256), None)
        name = {digest: name for name, digest in self.manifest.items()}.get(sha256)
        if name is None:
            return None
        if self.bundled:
            return read_instance(self.file.with_suffix("") / f"{name}.json")
        self.require_permitted()
        likely = sorted(self.specs, key=lambda spec: not spec.may_be_called(name))
        for spec in likely:
            instance = spec.build()
            if instance.sha256 == sha256:
                return instance
        raise InstanceError(f"{self.file}: no draw is {name} of the manifest")


@dataclass(frozen=True, kw_only=True)
class _Draws:
    """A table of the TOML file: draws that differ in their seeds only."""

    family: str
    seeds: list[int]
    parameters: dict[str, Any] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class _Content:
    """What stands in the TOML file."""

    title: str
    purpose: str
    drawn: str
    not_covered: str
    bundled: bool = False
    draws: list[_Draws]


def read_set(file: Path | str, *, allow_code: bool = False) -> InstanceSet:
    """Read a set's TOML file, and the manifest beside it; nothing is drawn, and no code is run.

    Parameters
    ----------
    file : path
    allow_code : bool
        Whether families of the set's author, which are code, may be drawn from.

    Returns
    -------
    InstanceSet

    Raises
    ------
    FileError
        In one line, for a file that cannot be read or is not a set.
    """
    file = Path(file)
    with naming(file):
        content = decode(_Content, tomllib.loads(file.read_text(encoding="utf-8")))
        texts = {name: getattr(content, name) for name in _TEXTS}
        for name, text in texts.items():
            if not text.strip():
                raise FileError(f"{name} = {quote(text)} is not a text")
        if not content.draws:
            raise FileError("draws is not a list of at least one table")
        for number, draws in enumerate(content.draws):
            where = f"draws[{number}]"
            if draws.family not in FAMILIES:
                try:
                    target_of(draws.family, file.parent)
                except InstanceError as error:
                    wrong = f"{where}.family = {quote(draws.family)} is no family"
                    raise FileError(f"{wrong}: {error}") from error
            if not draws.seeds:
                raise FileError(f"{where}.seeds = [] is not a list of seeds")
        _require_once(content.draws)
        manifest, sources = _read_manifest(file.with_suffix(".sha256"))
    return InstanceSet(
        file.stem,
        **{name: text.strip() for name, text in texts.items()},
        bundled=content.bundled,
        specs=tuple(
            Spec(
                draws.family,
                seed,
                draws.parameters,
                draws.note,
                Origin(file.absolute().parent, f"draws[{number}].family", allow_code),
            )
            for number, draws in enumerate(content.draws)
            for seed in draws.seeds
        ),
        manifest=manifest,
        file=file,
        sources=sources,
    )


def _require_once(tables: list[_Draws]) -> None:
    """Raise FileError where one draw is asked for twice: its instances would have one name."""
    known: dict[str, str] = {}
    for number, draws in enumerate(tables):
        listed = FAMILIES.get(draws.family)
        defaults = {} if listed is None else {n: p.default for n, p in listed.parameters.items()}
        for place, seed in enumerate(draws.seeds):
            where = f"draws[{number}].seeds[{place}]"
            parameters = sorted(_unified(defaults | draws.parameters).items())
            before = known.setdefault(repr((draws.family, seed, draws.note, parameters)), where)
            if before != where:
                raise FileError(
                    f"{where} = {quote(seed)}: {draws.family} is drawn with this seed and these "
                    f"parameters before, by {before}"
                )


def _unified(value: Any) -> Any:
    """Return 2 for 2.0, in tables and lists too: one draw, however it is written."""
    if isinstance(value, dict):
        return {name: _unified(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_unified(entry) for entry in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _read_manifest(file: Path) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """Read lines of a hash, two spaces and a name: of instances, and of sources (``.py``).

    Where there is no file there are no lines.
    """
    if not file.exists():
        return {}, {}
    manifest: dict[str, str] = {}
    sources: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        digest, _, name = line.partition("  ")
        if len(digest) != 64 or not name or name in manifest:
            raise FileError(f"{file}: line {number} is not a SHA-256, two spaces and a name")
        if name.endswith(".py"):
            sources[name] = (*sources.get(name, ()), digest)
        else:
            manifest[name] = digest
    return manifest, sources
