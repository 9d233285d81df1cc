"""Adversarial search: instances on which a method ends far above the optimum."""

from instances.search.adversarial import search, write_found
from instances.search.excess import Target

__all__ = ["Target", "search", "write_found"]
