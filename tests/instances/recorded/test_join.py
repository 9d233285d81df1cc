"""Joining recordings: choices are recorded in the metadata; the recorded set is as documented."""

import numpy as np
import pytest

from dmoe_models import FileError, InstanceError
from dmoe_models.channels.recorded import read_channel
from dmoe_models.scores.recorded import GateRecord, read_gates
from instances.recorded.join import import_instance, join, recorded_set

from places import RECORDINGS, needs_recordings
from shell import call

RANDOM = np.random.default_rng(3)


@pytest.fixture
def gates():
    return GateRecord(
        scores=RANDOM.random((40, 8)),
        prompt=np.repeat(np.arange(10), 4),
        origin={"file": "made up"},
    )


@pytest.fixture
def channel(tmp_path):
    np.save(tmp_path / "power.npy", 1e-6 * RANDOM.exponential(size=(20, 12)))
    return read_channel(tmp_path / "power.npy")


def test_joined_instance_and_its_metadata(gates, channel):
    instance = join(gates, channel, name="joined", nodes=4, tokens=20, seed=5)
    assert (instance.K, instance.T, instance.M, len(instance.links)) == (4, 20, 12, 12)
    assert instance.problem == "P2"
    record = instance.metadata
    assert record["seed"] == 5
    assert record["gates"] == {"file": "made up"}
    assert record["parameters"]["placement"] == "round-robin"
    assert record["channel"]["transmit_power_dbm"] == 20
    assumptions = " ".join(record["assumptions"])
    for words in (
        "2 consecutive expert(s)",
        "20 dBm",
        "noise is -174",
        "drawn without replacement",
    ):
        assert words in assumptions
    assert instance == join(gates, channel, name="joined", nodes=4, tokens=20, seed=5)


def test_placement_by_prompt(gates, channel):
    instance = join(gates, channel, name="p", nodes=4, tokens=40, placement="prompt")
    np.testing.assert_array_equal(instance.source, np.repeat(np.arange(10), 4) % 4)


def test_one_source_node_with_an_assignment(gates, channel):
    instance = join(
        gates,
        channel,
        name="p1",
        nodes=8,
        tokens=10,
        placement="first-node",
        responses=2,
        with_assignment=True,
    )
    assert instance.problem == "P1"
    assert instance.M == 24
    owned = instance.assignment[0, 1:]
    assert len(set(owned.tolist())) == 7 and owned.min() >= 0
    assert (np.delete(instance.assignment, 0, axis=0) == -1).all()
    prices = instance.transmission_energy_j[0, np.arange(1, 8)]
    chosen = prices[np.arange(7), owned].sum()
    for _ in range(50):
        assert chosen <= prices[np.arange(7), RANDOM.permutation(24)[:7]].sum()


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"nodes": 3}, "8 experts cannot be put on 3 nodes"),
        ({"nodes": 1}, "nodes = 1 is below 2"),
        ({"nodes": 8}, r"56 links of 1 response\(s\) each need more than the 20 recorded"),
        ({"tokens": 41}, "41 tokens were asked for; the record has 40"),
        ({"tokens": 0}, "tokens = 0 is below 1"),
        ({"responses": 0}, "responses = 0 is below 1"),
        ({"seed": -1}, "seed = -1 is below 0"),
        ({"flop_per_token": 0}, "flop_per_token"),
        ({"max_experts": 9}, "max_experts = 9"),
        ({"placement": "anywhere"}, "placement 'anywhere'"),
        ({"token_choice": "best"}, "token choice 'best'"),
    ],
)
def test_bad_choices(gates, channel, choices, message):
    with pytest.raises(InstanceError, match=message):
        join(gates, channel, **({"name": "bad", "nodes": 4, "tokens": 20} | choices))


