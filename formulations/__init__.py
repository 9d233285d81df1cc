"""P1, P2 and P3 as mathematical programs, the same models in each modelling language.

``models()`` is the table of the models, and ``models["p2-set"]`` one of them;
``models["p2-set"].build(instance, "cvxpy")`` writes it down for an instance.
"""

from formulations.catalogue import Model, models

__all__ = ["Model", "models"]
