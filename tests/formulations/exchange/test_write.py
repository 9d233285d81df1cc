"""Models in files: other solvers read the same model from each format, and solve it to the optimum.

HiGHS and SCIP stand for the other solvers; what they write is read back and refereed.
"""

from __future__ import annotations

import math
import re

import highspy
import numpy as np
import pyscipopt
import pytest
from scipy import sparse

from dmoe_models import FileError, SolutionError, Status, solve
from formulations import models
from formulations.exchange import write as exports
from formulations.exchange.read import judge_model_solution
from formulations.exchange.write import write_model
from formulations.with_pyomo import models as pyomo_models
from instances.families import draw

from tiny import FEATURES, tiny_instance

TIGHT = 1e-9  # the near misses of C1 in SEEDS are larger; smaller ones have a test of their own
SAME = 1e-7
P2_MODELS = [model.name for model in models.values() if model.problem == "P2"]
SEEDS = (*range(10), *range(20, 30), 57, 67)  # every feature twice; more links than subcarriers
NAME = re.compile(r"[a-df-z][a-z0-9_]{0,99}")


def read_by_highs(path):
    highs = highspy.Highs()
    highs.silent()
    assert highs.readModel(str(path)) == highspy.HighsStatus.kOk
    return highs


def by_highs(path, solution, tolerance=TIGHT):
    """Solve a file with HiGHS; its word, and its solution in a file."""
    highs = read_by_highs(path)
    for option in ("mip_feasibility_tolerance", "primal_feasibility_tolerance"):
        highs.setOptionValue(option, tolerance)
    for option in ("mip_rel_gap", "mip_abs_gap"):
        highs.setOptionValue(option, 0.0)
    highs.run()
    highs.writeSolution(str(solution), 0)
    return highs.getModelStatus().name


def by_scip(path, solution):
    """Solve a file with SCIP; its word, and its solution in a file where it has one."""
    scip = pyscipopt.Model()
    scip.hideOutput()
    scip.readProblem(str(path))
    scip.setParam("numerics/feastol", TIGHT)
    scip.setParam("limits/gap", 0.0)
    scip.optimize()
    if scip.getNSols():
        scip.writeBestSol(str(solution))
    return scip.getStatus()


def require_round_trips(instance, model, truth, folder):
    solution = folder / "model.sol"
    suffixes = (".nl",) if model == "p2-minlp" else (".lp", ".mps", ".nl")
    for suffix in suffixes:
        path = folder / f"model{suffix}"
        write_model(instance, path, model)
        for solver in (by_scip,) if suffix == ".nl" else (by_highs, by_scip):
            told = f"{instance.name}: {model} in {suffix} by {solver.__name__}"
            said = solver(path, solution)
            if truth.status is Status.INFEASIBLE:
                assert "nfeasible" in said, told
                continue
            result = judge_model_solution(instance, solution)
            assert result.check.ok, told
            assert math.isclose(result.objective, truth.objective, rel_tol=SAME), told
            assert result.details["claim_holds"], told
            claim = result.details["claimed_objective_j"]
            assert math.isclose(claim, truth.objective, rel_tol=1e-6), told


@pytest.mark.parametrize("seed", SEEDS)
def test_p2_there_and_back(seed, tmp_path):
    instance = tiny_instance(seed)
    instance = instance.replace(gain=instance.gain[:, :, :6])
    truth = solve(instance, "exact")
    for model in P2_MODELS:
        require_round_trips(instance, model, truth, tmp_path)


@pytest.mark.parametrize("feature", FEATURES)
def test_p1_there_and_back(feature, tmp_path):
    for seed in range(FEATURES.index(feature), 40, len(FEATURES)):
        instance = tiny_instance(seed, given=True)
        require_round_trips(instance, "p1-milp", solve(instance, "des"), tmp_path)


def test_the_round_trips_have_what_they_should():
    """Static energy, capped tokens, missing links and more links than subcarriers are there."""
    instances = [tiny_instance(seed) for seed in SEEDS]
    assert sum(bool(i.static_energy_j.any()) for i in instances) >= 3
    assert sum(bool(i.capped.any()) for i in instances) >= 3
    assert sum(len(i.links) > i.M for i in instances) >= 2
    assert sum(not i.reachable.all() for i in instances) >= 2
    assert sum(solve(i, "exact").status is Status.INFEASIBLE for i in instances) >= 2


