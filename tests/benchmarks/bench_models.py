"""What a modelling language costs: P2 by Pyomo, by CVXPY and straight into HiGHS, the same models.

``python tests/benchmarks/bench_models.py [--quick]`` prints the table that `rows` returns. *Build*
is all that happens outside of HiGHS (the model written down, translated, handed over, its solution
loaded); *solve* is the time within it. Candidates are cut to the L cheapest of each link.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import highspy
import numpy as np

from dmoe_models import Instance, solve
from formulations.data import cheapest_candidates
from formulations.solver_answer import Health
from formulations.with_cvxpy.methods import CVXPY
from formulations.with_highs.methods import HIGHS
from formulations.with_pyomo.methods import PYOMO
from instances.families import draw

LANGUAGES = {"Pyomo": PYOMO, "CVXPY": CVXPY, "HiGHS": HIGHS}
MODELS = {
    "aggregated": ("p2_milp", {}),
    "disaggregated": ("p2_milp", {"disaggregated": True}),
    "set": ("p2_set", {}),
}
SIZES = ({"K": 6, "M": 40, "T": 48}, {"K": 8, "M": 64, "T": 256})
QUICK_SIZES = ({"K": 4, "M": 16, "T": 16},)
FAMILIES = ("rayleigh", "contended")
SEEDS = 3
LIMIT_S = 5.0


def row(case: str, figures: list[float], unit: str) -> dict:
    """One line of the table: the median, the smallest and the largest; none has a target."""
    return {
        "case": case,
        "figure": float(np.median(figures)),
        "low": float(min(figures)),
        "high": float(max(figures)),
        "unit": unit,
        "target": None,
        "met": None,
    }


@contextmanager
def clocked_highs() -> Iterator[list[float]]:
    """Collect the seconds of every run of HiGHS, whoever calls it."""
    seconds: list[float] = []
    run = highspy.Highs.run

    def clocked(self: highspy.Highs) -> highspy.HighsStatus:
        start = time.perf_counter()
        try:
            return run(self)
        finally:
            seconds.append(time.perf_counter() - start)

    highspy.Highs.run = clocked
    try:
        yield seconds
    finally:
        highspy.Highs.run = run


def measure(
    language: str, model: str, instance: Instance, limit: float
) -> tuple[float, float, float | None]:
    """Build and solve once.

    Returns
    -------
    build, solve : float
        Seconds.
    optimum : float or None
        In the model's units; None where time was up.
    """
    function, options = MODELS[model]
    candidates = cheapest_candidates(instance)
    with clocked_highs() as seconds:
        start = time.perf_counter()
        built = getattr(LANGUAGES[language].models, function)(
            instance, candidates=candidates, **options
        )
        answer = LANGUAGES[language].solve(built, "highs", time_limit=limit)
        total = time.perf_counter() - start
    assert len(seconds) == 1 and answer.health in (Health.OPTIMAL, Health.LIMIT)
    optimum = answer.bound if answer.health is Health.OPTIMAL else None
    return total - seconds[0], seconds[0], optimum


def columns(model: str, instance: Instance) -> float:
    """Columns of a model, the same in every language."""
    function, options = MODELS[model]
    built = getattr(HIGHS.models, function)(
        instance, candidates=cheapest_candidates(instance), **options
    )
    return float(built.highs.getNumCol())


def rows(quick: bool = False) -> list[dict]:
    """Measure everything; `quick` on tiny instances, one seed for three."""
    table = []
    warm = draw("rayleigh", 0, K=3, T=4)
    for language in LANGUAGES:
        measure(language, "set", warm, LIMIT_S)
    for family in FAMILIES:
        for size in QUICK_SIZES if quick else SIZES:
            instances = [draw(family, seed, **size) for seed in range(1 if quick else SEEDS)]
            for instance in instances:
                solve(instance, "lower-bound")  # fills the instance's own cache
            name = f"{family}, " + ", ".join(f"{key} = {value}" for key, value in size.items())
            for model in MODELS:
                table += compare(f"{name}, {model}", model, instances)
    return table


def compare(case: str, model: str, instances: list[Instance]) -> list[dict]:
    """One model in all languages, on the same instances; optima must agree."""
    table = [row(f"{case}, columns", [columns(model, i) for i in instances], "columns")]
    build: dict[str, list[float]] = {}
    optima: dict[str, list[float | None]] = {}
    for language in LANGUAGES:
        measured = [measure(language, model, instance, LIMIT_S) for instance in instances]
        build[language] = [figures[0] for figures in measured]
        optima[language] = [figures[2] for figures in measured]
        stopped = optima[language].count(None)
        note = f" ({stopped} of {len(instances)} stopped at {LIMIT_S:g} s)" if stopped else ""
        table.append(row(f"{case}, build, {language}", build[language], "s"))
        table.append(row(f"{case}, solve, {language}{note}", [m[1] for m in measured], "s"))
    for language in LANGUAGES:
        if language == "HiGHS":
            continue
        for own, other in zip(optima["HiGHS"], optima[language], strict=True):
            assert own is None or other is None or abs(own - other) <= 1e-6 * own, (
                case,
                own,
                other,
            )
        ratios = [a / b for a, b in zip(build[language], build["HiGHS"], strict=True)]
        table.append(row(f"{case}, build, {language} against HiGHS", ratios, "times"))
    return table


def main() -> None:
    """Print the table."""
    for line in rows(quick="--quick" in sys.argv[1:]):
        spread = f"({line['low']:,.4g} to {line['high']:,.4g})"
        print(f"{line['case']:82} {line['figure']:>10,.4g} {line['unit']:8} {spread}", flush=True)


if __name__ == "__main__":
    main()
