"""A model of recorded gate scores, from which they are drawn without the recordings.

It is fitted by `dmoe_models.scores.fit` to the records of one mixture-of-experts language model
(DeepSeek-V2-Lite's architecture: 26 layers of 64 experts, six of them active) on texts of four
domains; its parameters are part of the package, in ``fitted.json``. How well it fits stands in
``docs/gates.md``.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np

from dmoe_models.portable.functions import portable_exp
from dmoe_models.portable.random import Draws, normalise_rows
from dmoe_models.scores.recorded import ESFT_ACTIVE

PARAMETERS = resources.files("dmoe_models.scores") / "fitted.json"
BIAS_UNIT = 0.05
"""Biases are stored as whole numbers of it."""

MODEL_ASSUMPTIONS = (
    "gate scores are drawn from a model fitted to recorded ones: six of 64 experts have a score, "
    "the other scores, which were not recorded, are zero",
    "consecutive experts on each node: scores added, then divided by their sum",
)


class TokenKind(NamedTuple):
    """Tokens that are alike: their share of a layer's tokens, and how their logits are drawn.

    The logit of expert j is `scale` (`bias`[j] + a standard normal number of its own).
    """

    share: float
    scale: float
    bias: np.ndarray


@cache
def fitted_kinds() -> dict[str, list[list[TokenKind]]]:
    """Return the fitted parameters: domain -> layer -> kinds of tokens."""
    content = json.loads(PARAMETERS.read_text(encoding="utf-8"))
    return {
        domain: [
            [
                TokenKind(kind["share"], kind["scale"], BIAS_UNIT * np.array(kind["bias"]))
                for kind in kinds
            ]
            for kinds in layers
        ]
        for domain, layers in content["domains"].items()
    }


def active_scores(logits: np.ndarray, active: int = ESFT_ACTIVE) -> np.ndarray:
    """Return the softmax of the largest logits of every row; the others get zero.

    Parameters
    ----------
    logits : (T, E) array
    active : int
        How many are kept.

    Returns
    -------
    (T, E) array whose rows sum to 1
    """
    order = np.argsort(-logits, axis=1, kind="stable")[:, :active]
    best = np.take_along_axis(logits, order, axis=1)
    scores = np.zeros_like(logits)
    np.put_along_axis(scores, order, normalise_rows(portable_exp(best - best[:, :1])), axis=1)
    return scores


def modelled_scores(source: Draws, kinds: list[TokenKind], tokens: int) -> np.ndarray:
    """Return (tokens, 64) scores of tokens of one layer and domain, six in a row.

    Parameters
    ----------
    source : Draws
        Streams below it are used.
    kinds : list of TokenKind
        Their shares sum to 1.
    tokens : int
    """
    where = source.stream("kinds").uniform(tokens)
    kind = np.zeros(tokens, dtype=np.int64)
    edge = 0.0
    for earlier in kinds[:-1]:
        edge = edge + earlier.share
        kind += where >= edge
    bias = np.array([entry.bias for entry in kinds])[kind]
    scale = np.array([entry.scale for entry in kinds])[kind]
    noise = source.stream("noise").normal(tokens, bias.shape[1])
    return active_scores(scale[:, None] * (bias + noise))
