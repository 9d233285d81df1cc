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
from matplotlib.axes import Axes

from dmoe_models import Instance, MethodError, Status, methods, solve
from dmoe_models.model.gap import OPTIMALITY_GAP, relative_gap
from instances.families import draw
from instances.library.sets import load_set

FOLDER = Path(__file__).parent
CERTIFIERS = {"P1": "des", "P2": "pyomo-p2-set"}
LEFT_OUT = ("pyomo-p2-minlp",)
"""Too slow for ``small``: the ratio formulation exists to verify the others on tiny instances."""
TIME_LIMIT_S = 10.0
DRAWS = 400
"""Instances of each kind in ``contended.png``."""

STYLE = {
    "figure.dpi": 110,
    "figure.constrained_layout.use": True,
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}


def certified_optimum(instance: Instance) -> float:
    """Return the optimal energy, J, proved to a relative gap of 1e-6."""
    result = solve(instance, CERTIFIERS[instance.problem])
    if result.status is not Status.OPTIMAL:
        raise RuntimeError(f"{instance.name}: no certified optimum, {result.status}")
    return result.objective


def gaps_of_methods(instances: list[Instance]) -> dict[str, tuple[str, list[float]]]:
    """Return method -> (kind, gaps); gap = (E - optimum) / (E - static energy).

    Answers that the referee refuses, and methods that cannot be run on an instance or find nothing,
    have no gap.
    """
    optima = [certified_optimum(instance) for instance in instances]
    gaps: dict[str, tuple[str, list[float]]] = {}
    for name, row in methods().iterrows():
        if row.kind not in ("exact", "heuristic") or row.problem == "P3" or name in LEFT_OUT:
            continue
        values = []
        for instance, optimum in zip(instances, optima, strict=True):
            if instance.problem not in row.problem:
                continue
            try:
                result = solve(instance, name, time_limit=TIME_LIMIT_S)
            except MethodError:  # such as: too large to enumerate
                continue
            if result.check is not None and result.check.ok:
                values.append(relative_gap(result.objective, optimum, result.static_j))
        gaps[name] = (row.kind, values)
    return gaps


def percent_axis(axes: Axes, label: str) -> None:
    """Make the x axis logarithmic, in percent, with a place for zero."""
    axes.set_xscale("symlog", linthresh=0.01, linscale=0.4)
    ticks = [0, 0.01, 0.1, 1, 10, 100]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_xlim(-0.004, 110)
    axes.set_xlabel(label)
    axes.axvline(0.005, color="0.5", linewidth=0.8, linestyle=(0, (1, 3)))
    axes.grid(axis="x", color="0.9")
    axes.set_axisbelow(True)


def percent(values: list[float]) -> np.ndarray:
    """Return percents, with zero for what counts as optimal."""
    return np.array([0.0 if value <= OPTIMALITY_GAP else 100 * value for value in values])


def report(name: str, values: np.ndarray) -> None:
    """Print the figures behind one line of a picture; values in percent."""
    print(
        f"{name}: n = {len(values)}, optimal {(values == 0).sum()}, mean {values.mean():.3g} %, "
        f"median {np.median(values):.3g} %, 95 % quantile {np.quantile(values, 0.95):.3g} %, "
        f"worst {values.max():.3g} %"
    )


def draw_gaps(target: Path) -> None:
    """Draw one mark per instance and method, and each method's median."""
    instances = load_set("small")
    gaps = gaps_of_methods(instances)
    order = sorted(gaps, key=lambda name: (gaps[name][0], percent(gaps[name][1]).mean(), name))
    spread = np.random.default_rng(0)
    marks = {"exact": ("o", "0.35"), "heuristic": ("s", "0.1")}

    figure, axes = plt.subplots(figsize=(7.6, 0.9 + 0.29 * len(order)))
    labels = []
    for line, name in enumerate(order):
        kind, values = gaps[name]
        x = percent(values)
        mark, shade = marks[kind]
        first = kind not in [gaps[earlier][0] for earlier in order[:line]]
        axes.scatter(
            x,
            line + spread.uniform(-0.25, 0.25, len(x)),
            marker=mark,
            s=20,
            color=shade,
            alpha=0.6,
            linewidths=0,
            zorder=3,
            label=f"{kind}, one instance" if first else None,
        )
        axes.plot([np.median(x)] * 2, [line - 0.4, line + 0.4], color="black", linewidth=1.5)
        labels.append(f"{name} ({len(x)})")
        report(name, x)
    axes.plot([], [], color="black", linewidth=1.5, label="median")
    axes.set_yticks(range(len(order)), labels)
    axes.set_ylim(len(order) - 0.4, -0.6)
    axes.set_ylabel("method (number of instances)")
    percent_axis(axes, "gap to the certified optimum (%); 0: optimal")
    figure.legend(loc="outside upper right", ncols=3)
    figure.savefig(target)
    plt.close(figure)


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
    return percent(values)


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
    figure.savefig(target)
    plt.close(figure)


def main() -> None:
    """Draw both pictures."""
    plt.rcParams.update(STYLE)
    draw_gaps(FOLDER / "gaps.png")
    draw_contended(FOLDER / "contended.png")


if __name__ == "__main__":
    main()
