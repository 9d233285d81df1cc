"""Families with modelled channels: they compose the models, keep their bits, and age by rounds.

Seeds are fixed, tolerances at least four standard errors.
"""

import numpy as np
import pytest
from scipy import special

from dmoe_models import DmoeError, read_instance, solve
from dmoe_models.channels.fading import doppler_cycles
from dmoe_models.channels.propagation import SCENARIOS, distances_in_disc, path_loss_db
from dmoe_models.portable.random import Draws
from instances.families import draw

from shell import assert_refused, call

# First digits of hashes at seed 5, K = 3, T = 4: the drawn bits must never change.
GOLDEN = [
    ("rician", {"k_factor": 0.5, "round": 3}, "23e59b2fb8bd4185"),
    ("rician", {"reciprocal": True}, "ca142fea9972e187"),
    ("tdl", {"profile": "B", "M": 5}, "88a397706eadfeef"),
    ("tdl", {"profile": "C", "round": 1, "speed_m_s": 30.0}, "2769c3b65ef54752"),
    ("tdl", {"profile": "D", "round": 7}, "f9b27eb47a773685"),
    ("tdl", {"profile": "E", "bandwidth_hz": 1.8e5, "delay_spread_s": 3e-7}, "7b00dab6958ac439"),
    ("cell", {"scenario": "umi-los", "cell_radius_m": 400.0, "profile": "E"}, "a318ff807cdb70e7"),
    ("cell", {"scenario": "inf-dl", "profile": "rayleigh", "round": 2}, "02f206ba5bf326a8"),
]

LINKS = ~np.eye(24, dtype=bool)


def gains(family, **parameters):
    """(links, M) gains of a large instance."""
    return draw(family, 1, K=24, T=1, M=24, **parameters).gain[LINKS]


@pytest.mark.parametrize(("name", "parameters", "digits"), GOLDEN)
def test_draws_are_the_recorded_bits(name, parameters, digits):
    assert draw(name, 5, K=3, T=4, **parameters).sha256.startswith(digits)


@pytest.mark.parametrize("name", ["rician", "tdl"])
def test_mean_gain_is_that_of_rayleigh(name):
    # tdl: only the 552 links are independent, their subcarriers are not.
    assert gains(name).mean() == pytest.approx(1e-2, rel=4 * len(gains(name)) ** -0.5)


def test_scores_of_the_first_round_are_those_of_rayleigh():
    plain = draw("rayleigh", 4)
    for name in ("rician", "tdl", "cell"):
        drawn = draw(name, 4)
        np.testing.assert_array_equal(drawn.gate_scores, plain.gate_scores)
        np.testing.assert_array_equal(drawn.computation_energy_j, plain.computation_energy_j)


def test_tdl_subcarriers_are_correlated_and_rician_ones_are_not():
    def neighbours(family):
        gain = gains(family)
        return np.corrcoef(gain[:, :-1].ravel(), gain[:, 1:].ravel())[0, 1]

    # 552 links x 23 pairs are independent for rician: a standard error below 0.01.
    assert abs(neighbours("rician")) < 0.04
    assert neighbours("tdl") > 0.5


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("rician", {"k_factor": 0.0}), ("tdl", {}), ("cell", {"shadowing_db": 0.0})],
)
def test_rounds_of_a_seed_are_one_channel_that_ages(name, parameters):
    """Powers of circular normal fields of correlation J0 have the correlation J0^2."""
    motion = {"speed_m_s": 2.0, "carrier_hz": 2e9, "round_duration_s": 4e-3}
    first = draw(name, 1, K=24, T=1, M=24, **parameters, **motion)
    scale = np.array([[1.0]])
    if name == "cell":
        distance = distances_in_disc(Draws(1).stream("places"), 24, 50.0)[LINKS]
        scale = 10 ** (-path_loss_db("inh-nlos", distance, 2e9) / 10)[:, None]
    for index in (1, 2, 5):
        later = draw(name, 1, K=24, T=1, M=24, round=index, **parameters, **motion)
        lag = doppler_cycles(2.0, 2e9, 4e-3 * index)
        estimate = np.corrcoef(
            (first.gain[LINKS] / scale).ravel(), (later.gain[LINKS] / scale).ravel()
        )[0, 1]
        expected = special.j0(2 * np.pi * lag) ** 2
        # 552 links, whose subcarriers count as one where they are correlated.
        assert estimate == pytest.approx(expected, abs=4 * 552**-0.5)
        assert later.name == f"{first.name}-r{index}"
        assert not np.array_equal(later.gate_scores, first.gate_scores)
        np.testing.assert_array_equal(later.computation_energy_j, first.computation_energy_j)


