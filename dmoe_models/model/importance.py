"""Layer importance: the factor gamma(l) of each layer of a model."""

from __future__ import annotations

from collections.abc import Sequence

from dmoe_models.errors import InstanceError
from dmoe_models.input_checks import real_number, whole_number

DEFAULT_GAMMA0 = 0.7
"""gamma0 where none is given; a default of this project, as the source papers give no number."""


def importance_profile(layers: int, importance: float | Sequence[float]) -> tuple[float, ...]:
    """Return gamma(1), ..., gamma(L).

    Parameters
    ----------
    layers : int
        L >= 1.
    importance : float or sequence of L floats
        gamma0, for gamma(l) = gamma0^l (multiplied out, so that it is the same bits everywhere); or
        the profile itself.

    Raises
    ------
    InstanceError
        For a number outside (0, 1], or another number of them than of layers.
    """
    number = whole_number("layers", layers)
    if number < 1:
        raise InstanceError(f"layers = {number} is below 1")
    if isinstance(importance, (int, float)):
        if not 0 < real_number("gamma0", importance) <= 1:
            raise InstanceError(f"gamma0 = {importance} is outside (0, 1]")
        profile, gamma = [], 1.0
        for _ in range(number):
            gamma *= real_number("gamma0", importance)
            profile.append(gamma)
    else:
        profile = [real_number(f"importance[{i}]", value) for i, value in enumerate(importance)]
        if len(profile) != number:
            raise InstanceError(f"importance has {len(profile)} entries for {number} layers")
    for index, gamma in enumerate(profile):
        if not 0 < gamma <= 1:
            raise InstanceError(f"importance[{index}] = {gamma} is outside (0, 1]")
    return tuple(profile)