@pytest.mark.parametrize("suffix", [".lp", ".mps", ".nl"])
def test_p3_states_its_selection(suffix, tmp_path):
    instance = draw("rayleigh", 3, K=3, T=6).replace(static_energy_j=np.full(3, 2e-4))
    chosen = solve(instance, "random", seed=2).solution.selection
    for selection, method in ((None, {}), (chosen, {"selection": chosen})):
        path, solution = tmp_path / f"model{suffix}", tmp_path / "model.sol"
        write_model(instance, path, "p3", selection=selection)
        (by_scip if suffix == ".nl" else by_highs)(path, solution)
        result = judge_model_solution(instance, solution)
        placed = solve(instance, "pyomo-p3", **method)
        assert np.array_equal(result.solution.selection, placed.solution.selection)
        assert result.objective == pytest.approx(placed.objective, rel=1e-9)
        assert result.details["claim_holds"]


def test_p3_with_everything_at_home(tmp_path):
    instance = draw("rayleigh", 3, K=3, T=6)
    home = np.eye(3, dtype=bool)[instance.source]
    write_model(instance, tmp_path / "m.lp", "p3", selection=home)
    by_highs(tmp_path / "m.lp", tmp_path / "m.sol")
    result = judge_model_solution(instance, tmp_path / "m.sol")
    assert np.array_equal(result.solution.selection, home) and result.details["claim_holds"]


def matrix_of(lp):
    """Costs, bounds and rows of a model in HiGHS, by name."""
    stored = lp.a_matrix_
    rowwise = stored.format_ == highspy.MatrixFormat.kRowwise
    kind = sparse.csr_array if rowwise else sparse.csc_array
    matrix = kind(
        (stored.value_, stored.index_, stored.start_), shape=(lp.num_row_, lp.num_col_)
    ).tocoo()
    entries = {
        (lp.row_names_[r], lp.col_names_[c]): value
        for r, c, value in zip(*matrix.coords, matrix.data, strict=True)
    }
    integrality = list(lp.integrality_) or [highspy.HighsVarType.kContinuous] * lp.num_col_
    columns = zip(lp.col_cost_, lp.col_lower_, lp.col_upper_, strict=True)
    return (
        dict(zip(lp.col_names_, columns, strict=True)),
        dict(zip(lp.row_names_, zip(lp.row_lower_, lp.row_upper_, strict=True), strict=True)),
        entries,
        {
            name
            for name, kind in zip(lp.col_names_, integrality, strict=True)
            if kind == highspy.HighsVarType.kInteger
        },
    )


@pytest.mark.parametrize("model", ["p1-milp", *P2_MODELS, "p3"])
@pytest.mark.parametrize("family", ["rayleigh", "ties"])
def test_formats_state_one_model_under_legal_names(model, family, tmp_path):
    instance = draw(family, 5, K=4, T=6)
    if model == "p1-milp":
        instance = instance.replace(assignment=solve(instance, "jesa").solution.assignment)
    facts = write_model(instance, tmp_path / "model.nl", model)
    assert facts.files == [str(tmp_path / f"model{s}") for s in (".nl", ".col", ".row")]
    columns = (tmp_path / "model.col").read_text().split()
    *rows, objective = (tmp_path / "model.row").read_text().split()
    assert (len(columns), len(rows), objective) == (facts.columns, facts.rows, "scaled_energy")
    sizes = (tmp_path / "model.nl").read_text().splitlines()[1].split()
    assert sizes[:3] == [str(facts.columns), str(facts.rows), "1"]
    for names in (columns, rows):
        assert len(set(names)) == len(names)
        assert all(NAME.fullmatch(name) for name in names)
    if model == "p2-minlp":
        return
    costs = {}
    for suffix in (".lp", ".mps"):
        again = write_model(instance, tmp_path / f"model{suffix}", model)
        assert (again.columns, again.rows) == (facts.columns, facts.rows)
        read = matrix_of(read_by_highs(tmp_path / f"model{suffix}").getLp())
        assert set(read[0]) == set(columns) and set(read[1]) == set(rows)
        costs[suffix] = read
    for ours, theirs in zip(costs[".lp"], costs[".mps"], strict=True):
        assert ours == theirs
    scip = pyscipopt.Model()
    scip.hideOutput()
    scip.readProblem(str(tmp_path / "model.nl"))
    found = {v.name: (v.getObj(), v.getLbOriginal(), v.getUbOriginal()) for v in scip.getVars()}
    assert set(found) == set(columns)
    for name, (cost, low, high) in found.items():
        # HiGHS writes 15 digits
        expected = costs[".lp"][0][name]
        assert cost == pytest.approx(expected[0], rel=1e-14)
        assert (low, min(high, 1e20)) == (expected[1], min(expected[2], 1e20))
    assert {c.name for c in scip.getConss()} == set(rows)


