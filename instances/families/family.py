"""From a function of the draws and the sizes to a family: its signature, checks, name, metadata."""

from __future__ import annotations

import functools
import inspect
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import fields as dataclass_fields
from pathlib import Path
from typing import Any

import numpy as np

from dmoe_models.environment import package_version
from dmoe_models.errors import InstanceError, did_you_mean
from dmoe_models.input_checks import quote
from dmoe_models.model.instance import Instance
from dmoe_models.portable.random import Draws
from dmoe_models.solving.options import described_parameters
from dmoe_models.solving.plugins import source_sha256
from dmoe_models.values.value import Value
from instances.defaults import (
    ASSUMPTIONS,
    BANDWIDTH_HZ,
    HIDDEN_STATE_BITS,
    NOISE_POWER_W,
    TRANSMIT_POWER_W,
)
from instances.families.size import (
    SIZE_DEFAULTS,
    ByNodes,
    Size,
    checked_size,
    size_parameters,
)

Fields = dict[str, Any]
"""An instance's fields by name."""


@dataclass(frozen=True, eq=False)
class Family(Value):
    """What is known of a family.

    Attributes
    ----------
    function : callable
        From a seed and keyword parameters to an Instance.
    description : str
        A line for the table of families.
    size_defaults : mapping
        Name -> default of the sizes that can be chosen.
    name : str
        By which it is asked for.
    source : mapping
        Of a family that is not of this package: `file`, the name of the file that its function
        comes from, and `sha256` of that; they stand in the metadata of its instances. Else empty.
    """

    function: Callable[..., Instance]
    description: str
    size_defaults: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    source: Mapping[str, str] = field(default_factory=dict)

    @property
    def parameters(self) -> dict[str, inspect.Parameter]:
        """Its parameters by name, without the seed."""
        return dict(list(inspect.signature(self.function).parameters.items())[1:])


FAMILIES: dict[str, Family] = {}
"""Every family that is listed, by name, in the order of definition."""

_OURS = "instances.families."
"""Beginning of the names of the modules whose families are of this package."""


def family(
    description: str, name: str | None = None, *, without: Sequence[str] = (), **defaults: Any
) -> Callable[[Callable[..., Fields]], Callable[..., Instance]]:
    """Turn a function that draws an instance's fields into one that returns the instance.

    The function takes `Draws`, a `Size` and keyword parameters of its own, with defaults. It
    returns gate_scores, source, gain, computation_energy_j and whatever departs from the defaults.
    The family has a seed, the sizes and those parameters. Sizes are checked first; the metadata
    record the family, seed, all parameters, the package version, the assumptions and what the
    function returns as `facts`, a dictionary of plain values.

    Parameters
    ----------
    description : str
        A line for the table of families.
    name : str, optional
        The function's unless given.
    without : sequence of str
        Sizes that cannot be chosen, and follow from K.
    **defaults
        Of sizes, where they are not those of `SIZE_DEFAULTS`.

    Raises
    ------
    InstanceError
        For the name of a family of this package, from elsewhere.
    """
    sizes = {**SIZE_DEFAULTS, **defaults}
    free = {size: default for size, default in sizes.items() if size not in without}

    def register(draw_fields: Callable[..., Fields]) -> Callable[..., Instance]:
        found = drawing_fields(draw_fields, name, description, sizes, free)
        known = FAMILIES.get(found.name)
        if found.source and known is not None and not known.source:
            raise InstanceError(f"family {found.name} is one of this package; name yours otherwise")
        FAMILIES[found.name] = found
        return found.function

    return register


def drawing_fields(
    draw_fields: Callable[..., Fields],
    name: str | None = None,
    description: str = "",
    sizes: Mapping[str, Any] = SIZE_DEFAULTS,
    free: Mapping[str, Any] = SIZE_DEFAULTS,
) -> Family:
    """Return the family of a function of draws and sizes that returns an instance's fields.

    Parameters
    ----------
    draw_fields : callable
        As `family` describes it.
    name : str, optional
        The function's unless given.
    description : str
    sizes, free : mapping
        Defaults of all sizes, and of those that can be chosen.
    """
    label = name or draw_fields.__name__
    source = source_of(draw_fields)
    signature = _signature(draw_fields, free)

    @functools.wraps(draw_fields)
    def drawn(*args: Any, **kwargs: Any) -> Instance:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        given = dict(bound.arguments)
        draws_seed = given.pop("seed")
        size = checked_size(given, sizes)
        draws = Draws(draws_seed)
        own = {key: value for key, value in given.items() if key not in sizes}
        fields = draw_fields(draws, size, **own)
        if source:
            fields = _own_fields(label, fields, size)
        facts = _facts(label, description, draws.seed, given, source)
        return _instance(label, size, facts, fields)

    drawn.__signature__ = signature  # type: ignore[attr-defined]
    drawn.__doc__ = _docstring(draw_fields, signature, free)
    found = Family(drawn, description, dict(free), label, source)
    drawn.family = found  # type: ignore[attr-defined]
    return found


def drawing_instances(
    draw_instance: Callable[..., Instance], name: str, description: str = ""
) -> Family:
    """Return the family of a function of a seed that returns an Instance.

    Its instances are named, and their metadata written, as those of other families.

    Parameters
    ----------
    draw_instance : callable
        Takes a seed and keyword parameters.
    name, description : str
    """
    source = source_of(draw_instance)
    signature = inspect.signature(draw_instance)

    @functools.wraps(draw_instance)
    def drawn(seed: int, **kwargs: Any) -> Instance:
        bound = signature.bind(Draws(seed).seed, **kwargs)
        instance = draw_instance(*bound.args, **bound.kwargs)
        if not isinstance(instance, Instance):
            raise InstanceError(f"returned {quote(instance)}, which is no Instance")
        bound.apply_defaults()
        given = dict(list(bound.arguments.items())[1:])
        facts = _facts(name, description, Draws(seed).seed, given, source)
        return instance.replace(
            name=_name(name, instance.K, instance.T, instance.M, instance.max_experts, facts),
            metadata={**instance.metadata, **facts},
        )

    drawn.__signature__ = signature  # type: ignore[attr-defined]
    return Family(drawn, description, {}, name, source)


