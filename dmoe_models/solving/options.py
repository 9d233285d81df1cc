"""Options of methods, as their functions declare them: signature and numpydoc docstring."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple, get_args

import numpy as np

from dmoe_models.errors import MethodError, did_you_mean
from dmoe_models.input_checks import quote


class Option(NamedTuple):
    """An option of a method.

    Attributes
    ----------
    name, type : str
    default : object
        `inspect.Parameter.empty` where it has to be given.
    meaning : str
        With its unit, as the docstring has it.
    """

    name: str
    type: str
    default: Any
    meaning: str


_USUAL = {
    "seed": "Of the random numbers.",
    "solver": "Name of a solver, such as highs or scip.",
    "time_limit": "Seconds.",
}
"""What options mean that many methods have, where a docstring says no more."""


def parameters_of(
    method: str, function: Callable[..., Any], *, evaluate: bool = True
) -> dict[str, inspect.Parameter]:
    """Return the parameters that follow the instance, by name.

    Parameters
    ----------
    method : str
        Its name, for messages.
    function : callable
    evaluate : bool
        Evaluate annotations, so that values can be checked against them.

    Raises
    ------
    MethodError
        Where the signature cannot be read.
    """
    try:
        signature = inspect.signature(function, eval_str=evaluate)
    except (TypeError, ValueError) as error:
        raise MethodError(f"method {method}: its parameters cannot be read: {error}") from error
    return dict(list(signature.parameters.items())[1:])


def options_of(method: str, function: Callable[..., Any]) -> list[Option]:
    """Return the options of a method's function.

    Parameters
    ----------
    method : str
        Its name, for messages.
    function : callable
    """
    documented = function
    while isinstance(documented, functools.partial):
        documented = documented.func
    described = described_parameters(inspect.getdoc(documented) or "")
    found = []
    for name, parameter in parameters_of(method, function, evaluate=False).items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        kind, meaning = described.get(name, ("", ""))
        meaning = meaning or _USUAL.get(name, "")
        if not kind and parameter.annotation is not parameter.empty:
            kind = str(parameter.annotation).replace(" | None", "")
        found.append(Option(name, kind, parameter.default, meaning))
    return found


_SECTION = re.compile(r"^Parameters\n-+\n(.*?)(?=^\S[^\n]*\n-+$|\Z)", re.DOTALL | re.MULTILINE)
_ENTRY = re.compile(r"(?P<names>\**\w+(?:, \**\w+)*)(?: : (?P<type>.+))?$")


def described_parameters(docstring: str) -> dict[str, tuple[str, str]]:
    """Return name -> (type, meaning) of the parameters in a numpydoc docstring, without indent."""
    section = _SECTION.search(docstring)
    described: dict[str, tuple[str, str]] = {}
    names: list[str] = []
    for line in (section[1] if section else "").splitlines():
        if entry := _ENTRY.match(line):
            names = entry["names"].split(", ")
            kind = (entry["type"] or "").removesuffix(", optional")
            described |= dict.fromkeys(names, (kind, ""))
        else:
            for name in names:
                kind, meaning = described[name]
                described[name] = kind, f"{meaning} {line.strip()}".strip()
    return described


def checked_options(
    method: str,
    parameters: Mapping[str, inspect.Parameter],
    options: Mapping[str, Any],
    *,
    typed: bool = True,
) -> dict[str, Any]:
    """Return options that a method takes; numbers and texts of numpy as those of Python.

    Parameters
    ----------
    method : str
        Its name, for messages.
    parameters : mapping
        From `parameters_of`.
    options : mapping
        Values by name.
    typed : bool
        Hold the values against the annotations, too.

    Raises
    ------
    MethodError
        For an option that the method does not take, or a value of another kind.
    """
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    names = [
        n for n, p in parameters.items() if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    checked = {}
    for option, value in options.items():
        if option not in names and not takes_any:
            raise MethodError(
                f"method {method} has no option {option!r}; it takes {', '.join(names) or 'none'}"
                f"{did_you_mean(option, names)}"
            )
        value = plain_value(value)
        if typed and option in parameters:
            value = _of_kind(method, option, value, parameters[option].annotation)
        checked[option] = value
    return checked


def plain_value(value: Any) -> Any:
    """Return a number or text of numpy as the Python value that it is; others as they are."""
    if isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind in "biufUS":
        value = value[()]
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, np.integer) and not isinstance(value, np.timedelta64):
        return int(value)
    if isinstance(value, np.floating):
        return float(value)
    return str(value) if isinstance(value, np.str_) else value


def checked_seed(value: Any) -> int:
    """Return a seed as an int; MethodError for what is no whole number of zero or more."""
    seed = plain_value(value)
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise MethodError(f"seed = {quote(value)} is not a whole number of at least 0")
    return seed


def _of_kind(method: str, option: str, value: Any, annotation: Any) -> Any:
    """Return an option's value, of the annotated kind; True is no number."""
    kinds = get_args(annotation) or (annotation,)
    if Any in kinds:
        return value
    if float in kinds and isinstance(value, (Decimal, Fraction)):
        value = float(value)
    fits = {
        bool: isinstance(value, bool),
        int: isinstance(value, int) and not isinstance(value, bool),
        float: isinstance(value, (int, float)) and not isinstance(value, bool),
        str: isinstance(value, str),
        type(None): value is None,
    }
    if not any(fits.get(kind, True) for kind in kinds):
        wanted = " or ".join("none" if k is type(None) else k.__name__ for k in kinds)
        raise MethodError(
            f"method {method}: option {option} = {quote(value)} is not of type {wanted}"
        )
    return value