def test_names_mean_what_they_say(tmp_path):
    instance = draw("rayleigh", 5, K=3, T=4, M=8)
    write_model(instance, tmp_path / "model.lp", "p2-milp", reduce=False)
    columns, _, entries, integral = matrix_of(read_by_highs(tmp_path / "model.lp").getLp())
    unit = pyomo_models.p2_milp(instance).data.unit_j
    i, j = instance.links[0]
    cost, *_ = columns[f"tokens_i{i}_j{j}_m7"]
    assert cost * unit == pytest.approx(instance.transmission_energy_j[i, j, 7], rel=1e-12)
    assert columns["select_t3_e1"] == (
        pytest.approx(instance.computation_energy_j[1] / unit, rel=1e-12), 0.0, 1.0,
    )  # fmt: skip
    assert entries["relevance_t3", "select_t3_e1"] == pytest.approx(
        min(1.0, instance.gate_scores[3, 1] / instance.need[3]), rel=1e-12
    )
    assert entries["unshared_m7", f"assign_i{i}_j{j}_m7"] == 1.0
    assert {name.partition("_")[0] for name in integral} == {"select", "assign"}


def test_a_file_says_what_it_is(tmp_path):
    instance = draw("ties", 1, K=3, T=6).replace(
        static_energy_j=np.array([1e-4, 0, 0]), name="odd\nname *\\ ü"
    )
    facts = write_model(instance, tmp_path / "model.lp", "p2-set")
    assert facts.static_j == 1e-4
    formula = f"energy in joule = {facts.unit_j!r} * objective + 0.0001 (static energy)"
    text = (tmp_path / "model.lp").read_text(encoding="ascii")
    comments = [line for line in text.splitlines() if line.startswith("\\")]
    assert comments[0].endswith(r'p2-set of "odd\nname *\\ \u00fc"')
    assert f"\\ {formula}" in comments and f"\\ instance_sha256 {instance.sha256}" in comments
    assert "\\ t0 stands for equal tokens 0, 3" in comments
    write_model(instance, tmp_path / "model.mps")
    text = (tmp_path / "model.mps").read_text()
    assert f"* {formula}\n" in text and "* Rows relevance_* (C1) are exact" in text
    write_model(instance, tmp_path / "model.nl")
    assert formula in (tmp_path / "model.nl").read_text().splitlines()[0]
    for name in ("model.lp", "model.mps", "model.nl"):
        assert by_scip(tmp_path / name, tmp_path / "model.sol") == "optimal"
        assert judge_model_solution(instance, tmp_path / "model.sol").details["claim_holds"]


def test_need_missed_within_a_tolerance_is_refused(tmp_path):
    """An expert misses need by 3e-9: HiGHS lets that by at its tolerance, the referee does not."""
    instance = tiny_instance(3, given=True)
    write_model(instance, tmp_path / "model.mps")
    by_highs(tmp_path / "model.mps", tmp_path / "model.sol", tolerance=1e-6)
    result = judge_model_solution(instance, tmp_path / "model.sol")
    assert result.status is Status.UNKNOWN and result.details["claim_holds"]
    assert [violation.constraint for violation in result.check.violations] == ["C1"]


def test_a_file_appears_complete_or_not_at_all(tmp_path, monkeypatch):
    instance = draw("rayleigh", 1, K=3, T=2)
    for name in ("model.lp", "model.nl"):
        (tmp_path / name).write_text("before")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exports, "_comments", fail)
    monkeypatch.setattr(exports, "NLWriter", fail)
    for name in ("model.lp", "model.nl"):
        with pytest.raises(FileError, match=f"{name}: No space left on device"):
            write_model(instance, tmp_path / name)
        assert (tmp_path / name).read_text() == "before"
    assert {p.name for p in tmp_path.iterdir()} == {"model.lp", "model.nl"}


def test_what_cannot_be_written_is_refused(tmp_path):
    instance = draw("rayleigh", 1, K=3, T=2)
    with pytest.raises(SolutionError, match="shape"):
        write_model(instance, tmp_path / "m.lp", "p3", selection=np.ones((3, 3), dtype=bool))
    with pytest.raises(FileError, match=r"absent/m\.nl: its folder does not exist"):
        write_model(instance, tmp_path / "absent/m.nl")
    assert not list(tmp_path.iterdir())
