"""Families whose gains are plain Rayleigh fading: they differ in how many subcarriers there are."""

from __future__ import annotations

from dmoe_models.channels.propagation import same_both_ways
from dmoe_models.errors import InstanceError
from dmoe_models.portable.random import Draws
from instances.families.family import Fields, family
from instances.families.parts import rayleigh_round
from instances.families.size import LINKS, ByNodes, Size

HALF_THE_LINKS = ByNodes("K (K - 1) / 2, rounded up", lambda K: (K * (K - 1) + 1) // 2)


@family("Rayleigh fading, uniform on the simplex: gate scores; tokens dealt out in turn")
def rayleigh(draws: Draws, size: Size) -> Fields:
    """Independent Rayleigh fading on every link and subcarrier: the setting of the defaults.

    Gains are exponential with mean 1e-2, so that the mean SNR is 10 dB; scores are uniform on the
    simplex; token t resides at node t mod K; experts need 352 MFLOP per token at 0.5 to 2 TFLOP/J.
    """
    return rayleigh_round(draws, size)


@family(
    "Rayleigh fading with exactly one subcarrier per link: M = K (K - 1)", without=["M"], M=LINKS
)
def tight(draws: Draws, size: Size) -> Fields:
    """Rayleigh fading with as many subcarriers as links, so that every choice displaces another."""
    return rayleigh_round(draws, size)


@family(
    "Rayleigh fading with fewer subcarriers than links; some instances are infeasible",
    T=8,
    M=HALF_THE_LINKS,
)
def scarce(draws: Draws, size: Size) -> Fields:
    """Rayleigh fading with fewer subcarriers than links, so that tokens must share links.

    Where the tokens cannot be served over M links at once, the instance is infeasible; the more
    tokens, the more often.

    Parameters
    ----------
    M
        Below K (K - 1).
    """
    links = size.K * (size.K - 1)
    if links <= size.M:
        raise InstanceError(f"M = {size.M} is not below K (K - 1) = {links}")
    return rayleigh_round(draws, size)


@family("Rayleigh fading with equal gains in both directions: H[i,j] = H[j,i]")
def reciprocal(draws: Draws, size: Size) -> Fields:
    """Rayleigh fading of a reciprocal channel: the two directions of a pair want the same."""
    fields = rayleigh_round(draws, size)
    fields["gain"] = same_both_ways(fields["gain"])
    return fields
