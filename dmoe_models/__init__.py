"""Energy-efficient expert selection in wireless distributed Mixture-of-Experts."""

from dmoe_models.checker import CheckReport, Violation, check
from dmoe_models.energy import EnergyReport, evaluate
from dmoe_models.errors import (
    DmoeError,
    InstanceError,
    InstanceFileError,
    MethodError,
    SolutionError,
)
from dmoe_models.files import read_instance, read_solution, write_instance, write_solution
from dmoe_models.instance import Instance
from dmoe_models.methods import methods
from dmoe_models.solution import Outcome, Result, Solution, Status
from dmoe_models.solving import solve

__all__ = [
    "CheckReport",
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
    "Violation",
    "check",
    "evaluate",
    "methods",
    "read_instance",
    "read_solution",
    "solve",
    "write_instance",
    "write_solution",
]
