"""Energy-efficient expert selection in wireless distributed Mixture-of-Experts."""

from dmoe_models.energy import EnergyReport, evaluate
from dmoe_models.errors import (
    DmoeError,
    InstanceError,
    InstanceFileError,
    MethodError,
    SolutionError,
)
from dmoe_models.instance import Instance
from dmoe_models.solution import Outcome, Result, Solution, Status

__all__ = [
    "DmoeError",
    "EnergyReport",
    "Instance",
    "InstanceError",
    "InstanceFileError",
    "MethodError",
    "Outcome",
    "Result",
    "Solution",
    "SolutionError",
    "Status",
    "evaluate",
]
