"""Summaries of the study "asymptotics": how often JESA is optimal, and from where on."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pandas as pd

from dmoe_models.studies.analysis.intervals import (
    decay_interval,
    excess_interval,
    proportion_interval,
)
from dmoe_models.studies.analysis.summaries import columns_of, grouped, known_of, per_cell
from dmoe_models.studies.asymptotics.rows import COLUMNS, distinct_probability

TARGET = 0.99
"""Probability of being optimal from which on "becomes optimal" is said to hold; ours."""


def asymptotic_optimality(rows: pd.DataFrame) -> pd.DataFrame:
    """Return how often JESA is optimal, and how often all best subcarriers are distinct.

    One line per cell and method. `draws`; of all of them, `distinct` (number) and `p_distinct`, and
    `closed_form`, the probability of that for independent, exchangeable gains. `certified`, draws
    with a certified optimum, and of these: `optimal` (number) and `p_optimal`; `missed`, draws
    whose best subcarriers are distinct and that the method did not solve (never JESA);
    `optimal_without`, draws that it solved without that; `p_bound_tight` (LB is the optimum);
    `mean_excess`, `worst_excess` over the optimum. See docs/model.md, fact 4 (distinct bests).
    """

    def line(group: pd.DataFrame) -> dict[str, Any]:
        links, subcarriers = int(group["links"].iloc[0]), int(group["subcarriers"].iloc[0])
        known = known_of(group)
        distinct = int(group["distinct"].sum())
        number, optimal = len(known), int(known["optimal"].sum())
        return {
            "links": links,
            "subcarriers": subcarriers,
            "draws": len(group),
            "certified": number,
            "optimal": optimal,
            **columns_of("p_optimal", proportion_interval(optimal, number)),
            "distinct": distinct,
            **columns_of("p_distinct", proportion_interval(distinct, len(group))),
            "closed_form": distinct_probability(links, subcarriers),
            "missed": int((known["distinct"] & ~known["optimal"]).sum()),
            "optimal_without": int((known["optimal"] & ~known["distinct"]).sum()),
            **columns_of(
                "p_bound_tight",
                proportion_interval(int((known["bound_distance"] == 0).sum()), number),
            ),
            **columns_of("mean_excess", excess_interval(known["excess"])),
            "worst_excess": float(known["excess"].max()),
        }

    return per_cell(COLUMNS, rows, ["method"], line)


def subcarriers_needed(table: pd.DataFrame, target: float = TARGET) -> pd.DataFrame:
    """Return how many subcarriers per link are enough for JESA to be optimal so often.

    From the table of `asymptotic_optimality`.

    One line per method and everything of a cell but its number of subcarriers. `needed` is the
    least ratio M / L in the design from which on the share is at least `target`; `needed_surely`
    the same for the lower end of the interval, `needed_possibly` for the upper; NaN where the
    design has none. `largest` is the largest ratio in the design.

    Parameters
    ----------
    table : DataFrame
    target : float
        Share of the draws.
    """

    def line(group: pd.DataFrame) -> dict[str, Any]:
        group = group.assign(ratio=group["subcarriers"] / group["links"]).sort_values("ratio")
        return {
            "target": target,
            "needed": _from_where_on(group["ratio"], group["p_optimal"] >= target),
            "needed_surely": _from_where_on(group["ratio"], group["p_optimal_low"] >= target),
            "needed_possibly": _from_where_on(group["ratio"], group["p_optimal_high"] >= target),
            "largest": float(group["ratio"].max()),
            "certified": int(group["certified"].sum()),
        }

    return _per_series(table, line)


def decay_rates(table: pd.DataFrame) -> pd.DataFrame:
    """Return at which rate the probability of failure falls with the subcarriers.

    From the table of `asymptotic_optimality`.

    One line per method and everything of a cell but its number of subcarriers. `optimal_exponent`:
    b in P(JESA not optimal) ~ (M / L)^-b; `distinct_exponent`: the same for best subcarriers that
    are not all distinct, whose closed form has b = 1 in the limit.
    Cells in which more than half of the draws fail say nothing of a rate; NaN where too few of the
    others have failures.
    """

    def line(group: pd.DataFrame) -> dict[str, Any]:
        ratio = group["subcarriers"] / group["links"]
        number = group["certified"].to_numpy()
        return {
            **columns_of(
                "optimal_exponent",
                decay_interval(ratio, number - group["optimal"].to_numpy(), number),
            ),
            **columns_of(
                "distinct_exponent",
                decay_interval(ratio, group["draws"] - group["distinct"], group["draws"]),
            ),
            "certified": int(number.sum()),
            "scales": len(group),
        }

    return _per_series(table, line)


def _from_where_on(ratio: pd.Series, enough: pd.Series) -> float:
    """Return the least ratio from which on `enough` holds throughout; NaN where there is none."""
    least = math.nan
    for value, holds in zip(ratio[::-1], enough[::-1], strict=True):
        if not holds:
            break
        least = float(value)
    return least


def _per_series(
    table: pd.DataFrame, line: Callable[[pd.DataFrame], dict[str, Any]]
) -> pd.DataFrame:
    """Make a line for all cells of a summary that differ in their subcarriers only."""
    if table.empty:
        return table
    return grouped(table, [*series_parameters(table), "method"], line)


def series_parameters(table: pd.DataFrame) -> list[str]:
    """Return the names of what tells series apart in the table of `asymptotic_optimality`.

    All parameters but the number of subcarriers. A delay spread goes with the subcarriers, as a
    finer division of one band, unless the same number of them comes with several.
    """
    names = [str(name) for name in table.columns]
    own = names[1 : names.index("method")]
    own = [name for name in own if name not in ("subcarriers_per_link", "M")]
    rest = [name for name in own if name != "delay_spread_s"]
    return own if table.duplicated([*rest, "method", "subcarriers"]).any() else rest


def tables(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return all tables of the study, by name."""
    optimality = asymptotic_optimality(rows)
    return {
        "optimality": optimality,
        "subcarriers_needed": subcarriers_needed(optimality),
        "decay_rates": decay_rates(optimality),
    }


ABOUT = {
    "optimality": (
        "How often JESA is optimal",
        "On draws with a certified optimum. Distinct: the best subcarriers of all links are; the "
        "closed form holds for independent, exchangeable gains. LB tight: it is the optimum.",
    ),
    "subcarriers_needed": (
        "Subcarriers needed",
        "The least M / L of the design from which on the wanted share of draws is optimal, by the "
        "estimate and by the lower end of its interval.",
    ),
    "decay_rates": (
        "How fast failures become rare",
        "b in P(failure) ~ (M / L)^-b, a failure being that JESA is not optimal, or that best "
        "subcarriers are not distinct. Scales: different M / L.",
    ),
}
"""Title and explanation of each table."""
