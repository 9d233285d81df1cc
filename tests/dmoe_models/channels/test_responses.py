"""What a recording lacks is left out and said, or named; carriers without signal are noted."""

import numpy as np
import pytest

from dmoe_models import FileError, InstanceError
from dmoe_models.channels.recorded import ChannelRecord, read_channel

RANDOM = np.random.default_rng(6)
IQ = RANDOM.normal(size=(5, 4, 8, 2)).astype(np.float32)
RSSI = np.full(5, -50.0)
GAIN = RANDOM.exponential(size=(3, 3, 4))

pytestmark = pytest.mark.filterwarnings("error")


def read(folder, csi=IQ, rssi=RSSI):
    np.savez(folder / "iq.npz", csi_iq=csi, rssi_dbm=rssi)
    return read_channel(folder / "iq.npz")


def changed(array, place, value):
    copy = np.array(array)
    copy[place] = value
    return copy


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [np.s_[:, :2, 3], np.s_[2, 1, 0, 1], np.s_[1, 1:]])
def test_packets_that_are_not_finite_are_left_out(tmp_path, bad, place):
    record = read(tmp_path, changed(IQ, place, bad))
    empty = read(tmp_path, changed(IQ, tuple(np.broadcast_to(
        np.indices(IQ.shape)[k], IQ.shape)[packets(place)] for k in range(4)), 0.0))  # fmt: skip
    np.testing.assert_array_equal(record.gain, empty.gain)
    count = int(packets(place)[:, :, 0, 0].sum())
    assert record.notes[0] == f"{count} packet(s) with samples that are not finite are left out"


def packets(place):
    """Return all samples of the packets that a place lies in, as a mask."""
    mask = np.zeros(IQ.shape, dtype=bool)
    mask[place] = True
    return np.broadcast_to(mask.any(axis=(2, 3), keepdims=True), IQ.shape)


def test_a_position_without_a_packet_is_named_by_its_own_number(tmp_path):
    with pytest.raises(FileError, match=r"position 3 .*csi_iq\[3\]"):
        read(tmp_path, changed(IQ, 3, np.inf), changed(RSSI, 0, np.nan))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_positions_without_a_power_are_left_out(tmp_path, bad):
    record = read(tmp_path, rssi=changed(RSSI, 1, bad))
    assert len(record.gain) == 4
    assert record.notes == ("1 position(s) without a received power are left out",)


def test_calibrated_recordings_name_what_is_missing(tmp_path):
    csi, scale = RANDOM.normal(size=(2, 3, 4, 1, 2, 2)), np.ones((2, 3))
    for arrays, words in (
        (
            {"csi": changed(csi, (1, 2, 0, 0, 1, 1), np.nan), "scale": scale},
            "csi[1,2,0,0,1,1] = nan",
        ),
        ({"csi": csi, "scale": changed(scale, (0, 2), np.inf)}, "scale[0,2] = inf"),
        ({"csi": csi, "scale": changed(scale, (1, 0), 1e200)}, "power of csi[1,0,0,0,0]"),
    ):
        np.savez(tmp_path / "c.npz", **arrays)
        with pytest.raises(FileError) as caught:
            read_channel(tmp_path / "c.npz")
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (changed(GAIN, (0, 1, 2), np.nan), "gain[0,1,2] = nan"),
        (changed(GAIN, (2, 1, 0), -1.0), "gain[2,1,0] = -1.0"),
        (changed(GAIN + 1j, (1, 2, 3), complex(np.nan, 1)), "gain[1,2,3] = (nan+1j)"),
        (changed(GAIN + 1j, (1, 0, 0), complex(0, np.inf)), "gain[1,0,0] = "),
        (changed(GAIN[0] + 1j, (2, 3), complex(1, np.nan)), "gain[2,3] = (1+nanj)"),
        (changed(GAIN + 1j, (1, 0, 0), 1e200), "power[1,0,0] = inf"),
    ],
)
def test_gains_that_are_none_are_named(tmp_path, array, words):
    np.save(tmp_path / "g.npy", array)
    with pytest.raises(FileError) as caught:
        read_channel(tmp_path / "g.npy")
    assert words in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("nothing", [np.nan, np.inf])
@pytest.mark.parametrize("unit", [1.0, 1.0 + 0.0j])
def test_the_diagonal_of_a_network_may_be_empty(tmp_path, nothing, unit):
    diagonal = np.arange(3)
    np.save(tmp_path / "g.npy", changed(GAIN * unit, (diagonal, diagonal), nothing))
    assert not read_channel(tmp_path / "g.npy").gain[diagonal, diagonal].any()


def test_carriers_without_signal_are_noted(tmp_path):
    raw = changed(IQ, np.s_[:, :, [0, 5]], 0.0)
    assert (
        "subcarrier(s) 0, 5 carry no power in any response (2 of 8)" in read(tmp_path, raw).notes[0]
    )
    leaked = changed(IQ, np.s_[:, :, 4], 1e4)
    assert "subcarrier 4 holds 100.0% of a response's power" in read(tmp_path, leaked).notes[0]
    assert read(tmp_path).notes == ()
    np.save(tmp_path / "g.npy", changed(GAIN, np.s_[:, :, 1], 0.0))
    assert "subcarrier(s) 1 carry no power" in read_channel(tmp_path / "g.npy").notes[0]


def test_a_record_of_ones_own_has_no_gaps():
    radio = {"bandwidth_hz": 1.0, "transmit_power_w": 1.0, "noise_power_w": 1.0}
    for gain, words in (
        (np.ma.masked_equal([[1.0, 2.0]], 2.0), r"gain\[0,1\] is missing"),
        (changed(GAIN, (1, 0, 2), np.nan), r"gain\[1,0,2\] = nan"),
    ):
        with pytest.raises(InstanceError, match=words):
            ChannelRecord(gain=gain, origin={}, assumptions=(), **radio)


def test_packets_without_any_signal_are_counted(tmp_path):
    record = read(tmp_path, changed(IQ, np.s_[1, :2], 0.0))
    assert record.notes == ("2 packet(s) without any signal are left out",)


@pytest.mark.parametrize("mark", [-9999.0, 9999.0])
def test_a_number_that_stands_for_no_power_is_named(tmp_path, mark):
    with pytest.raises(FileError, match=r"rssi_dbm\[3\] = -?9999.0 is no power"):
        read(tmp_path, rssi=changed(RSSI, 3, mark))


def test_responses_without_power_are_noted(tmp_path):
    np.save(tmp_path / "rows.npy", changed(GAIN[0], 1, 0.0))
    assert (
        "1 response(s) carry no power, such as number 1"
        in (read_channel(tmp_path / "rows.npy").notes[0])
    )


def test_a_power_beyond_doubles_on_the_diagonal_is_no_link(tmp_path):
    np.save(tmp_path / "g.npy", changed(GAIN + 0j, (1, 1, 2), 1e200))
    (tmp_path / "g.npy").rename(tmp_path / "g.NPY")  # as some systems write it
    assert read_channel(tmp_path / "g.NPY").gain[1, 1, 2] == 0.0
