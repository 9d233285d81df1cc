"""What a configuration names: methods and families, found once, checked, and run if permitted."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from dmoe_models.solving.catalogue import find_method
from dmoe_models.solving.method import Variant
from dmoe_models.solving.named_code import (
    code_of_method,
    require_declared_options,
    require_permission,
)
from dmoe_models.solving.plugins import file_of
from instances.families import FAMILIES
from instances.families.find import find_family, offered_families, target_of
from instances.families.permitted import declared_family_parameters


def located_method(variant: Variant, folder: Path) -> Variant:
    """Return a method whose file, where it has one, is named by its absolute path.

    Parameters
    ----------
    variant : Variant
    folder : path
        Of the configuration: what the path in it is relative to. Where there is no such file, and
        one relative to the working directory, that is meant: configurations for version 0.1.0.
    """
    file = file_of(variant.method)
    beside = folder / os.path.expanduser(file)
    if not file or (not beside.is_file() and Path(file).is_file()):
        return variant
    return replace(variant, method=f"{beside.absolute()}{variant.method.removeprefix(file)}")


class NamedCode:
    """What one configuration names that may be code.

    Mistakes that show without running code are reported as they are met. What is code is remembered
    and, where it is not permitted, refused by `require_permitted` when all else has been read.

    Parameters
    ----------
    folder : path
        That the configuration is in: paths in it are relative to it.
    allow_code : bool
        Whether its code may be run.
    sources : mapping, optional
        `Design.sources` of a run that there was: what it names need not be here any more, and is
        not looked at.
    """

    def __init__(
        self, folder: Path, allow_code: bool, sources: Mapping[str, str] | None = None
    ) -> None:
        self.folder, self.allow_code, self.sources = folder, allow_code, sources
        self.table = ""  # of cells, that is being read: where in the file a family stands
        self._unasked: list[tuple[str, str, str]] = []
        self._families: dict[str, tuple[Collection[str] | None, str]] = {}

    def checked(self, entry: str, variant: Variant) -> Variant:
        """Return a method that takes its options, with the hash of its source where it is code.

        Parameters
        ----------
        entry : str
            Where it stands, such as "methods[1]".
        variant : Variant
        """
        if self.sources is not None:
            known = self.sources.get(variant.method, "")
            return replace(variant, source_sha256=known) if known else variant
        found = find_method(located_method(variant, self.folder))
        method = replace(found, name=variant.method)
        code = code_of_method(method, variant.options)
        if code is not None and not self.allow_code:
            if file_of(method.target):
                require_declared_options(method, variant.options)
            self._unasked.append((entry, *code))
            return variant
        bound = method.bind(variant.options)
        return replace(variant, source_sha256=bound.source_sha256) if bound.foreign else variant

    def family(self, family: Any) -> tuple[Collection[str] | None, str]:
        """Return the parameters of a family, and the hash of its source where it is not of ours.

        Parameters
        ----------
        family : str
            What is no family has no parameters.

        Returns
        -------
        parameters : collection of str or None
            Their names; None where they are not known without running code.
        source_sha256 : str
        """
        if not isinstance(family, str):
            return (), ""
        if family not in self._families:
            self._families[family] = self._family(family)
        return self._families[family]

    def _family(self, family: str) -> tuple[Collection[str] | None, str]:
        if family in FAMILIES:
            return list(FAMILIES[family].parameters), ""
        if self.sources is not None:
            return None, self.sources.get(family, "")
        if not file_of(family) and family not in offered_families():
            return (), ""
        target = target_of(family, self.folder)
        file = file_of(target)
        if file and not self.allow_code:
            self._unasked.append((f"{self.table}family", family, file))
            declared = declared_family_parameters(Path(file), target.rpartition(":")[2])
            return None if declared is None else list(declared), ""
        found = find_family(family, self.folder)
        return list(found.parameters), found.source["sha256"]

    def require_permitted(self) -> None:
        """Raise DmoeError for the first code that is not permitted."""
        for entry, name, target in self._unasked:
            require_permission(entry, name, target, self.allow_code)
