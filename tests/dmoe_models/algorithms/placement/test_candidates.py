"""Lists of each link's cheapest subcarriers, against sorting everything."""

from __future__ import annotations

import numpy as np
import pytest

from dmoe_models.algorithms.placement.candidates import Candidates, candidates_of
from instances.families import draw


@pytest.mark.parametrize("seed", range(30))
def test_the_cheapest_are_listed_in_order_with_the_price_of_the_next(seed):
    random = np.random.default_rng([9, seed])
    subcarriers = int(random.integers(1, 30))
    energy = random.exponential(1.0, (4, 4, subcarriers))
    if seed % 2:
        energy = np.round(2 * energy)  # ties
    energy[random.random(energy.shape) < 0.3] = np.inf
    links = np.argwhere(~np.eye(4, dtype=bool))[: int(random.integers(1, 13))]
    candidates = Candidates(energy, links)
    assert candidates.max_depth == min(len(links), subcarriers)
    for depth in range(1, candidates.max_depth + 2):
        columns, prices, next_price = candidates.listed(depth)
        for link, (i, j) in enumerate(links):
            order = np.argsort(energy[i, j], kind="stable")
            cheapest = energy[i, j, order[: min(depth, candidates.max_depth)]]
            there = np.isfinite(cheapest)
            assert prices[link].tolist() == cheapest.tolist()
            assert columns[link][there].tolist() == order[: len(there)][there].tolist()
            rest = energy[i, j, order[depth:]].min(initial=np.inf)
            assert next_price[link] == (rest if depth < candidates.max_depth else np.inf)


def test_an_instance_makes_a_list_once():
    instance = draw("rayleigh", 1, K=4, T=8)
    candidates = candidates_of(instance)
    assert candidates_of(instance) is candidates
    assert candidates.listed(3) is candidates.listed(3)
    assert candidates.listed(10**6) is candidates.listed(candidates.max_depth)
