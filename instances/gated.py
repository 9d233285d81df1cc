"""Families whose gate scores look like a gate's, on the channel of `rayleigh`.

Scores uniform on the simplex know no favourite expert, no kinship of experts and no kinds of
tokens; a trained gate knows all three. Defaults that have no source are this project's.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dmoe_models.errors import InstanceError
from dmoe_models.numbers import shown
from instances.building import family, fraction, rayleigh_round, round_robin, whole, within
from instances.draws import Draws
from instances.scoring import (
    dirichlet_logits,
    domain_logits,
    logistic_normal_logits,
    softmax,
    token_domains,
)

LARGEST_LOGIT = 100.0
"""Of a standard deviation or an advantage: e^100 is as good as always."""


@family("gate scores Dirichlet: few experts matter to a token, some matter to more tokens")
def dirichlet(
    seed: int,
    *,
    K: int = 4,
    T: int = 16,
    M: int | None = None,
    D: int = 2,
    z: float = 1.0,
    gamma: float = 0.49,
    concentration: float = 0.3,
    skew: float = 0.5,
    strict: bool = False,
) -> dict[str, Any]:
    """Dirichlet scores on the channel of `rayleigh`.

    Parameters
    ----------
    seed : int
    K, T, M, D, z, gamma, strict
        As in `rayleigh`.
    concentration : float
        Mean of the distribution's K parameters, 1e-6 to 1e6: small ones give a token one expert, 1
        (without skew) is uniform on the simplex, large ones make all scores alike.
    skew : float
        0 to 10: an expert's parameter, and with it its mean score, is in proportion to
        rank^-skew, the ranks 1 to K in random order.
    """
    alpha = within("concentration", concentration, 1e-6, 1e6)
    power = within("skew", skew, 0, 10)
    draws = Draws(seed)
    scores = softmax(dirichlet_logits(draws.stream("gates"), T, K, alpha, power))
    return rayleigh_round(draws, scores, M)


@family(
    "gate scores logistic-normal: clusters of experts that go together, and favourites",
    name="logistic-normal",
)
def logistic_normal(
    seed: int,
    *,
    K: int = 4,
    T: int = 16,
    M: int | None = None,
    D: int = 2,
    z: float = 1.0,
    gamma: float = 0.49,
    spread: float = 1.5,
    clusters: int = 2,
    correlation: float = 0.5,
    bias: float = 0.5,
    strict: bool = False,
) -> dict[str, Any]:
    """Softmax of correlated normal logits on the channel of `rayleigh`.

    Parameters
    ----------
    seed : int
    K, T, M, D, z, gamma, strict
        As in `rayleigh`.
    spread : float
        Standard deviation of a logit over tokens, 0 to 100: the larger, the fewer experts matter.
    clusters : int
        1 to K: of consecutive experts, as equal in size as can be.
    correlation : float
        In [0, 1): of the logits of experts of one cluster. With a single cluster the common part
        cancels, which leaves a spread smaller by the root of 1 - correlation.
    bias : float
        Standard deviation of the experts' mean logits, 0 to 100: load imbalance.
    """
    deviation = within("spread", spread, 0, LARGEST_LOGIT)
    shared = fraction("correlation", correlation)
    imbalance = within("bias", bias, 0, LARGEST_LOGIT)
    if not 1 <= whole("clusters", clusters, 1) <= K:
        raise InstanceError(f"clusters = {shown(clusters)} is outside 1 to K = {K}")
    draws = Draws(seed)
    gates = draws.stream("gates")
    logits = logistic_normal_logits(gates, T, K, deviation, clusters, shared, imbalance)
    return rayleigh_round(draws, softmax(logits), M)


@family("gate scores by domain: specialists, and nodes whose tokens are mostly of one domain")
def domains(
    seed: int,
    *,
    K: int = 4,
    T: int = 16,
    M: int | None = None,
    D: int = 2,
    z: float = 1.0,
    gamma: float = 0.49,
    domains: int = 4,
    purity: float = 0.8,
    specialists: float = 0.5,
    advantage: float = 2.0,
    bias: float = 0.5,
    noise: float = 1.0,
    strict: bool = False,
) -> dict[str, Any]:
    """Tokens of several domains that prefer different experts, on the channel of `rayleigh`.

    The home domain of node i is i mod `domains`. The metadata say how many tokens of each domain
    every node holds.

    Parameters
    ----------
    seed : int
    K, T, M, D, z, gamma, strict
        As in `rayleigh`.
    domains : int
        1 to 1000.
    purity : float
        0 to 1: share of tokens sure to be of their node's home domain; the others are of any
        domain, equally likely.
    specialists : float
        0 to 1: share of the experts that are specialists, each of one domain.
    advantage : float
        Of a specialist's logit for tokens of its domain, 0 to 100.
    bias : float
        Standard deviation of a domain's liking of each expert, specialist or not, 0 to 100.
    noise : float
        Standard deviation of a logit over the tokens of one domain, 0 to 100.
    """
    kinds = whole("domains", domains, 1)
    within("domains", kinds, 1, 1000)
    share = within("purity", purity, 0, 1)
    special = within("specialists", specialists, 0, 1)
    head_start = within("advantage", advantage, 0, LARGEST_LOGIT)
    liking = within("bias", bias, 0, LARGEST_LOGIT)
    deviation = within("noise", noise, 0, LARGEST_LOGIT)
    draws = Draws(seed)
    gates = draws.stream("gates")
    source = round_robin(T, K)
    domain = token_domains(draws.stream("domains"), source % kinds, kinds, share)
    logits = domain_logits(gates, domain, K, kinds, special, head_start, liking, deviation)
    counts = np.zeros((K, kinds), dtype=np.int64)
    np.add.at(counts, (source, domain), 1)
    facts = {"facts": {"tokens_of_node_and_domain": counts.tolist()}}
    return rayleigh_round(draws, softmax(logits), M) | facts