def test_assignment_needs_enough_subcarriers(gates, tmp_path):
    np.save(tmp_path / "narrow.npy", np.full((20, 5), 1e-6))
    channel = read_channel(tmp_path / "narrow.npy")
    with pytest.raises(InstanceError, match="12 links need more than M = 5"):
        join(gates, channel, name="bad", nodes=4, tokens=8, with_assignment=True)
    power = np.zeros((20, 15))
    power[:, 0] = 1e-6
    np.save(tmp_path / "one.npy", power)
    channel = read_channel(tmp_path / "one.npy")
    with pytest.raises(InstanceError, match="allow no distinct subcarriers"):
        join(gates, channel, name="bad", nodes=4, tokens=8, with_assignment=True)


def test_import_of_two_tables(tmp_path):
    np.savetxt(tmp_path / "gates.csv", RANDOM.random((6, 3)), delimiter=",")
    np.save(tmp_path / "channel.npy", RANDOM.random((3, 3, 7)))
    instance = import_instance(
        tmp_path / "gates.csv",
        tmp_path / "channel.npy",
        name="tables",
        nodes=3,
        tokens=6,
        noise_figure_db=5.0,
    )
    assert (instance.K, instance.T, instance.M) == (3, 6, 7)
    assert instance.metadata["channel"]["noise_figure_db"] == 5.0


@pytest.fixture
def numbered(tmp_path):
    """A channel in which row r has the gain r + 1 on every subcarrier."""
    np.save(tmp_path / "rows.npy", np.tile(np.arange(1.0, 14.0)[:, None], (1, 3)))
    return read_channel(tmp_path / "rows.npy")


def test_rows_in_order_belong_to_source_after_source(gates, numbered):
    instance = join(gates, numbered, name="o", nodes=4, tokens=20, in_order=True)
    for row, (i, j) in enumerate((i, j) for i in range(4) for j in range(4) if i != j):
        assert instance.gain[i, j].tolist() == [row + 1] * 3
    assert instance.metadata["parameters"]["in_order"] is True
    assert any("(0, 1), (0, 2), ..., (1, 0)" in text for text in instance.metadata["assumptions"])
    assert not any("drawn without" in text for text in instance.metadata["assumptions"])
    again = join(gates, numbered, name="o", nodes=4, tokens=20, in_order=True, seed=7)
    np.testing.assert_array_equal(instance.gain, again.gain)


def test_several_rows_for_a_link_in_order(gates, numbered):
    instance = join(
        gates, numbered, name="o", nodes=4, tokens=8, in_order=True, responses=4,
        placement="first-node",
    )  # fmt: skip
    assert instance.gain[0, 2].tolist() == [5.0] * 3 + [6.0] * 3 + [7.0] * 3 + [8.0] * 3
    assert not instance.gain[1:].any()


def test_rows_of_nodes_without_tokens_are_kept(gates, numbered):
    choices = {"name": "o", "nodes": 4, "tokens": 8, "placement": "first-node"}
    assert join(gates, numbered, in_order=True, **choices).gain[3, 2, 0] == 12.0
    assert not join(gates, numbered, **choices).gain[1:].any()


def test_too_few_rows_or_tokens_say_what_to_ask_for(gates, numbered):
    for in_order in (False, True):
        with pytest.raises(InstanceError, match=r"12 links .* more than the 13 recorded.*--nodes"):
            join(gates, numbered, name="o", nodes=4, tokens=8, responses=2, in_order=in_order)
    with pytest.raises(InstanceError, match="the record has 40: pass --tokens 40"):
        join(gates, numbered, name="o", nodes=4)
    with pytest.raises(InstanceError, match="in_order = 1"):
        join(gates, numbered, name="o", nodes=4, tokens=8, in_order=1)


