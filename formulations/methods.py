"""The models as methods: a function each, made from the record of its model.

``formulations.with_LANGUAGE.methods`` holds those of a language, called like the functions that
build its models.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from dmoe_models.model.instance import Instance
from dmoe_models.model.solution import Outcome
from formulations.catalogue import LANGUAGES, Language, Model, models
from formulations.placement import solve_p3
from formulations.solving import solve_model


@dataclass(frozen=True)
class Option:
    """An option of methods.

    Attributes
    ----------
    kind : type
        Annotates it in signatures.
    default : Any
    described : str
        Its type in docstrings.
    meaning : str
    """

    kind: Any
    default: Any
    described: str
    meaning: str


OPTIONS = {
    "solver": Option(
        str,
        "highs",
        "str",
        'Solves the model: "highs", "scip", or any that the language knows and that is installed.',
    ),
    "time_limit": Option(
        float | None, None, "float, optional", "Seconds; building the model counts."
    ),
    "disaggregated": Option(
        bool, False, "bool", "One row per token instead of per link: tighter, larger."
    ),
    "reduce": Option(
        bool,
        True,
        "bool",
        "Keep the L cheapest subcarriers of each link only, which loses nothing.",
    ),
    "selection": Option(
        Any,
        None,
        "(T, K) bool array, optional",
        "The experts whose links are placed; top-k's by default.",
    ),
}
"""What methods of models may be given; a record names those that its own take."""


def methods_in(language: Language) -> dict[str, Callable[..., Outcome]]:
    """Return the methods of a language: one for every model in it, variants left out.

    Parameters
    ----------
    language : Language

    Returns
    -------
    dict of str to callable
        By the name of the function that builds the model.
    """
    return {
        model.function: model_method(language, model)
        for model in models.values()
        if language.name in model.languages and not model.arguments
    }


def model_method(language: Language, model: Model) -> Callable[..., Outcome]:
    """Return the method that solves a model in a language.

    Parameters
    ----------
    language : Language
    model : Model

    Returns
    -------
    callable
        Of an Instance and of options that its signature and its docstring state.
    """
    run = solve_p3 if model.problem == "P3" else solve_model
    choice = () if language.name == "highs" else ("solver",)
    defaults = {name: OPTIONS[name].default for name in (*choice, "time_limit", *model.options)}
    if choice:
        defaults["solver"] = model.solver

    def method(instance: Instance, **options: Any) -> Outcome:
        return run(language, model, instance, **{**defaults, **options})

    keyword = inspect.Parameter.KEYWORD_ONLY
    method.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter("instance", inspect.Parameter.POSITIONAL_ONLY, annotation=Instance),
            *(
                inspect.Parameter(name, keyword, default=default, annotation=OPTIONS[name].kind)
                for name, default in defaults.items()
            ),
        ],
        return_annotation=Outcome,
    )
    method.__name__ = method.__qualname__ = model.function
    method.__module__ = f"formulations.with_{language.name}.methods"
    method.__doc__ = _docstring(language, model, defaults)
    return method


def _docstring(language: Language, model: Model, options: Iterable[str]) -> str:
    lines = [
        f"Solve {model.problem} by the model {model.name} in {LANGUAGES[language.name]}.",
        "",
        model.mathematics,
        "",
        "Parameters",
        "----------",
        "instance : Instance",
        f"    {model.takes}.",
    ]
    for name in options:
        lines += [f"{name} : {OPTIONS[name].described}", f"    {OPTIONS[name].meaning}"]
    details = (
        "p3_status, and p3_optimum_j (transmission energy of the loaded links, J)"
        if model.problem == "P3"
        else "solver, build_s and solve_s (seconds), solves, cuts, nodes, solver_says"
    )
    lines += [
        "",
        "Returns",
        "-------",
        "Outcome",
        f"    `details`: {details}.",
        "",
        "Raises",
        "------",
        "MethodError",
        "    For a solver that is unknown, not installed, or not for this kind of model, and for a",
        "    model that would be too large.",
    ]
    return "\n".join(lines)
