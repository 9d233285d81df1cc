"""Families whose gains are plain Rayleigh fading: they differ in how many subcarriers there are."""

from __future__ import annotations

from typing import Any

from dmoe_models.channels.propagation import same_both_ways
from dmoe_models.errors import InstanceError
from dmoe_models.portable.random import Draws
from instances.families.family import family, rayleigh_round


def _rayleigh_fields(seed: int, nodes: int, tokens: int, subcarriers: int | None) -> dict[str, Any]:
    draws = Draws(seed)
    return rayleigh_round(draws, draws.stream("gates").simplex(tokens, nodes), subcarriers)


@family(
    "Rayleigh fading, uniform on the simplex: gate scores; tokens dealt out in turn",
)
def rayleigh(
    seed: int,
    *,
    K: int = 4,
    T: int = 16,
    M: int | None = None,
    D: int = 2,
    z: float = 1.0,
    gamma: float = 0.49,
    strict: bool = False,
) -> dict[str, Any]:
    """Independent Rayleigh fading on every link and subcarrier: the setting of the defaults.

    Gains are exponential with mean 1e-2, so that the mean SNR is 10 dB; scores are uniform on the
    simplex; token t resides at node t mod K; experts need 352 MFLOP per token at 0.5 to 2 TFLOP/J.

    Parameters
    ----------
    seed : int
    K, T, M, D : int
        Nodes, tokens, subcarriers (K^2 unless given), most experts per token.
    z, gamma : float
        Relevance threshold and layer importance.
    strict : bool
        Whether a token that cannot reach z gamma makes the instance infeasible.
    """
    return _rayleigh_fields(seed, K, T, M)


@family("Rayleigh fading with exactly one subcarrier per link: M = K (K - 1)")
def tight(
    seed: int,
    *,
    K: int = 4,
    T: int = 16,
    D: int = 2,
    z: float = 1.0,
    gamma: float = 0.49,
    strict: bool = False,
) -> dict[str, Any]:
    """Rayleigh fading with as many subcarriers as links, so that every choice displaces another.

    Parameters
    ----------
    seed : int
    K, T, D, z, gamma, strict
        As in `rayleigh`; M = K (K - 1).
    """
    return _rayleigh_fields(seed, K, T, K * (K - 1))


@family("Rayleigh fading with fewer subcarriers than links; some instances are infeasible")
def scarce(
    seed: int,
    *,
    K: int = 4,
    T: int = 8,
    M: int | None = None,
    D: int = 2,
    z: float = 1.0,
    gamma: float = 0.49,
    strict: bool = False,
) -> dict[str, Any]:
    """Rayleigh fading with fewer subcarriers than links, so that tokens must share links.

    Where the tokens cannot be served over M links at once, the instance is infeasible; the more
    tokens, the more often.

    Parameters
    ----------
    seed : int
    K, T, D, z, gamma, strict
        As in `rayleigh`.
    M : int
        Below K (K - 1); half of that, rounded up, unless given.
    """
    links = K * (K - 1)
    subcarriers = (links + 1) // 2 if M is None else M
    if subcarriers >= links:
        raise InstanceError(f"M = {subcarriers} is not below K (K - 1) = {links}")
    return _rayleigh_fields(seed, K, T, subcarriers)


@family("Rayleigh fading with equal gains in both directions: H[i,j] = H[j,i]")
def reciprocal(
    seed: int,
    *,
    K: int = 4,
    T: int = 16,
    M: int | None = None,
    D: int = 2,
    z: float = 1.0,
    gamma: float = 0.49,
    strict: bool = False,
) -> dict[str, Any]:
    """Rayleigh fading of a reciprocal channel: the two directions of a pair want the same.

    Parameters
    ----------
    seed : int
    K, T, M, D, z, gamma, strict
        As in `rayleigh`.
    """
    fields = _rayleigh_fields(seed, K, T, M)
    fields["gain"] = same_both_ways(fields["gain"])
    return fields
