"""Recorded channels: levels come out right, links get distinct responses, bad files are named."""

import numpy as np
import pytest

from dmoe_models import FileError, InstanceError
from dmoe_models.channels.recorded import network_gain, read_channel

RANDOM = np.random.default_rng(2)
IQ = RANDOM.integers(-500, 500, (9, 11, 8, 2)).astype(np.int16)
RSSI = np.array([-40.0, -45, np.nan, -50, -55, -60, -65, -70, -75], dtype=np.float32)
CSI = RANDOM.integers(-20, 20, (2, 7, 6, 3, 2, 2)).astype(np.int8)
SCALE = np.full((2, 7), 0.5, dtype=np.float32)


@pytest.fixture
def uncalibrated(tmp_path):
    np.savez(tmp_path / "iq.npz", csi_iq=IQ, rssi_dbm=RSSI)
    return tmp_path / "iq.npz"


def links_of(nodes):
    return np.array([(i, j) for i in range(nodes) for j in range(nodes) if i != j])


def test_level_is_received_over_transmitted_power(uncalibrated):
    record = read_channel(uncalibrated)
    assert record.gain.shape == (8, 8)  # one position has no received power
    received_dbm = 10 * np.log10(record.gain.mean(axis=1)) + 20
    np.testing.assert_allclose(received_dbm, RSSI[np.isfinite(RSSI)], rtol=1e-6)
    assert record.transmit_power_w == pytest.approx(0.1 / 8)
    assert record.bandwidth_hz == 312.5e3
    # -174 dBm/Hz + 7 dB over 312.5 kHz is -112.05 dBm.
    assert 10 * np.log10(record.noise_power_w * 1e3) == pytest.approx(-112.05, abs=0.01)


def test_level_of_a_packet_and_a_few_corrupt_ones_do_not_matter(tmp_path, uncalibrated):
    response = RANDOM.integers(10, 40, (9, 1, 8, 2))
    steps = RANDOM.integers(1, 10, (9, 11, 1, 1))
    packets = response * steps
    packets[:, 3] = 0
    packets[:, 5] = RANDOM.integers(-9, 9, (9, 8, 2))
    np.savez(tmp_path / "b.npz", csi_iq=packets.astype(np.int16), rssi_dbm=RSSI)
    gain = read_channel(tmp_path / "b.npz").gain
    shape = (response[:, 0].astype(float) ** 2).sum(axis=2)[np.isfinite(RSSI)]
    np.testing.assert_allclose(
        gain / gain.mean(axis=1, keepdims=True), shape / shape.mean(axis=1, keepdims=True)
    )


def test_assumed_powers_scale_as_they_should(uncalibrated):
    usual = read_channel(uncalibrated)
    strong = read_channel(uncalibrated, transmit_power_dbm=30.0, noise_figure_db=17.0)
    np.testing.assert_allclose(strong.gain * 10, usual.gain)
    assert strong.transmit_power_w == pytest.approx(10 * usual.transmit_power_w)
    assert strong.noise_power_w == pytest.approx(10 * usual.noise_power_w)
    assert any("30 dBm" in text for text in strong.assumptions)


def test_calibrated_record_keeps_its_signal_to_noise_ratio(tmp_path):
    np.savez(tmp_path / "c.npz", csi=CSI, scale=SCALE)
    record = read_channel(tmp_path / "c.npz")
    assert record.gain.shape == (2 * 3 * 2, 6)
    snr = record.transmit_power_w * record.gain / record.noise_power_w
    power = (CSI[1, :, :, 2, 0].astype(float) ** 2).sum(axis=-1) * 0.25
    np.testing.assert_allclose(snr[6 + 2 * 2 + 0], np.median(power, axis=0))
    assert record.bandwidth_hz == pytest.approx(312.5e3 * 56 / 6)


def test_arrays_are_gains_and_complex_ones_are_squared(tmp_path):
    amplitude = RANDOM.normal(size=(4, 5)) + 1j * RANDOM.normal(size=(4, 5))
    np.save(tmp_path / "h.npy", amplitude)
    np.save(tmp_path / "p.npy", np.abs(amplitude) ** 2)
    np.testing.assert_allclose(
        read_channel(tmp_path / "h.npy").gain, read_channel(tmp_path / "p.npy").gain
    )
    assert read_channel(tmp_path / "h.npy", bandwidth_hz=1e6).bandwidth_hz == 1e6


def test_links_get_distinct_responses(uncalibrated):
    record = read_channel(uncalibrated)
    links = links_of(3)
    gain = network_gain(record, 3, links, seed=1)
    rows = gain[links[:, 0], links[:, 1]]
    known = {tuple(row) for row in record.gain.tolist()}
    assert {tuple(row) for row in rows.tolist()} <= known
    assert len({tuple(row) for row in rows.tolist()}) == 6
    np.testing.assert_array_equal(gain, network_gain(record, 3, links, seed=1))
    assert not np.array_equal(gain, network_gain(record, 3, links, seed=2))
    assert not gain[np.arange(3), np.arange(3)].any()


