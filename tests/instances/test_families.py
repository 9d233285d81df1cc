"""Every family is what it claims, drawn again from its metadata, and refuses bad sizes."""

import inspect

import numpy as np
import pytest

from dmoe_models import DmoeError, solve
from dmoe_models.model.energy import assignment_energy_j, expert_energy_j
from dmoe_models.model.relevance import meets_need
from instances.families import FAMILIES, draw
from instances.families.knapsack import KINDS
from instances.families.rayleigh import rayleigh

NAMES = (
    *("rayleigh", "tight", "scarce", "uneven", "contended", "ties", "hard-p1", "reciprocal"),
    *("near-equal", "knapsack-p1", "rician", "tdl", "cell", "mutant", "trap"),
    *("dirichlet", "logistic-normal", "domains", "near-ties", "calibrated"),
)

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


def off_diagonal(instance):
    return ~np.eye(instance.K, dtype=bool)


def test_all_families_are_there():
    assert set(FAMILIES) == set(NAMES)
    assert all(entry.description for entry in FAMILIES.values())


@pytest.mark.parametrize("name", NAMES)
def test_draws_are_the_recorded_bits(name):
    assert draw(name, 5, K=4, T=5).sha256.startswith(GOLDEN[name])


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_same_instance(name):
    assert draw(name, 3) == draw(name, 3)
    if name not in ("ties", "trap"):
        assert draw(name, 3).sha256 != draw(name, 4).sha256


@pytest.mark.parametrize("name", NAMES)
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


@pytest.mark.parametrize("name", NAMES)
def test_more_tokens_leave_the_rest_as_it_was(name):
    few, many = draw(name, 2, K=4, T=5), draw(name, 2, K=4, T=9)
    np.testing.assert_array_equal(few.gate_scores, many.gate_scores[:5])
    np.testing.assert_array_equal(few.source, many.source[:5])
    if name != "uneven":  # there, which links may be missing depends on the tokens
        np.testing.assert_array_equal(few.gain, many.gain)
    np.testing.assert_array_equal(few.computation_energy_j, many.computation_energy_j)


@pytest.mark.parametrize("name", NAMES)
def test_smallest_size(name):
    instance = draw(name, 1, K=2, T=1, **({"M": 1} if name == "scarce" else {}))
    assert (instance.K, instance.T) == (2, 1)


@pytest.mark.parametrize("name", NAMES)
def test_numpy_parameters_are_accepted(name):
    nodes = NODES.get(name, 3)
    assert draw(name, np.int64(1), K=np.int64(nodes), gamma=np.float64(0.5)) == draw(
        name, 1, K=nodes, gamma=0.5
    )


def test_rayleigh_has_the_documented_defaults():
    instance = rayleigh(1, K=10, T=400, M=100)
    gains = instance.gain[off_diagonal(instance)]
    snr = instance.transmit_power_w * gains / instance.noise_power_w
    assert snr.mean() == pytest.approx(10, rel=0.05)
    assert np.mean(gains > gains.mean()) == pytest.approx(np.exp(-1), abs=0.02)
    assert instance.gate_scores.mean(axis=0) == pytest.approx(0.1, abs=0.02)
    efficiency = 352e6 / instance.computation_energy_j
    assert efficiency.min() >= 0.5e12 and efficiency.max() <= 2e12
    assert instance.hidden_state_bits == 65536
    assert not instance.static_energy_j.any()
    assert (instance.relevance, instance.importance, instance.max_experts) == (1.0, 0.49, 2)


def test_tight_has_one_subcarrier_per_link():
    instance = draw("tight", 1, K=5)
    assert instance.M == 20 == len(instance.links)


def test_scarce_has_fewer_subcarriers_than_links_and_is_sometimes_infeasible():
    drawn = [draw("scarce", seed, K=3, T=6) for seed in range(12)]
    assert all(len(instance.links) > instance.M for instance in drawn)
    statuses = {str(solve(instance, "exhaustive").status) for instance in drawn}
    assert statuses == {"optimal", "infeasible"}


