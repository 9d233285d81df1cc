"""How cost grows by decades along K, M and T, each apart, for our methods and their peers.

``python tests/benchmarks/bench_growth.py [--quick]`` prints the rows that `rows` yields. Every
figure is the median of `SEEDS` instances. A series ends after the first run that is stopped at the
limit: its row says "stopped", and holds the limit. `figure` draws what `rows` measured.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from dmoe_models import Instance, solve
from instances.families import draw

import peers
from bench_des import row

LIMIT_S = 10.0
QUICK_LIMIT_S = 2.0
SEEDS = 3
FAMILIES = {"rayleigh": {"gamma": 0.3}, "contended": {}}
AXES: dict[str, list[dict[str, int]]] = {
    "T": [{"K": 8, "M": 64, "T": tokens} for tokens in (10, 100, 1000, 10_000, 100_000)],
    "M": [{"K": 8, "M": subcarriers, "T": 256} for subcarriers in (60, 600, 6000, 60_000)],
    "K": [{"K": k, "M": k * (k - 1), "T": 8 * k} for k in (2, 4, 8, 16, 32, 64)],
}
LABELS = {
    "T": "tokens T (K = 8, M = 64)",
    "M": "subcarriers M (K = 8, T = 256)",
    "K": "nodes K (M = K (K - 1), T = 8 K)",
}
OWN = ("exact", "local-search", "jesa", "des", "lower-bound")
OTHERS = ("aggregated on HiGHS", "set on HiGHS", "set on CP-SAT")
STYLES = {  # colours of Okabe and Ito; shapes and lines tell series apart without them
    "exact": ("o", "-", "#000000"),
    "local-search": ("s", "-", "#0072B2"),
    "jesa": ("^", "-", "#009E73"),
    "des": ("v", "-", "#56B4E9"),
    "lower-bound": ("d", "-", "#999999"),
    "aggregated on HiGHS": ("X", "--", "#D55E00"),
    "set on HiGHS": ("P", "--", "#CC79A7"),
    "set on CP-SAT": ("*", "--", "#E69F00"),
}


def measured(name: str, instance: Instance, limit: float) -> tuple[float, bool]:
    """Return the seconds of one run, and whether it came to its end within the limit."""
    if name in peers.PEERS:
        run = peers.run(name, instance, limit)
        return run.seconds, run.done and run.seconds <= limit
    if name == "des":  # P1, at any assignment: there are as many subcarriers as links, or more
        assignment = np.full((instance.K, instance.K), -1)
        assignment[tuple(instance.links.T)] = np.arange(len(instance.links))
        instance = instance.replace(assignment=assignment)
    result = solve(instance, name, time_limit=limit)
    ended = name != "exact" or peers.proved(result)
    return result.runtime, ended and result.runtime <= limit


def series(family: str, axis: str, sizes: list[dict], seeds: range, limit: float) -> Iterator[dict]:
    """Measure all methods along one axis."""
    going = [*OWN, *peers.available(OTHERS)]
    for size in sizes:
        times: dict[str, list[float]] = {name: [] for name in going}
        stopped = set()
        for seed in seeds:
            instance = draw(family, seed, **size, **FAMILIES[family])
            solve(instance, "lower-bound")  # fills what the instance keeps
            for name in going:
                if name not in stopped:
                    seconds, ended = measured(name, instance, limit)
                    times[name].append(seconds)
                    if not ended:
                        stopped.add(name)
        case = f"growth, {family}, " + ", ".join(f"{key} = {value}" for key, value in size.items())
        for name in going:
            low, high = min(times[name]), max(times[name])
            seconds = limit if name in stopped else float(np.median(times[name]))
            words = f", stopped at {limit:g} s" if name in stopped else ""
            yield row(f"{case}: {name}{words}", seconds, "s", spread=(low, high)) | {
                "family": family,
                "axis": axis,
                "size": size[axis],
                "method": name,
                "seconds": seconds,
                "stopped": name in stopped,
            }
        going = [name for name in going if name not in stopped]


def rows(quick: bool = False) -> Iterator[dict]:
    """Measure everything, row by row; `quick` with one seed and two sizes of every axis."""
    for name in ("exact", "local-search", "jesa"):  # what is compiled is compiled
        solve(draw("contended", 1, K=3, T=6, gamma=0.3), name)
    seeds = range(1, 2 if quick else SEEDS + 1)
    limit = QUICK_LIMIT_S if quick else LIMIT_S
    for axis, sizes in AXES.items():
        for family in FAMILIES:
            yield from series(family, axis, sizes[:2] if quick else sizes, seeds, limit)


def figure(measurements: list[dict]) -> Any:
    """Draw seconds against size, a panel for every axis and family, both scales logarithmic."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(10.5, 6.5), layout="constrained")
    grid = drawn.subplots(len(FAMILIES), len(AXES), sharex="col", sharey=True, squeeze=False)
    for line, family in zip(grid, FAMILIES, strict=True):
        for axes, axis in zip(line, AXES, strict=True):
            here = [r for r in measurements if r["family"] == family and r["axis"] == axis]
            for name, (marker, dashes, colour) in STYLES.items():
                own = [r for r in here if r["method"] == name]
                axes.plot(
                    [r["size"] for r in own], [r["seconds"] for r in own], dashes,
                    marker=marker, color=colour, markersize=6, linewidth=1.2, label=name,
                )  # fmt: skip
                ends = [r for r in own if r["stopped"]]  # above: at least so long
                axes.plot(
                    [r["size"] for r in ends], [1.7 * r["seconds"] for r in ends],
                    linestyle="none", marker="$\\uparrow$", color=colour, markersize=8,
                )  # fmt: skip
            axes.set_xscale("log")
            axes.set_yscale("log")
            sizes = sorted({r["size"] for r in here})
            axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
            axes.minorticks_off()
            axes.grid(color="0.9", linewidth=0.8)
            axes.set_title(
                ", ".join([family, *(f"{k} = {v}" for k, v in FAMILIES[family].items())])
            )
    for axes, axis in zip(grid[-1], AXES, strict=True):
        axes.set_xlabel(LABELS[axis])
    for line in grid:
        line[0].set_ylabel("time (s)")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    return drawn


def save_figure(measurements: list[dict], place: Path) -> list[Path]:
    """Write the figure as PNG and PDF; return the files."""
    files = [place / "growth.png", place / "growth.pdf"]
    drawn = figure(measurements)
    for file in files:
        drawn.savefig(file, dpi=150)
    return files


def main() -> None:
    start = time.perf_counter()
    for line in rows(quick="--quick" in sys.argv[1:]):
        print(f"{line['case']:90} {line['seconds']:.4g} s", flush=True)
    print(f"{time.perf_counter() - start:.0f} s in all")


if __name__ == "__main__":
    main()
