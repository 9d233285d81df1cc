"""Fit the model of `dmoe_models.scores.fitted` to the recorded scores of a layer and domain.

They are split into two kinds of tokens, by 2-means over the roots of
their scores, whose distance is Hellinger's. Of each kind, expert biases are chosen so that experts
are active as often as recorded, then the scale so that the mean largest score is the recorded one.
Which six experts are active does not depend on the scale, so one follows the other. Only these
parameters are written; nothing of a single token is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import optimize, special

from dmoe_models.errors import MethodError
from dmoe_models.portable.random import Draws
from dmoe_models.scores.fitted import BIAS_UNIT, active_scores
from dmoe_models.scores.recorded import ESFT_ACTIVE

SAMPLE = 4096
"""Tokens by which the model's frequencies are estimated; the same noise in every fit."""
STEPS = 300
CLOSE = 1e-3
"""Biases are iterated until none is moved by more."""


def split_tokens(scores: np.ndarray) -> np.ndarray:
    """Return (N,) bool: the token is of the first kind, which is the larger.

    Lloyd's iteration for two means from the signs of the first principal component.
    """
    roots = np.sqrt(scores)
    departure = roots - roots.mean(axis=0)
    _, directions = np.linalg.eigh(departure.T @ departure)
    first = departure @ directions[:, -1] > 0
    while True:
        middle, other = roots[first].mean(axis=0), roots[~first].mean(axis=0)
        nearer = roots @ (middle - other) > 0.5 * (middle @ middle - other @ other)
        if (nearer == first).all():
            return first if first.mean() >= 0.5 else ~first
        first = nearer


def fit_bias(frequency: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Return the (E,) biases at which experts are among the best six as often as given.

    Parameters
    ----------
    frequency : (E,) array
        Sums to 6.
    noise : (N, E) array
        Standard normal.

    Notes
    -----
    Given the other experts' logits, expert j is active with probability Phi(bias[j] - c), where c
    is the sixth largest of them. The mean of that over the sample is smooth in the biases; they
    are moved by the difference of the probits until recorded and modelled ones agree.
    """
    bias = np.zeros(len(frequency))
    for _ in range(STEPS):
        logits = bias + noise
        ordered = np.partition(logits, (-ESFT_ACTIVE - 1, -ESFT_ACTIVE), axis=1)
        sixth, seventh = ordered[:, [-ESFT_ACTIVE]], ordered[:, [-ESFT_ACTIVE - 1]]
        others = np.where(logits >= sixth, seventh, sixth)
        modelled = special.ndtr(bias - others).mean(axis=0)
        missing = special.ndtri(frequency) - special.ndtri(np.clip(modelled, 1e-12, 1 - 1e-12))
        missing -= np.median(missing)  # a common bias has no effect
        if np.abs(missing).max() < CLOSE:
            return bias
        bias = bias + missing
    raise MethodError(f"biases did not settle in {STEPS} steps")


def fit_kind(scores: np.ndarray, noise: np.ndarray) -> dict[str, Any]:
    """Return scale and biases, rounded, of one kind of tokens.

    Parameters
    ----------
    scores : (N, E) array
        Recorded, six in a row, each row divided by its sum.
    noise : (S, E) array
        Standard normal, by which the model's frequencies are estimated.
    """
    count = len(scores)
    # Half a token is added, so that an expert that none of few tokens used has a finite bias.
    frequency = ((scores > 0).sum(axis=0) + 0.5) / (count + 1)
    frequency *= ESFT_ACTIVE / frequency.sum()
    steps = np.rint(fit_bias(frequency, noise) / BIAS_UNIT).astype(int)
    logits = BIAS_UNIT * steps + noise
    wanted = scores.max(axis=1).mean()

    def excess(scale: float) -> float:
        return float(active_scores(scale * logits).max(axis=1).mean() - wanted)

    scale = optimize.brentq(excess, 1e-3, 50.0, xtol=1e-4)
    return {"scale": round(scale, 3), "bias": steps.tolist()}


def fit_kinds(scores: np.ndarray, seed: int) -> list[dict[str, Any]]:
    """Return the fitted parameters of the two kinds of tokens of one layer and domain.

    Parameters
    ----------
    scores : (N, E) array
        Recorded, six in a row; rows need not sum to 1.
    seed : int
        Of the noise by which the model's frequencies are estimated.

    Returns
    -------
    list of dict
        Of each kind its `share` of the tokens, `scale` and `bias`, a whole number of `BIAS_UNIT`
        for every expert; the larger kind first.
    """
    scores = scores / scores.sum(axis=1, keepdims=True)
    noise = Draws(seed).stream("calibration").normal(SAMPLE, scores.shape[1])
    first = split_tokens(scores)
    share = round(float(first.mean()), 3)
    return [
        {"share": share} | fit_kind(scores[first], noise),
        {"share": round(1.0 - share, 3)} | fit_kind(scores[~first], noise),
    ]
