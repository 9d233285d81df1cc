"""The sizes and thresholds of a round, which every family takes: names, defaults, checks."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from dmoe_models.errors import InstanceError
from dmoe_models.input_checks import quote, real_number, true_or_false, whole_at_least
from instances.defaults import IMPORTANCE, MAX_EXPERTS, RELEVANCE

LARGEST_ENTRIES = 2**28
"""Most gains or scores of a drawn instance, 2 GiB: a slip of the keyboard is not a request."""


class ByNodes(NamedTuple):
    """A default that follows from K: the rule as it is displayed, and as a function."""

    text: str
    value: Callable[[int], int]


SQUARE = ByNodes("K^2", lambda K: K * K)
LINKS = ByNodes("K (K - 1)", lambda K: K * (K - 1))
HALF_THE_NODES = ByNodes("K / 2, rounded up", lambda K: (K + 1) // 2)


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large a round is, and what it asks for.

    Parameters
    ----------
    K : int
        Nodes, each of which hosts one expert; at least 2.
    T : int
        Tokens.
    M : int
        Subcarriers.
    D : int
        Most experts per token, 1 to K.
    z : float
        Relevance threshold, above 0 and up to 1.
    gamma : float
        Layer importance, above 0 and up to 1.
    strict : bool
        Whether a token that cannot reach z gamma makes the instance infeasible.
    """

    K: int
    T: int
    M: int
    D: int
    z: float
    gamma: float
    strict: bool


SIZE_DEFAULTS: Mapping[str, Any] = {
    "K": 4,
    "T": 16,
    "M": SQUARE,
    "D": MAX_EXPERTS,
    "z": RELEVANCE,
    "gamma": IMPORTANCE,
    "strict": False,
}
"""Of every family that names no other."""


def size_parameters(defaults: Mapping[str, Any]) -> list[inspect.Parameter]:
    """Return keyword parameters of a signature, in the order of `Size`.

    Parameters
    ----------
    defaults : mapping
        Name -> default; a name that is not in it is no parameter. `ByNodes` is displayed as None.
    """
    found = []
    for field in fields(Size):
        if field.name in defaults:
            default, kind = defaults[field.name], str(field.type)
            if isinstance(default, ByNodes):
                default, kind = None, f"{kind} | None"
            found.append(
                inspect.Parameter(
                    field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind
                )
            )
    return found


def checked_size(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> Size:
    """Return the sizes of a draw, with what follows from K where M or D is not given.

    Parameters
    ----------
    given : mapping
        Name -> value, of what can be chosen.
    defaults : mapping
        Name -> default, of all sizes.

    Raises
    ------
    InstanceError
        For a size that cannot be, or more than `LARGEST_ENTRIES` numbers.
    """
    nodes = whole_at_least("K", given["K"], 2)
    tokens = whole_at_least("T", given["T"], 1)
    chosen: dict[str, int] = {}
    for name in ("M", "D"):
        if given.get(name) is not None or not isinstance(defaults[name], ByNodes):
            chosen[name] = whole_at_least(name, given[name], 1)
    if chosen.get("D", 1) > nodes:
        raise InstanceError(f"D = {quote(chosen['D'])} is outside 1 to K = {nodes}")
    subcarriers = chosen.get("M", nodes * nodes)  # no family has more unless it is asked to
    if max(nodes * nodes * subcarriers, tokens * nodes) > LARGEST_ENTRIES:
        raise InstanceError(
            f"K = {quote(nodes)}, T = {quote(tokens)}, M = {quote(subcarriers)}: more than "
            f"{LARGEST_ENTRIES} gains or scores"
        )
    thresholds = {name: real_number(name, given[name]) for name in ("z", "gamma")}
    for name, value in thresholds.items():
        if not 0 < value <= 1:
            raise InstanceError(f"{name} = {given[name]} is outside (0, 1]")
    strict = true_or_false("strict", given["strict"])
    by_nodes = {
        name: rule.value(nodes)
        for name, rule in defaults.items()
        if isinstance(rule, ByNodes) and name not in chosen
    }
    size = by_nodes | chosen
    return Size(
        K=nodes,
        T=tokens,
        M=size["M"],
        D=size["D"],
        z=thresholds["z"],
        gamma=thresholds["gamma"],
        strict=strict,
    )
