"""Frequency-selective fading: the tapped delay lines TDL-A to TDL-E of 3GPP TR 38.901.

References
----------
3GPP TR 38.901 V17.0.0 (2022), "Study on channel model for frequencies from 0.5 to 100 GHz":
tables 7.7.2-1 to 7.7.2-5 (taps), equation 7.7-1 in section 7.7.3 (scaling of delays).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from dmoe_models.channels.fading import Field, line_of_sight_field, scattered_field
from dmoe_models.portable.functions import from_db, portable_cosine_sine
from dmoe_models.portable.random import Draws


class Profile(NamedTuple):
    """Taps as printed: delays over the delay spread, powers in dB, each tap Rayleigh fading.

    `line_of_sight_db` is the power of the unscattered part of the first tap, None without one.
    """

    delays: tuple[float, ...]
    powers_db: tuple[float, ...]
    line_of_sight_db: float | None = None


# fmt: off
PROFILES = {
    "A": Profile(
        (0.0, 0.3819, 0.4025, 0.5868, 0.4610, 0.5375, 0.6708, 0.5750, 0.7618, 1.5375, 1.8978,
         2.2242, 2.1718, 2.4942, 2.5119, 3.0582, 4.0810, 4.4579, 4.5695, 4.7966, 5.0066, 5.3043,
         9.6586),
        (-13.4, 0.0, -2.2, -4.0, -6.0, -8.2, -9.9, -10.5, -7.5, -15.9, -6.6, -16.7, -12.4, -15.2,
         -10.8, -11.3, -12.7, -16.2, -18.3, -18.9, -16.6, -19.9, -29.7),
    ),
    "B": Profile(
        (0.0, 0.1072, 0.2155, 0.2095, 0.2870, 0.2986, 0.3752, 0.5055, 0.3681, 0.3697, 0.5700,
         0.5283, 1.1021, 1.2756, 1.5474, 1.7842, 2.0169, 2.8294, 3.0219, 3.6187, 4.1067, 4.2790,
         4.7834),
        (0.0, -2.2, -4.0, -3.2, -9.8, -1.2, -3.4, -5.2, -7.6, -3.0, -8.9, -9.0, -4.8, -5.7, -7.5,
         -1.9, -7.6, -12.2, -9.8, -11.4, -14.9, -9.2, -11.3),
    ),
    "C": Profile(
        (0.0, 0.2099, 0.2219, 0.2329, 0.2176, 0.6366, 0.6448, 0.6560, 0.6584, 0.7935, 0.8213,
         0.9336, 1.2285, 1.3083, 2.1704, 2.7105, 4.2589, 4.6003, 5.4902, 5.6077, 6.3065, 6.6374,
         7.0427, 8.6523),
        (-4.4, -1.2, -3.5, -5.2, -2.5, 0.0, -2.2, -3.9, -7.4, -7.1, -10.7, -11.1, -5.1, -6.8, -8.7,
         -13.2, -13.9, -13.9, -15.8, -17.1, -16.0, -15.7, -21.6, -22.8),
    ),
    "D": Profile(
        (0.0, 0.035, 0.612, 1.363, 1.405, 1.804, 2.596, 1.775, 4.042, 7.937, 9.424, 9.708, 12.525),
        (-13.5, -18.8, -21.0, -22.8, -17.9, -20.1, -21.9, -22.9, -27.8, -23.6, -24.8, -30.0, -27.7),
        line_of_sight_db=-0.2,
    ),
    "E": Profile(
        (0.0, 0.5133, 0.5440, 0.5630, 0.5440, 0.7112, 1.9092, 1.9293, 1.9589, 2.6426, 3.7136,
         5.4524, 12.0034, 20.6519),
        (-22.03, -15.8, -18.1, -19.8, -22.9, -22.4, -18.6, -20.8, -22.6, -22.3, -25.6, -20.2, -29.8,
         -29.2),
        line_of_sight_db=-0.03,
    ),
}
# fmt: on
"""Tables 7.7.2-1 to 7.7.2-5. The first tap of D has a K-factor of 13.3 dB, that of E of 22 dB."""


def tap_powers(profile: str) -> tuple[np.ndarray, float]:
    """Return the mean powers of the taps and of the line of sight, which together sum to 1.

    Parameters
    ----------
    profile : str
        A name in ``PROFILES``.

    Returns
    -------
    scattered : (taps,) array
    line_of_sight : float
        Zero for the profiles A to C.
    """
    taps = PROFILES[profile]
    scattered = from_db(np.array(taps.powers_db))
    direct = 0.0 if taps.line_of_sight_db is None else float(from_db(taps.line_of_sight_db))
    total = direct
    for power in scattered.tolist():  # in the order of the table: np.sum may choose another
        total += power
    return scattered / total, direct / total


def tapped_delay_line_field(
    source: Draws,
    shape: tuple[int, ...],
    profile: str,
    delay_spread_s: float,
    frequency_hz: np.ndarray,
    cycles: float,
) -> Field:
    """Return frequency responses of mean power 1, correlated over frequency and time.

    Parameters
    ----------
    source : Draws
        The same source at other times gives the same channels, later.
    shape : tuple of int
        Independent channels.
    profile : str
        A name in ``PROFILES``.
    delay_spread_s : float
        Desired delay spread DS, s.
    frequency_hz : (M,) array
        Centres of the subcarriers, from any origin, Hz.
    cycles : float
        f_D t, of `dmoe_models.channels.fading.doppler_cycles`.

    Returns
    -------
    pair of arrays of shape + (M,)

    Notes
    -----
    H(f) = sum over taps of sqrt(p[n]) h[n] exp(-2 pi i f DS delay[n]), with taps h[n] of
    `scattered_field` and, in D and E, a line of sight at delay zero. The taps being uncorrelated,
    E[H(f) conj H(f + d)] = sum of p[n] exp(2 pi i d DS delay[n]): the Fourier transform of the
    power-delay profile. Delays are taken as printed: their spread is 1 within 3e-4 (0.994 for D).
    """
    scattered, direct = tap_powers(profile)
    real = np.zeros((*shape, len(frequency_hz)))
    imaginary = np.zeros_like(real)
    if direct > 0.0:
        field = line_of_sight_field(source.stream("line of sight"), shape, cycles)
        real = real + math.sqrt(direct) * field[0][..., None]
        imaginary = imaginary + math.sqrt(direct) * field[1][..., None]
    for tap, delay in enumerate(PROFILES[profile].delays):
        field = scattered_field(source.stream(f"tap {tap}"), shape, cycles)
        amplitude = math.sqrt(float(scattered[tap]))
        real_part = amplitude * field[0][..., None]
        imag_part = amplitude * field[1][..., None]
        cosine, sine = portable_cosine_sine(frequency_hz * (delay_spread_s * delay))
        # Times exp(-2 pi i f delay): the conjugate of cosine + i sine.
        real = real + (real_part * cosine + imag_part * sine)
        imaginary = imaginary + (imag_part * cosine - real_part * sine)
    return real, imaginary
