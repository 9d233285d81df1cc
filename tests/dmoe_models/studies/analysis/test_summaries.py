"""Tables of verdicts: every figure from rows that were made up so that it is known."""

import math

import numpy as np
import pandas as pd
import pytest

from dmoe_models.studies.analysis.intervals import excess_interval, proportion_interval
from dmoe_models.studies.analysis.summaries import summaries
from dmoe_models.studies.asymptotics.rows import distinct_probability
from dmoe_models.studies.asymptotics.tables import (
    asymptotic_optimality,
    decay_rates,
    series_parameters,
    subcarriers_needed,
)
from dmoe_models.studies.configuration import design_of
from dmoe_models.studies.design import work_of
from dmoe_models.studies.engine.database import Database
from dmoe_models.studies.optimality.tables import (
    bound_tightness,
    bound_tightness_by_family,
    method_gaps,
    method_gaps_by_family,
    search_nodes,
)
from dmoe_models.studies.savings.tables import energy_parts, savings_by_layer, savings_in_total


def stored(folder, text: str, make) -> pd.DataFrame:
    """The tidy table of a study whose rows are made up: `make(parameters, seed)` gives rows."""
    design = design_of(text)
    with Database(folder, design) as database:
        for task in design.tasks():
            work = work_of(task.content())
            rows = [row for seed in work.seeds for row in make(work.cell, seed)]
            if rows:
                database.store(task, [{"status": "optimal"} | row for row in rows], 1, 0.1)
            else:
                database.store_failure(task, "it hung", 2, 0.1)
        return database.table()


# ---------------------------------------------------------------------------------- asymptotics


@pytest.fixture
def asymptotic(tmp_path):
    """Of ten draws, ratio 1 has 4 optimal ones, ratio 2 has 9, ratio 4 all; other cells fail."""
    good = {1: 4, 2: 9, 4: 10}

    def make(cell, seed):
        if cell["family"] == "reciprocal":
            return []
        ratio = cell["subcarriers_per_link"]
        optimal = seed < good[ratio]
        return [
            {
                "seed": seed,
                "method": "jesa",
                "links": 6,
                "subcarriers": 6 * ratio,
                "tokens": 6,
                "certified": seed != 9 or ratio > 1,
                "distinct": seed < 2 * ratio,
                "bound_distance": 0.0 if seed < ratio else 0.1,
                "excess": 0.0 if optimal else 0.2,
                "optimal": optimal,
            }
        ]

    text = """
    study = "asymptotics"
    methods = ["jesa"]
    batch = 5
    [[cells]]
    seeds = 10
    family = ["rayleigh", "reciprocal"]
    K = 3
    subcarriers_per_link = [1, 2, 4]
    """
    return stored(tmp_path, text, make)


def test_asymptotic_optimality(asymptotic):
    table = asymptotic_optimality(asymptotic)
    assert table["family"].tolist() == ["rayleigh"] * 3 and table["K"].tolist() == [3] * 3
    assert table["subcarriers_per_link"].tolist() == [1, 2, 4]
    assert table["draws"].tolist() == [10] * 3 and table["certified"].tolist() == [9, 10, 10]
    assert table["p_optimal"].tolist() == pytest.approx([4 / 9, 0.9, 1.0])
    assert (table["p_optimal_low"] <= table["p_optimal"]).all()
    assert (table["p_optimal"] <= table["p_optimal_high"]).all()
    assert table["p_distinct"].tolist() == pytest.approx([0.2, 0.4, 0.8])  # certified or not
    assert table["optimal_without"].tolist() == [2, 5, 2] and table["missed"].tolist() == [0, 0, 0]
    assert table["closed_form"][0] == pytest.approx(math.factorial(6) / 6**6)
    assert table["p_bound_tight"].tolist() == pytest.approx([1 / 9, 0.2, 0.4])
    assert table["mean_excess"].tolist() == pytest.approx([0.2 * 5 / 9, 0.02, 0.0])
    assert table["worst_excess"].tolist() == pytest.approx([0.2, 0.2, 0.0])
    assert table["failed"].tolist() == [0, 0, 0]


def test_methods_without_a_label_are_called_as_in_the_literature(asymptotic):
    assert set(summaries("asymptotics", asymptotic)["optimality"]["method"]) == {"JESA"}
    both = asymptotic.copy()
    both.loc[both.index[:5], "method"] = "JESA"
    assert set(summaries("asymptotics", both)["optimality"]["method"]) == {"jesa", "JESA"}