def test_rounds_without_motion_have_the_same_gains():
    for name in ("rician", "tdl", "cell"):
        first, later = draw(name, 2, speed_m_s=0.0), draw(name, 2, speed_m_s=0.0, round=3)
        np.testing.assert_array_equal(first.gain, later.gain)


@pytest.mark.parametrize("name", ["rician", "tdl", "cell"])
def test_reciprocal_gains_are_symmetric(name):
    gain = draw(name, 1, reciprocal=True, round=2).gain
    np.testing.assert_array_equal(gain, gain.transpose(1, 0, 2))
    one_way = draw(name, 1, round=2).gain
    assert not np.array_equal(one_way, one_way.transpose(1, 0, 2))


def test_more_subcarriers_leave_the_others_as_they_were():
    few, many = draw("tdl", 1, M=6), draw("tdl", 1, M=20)
    np.testing.assert_array_equal(few.gain, many.gain[:, :, :6])


@pytest.mark.parametrize("scenario", list(SCENARIOS))
def test_cell_gains_are_path_loss_times_shadowing_times_fading(scenario):
    plain = {"scenario": scenario, "cell_radius_m": 70.0, "shadowing_db": 0.0, "K": 16, "M": 4}
    instance = draw("cell", 3, T=1, **plain)
    distance = distances_in_disc(Draws(3).stream("places"), 16, 70.0)
    loss = path_loss_db(scenario, distance, 3.5e9)
    off = ~np.eye(16, dtype=bool)
    fading = (instance.gain * 10 ** (loss / 10)[:, :, None])[off]
    assert fading.mean() == pytest.approx(1, abs=4 * len(fading) ** -0.5)
    shadowed = draw("cell", 3, T=1, **{**plain, "shadowing_db": None})
    level = 10 * np.log10((shadowed.gain / np.where(instance.gain > 0, instance.gain, 1))[off])
    np.testing.assert_allclose(level, level[:, :1] * np.ones(4), atol=1e-9)
    # 120 pairs: a relative standard error of 6.5 %.
    assert level.std() == pytest.approx(SCENARIOS[scenario].shadowing_db, rel=4 * 240**-0.5)


def test_cell_noise_and_power_are_as_asked():
    instance = draw(
        "cell", 1, bandwidth_hz=3.6e5, noise_figure_db=9.0, temperature_k=300, transmit_power_w=0.2
    )
    assert instance.noise_power_w == pytest.approx(1.380649e-23 * 300 * 3.6e5 * 10**0.9)
    assert (instance.bandwidth_hz, instance.transmit_power_w) == (3.6e5, 0.2)
    assert instance.metadata["parameters"]["noise_figure_db"] == 9.0


def test_cell_rounds_keep_places_and_shadowing():
    first, later = (draw("cell", 1, K=6, M=2000, round=r, profile="rayleigh") for r in (0, 9))
    off = ~np.eye(6, dtype=bool)
    ratio = first.gain[off].mean(axis=1) / later.gain[off].mean(axis=1)
    assert ratio == pytest.approx(1, abs=4 * (2 / 2000) ** 0.5)