def test_concatenated_responses(uncalibrated):
    record = read_channel(uncalibrated)
    links = np.array([(0, 1), (0, 2), (0, 3)])
    gain = network_gain(record, 4, links, responses=2)
    assert gain.shape == (4, 4, 16)
    assert not gain[1:].any()
    with pytest.raises(InstanceError, match="3 links of 3 response"):
        network_gain(record, 4, links, responses=3)


def test_record_of_a_network_is_taken_as_it_is(tmp_path):
    power = RANDOM.random((3, 3, 4))
    np.save(tmp_path / "n.npy", power)
    record = read_channel(tmp_path / "n.npy")
    gain = network_gain(record, 3, links_of(3))
    np.testing.assert_array_equal(gain[0, 1], power[0, 1])
    assert not gain[1, 1].any()
    with pytest.raises(InstanceError, match="nodes = 4"):
        network_gain(record, 4, links_of(4))
    with pytest.raises(InstanceError, match="responses must be 1"):
        network_gain(record, 3, links_of(3), responses=2)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"csi_iq": IQ}, "there is no array rssi_dbm"),
        ({"scale": SCALE}, "there is no array csi"),
        ({"csi_iq": IQ[:, :, :, :1], "rssi_dbm": RSSI}, "disagree"),
        ({"csi_iq": IQ[:3], "rssi_dbm": RSSI}, "disagree"),
        ({"csi_iq": IQ[0], "rssi_dbm": RSSI}, "array csi_iq is int16 of shape"),
        ({"csi_iq": IQ, "rssi_dbm": RSSI * np.nan}, "no position has a received power"),
        ({"csi_iq": IQ * 0, "rssi_dbm": RSSI}, "all packets of position 0 are empty"),
        ({"csi": CSI[:1], "scale": SCALE}, "disagree"),
        ({"csi": CSI, "scale": SCALE * np.nan}, "negative or not finite"),
    ],
)
def test_bad_arrays(tmp_path, arrays, message):
    path = tmp_path / "bad.npz"
    np.savez(path, **arrays)
    with pytest.raises(FileError, match=message) as caught:
        read_channel(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.ones(3), "shape"),
        (np.ones((2, 3, 4)), "is not .K, K, M"),
        (np.ones((0, 3)), "shape"),
        (-np.ones((2, 3)), "negative or not finite"),
        (np.full((2, 3), np.inf), "negative or not finite"),
        (np.full((2, 3), "a"), "not one array of numbers"),
        (np.ones((2, 3), dtype=bool), "not one array of numbers"),
    ],
)
def test_bad_array_file(tmp_path, array, message):
    np.save(tmp_path / "bad.npy", array)
    with pytest.raises(FileError, match=message):
        read_channel(tmp_path / "bad.npy")


def test_bad_files(tmp_path):
    for name in ("missing.npz", "missing.npy"):
        with pytest.raises(FileError, match="No such file"):
            read_channel(tmp_path / name)
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(FileError, match=r"cannot be read as \.npz"):
        read_channel(tmp_path / "text.npz")
    with pytest.raises(FileError, match=r"in \.npz or \.npy files"):
        read_channel(tmp_path / "a.mat")


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"bandwidth_hz": 0}, "bandwidth_hz = 0.0 is not positive"),
        ({"bandwidth_hz": float("nan")}, "bandwidth_hz = nan"),
        ({"transmit_power_dbm": "20"}, "transmit_power_dbm = '20'"),
        ({"transmit_power_dbm": 1e6}, "transmit_power_dbm = 1000000.0 gives inf W"),
        ({"transmit_power_dbm": -1e6}, "transmit_power_dbm = -1000000.0 gives 0 W"),
        ({"noise_figure_db": 1e6}, "noise_figure_db = 1000000.0 gives inf W"),
        ({"noise_figure_db": float("inf")}, "noise_figure_db = inf"),
    ],
)
def test_bad_choice(uncalibrated, choice, message):
    with pytest.raises(InstanceError, match=message):
        read_channel(uncalibrated, **choice)


def test_another_recording_says_what_it_holds(tmp_path):
    np.savez(tmp_path / "gates.npz", expert_ids=IQ, seq_len=RSSI)
    with pytest.raises(FileError) as caught:
        read_channel(tmp_path / "gates.npz")
    for words in ("csi_iq (with rssi_dbm)", "csi (with scale)", "but expert_ids, seq_len"):
        assert words in str(caught.value)


def test_a_received_power_beyond_doubles_is_refused(tmp_path):
    np.savez(tmp_path / "loud.npz", csi_iq=IQ, rssi_dbm=RSSI * 0 + 1e6)
    with pytest.raises(FileError, match=r"rssi_dbm\[\d\] = 1000000.0 is no power"):
        read_channel(tmp_path / "loud.npz")
