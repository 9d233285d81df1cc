"""An answer: what one run of a method found out about an instance, as files others can judge.

The solution lies in a solution file of its own, which anybody can check; the answer beside it adds
the lower bound and what it takes to repeat the run. Tables of best known values are made of such
files.
"""

from __future__ import annotations

import datetime
import importlib.metadata
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from dmoe_models.environment import machine, package_version
from dmoe_models.errors import FileError
from dmoe_models.files.certificates import write_certificate
from dmoe_models.files.documents import VERSION, checked_content, read_document, write_document
from dmoe_models.files.folders import filled_folder
from dmoe_models.files.paths import existing, naming, replacement, require_folder
from dmoe_models.files.plain_json import Amount, Bound, Count, Date, decode, plain
from dmoe_models.files.solutions import write_solution
from dmoe_models.input_checks import quote
from dmoe_models.model.gap import OPTIMALITY_GAP
from dmoe_models.model.instance import Instance
from dmoe_models.referee.certificate import Certificate
from dmoe_models.solving.method import PLUG_IN, Method
from dmoe_models.solving.result import Result
from dmoe_models.values.value import Value

ANSWER_FORMAT = "dmoe-answer"
ANSWER_SUFFIX, SOLUTION_SUFFIX = ".answer.json", ".solution.json"
CERTIFICATE_SUFFIX = ".certificate.json"

_SOLVERS = {"highs": "highspy", "scip": "pyscipopt", "cpsat": "ortools"}
"""Packages that solvers come in."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Provenance(Value):
    """One run of a method: what to cite, and what it takes to repeat it.

    Attributes
    ----------
    method, kind : str
        As in the catalogue; of a plug-in's file its last part only. Of a solution that came
        without an answer, the kind is "unknown".
    options : dict
        Of the method, among them its seed.
    solver : str
        With its version; empty where there is none.
    package : str
        Of this project, with its version.
    tolerance : float
        Relative gap at which the method's status is "optimal".
    status : str
    time_s, cpu_s, time_limit_s : float or None
        Seconds by the clock, of this process on all its cores (a sign of how busy the machine was),
        and allowed; None where not known or not set.
    nodes : int or None
        Of a search tree.
    machine, date, author : str
        Processor and system; ISO 8601; who ran it.
    """

    method: str
    kind: str = "unknown"
    options: dict[str, Any] = field(default_factory=dict)
    solver: str = ""
    package: str = ""
    tolerance: Amount = OPTIMALITY_GAP
    status: str = "unknown"
    time_s: Amount | None = None
    cpu_s: Amount | None = None
    time_limit_s: Amount | None = None
    nodes: Count | None = None
    machine: str = ""
    date: Date = ""
    author: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class Answer(Value):
    """What a run found out.

    Attributes
    ----------
    instance, instance_sha256 : str
    bound_j : float
        The lower bound that is claimed, J; -inf for none, +inf for "there is no solution".
    solution, certificate : str
        Names of files beside the answer; empty where there is none.
    run : Provenance
    """

    instance: str
    instance_sha256: str
    bound_j: Bound = -math.inf
    solution: str = ""
    certificate: str = ""
    run: Provenance


def provenance_of(
    result: Result,
    method: Method,
    *,
    options: Mapping[str, Any],
    time_limit: float | None,
    author: str = "",
) -> Provenance:
    """Return what to cite of the run that gave a result, on this machine and today.

    Parameters
    ----------
    result : Result
    method : Method
    options : mapping
        Of the method, among them its seed.
    time_limit : float or None
        Seconds.
    author : str
    """
    nodes = result.details.get("nodes")
    return Provenance(
        method=_public_name(method),
        kind=method.kind,
        options=plain(options),
        solver=_solver(method, str(result.details.get("solver", ""))),
        package=f"dmoe-models {package_version()}",
        status=str(result.status),
        time_s=result.runtime,
        cpu_s=result.details.get("cpu_s"),
        time_limit_s=time_limit,
        nodes=nodes if isinstance(nodes, int) else None,
        machine=machine(),
        date=datetime.date.today().isoformat(),
        author=author,
    )


def _public_name(method: Method) -> str:
    place, _, function = method.name.rpartition(":")
    return f"{Path(place).name}:{function}" if place.endswith(".py") else method.name


def _solver(method: Method, name: str) -> str:
    """Return the solver of a run with its version, where a package of Python's holds it."""
    name = name or method.solver
    if name.removeprefix("appsi_") not in _SOLVERS:
        return name
    package = _SOLVERS[name.removeprefix("appsi_")]
    try:
        return f"{name} {importlib.metadata.version(package)}"
    except importlib.metadata.PackageNotFoundError:
        return name


