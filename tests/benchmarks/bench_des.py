"""DES in tokens a second: the shapes of today's models, recorded traces, nodes, peers, start-up.

``python tests/benchmarks/bench_des.py [--quick]`` prints the table that `rows` returns. Recorded
traces are taken from the directory that DMOE_DATA names, and left out where it names none.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import highspy
import numpy as np

from dmoe_models.algorithms.selection.des import select_experts
from dmoe_models.model.relevance import best_score_sums, need_from_threshold
from dmoe_models.portable.random import normalise_rows
from dmoe_models.scores.recorded import read_gates
from dmoe_models.solving.catalogue import METHODS

SHAPES = (  # K, D, tokens, target in tokens a second
    (8, 2, 1_000_000, 2_000_000),
    (64, 8, 100_000, 200_000),
    (256, 8, 20_000, 25_000),
)
HIGHS_TARGET = 1000
TRACES_TARGET_S = 60.0
IMPORT_TARGET_S = 0.5
DOMAINS = ("intent", "law", "summary", "translation")
LAYERS = 26

Tables = tuple[np.ndarray, np.ndarray, np.ndarray]


def draw(experts: int, max_experts: int, tokens: int, seed: int = 0) -> Tables:
    """Dirichlet(0.5) scores, exponential energies, thresholds at 0.9 of the D best."""
    random = np.random.default_rng([experts, max_experts, seed])
    scores = random.dirichlet(np.full(experts, 0.5), tokens)
    return random.exponential(1.0, scores.shape), scores, 0.9 * best_score_sums(scores, max_experts)


def row(case, figure, unit, target=None, at_least=True, spread=None) -> dict:
    """One line of the table; `spread` is (smallest, largest) of the runs whose median it is."""
    met = None if target is None else bool(figure >= target if at_least else figure <= target)
    low, high = (float(x) for x in spread) if spread else (None, None)
    return {
        "case": case,
        "figure": float(figure),
        "low": low,
        "high": high,
        "unit": unit,
        "target": target,
        "met": met,
    }


def des_rate(tables: Tables, max_experts: int, runs: int) -> tuple[float, tuple[float, float]]:
    """Tokens a second: median, smallest and largest over the runs, after a first."""
    select_experts(*tables, max_experts)
    rates = []
    for _ in range(runs):
        start = time.perf_counter()
        answer = select_experts(*tables, max_experts)
        rates.append(len(tables[2]) / (time.perf_counter() - start))
        assert answer.complete and answer.feasible
    return float(np.median(rates)), (min(rates), max(rates))


def highs_energy(tables: Tables, max_experts: int) -> float:
    """Least energy of a batch, as one MILP (its blocks are independent) with a gap of zero."""
    energy, scores, threshold = tables
    tokens, experts = scores.shape
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = tokens * experts, 2 * tokens
    model.col_cost_ = energy.ravel()
    model.col_lower_ = np.zeros(tokens * experts)
    model.col_upper_ = np.ones(tokens * experts)
    model.integrality_ = [highspy.HighsVarType.kInteger] * (tokens * experts)
    model.row_lower_ = np.tile([1.0, -highspy.kHighsInf], tokens)
    model.row_upper_ = np.tile([highspy.kHighsInf, float(max_experts)], tokens)
    columns = np.arange(tokens * experts).reshape(tokens, 1, experts)
    cover = scores / need_from_threshold(threshold)[:, None]
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = np.arange(2 * tokens + 1) * experts
    model.a_matrix_.index_ = np.repeat(columns, 2, axis=1).ravel()
    model.a_matrix_.value_ = np.stack([cover, np.ones_like(cover)], axis=1).ravel()
    solver = highspy.Highs()
    solver.silent()
    for option in ("mip_rel_gap", "mip_abs_gap"):
        solver.setOptionValue(option, 0.0)
    solver.passModel(model)
    solver.run()
    assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return solver.getInfo().objective_function_value


def highs_rate(tables: Tables, max_experts: int, seconds: float) -> float:
    """HiGHS's tokens a second on the same tokens, at the batch size that suits it best."""
    best = 0.0
    for batch in (1, 10, 100):
        done, spent = 0, 0.0
        while spent < seconds / 3 and done + batch <= len(tables[2]):
            part = tuple(table[done : done + batch] for table in tables)
            start = time.perf_counter()
            energy = highs_energy(part, max_experts)
            spent += time.perf_counter() - start
            done += batch
            own = float(select_experts(*part, max_experts).energy_j.sum())
            assert abs(energy - own) <= 1e-6 * own, (energy, own)
        best = max(best, done / spent)
    return best


