"""The models of this package, a record each: all that methods, files and relaxations need of them.

A model is a function of the same name in ``formulations.with_LANGUAGE.models`` of every language
that it is written in, and one record here. From the record follow its methods (their rows in the
catalogue of methods name them), the files that it can be written to and its linear relaxation.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pandas as pd

from dmoe_models.errors import MethodError, did_you_mean
from dmoe_models.model.instance import Instance
from dmoe_models.model.solution import Solution
from dmoe_models.values.value import Value
from formulations.solver_answer import SolverAnswer

LANGUAGES = {"pyomo": "Pyomo", "cvxpy": "CVXPY", "highs": "HiGHS", "cpsat": "CP-SAT"}
"""Modelling languages, and solvers that take models directly; a folder ``with_...`` each."""


def models_in(language: str) -> ModuleType:
    """Return the module with the models of a language, imported only now.

    Raises
    ------
    MethodError
        For a language that is none of `LANGUAGES`.
    """
    if language not in LANGUAGES:
        raise MethodError(f"unknown language {language!r}; known are {', '.join(LANGUAGES)}")
    return importlib.import_module(f"formulations.with_{language}.models")


@dataclass(frozen=True, eq=False)
class Language(Value):
    """A modelling language with what solves its models.

    Attributes
    ----------
    name : str
        One of `LANGUAGES`.
    models : module
        Functions that build models; `read_selection` (from alpha), `read_sets` (z),
        `read_assignment` (x) and `read_subcarriers` (beta), which read solved ones; and `forbid`.
    solve : callable
        Of a model, a solver's name, and keywords time_limit, tolerance and vertex.
    """

    name: str
    models: ModuleType
    solve: Callable[..., SolverAnswer]


@dataclass(frozen=True, eq=False)
class Model(Value):
    """What is known of a model.

    Attributes
    ----------
    name : str
    problem : str
        P1, P2 or P3 (P2 with the experts given).
    mathematics : str
        Objective and constraints.
    languages : tuple of str
        Some of `LANGUAGES`.
    function : str
        Builds it, in the module of every language.
    experts : str
        The variable that chooses experts: "alpha" (with rows for C1 and C2), "z" (of minimal
        feasible sets, which meet C1 exactly and C2), or "given".
    subcarriers : str
        The variable that places links: "x" (one subcarrier a link), "beta" (any number), or
        "given".
    load : str
        What shares a variable y: "link" (all tokens of its node), "token", "group" (equal tokens),
        or "" where there is none.
    options : tuple of str
        Options of its methods beside the solver and the time limit.
    arguments : mapping of str to Any
        What the function is called with; a record that has any is a variant, and an option of its
        model's methods stands for it.
    products : bool
        It has products of variables: for NL files and solvers of MINLP only.
    solver : str
        Solves it by default.
    confirmed_by : str
        A model without products that must repeat a claim of infeasibility before it is believed.
    relaxation : str
        Name of its linear relaxation, where `formulations.relaxations` has one.
    """

    name: str
    problem: str
    mathematics: str
    languages: tuple[str, ...]
    function: str
    experts: str
    subcarriers: str
    load: str = ""
    options: tuple[str, ...] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)
    products: bool = False
    solver: str = "highs"
    confirmed_by: str = ""
    relaxation: str = ""

    @property
    def takes(self) -> str:
        """The kind of instance that it is built from, P1 or P2."""
        return "P1" if self.problem == "P1" else "P2"

    @property
    def formats(self) -> tuple[str, ...]:
        """Extensions of the files that it can be written to."""
        return (".nl",) if self.products else (".lp", ".mps", ".nl")

    def build(self, instance: Instance, language: str = "pyomo", **options: Any) -> Any:
        """Return the model of an instance, in a language's own object.

        Parameters
        ----------
        instance : Instance
        language : str
            One of `languages`.
        **options
            Of the building function: ``deadline``, and as the model has them ``candidates``,
            ``selection`` or ``disaggregated``.

        Raises
        ------
        MethodError
            For a language that it is not written in.
        """
        if language not in self.languages:
            raise MethodError(
                f"model {self.name} is not written in {language!r}; it is in "
                f"{', '.join(self.languages)}"
            )
        built = self.build_in(models_in(language), instance, **options)
        if language in ("pyomo", "cvxpy"):  # which can be changed: `formulations.changes`
            built.record, built.language = self, language
        return built

    def build_in(self, module: ModuleType, instance: Instance, **options: Any) -> Any:
        """Return the model of an instance from a language's module; options as for `build`.

        Parameters
        ----------
        module : module
            The language's models.
        instance : Instance
        **options
            As for `build`.
        """
        return getattr(module, self.function)(instance, **{**self.arguments, **options})

    def read(self, module: ModuleType, built: Any) -> Solution:
        """Return the solution that a solved model holds.

        Parameters
        ----------
        module : module
            The language's models.
        built : model
            From `build`, solved; not of P3, whose experts it does not hold.
        """
        selection = module.read_sets(built) if self.experts == "z" else module.read_selection(built)
        if self.subcarriers == "given":
            return Solution(selection, built.data.instance.assignment)
        if self.subcarriers == "beta":
            return Solution(selection, subcarriers=module.read_subcarriers(built))
        return Solution(selection, module.read_assignment(built))


class Models(dict[str, Model]):
    """The models by name; called, their table."""

    def __call__(self) -> pd.DataFrame:
        """Return the table: problem, mathematics, languages, files and relaxation by name."""
        return pd.DataFrame(
            {
                "problem": [m.problem for m in self.values()],
                "mathematics": [m.mathematics for m in self.values()],
                "languages": [
                    ", ".join(LANGUAGES[language] for language in m.languages)
                    for m in self.values()
                ],
                "files": [", ".join(m.formats) for m in self.values()],
                "relaxation": [m.relaxation for m in self.values()],
            },
            index=pd.Index(list(self), name="model"),
        )

    def __missing__(self, name: str) -> Model:
        raise MethodError(
            f"unknown model {name!r}; known are {', '.join(self)}{did_you_mean(name, self)}"
        )

    def _repr_html_(self) -> str:
        return self().to_html()


_MILP = (
    "min sum_ijm c[i,j,m] y[i,j,m] + sum_tj a[j] alpha[t,j];  C1;  C2;  sum_m x[i,j,m] <= 1;  C3"
)
_LANGUAGES = ("pyomo", "cvxpy", "highs")

models = Models()
"""The models: ``models()`` is their table, ``models["p2-set"]`` one of them."""

for _model in (
    Model(
        "p1-milp",
        "P1",
        "min sum_tj (c[i(t),j] + a[j]) alpha[t,j];  "
        "C1: sum_j g[t,j] alpha[t,j] >= need[t];  C2: sum_j alpha[t,j] <= D",
        ("pyomo", "cvxpy", "cpsat"),
        "p1_milp",
        experts="alpha",
        subcarriers="given",
    ),
    Model(
        "p2-milp",
        "P2",
        f"{_MILP};  sum_m y[i,j,m] = n[i,j];  y[i,j,m] <= n_max[i] x[i,j,m]",
        _LANGUAGES,
        "p2_milp",
        experts="alpha",
        subcarriers="x",
        load="link",
        options=("disaggregated", "reduce"),
        relaxation="aggregated",
    ),
    Model(
        "p2-milp-disaggregated",
        "P2",
        f"{_MILP.replace('ijm c[i,j,m] y[i,j,m]', 'tjm c[i(t),j,m] y[t,j,m]')};  "
        "sum_m y[t,j,m] = alpha[t,j];  y[t,j,m] <= x[i(t),j,m]",
        _LANGUAGES,
        "p2_milp",
        experts="alpha",
        subcarriers="x",
        load="token",
        options=("reduce",),
        arguments={"disaggregated": True},
        relaxation="disaggregated",
    ),
    Model(
        "p2-set",
        "P2",
        "min sum_q w[q] (sum_jm c[i(q),j,m] y[q,j,m] + sum_S a(S) z[q,S]);  sum_S z[q,S] = 1;  "
        "sum_m y[q,j,m] = sum_(S with j) z[q,S];  y[q,j,m] <= x[i(q),j,m];  "
        "sum_m x[i,j,m] <= 1;  C3",
        (*_LANGUAGES, "cpsat"),
        "p2_set",
        experts="z",
        subcarriers="x",
        load="group",
        options=("reduce",),
        relaxation="set",
    ),
    Model(
        "p2-minlp",
        "P2",
        "min sum_ij P0 s0 n[i,j] sum_m beta[i,j,m] / sum_m r[i,j,m] beta[i,j,m] "
        "+ sum_tj a[j] alpha[t,j];  C1;  C2;  C3: sum_ij beta[i,j,m] <= 1",
        ("pyomo",),
        "p2_minlp",
        experts="alpha",
        subcarriers="beta",
        products=True,
        solver="scip",
        confirmed_by="p2-milp",
    ),
    Model(
        "p3",
        "P3",
        "min sum_ijm n[i,j] c[i,j,m] x[i,j,m];  sum_m x[i,j,m] = 1 for every loaded link;  C3",
        ("pyomo", "cvxpy"),
        "p3_assignment",
        experts="given",
        subcarriers="x",
        options=("selection",),
    ),
):
    models[_model.name] = _model
