"""How well the family `calibrated` fits the recordings: ``DMOE_DATA=DIR python docs/gates.py``.

Prints the tables of ``gates.md`` and draws ``gates.png`` next to this file. Drawn are 8192 tokens a
layer and domain, seed 1; a recording holds 8222 to 8479.
"""

from __future__ import annotations

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from figures import FOLDER, STYLE

from dmoe_models import Instance, solve
from dmoe_models.scores.recorded import choose_tokens, group_experts
from dmoe_models.scores.statistics import STATISTICS, gate_statistics
from instances.families import draw
from instances.recorded.directory import DOMAINS, RECORDED_LAYERS, recorded_gates

TOKENS = 8192
SEED = 1
OTHERS = ("rayleigh", "dirichlet", "logistic-normal", "domains")
SHOWN = {
    "top2": "two largest scores",
    "entropy": "entropy (nat)",
    "load_variation": "variation of expert loads",
    "node_top2": "two largest of 8 nodes",
}
MARKS = ("o", "s", "^", "x")


def recorded_scores(data: Path, layer: int, domain: str) -> np.ndarray:
    """Return the (N, 64) scores of a recording."""
    return recorded_gates(data, domain, layer).scores


def drawn_scores(layer: int, domain: str) -> np.ndarray:
    """Return (TOKENS, 64) scores of the model."""
    instance = draw("calibrated", SEED, K=64, T=TOKENS, M=1, layer=layer, domain=domain)
    return instance.gate_scores


def print_fit(recorded: dict[str, np.ndarray], drawn: dict[str, np.ndarray]) -> None:
    """Print a row for every statistic; arrays are (domains, layers)."""
    print(
        "| statistic | recorded: mean (range) | drawn: mean | mean abs. error | worst error | r |"
    )
    print("|---|---|---|---|---|---|")
    for name in STATISTICS:
        truth, model = recorded[name], drawn[name]
        error = model - truth
        worst = np.unravel_index(np.abs(error).argmax(), error.shape)
        where = f"{DOMAINS[worst[0]]} {worst[1]}, recorded {truth[worst]:.3g}"
        correlation = np.corrcoef(truth.ravel(), model.ravel())[0, 1]
        print(
            f"| `{name}` | {truth.mean():.3f} ({truth.min():.3g} to {truth.max():.3g}) "
            f"| {model.mean():.3f} | {np.abs(error).mean():.4f} "
            f"| {error[worst]:+.3f} ({where}) | {correlation:.3f} |"
        )


def print_families(recorded: dict[str, np.ndarray], drawn: dict[str, np.ndarray]) -> None:
    """Print the statistics of 8 nodes for the recordings and for families of K = 8."""
    names = ("node_top1", "node_top2", "node_load_variation", "capped")
    print(f"| 8 nodes | {' | '.join(f'`{name}`' for name in names)} |")
    print("|---" * (len(names) + 1) + "|")
    rows = {
        "recorded, mean of 104": {name: recorded[name].mean() for name in names},
        "`calibrated`, mean of 104": {name: drawn[name].mean() for name in names},
    }
    for family in OTHERS:
        rows[f"`{family}`"] = gate_statistics(draw(family, SEED, K=8, T=TOKENS, M=1).gate_scores)
    for label, values in rows.items():
        print(f"| {label} | {' | '.join(f'{values[name]:.3f}' for name in names)} |")


def print_energies(data: Path, layers: tuple[int, ...] = (6, 20)) -> None:
    """Print optimal energies with recorded and with drawn scores on the same channel."""
    print("| domain, layer | recorded scores, mJ | drawn, mJ | difference |")
    print("|---|---|---|---|")
    for domain in DOMAINS:
        for layer in layers:
            scores = recorded_scores(data, layer, domain)
            model = draw("calibrated", SEED, K=8, T=512, layer=layer, domain=domain)
            chosen = scores[choose_tokens(len(scores), 512)]
            truth = optimum(model.replace(gate_scores=group_experts(chosen, 8)))
            other = optimum(model)
            print(
                f"| {domain}, {layer} | {1e3 * truth:.2f} | {1e3 * other:.2f} "
                f"| {100 * (other / truth - 1):+.1f} % |"
            )


def optimum(instance: Instance) -> float:
    """Return the certified optimal energy, J."""
    return solve(instance, "exact").objective


def draw_fit(recorded: dict[str, np.ndarray], drawn: dict[str, np.ndarray], target: Path) -> None:
    """Draw recorded against drawn statistics, a mark a layer and domain."""
    figure, panels = plt.subplots(1, len(SHOWN), figsize=(9.6, 2.7))
    for axes, (name, label) in zip(panels, SHOWN.items(), strict=True):
        both = np.concatenate([recorded[name].ravel(), drawn[name].ravel()])
        ends = both.min(), both.max()
        axes.plot(ends, ends, color="0.7", linewidth=0.8)
        for row, domain in enumerate(DOMAINS):
            axes.plot(
                recorded[name][row],
                drawn[name][row],
                MARKS[row],
                markersize=4,
                color="0.1",
                markerfacecolor="none",
                label=domain if axes is panels[0] else None,
            )
        axes.set_title(label, fontsize=9)
        axes.set_xlabel("recorded")
    panels[0].set_ylabel("drawn")
    figure.legend(loc="outside upper center", ncols=len(DOMAINS))
    figure.savefig(target)
    plt.close(figure)


def main() -> None:
    """Print the tables and draw the picture."""
    data = Path(os.environ["DMOE_DATA"])
    pairs = [(layer, domain) for domain in DOMAINS for layer in range(RECORDED_LAYERS)]
    truths = [gate_statistics(recorded_scores(data, *pair)) for pair in pairs]
    models = [gate_statistics(drawn_scores(*pair)) for pair in pairs]
    shape = (len(DOMAINS), RECORDED_LAYERS)
    recorded, drawn = (
        {name: np.array([row[name] for row in rows]).reshape(shape) for name in STATISTICS}
        for rows in (truths, models)
    )
    print_fit(recorded, drawn)
    print_families(recorded, drawn)
    print_energies(data)
    plt.rcParams.update(STYLE)
    draw_fit(recorded, drawn, FOLDER / "gates.png")


if __name__ == "__main__":
    main()