def source_of(function: Callable[..., Any]) -> dict[str, str]:
    """Return the file's name and the SHA-256 of a function's source; empty for one of ours."""
    if getattr(function, "__module__", "").startswith(_OURS):
        return {}
    code = getattr(inspect.unwrap(function), "__code__", None)
    file = Path(code.co_filename).name if code is not None else ""
    return {"file": file, "sha256": source_sha256(function)}


def _signature(draw_fields: Callable[..., Fields], free: Mapping[str, Any]) -> inspect.Signature:
    """Return (seed, *, sizes, own parameters, strict) -> Instance."""
    seed = inspect.Parameter("seed", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation="int")
    own = list(inspect.signature(draw_fields).parameters.values())[2:]
    *sizes, strict = size_parameters(free)
    return inspect.Signature([seed, *sizes, *own, strict], return_annotation=Instance)


def _docstring(
    draw_fields: Callable[..., Fields], signature: inspect.Signature, free: Mapping[str, Any]
) -> str:
    """Return the function's docstring with all parameters of the family in it.

    What it says of a size is added to what `Size` says. "As in `name`." stands for the text of
    another family, defined before.
    """
    text = inspect.getdoc(draw_fields) or ""
    before, _, rest = text.partition("Parameters\n----------\n")
    after = re.search(r"^\S[^\n]*\n-{3,}\n.*", rest, flags=re.MULTILINE | re.DOTALL)
    common = described_parameters(inspect.getdoc(Size) or "")
    own = described_parameters(text)
    lines = [before.rstrip(), "", "Parameters", "----------"]
    for name in signature.parameters:
        kind, meaning = common.get(name, ("int", "") if name == "seed" else ("", ""))
        own_kind, more = own.get(name, ("", ""))
        if reference := re.match(r"As in `([\w-]+)`[.;]\s*", more):
            other = FAMILIES[reference[1]].function.__doc__ or ""
            own_kind, meaning = described_parameters(other)[name]
            more = more[reference.end() :]
        rule = free.get(name)
        default = f", default {rule.text}" if isinstance(rule, ByNodes) else ""
        lines.append(f"{name} : {own_kind or kind}{default}")
        lines += textwrap.wrap(
            f"{meaning} {more}".strip(), 92, initial_indent="    ", subsequent_indent="    "
        )
    lines += ["", "Returns", "-------", "Instance"]
    return "\n".join([*lines, *(["", after[0].rstrip()] if after else []), ""])


def _own_fields(label: str, fields: Any, size: Size) -> Fields:
    """Return the fields that a family of a user's own drew; InstanceError where they are none."""
    if not isinstance(fields, Mapping):
        raise InstanceError(f"returned {quote(fields)}, which is no dictionary of fields")
    known = [item.name for item in dataclass_fields(Instance)]
    for name in fields:
        if name not in known and name != "facts":
            raise InstanceError(
                f"returned field {quote(name)}, which no instance has"
                f"{did_you_mean(name, known) or '; fields are ' + ', '.join(known)}"
            )
    for name in ("gate_scores", "source", "gain", "computation_energy_j"):
        if name not in fields:
            raise InstanceError(f"returned no {name}")
    shapes = {"gate_scores": (size.T, size.K), "gain": (size.K, size.K, size.M)}
    for name, shape in shapes.items():
        found = np.shape(fields[name])
        if len(found) != len(shape) or found[:2] != shape[:2]:
            raise InstanceError(f"returned {name} of shape {found}; asked for was {shape}")
    return dict(fields)


def _facts(
    label: str, description: str, seed: int, parameters: Fields, source: Mapping[str, str]
) -> Fields:
    """Return the metadata of a draw: where it comes from."""
    for key, value in parameters.items():
        if isinstance(value, np.generic):
            parameters[key] = value.item()
    return {
        "family": label,
        "description": description,
        "seed": seed,
        "parameters": parameters,
        **({"source": dict(source)} if source else {}),
        "package": f"dmoe-models {package_version()}",
    }


def _name(label: str, K: int, T: int, M: int, D: int, facts: Fields) -> str:
    later = f"-r{facts['parameters']['round']}" if facts["parameters"].get("round") else ""
    return f"{label}-K{K}-T{T}-M{M}-D{D}-s{facts['seed']}{later}"


def _instance(label: str, size: Size, facts: Fields, fields: Fields) -> Instance:
    subcarriers = np.shape(fields["gain"])[2]
    experts = fields.get("max_experts", size.D)
    # What the family chose itself is recorded too, so that the parameters draw this instance again.
    for key, value in (("M", subcarriers), ("D", experts)):
        if key in facts["parameters"]:
            facts["parameters"][key] = int(value)
    common: Fields = {
        "name": _name(label, size.K, size.T, subcarriers, experts, facts),
        "bandwidth_hz": BANDWIDTH_HZ,
        "transmit_power_w": TRANSMIT_POWER_W,
        "noise_power_w": NOISE_POWER_W,
        "hidden_state_bits": HIDDEN_STATE_BITS,
        "static_energy_j": np.zeros(size.K),
        "relevance": size.z,
        "importance": size.gamma,
        "max_experts": experts,
        "strict_relevance": size.strict,
        "metadata": {**facts, "assumptions": ASSUMPTIONS, **fields.pop("facts", {})},
    }
    return Instance(**(common | fields))
