"""Families whose gate scores look like a gate's, on the channel of `rayleigh`.

Scores uniform on the simplex know no favourite expert, no kinship of experts and no kinds of
tokens; a trained gate knows all three. Defaults that have no source are this project's.
"""

from __future__ import annotations

import numpy as np

from dmoe_models.errors import InstanceError
from dmoe_models.input_checks import fraction, one_of, quote, whole_at_least, within
from dmoe_models.portable.random import Draws
from dmoe_models.scores.fitted import MODEL_ASSUMPTIONS, fitted_kinds, modelled_scores
from dmoe_models.scores.recorded import ESFT_EXPERTS, group_experts
from dmoe_models.scores.synthetic import (
    dirichlet_logits,
    domain_logits,
    logistic_normal_logits,
    softmax,
    token_domains,
)
from instances.defaults import ASSUMPTIONS
from instances.families.family import Fields, family
from instances.families.parts import rayleigh_round, round_robin
from instances.families.size import LARGEST_ENTRIES, Size

LARGEST_LOGIT = 100.0
"""Of a standard deviation or an advantage: e^100 is as good as always."""


@family("gate scores Dirichlet: few experts matter to a token, some matter to more tokens")
def dirichlet(
    draws: Draws,
    size: Size,
    *,
    concentration: float = 0.3,
    skew: float = 0.5,
) -> Fields:
    """Dirichlet scores on the channel of `rayleigh`.

    Parameters
    ----------
    concentration : float
        Mean of the distribution's K parameters, 1e-6 to 1e6: small ones give a token one expert, 1
        (without skew) is uniform on the simplex, large ones make all scores alike.
    skew : float
        How uneven the experts' loads are, 0 to 10: an expert's parameter, and with it its mean
        score, is in proportion to rank^-skew, the ranks 1 to K in random order.
    """
    alpha = within("concentration", concentration, 1e-6, 1e6)
    power = within("skew", skew, 0, 10)
    scores = softmax(dirichlet_logits(draws.stream("gates"), size.T, size.K, alpha, power))
    return rayleigh_round(draws, size, scores)


@family(
    "gate scores logistic-normal: clusters of experts that go together, and favourites",
    name="logistic-normal",
)
def logistic_normal(
    draws: Draws,
    size: Size,
    *,
    spread: float = 1.5,
    clusters: int = 2,
    correlation: float = 0.5,
    bias: float = 0.5,
) -> Fields:
    """Softmax of correlated normal logits on the channel of `rayleigh`.

    Parameters
    ----------
    spread : float
        Standard deviation of a logit over tokens, 0 to 100: the larger, the fewer experts matter.
    clusters : int
        Groups of consecutive experts that go together, 1 to K, as equal in size as can be.
    correlation : float
        Of the logits of experts of one cluster, in [0, 1). With a single cluster the common part
        cancels, which leaves a spread smaller by the root of 1 - correlation.
    bias : float
        Standard deviation of the experts' mean logits, 0 to 100: load imbalance.
    """
    deviation = within("spread", spread, 0, LARGEST_LOGIT)
    shared = fraction("correlation", correlation)
    imbalance = within("bias", bias, 0, LARGEST_LOGIT)
    if not 1 <= whole_at_least("clusters", clusters, 1) <= size.K:
        raise InstanceError(f"clusters = {quote(clusters)} is outside 1 to K = {size.K}")
    gates = draws.stream("gates")
    logits = logistic_normal_logits(gates, size.T, size.K, deviation, clusters, shared, imbalance)
    return rayleigh_round(draws, size, softmax(logits))


