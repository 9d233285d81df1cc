"""Instance: what it refuses and how it says so, and that it behaves as a value."""

import copy
import dataclasses
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmoe_models import Instance, InstanceError

GOOD = {
    "name": "good",
    "gate_scores": [[0.5, 0.25, 0.25], [0.1, 0.2, 0.7]],
    "source": [0, 2],
    "gain": [[[0.01, 0.02]] * 3, [[0.03, 0.0]] * 3, [[0.04, 0.05]] * 3],
    "bandwidth_hz": 1e6,
    "transmit_power_w": 0.01,
    "noise_power_w": 1e-5,
    "hidden_state_bits": 65536,
    "computation_energy_j": [1e-4, 2e-4, 3e-4],
    "static_energy_j": [0.0, 0.0, 1e-5],
    "relevance": 1.0,
    "importance": 0.5,
    "max_experts": 2,
}


def make(**changes):
    return Instance(**(copy.deepcopy(GOOD) | changes))


def changed(field, index, value):
    """Return field: the good value with one entry changed."""
    values = copy.deepcopy(GOOD | {"assignment": [[-1, 0, -1], [1, -1, -1], [-1, -1, -1]]})[field]
    entry = values = np.array(values, dtype=object).tolist()
    for i in index[:-1]:
        entry = entry[i]
    entry[index[-1]] = value
    return {field: values}


HUGE = 10**400

