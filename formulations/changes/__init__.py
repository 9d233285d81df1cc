"""Models with rows of one's own: written, solved and read back (docs/change_the_model.md)."""

from formulations.changes.quantities import (
    link_done_within,
    link_energy,
    link_rate,
    link_tokens,
    node_energy,
    node_spends_at_most,
)
from formulations.changes.solve import solve_built

__all__ = [
    "link_done_within",
    "link_energy",
    "link_rate",
    "link_tokens",
    "node_energy",
    "node_spends_at_most",
    "solve_built",
]
