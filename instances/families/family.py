"""What all families share: the table of them, checks, name and metadata, common drawings."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, ParamSpec

import numpy as np

from dmoe_models.environment import package_version
from dmoe_models.errors import InstanceError
from dmoe_models.input_checks import quote, real_number, whole_number
from dmoe_models.model.instance import Instance
from dmoe_models.portable.random import Draws

BANDWIDTH_HZ = 1e6
TRANSMIT_POWER_W = 1e-2
PATH_LOSS = 1e-2
MEAN_SNR = 10.0
"""Linear, of a link of mean gain ``PATH_LOSS``: 10 dB."""
NOISE_POWER_W = 1e-5
"""TRANSMIT_POWER_W x PATH_LOSS / MEAN_SNR."""
HIDDEN_STATE_BITS = 4096.0 * 16.0
"""4096 numbers of 16 bit."""
FLOP_PER_TOKEN = 352e6
"""Of one expert: the feed-forward block of a model like Llama-3-8B."""

LARGEST_ENTRIES = 2**28
"""Most gains or scores of a drawn instance, 2 GiB: a slip of the keyboard is not a request."""

ASSUMPTIONS = (
    "the physical constants, sizes and distributions are defaults of this project",
    "the return of expert outputs is not counted",
)

P = ParamSpec("P")


class Family(NamedTuple):
    """A row of the table of families."""

    function: Callable[..., Instance]
    description: str


FAMILIES: dict[str, Family] = {}
"""Every family by name, in the order of definition."""


def family(
    description: str, name: str | None = None
) -> Callable[[Callable[P, dict[str, Any]]], Callable[P, Instance]]:
    """Turn a function that draws an instance's fields into one that returns the instance.

    The function takes a seed and keyword parameters with defaults, among them K, T, D, z, gamma and
    strict. It returns gate_scores, source, gain, computation_energy_j and whatever departs from the
    defaults. The rest is done here: sizes are checked first, the name is built, and the metadata
    records the family, seed, all parameters, the package version, the assumptions and what the
    function returns as `facts`, a dictionary of plain values.
    """

    def register(draw_fields: Callable[P, dict[str, Any]]) -> Callable[P, Instance]:
        label = name or draw_fields.__name__
        signature = inspect.signature(draw_fields)

        @functools.wraps(draw_fields)
        def drawn(*args: P.args, **kwargs: P.kwargs) -> Instance:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            parameters = dict(bound.arguments)
            _check_sizes(parameters)
            fields = draw_fields(*args, **kwargs)
            return _instance(label, description, parameters, fields)

        drawn.__signature__ = signature.replace(return_annotation=Instance)  # type: ignore[attr-defined]
        FAMILIES[label] = Family(drawn, description)
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
    if not isinstance(family, str) or family not in FAMILIES:
        raise InstanceError(f"unknown family {quote(family)}; families are {', '.join(FAMILIES)}")
    known = list(inspect.signature(FAMILIES[family].function).parameters)[1:]
    for name in parameters:
        if name not in known:
            raise InstanceError(
                f"family {family} has no parameter {quote(name)}; it has {', '.join(known)}"
            )
    return FAMILIES[family].function(seed, **parameters)


def _check_sizes(parameters: dict[str, Any]) -> None:
    nodes = whole("K", parameters["K"], 2)
    tokens = whole("T", parameters["T"], 1)
    subcarriers = nodes * nodes
    if parameters.get("M") is not None:
        subcarriers = whole("M", parameters["M"], 1)
    if parameters["D"] is not None and not 1 <= whole("D", parameters["D"], 1) <= nodes:
        raise InstanceError(f"D = {quote(parameters['D'])} is outside 1 to K = {nodes}")
    if max(nodes * nodes * subcarriers, tokens * nodes) > LARGEST_ENTRIES:
        raise InstanceError(
            f"K = {quote(nodes)}, T = {quote(tokens)}, M = {quote(subcarriers)}: more than "
            f"{LARGEST_ENTRIES} gains or scores"
        )
    for field in ("z", "gamma"):
        if not 0 < real_number(field, parameters[field]) <= 1:
            raise InstanceError(f"{field} = {parameters[field]} is outside (0, 1]")
    true_or_false("strict", parameters["strict"])


def _instance(
    label: str, description: str, parameters: dict[str, Any], fields: dict[str, Any]
) -> Instance:
    nodes, tokens = parameters["K"], parameters["T"]
    subcarriers = fields["gain"].shape[2]
    most = fields.get("max_experts", parameters["D"])
    seed = parameters.pop("seed")
    for key, value in parameters.items():
        if isinstance(value, np.generic):
            parameters[key] = value.item()
    # What the family chose itself is recorded too, so that the parameters draw this instance again.
    for key, value in (("M", subcarriers), ("D", most)):
        if key in parameters:
            parameters[key] = int(value)
    later = f"-r{parameters['round']}" if parameters.get("round") else ""
    common: dict[str, Any] = {
        "name": f"{label}-K{nodes}-T{tokens}-M{subcarriers}-D{most}-s{seed}{later}",
        "bandwidth_hz": BANDWIDTH_HZ,
        "transmit_power_w": TRANSMIT_POWER_W,
        "noise_power_w": NOISE_POWER_W,
        "hidden_state_bits": HIDDEN_STATE_BITS,
        "static_energy_j": np.zeros(nodes),
        "relevance": parameters["z"],
        "importance": parameters["gamma"],
        "max_experts": most,
        "strict_relevance": parameters["strict"],
        "metadata": {
            "family": label,
            "description": description,
            "seed": int(seed),
            "parameters": parameters,
            "package": f"dmoe-models {package_version()}",
            "assumptions": ASSUMPTIONS,
            **fields.pop("facts", {}),
        },
    }
    return Instance(**(common | fields))


def whole(name: str, value: Any, least: int) -> int:
    """Return a parameter that must be a whole number of at least `least`."""
    number = whole_number(name, value)
    if number < least:
        raise InstanceError(f"{name} = {quote(number)} is below {least}")
    return number


def fraction(name: str, value: Any) -> float:
    """Return a parameter that must lie in [0, 1)."""
    number = real_number(name, value)
    if not 0 <= number < 1:
        raise InstanceError(f"{name} = {number} is outside [0, 1)")
    return number


def positive(name: str, value: Any) -> float:
    """Return a parameter that must be positive."""
    number = real_number(name, value)
    if number <= 0:
        raise InstanceError(f"{name} = {number} is not positive")
    return number


def not_negative(name: str, value: Any) -> float:
    """Return a parameter that must be zero or more."""
    number = real_number(name, value)
    if number < 0:
        raise InstanceError(f"{name} = {number} is negative")
    return number


def within(name: str, value: Any, least: float, most: float) -> float:
    """Return a parameter that must lie between two numbers, both allowed."""
    number = real_number(name, value)
    if not least <= number <= most:
        raise InstanceError(f"{name} = {number} is outside {least:g} to {most:g}")
    return number


def one_of(name: str, value: Any, allowed: Iterable[str]) -> str:
    """Return a parameter that must be one of some words."""
    words = list(allowed)
    if not isinstance(value, str) or value not in words:
        raise InstanceError(f"{name} = {quote(value)} is not one of {', '.join(words)}")
    return value


def true_or_false(name: str, value: Any) -> bool:
    """Return a parameter that must be a truth value."""
    if not isinstance(value, bool):
        raise InstanceError(f"{name} = {quote(value)} is not true or false")
    return value


def round_robin(tokens: int, nodes: int) -> np.ndarray:
    """Return (T,) sources: token t resides at node t mod K."""
    return np.arange(tokens, dtype=np.int64) % nodes


def without_diagonal(gain: np.ndarray) -> np.ndarray:
    """Set the (ignored) gains of a node to itself to zero, so that files show none."""
    nodes = np.arange(len(gain))
    gain[nodes, nodes] = 0.0
    return gain


def rayleigh_gain(draws: Draws, nodes: int, subcarriers: int) -> np.ndarray:
    """Return (K, K, M) independent exponential power gains of mean ``PATH_LOSS``."""
    fading = draws.stream("fading").exponential(nodes, nodes, subcarriers)
    return without_diagonal(PATH_LOSS * fading)


def efficiency_energy_j(draws: Draws, nodes: int) -> np.ndarray:
    """Return (K,) joules per token of nodes with 0.5 to 2 TFLOP/J, uniform."""
    return FLOP_PER_TOKEN / draws.stream("efficiency").between(0.5e12, 2e12, nodes)


def rayleigh_round(
    draws: Draws, gate_scores: np.ndarray, subcarriers: int | None
) -> dict[str, Any]:
    """Return the fields of a round under Rayleigh fading, for given (T, K) scores.

    There are K^2 subcarriers unless a number is given; tokens are dealt out in turn.
    """
    tokens, nodes = gate_scores.shape
    return {
        "gate_scores": gate_scores,
        "source": round_robin(tokens, nodes),
        "gain": rayleigh_gain(draws, nodes, nodes * nodes if subcarriers is None else subcarriers),
        "computation_energy_j": efficiency_energy_j(draws, nodes),
    }
