"""The family of mutants: an instance of another family, changed step by step.

This is what an adversarial search finds (`instances.search.adversarial`), written down so that it
can be drawn again: a step is one whole number that says, by the random numbers of its own stream,
which change is made where and how far. Its remainder modulo 8 is its level; a change of level v
goes 2^-v times as far as one of level 0. No step compares floating-point numbers to decide
anything, so that a list of steps replays to the same bits on every machine.

A mutant stays within ranges that a reader need not find absurd: the signal-to-noise ratio of every
link on every subcarrier within -20 and 30 dB, computation energies within 0.1 microjoule and
10 millijoule per token, importance within 0.05 and 1. What leaves them, in the base as well, is set
to the end of its range. Scores sum to 1, and links that are missing stay so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields as dataclass_fields
from typing import Any

import numpy as np

from dmoe_models.errors import InstanceError
from dmoe_models.input_checks import one_of, quote, whole_at_least
from dmoe_models.model.instance import Instance
from dmoe_models.portable.functions import from_db
from dmoe_models.portable.random import Draws, normalise_rows
from instances.families.family import FAMILIES, Fields, family
from instances.families.find import draw
from instances.families.size import ByNodes, Size

SNR_RANGE = (1e-2, 1e3)
"""Linear: -20 to 30 dB."""
COMPUTATION_RANGE_J = (1e-7, 1e-2)
IMPORTANCE_RANGE = (0.05, 1.0)

LEVELS = 8

THE_BASES = ByNodes("that of the base", lambda K: 0)
"""D of a mutant that is given none: zero stands for the default of its base."""

COMMON = ("K", "T", "D", "z", "gamma", "strict")
"""Parameters of every family, which a mutant has itself and hands on to its base."""


@family(
    "an instance of another family after small changes, such as a search has chosen",
    without=["M"],
    D=THE_BASES,
)
def mutant(
    draws: Draws,
    size: Size,
    *,
    base: str = "contended",
    base_parameters: Mapping[str, Any] | None = None,
    steps: Sequence[int] = (),
) -> Fields:
    """Draw the base, then change it by every step in turn.

    Parameters
    ----------
    seed
        Of the base.
    gamma
        Steps may change it.
    base : str
        The family that the instance is of before it is changed: any other of this package.
    base_parameters : mapping, optional
        Parameters of the base, but for those that a mutant has itself.
    steps : sequence of int
        The changes, in turn: each a whole number of 0 to 2^63 - 1 that says which and how far.
    """
    one_of("base", base, [n for n, f in FAMILIES.items() if n != "mutant" and not f.source])
    others = {} if base_parameters is None else base_parameters
    if not isinstance(others, Mapping):
        raise InstanceError(f"base_parameters = {quote(others)} is not a table")
    for name in (*COMMON, "seed"):
        if name in others:
            raise InstanceError(f"base_parameters holds {name}, which a mutant has itself")
    if isinstance(steps, str) or not isinstance(steps, Sequence):
        raise InstanceError(f"steps = {quote(steps)} is not a list")
    common = {name: getattr(size, name) for name in COMMON if name != "D" or size.D > 0}
    start = draw(base, draws.seed, **common, **others)
    changed = unchanged(start)
    for place, step in enumerate(steps):
        changed = mutate(changed, whole_at_least(f"steps[{place}]", step, 0))
    return changed


def unchanged(base: Instance) -> Fields:
    """Return the fields of a mutant without steps; all but name and metadata."""
    names = [field.name for field in dataclass_fields(base)]
    return _within_ranges(
        {name: getattr(base, name) for name in names if name not in ("name", "metadata")}
    )


def mutate(fields: Fields, step: int) -> Fields:
    """Return the fields after one more step.

    Parameters
    ----------
    fields : dict
        As of `unchanged`; it stays as it is.
    step : int
        0 to 2^63 - 1.
    """
    changed = {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in fields.items()}
    draws = Draws(step)
    scale = 2.0 ** -(step % LEVELS)
    kind = int(draws.stream("kind").integers(len(_CHANGES), 1)[0])
    _CHANGES[kind](changed, _Dice(draws.stream("change")), scale)
    return _within_ranges(changed)


def _within_ranges(fields: Fields) -> Fields:
    """Return fields with what lies outside of the ranges set to their ends."""
    noise = fields["noise_power_w"] / fields["transmit_power_w"]
    low, high = SNR_RANGE
    gain = np.clip(fields["gain"], low * noise, high * noise)
    least, greatest = IMPORTANCE_RANGE
    return fields | {
        "gain": np.where(fields["gain"] > 0, gain, 0.0),
        "computation_energy_j": np.clip(fields["computation_energy_j"], *COMPUTATION_RANGE_J),
        "importance": min(max(fields["importance"], least), greatest),
    }


class _Dice:
    """One random number after the other."""

    def __init__(self, draws: Draws) -> None:
        self.draws = draws

    def below(self, bound: int) -> int:
        return int(self.draws.integers(bound, 1)[0])

    def factor(self, most_db: float) -> float:
        """Return a factor of up to `most_db` either way."""
        return float(from_db(self.draws.between(-most_db, most_db, 1))[0])

    def link(self, nodes: int) -> tuple[int, int]:
        """Return two distinct nodes."""
        first = self.below(nodes)
        return first, (first + 1 + self.below(nodes - 1)) % nodes


def _scores(fields: Fields, dice: _Dice, scale: float) -> None:
    """Move a token's scores towards others, drawn uniformly from the simplex."""
    scores = fields["gate_scores"]
    token = dice.below(len(scores))
    fresh = dice.draws.simplex(1, scores.shape[1])
    scores[token] = normalise_rows((1.0 - scale) * scores[token][None] + scale * fresh)[0]


