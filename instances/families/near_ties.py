"""A family of near ties: what floating-point numbers cannot keep apart without care."""

from __future__ import annotations

import numpy as np

from dmoe_models.errors import InstanceError
from dmoe_models.input_checks import within
from dmoe_models.model.relevance import CLOSE, RELEVANCE_TOLERANCE
from dmoe_models.portable.functions import portable_exp, portable_log
from dmoe_models.portable.random import Draws, normalise_rows, row_sums
from instances.defaults import FLOP_PER_TOKEN, PATH_LOSS
from instances.families.family import Fields, family
from instances.families.parts import round_robin, without_diagonal
from instances.families.size import Size

CLOSEST_MARGIN = 1e-16


@family(
    "gains, scores and energies that are almost equal; score sums at C1's threshold",
    name="near-ties",
)
def near_ties(
    draws: Draws,
    size: Size,
    *,
    closest: float = 1e-9,
    closeness: float = 1e-3,
    edge: float = 0.5,
) -> Fields:
    """Almost equal gains, scores and energies, and selections that all but meet C1.

    Gains are 1e-2, energies 3.52e-4 J and scores 1/K, each times 1 +- a departure.
    A share of the tokens stands at the edge: they have a set of experts whose scores add up to
    need (1 + margin), where the margin is below 1e-12 on either side or as near zero as doubles
    allow. Where the fewest experts that could reach z gamma at equal scores are at most D, the set
    is of that many (one expert less where that is all of them), and the scores inside and outside
    of it are scaled apart. Otherwise the threshold is capped at the D best scores, and the set has
    the next best in place of the last of them.

    Parameters
    ----------
    closest : float
        Smallest departure, 1e-15 to `closeness`.
    closeness : float
        Largest departure, up to 0.1; between the two its logarithm is uniform.
    edge : float
        Share of tokens at the edge of C1, 0 to 1.
    """
    least = within("closest", closest, 1e-15, 0.1)
    largest = within("closeness", closeness, 1e-15, 0.1)
    if least > largest:
        raise InstanceError(f"closest = {least} is above closeness = {largest}")
    share = within("edge", edge, 0, 1)
    K, T, D = size.K, size.T, size.D
    gates = draws.stream("gates")

    weights = 1.0 + _departures(gates, least, largest, T, K)
    side = gates.stream("side").integers(3, T) - 1.0
    margin = side * _departures(gates.stream("margin"), CLOSEST_MARGIN, CLOSE, T)
    wish = size.z * size.gamma
    fewest = int(np.argmax(np.arange(1, K + 1) >= wish * K)) + 1
    if fewest <= D:
        members = _some_experts(gates.stream("members"), T, K, min(fewest, K - 1))
        at_edge = _scaled_to_need(weights, members, wish * (1.0 - RELEVANCE_TOLERANCE), margin)
    else:
        at_edge = _next_best_near_need(weights, D, margin)
    chosen = gates.stream("edge").uniform(T) < share
    return {
        "gate_scores": np.where(chosen[:, None], at_edge, normalise_rows(weights)),
        "source": round_robin(T, K),
        "gain": without_diagonal(
            PATH_LOSS * (1.0 + _departures(draws.stream("gains"), least, largest, K, K, size.M))
        ),
        "computation_energy_j": FLOP_PER_TOKEN
        / 1e12
        * (1.0 + _departures(draws.stream("energies"), least, largest, K)),
    }


def _departures(source: Draws, least: float, largest: float, *shape: int) -> np.ndarray:
    """Return numbers of either sign whose magnitudes are log-uniform between two bounds."""
    low, high = (float(portable_log(np.array(bound))) for bound in (least, largest))
    size = portable_exp(source.stream("size").between(low, high, *shape))
    return np.where(source.stream("sign").uniform(*shape) < 0.5, -size, size)


def _some_experts(source: Draws, tokens: int, nodes: int, count: int) -> np.ndarray:
    """Return (tokens, nodes) bool with `count` random experts for every token."""
    order = np.argsort(source.uniform(tokens, nodes), axis=1, kind="stable")
    members = np.zeros((tokens, nodes), dtype=bool)
    np.put_along_axis(members, order[:, :count], True, axis=1)
    return members


def _scaled_to_need(
    weights: np.ndarray, members: np.ndarray, need: float, margin: np.ndarray
) -> np.ndarray:
    """Return (T, K) scores; those of the (T, K) bool `members` add up to need (1 + margin).

    The member of highest number makes up what rounding left, so that a margin of zero is met as
    well as doubles can.
    """
    target = need * (1.0 + margin)
    inside = np.where(members, weights, 0.0)
    outside = np.where(members, 0.0, weights)
    inside = inside * (target / row_sums(inside))[:, None]
    outside = outside * ((1.0 - target) / row_sums(outside))[:, None]
    tokens = np.arange(len(weights))
    last = weights.shape[1] - 1 - np.argmax(members[:, ::-1], axis=1)
    inside[tokens, last] = 0.0
    inside[tokens, last] = target - row_sums(inside)
    return inside + outside


def _next_best_near_need(weights: np.ndarray, experts: int, margin: np.ndarray) -> np.ndarray:
    """Return (T, K) scores; the best, with the next in place of the last, miss their sum by 1e-9.

    That is where need stands if the threshold is the sum of the D = `experts` best.
    """
    order = np.argsort(-weights, axis=1, kind="stable")
    ordered = np.take_along_axis(weights, order, axis=1)
    best = row_sums(ordered[:, :experts])
    ordered[:, experts] = ordered[:, experts - 1] - best * (RELEVANCE_TOLERANCE - margin)
    scores = np.empty_like(weights)
    np.put_along_axis(scores, order, ordered, axis=1)
    return normalise_rows(scores)