FAULTS = {
    # name: (changed fields, what the message must hold)
    "blank name": ({"name": " "}, ["name = ' '"]),
    "name is a number": ({"name": 3}, ["name = 3"]),
    "negative score": (changed("gate_scores", (1, 0), -0.1), ["gate_scores[1,0] = -0.1"]),
    "score is NaN": (changed("gate_scores", (0, 2), math.nan), ["gate_scores[0,2] = nan"]),
    "score is infinite": (changed("gate_scores", (0, 2), math.inf), ["gate_scores[0,2] = inf"]),
    "score is text": (changed("gate_scores", (0, 1), "0.25"), ["gate_scores[0,1] = '0.25'"]),
    "score is a boolean": (changed("gate_scores", (0, 1), True), ["gate_scores[0,1] = True"]),
    "score is null": (changed("gate_scores", (0, 1), None), ["gate_scores[0,1] = None"]),
    "score is huge": (changed("gate_scores", (1, 1), HUGE), ["gate_scores[1,1]", "400 digits"]),
    "score is complex": (changed("gate_scores", (1, 1), 1j), ["gate_scores[1,1] = 1j"]),
    "scores do not sum to 1": (
        changed("gate_scores", (1, 0), 0.11),
        ["gate_scores[1]", "sum to 1.01"],
    ),
    "scores miss 1 by 2e-6": (changed("gate_scores", (0, 0), 0.5 + 2e-6), ["gate_scores[0]"]),
    "ragged scores": ({"gate_scores": [[0.5, 0.25, 0.25], [1.0]]}, ["gate_scores[1]", "length 1"]),
    "scores nested too deeply": (
        changed("gate_scores", (0, 0), [0.5]),
        ["gate_scores[0,0]", "depth"],
    ),
    "a score for a row": (
        {"gate_scores": [[0.5, 0.25, 0.25], 1.0, [0.5, 0.25, 0.25]], "source": [0, 1, 2]},
        ["gate_scores[1] = 1.0", "expected a row"],
    ),
    "one of three rows is longer": (
        {"gate_scores": [[0.5, 0.25, 0.25], [0.5, 0.25, 0.25], [0.25] * 4], "source": [0, 1, 2]},
        ["gate_scores[2]: length 4, but gate_scores[0] has length 3"],
    ),
    "scores are an empty list": ({"gate_scores": [], "source": []}, ["there are no tokens"]),
    "scores of one dimension": ({"gate_scores": [0.5, 0.5]}, ["gate_scores", "shape (2,)"]),
    "boolean array for scores": ({"gate_scores": np.eye(3, dtype=bool)}, ["gate_scores", "bool"]),
    "text array for scores": ({"gate_scores": np.full((2, 3), "0")}, ["gate_scores", "<U1"]),
    "no tokens": ({"gate_scores": np.zeros((0, 3)), "source": []}, ["gate_scores", "no tokens"]),
    "one expert": (
        {
            "gate_scores": [[1.0]],
            "source": [0],
            "gain": [[[1.0]]],
            "computation_energy_j": [0.0],
            "static_energy_j": [0.0],
            "max_experts": 1,
        },
        ["gate_scores", "K = 1"],
    ),
    "too few sources": ({"source": [0]}, ["source", "(1,)", "(2,)"]),
    "too few energies": ({"computation_energy_j": [0.0]}, ["computation_energy_j", "(1,)", "(3,)"]),
    "too few static energies": ({"static_energy_j": [0.0]}, ["static_energy_j", "(1,)", "(3,)"]),
    "gain of other nodes": ({"gain": np.ones((2, 3, 4))}, ["gain", "(2, 3, 4)", "(3, 3, 4)"]),
    "gain of two dimensions": ({"gain": np.ones((3, 3))}, ["gain", "3 dimension(s)", "(3, 3)"]),
    "no subcarriers": ({"gain": np.ones((3, 3, 0))}, ["gain", "M = 0"]),
    "source out of range": (changed("source", (1,), 3), ["source[1] = 3", "0 to 2"]),
    "source negative": (changed("source", (0,), -1), ["source[0] = -1"]),
    "source not whole": (changed("source", (0,), 0.0), ["source[0] = 0.0", "whole"]),
    "source is a boolean": (changed("source", (1,), True), ["source[1] = True"]),
    "source is huge": (changed("source", (1,), HUGE), ["source[1]", "400 digits"]),
    "negative gain": (changed("gain", (0, 1, 1), -1e-9), ["gain[0,1,1] = -1e-09", "negative"]),
    "gain is NaN": (changed("gain", (2, 0, 0), math.nan), ["gain[2,0,0] = nan"]),
    "gain is infinite": (changed("gain", (2, 0, 0), math.inf), ["gain[2,0,0] = inf"]),
    "gain without a finite price": (
        changed("gain", (0, 1, 0), 5e-324) | {"transmit_power_w": 1e-300},
        ["gain[0,1,0] = 5e-324", "range of doubles"],
    ),
    "negative computation energy": (
        changed("computation_energy_j", (1,), -1e-30),
        ["computation_energy_j[1] = -1e-30"],
    ),
    "negative static energy": (
        changed("static_energy_j", (2,), -1),
        ["static_energy_j[2] = -1.0", "negative"],
    ),
    "total energy beyond doubles": (
        {"computation_energy_j": [1e308] * 3},
        ["energies are too large"],
    ),
    "no experts allowed": ({"max_experts": 0}, ["max_experts = 0", "K = 3"]),
    "more experts than there are": ({"max_experts": 4}, ["max_experts = 4", "K = 3"]),
    "half an expert": ({"max_experts": 1.5}, ["max_experts = 1.5", "whole"]),
    "experts as a boolean": ({"max_experts": True}, ["max_experts = True"]),
    "experts huge": ({"max_experts": HUGE}, ["max_experts", "400 digits"]),
    "assignment of another shape": (
        {"assignment": [[-1, 0], [1, -1]]},
        ["assignment", "(2, 2)", "(3, 3)"],
    ),
    "assignment repeats a subcarrier": (
        changed("assignment", (2, 0), 1),
        ["assignment[2,0] = 1", "(1, 0)"],
    ),
    "assignment out of range": (changed("assignment", (2, 0), 2), ["assignment[2,0] = 2", "-1 to"]),
    "assignment below -1": (changed("assignment", (0, 2), -2), ["assignment[0,2] = -2"]),
    "assignment on the diagonal": (changed("assignment", (1, 1), 0), ["assignment[1,1] = 0"]),
    "assignment not whole": (changed("assignment", (0, 1), 0.5), ["assignment[0,1] = 0.5"]),
    "strict relevance is a number": ({"strict_relevance": 1}, ["strict_relevance = 1"]),
    "strict relevance is text": ({"strict_relevance": "no"}, ["strict_relevance = 'no'"]),
    "metadata is a list": ({"metadata": [1]}, ["metadata = [1]"]),
    "metadata with a key that is no text": ({"metadata": {1: 2}}, ["metadata", "key 1"]),
    "metadata with an array": (
        {"metadata": {"a": {"b": [0, np.ones(2)]}}},
        ["metadata.a.b[1]", "plain JSON"],
    ),
    "metadata with NaN": ({"metadata": {"a": math.nan}}, ["metadata.a = nan"]),
    "metadata with a huge number": ({"metadata": {"a": HUGE}}, ["metadata.a", "400 digits"]),
}
for _name in ("bandwidth_hz", "transmit_power_w", "noise_power_w", "hidden_state_bits"):
    FAULTS |= {
        f"{_name} zero": ({_name: 0}, [f"{_name} = 0.0", "positive"]),
        f"{_name} negative": ({_name: -1.5}, [f"{_name} = -1.5", "positive"]),
        f"{_name} NaN": ({_name: math.nan}, [f"{_name} = nan"]),
        f"{_name} infinite": ({_name: math.inf}, [f"{_name} = inf"]),
        f"{_name} boolean": ({_name: True}, [f"{_name} = True"]),
        f"{_name} text": ({_name: "1e6"}, [f"{_name} = '1e6'"]),
        f"{_name} huge": ({_name: HUGE}, [_name, "400 digits"]),
        f"{_name} list": ({_name: [1.0]}, [f"{_name} = [1.0]"]),
    }
