"""P3, subcarriers for given token counts: an assignment problem over short lists.

`allocate_subcarriers` takes arrays: token counts, and joules per token on every subcarrier.
"""

from dmoe_models.algorithms.placement.assignment import allocate_subcarriers

__all__ = ["allocate_subcarriers"]
