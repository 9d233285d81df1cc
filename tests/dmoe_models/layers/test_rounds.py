"""Rounds: layers on equal terms, energies that add up, patterns that count every token."""

import math

import numpy as np
import pandas as pd
import pytest

from dmoe_models import InstanceError, MethodError, evaluate, solve
from dmoe_models.layers.draws import draw_layers, synthetic_layers
from dmoe_models.layers.rounds import Rounds, run_rounds
from dmoe_models.model.importance import importance_profile
from dmoe_models.solving.method import Variant
from dmoe_models.solving.variants import variants

METHODS = ["jesa", "exact", "top-k", "lower-bound", {"method": "homogeneous", "z": 0.5}]


@pytest.fixture(scope="module")
def layers():
    return list(synthetic_layers("uneven", 3, layers=3, K=3, T=6))


@pytest.fixture(scope="module")
def rounds(layers):
    return run_rounds(layers, METHODS, seed=5)


def test_every_method_sees_the_same_draws(rounds, layers):
    table = rounds.layers
    assert len(table) == 3 * len(METHODS)
    hashes = table.groupby("layer")["instance_sha256"].agg(["nunique", "first"])
    assert (hashes["nunique"] == 1).all()
    assert hashes["first"].tolist() == [instance.sha256 for instance in layers]
    assert table.groupby("layer")["gamma"].first().tolist() == list(importance_profile(3, 0.7))


def test_energies_are_those_of_the_evaluator_and_add_up(rounds, layers):
    solved = rounds.layers.dropna(subset="energy_j")
    parts = solved["transmission_j"] + solved["computation_j"] + solved["static_j"]
    np.testing.assert_allclose(parts, solved["energy_j"], rtol=1e-12)
    per_layer = rounds.tokens.groupby(["layer", "method"])[
        ["energy_j", "transmission_j", "computation_j"]
    ].sum()
    expected = solved.set_index(["layer", "method"])
    for name in ("transmission_j", "computation_j"):
        np.testing.assert_allclose(
            per_layer[name], expected.loc[per_layer.index, name], rtol=1e-12, atol=1e-18
        )
    variable = expected["energy_j"] - expected["static_j"]
    np.testing.assert_allclose(per_layer["energy_j"], variable.loc[per_layer.index], rtol=1e-12)

    again = solve(layers[1], "exact", seed=(5 << 16) + 2)
    line = expected.loc[(2, "exact")]
    assert line["energy_j"] == pytest.approx(evaluate(layers[1], again.solution).total_j, rel=1e-9)


def test_patterns_count_every_token_and_expert(rounds):
    for name in ("tokens", "loads", "sizes"):
        pairs = set(map(tuple, getattr(rounds, name)[["layer", "method"]].to_numpy()))
        solved = rounds.layers.dropna(subset="energy_j")
        assert pairs == set(map(tuple, solved[["layer", "method"]].to_numpy()))
    where = ["layer", "method"]
    chosen = rounds.tokens.groupby(where)["experts"].sum()
    assert (rounds.loads.groupby(where)["tokens"].sum() == chosen).all()
    np.testing.assert_allclose(rounds.loads.groupby(where)["share"].sum(), 1.0)
    assert (rounds.sizes.groupby(where)["tokens"].sum() == 6).all()
    mean = rounds.layers.set_index(where)["experts_per_token"].dropna()
    np.testing.assert_allclose(mean, chosen.loc[mean.index] / 6)


def test_totals(rounds):
    totals = rounds.totals().set_index("method")
    exact = rounds.layers[rounds.layers["method"] == "exact"]
    assert totals.loc["exact", "energy_j"] == pytest.approx(exact["energy_j"].sum(), rel=1e-12)
    assert totals.loc["exact", "energy_per_token_j"] == pytest.approx(exact["energy_j"].sum() / 6)
    assert totals.loc["lower-bound", "solved"] == 0
    assert math.isnan(totals.loc["lower-bound", "energy_j"])
    assert totals.loc["lower-bound", "bound_j"] <= totals.loc["exact", "energy_j"]
    assert totals.loc["exact", "energy_j"] <= totals.loc["jesa", "energy_j"] * (1 + 1e-9)


def test_a_layer_without_a_solution_leaves_the_sum_open():
    line = {"method": "a", "tokens": 2, "valid": True}
    zero = dict.fromkeys(["transmission_j", "computation_j", "static_j", "bound_j"], 0.0)
    table = pd.DataFrame(
        [line | zero | {"layer": layer, "energy_j": e} for layer, e in ((1, 1.0), (2, math.nan))]
    )
    totals = Rounds(table, table, table, table).totals().iloc[0]
    assert math.isnan(totals["energy_j"]) and math.isnan(totals["energy_per_token_j"])
    assert (totals["layers"], totals["solved"]) == (2, 1)


