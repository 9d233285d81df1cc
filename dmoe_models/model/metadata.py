"""Metadata of an instance: provenance and assumptions, plain JSON values that stay unchanged."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from dmoe_models.errors import InstanceError
from dmoe_models.input_checks import quote, unicode_text
from dmoe_models.values.frozen import FrozenDict


def frozen_metadata(metadata: Any, path: str = "metadata") -> Any:
    """Return a frozen copy of `metadata`, or say which entry is not a plain JSON value.

    Mappings become immutable dicts and sequences tuples, all the way down.

    Parameters
    ----------
    metadata : object
    path : str
        What messages call it.

    Raises
    ------
    InstanceError
        Where an entry is not a plain JSON value, or the whole not a mapping.
    """
    if path == "metadata" and not isinstance(metadata, Mapping):
        raise InstanceError(f"metadata = {quote(metadata)} is not a mapping")
    if isinstance(metadata, Mapping):
        for key in metadata:
            if not isinstance(key, str):
                raise InstanceError(f"{path}: key {quote(key)} is not a string")
            unicode_text(f"{path}: key", key)
        return FrozenDict({k: frozen_metadata(v, f"{path}.{k}") for k, v in metadata.items()})
    if isinstance(metadata, (list, tuple)):
        return tuple(frozen_metadata(v, f"{path}[{i}]") for i, v in enumerate(metadata))
    if isinstance(metadata, float) and not math.isfinite(metadata):
        raise InstanceError(f"{path} = {metadata} is not a finite number")
    if type(metadata) is int and not -(2**63) <= metadata < 2**63:
        raise InstanceError(f"{path} = {quote(metadata)} is beyond 64 bits")
    if type(metadata) is str:
        return unicode_text(path, metadata)
    if metadata is None or type(metadata) in (bool, int, float):
        return metadata
    raise InstanceError(f"{path} = {quote(metadata)} is not a plain JSON value")
