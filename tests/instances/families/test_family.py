"""What must hold of every family in the table: bits, seeds, metadata, sizes, refusals."""

import inspect

import numpy as np
import pytest

from dmoe_models import DmoeError
from instances.families import FAMILIES, draw

NODES = {"calibrated": 4}
"""K for families that do not take any."""

# First digits of every family's hash at seed 5, K = 4, T = 5: the drawn bits must never change.
GOLDEN = {
    "rayleigh": "075bd9b45060aa45",
    "tight": "f5b75f4524e4708e",
    "scarce": "6e0acb9f00be7569",
    "reciprocal": "5ce5ed2c0632e979",
    "uneven": "946a9d0a25ffd82f",
    "contended": "e0436cd236f8228e",
    "ties": "aea4ff7880dad1b1",
    "hard-p1": "14cb176595ce18c5",
    "rician": "fbb8ca6b2f6d351d",
    "tdl": "3b0ec13ec5f70991",
    "cell": "34cfb7e74462d851",
    "dirichlet": "cd4e3a92636e6422",
    "logistic-normal": "e1a94e7e95451fb1",
    "domains": "621f94bdd6b47f99",
    "near-ties": "fc6684fd1cd51f61",
    "calibrated": "5a6009b659e68293",
    "near-equal": "02294bce9f8f4a92",
    "knapsack-p1": "9d2c51cb2bfac046",
    "mutant": "e0436cd236f8228e",
    "trap": "b64d64a5882c994f",
}


def test_all_families_are_there():
    assert set(GOLDEN) <= set(FAMILIES)
    assert all(entry.description for entry in FAMILIES.values())


@pytest.mark.parametrize("name", GOLDEN)
def test_draws_are_the_recorded_bits(name):
    assert draw(name, 5, K=4, T=5).sha256.startswith(GOLDEN[name])


@pytest.mark.parametrize("name", FAMILIES)
def test_same_seed_same_instance(name):
    assert draw(name, 3) == draw(name, 3)
    if name not in ("ties", "trap"):
        assert draw(name, 3).sha256 != draw(name, 4).sha256


@pytest.mark.parametrize("name", FAMILIES)
def test_metadata_draws_the_instance_again(name):
    instance = draw(name, 11, K=NODES.get(name, 5), T=7, gamma=0.4)
    record = instance.metadata
    assert record["family"] == name
    assert draw(record["family"], record["seed"], **record["parameters"]) == instance
    assert record["package"].startswith("dmoe-models ")
    assert record["assumptions"]
    assert set(record["parameters"]) == set(
        inspect.signature(FAMILIES[name].function).parameters
    ) - {"seed"}


@pytest.mark.parametrize("name", FAMILIES)
def test_more_tokens_leave_the_rest_as_it_was(name):
    few, many = draw(name, 2, K=4, T=5), draw(name, 2, K=4, T=9)
    np.testing.assert_array_equal(few.gate_scores, many.gate_scores[:5])
    np.testing.assert_array_equal(few.source, many.source[:5])
    if name != "uneven":  # there, which links may be missing depends on the tokens
        np.testing.assert_array_equal(few.gain, many.gain)
    np.testing.assert_array_equal(few.computation_energy_j, many.computation_energy_j)


@pytest.mark.parametrize("name", FAMILIES)
def test_smallest_size(name):
    instance = draw(name, 1, K=2, T=1, **({"M": 1} if name == "scarce" else {}))
    assert (instance.K, instance.T) == (2, 1)


@pytest.mark.parametrize("name", FAMILIES)
def test_numpy_parameters_are_accepted(name):
    nodes = NODES.get(name, 3)
    assert draw(name, np.int64(1), K=np.int64(nodes), gamma=np.float64(0.5)) == draw(
        name, 1, K=nodes, gamma=0.5
    )


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("nakagami", {}, "unknown family 'nakagami'; families are rayleigh"),
        (["rayleigh"], {}, "unknown family"),
        ("rayleigh", {"colour": 3}, "no parameter 'colour'; it has K, T, M"),
        ("tight", {"M": 12}, "no parameter 'M'"),
        ("rayleigh", {"K": 1}, "K = 1 is below 2"),
        ("rayleigh", {"K": 2.0}, "K = 2.0 is not a whole number"),
        ("rayleigh", {"K": True}, "K = True is not a whole number"),
        ("rayleigh", {"K": "4"}, "K = '4' is not a whole number"),
        ("rayleigh", {"T": 0}, "T = 0 is below 1"),
        ("rayleigh", {"M": 0}, "M = 0 is below 1"),
        ("rayleigh", {"D": 0}, "D = 0 is below 1"),
        ("rayleigh", {"D": 5}, "D = 5 is outside 1 to K = 4"),
        ("rayleigh", {"z": 0}, r"z = 0 is outside \(0, 1\]"),
        ("rayleigh", {"gamma": 1.5}, r"gamma = 1.5 is outside \(0, 1\]"),
        ("rayleigh", {"gamma": float("nan")}, "gamma = nan is not finite"),
        ("rayleigh", {"strict": 1}, "strict = 1 is not true or false"),
        ("rayleigh", {"K": 10**400}, "K = an integer of about 400 digits"),
        ("rayleigh", {"T": 10**12}, "more than"),
        ("scarce", {"K": 3, "M": 6}, r"M = 6 is not below K \(K - 1\) = 6"),
        ("scarce", {"K": 2, "M": 2}, "is not below"),
        ("uneven", {"missing": 1}, "missing"),
        ("uneven", {"blocked": -0.1}, "blocked"),
        ("contended", {"ripple": 1.0}, "ripple"),
        ("contended", {"snr": 0}, "snr = 0.0 is not positive"),
        ("ties", {"levels": 0}, "levels = 0 is below 1"),
        ("hard-p1", {"spread": 0}, "spread"),
        ("hard-p1", {"jitter": 2}, "jitter"),
        ("near-equal", {"band": 1}, "band = 1.0 is outside"),
        ("near-equal", {"common": -0.1}, "common = -0.1 is outside"),
        ("near-equal", {"snr": -1}, "snr = -1.0 is not positive"),
        ("knapsack-p1", {"kind": "hard"}, "kind = 'hard' is not one of uncorrelated, weakly"),
        ("knapsack-p1", {"data_range": 100}, "data_range = 100 is outside 500 to"),
        ("knapsack-p1", {"data_range": 1e3}, "data_range = 1000.0 is not a whole number"),
        ("knapsack-p1", {"home": 1}, "home = 1.0 is outside"),
    ],
)
def test_bad_request(name, parameters, message):
    with pytest.raises(DmoeError, match=message) as caught:
        draw(name, 1, **parameters)
    assert "\n" not in str(caught.value)
