"""The menu: every method by name, where it lives, and how a plug-in becomes one.

A method is a function of an Instance that returns decisions (an `Outcome`, or a bare `Solution`).
Methods are named by dotted paths and imported when they are called, so a missing optional package
concerns the method that needs it and no other.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pandas as pd

from dmoe_models.errors import MethodError

ENTRY_POINT_GROUP = "dmoe_models.methods"
"""Installed packages offer methods of their own under this entry-point group."""

EXTRAS = {"ortools": "cpsat"}
"""Optional packages that methods need, and the extra of this one that installs each."""


@dataclass(frozen=True)
class Method:
    """One line of the menu.

    Attributes
    ----------
    name : str
    problems : tuple of str
        Which of P1, P2 and P3 it answers.
    kind : str
        "exact", "heuristic", "bound" or "plug-in".
    target : str
        ``module:function``, or ``path/to/file.py:function``.
    needs : str
        What must be installed or given beyond the instance.
    summary : str
    package : str
        A package of `EXTRAS` that it needs, if any.
    """

    name: str
    problems: tuple[str, ...]
    kind: str
    target: str
    summary: str
    needs: str = ""
    package: str = ""

    @property
    def installed(self) -> bool:
        """Whether the optional package that it needs, if any, is there."""
        return not self.package or importlib.util.find_spec(self.package) is not None

    def load(self) -> Callable[..., Any]:
        """Import the function; MethodError where that is not possible, saying why."""
        place, _, function = self.target.rpartition(":")
        try:
            module = _module_of_file(place) if place.endswith(".py") else _imported(place)
        except ImportError as error:
            raise MethodError(f"method {self.name}: {_install_hint(error)}") from error
        except SystemExit as leaving:
            raise MethodError(
                f"method {self.name}: importing it calls sys.exit({leaving.code!r})"
            ) from None
        except Exception as error:
            raise MethodError(
                f"method {self.name} cannot be loaded: {type(error).__name__}: {error}"
            ) from error
        try:
            loaded = getattr(module, function)
        except AttributeError:
            raise MethodError(f"method {self.name}: {place} has no function {function}") from None
        if not callable(loaded):
            raise MethodError(f"method {self.name}: {function} in {place} is not a function")
        return loaded


_ALGORITHMS = "dmoe_models.algorithms"
_PYOMO, _CVXPY = "formulations.methods:pyomo_", "formulations.methods:cvxpy_"
_BOTH = ("P1", "P2")

_MENU = [
    Method(
        "des",
        ("P1",),
        "exact",
        f"{_ALGORITHMS}.selection.des:solve_p1",
        "DES tree search, per token",
    ),
    Method(
        "jesa", ("P2",), "heuristic", f"{_ALGORITHMS}.jesa:jesa", "JESA block coordinate descent"
    ),
    Method(
        "top-k", _BOTH, "heuristic", f"{_ALGORITHMS}.baselines:top_k", "the k highest scores, P3"
    ),
    Method(
        "homogeneous",
        _BOTH,
        "heuristic",
        f"{_ALGORITHMS}.baselines:homogeneous",
        "H(z, D): one relevance at every layer, DES and P3",
    ),
    Method(
        "greedy",
        _BOTH,
        "heuristic",
        f"{_ALGORITHMS}.baselines:greedy",
        "experts by energy per score at best prices, P3",
    ),
    Method(
        "random",
        _BOTH,
        "heuristic",
        f"{_ALGORITHMS}.baselines:random_selection",
        "a uniformly random feasible selection, P3",
    ),
    Method(
        "exhaustive",
        _BOTH,
        "exact",
        f"{_ALGORITHMS}.exhaustive:exhaustive",
        "enumeration, tiny sizes only",
    ),
    Method(
        "local-search",
        ("P2",),
        "heuristic",
        f"{_ALGORITHMS}.local_search:local_search",
        "exchange and perturb subcarriers, from JESA",
    ),
    Method(
        "exact",
        ("P2",),
        "exact",
        f"{_ALGORITHMS}.exact.method:exact",
        "proved optimum by token prices, reductions and branching",
    ),
    Method(
        "lower-bound",
        _BOTH,
        "bound",
        f"{_ALGORITHMS}.lower_bound:lower_bound",
        "LB: every link on its own best subcarrier",
    ),
    Method("pyomo-p1-milp", ("P1",), "exact", f"{_PYOMO}p1_milp", "P1 as a MILP in Pyomo"),
    Method(
        "pyomo-p2-minlp",
        ("P2",),
        "exact",
        f"{_PYOMO}p2_minlp",
        "P2 as written, with the ratio, in Pyomo; tiny sizes only",
        needs="solver scip",
    ),
    Method(
        "pyomo-p2-milp",
        ("P2",),
        "exact",
        f"{_PYOMO}p2_milp",
        "P2 as a MILP in Pyomo (disaggregated=True: one row a token)",
    ),
    Method(
        "pyomo-p2-set", ("P2",), "exact", f"{_PYOMO}p2_set", "P2 over minimal feasible sets, Pyomo"
    ),
    Method(
        "pyomo-p3",
        ("P3",),
        "heuristic",
        f"{_PYOMO}p3_assignment",
        "P3 as a linear program in Pyomo",
        needs="selection= (top-k's by default)",
    ),
    Method("cvxpy-p1-milp", ("P1",), "exact", f"{_CVXPY}p1_milp", "P1 as a MILP in CVXPY"),
    Method(
        "cvxpy-p2-milp",
        ("P2",),
        "exact",
        f"{_CVXPY}p2_milp",
        "P2 as a MILP in CVXPY (disaggregated=True: one row a token)",
    ),
    Method(
        "cvxpy-p2-set", ("P2",), "exact", f"{_CVXPY}p2_set", "P2 over minimal feasible sets, CVXPY"
    ),
    Method(
        "cvxpy-p3",
        ("P3",),
        "heuristic",
        f"{_CVXPY}p3_assignment",
        "P3 as a linear program in CVXPY",
        needs="selection= (top-k's by default)",
    ),
    Method(
        "highs-p2-milp",
        ("P2",),
        "exact",
        "formulations.methods:highs_p2_milp",
        "P2 as a MILP straight into HiGHS (disaggregated=True: one row a token)",
    ),
    Method(
        "highs-p2-set",
        ("P2",),
        "exact",
        "formulations.methods:highs_p2_set",
        "P2 over minimal feasible sets, straight into HiGHS",
    ),
    Method(
        "cpsat-p1",
        ("P1",),
        "exact",
        "formulations.with_cpsat.methods:cpsat_p1",
        "P1 in integers, on CP-SAT of OR-Tools",
        needs="extra cpsat",
        package="ortools",
    ),
    Method(
        "cpsat-p2",
        ("P2",),
        "exact",
        "formulations.with_cpsat.methods:cpsat_p2",
        "P2 over minimal feasible sets in integers, on CP-SAT of OR-Tools",
        needs="extra cpsat",
        package="ortools",
    ),
    Method(
        "set-bound",
        ("P2",),
        "bound",
        "formulations.with_highs.set_bound:set_bound",
        "LP over minimal feasible sets, its bound proved from dual prices",
    ),
]

METHODS: dict[str, Method] = {method.name: method for method in _MENU}
"""The built-in methods by name."""


def methods() -> pd.DataFrame:
    """Return the menu as a table: name, problem, kind, needs, summary; plug-ins included."""
    menu = [*METHODS.values(), *_installed_plugins().values()]
    return pd.DataFrame(
        {
            "problem": [", ".join(m.problems) for m in menu],
            "kind": [m.kind for m in menu],
            "needs": [m.needs for m in menu],
            "summary": [m.summary for m in menu],
        },
        index=pd.Index([m.name for m in menu], name="method"),
    )


def find_method(name: str) -> Method:
    """Return the method of that name, an installed plug-in, or ``path/to/file.py:function``.

    Raises
    ------
    MethodError
        For a name that is none of these, with the list of known names.
    """
    if name in METHODS:
        return METHODS[name]
    plugins = _installed_plugins()
    if name in plugins:
        return plugins[name]
    place, _, function = name.rpartition(":")
    if place.endswith(".py"):
        if not Path(place).is_file():
            raise MethodError(f"method {name}: there is no file {place}")
        return Method(name, _BOTH, "plug-in", f"{place}:{function}", "an algorithm of your own")
    raise MethodError(
        f"unknown method {name!r}; known are {', '.join([*METHODS, *plugins])}, "
        "and path/to/file.py:function"
    )


@cache
def _installed_plugins() -> dict[str, Method]:
    return {
        point.name: Method(
            point.name, _BOTH, "plug-in", point.value, f"from {point.value.partition(':')[0]}"
        )
        for point in entry_points(group=ENTRY_POINT_GROUP)
    }


def _imported(name: str) -> Any:
    return importlib.import_module(name)


def _module_of_file(path: str) -> Any:
    """Return a user's file as a module of its own, executed once for as long as it is unchanged."""
    return _executed_file(str(Path(path).resolve()), Path(path).stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _executed_file(path: str, modified_ns: int) -> Any:
    name = f"dmoe_plugin_{Path(path).stem}_{modified_ns}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None  # the name ends in .py
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickle look a module up by its name
    spec.loader.exec_module(module)
    return module


def _install_hint(error: ImportError) -> str:
    """Say which package is missing and how to get it."""
    if error.name is None or error.name.split(".")[0] in ("dmoe_models", "formulations"):
        return str(error)
    package = error.name.split(".")[0]
    wanted = f'"dmoe-models[{EXTRAS[package]}]"' if package in EXTRAS else error.name
    return f"package {error.name} is not installed; try: pip install {wanted}"
