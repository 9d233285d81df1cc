"""How often, and by how much, the set formulation's linear relaxation misses the optimum of P2.

``python tests/benchmarks/bench_integrality.py [--quick]`` prints the table that `rows` returns: per
family, threshold and size the share of instances whose relaxation lies below the optimum, with the
mean and the worst of those gaps. Optima are those of `exact`, proved to 1e-9; a gap below
`ROUNDING` counts as none.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np

from dmoe_models import Instance, Status, solve
from instances.families import draw

FAMILIES = ("rayleigh", "tight", "scarce", "uneven", "contended", "ties", "reciprocal")
SIZES = ((3, 2), (5, 2), (5, 3), (8, 2))  # K, D; eight tokens a node
GAMMAS = (0.49, 0.3, 0.2)
SEEDS = 50
LIMIT_S = 20.0
ROUNDING = 2e-8  # of the relaxation's solver, relative


def relaxation_gap(instance: Instance) -> float | None:
    """Relative distance from the relaxation up to the optimum; None where there is no optimum."""
    optimum = solve(instance, "exact", time_limit=LIMIT_S)
    if optimum.status is not Status.OPTIMAL or optimum.gap > 1e-9:
        return None
    if "lp" not in optimum.details:  # prices alone closed it, and they are feasible to the dual
        return 0.0
    static = float(instance.static_energy_j.sum())
    least = solve(instance, "set-bound").details["own_bound"]
    gap = (optimum.objective - least) / (optimum.objective - static)
    return gap if gap > ROUNDING else 0.0


def rows(quick: bool = False) -> Iterator[dict]:
    """Measure everything, row by row; `quick` on a few instances of two families."""
    seeds = range(4 if quick else SEEDS)
    for family in ("rayleigh", "contended") if quick else FAMILIES:
        for nodes, experts in SIZES[:1] if quick else SIZES:
            for gamma in GAMMAS:
                size = {"K": nodes, "T": 8 * nodes, "D": experts, "gamma": gamma}
                known = [relaxation_gap(draw(family, seed, **size)) for seed in seeds]
                gaps = np.array([gap for gap in known if gap is not None])
                missed = gaps[gaps > 0]
                mean = 100 * missed.mean() if len(missed) else 0.0
                yield {
                    "case": f"set LP below the optimum, {family} K={nodes} D={experts} "
                    f"gamma={gamma}, of {len(gaps)}",
                    "figure": 100 * len(missed) / max(1, len(gaps)),
                    "low": None,
                    "high": None,
                    "unit": f"% (mean {mean:.2g}, worst {100 * gaps.max(initial=0):.2g} %)",
                    "target": None,
                    "met": None,
                    "family": family,
                    "K": nodes,
                    "D": experts,
                    "gamma": gamma,
                    "number": len(gaps),
                    "missed": len(missed),
                    "mean_percent": mean,
                    "worst_percent": 100 * float(gaps.max(initial=0)),
                }


def main() -> None:
    """Print the table."""
    for line in rows(quick="--quick" in sys.argv[1:]):
        print(f"{line['case']:72} {line['figure']:6.1f} {line['unit']}", flush=True)


if __name__ == "__main__":
    main()