@pytest.mark.parametrize("name", ["rician", "tdl", "cell"])
def test_methods_solve_them(name):
    instance = draw(name, 7, K=3, T=6)
    best, heuristic = solve(instance, "exact"), solve(instance, "jesa")
    assert str(best.status) == "optimal"
    assert heuristic.objective >= best.objective * (1 - 1e-9)


def test_command_line_draws_a_later_round(tmp_path, capsys):
    target = tmp_path / "round.json"
    options = ["-p", "K=3", "-p", "T=4", "-p", "profile=D", "-p", "round=7", "-o", target]
    said = call(capsys, "generate", "tdl", "--seed", 5, *options)
    assert said.status == 0 and "tdl-K3-T4-M9-D2-s5-r7" in said.out
    assert read_instance(target) == draw("tdl", 5, K=3, T=4, profile="D", round=7)


def test_command_line_refuses_in_one_line(tmp_path, capsys):
    target = tmp_path / "round.json"
    said = call(capsys, "generate", "tdl", "-p", "profile=Z", "-o", target)
    assert_refused(said, "profile = 'Z' is not one of A, B, C, D, E")


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("rician", {"k_factor": -1}, "k_factor = -1.0 is negative"),
        ("rician", {"k_factor": float("inf")}, "k_factor = inf is not finite"),
        ("rician", {"reciprocal": 1}, "reciprocal = 1 is not true or false"),
        ("rician", {"round": -1}, "round = -1 is below 0"),
        ("rician", {"round": 0.5}, "round = 0.5 is not a whole number"),
        ("rician", {"round": 10**400}, "round = an integer of about 400 digits is above"),
        ("rician", {"round": 10, "speed_m_s": 1e9}, "Doppler cycles away: at most 1e9"),
        ("rician", {"speed_m_s": -1}, "speed_m_s = -1.0 is negative"),
        ("rician", {"carrier_hz": 0}, "carrier_hz = 0.0 is not positive"),
        ("rician", {"round_duration_s": 0}, "round_duration_s = 0.0 is not positive"),
        ("rician", {"profile": "A"}, "family rician has no parameter 'profile'"),
        ("tdl", {"profile": "F"}, "profile = 'F' is not one of A, B, C, D, E"),
        ("tdl", {"profile": 3}, "profile = 3 is not one of"),
        ("tdl", {"delay_spread_s": -1e-9}, "delay_spread_s = -1e-09 is negative"),
        ("tdl", {"delay_spread_s": 1e6}, r"delay_spread_s = 1000000.0 times .*: at most 1e9"),
        ("tdl", {"bandwidth_hz": 0}, "bandwidth_hz = 0.0 is not positive"),
        ("cell", {"scenario": "moon"}, "scenario = 'moon' is not one of inh-los, inh-nlos"),
        ("cell", {"profile": "a"}, "not one of A, B, C, D, E, rayleigh"),
        ("cell", {"cell_radius_m": 80}, "is above 75: inh-nlos is defined up to 150 m"),
        ("cell", {"cell_radius_m": 0}, "cell_radius_m = 0.0 is not positive"),
        ("cell", {"carrier_hz": 1e6}, "carrier_hz = 1000000.0 is outside 5e[+]08 to 1e[+]11"),
        ("cell", {"shadowing_db": -1}, "shadowing_db = -1.0 is negative"),
        ("cell", {"shadowing_db": 100}, "shadowing_db = 100.0 is above 30"),
        ("cell", {"noise_figure_db": -3}, "noise_figure_db = -3.0 is outside 0 to 100"),
        ("cell", {"temperature_k": 0}, "temperature_k = 0.0 is not positive"),
        ("cell", {"transmit_power_w": "1"}, "transmit_power_w"),
    ],
)
def test_bad_request(name, parameters, message):
    with pytest.raises(DmoeError, match=message) as caught:
        draw(name, 1, **parameters)
    assert "\n" not in str(caught.value)
