"""docs/model.md: its table of names is true, its facts have tests, its examples come out so."""

import inspect
import itertools
import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from dmoe_models import Instance, solve
from dmoe_models.algorithms.jesa import descend
from dmoe_models.deadline import Deadline
from dmoe_models.model.importance import DEFAULT_GAMMA0
from dmoe_models.verification.row import Row
from formulations import models
from formulations.relaxations import relaxation
from instances import defaults
from instances.families import FAMILIES, draw
from instances.families.size import SIZE_DEFAULTS

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "model.md").read_text(encoding="utf-8")
FACTS = [int(number) for number in re.findall(r"^### Fact (\d+): ", PAGE, re.MULTILINE)]


def names(column: int) -> list[str]:
    """Return the code names in one column of the table of symbols."""
    (table,) = re.findall(r"<!-- names: begin.*?-->\n(.*?)<!-- names: end -->", PAGE, re.DOTALL)
    rows = [line.strip("|").split("|") for line in table.splitlines()[2:]]
    assert len({len(row) for row in rows}) == 1
    return [name for row in rows for name in re.findall(r"`(\w+)`", row[column])]


def test_every_fact_has_a_test_that_names_it():
    assert list(range(1, 10)) == FACTS
    tests = "\n".join(file.read_text(encoding="utf-8") for file in ROOT.glob("tests/**/test_*.py"))
    assert [n for n in FACTS if not re.search(rf"fact[ _]{n}\b|fact_{n}_", tests)] == []


def test_the_code_cites_facts_that_there_are_and_pages_that_are_in_the_repository():
    for folder in ("dmoe_models", "formulations", "instances", "tests"):
        for file in (ROOT / folder).rglob("*.py"):
            text = file.read_text(encoding="utf-8")
            assert {int(n) for n in re.findall(r"\bfacts? (\d+)\b", text)} <= {*FACTS}, file
            assert "MODEL" + ".md" not in text, file


def test_instances_have_the_fields_and_properties_of_the_table():
    instance = draw("rayleigh", 0, K=3, T=3)
    assert [name for name in names(1) if not hasattr(instance, name)] == []
    known = {field.name for field in fields(Instance)} - {"name", "metadata"}
    assert known <= {*names(1)}


def test_models_have_the_components_of_the_table():
    instance = draw("rayleigh", 0, K=3, T=3)
    selection = np.eye(3, dtype=bool)[[1, 2, 0]]
    found: dict[str, set[str]] = {"pyomo": set(), "cvxpy": set()}
    for model in models.values():
        options = {"selection": selection} if model.problem == "P3" else {}
        if model.problem != "P1" and "pyomo" in model.languages:
            found["pyomo"] |= {*model.build(instance, "pyomo", **options).component_map()}
        if model.problem != "P1" and "cvxpy" in model.languages:
            problem = model.build(instance, "cvxpy", **options).problem
            found["cvxpy"] |= {variable.name() for variable in problem.variables()}
            found["cvxpy"] |= {constraint.label for constraint in problem.constraints}
    assert {*names(2)} <= found["pyomo"]
    assert {*names(3)} <= found["cvxpy"]


def test_the_table_of_models_is_that_of_the_catalogue():
    (table,) = re.findall(r"<!-- models: begin.*?-->\n(.*?)<!-- models: end -->", PAGE, re.DOTALL)
    rows = re.findall(r"^\| `([\w-]+)`.*\| ([^|]+) \|$", table, re.MULTILINE)
    assert dict(rows) == models()["languages"].to_dict()


def test_families_have_the_parameters_and_rows_the_columns_of_the_table():
    assert {*names(4)} <= {*inspect.signature(FAMILIES["rayleigh"].function).parameters}
    assert {*names(5)} <= {field.name for field in fields(Row)}


