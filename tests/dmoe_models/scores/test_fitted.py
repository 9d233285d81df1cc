"""The family `calibrated`: complete parameters, documented statistics, and the recordings' own."""

import numpy as np
import pytest

from dmoe_models import DmoeError
from dmoe_models.portable.random import Draws
from dmoe_models.scores.fit import CLOSE, fit_bias, fit_kind, split_tokens
from dmoe_models.scores.fitted import (
    BIAS_UNIT,
    TokenKind,
    active_scores,
    fitted_kinds,
    modelled_scores,
)
from dmoe_models.scores.recorded import group_experts, read_gates
from dmoe_models.scores.statistics import STATISTICS, gate_statistics
from instances.families import draw
from instances.recorded.directory import DOMAINS, RECORDED_LAYERS

from places import RECORDINGS, needs_recordings

GATES = RECORDINGS / "gates_deepseek_v2_lite"

# docs/gates.md: mean over all layers and domains of what is drawn, and the error of that mean
# (four standard errors of 256 tokens a layer and domain, or more).
DOCUMENTED = {
    "top1": (0.329, 0.004),
    "top2": (0.523, 0.004),
    "top1_deviation": (0.105, 0.004),
    "entropy": (1.647, 0.006),
    "node_top1": (0.428, 0.004),
    "node_top2": (0.670, 0.004),
    "capped": (0.057, 0.006),
}

# docs/gates.md: mean absolute errors; half as much again for the sample of layers and tokens.
MEAN_ERRORS = {
    "top1": 0.0013,
    "top2": 0.0092,
    "top1_deviation": 0.0151,
    "entropy": 0.0134,
    "load_variation": 0.0685,
    "node_top1": 0.0093,
    "node_top2": 0.0073,
    "node_load_variation": 0.0323,
    "capped": 0.0127,
}

# Largest errors of 4096 draws where the recordings are at hand: those of the page, a little more.
LIMITS = {
    "top1": 0.015,
    "top2": 0.04,
    "top1_deviation": 0.06,
    "entropy": 0.09,
    "load_variation": 0.35,
    "node_top1": 0.045,
    "node_top2": 0.035,
    "node_load_variation": 0.2,
    "capped": 0.08,
}


def scores_of(layer, domain, tokens, seed=1):
    """(tokens, 64) scores."""
    return draw("calibrated", seed, K=64, T=tokens, M=1, layer=layer, domain=domain).gate_scores


def test_parameters_are_complete():
    fitted = fitted_kinds()
    assert tuple(fitted) == DOMAINS
    for layers in fitted.values():
        assert len(layers) == RECORDED_LAYERS
        for kinds in layers:
            assert len(kinds) == 2
            assert sum(kind.share for kind in kinds) == pytest.approx(1.0, abs=1e-12)
            for kind in kinds:
                assert 0 < kind.share < 1 and 0.1 < kind.scale < 10
                assert kind.bias.shape == (64,) and np.abs(kind.bias).max() < 10


def test_draws_have_the_documented_statistics():
    rows = [
        gate_statistics(scores_of(layer, domain, 256))
        for domain in DOMAINS
        for layer in range(RECORDED_LAYERS)
    ]
    for name, (mean, error) in DOCUMENTED.items():
        assert np.mean([row[name] for row in rows]) == pytest.approx(mean, abs=error), name


@needs_recordings
@pytest.mark.parametrize(
    ("layer", "domain"),
    [(0, "law"), (6, "summary"), (13, "intent"), (20, "translation"), (25, "law")],
)
def test_draws_have_the_statistics_of_the_recordings(layer, domain):
    recorded = gate_statistics(read_gates(GATES / f"{domain}.npz", layer=layer).scores)
    drawn = gate_statistics(scores_of(layer, domain, 4096))
    for name, error in LIMITS.items():
        assert drawn[name] == pytest.approx(recorded[name], abs=error), name
    assert drawn["load_peak"] == pytest.approx(recorded["load_peak"], rel=0.5)


@needs_recordings
def test_mean_errors_are_those_of_the_page():
    errors = {name: [] for name in MEAN_ERRORS}
    for domain in DOMAINS:
        for layer in (1, 7, 13, 19, 24):
            recorded = gate_statistics(read_gates(GATES / f"{domain}.npz", layer=layer).scores)
            drawn = gate_statistics(scores_of(layer, domain, 4096))
            for name, found in errors.items():
                found.append(abs(drawn[name] - recorded[name]))
    sampling = 2 * 0.11 / 4096**0.5  # of top1, whose own error is below that of the sample
    for name, mean in MEAN_ERRORS.items():
        assert np.mean(errors[name]) < 1.5 * mean + (sampling if name == "top1" else 0), name


@needs_recordings
def test_experts_are_active_as_often_as_recorded():
    recorded = read_gates(GATES / "intent.npz", layer=6).scores > 0
    drawn = scores_of(6, "intent", 8192) > 0
    np.testing.assert_allclose(drawn.mean(axis=0), recorded.mean(axis=0), atol=0.02)