for _name in ("relevance", "importance"):
    FAULTS |= {
        f"{_name} zero": ({_name: 0.0}, [f"{_name} = 0.0", "(0, 1]"]),
        f"{_name} above 1": ({_name: 1.0000001}, [f"{_name} = 1.0000001"]),
        f"{_name} negative": ({_name: -0.5}, [f"{_name} = -0.5"]),
        f"{_name} NaN": ({_name: math.nan}, [f"{_name} = nan"]),
        f"{_name} boolean": ({_name: True}, [f"{_name} = True"]),
        f"{_name} huge": ({_name: HUGE}, [_name, "400 digits"]),
    }


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_named_in_one_line(fault):
    changes, parts = FAULTS[fault]
    with pytest.raises(InstanceError) as caught:
        make(**changes)
    text = str(caught.value)
    assert all(part in text for part in parts), text
    assert "\n" not in text
    assert len(text) < 200


def test_the_unbroken_counterpart_is_an_instance():
    instance = make()
    assert (instance.K, instance.T, instance.M, instance.problem) == (3, 2, 2, "P2")
    assert make(**changed("assignment", (2, 0), -1)).problem == "P1"


@pytest.mark.parametrize(
    "changes",
    [
        {"hidden_state_bits": 65536},
        {"hidden_state_bits": np.float32(65536)},
        {"gain": np.array(GOOD["gain"])},
        {"gain": tuple(GOOD["gain"])},
        {"source": np.array([0, 2], dtype=np.uint8)},
        {"gain": np.asfortranarray(GOOD["gain"])},
        {"max_experts": np.int64(2)},
        {"strict_relevance": np.False_},
        {"static_energy_j": [-0.0, 0, 1e-5]},
    ],
)
def test_the_same_values_in_another_type_are_the_same_instance(changes):
    assert make(**changes) == make()
    assert make(**changes).sha256 == make().sha256


def test_score_sums_within_tolerance_are_kept_as_they_are():
    instance = make(**changed("gate_scores", (0, 0), 0.5 + 5e-7))
    assert instance.gate_scores[0, 0] == 0.5 + 5e-7


# ------------------------------------------------------------------------------ value behaviour