def test_the_command_says_which_row_serves_which_link(tmp_path, capsys):
    np.savetxt(tmp_path / "g.csv", RANDOM.random((9, 3)), delimiter=",")
    np.save(tmp_path / "rows.npy", np.arange(1.0, 25.0).reshape(6, 4) * [1.0, 0.0, 1.0, 1.0])
    np.save(tmp_path / "whole.npy", RANDOM.random((3, 3, 4)))
    for channel, flags, words in (
        ("rows.npy", [], "was drawn (seed 0); --in-order"),
        ("rows.npy", ["--in-order"], "(0, 1), (0, 2), ..., (1, 0)"),
        ("whole.npy", [], "whole network"),
    ):
        run = call(
            capsys, "import", tmp_path / "g.csv", tmp_path / channel, "--nodes", 3, "--tokens", 9,
            "-o", tmp_path / "o.json", *flags,
        )  # fmt: skip
        assert run.status == 0 and words in run.err
        assert ("subcarrier(s) 1 carry no power" in run.err) == (channel == "rows.npy")
    run = call(
        capsys, "import", tmp_path / "g.csv", tmp_path / "rows.npy", "--nodes", 3,
        "-o", tmp_path / "o.json",
    )  # fmt: skip
    assert run.status == 2 and "pass --tokens 9" in run.err


def test_missing_data_directory(tmp_path):
    with pytest.raises(FileError, match="no such directory"):
        recorded_set(tmp_path / "nowhere")
    with pytest.raises(FileError, match=r"csi\.npz: No such file"):
        recorded_set(tmp_path)


@needs_recordings
def test_recorded_set_is_as_documented():
    instances = recorded_set(RECORDINGS)
    choose = [instance for instance in instances if instance.problem == "P2"]
    given = [instance for instance in instances if instance.problem == "P1"]
    assert len(choose) == 8 and len(given) == 4
    assert len({instance.name for instance in instances}) == 12
    assert len({instance.sha256 for instance in instances}) == 12
    for instance in choose:
        assert (instance.K, instance.M, instance.T, instance.max_experts) == (8, 56, 512, 2)
        assert len(instance.links) == 56
        assert instance.capped.mean() < 0.25
    for instance in given:
        assert (instance.K, instance.M, instance.T, instance.max_experts) == (64, 112, 512, 6)
        owned = instance.assignment[0, 1:]
        assert len(set(owned.tolist())) == 63 and owned.min() >= 0
        assert not instance.capped.all()


@needs_recordings
def test_original_text_equals_the_arrays():
    text = read_gates(RECORDINGS / "raw" / "esft_law_expert_weights_1.txt")
    arrays = read_gates(RECORDINGS / "gates_deepseek_v2_lite" / "law.npz", layer=0)
    np.testing.assert_array_equal(text.scores, arrays.scores)
    np.testing.assert_array_equal(text.prompt, arrays.prompt)


@needs_recordings
def test_measured_levels_are_plausible():
    calibrated = read_channel(RECORDINGS / "csi_iwl5300" / "day10_point01_8_locations.npz")
    snr = calibrated.transmit_power_w * calibrated.gain.mean(axis=1) / calibrated.noise_power_w
    assert calibrated.gain.shape == (48, 30)
    assert 10 * np.log10(snr.min()) > 10 and 10 * np.log10(snr.max()) < 30
    indoor = read_channel(RECORDINGS / "csi_nexmon_indoor" / "csi.npz")
    assert indoor.gain.shape == (164, 56)
    spread = 10 * np.log10(indoor.gain.max(axis=1) / indoor.gain.min(axis=1))
    assert 8 < np.median(spread) < 25


def test_rows_in_order_have_no_gap_and_none_too_many_unsaid(gates, tmp_path):
    signal = np.random.default_rng(1).normal(size=(13, 2, 5, 2))
    choices = {"name": "o", "nodes": 4, "tokens": 8, "in_order": True}
    for missing, words in ((4, "row 4 of the recording"), (12, "")):
        power = np.full(13, -50.0)
        power[missing] = np.nan
        np.savez(tmp_path / "c.npz", csi_iq=signal, rssi_dbm=power)
        channel = read_channel(tmp_path / "c.npz")
        assert channel.left_out == (missing,)
        if words:
            with pytest.raises(InstanceError, match=words):
                join(gates, channel, **choices)
        else:
            assert join(gates, channel, **choices).gain[3, 2].all()
    np.save(tmp_path / "rows.npy", np.ones((14, 3)))
    notes = join(gates, read_channel(tmp_path / "rows.npy"), **choices).metadata["notes"]
    assert [*notes] == ["2 of 14 rows of the channel belong to no link and are not used"]