def test_no_method_solves_anything():
    infeasible = next(synthetic_layers("scarce", 1, layers=1, K=3, T=6, M=1, D=1))
    rounds = run_rounds([infeasible], ["lower-bound"])
    assert rounds.tokens.empty and list(rounds.sizes) == ["layer", "method", "experts", "tokens"]


def test_random_methods_draw_anew_in_every_layer():
    same = list(synthetic_layers("rayleigh", 1, layers=1, K=4, T=16)) * 6
    random = run_rounds(same, ["random"]).layers
    assert random["energy_j"].nunique() > 1
    pd.testing.assert_frame_equal(
        run_rounds(same, ["random"]).layers.drop(columns="runtime_s"),
        random.drop(columns="runtime_s"),
    )


# ---------------------------------------------------------------------------- the small functions


def test_importance():
    assert importance_profile(3, 0.5) == (0.5, 0.25, 0.125)
    assert importance_profile(2, [1, 0.25]) == (1.0, 0.25)


@pytest.mark.parametrize(
    ("layers", "importance", "words"),
    [
        (0, 0.5, "layers = 0"),
        (2, 1.5, "gamma0 = 1.5"),
        (2, [0.5], "1 entries for 2 layers"),
        (2, [0.5, 0.0], r"importance\[1\] = 0.0"),
        (2, [0.5, "x"], r"importance\[1\] = 'x'"),
        (5000, 0.5, r"importance\[1074\] = 0.0"),
    ],
)
def test_importance_that_cannot_be(layers, importance, words):
    with pytest.raises(InstanceError, match=words):
        importance_profile(layers, importance)


def test_variants():
    given = [
        "jesa",
        {"method": "jesa", "starts": 10},
        {"method": "top-k", "label": "Top-1", "k": 1},
    ]
    assert variants(given) == [
        Variant("jesa", "jesa"),
        Variant("jesa (starts=10)", "jesa", {"starts": 10}),
        Variant("Top-1", "top-k", {"k": 1}),
    ]


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([], "no method"),
        (["jesa", "jesa"], "stands twice"),
        (["nonsense"], "unknown method 'nonsense'"),
        ([{"z": 1}], "has no name"),
        ([3], "neither a name nor a table"),
        ([{"method": "jesa", "label": "two\nlines"}], "not one line of text"),
        ([{"method": "jesa", "label": "\x1b[31mred"}], "not one line of text"),
        ([{"method": "jesa", "label": "a\u2028b"}], "not one line of text"),
        ([{"method": "jesa", "label": " "}], "not one line of text"),
    ],
)
def test_variants_that_are_none(entries, words):
    with pytest.raises(MethodError, match=words):
        variants(entries)


def test_no_layers():
    with pytest.raises(InstanceError, match="no layers"):
        run_rounds([], ["jesa"])


def test_layers_that_are_drawn_here(layers, rounds):
    drawn = run_rounds("uneven", METHODS, seed=3, layers=3, K=3, T=6)
    columns = ["layer", "method", "instance_sha256"]
    assert drawn.layers[columns].equals(rounds.layers[columns])
    with pytest.raises(InstanceError, match="for layers to be drawn"):
        run_rounds(layers, ["jesa"], K=3)
    with pytest.raises(InstanceError, match="domain is for recorded layers"):
        run_rounds("uneven", ["jesa"], domain="law")
    with pytest.raises(InstanceError, match="recorded layers: domain is one of"):
        run_rounds("recorded", ["jesa"])


@pytest.mark.parametrize("form", ["drawn", "list", "iterator"])
def test_how_far_it_is_is_told(form):
    layers = {"layers": 2, "K": 2, "T": 2}
    drawn = list(draw_layers("rayleigh", **layers))
    model = {"drawn": "rayleigh", "list": drawn, "iterator": iter(drawn)}[form]
    seen = []
    run_rounds(
        model,
        ["jesa", "greedy"],
        progress=lambda line, number, total: seen.append((line["method"], number, total)),
        **(layers if form == "drawn" else {}),
    )
    total = None if form == "iterator" else 4
    names = ["jesa", "greedy", "jesa", "greedy"]
    assert seen == [(name, number, total) for number, name in enumerate(names, 1)]
