"""Lists of each link's cheapest subcarriers, against sorting everything."""

from __future__ import annotations

import numpy as np
import pytest

from dmoe_models.algorithms.placement.candidates import Candidates, candidates_of
from instances.families import draw


@pytest.mark.parametrize("seed", range(30))
def test_the_cheapest_are_listed_in_order_and_beyond_is_the_next(seed):
    random = np.random.default_rng([9, seed])
    subcarriers = int(random.integers(1, 30))
    energy = random.exponential(1.0, (4, 4, subcarriers))
    if seed % 2:
        energy = np.round(2 * energy)  # ties
    energy[random.random(energy.shape) < 0.3] = np.inf
    links = np.argwhere(~np.eye(4, dtype=bool))[: int(random.integers(1, 13))]
    candidates = Candidates(energy, links)
    assert candidates.most == min(len(links), subcarriers)
    for depth in range(1, candidates.most + 2):
        columns, prices, beyond = candidates.listed(depth)
        for link, (i, j) in enumerate(links):
            order = np.argsort(energy[i, j], kind="stable")
            cheapest = energy[i, j, order[: min(depth, candidates.most)]]
            there = np.isfinite(cheapest)
            assert prices[link].tolist() == cheapest.tolist()
            assert columns[link][there].tolist() == order[: len(there)][there].tolist()
            rest = energy[i, j, order[depth:]].min(initial=np.inf)
            assert beyond[link] == (rest if depth < candidates.most else np.inf)


def test_an_instance_makes_a_list_once():
    instance = draw("rayleigh", 1, K=4, T=8)
    candidates = candidates_of(instance)
    assert candidates_of(instance) is candidates
    assert candidates.listed(3) is candidates.listed(3)
    assert candidates.listed(10**6) is candidates.listed(candidates.most)
