"""Families whose channels look like channels: Rician, tapped delay lines, nodes in a cell.

Rounds of one seed share the nodes and their channel, which ages by Clarke's correlation between
them (`dmoe_models.channels.fading`); gate scores are drawn for every round. Where a docstring names
no source for a number, it is a default of this project. A subcarrier has the gain of its centre
over its whole width.
"""

from __future__ import annotations

import numpy as np

from dmoe_models.channels.fading import doppler_cycles, field_power, rician_field, scattered_field
from dmoe_models.channels.propagation import (
    CARRIER_RANGE_HZ,
    SCENARIOS,
    distances_in_disc,
    noise_power_w,
    path_loss_db,
    same_both_ways,
    shadowing_gain,
)
from dmoe_models.channels.tapped_delay_line import PROFILES, tapped_delay_line_field
from dmoe_models.errors import InstanceError
from dmoe_models.input_checks import (
    not_negative,
    one_of,
    positive,
    quote,
    true_or_false,
    whole_at_least,
    within,
)
from dmoe_models.portable.functions import from_db
from dmoe_models.portable.random import Draws
from instances.defaults import BANDWIDTH_HZ, PATH_LOSS, TRANSMIT_POWER_W
from instances.families.family import Fields, family
from instances.families.parts import efficiency_energy_j, round_robin, without_diagonal
from instances.families.size import Size

LARGEST_CYCLES = 10**9
"""Turns of a wave over time or frequency; with more, its phase would keep too few digits."""


def _fields(draws: Draws, size: Size, round_index: int) -> Fields:
    """Return all but the channel; scores of round 0 are those of `rayleigh` with this seed."""
    gates = "gates" if round_index == 0 else f"gates of round {round_index}"
    return {
        "gate_scores": draws.stream(gates).simplex(size.T, size.K),
        "source": round_robin(size.T, size.K),
        "computation_energy_j": efficiency_energy_j(draws, size.K),
    }


def _cycles(
    round_index: int, speed_m_s: float, carrier_hz: float, round_duration_s: float
) -> tuple[int, float]:
    """Check what a round's time consists of; return its number and its f_D t."""
    rounds = whole_at_least("round", round_index, 0)
    if rounds > LARGEST_CYCLES:
        raise InstanceError(f"round = {quote(rounds)} is above {LARGEST_CYCLES}")
    not_negative("speed_m_s", speed_m_s)
    positive("carrier_hz", carrier_hz)
    positive("round_duration_s", round_duration_s)
    cycles = doppler_cycles(speed_m_s, carrier_hz, rounds * round_duration_s)
    if cycles > LARGEST_CYCLES:
        raise InstanceError(f"round = {rounds} is {cycles:.3g} Doppler cycles away: at most 1e9")
    return rounds, cycles


def _tapped_gain(
    draws: Draws,
    size: Size,
    profile: str,
    delay_spread_s: float,
    bandwidth_hz: float,
    cycles: float,
) -> np.ndarray:
    """Return (K, K, M) power gains of mean 1 on adjacent subcarriers."""
    turns = bandwidth_hz * size.M * delay_spread_s
    if turns > LARGEST_CYCLES:
        raise InstanceError(
            f"delay_spread_s = {delay_spread_s} times M x bandwidth_hz is {turns:.3g}: at most 1e9"
        )
    frequency_hz = bandwidth_hz * np.arange(size.M)
    source = draws.stream("fading")
    shape = (size.K, size.K)
    return field_power(
        tapped_delay_line_field(source, shape, profile, delay_spread_s, frequency_hz, cycles)
    )