def test_homogeneous_is_not_of_relevance_one_where_z_is_another(asymptotic):
    rows = asymptotic[asymptotic["method"].notna()].assign(method="homogeneous")
    for z, label in ((1.0, "H(1, D)"), (0.5, "homogeneous")):
        table = summaries("asymptotics", rows.assign(z=z))["optimality"]
        assert set(table["method"]) == {label}


def test_subcarriers_needed(asymptotic):
    optimality = asymptotic_optimality(asymptotic)
    table = subcarriers_needed(optimality, target=0.85)
    assert len(table) == 1 and table["needed"][0] == 2.0 and table["largest"][0] == 4.0
    assert math.isnan(table["needed_surely"][0])  # ten of ten prove only 69 %
    assert subcarriers_needed(optimality, target=0.6)["needed_surely"][0] == 4.0
    assert "subcarriers_per_link" not in table and table["family"][0] == "rayleigh"


def test_a_delay_spread_goes_with_the_subcarriers_unless_it_has_an_axis_of_its_own():
    lines = [
        {"cell": 0, "family": "tdl", "K": 3, "M": m, "delay_spread_s": d, "method": "jesa"}
        | {"subcarriers": m}
        for m, d in ((6, 4e-7), (12, 2e-7), (24, 1e-7), (12, 1e-7))
    ]
    table = pd.DataFrame(lines)
    assert series_parameters(table.iloc[:3]) == ["family", "K"]
    assert series_parameters(table) == ["family", "K", "delay_spread_s"]


def test_decay_rates(asymptotic):
    rates = decay_rates(asymptotic_optimality(asymptotic)).iloc[0]
    # one ratio has no failure, another fails in 5 of 9 draws: too little to tell a rate
    assert math.isnan(rates["optimal_exponent"]) and math.isnan(rates["distinct_exponent"])
    assert rates["certified"] == 29 and rates["scales"] == 3


def test_the_rate_of_the_closed_form_is_one():
    """Failures as the closed form has them, for many draws: it is near its limit, 1 / M."""
    lines = []
    for cell, ratio in enumerate((16, 32, 64, 128)):
        missed = round(1000 * (1 - distinct_probability(6, 6 * ratio)))
        lines += [
            {
                "cell": cell,
                "status": "optimal",
                "seed": seed,
                "method": "jesa",
                "links": 6,
                "subcarriers": 6 * ratio,
                "certified": True,
                "distinct": seed >= missed,
                "bound_distance": 0.0,
                "excess": 0.0,
                "optimal": seed >= missed / 2,
                "family": "rayleigh",
                "subcarriers_per_link": ratio,
            }
            for seed in range(1000)
        ]
    rates = decay_rates(asymptotic_optimality(pd.DataFrame(lines))).iloc[0]
    assert rates["distinct_exponent_low"] < 1 < rates["distinct_exponent_high"]
    assert 0.8 < rates["optimal_exponent"] < 1.2


# ----------------------------------------------------------------------------------- optimality


def test_optimality(tmp_path):
    def make(cell, seed):
        base = {"seed": seed, "certified": True, "tokens": 4, "subsets": 40.0, "method_s": 1.0}
        if cell["part"] == "methods":
            first, excess = seed == 0, [0.0, 0.1, math.nan, 0.3][seed]
            return [
                base | {"method": "exact", "valid": True, "excess": 0.0, "optimal": True},
                base | {"method": "jesa", "valid": seed != 2, "excess": excess, "optimal": first},
            ]
        if cell["part"] == "relaxations":
            return [
                base | {"method": "LB", "distance": 0.2},
                base | {"method": "LP of sets", "distance": 0.0, "integral": seed > 0},
            ]
        return [base | {"method": "des", "nodes": 4 * (seed + 1), "optimal": True, "valid": True}]

    text = """
    study = "optimality"
    methods = ["jesa"]
    [[cells]]
    part = ["methods", "relaxations", "selection"]
    seeds = 4
    family = "rayleigh"
    K = [3, 4]
    """
    rows = stored(tmp_path, text, make)
    gaps = method_gaps(rows)
    assert gaps["K"].tolist() == [3, 3, 4, 4] and set(gaps["part"]) == {"methods"}
    jesa = gaps[gaps["method"] == "jesa"].iloc[0]
    assert (jesa["certified"], jesa["valid"], jesa["optimal"]) == (4, 3, 1)
    assert jesa["p_optimal"] == 0.25
    assert jesa["mean_excess"] == pytest.approx(0.4 / 3) and jesa["worst_excess"] == 0.3
    pooled = method_gaps_by_family(rows).set_index("method")
    assert pooled.loc["jesa", "certified"] == 8 and pooled.loc["exact", "p_optimal"] == 1.0

    tight = bound_tightness(rows).set_index(["K", "method"])
    assert tight.loc[(3, "LB"), "mean_distance"] == pytest.approx(0.2)
    assert tight.loc[(3, "LP of sets"), "p_tight"] == 1.0
    assert tight.loc[(3, "LP of sets"), "p_integral"] == 0.75
    assert math.isnan(tight.loc[(3, "LB"), "p_integral"])

    pooled = bound_tightness_by_family(rows)
    assert pooled["K"].tolist() == [3, 3, 4, 4] and set(pooled["family"]) == {"rayleigh"}
    more = bound_tightness_by_family(pd.concat([rows, rows.assign(gamma=0.3)]))
    assert more["draws"].tolist() == [8] * 4  # whatever else there is
    assert more["p_integral"].tolist()[1::2] == [0.75] * 2
    assert bound_tightness_by_family(rows.drop(columns="K"))["draws"].tolist() == [8, 8]

    nodes = search_nodes(rows).iloc[0]
    assert nodes["nodes_per_token"] == 2.5 and nodes["most_nodes_per_token"] == 4.0
    assert nodes["subsets_per_token"] == 10.0 and nodes["share"] == pytest.approx(0.25)
    assert nodes["agree"] == 4


