"""Layers: gates of their own, nodes that stay, a channel that does what was asked."""

from itertools import pairwise

import numpy as np
import pytest

from dmoe_models import FileError, InstanceError
from dmoe_models.layers.draws import ages, layer_seed, recorded_layers, synthetic_layers
from instances.families import FAMILIES, draw

from places import RECORDINGS, needs_recordings

SMALL = {"K": 3, "T": 6}


@pytest.mark.parametrize("channel", ["redrawn", "fixed", "aging"])
def test_gates_differ_and_nodes_stay(channel):
    layers = list(synthetic_layers("cell", 4, layers=3, channel=channel, **SMALL))
    for one, other in pairwise(layers):
        assert (one.gate_scores != other.gate_scores).all()
        assert (one.computation_energy_j == other.computation_energy_j).all()
        assert (one.source == other.source).all()
        assert (one.gain == other.gain).all() == (channel == "fixed")
    assert [layer.importance for layer in layers] == pytest.approx([0.7, 0.49, 0.343])
    assert layers[2].metadata["layer"] == 3
    assert layers[2].metadata["channel_over_layers"] == channel


def test_gates_do_not_depend_on_the_channel():
    kinds = [
        list(synthetic_layers("tdl", 4, layers=2, channel=channel, **SMALL))
        for channel in ("redrawn", "fixed", "aging")
    ]
    for one, other, third in zip(*kinds, strict=True):
        assert (one.gate_scores == other.gate_scores).all()
        assert (one.gate_scores == third.gate_scores).all()


def test_an_aging_channel_is_that_of_the_rounds():
    layers = synthetic_layers("rician", 4, layers=3, channel="aging", speed_m_s=0.5, **SMALL)
    for number, layer in enumerate(layers):
        expected = draw("rician", 4, round=number, speed_m_s=0.5, **SMALL)
        assert (layer.gain == expected.gain).all()


def test_a_fixed_channel_and_the_nodes_are_those_of_the_seed():
    base = draw("rayleigh", 9, **SMALL)
    for layer in synthetic_layers("rayleigh", 9, layers=2, channel="fixed", **SMALL):
        assert (layer.gain == base.gain).all()
        assert (layer.computation_energy_j == base.computation_energy_j).all()


def test_the_same_bits_again():
    drawn = [
        [layer.sha256 for layer in synthetic_layers("rayleigh", 2, layers=2, **SMALL)]
        for _ in range(2)
    ]
    assert drawn[0] == drawn[1]
    # streams are named by their seed and layer: these numbers must never change
    assert layer_seed(2, 1) == 496725678914028
    assert len({layer_seed(seed, layer) for seed in range(50) for layer in range(50)}) == 2500


def test_every_family_of_p2_has_layers():
    for name in FAMILIES:
        if draw(name, 1).problem == "P2":
            layers = list(synthetic_layers(name, 1, layers=2, importance=[0.9, 0.3]))
            assert [layer.importance for layer in layers] == [0.9, 0.3]
    assert [name for name in FAMILIES if ages(name)] == ["rician", "tdl", "cell"]


@pytest.mark.parametrize(
    ("family", "changes", "words"),
    [
        ("hard-p1", {}, "gives the subcarriers"),
        ("rayleigh", {"channel": "aging"}, "has no rounds; rician, tdl, cell have"),
        ("rayleigh", {"channel": "moving"}, "channel = 'moving' is not one of"),
        ("rayleigh", {"gamma": 0.3}, "gamma is not a parameter of layers"),
        ("tdl", {"round": 1}, "round is not a parameter of layers"),
        ("rayleigh", {"layers": 0}, "layers = 0"),
        ("rayleigh", {"Q": 1}, "no parameter 'Q'"),
    ],
)
def test_layers_that_cannot_be(family, changes, words):
    with pytest.raises(InstanceError, match=words):
        synthetic_layers(family, 1, **({"layers": 2} | changes))


@needs_recordings
def test_recorded_layers():
    chosen = {"layers": [0, 6, 25], "tokens": 24, "nodes": 4}
    fixed = list(recorded_layers(RECORDINGS, "law", channel="fixed", seed=3, **chosen))
    redrawn = list(recorded_layers(RECORDINGS, "law", seed=3, **chosen))
    assert [layer.metadata["gates"]["layer"] for layer in fixed] == [0, 6, 25]
    assert [layer.importance for layer in fixed] == pytest.approx([0.7, 0.49, 0.343])
    for one, other in zip(fixed, redrawn, strict=True):
        assert (one.gate_scores == other.gate_scores).all()
        assert (one.computation_energy_j == fixed[0].computation_energy_j).all()
        assert (other.computation_energy_j == fixed[0].computation_energy_j).all()
        assert (one.gain == fixed[0].gain).all()
    assert not np.array_equal(redrawn[0].gain, redrawn[1].gain)


@needs_recordings
def test_all_recorded_layers_of_all_domains_can_be_read():
    for domain in ("intent", "law", "summary", "translation"):
        last = recorded_layers(RECORDINGS, domain, layers=[25], tokens=8)
        assert next(last).metadata["gates"]["file"] == f"{domain}.npz"


@pytest.mark.parametrize(
    ("domain", "changes", "words"),
    [
        ("poetry", {}, "domain = 'poetry'"),
        ("law", {"channel": "aging"}, "not a series in time"),
        ("law", {"layers": []}, "names no layer"),
        ("law", {"layers": [3, 26]}, r"layers\[1\] = 26 is outside 0 to 25"),
        ("law", {"layers": [0.5]}, r"layers\[0\] = 0.5"),
        ("law", {"with_assignment": True}, "with_assignment is not a choice"),
        ("law", {"M": 4}, "M is not a choice for recorded layers; these are nodes, tokens"),
    ],
)
def test_recorded_layers_that_cannot_be(domain, changes, words, tmp_path):
    with pytest.raises(InstanceError, match=words):
        recorded_layers(tmp_path, domain, **changes)


def test_recorded_layers_without_data(tmp_path):
    with pytest.raises(FileError, match="no such directory"):
        recorded_layers(tmp_path / "nowhere", "law")