@family("gate scores by domain: specialists, and nodes whose tokens are mostly of one domain")
def domains(
    draws: Draws,
    size: Size,
    *,
    domains: int = 4,
    purity: float = 0.8,
    specialists: float = 0.5,
    advantage: float = 2.0,
    bias: float = 0.5,
    noise: float = 1.0,
) -> Fields:
    """Tokens of several domains that prefer different experts, on the channel of `rayleigh`.

    The home domain of node i is i mod `domains`. The metadata say how many tokens of each domain
    every node holds.

    Parameters
    ----------
    domains : int
        Kinds of tokens, each with experts of its own liking, 1 to 1000.
    purity : float
        Share of tokens sure to be of their node's home domain, 0 to 1; the others are of any
        domain, equally likely.
    specialists : float
        Share of the experts that are specialists, each of one domain, 0 to 1.
    advantage : float
        What is added to a specialist's logit for tokens of its domain, 0 to 100.
    bias : float
        Standard deviation of a domain's liking of each expert, specialist or not, 0 to 100.
    noise : float
        Standard deviation of a logit over the tokens of one domain, 0 to 100.
    """
    kinds = whole_at_least("domains", domains, 1)
    within("domains", kinds, 1, 1000)
    share = within("purity", purity, 0, 1)
    special = within("specialists", specialists, 0, 1)
    head_start = within("advantage", advantage, 0, LARGEST_LOGIT)
    liking = within("bias", bias, 0, LARGEST_LOGIT)
    deviation = within("noise", noise, 0, LARGEST_LOGIT)
    K = size.K
    gates = draws.stream("gates")
    source = round_robin(size.T, K)
    domain = token_domains(draws.stream("domains"), source % kinds, kinds, share)
    logits = domain_logits(gates, domain, K, kinds, special, head_start, liking, deviation)
    counts = np.zeros((K, kinds), dtype=np.int64)
    np.add.at(counts, (source, domain), 1)
    facts = {"facts": {"tokens_of_node_and_domain": counts.tolist()}}
    return rayleigh_round(draws, size, softmax(logits)) | facts


@family(
    "gate scores from a model fitted to a recorded language model's: 26 layers, four domains",
    K=8,
    T=64,
)
def calibrated(
    draws: Draws,
    size: Size,
    *,
    layer: int = 6,
    domain: str = "mixed",
) -> Fields:
    """Scores that stand in for recorded ones, on the channel of `rayleigh`.

    The tokens of a layer and domain are of two kinds. A token's 64 logits are independent and
    normal, with a mean for every expert and a deviation common to all that depend on layer, domain
    and kind; the six largest make its scores by softmax, the other 58 scores are zero. That is the
    form of the recorded instances (`instances.recorded.join.join`): the recordings hold six scores
    a token, a third to two fifths of the mass, and what was not recorded counts as zero before
    scores are divided by their sum. 64/K consecutive experts then go on each node, as there.

    Tokens are independent of each other: how they follow each other in a text is not modelled. An
    expert's fitted load is its own in every draw, whatever the seed. Energies, hidden state and
    channel are those of `rayleigh`, not of the recorded model.

    Parameters
    ----------
    K
        A divisor of 64.
    layer : int
        Which of the model's layers, 0 to 25; draws of different layers are independent.
    domain : str
        What the tokens' texts are: intent, law, summary, translation, or mixed (every token of
        any, equally likely).
    """
    K, T = size.K, size.T
    if ESFT_EXPERTS % K:
        raise InstanceError(f"K = {K} is not a divisor of {ESFT_EXPERTS}, the experts of a layer")
    if T * ESFT_EXPERTS > LARGEST_ENTRIES:
        raise InstanceError(f"T = {quote(T)}: more than {LARGEST_ENTRIES} scores of single experts")
    fitted = fitted_kinds()
    domains = list(fitted)
    one_of("domain", domain, [*domains, "mixed"])
    layers = len(fitted[domains[0]])
    if whole_at_least("layer", layer, 0) >= layers:
        raise InstanceError(f"layer = {quote(layer)} is outside 0 to {layers - 1}")
    gates = draws.stream(f"gates of layer {int(layer)}")
    if domain == "mixed":
        of_token = gates.stream("domains").integers(len(domains), T)
    else:
        of_token = np.full(T, domains.index(domain))
    scores = np.zeros((T, ESFT_EXPERTS))
    for number in np.unique(of_token):
        here = of_token == number
        scores[here] = modelled_scores(gates, fitted[domains[number]][layer], T)[here]
    counts = {name: int((of_token == number).sum()) for number, name in enumerate(domains)}
    return rayleigh_round(draws, size, group_experts(scores, K)) | {
        "facts": {
            "assumptions": [*ASSUMPTIONS, *MODEL_ASSUMPTIONS],
            "tokens_of_domain": {name: count for name, count in counts.items() if count},
        }
    }
