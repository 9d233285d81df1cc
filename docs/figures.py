"""The two pictures of the README, drawn from real runs: ``python docs/figures.py``.

``gaps.png``: every method on the bundled set ``small``, gap to the certified optimum.
``contended.png``: JESA's excess over the certified optimum, for independent fading and for one
frequency response common to all links, on instances drawn with seeds 0, 1, 2, ... (none left out).
Both are written next to this file; the numbers behind them are printed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from dmoe_models import Instance, Status, methods, plot, solve, validate
from dmoe_models.model.gap import OPTIMALITY_GAP
from instances import draw

FOLDER = Path(__file__).parent
LEFT_OUT = ("pyomo-p2-minlp",)
"""Too slow for ``small``: the ratio formulation exists to verify the others on tiny instances."""
DPI = 110
TIME_LIMIT_S = 10.0
DRAWS = 400
"""Instances of each kind in ``contended.png``."""


def draw_gaps(target: Path) -> None:
    """Draw one mark per instance and method, and each method's median.

    Answers that the referee refuses, and methods that cannot be run on an instance or find nothing,
    have no gap. Optima are proved, so that the gap to the best bound is that to the optimum.
    """
    table = methods()
    table = table[table.kind.isin(["exact", "heuristic"]) & (table.problem != "P3")]
    names = [name for name in table.index if name not in LEFT_OUT]
    rows = validate("small", names, time_limit=TIME_LIMIT_S).rows.dropna(subset="gap")
    by_method = rows.groupby("method").gap
    rows = rows.assign(
        mean=by_method.transform("mean").round(8),
        method=rows.method + " (" + by_method.transform("size").astype(str) + ")",
    ).sort_values(["kind", "mean", "method"])
    axes = plot.gaps(rows)
    axes.set_xlabel("gap to the certified optimum (%); 0: optimal")
    axes.set_ylabel("method (number of instances)")
    plt.savefig(target, dpi=DPI)
    plt.close()
    print(rows.groupby("method", sort=False).gap.describe().to_string())


def certified_optimum(instance: Instance) -> float:
    """Return the optimal energy of P2, J, proved to a relative gap of 1e-6."""
    result = solve(instance, "pyomo-p2-set")
    if result.status is not Status.OPTIMAL:
        raise RuntimeError(f"{instance.name}: no certified optimum, {result.status}")
    return result.objective


def report(name: str, values: np.ndarray) -> None:
    """Print the numbers behind one line of a picture; values in percent."""
    print(
        f"{name}: n = {len(values)}, optimal {(values == 0).sum()}, mean {values.mean():.3g} %, "
        f"median {np.median(values):.3g} %, 95 % quantile {np.quantile(values, 0.95):.3g} %, "
        f"worst {values.max():.3g} %"
    )


def independent(seed: int) -> Instance:
    """Independent Rayleigh fading, mean SNR 10 dB, one subcarrier per link."""
    return draw("tight", seed, K=4, T=8)


def contended(seed: int) -> Instance:
    """One frequency response for all links, mean SNR -10 dB, computation nearly free."""
    return draw("contended", seed, K=4, T=8)


def independent_weak(seed: int) -> Instance:
    """Independent fading at the noise and computation energies of `contended`."""
    model = contended(seed)
    return independent(seed).replace(
        noise_power_w=model.noise_power_w, computation_energy_j=model.computation_energy_j
    )


def excesses(make: Callable[[int], Instance]) -> np.ndarray:
    """Return (E(JESA) - optimum) / optimum of every instance, in percent (no static energy)."""
    values = []
    for seed in range(DRAWS):
        instance = make(seed)
        values.append(solve(instance, "jesa").objective / certified_optimum(instance) - 1)
    return np.array([0.0 if value <= OPTIMALITY_GAP else 100 * value for value in values])


def draw_contended(target: Path) -> None:
    """Draw the share of instances on which JESA misses by more than x percent."""
    kinds = {
        "one response for all links, -10 dB": (contended, "-"),
        "independent fading, -10 dB": (independent_weak, "--"),
        "independent fading, 10 dB": (independent, ":"),
    }
    figure, axes = plt.subplots(figsize=(6.6, 3.4))
    for name, (make, style) in kinds.items():
        values = np.sort(excesses(make))
        label = f"{name}\nmean {values.mean():.2g} %, worst {values[-1]:.3g} %"
        share = 100 * (1 - np.arange(1, DRAWS + 1) / DRAWS)
        axes.step(
            np.concatenate([[1e-4], np.maximum(values, 1e-4)]),
            np.concatenate([[100 * (values > 0).mean()], share]),
            where="post",
            linestyle=style,
            color="0.1",
            label=label,
        )
        report(name, values)
    axes.set_xscale("log")
    axes.set_xlim(0.01, 200)
    axes.set_xticks([0.01, 0.1, 1, 10, 100], ["0.01", "0.1", "1", "10", "100"])
    axes.set_ylim(0, None)
    axes.set_xlabel("x: excess of JESA (one random start) over the certified optimum (%)")
    axes.set_ylabel("instances with more than x (%)")
    axes.set_title(f"K = 4, T = 8, M = 12; {DRAWS} instances each", fontsize=9)
    axes.grid(color="0.9")
    axes.legend(loc="upper right", fontsize=8)
    figure.savefig(target, dpi=DPI)
    plt.close(figure)


def main() -> None:
    """Draw both pictures."""
    plot.use_style()
    draw_gaps(FOLDER / "gaps.png")
    draw_contended(FOLDER / "contended.png")


if __name__ == "__main__":
    main()
