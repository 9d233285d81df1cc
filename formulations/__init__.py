"""P1, P2 and P3 as mathematical programs, the same models in each modelling language.

``models()`` is the table of the models, and ``models["p2-set"]`` one of them;
``models["p2-set"].build(instance, "cvxpy")`` writes it down for an instance. `write_model` writes a
model into a file for other solvers, and `judge_model_solution` reads what they answer.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from formulations.catalogue import Model, models

if TYPE_CHECKING:
    from formulations.exchange.read import judge_model_solution
    from formulations.exchange.write import write_model

__all__ = ["Model", "judge_model_solution", "models", "write_model"]

_MODULES = {
    "judge_model_solution": "formulations.exchange.read",
    "write_model": "formulations.exchange.write",
}


def __getattr__(name: str) -> Any:
    """Import what needs a modelling language when it is asked for."""
    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
