"""LP and MPS files: every solver here reads the model that was written, and none changes it."""

from __future__ import annotations

import subprocess

import numpy as np
import pyomo.environ as pyo
import pytest

from dmoe_models import MethodError, Status, solve
from formulations import models
from formulations.exchange.linear_files import linear_model, lp_lines, mps_lines
from formulations.exchange.names import LONGEST_NAME
from formulations.exchange.read import read_model_solution
from formulations.exchange.write import write_model
from formulations.with_pyomo import models as pyomo_models
from instances.families import draw

from other_solvers import READERS, by_cbc, by_highs, program
from tiny import tiny_instance

LINEAR = [model.name for model in models.values() if not model.products]
FORMATS = {".lp": lp_lines, ".mps": mps_lines}


def instance_for(name, instance):
    if models[name].takes == "P1":
        return instance.replace(assignment=solve(instance, "jesa").solution.assignment)
    return instance


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", LINEAR)
def test_every_solver_finds_the_integers_and_the_optimum(name, reader, tmp_path):
    instance = instance_for(name, draw("rayleigh", 3, K=3, T=5, M=7))
    built = models[name].build(
        instance,
        **({"selection": solve(instance, "top-k").solution.selection} if name == "p3" else {}),
    )
    integers = sum(not v.is_continuous() for v in built.component_data_objects(pyo.Var))
    method = {"P1": "des", "P2": "exact", "P3": "top-k"}[models[name].problem]
    truth = solve(instance, method).objective
    for suffix in FORMATS:
        facts = write_model(instance, tmp_path / f"model{suffix}", name, reduce=False)
        told = READERS[reader](tmp_path / f"model{suffix}")
        assert told.columns == facts.columns and told.integers == integers
        assert told.optimum * facts.unit_j + facts.static_j == pytest.approx(truth, rel=1e-8)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("seed", [2, 6, 7, 8, 9, 67])
def test_every_solver_agrees_where_links_are_missing_or_scarce(seed, reader, tmp_path):
    instance = tiny_instance(seed)
    truth = solve(instance, "exact")
    for name in ("p2-milp", "p2-set"):
        for suffix in FORMATS:
            facts = write_model(instance, tmp_path / f"model{suffix}", name)
            told = READERS[reader](tmp_path / f"model{suffix}")
            if truth.status is Status.INFEASIBLE:
                assert told.optimum is None
            else:
                value = told.optimum * facts.unit_j + facts.static_j
                assert value == pytest.approx(truth.objective, rel=1e-6)


def written(model, folder, suffix):
    program_ = linear_model(model, lambda item: item.local_name)
    path = folder / f"model{suffix}"
    path.write_text("\n".join(FORMATS[suffix](program_, "dmoe_test", ["a comment", ""])) + "\n")
    return path


def odd_model(*, objective=True):
    """Every kind of column and row, and what a reader may stumble over.

    x1 is binary and fixed at zero, though it would pay; x2 is whole and has no upper bound; x3 is
    free, x4 at most -2; x6 is whole and may be negative; right-hand sides have either sign.
    """
    model = pyo.ConcreteModel()
    model.select_x1 = pyo.Var(domain=pyo.Binary, bounds=(0, 0))
    model.select_x2 = pyo.Var(domain=pyo.NonNegativeIntegers)
    model.select_x3 = pyo.Var()
    model.select_x4 = pyo.Var(bounds=(None, -2))
    model.select_x6 = pyo.Var(domain=pyo.Integers, bounds=(-3, 3))
    x1, x2, x3, x4 = model.select_x1, model.select_x2, model.select_x3, model.select_x4
    model.relevance_1 = pyo.Constraint(expr=x2 >= 2.5)
    model.relevance_2 = pyo.Constraint(expr=x3 - x4 == 0.25)
    model.relevance_3 = pyo.Constraint(expr=x4 >= -1e20 + x2 * 0)
    model.relevance_4 = pyo.Constraint(expr=x3 >= -1e-5 * x1 - 2.75)
    model.relevance_5 = pyo.Constraint(expr=model.select_x6 + x1 <= -0.5)
    model.energy = pyo.Objective(
        expr=(x2 - x3 * 0.25 - 10 * x1 + x4 * 0.125 + model.select_x6 / 3 if objective else 0 * x2)
    )
    return model


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("suffix", FORMATS)
def test_columns_and_rows_of_every_kind_are_read(suffix, reader, tmp_path):
    """x2 = 3; x4 in [-3, -2] and x3 = x4 + 0.25 at cost -x4/8 - 1/16: x4 = -2; x6 = -3."""
    told = READERS[reader](written(odd_model(), tmp_path, suffix))
    assert told.integers == (2 if reader == "cbc" else 3)  # CBC counts no fixed one
    assert told.columns == 5
    assert told.optimum == pytest.approx(3 + 0.25 * 1.75 - 0.25 - 1)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("suffix", FORMATS)