def test_reciprocal_is_symmetric():
    gain = draw("reciprocal", 1, K=5).gain
    np.testing.assert_array_equal(gain, gain.transpose(1, 0, 2))
    assert (gain > 0).any()


def test_uneven_nodes_differ():
    drawn = [draw("uneven", seed, K=5, T=20) for seed in range(20)]
    missing = [off_diagonal(instance) & ~(instance.gain > 0).any(axis=2) for instance in drawn]
    assert np.mean([links.sum() for links in missing]) > 1
    blocked = [
        ((instance.gain == 0) & ~gone[:, :, None] & off_diagonal(instance)[:, :, None]).any()
        for instance, gone in zip(drawn, missing, strict=True)
    ]
    assert np.mean(blocked) > 0.5
    for instance in drawn:
        counts = np.bincount(instance.source, minlength=5)
        assert counts.max() > counts.min()
        energy = instance.computation_energy_j
        assert 1 < energy.max() / energy.min() <= 16
        assert (instance.static_energy_j > 0).all()


def test_uneven_missing_links_leave_every_token_feasible():
    for seed in range(40):
        instance = draw("uneven", seed, K=4, T=12, missing=0.9, gamma=0.7)
        usable = np.where(instance.reachable[instance.source], instance.gate_scores, 0.0)
        best = np.zeros((instance.T, instance.K), dtype=bool)
        order = np.argsort(-usable, axis=1, kind="stable")[:, : instance.max_experts]
        np.put_along_axis(best, order, True, axis=1)
        best &= usable > 0
        assert meets_need(instance.gate_scores, best, instance.need).all()


def test_contended_gains_are_a_product_to_two_percent():
    instance = draw("contended", 1, K=5)
    log_gain = np.log(instance.gain[off_diagonal(instance)])
    rank_one = log_gain.mean(axis=0) + log_gain.mean(axis=1, keepdims=True) - log_gain.mean()
    # A ripple of at most 2 % on every entry, and on the means taken from them.
    assert np.abs(log_gain - rank_one).max() <= 4 * -np.log(0.98)
    exact = draw("contended", 1, K=5, ripple=0.0)
    gains = exact.gain[off_diagonal(exact)]
    np.testing.assert_allclose(gains / gains[0], (gains / gains[0])[:, :1] * np.ones(exact.M))
    ratio = instance.gain[off_diagonal(instance)] / gains
    assert ratio.min() >= 0.98 and ratio.max() <= 1.02


def test_contended_transmission_dominates():
    instance = draw("contended", 1)
    cheapest = instance.transmission_energy_j[off_diagonal(instance)].min()
    assert cheapest > 10 * instance.computation_energy_j.max()


def test_contended_misleads_jesa():
    excess = []
    for seed in range(25):
        instance = draw("contended", seed, K=3, T=6)
        best = solve(instance, "exhaustive").objective
        excess.append(solve(instance, "jesa", seed=0).objective / best - 1)
    assert max(excess) > 0.3
    assert np.mean(np.array(excess) > 1e-6) > 0.2


def test_ties_are_equal():
    instance = draw("ties", 1, K=4)
    assert len(np.unique(instance.gain[off_diagonal(instance)])) == 1
    assert (instance.gate_scores == 0.25).all()
    assert len(np.unique(instance.computation_energy_j)) == 1
    assert draw("ties", 2, K=4).sha256 == instance.sha256


def test_ties_of_several_levels():
    instance = draw("ties", 1, K=4, levels=3)
    assert len(np.unique(instance.gain[off_diagonal(instance)])) == 3


def test_hard_p1_energies_follow_scores():
    for seed in range(5):
        instance = draw("hard-p1", seed, K=24, T=6)
        assert instance.problem == "P1"
        assert (instance.M, instance.max_experts) == (23, 12)
        prices = assignment_energy_j(instance, instance.assignment)
        energy = expert_energy_j(instance, prices)
        assert (instance.source == 0).all() and np.isfinite(energy).all()
        for scores, joules in zip(instance.gate_scores, energy, strict=True):
            assert np.corrcoef(scores, joules)[0, 1] > 0.95
        assert (prices[0, 1:] > 0.01 * energy[0, 1:]).all()
        assert (instance.computation_energy_j > 0).all()


