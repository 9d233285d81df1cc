"""The table of `adversarial.md`: ``python docs/adversarial.py`` prints it, in about a minute.

For every instance of the set ``adversarial``: how far above the proved optimum JESA ends with
one random start (mean of 100) and with the best of 10 starts (mean of 20 runs), how many of the
random starts end at the optimum, and what local search (worst of 5 seeds) and top-k make of it.
"""

from __future__ import annotations

import numpy as np

from dmoe_models import Instance, solve
from dmoe_models.model.gap import CERTIFIED_GAP, relative_excess
from instances.library.sets import load_set

SINGLE, TENFOLD, SEARCHES = 100, 20, 5


def excesses(instance: Instance, optimum: float, method: str, runs: int, **options) -> np.ndarray:
    """Return (E - OPT) / (OPT - sum b) of a method with seeds 0, 1, ..., in percent."""
    static = instance.static_total_j
    energies = [
        solve(instance, method, seed=seed, **options).objective for seed in range(max(1, runs))
    ]
    return np.array([100 * relative_excess(energy, optimum, static) for energy in energies])


def price_ratio(instance: Instance) -> float:
    """Return the largest ratio of a link's dearest to its cheapest joule per token."""
    prices = instance.transmission_energy_j[tuple(instance.links.T)]
    return float((prices.max(axis=1) / prices.min(axis=1)).max())


def percent(value: float) -> str:
    """Write a percentage with three digits, or all before the point."""
    return f"{value:,.0f} %" if value >= 100 else f"{value:.3g} %"


def main() -> None:
    """Print the table."""
    heads = ("instance", "one start", "at the optimum", "best of 10", "local search", "top-k", "R")
    print("| " + " | ".join(heads) + " |")
    print("|" + "---|" * len(heads))
    for instance in load_set("adversarial"):
        proof = solve(instance, "exact")
        assert proof.gap <= CERTIFIED_GAP, instance.name
        single = excesses(instance, proof.objective, "jesa", SINGLE, threads=1)
        tenfold = excesses(instance, proof.objective, "jesa", TENFOLD, starts=10)
        cells = (
            percent(single.mean()),
            f"{(single <= 100 * CERTIFIED_GAP).mean():.0%}",
            percent(tenfold.mean()),
            percent(max(0.0, excesses(instance, proof.objective, "local-search", SEARCHES).max())),
            percent(excesses(instance, proof.objective, "top-k", 1)[0]),
            f"{price_ratio(instance):.3g}",
        )
        print(f"| `{instance.name}` | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
