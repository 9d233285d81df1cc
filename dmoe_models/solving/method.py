"""A method's record: all that is known of it; and a method bound to its options, ready to run.

A method is a function of an Instance that returns decisions (an `Outcome`, or a bare `Solution`).
Its function is named by a dotted path and imported when it is needed, so a missing optional package
concerns the method that needs it and no other.
"""

from __future__ import annotations

import importlib.util
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dmoe_models.errors import MethodError
from dmoe_models.model.instance import Instance
from dmoe_models.solving.options import Option, checked_options, options_of, parameters_of
from dmoe_models.solving.plugins import file_of, function_sha256, load_function, source_sha256
from dmoe_models.values.value import Value

PLUG_IN = "plug-in"
"""The kind of methods that are not of this package: what they claim is no proof."""

CERTIFIER, DIFFICULTY, REFERENCE = "certifier", "difficulty", "reference"
"""Roles: whose optimum is certified, whose time says how hard an instance is, and whose energy
savings are measured against by default."""


@dataclass(frozen=True, eq=False)
class SizeLimit(Value):
    """Sizes of P2 up to which the default list of a verification holds a method.

    P1 has none: there, every token is a small problem of its own.

    Attributes
    ----------
    nodes, subcarriers : int or None
    tokens_x_nodes : int or None
    """

    nodes: int | None = None
    subcarriers: int | None = None
    tokens_x_nodes: int | None = None

    def exceeded(self, instance: Instance) -> str:
        """Return by what an instance is above a limit, in words; empty where it is not."""
        sizes = {
            "nodes": (instance.K, self.nodes),
            "subcarriers": (instance.M, self.subcarriers),
            "tokens x nodes": (instance.T * instance.K, self.tokens_x_nodes),
        }
        limits = {name: limit for name, (_, limit) in sizes.items() if limit is not None}
        if instance.problem != "P2" or all(sizes[name][0] <= limits[name] for name in limits):
            return ""
        return "more than " + " or ".join(f"{limit} {name}" for name, limit in limits.items())


@dataclass(frozen=True, eq=False)
class Method(Value):
    """What is known of a method.

    Attributes
    ----------
    name : str
    problems : tuple of str
        Which of P1, P2 and P3 it answers.
    kind : str
        "exact", "heuristic", "bound" or "plug-in".
    target : str
        ``module:function``, or ``path/to/file.py:function``.
    summary : str
    label : str
        What it is called in tables and legends of a study; empty for its name.
    needs : str
        What must be installed, or given beside the instance.
    package : str
        A package of `plugins.EXTRAS` that it needs, if any.
    solver : str
        The solver that it runs on, where it has no option for it.
    up_to : SizeLimit
        The largest P2 that a verification runs it on without being asked to.
    may_miss_relevance : bool
        It selects experts by a rule of its own, so that its answers may violate C1 and C2.
    role : str
        `CERTIFIER`, `DIFFICULTY` or `REFERENCE` for the method that this package uses so.
    function : callable, optional
        Of a method that was handed over as a function.
    """

    name: str
    problems: tuple[str, ...]
    kind: str
    target: str
    summary: str
    label: str = ""
    needs: str = ""
    package: str = ""
    solver: str = ""
    up_to: SizeLimit = SizeLimit()
    may_miss_relevance: bool = False
    role: str = ""
    function: Callable[..., Any] | None = None

    @property
    def installed(self) -> bool:
        """Whether the optional package that it needs, if any, is there."""
        return not self.package or importlib.util.find_spec(self.package) is not None

    @property
    def foreign(self) -> bool:
        """Whether it is a plug-in."""
        return self.kind == PLUG_IN

    @property
    def source_files(self) -> tuple[str, ...]:
        """The file of a plug-in, where it is one of its own."""
        code = getattr(self.function, "__code__", None)
        return tuple(name for name in (code and code.co_filename, file_of(self.target)) if name)

    def load(self) -> Callable[..., Any]:
        """Return its function; MethodError where it cannot be imported, saying why."""
        return self.function or load_function(self.name, self.target)

    def source_sha256(self) -> str:
        """Return the hash of a plug-in's source; empty where none can be read."""
        if self.function is not None:
            return function_sha256(self.function)
        try:
            return source_sha256(self.load(), file_of(self.target))
        except MethodError:
            return ""

    def options(self) -> list[Option]:
        """Return its options, as its function declares them."""
        return options_of(self.name, self.load())

    def bind(self, options: Mapping[str, Any] | None = None) -> BoundMethod:
        """Load it and look at its options, before any work is done.

        Raises
        ------
        MethodError
            Where it cannot be loaded, or for an option that it does not take or of another kind.
        """
        foreign = self.foreign
        function = self.load()
        bound = BoundMethod(
            self,
            function,
            parameters_of(self.name, function, evaluate=not foreign),
            source_sha256=self.source_sha256() if foreign else "",
        )
        return bound.with_options(options or {})

    def applies_to(self, problem: str) -> bool:
        """Whether it answers a problem; methods of P3 choose top-k's experts on P2."""
        return problem in self.problems or (self.problems == ("P3",) and problem == "P2")

    def require_problem(self, instance: Instance) -> None:
        """Raise MethodError where it does not answer an instance's problem."""
        if not self.applies_to(instance.problem):
            raise MethodError(
                f"method {self.name} solves {' and '.join(self.problems)}; "
                f"{instance.name} is a {instance.problem} instance"
            )

    def too_large(self, instance: Instance) -> str:
        """Return why the default list leaves it out of an instance; empty where it does not."""
        reason = self.up_to.exceeded(instance)
        return f"P2 with {reason}" if reason and "P1" in self.problems else reason