class Answers:
    """A folder of answers, one for each instance and method.

    Parameters
    ----------
    folder : path
        Made with the first answer where it does not exist.
    author : str
    """

    def __init__(self, folder: Path, author: str = "") -> None:
        require_folder(folder)
        self.folder, self.author = folder.absolute(), author

    def path(
        self, instance: Instance, method: Method, certified: bool = False, label: str = ""
    ) -> Path:
        """Return the file of an answer; one with a certificate has a name of its own.

        Parameters
        ----------
        instance : Instance
        method : Method
        certified : bool
            There is a certificate.
        label : str
            Under which the method ran, where that is not its name.
        """
        name = label or _public_name(method)
        stem = f"{instance.name}.{name}{'.certified' if certified else ''}"
        return self.folder / (re.sub(r"[^\w.+-]", "_", stem) + ANSWER_SUFFIX)

    def has(self, instance: Instance, method: Method, label: str = "") -> bool:
        """Whether there is an answer of that method to that very instance.

        Parameters
        ----------
        instance : Instance
        method : Method
        label : str
            As for `path`.
        """
        path = self.path(instance, method, label=label)
        return path.exists() and read_answer(path).instance_sha256 == instance.sha256

    def add(
        self,
        instance: Instance,
        method: Method,
        result: Result,
        *,
        options: Mapping[str, Any],
        time_limit: float | None,
        certificate: Certificate | None = None,
        label: str = "",
    ) -> Path:
        """Write the answer; beside it the certificate, and a solution that the referee accepts.

        Parameters
        ----------
        instance : Instance
        method : Method
        result : Result
        options : mapping
            That the method was run with.
        time_limit : float or None
            Seconds.
        certificate : Certificate, optional
        label : str
            As for `path`.

        Returns
        -------
        path
        """
        path = self.path(instance, method, certificate is not None, label)
        valid = result.check is not None and result.check.ok and result.solution is not None
        solution = path.name.removesuffix(ANSWER_SUFFIX) + SOLUTION_SUFFIX if valid else ""
        proof = path.name.removesuffix(ANSWER_SUFFIX) + CERTIFICATE_SUFFIX if certificate else ""
        claimed = result.details.get("claimed_bound", -math.inf)
        answer = Answer(
            instance=instance.name,
            instance_sha256=instance.sha256,
            bound_j=float(claimed if method.kind == PLUG_IN else result.bound),
            solution=solution,
            certificate=proof,
            run=provenance_of(
                result, method, options=options, time_limit=time_limit, author=self.author
            ),
        )
        with filled_folder(self.folder) as aside:
            if valid and result.solution is not None:
                write_solution(result.solution, aside / solution, instance)
            if certificate is not None:
                write_certificate(certificate, aside / proof)
            write_answer(answer, aside / path.name)
        return path


def write_answer(answer: Answer, path: Path) -> None:
    """Write an answer's own file, replacing one that is there, and none that it names.

    Parameters
    ----------
    answer : Answer
    path : path
    """
    with naming(path), replacement(path) as temporary:
        content = {"format": ANSWER_FORMAT, "version": VERSION} | plain(asdict(answer))
        write_document(content, str(temporary))


def read_answer(path: Path) -> Answer:
    """Read an answer; the files that it names are not looked at.

    Raises
    ------
    FileError
        One line that names the file and what is wrong in it.
    """
    with naming(path):
        names = [f.name for f in fields(Answer)]
        required = ["instance", "instance_sha256", "run"]
        document = read_document(existing(path))
        answer = decode(Answer, checked_content(document, ANSWER_FORMAT, names, required))
        for name in ("solution", "certificate"):
            file = getattr(answer, name)
            if file and Path(file).name != file:
                raise FileError(f"{name} = {quote(file)} is not a file beside it")
        return answer