@family("Rician fading, independent subcarriers; rounds correlated in time")
def rician(
    draws: Draws,
    size: Size,
    *,
    k_factor: float = 4.0,
    reciprocal: bool = False,
    round: int = 0,
    speed_m_s: float = 1.0,
    carrier_hz: float = 3.5e9,
    round_duration_s: float = 0.01,
) -> Fields:
    """Fading with a line of sight, independent on every link and subcarrier.

    Gains have mean 1e-2 (a mean SNR of 10 dB). With `k_factor` 0 this is `rayleigh` with rounds
    that are correlated in time (other draws of the same distribution).

    Parameters
    ----------
    k_factor : float
        Power of the line of sight over that of all scattered waves, linear, >= 0.
    reciprocal : bool
        Whether both directions of a pair have the same gains.
    round : int
        Round 0, 1, ... of this seed: the same channel, `round_duration_s` later each.
    speed_m_s : float
        Speed v of one end of a link, among scatterers at rest (Clarke's model).
    carrier_hz : float
        Carrier frequency f_c. The largest Doppler shift is f_D = v f_c / c.
    round_duration_s : float
        Time from one round to the next. The scattered fields of two rounds that are r apart have
        the correlation J0(2 pi f_D r `round_duration_s`): 0.87 for r = 1 with the defaults.
    """
    true_or_false("reciprocal", reciprocal)
    not_negative("k_factor", k_factor)
    index, cycles = _cycles(round, speed_m_s, carrier_hz, round_duration_s)
    shape = (size.K, size.K, size.M)
    gain = PATH_LOSS * field_power(
        rician_field(draws.stream("fading"), shape, float(k_factor), cycles)
    )
    if reciprocal:
        gain = same_both_ways(gain)
    return _fields(draws, size, index) | {"gain": without_diagonal(gain)}


@family("3GPP tapped delay lines TDL-A to E: correlated subcarriers; rounds correlated in time")
def tdl(
    draws: Draws,
    size: Size,
    *,
    profile: str = "A",
    delay_spread_s: float = 1e-7,
    bandwidth_hz: float = BANDWIDTH_HZ,
    reciprocal: bool = False,
    round: int = 0,
    speed_m_s: float = 1.0,
    carrier_hz: float = 3.5e9,
    round_duration_s: float = 0.01,
) -> Fields:
    """Frequency-selective fading of 3GPP TR 38.901: neighbouring subcarriers have like gains.

    Gains have mean 1e-2 (a mean SNR of 10 dB at any bandwidth). The correlation of the fields over
    frequency is the Fourier transform of the power-delay profile.

    Parameters
    ----------
    profile : str
        The power-delay profile: A, B, C (without line of sight), D or E (with); tables 7.7.2-1 to
        7.7.2-5.
    delay_spread_s : float
        Delay spread, by which the tables' delays are multiplied; 100 ns is "nominal" in table
        7.7.3-1.
    bandwidth_hz : float
        Width of a subcarrier, and the spacing of their centres.
    reciprocal, round, speed_m_s, carrier_hz, round_duration_s
        As in `rician`.
    """
    true_or_false("reciprocal", reciprocal)
    one_of("profile", profile, PROFILES)
    spread = not_negative("delay_spread_s", delay_spread_s)
    spacing = positive("bandwidth_hz", bandwidth_hz)
    index, cycles = _cycles(round, speed_m_s, carrier_hz, round_duration_s)
    gain = PATH_LOSS * _tapped_gain(draws, size, profile, spread, spacing, cycles)
    if reciprocal:
        gain = same_both_ways(gain)
    return _fields(draws, size, index) | {
        "gain": without_diagonal(gain),
        "bandwidth_hz": spacing,
    }


