"""The models in files for other solvers: LP, MPS and AMPL's NL.

All three formats are written from the Pyomo models, under names that carry indices
(`formulations.exchange.names`): a solution file needs nothing but the instance to be understood.

*Scale.* The objective is in units of ``ModelData.unit_j`` and lacks the static energy, which no
decision changes. Every file says in a comment how to get back to joule; a claimed objective is
converted so before it is compared.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.repn.plugins.nl_writer import NLWriter

from dmoe_models.environment import package_version
from dmoe_models.errors import MethodError
from dmoe_models.files.paths import by_extension, naming, replacement, require_path
from dmoe_models.model.instance import Instance, require_instance
from dmoe_models.values.value import Value
from formulations.catalogue import Model, models
from formulations.data import cheapest_candidates
from formulations.exchange.linear_files import linear_model, lp_lines, mps_lines
from formulations.exchange.names import SHA256, name_of, problem_name
from formulations.placement import selection_for_p3


@dataclass(frozen=True, eq=False)
class ModelFile(Value):
    """What was written.

    Attributes
    ----------
    model : str
    files : list of str
        The model; for NL also the names of its columns and rows.
    columns, rows : int
    unit_j, static_j : float
        Energy in joule = unit_j * objective + static_j.
    """

    model: str
    files: list[str]
    columns: int
    rows: int
    unit_j: float
    static_j: float


def write_model(
    instance: Instance,
    path: str | Path,
    model: str | None = None,
    *,
    selection: Any = None,
    reduce: bool = True,
) -> ModelFile:
    """Write a model of an instance to a file, in the format that the extension names.

    Parameters
    ----------
    instance : Instance
    path : str or path
        ``.lp``, ``.mps`` or ``.nl``; beside the last, ``.col`` and ``.row`` hold the names.
    model : str, optional
        One of `formulations.models`; "p1-milp" or "p2-milp" by default.
    selection : (T, K) bool array, optional
        For "p3"; top-k's by default. The file states it by rows, and counts its computation.
    reduce : bool
        Keep the L cheapest subcarriers of each link only ("p2-milp", "p2-set"), which loses
        nothing.

    Returns
    -------
    ModelFile

    Raises
    ------
    FileError
        Where the file cannot be written, naming it.
    MethodError
        For a model that is unknown, not for this instance, not of this format, or too large.
    SolutionError
        For a selection of the wrong shape or kind.
    """
    require_instance(instance)
    require_path(path)
    path = Path(path)
    record = models[model or ("p1-milp" if instance.problem == "P1" else "p2-milp")]
    if instance.problem != record.takes:
        raise MethodError(
            f"model {record.name} takes {record.takes}; {instance.name} is a {instance.problem} "
            "instance"
        )
    if selection is not None and record.problem != "P3":
        raise MethodError(f"model {record.name} takes no selection; p3 does")
    with naming(path):
        write = by_extension(path, {".lp": _write_linear, ".mps": _write_linear, ".nl": _write_nl})
    if path.suffix.lower() not in record.formats:
        raise MethodError(f"model {record.name} has products of variables; write it as .nl")
    built = _build(record, instance, selection, reduce)
    static = instance.static_total_j
    built.doc = (
        f"dmoe-models {package_version()}: {record.name} of {json.dumps(instance.name)}\n"
        f"energy in joule = {built.data.unit_j!r} * objective + {static!r} (static energy)\n"
        f"{SHA256} {instance.sha256}"
    )
    columns, rows, files = write(record, built, path)
    return ModelFile(record.name, list(map(str, files)), columns, rows, built.data.unit_j, static)


def _build(model: Model, instance: Instance, selection: Any, reduce: bool) -> pyo.ConcreteModel:
    """Return the Pyomo model, as a file is to state it."""
    if model.problem == "P3":
        return _p3_with_selection(model, instance, selection)
    options = {}
    if reduce and "reduce" in model.options:
        options["candidates"] = cheapest_candidates(instance)
    built = model.build(instance, "pyomo", **options)
    if model.experts == "alpha":
        built.least_coverage = 1.0  # no one cuts off what a slacker row in a file lets by
    return built


def _p3_with_selection(model: Model, instance: Instance, selection: Any) -> pyo.ConcreteModel:
    """Return P3 with its selection stated.

    A solution of it then is one of the instance, at its energy.
    """
    chosen = selection_for_p3(instance, selection)
    built = model.build(instance, "pyomo", selection=chosen)
    served = [(int(t), int(j)) for t, j in np.argwhere(chosen)]
    built.chosen_experts = pyo.Set(initialize=served, dimen=2, doc="(t, j): expert j serves t")
    built.alpha = pyo.Var(
        built.chosen_experts,
        domain=pyo.NonNegativeReals,
        doc="alpha[t, j]: expert j serves token t",
    )
    built.chosen = pyo.Constraint(
        built.chosen_experts,
        rule=lambda model, t, j: model.alpha[t, j] == 1,
        doc="the experts are given: alpha = 1",
    )
    built.energy.expr += sum(built.data.computation[j] * built.alpha[t, j] for t, j in served)
    return built


def _comments(model: Model, built: pyo.ConcreteModel) -> Iterator[str]:
    """Yield what a file says about itself, in lines."""
    yield from built.doc.splitlines()
    yield "Indices count from 0: t token, e expert, i and j the nodes of link i -> j, m subcarrier."
    if model.experts == "alpha":
        yield "Rows relevance_* (C1) are exact in dmoe-models: a score sum that misses need, by no"
        yield "more than a solver's tolerance, is refused when the solution is read."
    if model.experts == "z":
        for group in built.data.groups:
            if len(group.tokens) > 1:
                yield f"t{group.tokens[0]} stands for equal tokens {str(group.tokens)[1:-1]}"


def _write_linear(
    model: Model, built: pyo.ConcreteModel, path: Path
) -> tuple[int, int, list[Path]]:
    """Write LP or MPS."""
    linear = linear_model(built, partial(name_of, model, built.data))
    lines = lp_lines if path.suffix.lower() == ".lp" else mps_lines
    problem = problem_name(built.data.instance)
    with (
        naming(path),
        replacement(path) as temporary,
        temporary.open("w", encoding="ascii", newline="\n") as file,
    ):
        file.writelines(f"{line}\n" for line in lines(linear, problem, _comments(model, built)))
    return len(linear.columns), len(linear.rows), [path]


def _write_nl(model: Model, built: pyo.ConcreteModel, path: Path) -> tuple[int, int, list[Path]]:
    """Write NL, whose one comment is the model's name, and the names of columns and rows."""
    name = partial(name_of, model, built.data)
    built.name = ", ".join(built.doc.splitlines())
    files = [path, path.with_suffix(".col"), path.with_suffix(".row")]
    with naming(path), ExitStack() as stack:
        # Replaced in reverse order: where the model stands, so do its names.
        body, columns, rows = (stack.enter_context(replacement(file)) for file in files)
        with body.open("w", encoding="utf-8", newline="\n") as stream:
            # Every variable stays, unscaled: the solution is to be that of the model as it stands.
            info = NLWriter().write(built, stream, linear_presolve=False, scale_model=False)
        columns.write_text("".join(f"{name(v)}\n" for v in info.variables), encoding="utf-8")
        named = [*map(name, info.constraints), "scaled_energy"]
        rows.write_text("".join(f"{row}\n" for row in named), encoding="utf-8")
    return len(info.variables), len(info.constraints), files
