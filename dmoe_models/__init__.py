"""Energy-efficient expert selection in wireless distributed Mixture-of-Experts.

``Instance(...)`` or `read_instance` makes one round, ``instances.draw`` draws one. `solve` runs a
method on it, `check` has a solution judged, `evaluate` says where its energy goes. `validate` runs
many methods on many instances, `compare` compares them, `run_rounds` goes through the layers of a
model, `run_study` measures claims over many draws. `methods()` is the table of what can be run,
`plot` draws all of it. What each command of ``dmoe`` is in Python stands in docs/python.md.

The public names are imported from their rooms when they are first used, so that
``import dmoe_models`` itself is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING

_MODULES = {
    "dmoe_models.errors": (
        "DmoeError",
        "FileError",
        "InstanceError",
        "InstanceFileError",
        "MethodError",
        "SolutionError",
    ),
    "dmoe_models.files.instances": ("read_instance", "write_instance"),
    "dmoe_models.files.solutions": ("read_solution", "write_solution"),
    "dmoe_models.layers.draws": ("draw_layers",),
    "dmoe_models.layers.rounds": ("run_rounds",),
    "dmoe_models.model.energy": ("EnergyReport", "evaluate"),
    "dmoe_models.model.instance": ("Instance",),
    "dmoe_models.model.solution": ("Outcome", "Solution"),
    "dmoe_models.referee.check": ("CheckReport", "Violation", "check"),
    "dmoe_models.solving.catalogue": ("methods",),
    "dmoe_models.solving.result": ("Result", "Status"),
    "dmoe_models.solving.solve": ("solve",),
    "dmoe_models.studies.engine.repeat": ("compare_studies",),
    "dmoe_models.studies.run": ("read_study", "run_study"),
    "dmoe_models.verification.compare": ("compare",),
    "dmoe_models.verification.validate": ("validate",),
}
"""The public names, by the module that defines them; the imports below repeat them for tools."""

_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

__all__ = sorted([*_MODULE_OF, "plot"])

if TYPE_CHECKING:
    from dmoe_models.errors import DmoeError as DmoeError
    from dmoe_models.errors import FileError as FileError
    from dmoe_models.errors import InstanceError as InstanceError
    from dmoe_models.errors import InstanceFileError as InstanceFileError
    from dmoe_models.errors import MethodError as MethodError
    from dmoe_models.errors import SolutionError as SolutionError
    from dmoe_models.files.instances import read_instance as read_instance
    from dmoe_models.files.instances import write_instance as write_instance
    from dmoe_models.files.solutions import read_solution as read_solution
    from dmoe_models.files.solutions import write_solution as write_solution
    from dmoe_models.layers.draws import draw_layers as draw_layers
    from dmoe_models.layers.rounds import run_rounds as run_rounds
    from dmoe_models.model.energy import EnergyReport as EnergyReport
    from dmoe_models.model.energy import evaluate as evaluate
    from dmoe_models.model.instance import Instance as Instance
    from dmoe_models.model.solution import Outcome as Outcome
    from dmoe_models.model.solution import Solution as Solution
    from dmoe_models.presentation import plot as plot
    from dmoe_models.referee.check import CheckReport as CheckReport
    from dmoe_models.referee.check import Violation as Violation
    from dmoe_models.referee.check import check as check
    from dmoe_models.solving.catalogue import methods as methods
    from dmoe_models.solving.result import Result as Result
    from dmoe_models.solving.result import Status as Status
    from dmoe_models.solving.solve import solve as solve
    from dmoe_models.studies.engine.repeat import compare_studies as compare_studies
    from dmoe_models.studies.run import read_study as read_study
    from dmoe_models.studies.run import run_study as run_study
    from dmoe_models.verification.compare import compare as compare
    from dmoe_models.verification.validate import validate as validate

    __version__: str
else:  # a type checker that saw `__getattr__` would accept any name

    def __getattr__(name):
        """Return a public name, imported now, or the version that is installed."""
        if name == "__version__":
            value = import_module("dmoe_models.environment").package_version()
        elif name == "plot":  # the public name of a module
            value = import_module("dmoe_models.presentation.plot")
        elif name in _MODULE_OF:
            import_module("dmoe_models.environment").require_own_packages()
            value = getattr(import_module(_MODULE_OF[name]), name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value
        return value

    def __dir__():
        """Return the public names beside what is loaded already."""
        return sorted({*globals(), *__all__, "__version__"})