@dataclass(frozen=True, eq=False)
class Variant(Value):
    """A method with options of its own, and the label under which its results stand.

    Attributes
    ----------
    label : str
    method : str, Method or callable
        A name from `methods()`, ``path/to/file.py:function``, or a function of an instance.
    options : mapping
        Of the method, such as ``{"z": 0.5}``.
    source_sha256 : str
        Hash of the file that a plug-in's source is in, where that has to stay the same; else empty.
    """

    label: str
    method: Any
    options: Mapping[str, Any] = field(default_factory=dict)
    source_sha256: str = ""


@dataclass(frozen=True, eq=False)
class BoundMethod(Value):
    """A method with its function and its options, looked at once and ready to run.

    Attributes
    ----------
    method : Method
    function : callable
    parameters : mapping
        `inspect.Parameter` by name, without the instance.
    options : mapping
        Values that it takes.
    source_sha256 : str
        Of a plug-in; else empty.
    label : str
        What it is called in tables and legends; empty for its name.
    """

    method: Method
    function: Callable[..., Any]
    parameters: Mapping[str, inspect.Parameter] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    source_sha256: str = ""
    label: str = ""

    @property
    def name(self) -> str:
        """Its label, or its method's name."""
        return self.label or self.method.name

    @property
    def foreign(self) -> bool:
        """Whether it is a plug-in."""
        return self.method.foreign

    @property
    def takes_solver(self) -> bool:
        """Whether it is a method of this package with an option ``solver``."""
        return not self.foreign and "solver" in self.parameters

    def with_options(self, options: Mapping[str, Any]) -> BoundMethod:
        """Return it with more options; MethodError for one that it does not take."""
        checked = checked_options(
            self.method.name, self.parameters, options, typed=not self.foreign
        )
        return replace(self, options={**self.options, **checked})

    def call(self, instance: Instance, seed: int, time_limit: float | None) -> Any:
        """Return what the function returns; seed and time limit are passed where it takes them.

        Parameters
        ----------
        instance : Instance
        seed : int
        time_limit : float or None
            Seconds.
        """
        usual = {"seed": seed, "time_limit": time_limit}
        passed = {name: value for name, value in usual.items() if name in self.parameters}
        return self.function(instance, **(passed | dict(self.options)))
