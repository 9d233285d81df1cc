"""Small-scale fading: scattered and line-of-sight waves at a node, correlated in time.

Fields are pairs (real part, imaginary part) of arrays, not complex arrays: numpy may fuse the
operations inside a complex product, and the bits would then depend on the machine.

References
----------
R. H. Clarke, "A statistical theory of mobile-radio reception", Bell System Technical Journal 47,
1968; W. C. Jakes, "Microwave Mobile Communications", 1974, chapter 1.
3GPP TR 38.901 V17.0.0 (2022), section 7.7.2: Doppler spectra of the tapped delay lines.
"""

from __future__ import annotations

import math

import numpy as np

from dmoe_models.portable.functions import portable_cosine_sine
from dmoe_models.portable.random import Draws

SPEED_OF_LIGHT_M_S = 299792458.0
LINE_OF_SIGHT_SHIFT = 0.7
"""Doppler shift of a line-of-sight wave over the largest, f_S = 0.7 f_D (TR 38.901, 7.7.2)."""
WAVES = 16
"""Scattered waves per field, a default of this project."""

Field = tuple[np.ndarray, np.ndarray]


def doppler_cycles(speed_m_s: float, carrier_hz: float, time_s: float) -> float:
    """Return f_D t, where f_D = v f_c / c is the largest Doppler shift (Jakes 1974, eq. 1.1-6).

    Parameters
    ----------
    speed_m_s, carrier_hz, time_s : float
        Speed v of one end of the link, carrier frequency f_c, time t.
    """
    return speed_m_s * carrier_hz / SPEED_OF_LIGHT_M_S * time_s


def scattered_field(source: Draws, shape: tuple[int, ...], cycles: float) -> Field:
    """Return circular normal fields of mean power 1 with Clarke's correlation in time.

    Parameters
    ----------
    source : Draws
        The same source at other times gives the same fields, later.
    shape : tuple of int
        Independent fields.
    cycles : float
        f_D t, of `doppler_cycles`.

    Returns
    -------
    pair of arrays of `shape`

    Notes
    -----
    h(t) = N^(-1/2) sum over n < N of a[n] exp(2 pi i f_D t cos phi[n]), with a[n] circular normal
    and phi[n] uniform on the n-th of N equal parts of (0, pi). At any one time h is exactly
    circular normal (for any directions), so its power is exponential: Rayleigh fading. Between
    times, E[h(s) conj h(s + t)] = E[mean of exp(-2 pi i f_D t cos phi)] = J0(2 pi f_D t) exactly,
    whatever N (Clarke 1968): the parts together fill (0, pi) uniformly.
    """
    real, imaginary = np.zeros(shape), np.zeros(shape)
    for wave in range(WAVES):
        here = source.stream(f"wave {wave}")
        real_part, imag_part = here.stream("weight").complex_normal(*shape)
        if cycles != 0.0:  # at time zero the phase factor is exactly one
            part = here.stream("direction").uniform(*shape)
            shift, _ = portable_cosine_sine((wave + part) / (2.0 * WAVES))
            cosine, sine = portable_cosine_sine(cycles * shift)
            real_part, imag_part = (
                real_part * cosine - imag_part * sine,
                real_part * sine + imag_part * cosine,
            )
        real, imaginary = real + real_part, imaginary + imag_part
    scale = 1.0 / math.sqrt(WAVES)
    return scale * real, scale * imaginary


def line_of_sight_field(source: Draws, shape: tuple[int, ...], cycles: float) -> Field:
    """Return fields of power 1 whose phase is uniform at time zero and turns at 0.7 f_D.

    Parameters and result are those of `scattered_field`.

    Parameters
    ----------
    source, shape, cycles
        As in `scattered_field`.
    """
    return portable_cosine_sine(source.uniform(*shape) + LINE_OF_SIGHT_SHIFT * cycles)


def rician_field(source: Draws, shape: tuple[int, ...], k_factor: float, cycles: float) -> Field:
    """Return Rician fields of mean power 1.

    Parameters
    ----------
    source, shape, cycles
        As in `scattered_field`.
    k_factor : float
        Power of the line-of-sight wave over that of all scattered waves, linear, >= 0; at 0 the
        fading is Rayleigh.

    Returns
    -------
    pair of arrays of `shape`

    Notes
    -----
    h = sqrt(K/(K+1)) (line of sight) + sqrt(1/(K+1)) (scattered). The power has mean 1 and
    variance (2 K + 1) / (K + 1)^2, from which K is measured (Greenstein, Michelson, Erceg,
    "Moment-method estimation of the Ricean K-factor", IEEE Communications Letters 3(6), 1999).
    """
    direct = line_of_sight_field(source.stream("line of sight"), shape, cycles)
    diffuse = scattered_field(source.stream("scattered"), shape, cycles)
    strong = math.sqrt(k_factor / (k_factor + 1.0))
    weak = math.sqrt(1.0 / (k_factor + 1.0))
    return strong * direct[0] + weak * diffuse[0], strong * direct[1] + weak * diffuse[1]


def field_power(field: Field) -> np.ndarray:
    """Return |h|^2."""
    real, imaginary = field
    return real * real + imaginary * imaginary