def test_nothing_can_be_changed():
    instance = make(metadata={"a": {"b": [1, {"c": 2}]}})
    for field in dataclasses.fields(instance):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(instance, field.name, None)
    for name in ("gate_scores", "source", "gain", "computation_energy_j", "static_energy_j"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(instance, name)[0] = 0
    for name in ("rate_bps", "transmission_energy_j", "threshold", "need", "capped", "links"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(instance, name)[0] = 0
    for mapping in (instance.metadata, instance.metadata["a"], instance.metadata["a"]["b"][1]):
        with pytest.raises(TypeError, match="immutable"):
            mapping["new"] = 1
        with pytest.raises(TypeError):
            mapping |= {"new": 1}


def test_what_was_handed_over_may_change_later():
    gain = np.array(GOOD["gain"])
    metadata = {"list": [1, 2]}
    instance = make(gain=gain, metadata=metadata)
    gain[:] = 7
    metadata["list"].append(3)
    assert instance == make(metadata={"list": [1, 2]})


def test_replace_makes_a_validated_copy():
    instance = make()
    other = instance.replace(max_experts=1, name="other")
    assert (instance.max_experts, other.max_experts, other.name) == (2, 1, "other")
    assert other.threshold.tolist() == [0.5, 0.5]
    with pytest.raises(InstanceError, match="max_experts = 9"):
        instance.replace(max_experts=9)
    with pytest.raises(InstanceError, match="gains is not a field"):
        instance.replace(gains=1)


def test_equality_and_hash():
    instance = make(metadata={"a": 1, "b": [2]})
    same = make(metadata={"b": (2,), "a": 1})
    assert instance == same
    assert hash(instance) == hash(same)
    assert len({instance, same}) == 1
    for change in (
        {"name": "x"},
        {"metadata": {}},
        {"importance": np.nextafter(0.5, 1)},
        {"strict_relevance": True},
        {"assignment": np.full((3, 3), -1)},
        changed("gain", (2, 2, 0), 0.041),
    ):
        assert instance.replace(**change) != instance
    assert instance != "good"


def test_sha256_covers_the_problem_and_nothing_else():
    instance = make()
    assert instance.replace(name="x", metadata={"a": 1}).sha256 == instance.sha256
    seen = {instance.sha256}
    for change in (
        {"strict_relevance": True},
        {"assignment": np.full((3, 3), -1)},
        {"importance": np.nextafter(0.5, 1)},
        {"relevance": 0.5},
        {"max_experts": 1},
        {"source": [0, 1]},
        {"static_energy_j": GOOD["computation_energy_j"]},
        {"bandwidth_hz": 2e6},
    ):
        seen.add(instance.replace(**change).sha256)
    assert len(seen) == 9


def test_pickle_and_deepcopy():
    instance = make(metadata={"a": [1, {"b": None}]})
    for other in (pickle.loads(pickle.dumps(instance)), copy.deepcopy(instance)):
        assert other == instance
        with pytest.raises(TypeError):
            other.metadata["a"] = 2


def test_repr_and_html_and_table():
    instance = make(name="<b>&", max_experts=1, relevance=1.0, importance=0.6)
    assert repr(instance) == "Instance('<b>&', P2, K=3, T=2, M=2, D=1, links=4, capped=1)"
    assert "&lt;b&gt;&amp;" in instance._repr_html_()
    assert "<b>" not in instance._repr_html_()
    assert instance.sha256 in instance._repr_html_()
    table = instance.to_dataframe()
    assert table.index.name == "token"
    assert table.columns.tolist()[:3] == ["source", "threshold", "capped"]
    assert table.capped.tolist() == [True, False]
    assert table[["score_0", "score_1", "score_2"]].to_numpy().tolist() == GOOD["gate_scores"]


# --------------------------------------------------------------------------- derived quantities


def test_rates_and_prices_by_hand():
    """Ratios of 1, 3, 7 and 15 give 1, 2, 3 and 4 bit/s per hertz."""
    gain = np.zeros((3, 3, 4))
    gain[0, 1] = [1, 3, 7, 15]
    gain[2, 2] = 1
    instance = make(
        gain=gain, bandwidth_hz=10.0, transmit_power_w=2.0, noise_power_w=2.0, hidden_state_bits=60
    )
    assert instance.rate_bps[0, 1] == pytest.approx([10, 20, 30, 40], rel=1e-15)
    assert instance.transmission_energy_j[0, 1] == pytest.approx([12, 6, 4, 3], rel=1e-15)
    assert np.isinf(instance.transmission_energy_j[2]).all()
    assert instance.links.tolist() == [[0, 1]]
    assert instance.reachable.tolist() == [[True, True, False], [False, True, False], [0, 0, 1]]


def test_weak_links_have_a_rate():
    instance = make(gain=np.full((3, 3, 1), 1e-18))
    expected = 1e6 * 1e-15 / math.log(2)
    assert instance.rate_bps[0, 1, 0] == pytest.approx(expected, rel=1e-14)


@settings(max_examples=100)
@given(
    seed=st.integers(0, 2**32),
    limit=st.integers(1, 3),
    importance=st.floats(1e-9, 1.0),
    strict=st.booleans(),
)
def test_thresholds(seed, limit, importance, strict):
    scores = np.random.default_rng(seed).dirichlet(np.ones(3), 2)
    instance = make(
        gate_scores=scores, max_experts=limit, importance=importance, strict_relevance=strict
    )
    for token in range(2):
        best = math.fsum(sorted(scores[token].tolist())[3 - limit :])
        wanted = importance if strict else min(importance, best)
        assert instance.threshold[token] == wanted
        assert instance.capped[token] == (not strict and best < importance)
        assert instance.need[token] == wanted * (1 - 1e-9)