def cpsat_rate(tables: Tables, max_experts: int, seconds: float) -> float:
    """CP-SAT's tokens a second on the same tokens, at the batch size that suits it best.

    One worker, as HiGHS has one thread. The start of its process is not counted.
    """
    from formulations.with_cpsat import methods as cpsat  # an optional extra

    energy, scores, threshold = tables
    best = 0.0
    for batch in (1, 10, 100):
        done, spent, number = 0, 0.0, 100
        while spent < seconds / 3 and done + number <= len(threshold):
            part = slice(done, done + number)
            need = need_from_threshold(threshold[part])
            answer = cpsat.select_experts(
                energy[part], scores[part], need, max_experts, batch=batch
            )
            spent += answer.details["build_s"] + answer.details["solve_s"]
            done += number
            # the rest in few processes: each takes half a second to start
            number = max(100, int(0.9 * done * (seconds / 3 / spent - 1)) // 100 * 100)
            found = float(np.where(answer.selection, energy[part], 0.0).sum())
            own = select_experts(energy[part], scores[part], threshold[part], max_experts)
            assert abs(found - own.energy_j.sum()) <= 1e-6 * found, (found, own.energy_j.sum())
        best = max(best, done / spent)
    return best


def trace_seconds(data: Path, sizes: tuple[int, ...], layers: int) -> tuple[float, float, int]:
    """Time DES alone over the recorded traces, at K = 64; all its optima proved.

    Every token resides at a random node; links cost exponential energies, drawn for every layer.
    Thresholds are 0.49, and in a second pass 0.9 of the D best. Returns seconds of the two passes
    and the number of tokens of either.
    """
    random = np.random.default_rng(0)
    seconds, tokens = [0.0, 0.0], 0
    for domain in DOMAINS:
        for layer in range(layers):
            scores = normalise_rows(read_gates(data / f"{domain}.npz", layer=layer).scores)
            experts = scores.shape[1]
            links = random.exponential(1.0, (experts, experts))
            energy = links[random.integers(experts, size=len(scores))]
            for size in sizes:
                best = best_score_sums(scores, size)
                tokens += len(scores)
                for tough, threshold in enumerate((np.minimum(0.49, best), 0.9 * best)):
                    start = time.perf_counter()
                    answer = select_experts(energy, scores, threshold, size)
                    seconds[tough] += time.perf_counter() - start
                    assert answer.complete and answer.feasible
    return seconds[0], seconds[1], tokens


def start_up_seconds(runs: int) -> dict[str, list[float]]:
    """Seconds of the import, and of the first search without and with a filled cache."""
    code = (
        "import time; start = time.perf_counter(); import dmoe_models\n"
        "print(time.perf_counter() - start)\n"
        "import numpy as np; from dmoe_models.algorithms.selection.des import select_experts\n"
        "tables = np.ones((1, 2)), np.full((1, 2), 0.5), np.array([0.4])\n"
        "start = time.perf_counter(); select_experts(*tables, 1)\n"
        "print(time.perf_counter() - start)"
    )
    seconds: dict[str, list[float]] = {"import": [], "compiling": [], "cached": []}
    with tempfile.TemporaryDirectory() as cache:
        for run in range(runs + 1):
            out = subprocess.run(
                [sys.executable, "-c", code],
                env={**os.environ, "NUMBA_CACHE_DIR": cache},
                capture_output=True,
                text=True,
                check=True,
            ).stdout.split()
            if run:
                seconds["import"].append(float(out[0]))
            seconds["cached" if run else "compiling"].append(float(out[1]))
    return seconds


def rows(quick: bool = False) -> list[dict]:
    """Measure everything; `quick` with fewer tokens, and three runs for seven."""
    table = []
    runs = 3 if quick else 7
    for experts, max_experts, tokens, target in SHAPES:
        tables = draw(experts, max_experts, tokens // 10 if quick else tokens)
        case = f"DES, K = {experts}, D = {max_experts}"
        rate, spread = des_rate(tables, max_experts, runs)
        table.append(row(case, rate, "tokens/s", target, spread=spread))
        peer = highs_rate(tables, max_experts, 3.0 if quick else 15.0)
        table.append(row(f"HiGHS on {case[5:]}", peer, "tokens/s"))
        table.append(row(f"{case}, against HiGHS", rate / peer, "times", HIGHS_TARGET))
        if METHODS["cpsat-p1"].installed:
            peer = cpsat_rate(tables, max_experts, 3.0 if quick else 15.0)
            table.append(row(f"CP-SAT on {case[5:]}", peer, "tokens/s"))
            table.append(row(f"{case}, against CP-SAT", rate / peer, "times"))
        few = tuple(part[:1000] for part in tables)
        for bound in ("paper", "cardinality"):
            nodes = select_experts(*few, max_experts, bound=bound).nodes
            case_of_nodes = f"{case}, nodes with bound {bound!r}"
            table.append(row(case_of_nodes, np.median(nodes), "median"))
            table.append(row(case_of_nodes, nodes.mean(), "mean"))
    data = Path(os.environ.get("DMOE_DATA") or ".") / "gates_deepseek_v2_lite"
    if data.is_dir():
        sizes, layers = ((4,), 2) if quick else ((2, 4, 6), LAYERS)
        *seconds, tokens = trace_seconds(data, sizes, layers)
        for threshold, spent in zip(("0.49", "0.9 of the D best"), seconds, strict=True):
            case = f"DES, traces of {tokens:,} tokens, K = 64, threshold {threshold}"
            table.append(row(case, spent, "s", TRACES_TARGET_S, at_least=False))
    start = start_up_seconds(runs)
    for case, key, target in (
        ("import dmoe_models", "import", IMPORT_TARGET_S),
        ("first search, nothing cached", "compiling", None),
        ("first search of a process, cached", "cached", None),
    ):
        times = start[key]
        spread = (min(times), max(times))
        table.append(row(case, np.median(times), "s", target, at_least=False, spread=spread))
    return table


def main() -> None:
    """Print the table."""
    for line in rows(quick="--quick" in sys.argv[1:]):
        spread = "" if line["low"] is None else f"({line['low']:,.4g} to {line['high']:,.4g})"
        verdict = {True: "met", False: "MISSED", None: ""}[line["met"]]
        target = "" if line["target"] is None else f"target {line['target']:,}"
        print(
            f"{line['case']:66} {line['figure']:>13,.4g} {line['unit']:9}"
            f"{spread:30} {target:18} {verdict}",
            flush=True,
        )


if __name__ == "__main__":
    main()
