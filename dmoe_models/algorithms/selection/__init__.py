"""P1, expert selection: DES, a tree search that is exact for each token.

`select_experts` takes arrays: energies, gate scores and thresholds of a batch of tokens.
"""

from dmoe_models.algorithms.selection.des import ExpertSelection, select_experts

__all__ = ["ExpertSelection", "select_experts"]
