"""Every model of the table: built in its languages, described, named, solved, written."""

from __future__ import annotations

import inspect
import subprocess
import sys
from dataclasses import replace

import cvxpy as cp
import highspy
import numpy as np
import pyomo.environ as pyo
import pytest

import formulations
from dmoe_models import MethodError, evaluate, solve
from dmoe_models.solving.catalogue import METHODS
from formulations import models
from formulations.catalogue import LANGUAGES
from formulations.exchange.read import judge_model_solution
from formulations.exchange.write import write_model
from formulations.methods import OPTIONS, methods_in
from formulations.relaxations import RELAXATIONS, relaxation
from formulations.with_pyomo import models as pyomo_models
from formulations.with_pyomo.methods import PYOMO
from instances.families import draw

PAIRS = [(model.name, language) for model in models.values() for language in model.languages]
MODEL_METHODS = sorted(
    name for name, method in METHODS.items() if method.target.startswith("formulations.with_")
)


@pytest.fixture
def instances():
    """A small instance of P2, and the P1 that JESA's assignment makes of it."""
    p2 = draw("rayleigh", 3, K=3, T=4)
    return {"P2": p2, "P1": p2.replace(assignment=solve(p2, "jesa").solution.assignment)}


def built(name, language, instances):
    model = models[name]
    options = {}
    if model.problem == "P3":
        options["selection"] = solve(instances["P2"], "greedy").solution.selection
    return model.build(instances[model.takes], language, **options)


def test_the_table_lists_every_model():
    table = models()
    assert list(table.index) == list(models)
    assert list(table.columns) == ["problem", "mathematics", "languages", "files", "relaxation"]
    assert (table["mathematics"].str.len() > 0).all()
    assert set(table.loc["p2-minlp", "files"].split(", ")) == {".nl"}
    assert models._repr_html_().startswith("<table")
    assert formulations.models is models


def test_names_that_are_none():
    with pytest.raises(MethodError, match="unknown model 'p2'; known are p1-milp, p2-milp"):
        models["p2"]
    with pytest.raises(MethodError, match="p2-minlp is not written in 'cvxpy'; it is in pyomo"):
        models["p2-minlp"].build(draw("rayleigh", 1, K=2, T=2), "cvxpy")


@pytest.mark.parametrize(("name", "language"), PAIRS)
def test_every_model_is_built_in_each_of_its_languages(name, language, instances):
    assert language in LANGUAGES
    assert built(name, language, instances) is not None


@pytest.mark.parametrize("name", [name for name, language in PAIRS if language == "pyomo"])
def test_every_component_in_pyomo_says_what_it_is(name, instances):
    model = built(name, "pyomo", instances)
    components = list(model.component_objects((pyo.Var, pyo.Constraint, pyo.Objective, pyo.Param)))
    # a product set is made of sets that say what they are
    named = [s for s in model.component_objects(pyo.Set) if not s.local_name.endswith("_index")]
    silent = [item.local_name for item in [*components, *named] if not item.doc]
    assert components
    assert not silent
    assert len(list(model.component_objects(pyo.Objective))) == 1


@pytest.mark.parametrize("name", [name for name, language in PAIRS if language == "cvxpy"])
def test_names_in_cvxpy_are_those_in_pyomo(name, instances):
    theirs = {item.local_name for item in built(name, "pyomo", instances).component_objects()}
    problem = built(name, "cvxpy", instances).problem
    assert isinstance(problem, cp.Problem)
    assert {variable.name() for variable in problem.variables()} <= theirs
    labels = [constraint.label for constraint in problem.constraints]
    assert None not in labels
    own = {"usable", "nothing", "one_a_link"}  # bounds, a zero, and what P3 implies
    assert set(labels) - own <= theirs


@pytest.mark.parametrize("name", models)
def test_every_model_is_written_to_its_files_and_no_other(name, instances, tmp_path):
    model = models[name]
    for extension in (".lp", ".mps", ".nl"):
        path = tmp_path / f"model{extension}"
        if extension in model.formats:
            write_model(instances[model.takes], path, name)
            assert path.stat().st_size > 0
        else:
            with pytest.raises(MethodError, match="write it as"):
                write_model(instances[model.takes], path, name)


def test_a_model_needs_a_function_and_a_record(instances, tmp_path, monkeypatch):
    """P1 with C2 counted by a variable of its own, which no table of names knows."""

    def p1_counted(instance, *, deadline=None):
        model = pyomo_models.p1_milp(instance, deadline=deadline)
        model.count = pyo.Var(model.T, bounds=(0, instance.max_experts))
        model.counted = pyo.Constraint(
            model.T, rule=lambda m, t: m.count[t] == sum(m.alpha[t, j] for j in m.K)
        )
        return model

    record = replace(
        models["p1-milp"], name="p1-counted", function="p1_counted", languages=("pyomo",)
    )
    monkeypatch.setattr(pyomo_models, "p1_counted", p1_counted, raising=False)
    monkeypatch.setitem(models, "p1-counted", record)
    instance = instances["P1"]
    truth = solve(instance, "des").objective
    outcome = methods_in(PYOMO)["p1_counted"](instance)
    assert evaluate(instance, outcome.solution).total_j == pytest.approx(truth, rel=1e-9)
    write_model(instance, tmp_path / "model.lp", "p1-counted")
    highs = highspy.Highs()
    highs.silent()
    highs.readModel(str(tmp_path / "model.lp"))
    highs.run()
    highs.writeSolution(str(tmp_path / "model.sol"), 0)
    assert "other_count_0" in (tmp_path / "model.sol").read_text()
    assert judge_model_solution(instance, tmp_path / "model.sol").details["claim_holds"]


@pytest.mark.parametrize("name", RELAXATIONS)
def test_every_relaxation_is_solved(name, instances):
    assert np.isfinite(relaxation(instances["P2"], name).value_j)


@pytest.mark.parametrize("name", MODEL_METHODS)
def test_every_method_says_what_its_options_are(name):
    function = METHODS[name].load()
    text = inspect.getdoc(function)
    parameters = list(inspect.signature(function).parameters.values())
    assert parameters[0].name == "instance"
    for parameter in parameters[1:]:
        assert f"\n{parameter.name} : " in text
        assert parameter.default is not inspect.Parameter.empty
        if name.startswith(("pyomo", "cvxpy")):
            assert parameter.annotation == OPTIONS[parameter.name].kind


@pytest.mark.parametrize(
    ("language", "absent"),
    [
        ("pyomo", {"cvxpy", "numba"}),
        ("cvxpy", {"pyomo", "numba"}),
        ("highs", {"pyomo", "cvxpy", "numba"}),
        ("cpsat", {"pyomo", "cvxpy", "highspy", "numba"}),
    ],
)
def test_a_language_loads_its_own_package_only(language, absent):
    modules = [f"formulations.with_{language}.{part}" for part in ("models", "solver")]
    code = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not absent & set(done.stdout.split())


def test_a_model_in_highs_is_solved_without_pyomo_and_cvxpy():
    code = (
        "import sys; from dmoe_models import solve; from instances.families import draw; "
        "solve(draw('rayleigh', 1, K=3, T=3), 'highs-p2-set'); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"pyomo", "cvxpy"} & set(done.stdout.split())