@pytest.mark.parametrize(
    ("parameters", "digits"),
    [
        ({"K": 64, "T": 5, "M": 3, "layer": 25, "domain": "law"}, "333e56b8280ac519"),
    ],
)
def test_draws_are_the_recorded_bits(parameters, digits):
    assert draw("calibrated", 5, **parameters).sha256.startswith(digits)


def test_form_of_the_scores():
    scores = scores_of(3, "summary", 50)
    assert ((scores > 0).sum(axis=1) == 6).all()
    grouped = draw("calibrated", 1, K=8, T=50, M=9, layer=3, domain="summary")
    np.testing.assert_allclose(grouped.gate_scores, group_experts(scores, 8), rtol=1e-14)
    plain = draw("rayleigh", 1, K=8, T=50, M=9)
    assert grouped.replace(gate_scores=plain.gate_scores).sha256 == plain.sha256


def test_mixed_tokens_are_those_of_their_domains():
    mixed = draw("calibrated", 2, K=64, T=400, M=1, domain="mixed")
    pure = [
        draw("calibrated", 2, K=64, T=400, M=1, domain=domain).gate_scores for domain in DOMAINS
    ]
    of_token = [
        [n for n in range(4) if (pure[n][token] == scores).all()]
        for token, scores in enumerate(mixed.gate_scores)
    ]
    assert all(len(found) == 1 for found in of_token)
    counts = np.bincount([found[0] for found in of_token], minlength=4)
    assert dict(zip(DOMAINS, counts.tolist(), strict=True)) == mixed.metadata["tokens_of_domain"]
    assert np.abs(counts - 100).max() < 4 * (400 * 0.25 * 0.75) ** 0.5
    assert "drawn from a model" in " ".join(mixed.metadata["assumptions"])


def test_layers_are_independent():
    first, second = scores_of(4, "law", 500), scores_of(5, "law", 500)
    best = np.corrcoef(first.max(axis=1), second.max(axis=1))[0, 1]
    assert abs(best) < 4 * 500**-0.5


def test_active_scores():
    logits = np.log([[1.0, 4.0, 2.0, 3.0, 1.0]])
    np.testing.assert_allclose(active_scores(logits, 2), [[0, 4 / 7, 0, 3 / 7, 0]], rtol=1e-14)


def test_statistics():
    scores = np.zeros((2, 16))
    scores[0, [0, 1, 2]] = 4, 3, 1
    scores[1, 15] = 5
    found = gate_statistics(scores)
    assert set(found) == set(STATISTICS)
    load = np.array([0.25, 0.1875, 0.0625, 0.5])
    entropy = -np.sum(np.array([0.5, 0.375, 0.125]) * np.log([0.5, 0.375, 0.125])) / 2
    expected = {
        "top1": 0.75,
        "top2": 0.9375,
        "top1_deviation": 0.25,
        "entropy": entropy,
        "load_variation": 16 * np.sqrt(np.mean((np.append(load, np.zeros(12)) - 1 / 16) ** 2)),
        "load_peak": 8.0,
        "node_top1": 0.9375,
        "node_top2": 1.0,
        "capped": 0.0,
    }
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-12), name


def test_fit_finds_the_parameters_of_what_the_model_draws():
    random = np.random.default_rng(0)
    kinds = [
        TokenKind(0.7, 1.2, random.normal(size=64)),
        TokenKind(0.3, 0.8, random.normal(size=64)),
    ]
    scores = modelled_scores(Draws(1), kinds, 20_000)
    first = split_tokens(scores)
    assert first.mean() == pytest.approx(0.7, abs=0.03)
    noise = Draws(2).normal(2048, 64)
    for mask, kind in ((first, kinds[0]), (~first, kinds[1])):
        found = fit_kind(scores[mask], noise)
        assert found["scale"] == pytest.approx(kind.scale, rel=0.06)
        bias = BIAS_UNIT * np.array(found["bias"])
        assert np.corrcoef(bias, kind.bias)[0, 1] > 0.98


def test_fitted_biases_give_the_frequencies():
    frequency = 6 * np.random.default_rng(3).dirichlet(np.full(64, 2.0))
    bias = fit_bias(frequency, Draws(3).normal(2048, 64))
    active = active_scores(bias + Draws(4).normal(20_000, 64)) > 0
    spread = 4 * (frequency / 20_000) ** 0.5 + 4 * (frequency / 2048) ** 0.5
    assert (np.abs(active.mean(axis=0) - frequency) < spread + CLOSE).all()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"K": 5}, "K = 5 is not a divisor of 64"),
        ({"K": 128}, "K = 128 is not a divisor of 64"),
        ({"T": 10**7}, "T = 10000000: more than"),
        ({"layer": 26}, "layer = 26 is outside 0 to 25"),
        ({"layer": -1}, "layer = -1 is below 0"),
        ({"layer": 1.0}, "layer = 1.0 is not a whole number"),
        ({"domain": "poetry"}, "domain = 'poetry' is not one of intent, law"),
        ({"domain": 3}, "domain = 3 is not one of"),
    ],
)
def test_bad_request(parameters, message):
    with pytest.raises(DmoeError, match=message) as caught:
        draw("calibrated", 1, **parameters)
    assert "\n" not in str(caught.value)
