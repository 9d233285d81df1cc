"""Code that a file names: looked at without running it, and run only where that is permitted.

Files of sets and configurations of studies are shared. What they name may be a file of code, which
is as good as a program of its author's; so it runs only where whoever gives the command says so.
Code that he names himself, on the command line or as a function, needs no permission, nor does an
installed package that is named by its entry point. Before permission is asked for, mistakes that
show in the source are reported: options are read from the signature, not from the function.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dmoe_models.errors import DmoeError, MethodError
from dmoe_models.solving.method import PLUG_IN, Method
from dmoe_models.solving.options import checked_options
from dmoe_models.solving.plugins import file_of

SOLVERS = frozenset(
    """highs appsi_highs scip scip_direct cbc glpk glpk_mi gurobi gurobi_direct appsi_gurobi cplex
    cplex_direct xpress xpress_direct mosek mosek_direct copt knitro knitro_direct ipopt bonmin
    couenne baron gams cpsat glop scipy ecos_bb clarabel osqp scs""".split()  # noqa: SIM905 - a list of quoted words would fill the page
)
"""Names of solvers that a file may ask for. Another word is, to Pyomo, a program that it starts."""


def require_permission(entry: str, name: str, target: str, allow_code: bool) -> None:
    """Refuse code that a file names, unless it is permitted.

    Parameters
    ----------
    entry : str
        Where in the file it is named, such as "draws[1].family".
    name : str
        As the file has it.
    target : str
        What it stands for: a path.
    allow_code : bool

    Raises
    ------
    DmoeError
        In one line: what would be run, and how to permit it.
    """
    if not allow_code:
        raise DmoeError(
            f"{entry}: {name} is code ({target}), and a file runs no code unasked; where you trust "
            "it, permit it by --allow-code (in Python by allow_code=True)"
        )


def code_of_method(method: Method, options: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return what a method with its options would run that is not of an installed package.

    Parameters
    ----------
    method : Method
    options : mapping

    Returns
    -------
    (name, target) or None
        A file of code, or a program that is asked for as a solver; None where there is neither.
    """
    if method.kind == PLUG_IN and (file := file_of(method.target)):
        return method.name, file
    solver = options.get("solver")
    if method.kind != PLUG_IN and isinstance(solver, str) and solver.lower() not in SOLVERS:
        return f"option solver = {solver!r} of method {method.name}", "a program of that name"
    return None


def require_declared_options(method: Method, options: Mapping[str, Any]) -> None:
    """Refuse options that a method does not take, as far as its source says; nothing is run.

    Parameters
    ----------
    method : Method
        Of a file.
    options : mapping

    Raises
    ------
    MethodError
        With the options that there are.
    """
    declared = declared_parameters(Path(file_of(method.target)), method.target.rpartition(":")[2])
    if declared is not None:
        own = dict(list(declared.items())[1:])
        checked_options(method.name, own, options, typed=False)


def declared_parameters(file: Path, function: str) -> dict[str, inspect.Parameter] | None:
    """Return the parameters of a function as its source declares them; nothing is run.

    Parameters
    ----------
    file : path
        Of the source.
    function : str

    Returns
    -------
    dict or None
        By name, with defaults that are plain values; None where the source does not define the
        function by a plain ``def``, so that only running it would tell.

    Raises
    ------
    MethodError
        For a file that cannot be read as Python.
    """
    try:
        tree = ast.parse(file.read_bytes())
    except OSError as error:
        raise MethodError(f"{file}: {error.strerror}") from error
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = " ".join(str(error).split()) or "nested too deeply"
        raise MethodError(f"{file}: is not Python: {reason}") from error
    named = [node for node in tree.body if getattr(node, "name", "") == function]
    if not named or not isinstance(named[-1], ast.FunctionDef):
        return None
    if any(_assigns(node, function) for node in tree.body):
        return None
    definition = named[-1]
    if any(_decorator(node) != "family" for node in definition.decorator_list):
        return None
    return _parameters(definition.args)


def _decorator(node: ast.expr) -> str:
    called = node.func if isinstance(node, ast.Call) else node
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def _assigns(node: ast.stmt, name: str) -> bool:
    """Whether a statement of the module gives the name another meaning, as far as one sees."""
    targets = node.targets if isinstance(node, ast.Assign) else []
    return any(isinstance(target, ast.Name) and target.id == name for target in targets)


def _parameters(arguments: ast.arguments) -> dict[str, inspect.Parameter]:
    """Return what stands between the parentheses of a definition."""
    kinds = inspect.Parameter
    found: dict[str, inspect.Parameter] = {}
    positional = [*arguments.posonlyargs, *arguments.args]
    missing: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    for argument, default in zip(positional, [*missing, *arguments.defaults], strict=True):
        kind = kinds.POSITIONAL_ONLY if argument in arguments.posonlyargs else None
        found[argument.arg] = kinds(
            argument.arg, kind or kinds.POSITIONAL_OR_KEYWORD, default=_plain(default)
        )
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        found[argument.arg] = kinds(argument.arg, kinds.KEYWORD_ONLY, default=_plain(default))
    if arguments.kwarg is not None:
        name = arguments.kwarg.arg
        found[name] = kinds(name, kinds.VAR_KEYWORD)
    return found


def _plain(default: ast.expr | None) -> Any:
    """Return a default that is a plain value, and Ellipsis for one that has to be computed."""
    if default is None:
        return inspect.Parameter.empty
    try:
        return ast.literal_eval(default)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return ...
