"""Adversarial search: instances on which a method ends far above the optimum."""
