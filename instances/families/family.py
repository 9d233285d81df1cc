"""From a function of the draws and the sizes to a family: its signature, checks, name, metadata."""

from __future__ import annotations

import functools
import inspect
import re
import textwrap
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from dmoe_models.environment import package_version
from dmoe_models.errors import InstanceError
from dmoe_models.input_checks import quote
from dmoe_models.model.instance import Instance
from dmoe_models.portable.random import Draws
from dmoe_models.solving.options import described_parameters
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


class Family(NamedTuple):
    """A row of the table of families."""

    function: Callable[..., Instance]
    description: str
    size_defaults: dict[str, Any]
    """Name -> default of the sizes that can be chosen."""


FAMILIES: dict[str, Family] = {}
"""Every family by name, in the order of definition."""


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
    """
    sizes = {**SIZE_DEFAULTS, **defaults}
    free = {size: default for size, default in sizes.items() if size not in without}

    def register(draw_fields: Callable[..., Fields]) -> Callable[..., Instance]:
        label = name or draw_fields.__name__
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
            return _instance(label, description, draws.seed, size, given, fields)

        drawn.__signature__ = signature  # type: ignore[attr-defined]
        drawn.__doc__ = _docstring(draw_fields, signature, free)
        FAMILIES[label] = Family(drawn, description, free)
        return drawn

    return register


def draw(family: str, seed: int, **parameters: Any) -> Instance:
    """Draw one instance of a family.

    Parameters
    ----------
    family : str
        A name in ``FAMILIES``.
    seed : int
        0 <= seed < 2^63. The same seed and parameters give the same bits on every machine.
    **parameters
        Of that family; the others keep their defaults.

    Returns
    -------
    Instance

    Raises
    ------
    InstanceError
        For an unknown family or parameter, or a value that cannot be.
    """
    known = list(inspect.signature(find_family(family).function).parameters)[1:]
    for name in parameters:
        if name not in known:
            raise InstanceError(
                f"family {family} has no parameter {quote(name)}; it has {', '.join(known)}"
            )
    return FAMILIES[family].function(seed, **parameters)


def find_family(name: str) -> Family:
    """Return a row of the table by its name; `InstanceError` where there is none."""
    if not isinstance(name, str) or name not in FAMILIES:
        raise InstanceError(f"unknown family {quote(name)}; families are {', '.join(FAMILIES)}")
    return FAMILIES[name]


def _signature(draw_fields: Callable[..., Fields], free: dict[str, Any]) -> inspect.Signature:
    """Return (seed, *, sizes, own parameters, strict) -> Instance."""
    seed = inspect.Parameter("seed", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation="int")
    own = list(inspect.signature(draw_fields).parameters.values())[2:]
    *sizes, strict = size_parameters(free)
    return inspect.Signature([seed, *sizes, *own, strict], return_annotation=Instance)


def _docstring(
    draw_fields: Callable[..., Fields], signature: inspect.Signature, free: dict[str, Any]
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


def _instance(
    label: str, description: str, seed: int, size: Size, parameters: Fields, fields: Fields
) -> Instance:
    subcarriers = fields["gain"].shape[2]
    experts = fields.get("max_experts", size.D)
    for key, value in parameters.items():
        if isinstance(value, np.generic):
            parameters[key] = value.item()
    # What the family chose itself is recorded too, so that the parameters draw this instance again.
    for key, value in (("M", subcarriers), ("D", experts)):
        if key in parameters:
            parameters[key] = int(value)
    later = f"-r{parameters['round']}" if parameters.get("round") else ""
    common: Fields = {
        "name": f"{label}-K{size.K}-T{size.T}-M{subcarriers}-D{experts}-s{seed}{later}",
        "bandwidth_hz": BANDWIDTH_HZ,
        "transmit_power_w": TRANSMIT_POWER_W,
        "noise_power_w": NOISE_POWER_W,
        "hidden_state_bits": HIDDEN_STATE_BITS,
        "static_energy_j": np.zeros(size.K),
        "relevance": size.z,
        "importance": size.gamma,
        "max_experts": experts,
        "strict_relevance": size.strict,
        "metadata": {
            "family": label,
            "description": description,
            "seed": seed,
            "parameters": parameters,
            "package": f"dmoe-models {package_version()}",
            "assumptions": ASSUMPTIONS,
            **fields.pop("facts", {}),
        },
    }
    return Instance(**(common | fields))