def test_hard_p1_is_hard_for_its_size():
    hard = solve(draw("hard-p1", 1, K=16, T=4), "des").details["nodes_per_token"]
    easy = solve(draw("hard-p1", 1, K=16, T=4, jitter=0.9), "des").details["nodes_per_token"]
    assert np.median(hard) > np.median(easy)


def test_near_equal_is_near_and_the_lower_bound_too():
    instance = draw("near-equal", 1, K=5, band=0.03)
    gains = instance.gain[off_diagonal(instance)]
    assert gains.min() >= 0.97e-2 and gains.max() <= 1.03e-2
    assert gains.max() / gains.min() > 1.04
    # nine tenths of the departure are common to all links
    response = gains.mean(axis=0)
    assert np.abs(gains / response - 1).max() < 0.007
    energy = instance.computation_energy_j
    assert 1 < energy.max() / energy.min() <= 1.03 / 0.97
    result = solve(instance, "exact")
    assert result.objective <= 1.07 * solve(instance, "lower-bound").bound


def worth_and_scores(kind, **parameters):
    """Energies of the linked experts in units of their mean, and scores in units of theirs."""
    instance = draw("knapsack-p1", 3, K=30, T=6, kind=kind, **parameters)
    prices = assignment_energy_j(instance, instance.assignment)
    energy = expert_energy_j(instance, prices)
    assert (energy == energy[0]).all() and not energy[:, 0].any()
    assert (instance.computation_energy_j[1:] > 0).all()
    scores = instance.gate_scores
    assert (scores[:, 0] < 0.245).all() and len(set(scores[:, 0])) == 6
    energy, scores = energy[:, 1:], scores[:, 1:]
    return energy[0] / energy[0].mean(), scores / scores.mean(axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("kind", "least", "most", "intercept"),
    [
        ("uncorrelated", -0.5, 0.5, None),
        ("weakly-correlated", 0.95, 0.999, None),
        ("strongly-correlated", 1, 1, 0.17),
        ("inverse-strongly-correlated", 1, 1, -0.2),
        ("almost-strongly-correlated", 0.9999, 1 - 1e-9, 0.17),
        ("subset-sum", 1, 1, 0),
        ("similar-weights", -0.5, 0.5, None),
    ],
)
def test_knapsack_kinds(kind, least, most, intercept):
    worth, scores = worth_and_scores(kind)
    for row in scores:
        assert least - 1e-12 <= np.corrcoef(row, worth)[0, 1] <= most + 1e-12
        if intercept is not None:
            assert np.polyfit(row, worth, 1)[1] == pytest.approx(intercept, abs=0.05)
    distinct = kind not in ("strongly-correlated", "inverse-strongly-correlated", "subset-sum")
    assert np.allclose(scores, scores[0], rtol=1e-9) != distinct
    if kind == "similar-weights":
        assert scores.max() / scores.min() < 1.0011


@pytest.mark.parametrize("kind", KINDS)
def test_knapsack_optima_agree(kind):
    instance = draw("knapsack-p1", 1, K=9, T=3, kind=kind)
    tree, model = solve(instance, "des"), solve(instance, "pyomo-p1-milp", time_limit=20.0)
    assert tree.objective == pytest.approx(model.objective, rel=1e-9)


def test_some_knapsack_kinds_are_hard_for_their_size():
    nodes = {
        kind: solve(draw("knapsack-p1", 1, K=20, T=4, kind=kind), "des").details["nodes"]
        for kind in KINDS
    }
    for hard in ("inverse-strongly-correlated", "subset-sum"):
        assert nodes[hard] > 100 * max(nodes["uncorrelated"], nodes["similar-weights"])


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