def family_of(optimal, excess, jesa=0.0):
    """Rows of JESA and Top-k on two cells of the same draws: `excess` by cell and seed."""
    return pd.DataFrame(
        {
            "part": "methods",
            "family": "rayleigh",
            "cell": cell,
            "seed": seed,
            "links": 6,
            "subcarriers": 6,
            "tokens": 6,
            "certified": True,
            "valid": not math.isnan(value),
            "method": method,
            "optimal": optimal(cell, seed),
            "excess": value,
            "method_s": 1.0,
        }
        for cell in range(2)
        for seed in range(50)
        for method, value in (("JESA", jesa), ("Top-k", excess(cell, seed)))
    )


def test_cells_of_the_same_draws_are_clusters_of_a_family():
    """The second cell repeats the first: it adds nothing. Where it does not, it does."""
    same = (
        method_gaps_by_family(
            family_of(lambda cell, seed: seed % 5 > 0, lambda cell, seed: 0.01 * (seed % 7))
        )
        .set_index("method")
        .loc["Top-k"]
    )
    alone = proportion_interval(40, 50)
    assert (same["certified"], same["optimal"], same["p_optimal"]) == (100, 80, 0.8)
    assert same["p_optimal_low"] == pytest.approx(alone.low, abs=5e-3)
    assert same["p_optimal_high"] == pytest.approx(alone.high, abs=5e-3)
    one = excess_interval([0.01 * (seed % 7) for seed in range(50)])
    assert same["mean_excess_high"] == pytest.approx(one.high)
    other = (
        method_gaps_by_family(
            family_of(
                lambda cell, seed: (seed + 3 * cell) % 5 > 0,
                lambda cell, seed: 0.01 * ((seed + 3 * cell) % 7),
            )
        )
        .set_index("method")
        .loc["Top-k"]
    )
    assert other["p_optimal_low"] > same["p_optimal_low"] + 0.03
    assert other["mean_excess_high"] < same["mean_excess_high"]


def test_what_a_method_needs_beyond_jesa_is_paired():
    def excess(cell, seed):
        return math.nan if seed < 10 else 0.3 + 0.001 * seed

    rows = family_of(lambda cell, seed: False, excess, jesa=0.1)
    rows.loc[(rows["method"] == "JESA") & (rows["seed"] == 49), "excess"] = math.nan
    found = method_gaps_by_family(rows).set_index("method")
    top = found.loc["Top-k"]
    assert top["paired"] == 2 * 39  # seeds 10 to 48, both cells
    assert top["beyond_jesa"] == pytest.approx(0.2 + 0.001 * 29)
    assert top["beyond_jesa_low"] < top["beyond_jesa"] < top["beyond_jesa_high"]
    assert found.loc["JESA", "beyond_jesa"] == 0
    alone = method_gaps_by_family(rows[rows["method"] == "Top-k"]).iloc[0]
    assert alone["paired"] == 0 and math.isnan(alone["beyond_jesa"])


# -------------------------------------------------------------------------------------- savings


