"""What the columns of a study's tables are called on paper, and what each table shows."""

from __future__ import annotations

LEGEND = (
    "In brackets: 95 % intervals. A dash: there is no value, or the line has no such condition. "
    "Excesses and distances are shares of the optimum without static energy."
)

MEASURED = {
    "draws": ("draws", ""),
    "certified": ("certified", ""),
    "valid": ("valid", ""),
    "failed": ("failed draws", ""),
    "p_optimal": ("optimal", "%"),
    "p_distinct": ("distinct", "%"),
    "closed_form": ("distinct, closed form", "%"),
    "missed": ("distinct, not optimal", ""),
    "optimal_without": ("optimal, not distinct", ""),
    "p_bound_tight": ("LB tight", "%"),
    "mean_excess": ("mean excess", "%"),
    "median_excess": ("median excess", "%"),
    "worst_excess": ("worst excess", "%"),
    "paired": ("draws beside JESA", ""),
    "beyond_jesa": ("mean excess beyond JESA", "%"),
    "p_beyond": ("above JESA", "%"),
    "target": ("wanted share", "%"),
    "needed": ("M / L needed", ""),
    "needed_surely": ("M / L needed, lower end", ""),
    "needed_possibly": ("M / L needed, upper end", ""),
    "largest": ("largest M / L", ""),
    "optimal_exponent": ("exponent, optimal", ""),
    "distinct_exponent": ("exponent, distinct", ""),
    "scales": ("scales", ""),
    "mean_distance": ("mean distance", "%"),
    "worst_distance": ("worst distance", "%"),
    "p_tight": ("tight", "%"),
    "p_integral": ("integral", "%"),
    "agree": ("optimal draws", ""),
    "nodes_per_token": ("nodes a token", ""),
    "most_nodes_per_token": ("most nodes a token", ""),
    "subsets_per_token": ("sets a token", ""),
    "share": ("explored", "%"),
    "mean_s": ("mean time", "s"),
    "saving": ("saving", "%"),
    "above_half": ("half or more", ""),
    "none": ("none", ""),
    "energy_j": ("energy", "J"),
    "transmission_j": ("transmission", "J"),
    "computation_j": ("computation", "J"),
    "transmission_share": ("transmission", "%"),
    "experts_per_token": ("experts a token", ""),
    "capped": ("capped tokens", "%"),
}
"""Header and unit of what was measured; every other column says of what, and keeps its name."""

IMPLIED = frozenset({"cell", "part", "links", "subcarriers", "optimal", "distinct"})
"""Columns that others imply; they stand in the files."""