def test_defaults_are_those_of_the_code():
    part = PAGE[PAGE.index("## 8. Defaults") : PAGE.index("## 9. ")]
    stated = {
        "1 MHz, 10 mW": (defaults.BANDWIDTH_HZ, defaults.TRANSMIT_POWER_W) == (1e6, 1e-2),
        "$10^{-2}$, 10 dB": (defaults.PATH_LOSS, defaults.MEAN_SNR) == (1e-2, 10.0),
        "$N_0 = 10^{-5}$ W": defaults.NOISE_POWER_W == 1e-5,
        "65,536 bit": defaults.HIDDEN_STATE_BITS == 65536,
        "352 MFLOP": defaults.FLOP_PER_TOKEN == 352e6,
        "0.5 to 2 TFLOP/J": defaults.EFFICIENCY_FLOP_J == (0.5e12, 2e12),
        "| 2, 1, 0.7 |": (SIZE_DEFAULTS["D"], SIZE_DEFAULTS["z"], DEFAULT_GAMMA0) == (2, 1, 0.7),
        "| 0.49 |": SIZE_DEFAULTS["gamma"] == 0.49,
    }
    for words, true in stated.items():
        assert words in part and true, words


# ---------------------------------------------------------------------------- the page's examples


def round_with_prices(price, gate_scores, max_experts, threshold) -> Instance:
    """Return a P2 instance, all tokens at node 0, with given joule per token (K, K, M)."""
    experts = gate_scores.shape[1]
    bandwidth, power, noise, bits = 1e6, 1e-2, 1e-5, 65536.0
    gain = (2.0 ** (power * bits / np.asarray(price) / bandwidth) - 1.0) * noise / power
    return Instance(
        name="example",
        gate_scores=gate_scores,
        source=np.zeros(len(gate_scores), dtype=int),
        gain=np.broadcast_to(gain, (experts, experts, gain.shape[-1])).copy(),
        bandwidth_hz=bandwidth,
        transmit_power_w=power,
        noise_power_w=noise,
        hidden_state_bits=bits,
        computation_energy_j=np.zeros(experts),
        static_energy_j=np.zeros(experts),
        relevance=1.0,
        importance=threshold,
        max_experts=max_experts,
    )


UNIT_J = 1e-4


def test_fact_4_idle_links_decide_where_jesa_ends():
    price = np.full((3, 3, 3), 5.0)
    price[0, 1, 0], price[0, 2, 1] = 2.0, 1.0
    example = round_with_prices(price * UNIT_J, np.array([[0.0, 0.5, 0.5]]), 1, 0.5)
    start = np.zeros((3, 3))
    start[0, 1:] = 2.0 * UNIT_J, 5.0 * UNIT_J  # link 0 -> 2 on subcarrier 2
    found = descend(example, start, deadline=Deadline(None))
    assert found is not None and found.experts == [[2]] and found.assignment[0, 2] == 1
    assert solve(example, "lower-bound").bound == pytest.approx(UNIT_J)


@pytest.mark.parametrize("dear", [2.0, 10.0, 100.0])
def test_fact_8_the_relaxation_of_the_set_formulation_can_be_far_below(dear):
    pairs = list(itertools.combinations(range(1, 5), 2))
    scores = np.zeros((6, 5))
    for token, pair in enumerate(pairs):
        scores[token, pair] = 0.5
    price = np.broadcast_to(np.array([1.0, 1.0, dear, dear]) * UNIT_J, (5, 5, 4))
    example = round_with_prices(price, scores, 1, 0.5)
    assert solve(example, "exact").objective == pytest.approx((5 + dear) * UNIT_J)
    assert relaxation(example, "set").value_j == pytest.approx(6 * UNIT_J)


def test_fact_9_capped_tokens_have_one_set_and_are_the_rule_for_large_k():
    capped = np.array([draw("rayleigh", seed, K=32, T=64, M=8).capped.mean() for seed in range(20)])
    assert 1 - capped.mean() <= 32 * (1 - 0.49 / 2) ** 31 < 0.006
    for seed in range(10):
        whole = draw("rayleigh", seed, K=5, T=8, gamma=1.0)  # nobody's two best scores sum to 1
        assert whole.capped.all()
        best = np.argsort(-whole.gate_scores, axis=1)[:, :2]
        optimum = solve(whole, "exact").solution
        assert [sorted(row) for row in best.tolist()] == optimum.experts
        assert solve(whole, "jesa", seed=seed).objective == solve(whole, "top-k").objective
