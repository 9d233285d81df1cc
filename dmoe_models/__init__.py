"""Energy-efficient expert selection in wireless distributed Mixture-of-Experts."""

from dmoe_models.errors import (
    DmoeError,
    InstanceError,
    InstanceFileError,
    MethodError,
    SolutionError,
)
from dmoe_models.files.formats import read_instance, read_solution, write_instance, write_solution
from dmoe_models.model.energy import EnergyReport, evaluate
from dmoe_models.model.instance import Instance
from dmoe_models.model.solution import Outcome, Solution
from dmoe_models.referee.check import CheckReport, Violation, check
from dmoe_models.solving.catalogue import methods
from dmoe_models.solving.result import Result, Status
from dmoe_models.solving.solve import solve

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
