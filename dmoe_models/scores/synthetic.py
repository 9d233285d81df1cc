"""Models of gate scores, the same bits everywhere: logarithms of unnormalised scores.

Every model returns (T, K) *logits*, of which `softmax` makes scores. Streams are named by what they
hold, so that a parameter changes only what it is about and more tokens only append rows.
"""

from __future__ import annotations

import numpy as np

from dmoe_models.portable.functions import portable_exp, portable_log
from dmoe_models.portable.random import Draws, normalise_rows


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return exp(logit) of every row, divided by the row's sum.

    Parameters
    ----------
    logits : (T, K) array
        What lies 700 or more below its row's largest is taken as 700 below.

    Returns
    -------
    (T, K) array of positive scores
    """
    return normalise_rows(portable_exp(logits - logits.max(axis=1)[:, None]))


def log_gamma_variates(source: Draws, shape: np.ndarray, rows: int) -> np.ndarray:
    """Return logarithms of independent gamma variates of scale 1.

    Parameters
    ----------
    source : Draws
        Streams below it are used; the same source gives the same variates again.
    shape : (columns,) array
        Positive; one for every column.
    rows : int

    Returns
    -------
    (rows, columns) array

    Notes
    -----
    The rejection method of Marsaglia and Tsang for shape + 1, times U^(1/shape), their way to
    shapes below 1, which holds for all: at small shapes the variate itself would underflow, its
    logarithm does not. Every round of proposals is a stream of its own with a proposal for every
    entry, so that an entry's rejections shift no other entry.

    References
    ----------
    G. Marsaglia, W. W. Tsang, "A simple method for generating gamma variables", ACM Transactions
    on Mathematical Software 26(3), 2000.
    """
    size = (rows, len(shape))
    boosted = shape + 1.0 - 1.0 / 3.0
    slope = 1.0 / np.sqrt(9.0 * boosted)
    result = np.zeros(size)
    pending = np.ones(size, dtype=bool)
    attempt = 0
    while pending.any():
        proposals = source.stream(f"proposal {attempt}")
        normal = proposals.stream("normal").normal(*size)
        level = portable_log(proposals.stream("level").uniform(*size))
        root = 1.0 + slope * normal
        cube = np.where(root > 0.0, root * root * root, 1.0)
        log_cube = portable_log(cube)
        bound = 0.5 * normal * normal + boosted * (1.0 - cube + log_cube)
        accepted = pending & (root > 0.0) & (level < bound)
        result = np.where(accepted, portable_log(boosted) + log_cube, result)
        pending &= ~accepted
        attempt += 1
    return np.asarray(result + portable_log(source.stream("boost").uniform(*size)) / shape)


def dirichlet_logits(
    source: Draws, tokens: int, nodes: int, concentration: float, skew: float
) -> np.ndarray:
    """Return logits whose softmax is Dirichlet(a_1, ..., a_K) for every token.

    Parameters
    ----------
    source : Draws
    tokens, nodes : int
    concentration : float
        Mean of the a_j; 1 (and no skew) is uniform on the simplex.
    skew : float
        a_j is in proportion to (rank of expert j)^-skew, ranks 1 to K in random order: Zipf's law.

    Returns
    -------
    (tokens, nodes) array
    """
    rank = 1.0 + source.stream("ranks").permutation(nodes)
    share = normalise_rows(portable_exp(-skew * portable_log(rank))[None, :])[0]
    return log_gamma_variates(source.stream("gamma"), concentration * nodes * share, tokens)


def logistic_normal_logits(
    source: Draws,
    tokens: int,
    nodes: int,
    spread: float,
    clusters: int,
    correlation: float,
    bias: float,
) -> np.ndarray:
    """Return correlated normal logits, whose softmax is logistic-normal.

    Parameters
    ----------
    source : Draws
    tokens, nodes : int
    spread : float
        Standard deviation of a logit over tokens.
    clusters : int
        Of consecutive experts, as equal in size as can be.
    correlation : float
        Of the logits of two experts of one cluster; those of different clusters are independent.
    bias : float
        Standard deviation of the experts' means.

    Returns
    -------
    (tokens, nodes) array

    References
    ----------
    J. Aitchison, S. M. Shen, "Logistic-normal distributions: some properties and uses",
    Biometrika 67(2), 1980.
    """
    cluster = np.arange(nodes) * clusters // nodes
    common = source.stream("clusters").normal(tokens, clusters)[:, cluster]
    own = source.stream("experts").normal(tokens, nodes)
    departure = np.sqrt(correlation) * common + np.sqrt(1.0 - correlation) * own
    return np.asarray(bias * source.stream("bias").normal(nodes) + spread * departure)


def token_domains(source: Draws, home: np.ndarray, domains: int, purity: float) -> np.ndarray:
    """Return the domain of every token, (T,), of 0 to `domains` - 1.

    Parameters
    ----------
    source : Draws
    home : (T,) int array
        The domain that a token is of with probability `purity`; else it is of any domain, equally
        likely.
    domains : int
    purity : float
        0 to 1.
    """
    tokens = len(home)
    anywhere = source.stream("other").integers(domains, tokens)
    return np.where(source.stream("stays").uniform(tokens) < purity, home, anywhere)


def domain_logits(
    source: Draws,
    domain: np.ndarray,
    nodes: int,
    domains: int,
    specialists: float,
    advantage: float,
    bias: float,
    noise: float,
) -> np.ndarray:
    """Return logits of tokens whose domain decides which experts they prefer.

    Parameters
    ----------
    source : Draws
    domain : (T,) int array
        Of each token.
    nodes, domains : int
    specialists : float
        Share of the experts (rounded to a whole number) that are specialists, taken in random
        order; their domains are dealt out in turn.
    advantage : float
        Added to a specialist's logit for tokens of its domain.
    bias : float
        Standard deviation of what a domain thinks of an expert besides.
    noise : float
        Standard deviation of a logit over the tokens of a domain.

    Returns
    -------
    (T, nodes) array
    """
    preference = bias * source.stream("bias").normal(domains, nodes)
    count = int(np.floor(specialists * nodes + 0.5))
    chosen = source.stream("specialists").permutation(nodes)[:count]
    preference[np.arange(count) % domains, chosen] += advantage
    return np.asarray(
        preference[domain] + noise * source.stream("noise").normal(len(domain), nodes)
    )
