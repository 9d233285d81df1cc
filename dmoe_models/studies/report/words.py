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

_SAVED = (
    "Of the reference's energy, on the same draws. Half or more: the whole interval is at least "
    "50 %. None: the interval holds 0. Valid, certified: draws on which the method's answer is "
    "valid, and the proved optimum, {where}."
)

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
    "gaps": (
        "Excess over the certified optimum",
        "Excesses are those of valid answers on certified draws.",
    ),
    "gaps_by_family": (
        "Excess over the certified optimum, by family",
        "Over all draws of a family. Excesses are those of valid answers on certified draws; "
        "beyond JESA: on draws on which both have one.",
    ),
    "tightness": (
        "How far bounds lie below the certified optimum",
        "Tight: the distance is 0. Integral: the relaxation's decisions are whole.",
    ),
    "tightness_by_family": (
        "How far bounds lie below the certified optimum, by family and size",
        "Over all draws of a family. Tight: the distance is 0. Integral: the relaxation's "
        "decisions are whole.",
    ),
    "nodes": (
        "Nodes that searches explore",
        "Optimal draws: on them the method has the certified optimum. Explored: of all sets.",
    ),
    "savings": (
        "Energy saved over all layers",
        _SAVED.format(where="on every layer"),
    ),
    "savings_by_layer": ("Energy saved, layer by layer", _SAVED.format(where="on the layer")),
    "energy_parts": (
        "Where the energy goes",
        "Means over draws. Capped tokens: their relevance threshold was lowered.",
    ),
}
"""Title and explanation of the tables of `dmoe_models.studies.analysis.summaries`."""

FIGURES = {
    "probability": "How often JESA is optimal, and best subcarriers are distinct",
    "channels": "How often JESA is optimal, by channel",
    "distinct": "Distinct best subcarriers beside the closed form, by channel",
    "decay": "How fast failures become rare",
    "exponents": "Exponents of that, by channel",
    "excess": "Excess over the certified optimum, by channel",
    "starts": "JESA from one start and from several",
    "needed": "Subcarriers per link that are enough",
    "gaps": "Excess over the certified optimum, by method and family",
    "optimal": "How often methods are optimal, by family",
    "time": "Time beside excess",
    "tightness": "How far bounds lie below the certified optimum",
    "integral": "How often the relaxation of the set model is the optimum",
    "nodes": "Nodes that searches explore",
    "importance": "Saving over the importance of layers",
    "methods": "Energy of all methods over the importance of layers",
    "snr_computation": "Saving over signal and computation",
    "where": "Saving by condition",
    "layers": "Energy and saving, layer by layer",
    "patterns": "Experts per token, layer by layer",
}
"""Titles of the figures of `dmoe_models.studies.analysis.figures`."""