@pytest.fixture
def saved(tmp_path):
    """Top-k takes 10 and 20 J in layers 1 and 2 (seed 0), jesa 4 and 5 times less."""

    def make(cell, seed):
        rows = []
        for layer, factor in ((1, 4.0), (2, 5.0)):
            top = (10.0 + seed) * layer
            for method, energy, valid in (
                ("Top-k", top, False),
                ("jesa", top / factor, True),
                ("same", top, seed == 0),
                ("lost", math.nan if layer == 2 else 1.0, False),
            ):
                rows.append(
                    {
                        "seed": seed,
                        "layer": layer,
                        "gamma": 0.7**layer,
                        "tokens": 5,
                        "capped": layer,
                        "method": method,
                        "valid": valid,
                        "energy_j": energy,
                        "transmission_j": 0.25 * energy,
                        "computation_j": 0.75 * energy,
                        "experts_per_token": 1.5,
                    }
                )
        return rows

    text = """
    study = "savings"
    methods = ["jesa"]
    [[cells]]
    seeds = 3
    family = "rayleigh"
    K = 3
    layers = 2
    gamma0 = [0.7]
    """
    return stored(tmp_path, text, make)


def test_savings_in_total(saved):
    table = savings_in_total(saved).set_index("method")
    assert set(table["reference"]) == {"Top-k"} and set(table.index) == {"jesa", "same"}
    expected = 1 - (1 / 4 + 2 / 5) / 3
    assert table.loc["jesa", "saving"] == pytest.approx(expected)
    assert table.loc["jesa", "saving_low"] == pytest.approx(expected)  # the same in every draw
    assert table.loc["jesa", "above_half"] and not table.loc["jesa", "none"]
    assert table.loc["same", "none"] and not table.loc["same", "above_half"]
    assert table["valid"].to_dict() == {"jesa": 3, "same": 1} and (table["draws"] == 3).all()
    assert table["gamma0"].tolist() == [0.7, 0.7]


def test_savings_by_layer(saved):
    table = savings_by_layer(saved)
    jesa = table[table["method"] == "jesa"]
    assert jesa["layer"].tolist() == [1, 2]
    assert jesa["saving"].tolist() == pytest.approx([0.75, 0.8])
    lost = table[table["method"] == "lost"]
    assert lost["layer"].tolist() == [1]


def test_energy_parts(saved):
    table = energy_parts(saved).set_index(["method", "layer"])
    assert table.loc[("Top-k", 2), "energy_j"] == pytest.approx(22.0)
    assert table.loc[("jesa", 1), "transmission_share"] == pytest.approx(0.25)
    assert table.loc[("jesa", 2), "capped"] == pytest.approx(0.4)
    assert table.loc[("jesa", 2), "gamma"] == pytest.approx(0.49)


# ----------------------------------------------------------------------------------- all of them


def test_tables_of_real_rows_are_written(tmp_path):
    text = """
    study = "asymptotics"
    methods = ["jesa"]
    [[cells]]
    seeds = 3
    family = "rayleigh"
    K = 3
    T = 6
    subcarriers_per_link = [1, 2]
    """
    pytest.importorskip("matplotlib")
    from dmoe_models.studies.analysis.findings import gather
    from dmoe_models.studies.engine.worker import perform
    from dmoe_models.studies.report.files import write_report

    design = design_of(text)
    with Database(tmp_path, design) as database:
        for task in design.tasks():
            database.store(task, perform(task.content())["rows"], 1, 0.1)
        rows = database.table()
        write_report(gather(database), tmp_path / "out")
    read = pd.read_csv(tmp_path / "out" / "rows.csv")
    np.testing.assert_array_equal(read["optimum_j"], rows["optimum_j"])
    for name, table in summaries("asymptotics", rows).items():
        kept = pd.read_csv(tmp_path / "out" / f"{name}.csv")
        assert list(kept.columns) == list(table.columns) and len(kept) == len(table)
        assert kept["certified"].tolist() == table["certified"].tolist()


@pytest.mark.parametrize("study", ["asymptotics", "optimality", "savings"])
def test_a_study_of_which_nothing_is_known_yet_has_empty_tables(study, tmp_path):
    part = {"optimality": 'part = "methods"\n', "savings": "layers = 2\n"}.get(study, "")
    text = f'study = "{study}"\nmethods = ["jesa"]\n[[cells]]\nseeds = 1\n{part}family = "rayleigh"'
    rows = stored(tmp_path, text, lambda cell, seed: [])
    for nothing in (rows, rows.iloc[:0]):
        for name, table in summaries(study, nothing).items():
            assert table.empty, name
