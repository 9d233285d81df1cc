"""Path loss by hand, shadowing, places and noise."""

import numpy as np
import pytest

from dmoe_models.channels.propagation import (
    SCENARIOS,
    distances_in_disc,
    noise_power_w,
    path_loss_db,
    same_both_ways,
    shadowing_gain,
)
from dmoe_models.portable.random import Draws

LOG4 = 0.6020599913279624


@pytest.mark.parametrize(
    ("scenario", "distance", "carrier_hz", "expected"),
    [
        ("inh-los", 10.0, 1e9, 32.4 + 17.3),
        ("inh-los", 10.0, 4e9, 32.4 + 17.3 + 20 * LOG4),
        ("inh-nlos", 100.0, 1e9, 17.3 + 2 * 38.3),
        ("inh-nlos", 100.0, 4e9, 17.3 + 2 * 38.3 + 24.9 * LOG4),
        ("inh-nlos", 1.0, 1e9, 32.4),  # close by, no less than with line of sight
        ("inf-los", 100.0, 4e9, 31.84 + 2 * 21.5 + 19 * LOG4),
        ("inf-sl", 100.0, 4e9, 33.0 + 2 * 25.5 + 20 * LOG4),
        ("inf-dl", 100.0, 4e9, 18.6 + 2 * 35.7 + 20 * LOG4),
        ("inf-dl", 10.0, 1e9, 33.0 + 25.5),  # no less than in sparse clutter
        ("umi-los", 50.0, 4e9, 32.4 + 21 * (2 - LOG4 / 2) + 20 * LOG4),
        ("umi-nlos", 100.0, 4e9, 22.4 + 2 * 35.3 + 21.3 * LOG4),
    ],
)
def test_path_loss_by_hand(scenario, distance, carrier_hz, expected):
    assert path_loss_db(scenario, np.array([distance]), carrier_hz) == pytest.approx(expected)


def test_street_canyon_beyond_its_breakpoint():
    carrier = 3.5e9
    ground = 4 * 9 * 0.5 * carrier / 299792458  # 210 m
    square = ground**2 + 8.5**2
    far = np.array([500.0, 1000.0])
    tabled = 32.4 + 40 * np.log10(far) + 20 * np.log10(3.5) - 9.5 * np.log10(square)
    assert path_loss_db("umi-los", far, carrier) == pytest.approx(tabled)
    edge = np.sqrt(square) * np.array([1 - 1e-9, 1 + 1e-9])
    near, beyond = path_loss_db("umi-los", edge, carrier)
    assert near == pytest.approx(beyond, abs=1e-6)


@pytest.mark.parametrize("scenario", list(SCENARIOS))
def test_path_loss_grows_with_distance_and_stops_at_the_least(scenario):
    row = SCENARIOS[scenario]
    distance = np.geomspace(row.least_distance_m, row.largest_distance_m, 200)
    loss = path_loss_db(scenario, distance, 28e9)
    assert (np.diff(loss) > 0).all()
    assert path_loss_db(scenario, np.zeros(1), 28e9) == loss[0]


def test_shadowing_has_its_deviation_and_is_the_same_both_ways():
    nodes, deviation = 200, 7.0
    gain = shadowing_gain(Draws(1), nodes, deviation)
    np.testing.assert_array_equal(gain, gain.T)
    level = 10 * np.log10(gain[np.triu_indices(nodes, 1)])
    n = len(level)
    assert level.mean() == pytest.approx(0, abs=4 * deviation * n**-0.5)
    assert level.std() == pytest.approx(deviation, rel=4 * (2 * n) ** -0.5)
    assert (shadowing_gain(Draws(1), nodes, 0.0) == 1.0).all()


def test_places_are_uniform_in_the_disc():
    radius, nodes = 30.0, 600
    distance = distances_in_disc(Draws(2), nodes, radius)
    np.testing.assert_array_equal(distance, distance.T)
    assert not np.diag(distance).any()
    assert distance.max() <= 2 * radius
    pairs = distance[np.triu_indices(nodes, 1)]
    # Two uniform points: mean distance 128 R / (45 pi), mean square R^2. Pairs share nodes; by the
    # Hoeffding decomposition the error is about 2 / sqrt(nodes) times a spread below 0.45 R.
    error = 4 * 2 * 0.45 * nodes**-0.5
    assert pairs.mean() / radius == pytest.approx(128 / (45 * np.pi), abs=error)
    assert np.mean(pairs**2) / radius**2 == pytest.approx(1, abs=2 * error)


def test_noise_is_minus_174_dbm_per_hertz_at_room_temperature():
    assert 10 * np.log10(noise_power_w(1.0, 290.0, 0.0) / 1e-3) == pytest.approx(-173.975, abs=1e-3)
    assert noise_power_w(1e6, 290.0, 7.0) == pytest.approx(4.00388e-21 * 1e6 * 5.011872, rel=1e-5)


def test_same_both_ways_takes_the_upper_half():
    values = np.arange(12.0).reshape(2, 2, 3)
    np.testing.assert_array_equal(same_both_ways(values)[1, 0], values[0, 1])
