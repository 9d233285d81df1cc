"""The catalogue: every method by name, one record each. A method is added by one row here."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd

from dmoe_models.errors import MethodError, did_you_mean
from dmoe_models.input_checks import quote
from dmoe_models.solving.listing import Listing, unit_of
from dmoe_models.solving.method import (
    CERTIFIER,
    DIFFICULTY,
    PLUG_IN,
    REFERENCE,
    BoundMethod,
    Method,
    SizeLimit,
    Variant,
)
from dmoe_models.solving.plugins import entry_point_targets, file_of

P1, P2, P3, BOTH = ("P1",), ("P2",), ("P3",), ("P1", "P2")
EXACT, HEURISTIC, BOUND = "exact", "heuristic", "bound"

_OURS = "dmoe_models.algorithms"
_PYOMO, _CVXPY = "formulations.with_pyomo.methods", "formulations.with_cvxpy.methods"
_HIGHS, _CPSAT = "formulations.with_highs", "formulations.with_cpsat"
_SELECTION = "selection= (top-k's by default)"

_ENUMERATED = SizeLimit(tokens_x_nodes=128)  # a larger P2 has hopelessly many cases
_AS_WRITTEN = SizeLimit(nodes=3, subcarriers=6)  # the next size up takes minutes
_REPEATED = SizeLimit(tokens_x_nodes=2000)  # above, one run per model and per language is enough

# fmt: off
_ROWS = [  # a table: name, problems, kind, function, summary, and what else is particular
    Method("des", P1, EXACT, f"{_OURS}.selection.des:solve_p1", "DES tree search, per token",
           label="DES", role=CERTIFIER),
    Method("jesa", P2, HEURISTIC, f"{_OURS}.jesa:jesa", "JESA block coordinate descent",
           label="JESA"),
    Method("top-k", BOTH, HEURISTIC, f"{_OURS}.baselines:top_k", "the k highest scores, P3",
           label="Top-k", may_miss_relevance=True, role=REFERENCE),
    Method("homogeneous", BOTH, HEURISTIC, f"{_OURS}.baselines:homogeneous",
           "H(z, D): one relevance at every layer, DES and P3", label="H(1, D)",
           may_miss_relevance=True),
    Method("greedy", BOTH, HEURISTIC, f"{_OURS}.baselines:greedy",
           "experts by energy per score at best prices, P3"),
    Method("random", BOTH, HEURISTIC, f"{_OURS}.baselines:random_selection",
           "a uniformly random feasible selection, P3"),
    Method("exhaustive", BOTH, EXACT, f"{_OURS}.exhaustive:exhaustive",
           "enumeration, tiny sizes only", up_to=_ENUMERATED),
    Method("local-search", P2, HEURISTIC, f"{_OURS}.local_search:local_search",
           "exchange and perturb subcarriers, from JESA", label="local search"),
    Method("exact", P2, EXACT, f"{_OURS}.exact.method:exact",
           "proved optimum by token prices, reductions and branching", solver="highs",
           role=CERTIFIER),
    Method("lower-bound", BOTH, BOUND, f"{_OURS}.lower_bound:lower_bound",
           "LB: every link on its own best subcarrier", label="LB"),
    Method("pyomo-p1-milp", P1, EXACT, f"{_PYOMO}:p1_milp", "P1 as a MILP in Pyomo",
           role=DIFFICULTY),
    Method("pyomo-p2-minlp", P2, EXACT, f"{_PYOMO}:p2_minlp",
           "P2 as written, with the ratio, in Pyomo; tiny sizes only", needs="solver scip",
           up_to=_AS_WRITTEN),
    Method("pyomo-p2-milp", P2, EXACT, f"{_PYOMO}:p2_milp",
           "P2 as a MILP in Pyomo (disaggregated=True: one row a token)"),
    Method("pyomo-p2-set", P2, EXACT, f"{_PYOMO}:p2_set",
           "P2 over minimal feasible sets, Pyomo", up_to=_REPEATED),
    Method("pyomo-p3", P3, HEURISTIC, f"{_PYOMO}:p3_assignment",
           "P3 as a linear program in Pyomo", needs=_SELECTION, may_miss_relevance=True),
    Method("cvxpy-p1-milp", P1, EXACT, f"{_CVXPY}:p1_milp", "P1 as a MILP in CVXPY"),
    Method("cvxpy-p2-milp", P2, EXACT, f"{_CVXPY}:p2_milp",
           "P2 as a MILP in CVXPY (disaggregated=True: one row a token)", up_to=_REPEATED),
    Method("cvxpy-p2-set", P2, EXACT, f"{_CVXPY}:p2_set",
           "P2 over minimal feasible sets, CVXPY"),
    Method("cvxpy-p3", P3, HEURISTIC, f"{_CVXPY}:p3_assignment",
           "P3 as a linear program in CVXPY", needs=_SELECTION, may_miss_relevance=True),
    Method("highs-p2-milp", P2, EXACT, f"{_HIGHS}.methods:p2_milp",
           "P2 as a MILP straight into HiGHS (disaggregated=True: one row a token)",
           solver="highs", up_to=_REPEATED, role=DIFFICULTY),
    Method("highs-p2-set", P2, EXACT, f"{_HIGHS}.methods:p2_set",
           "P2 over minimal feasible sets, straight into HiGHS", solver="highs"),
    Method("cpsat-p1", P1, EXACT, f"{_CPSAT}.methods:cpsat_p1",
           "P1 in integers, on CP-SAT of OR-Tools", needs="extra cpsat", package="ortools",
           solver="cpsat"),
    Method("cpsat-p2", P2, EXACT, f"{_CPSAT}.methods:cpsat_p2",
           "P2 over minimal feasible sets in integers, on CP-SAT of OR-Tools",
           needs="extra cpsat", package="ortools", solver="cpsat", up_to=_REPEATED),
    Method("set-bound", P2, BOUND, f"{_HIGHS}.set_bound:set_bound",
           "LP over minimal feasible sets, its bound proved from dual prices", solver="highs"),
]
# fmt: on

METHODS: dict[str, Method] = {method.name: method for method in _ROWS}
"""The methods of this package by name."""

MethodLike: TypeAlias = str | Method | BoundMethod | Variant | Callable[..., Any]
"""What stands for a method: its name, its record, or a function of an instance."""


def methods(name: MethodLike | None = None) -> pd.DataFrame:
    """Return the catalogue as a table, plug-ins of installed packages included; or one's options.

    Parameters
    ----------
    name : str or callable, optional
        A method, whose options are wanted.

    Returns
    -------
    DataFrame
        By method: problem, kind, needs, summary. By option: type, default, unit, meaning.
    """
    if name is not None:
        options = find_method(name).options()
        nothing = inspect.Parameter.empty
        return Listing(
            {
                "type": [option.type for option in options],
                "default": ["" if o.default is nothing else repr(o.default) for o in options],
                "unit": [unit_of(option.name) for option in options],
                "meaning": [option.meaning for option in options],
            },
            index=pd.Index([option.name for option in options], name="option"),
        )
    listed = [*METHODS.values(), *map(find_method, entry_point_targets())]
    return Listing(
        {
            "problem": [", ".join(method.problems) for method in listed],
            "kind": [method.kind for method in listed],
            "needs": [method.needs for method in listed],
            "summary": [method.summary for method in listed],
        },
        index=pd.Index([method.name for method in listed], name="method"),
    )


def find_method(method: MethodLike) -> Method:
    """Return a method's record.

    Parameters
    ----------
    method : str, Method, BoundMethod, Variant or callable
        A name of the catalogue or of a plug-in of an installed package;
        ``path/to/file.py:function``, found also after the working directory changes; or a function
        of an instance.

    Raises
    ------
    MethodError
        For a name that is none of these, with the list of known names.
    """
    if isinstance(method, Method):
        return method
    if isinstance(method, BoundMethod):
        return method.method
    if isinstance(method, Variant):
        return find_method(method.method)
    if not isinstance(method, str):
        if not callable(method) or isinstance(method, type):
            raise MethodError(f"method = {quote(method)} is neither a name nor a function")
        named: Any = method
        while isinstance(named, functools.partial):
            named = named.func
        name = getattr(named, "__name__", type(named).__name__)
        return Method(name, BOTH, PLUG_IN, "", "a function of your own", function=method)
    if method in METHODS:
        return METHODS[method]
    if file := file_of(method):
        path = Path(os.path.expanduser(file)).absolute()
        if not path.is_file():
            raise MethodError(f"method {method}: there is no file {file}")
        target = f"{path}{method.removeprefix(file)}"
        return Method(method, BOTH, PLUG_IN, target, "an algorithm of your own")
    offered = entry_point_targets()
    if method in offered:
        target = offered[method]
        return Method(method, BOTH, PLUG_IN, target, f"from {target.partition(':')[0]}")
    raise MethodError(
        f"unknown method {method!r}; known are {', '.join([*METHODS, *offered])}, "
        f"and path/to/file.py:function{did_you_mean(method, [*METHODS, *offered])}"
    )


def bind_method(method: MethodLike, options: Mapping[str, Any] | None = None) -> BoundMethod:
    """Find a method, load it and look at its options, before any work is done.

    Parameters
    ----------
    method : str, Method, BoundMethod, Variant or callable
        As for `find_method`; one that is bound keeps the options, and the label, that it has.
    options : mapping, optional

    Raises
    ------
    MethodError
        For a method that is unknown or cannot be loaded, and an option that it does not take.
    """
    if isinstance(method, BoundMethod):
        return method.with_options(options or {})
    if isinstance(method, Variant):
        bound = find_method(method).bind({**method.options, **(options or {})})
        return replace(bound, label=method.label)
    return find_method(method).bind(options)


def method_for(role: str, problem: str) -> Method:
    """Return the method that this package uses for a purpose.

    Parameters
    ----------
    role : str
        `CERTIFIER`, `DIFFICULTY` or `REFERENCE`.
    problem : str
        P1 or P2.
    """
    return next(m for m in METHODS.values() if m.role == role and problem in m.problems)