@family("nodes in a disc: 3GPP path loss, shadowing, tapped delay lines, thermal noise; rounds")
def cell(
    draws: Draws,
    size: Size,
    *,
    scenario: str = "inh-nlos",
    cell_radius_m: float = 50.0,
    shadowing_db: float | None = None,
    profile: str = "A",
    delay_spread_s: float = 3e-8,
    bandwidth_hz: float = BANDWIDTH_HZ,
    transmit_power_w: float = TRANSMIT_POWER_W,
    noise_figure_db: float = 7.0,
    temperature_k: float = 290.0,
    reciprocal: bool = False,
    round: int = 0,
    speed_m_s: float = 1.0,
    carrier_hz: float = 3.5e9,
    round_duration_s: float = 0.01,
) -> Fields:
    """Nodes at random places, every link as far, as shadowed and as noisy as its surroundings say.

    A gain is (path loss of TR 38.901, table 7.4.1-1) x (log-normal shadowing) x (fading of mean 1);
    the noise power of a subcarrier is k T B F. Path loss and shadowing are the same in both
    directions of a pair, and in all rounds: nodes move by wavelengths, not by metres. The
    table is made for a base station and a terminal; to use it between any two nodes is our reading.

    Parameters
    ----------
    scenario : str
        The surroundings: inh-los, inh-nlos (indoor office), inf-los, inf-sl, inf-dl (indoor
        factory: line of sight, sparse and dense clutter), umi-los, umi-nlos (street canyon). They
        are the same for all links.
    cell_radius_m : float
        Radius of the disc on which the nodes stand, uniformly. No link is taken shorter than the
        table allows (1 m; 10 m in a street canyon).
    shadowing_db : float
        Standard deviation of the shadowing; that of the table unless given, 0 for none.
    profile : str
        The power-delay profile: A to E as in `tdl`, or rayleigh (independent subcarriers).
    delay_spread_s : float
        As in `tdl`; 30 ns is "short" there.
    bandwidth_hz
        As in `tdl`.
    transmit_power_w : float
        Transmit power P0 on one subcarrier.
    noise_figure_db : float
        Noise figure F of the receivers, 0 to 100.
    temperature_k : float
        Temperature T of the receivers.
    reciprocal : bool
        Whether both directions of a pair have the same fading too.
    round, speed_m_s, carrier_hz, round_duration_s
        As in `rician`.
    """
    true_or_false("reciprocal", reciprocal)
    one_of("scenario", scenario, SCENARIOS)
    one_of("profile", profile, [*PROFILES, "rayleigh"])
    spread = not_negative("delay_spread_s", delay_spread_s)
    spacing = positive("bandwidth_hz", bandwidth_hz)
    power = positive("transmit_power_w", transmit_power_w)
    figure = within("noise_figure_db", noise_figure_db, 0, 100)
    temperature = positive("temperature_k", temperature_k)
    index, cycles = _cycles(round, speed_m_s, carrier_hz, round_duration_s)
    large = _large_scale_gain(draws, size.K, scenario, cell_radius_m, shadowing_db, carrier_hz)

    if profile == "rayleigh":
        shape = (size.K, size.K, size.M)
        small = field_power(scattered_field(draws.stream("fading"), shape, cycles))
    else:
        small = _tapped_gain(draws, size, profile, spread, spacing, cycles)
    if reciprocal:
        small = same_both_ways(small)
    return _fields(draws, size, index) | {
        "gain": without_diagonal(large[:, :, None] * small),
        "bandwidth_hz": spacing,
        "transmit_power_w": power,
        "noise_power_w": noise_power_w(spacing, temperature, figure),
    }


def _large_scale_gain(
    draws: Draws,
    nodes: int,
    scenario: str,
    cell_radius_m: float,
    shadowing_db: float | None,
    carrier_hz: float,
) -> np.ndarray:
    """Return the (nodes, nodes) mean power gains of a cell; check what they depend on."""
    row = SCENARIOS[scenario]
    radius = positive("cell_radius_m", cell_radius_m)
    if 2.0 * radius > row.largest_distance_m:
        raise InstanceError(
            f"cell_radius_m = {radius} is above {row.largest_distance_m / 2:g}: {scenario} is "
            f"defined up to {row.largest_distance_m:g} m"
        )
    low, high = CARRIER_RANGE_HZ
    if not low <= carrier_hz <= high:
        raise InstanceError(f"carrier_hz = {carrier_hz} is outside {low:g} to {high:g}")
    deviation = row.shadowing_db
    if shadowing_db is not None:
        deviation = not_negative("shadowing_db", shadowing_db)
        if deviation > 30.0:
            raise InstanceError(f"shadowing_db = {deviation} is above 30")
    distance = distances_in_disc(draws.stream("places"), nodes, radius)
    loss = path_loss_db(scenario, distance, float(carrier_hz))
    return from_db(-loss) * shadowing_gain(draws.stream("shadowing"), nodes, deviation)