def test_an_objective_of_zero_is_read(suffix, reader, tmp_path):
    told = READERS[reader](written(odd_model(objective=False), tmp_path, suffix))
    assert told.integers >= 2 and told.optimum == 0


@pytest.mark.parametrize("suffix", FORMATS)
def test_numbers_are_the_same_doubles(suffix, tmp_path):
    random = np.random.default_rng(1)
    costs = [1 / 3, 0.1 + 0.2, 1e-7, 12345678.9, *random.uniform(size=20)]
    model = pyo.ConcreteModel()
    model.tokens = pyo.Var(range(len(costs)), bounds=(0, 1))
    model.relevance = pyo.Constraint(expr=sum(model.tokens.values()) >= costs[0])
    model.energy = pyo.Objective(
        expr=sum(c * v for c, v in zip(costs, model.tokens.values(), strict=True))
    )
    text = written_by_index(model, tmp_path, suffix).read_text()
    numbers = {float(w) for w in text.split() if w[0].isdigit()}
    assert set(costs) <= numbers


def written_by_index(model, folder, suffix):
    program_ = linear_model(model, lambda v: f"{v.parent_component().local_name}_t{v.index()}")
    path = folder / f"model{suffix}"
    path.write_text("\n".join(FORMATS[suffix](program_, "dmoe_test", [])) + "\n")
    return path


def test_lines_are_short_and_names_not_too_long(tmp_path):
    wide = draw("rayleigh", 1, K=70, T=1, M=1, D=70)
    wide = wide.replace(
        gate_scores=np.full((1, 70), 1 / 70), relevance=1.0, importance=1.0,
        gain=np.ones((70, 70, 1)), max_experts=70, name="long " * 300,
    )  # fmt: skip
    for suffix in FORMATS:
        path = tmp_path / f"model{suffix}"
        write_model(wide, path, "p2-set")
        lines = path.read_text(encoding="ascii").splitlines()
        assert max(map(len, lines)) <= 255
        words = {
            word for line in lines if not line.startswith(("\\", "*")) for word in line.split()
        }
        assert max(map(len, words)) <= LONGEST_NAME
        assert "set_t0_n0" in words
    everyone = "set_t0" + "".join(f"_e{j}" for j in range(70))
    for name in ("set_t0_n0", everyone):  # of seventy names in a row before, of a number now
        (tmp_path / "m.sol").write_text(f"{name} 1\n")
        assert read_model_solution(wide, tmp_path / "m.sol").selection.all()


def test_cbc_keeps_names_of_the_greatest_length(tmp_path):
    model = pyo.ConcreteModel()
    name = "s" + "x" * (LONGEST_NAME - 1)
    model.add_component(name, pyo.Var(domain=pyo.Binary))
    model.relevance_t0 = pyo.Constraint(expr=getattr(model, name) >= 0.5)
    model.energy = pyo.Objective(expr=getattr(model, name))
    for suffix in FORMATS:
        by_cbc(written(model, tmp_path, suffix), tmp_path / "m.cbc")
        assert f" {name} " in (tmp_path / "m.cbc").read_text()


def test_what_a_file_cannot_say_is_refused():
    model = odd_model()
    model.energy.expr += 3
    with pytest.raises(MethodError, match="objective has a constant"):
        linear_model(model, lambda item: item.local_name)
    model = odd_model()
    model.both = pyo.Constraint(expr=(0, model.select_x2 + model.select_x3, 9))
    with pytest.raises(MethodError, match="two sides, as both"):
        linear_model(model, lambda item: item.local_name)


def test_pyomo_and_glpk_read_what_glpk_rewrites(tmp_path):
    """GLPK's own LP and MPS of our model have the same optimum: nothing was lost on the way in."""
    instance = draw("rayleigh", 4, K=3, T=4)
    facts = write_model(instance, tmp_path / "model.lp")
    truth = solve(instance, "exact").objective
    for suffix, option in ((".lp", "--wlp"), (".mps", "--wfreemps")):
        again = tmp_path / f"again{suffix}"
        command = [program("glpsol"), "--lp", str(tmp_path / "model.lp"), "--check", option, again]
        subprocess.run(command, capture_output=True, check=True)
        assert by_highs(again).optimum * facts.unit_j == pytest.approx(truth, rel=1e-8)


def test_a_column_that_is_nowhere_is_written(tmp_path):
    """A cost of zero and no row: the column is still one of the model's."""
    instance = draw("rayleigh", 4, K=3, T=4)
    free = instance.replace(computation_energy_j=np.zeros(3))
    built = pyomo_models.p2_milp(free)
    number = sum(1 for _ in built.component_data_objects(pyo.Var))
    for suffix in FORMATS:
        write_model(free, tmp_path / f"model{suffix}", reduce=False)
        assert by_highs(tmp_path / f"model{suffix}").columns == number