def _same_scores(fields: Fields, dice: _Dice, scale: float) -> None:
    """Move a token's scores towards another token's."""
    scores = fields["gate_scores"]
    token, other = dice.below(len(scores)), dice.below(len(scores))
    blend = (1.0 - scale) * scores[token] + scale * scores[other]
    scores[token] = normalise_rows(blend[None])[0]


def _exchange_scores(fields: Fields, dice: _Dice, scale: float) -> None:
    """Exchange two experts' scores for one token, whatever the level."""
    scores = fields["gate_scores"]
    token = dice.below(len(scores))
    pair = list(dice.link(scores.shape[1]))
    scores[token, pair] = scores[token, pair[::-1]]


def _residence(fields: Fields, dice: _Dice, scale: float) -> None:
    """Move a token to another node, whatever the level."""
    source = fields["source"]
    token = dice.below(len(source))
    source[token] = dice.below(len(fields["gain"]))


def _entry(fields: Fields, dice: _Dice, scale: float) -> None:
    """Scale one gain by up to 20 dB."""
    gain = fields["gain"]
    gain[(*dice.link(len(gain)), dice.below(gain.shape[2]))] *= dice.factor(20.0 * scale)


def _link(fields: Fields, dice: _Dice, scale: float) -> None:
    """Scale all gains of a link by up to 10 dB."""
    gain = fields["gain"]
    gain[dice.link(len(gain))] *= dice.factor(10.0 * scale)


def _subcarrier(fields: Fields, dice: _Dice, scale: float) -> None:
    """Scale the gains of all links on one subcarrier by up to 10 dB."""
    gain = fields["gain"]
    gain[:, :, dice.below(gain.shape[2])] *= dice.factor(10.0 * scale)


def _everything(fields: Fields, dice: _Dice, scale: float) -> None:
    """Scale all gains by up to 10 dB, which is as if the noise changed."""
    fields["gain"] *= dice.factor(10.0 * scale)


def _exchange_subcarriers(fields: Fields, dice: _Dice, scale: float) -> None:
    """Exchange a link's gains on two subcarriers, whatever the level."""
    gain = fields["gain"]
    i, j = dice.link(len(gain))
    pair = [dice.below(gain.shape[2]), dice.below(gain.shape[2])]
    gain[i, j, pair] = gain[i, j, pair[::-1]]


def _same_response(fields: Fields, dice: _Dice, scale: float) -> None:
    """Move a link's gains towards another link's, where both have some."""
    gain = fields["gain"]
    own, other = dice.link(len(gain)), dice.link(len(gain))
    blend = (1.0 - scale) * gain[own] + scale * gain[other]
    gain[own] = np.where((gain[own] > 0) & (gain[other] > 0), blend, gain[own])


def _computation(fields: Fields, dice: _Dice, scale: float) -> None:
    """Scale one expert's computation energy by up to 10 dB."""
    energy = fields["computation_energy_j"]
    energy[dice.below(len(energy))] *= dice.factor(10.0 * scale)


def _importance(fields: Fields, dice: _Dice, scale: float) -> None:
    """Move gamma by up to 0.2."""
    fields["importance"] += scale * float(dice.draws.between(-0.2, 0.2, 1)[0])


# What a step means depends on this order: it must stay, and what is added invalidates old steps.
_CHANGES: tuple[Callable[[Fields, _Dice, float], None], ...] = (
    _scores,
    _same_scores,
    _exchange_scores,
    _residence,
    _entry,
    _link,
    _subcarrier,
    _everything,
    _exchange_subcarriers,
    _same_response,
    _computation,
    _importance,
)
