"""P1 families that make expert selection hard for branch and bound.

All tokens reside at node 0, and link 0 -> j owns one of M = K - 1 subcarriers. What an expert costs
a token is then one number, the link's joule per token plus the expert's own, and computation
energies make up whatever the link leaves of it.
"""

from __future__ import annotations

import numpy as np

from dmoe_models.errors import InstanceError
from dmoe_models.input_checks import fraction, one_of, positive, quote, whole_at_least
from dmoe_models.portable.random import Draws, normalise_rows
from instances.defaults import MEAN_SNR, PATH_LOSS
from instances.families.family import Fields, family
from instances.families.parts import transmission_energy_j, without_diagonal
from instances.families.size import HALF_THE_NODES, ByNodes, Size

ONE_EACH = ByNodes("K - 1", lambda K: K - 1)
"""As many subcarriers as links of node 0."""

KINDS = (
    "uncorrelated",
    "weakly-correlated",
    "strongly-correlated",
    "inverse-strongly-correlated",
    "almost-strongly-correlated",
    "subset-sum",
    "similar-weights",
)
"""Of knapsacks, as Pisinger (2005) names them."""

LARGEST_RANGE = 10**9
"""Largest whole weights and profits, so that sums of them are exact."""


def _links_of_node_0(draws: Draws, nodes: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return gains and assignment, and the (K,) joules per token of the links 0 -> j."""
    subcarriers = nodes - 1
    gain = np.zeros((nodes, nodes, subcarriers))
    gain[0] = PATH_LOSS * draws.stream("gains").between(0.5, 1.5, nodes, subcarriers)
    owned = draws.stream("assignment").permutation(subcarriers)
    assignment = np.full((nodes, nodes), -1, dtype=np.int64)
    assignment[0, 1:] = owned

    snr = MEAN_SNR / PATH_LOSS * gain[0, np.arange(1, nodes), owned]
    transmission = np.zeros(nodes)
    transmission[1:] = transmission_energy_j(snr)
    return {"gain": without_diagonal(gain), "assignment": assignment}, transmission


@family(
    "P1 with energies strongly correlated to scores: hard for branch and bound",
    name="hard-p1",
    without=["M"],
    K=12,
    M=ONE_EACH,
    D=HALF_THE_NODES,
)
def hard_p1(
    draws: Draws,
    size: Size,
    *,
    spread: float = 1.0,
    jitter: float = 0.02,
) -> Fields:
    """P1 whose experts all cost about what they are worth, so that bounds prune little.

    An expert has a popularity of 1 to 1 + spread. Scores are popularities times 1 +- jitter, drawn
    for each token and normalised; an expert's joule per token, transmission included, is in
    proportion to its popularity plus a tenth.

    Parameters
    ----------
    D
        With gamma = 0.49 about half of the experts are needed.
    spread : float
        By how much the popularity of experts differs, above 0. At 0.2 and little jitter, the tree
        of a single token reaches millions of nodes at K = 24.
    jitter : float
        Largest relative departure of a score from its expert's popularity, in [0, 1).
    """
    positive("spread", spread)
    fraction("jitter", jitter)
    K, T = size.K, size.T
    popularity = 1.0 + spread * draws.stream("popularity").uniform(K)
    scores = normalise_rows(
        popularity * draws.stream("gates").between(1.0 - jitter, 1.0 + jitter, T, K)
    )

    links, transmission = _links_of_node_0(draws, K)
    worth = popularity + 0.1
    # Popularities are at least 1: this makes every remainder positive.
    energy = 1.1 * float(transmission.max()) * worth - transmission
    return links | {
        "gate_scores": scores,
        "source": np.zeros(T, dtype=np.int64),
        "computation_energy_j": energy,
    }


@family(
    "P1 after the hard knapsacks of the literature, by kind",
    name="knapsack-p1",
    without=["M"],
    K=24,
    M=ONE_EACH,
    D=HALF_THE_NODES,
)
def knapsack_p1(
    draws: Draws,
    size: Size,
    *,
    kind: str = "strongly-correlated",
    data_range: int = 1000,
    home: float = 0.5,
) -> Fields:
    """P1 as the knapsacks on which branch and bound fails: what is not chosen fills the knapsack.

    A knapsack packs items of weight w and profit p, at most a capacity of weight, for the greatest
    profit. The experts that a token leaves out are such a packing, whose capacity is the score that
    it can do without: so scores play weights, energies play profits, and an instance of P1 is as
    hard as that knapsack, but for the limit of D experts. The K - 1 experts that are linked to
    node 0 are the items, of whole weights and profits up to about R = `data_range`:

    - uncorrelated: w and p uniform on 1 to R;
    - weakly-correlated: w uniform within R/10 of p, at least 1;
    - strongly-correlated: p = w + R/10;
    - inverse-strongly-correlated: w = p + R/10;
    - almost-strongly-correlated: p within R/500 of w + R/10;
    - subset-sum: p = w;
    - similar-weights: w uniform on 100 R to 100 R + R/10, p on 1 to R.

    All tokens share the energies, so p is drawn first, and w given p for every token, which turns
    the second and fifth kind round. Where that leaves one w for all, tokens differ by capacity,
    as the literature's series of instances do: the expert at node 0 costs nothing, and its score,
    uniform on 0 to `home` times z gamma, is what a token has already.

    Parameters
    ----------
    D
        It counts the expert at node 0.
    gamma
        Where D is small, let it be below D / K: above, most tokens are capped and have one set
        only.
    kind : str
        How weights and profits hang together: one of the seven above.
    data_range : int
        R, the range of weights and profits, 500 to 10^9.
    home : float
        Largest score that a token has already, in units of z gamma, in [0, 1).

    References
    ----------
    D. Pisinger, "Where are the hard knapsack problems?", Computers & Operations Research 32 (2005);
    S. Martello, P. Toth, "Knapsack Problems", 1990. The turn to covering, the cardinality limit and
    the shares at home are this project's.
    """
    one_of("kind", kind, KINDS)
    if not 500 <= whole_at_least("data_range", data_range, 1) <= LARGEST_RANGE:
        raise InstanceError(f"data_range = {quote(data_range)} is outside 500 to {LARGEST_RANGE}")
    fraction("home", home)
    K, T = size.K, size.T
    profit, weight = _knapsack(draws, kind, int(data_range), T, K - 1)

    share = home * (size.z * size.gamma) * draws.stream("home").uniform(T)
    scores = np.empty((T, K))
    scores[:, 0] = share
    scores[:, 1:] = (1.0 - share)[:, None] * normalise_rows(weight)

    links, transmission = _links_of_node_0(draws, K)
    energy = np.zeros(K)
    # The least factor, times 1.1, that leaves every computation energy positive.
    factor = 1.1 * float((transmission[1:] / profit).max())
    energy[1:] = factor * profit - transmission[1:]
    return links | {
        "gate_scores": scores,
        "source": np.zeros(T, dtype=np.int64),
        "computation_energy_j": energy,
    }


def _knapsack(
    draws: Draws, kind: str, data_range: int, tokens: int, items: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return (items,) profits and (tokens, items) weights, whole numbers as doubles."""
    tenth, near = data_range // 10, data_range // 500
    base = 1.0 + draws.stream("profits").integers(data_range, items)
    weights = draws.stream("weights")

    def around(radius: int) -> np.ndarray:
        return weights.integers(2 * radius + 1, tokens, items) - float(radius)

    same = np.tile(base, (tokens, 1))
    if kind == "uncorrelated":
        return base, 1.0 + weights.integers(data_range, tokens, items)
    if kind == "weakly-correlated":
        return base, np.maximum(same + around(tenth), 1.0)
    if kind == "strongly-correlated":
        return base + tenth, same
    if kind == "inverse-strongly-correlated":
        return base, same + tenth
    if kind == "almost-strongly-correlated":
        return base + tenth, np.maximum(same + around(near), 1.0)
    if kind == "subset-sum":
        return base, same
    return base, 100.0 * data_range + weights.integers(tenth + 1, tokens, items)
