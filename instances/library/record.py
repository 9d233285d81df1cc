"""Best known values: the best witness and the best bound of every instance, and how hard it is.

A record is a JSON file ``NAME.json``; beside it lies the witness, a solution file that the referee
accepts, and, where the bound has one, its certificate. What was known before stays in the record's
history. How a record changes is decided in `instances.library.judgement`.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, fields
from importlib import resources
from pathlib import Path

from dmoe_models.errors import FileError
from dmoe_models.files.documents import VERSION, checked_content, read_document, write_document
from dmoe_models.files.paths import existing, naming, replacement
from dmoe_models.files.plain_json import Bound, Finite, decode, plain
from dmoe_models.input_checks import quote
from dmoe_models.model.gap import OPTIMALITY_GAP, relative_gap
from dmoe_models.model.instance import Instance
from dmoe_models.solving.answers import Provenance
from dmoe_models.solving.catalogue import method_for
from dmoe_models.solving.method import DIFFICULTY
from dmoe_models.values.value import Value

FOLDER = Path(str(resources.files("instances"))) / "best_known"
RECORD_FORMAT = "dmoe-record"

WHOLE_MILP = {problem: method_for(DIFFICULTY, problem).name for problem in ("P1", "P2")}
"""Whose time says how hard an instance is: the whole MILP on HiGHS, with its defaults."""

CLASSES = {"toy": 1.0, "easy": 60.0, "medium": 600.0}
"""Seconds of the processor within which the whole MILP is solved on HiGHS; more is "hard"."""

OPTIMAL, INFEASIBLE, OPEN = "optimal", "infeasible", "open"


@dataclass(frozen=True, eq=False, kw_only=True)
class Event(Value):
    """A change of a record: what was reported of a run, and what it did to the best known values.

    Attributes
    ----------
    what : str
        "objective", "bound", or "bound withdrawn" (a later witness refuted it).
    value_j : float
    certified : bool
        A certificate proves the bound.
    run : Provenance
    """

    what: str
    value_j: Bound
    certified: bool = False
    run: Provenance


@dataclass(frozen=True, eq=False, kw_only=True)
class Record(Value):
    """What is known about an instance.

    Attributes
    ----------
    instance, instance_sha256, problem : str
    nodes, tokens, subcarriers, max_experts : int
    static_j : float
    objective_j : float
        Energy of the witness, J, from the referee; NaN without one.
    bound_j : float
        J; -inf without one, +inf where there is no solution.
    certified : bool
        The bound has a certificate, which lies beside the record.
    found, proved : Provenance or None
        What gave the witness, and the bound.
    measured : dict of str to Provenance
        By method: its last run with default options, for the difficulty.
    history : tuple of Event
        Every change, the oldest first.
    """

    instance: str
    instance_sha256: str
    problem: str
    nodes: int
    tokens: int
    subcarriers: int
    max_experts: int
    static_j: Finite
    objective_j: float = math.nan
    bound_j: Bound = -math.inf
    certified: bool = False
    found: Provenance | None = None
    proved: Provenance | None = None
    measured: dict[str, Provenance] = field(default_factory=dict)
    history: tuple[Event, ...] = ()

    @property
    def gap(self) -> float:
        """Relative gap of the witness to the bound; NaN without a witness."""
        return relative_gap(self.objective_j, self.bound_j, self.static_j)

    @property
    def status(self) -> str:
        """Return "optimal", "infeasible" or "open"."""
        if self.bound_j == math.inf:
            return INFEASIBLE
        return OPTIMAL if self.gap <= OPTIMALITY_GAP else OPEN

    @property
    def difficulty_run(self) -> Provenance | None:
        """The run of the whole MILP on HiGHS, if it was measured."""
        return self.measured.get(WHOLE_MILP[self.problem])

    @property
    def difficulty(self) -> str:
        """Return a class of `CLASSES`, "hard", "open", or "not measured".

        Open is what nothing here has proved. Hard is what the whole MILP did not solve within the
        last limit of `CLASSES`, though it had the processor for nine tenths of it.
        """
        if self.status == OPEN:
            return OPEN
        run = self.difficulty_run
        if run is None or run.time_s is None:
            return "not measured"
        worked = worked_s(run)
        if run.status in (OPTIMAL, INFEASIBLE):
            return next((name for name, limit in CLASSES.items() if worked <= limit), "hard")
        limit = CLASSES["medium"]
        return "hard" if run.time_s >= limit and worked >= 0.9 * limit else "not measured"


def worked_s(run: Provenance) -> float:
    """Return the processor time of a run, s; clock time where it is not known, NaN if neither is.

    That of a busy machine says more about the machine than about the instance.
    """
    known = [seconds for seconds in (run.cpu_s, run.time_s) if seconds is not None]
    return known[0] if known else math.nan


def blank_record(instance: Instance) -> Record:
    """Return the record of an instance about which nothing is known."""
    return Record(
        instance=instance.name,
        instance_sha256=instance.sha256,
        problem=instance.problem,
        nodes=instance.K,
        tokens=instance.T,
        subcarriers=instance.M,
        max_experts=instance.max_experts,
        static_j=instance.static_total_j,
    )


def record_path(folder: Path, name: str) -> Path:
    """Return the file of a record.

    Parameters
    ----------
    folder : path
        Of the table.
    name : str
        Of the instance.
    """
    return folder / f"{name}.json"


def witness_path(folder: Path, name: str) -> Path:
    """Return the file of a record's witness.

    Parameters
    ----------
    folder : path
        Of the table.
    name : str
        Of the instance.
    """
    return folder / f"{name}.solution.json"


def certificate_path(folder: Path, name: str) -> Path:
    """Return the file of a record's certificate.

    Parameters
    ----------
    folder : path
        Of the table.
    name : str
        Of the instance.
    """
    return folder / f"{name}.certificate.json"


def write_record(record: Record, folder: Path) -> None:
    """Write a record, replacing the one that is there.

    Parameters
    ----------
    record : Record
    folder : path
        Of the table.
    """
    path = record_path(folder, record.instance)
    with naming(path), replacement(path) as temporary:
        content = {"format": RECORD_FORMAT, "version": VERSION} | plain(asdict(record))
        write_document(content, str(temporary))


def read_record(path: Path) -> Record:
    """Read a record; its witness and certificate are not looked at.

    Raises
    ------
    FileError
        One line that names the file and what is wrong in it.
    """
    with naming(path):
        names = [f.name for f in fields(Record)]
        content = checked_content(read_document(existing(path)), RECORD_FORMAT, names, names)
        record = decode(Record, content)
        if record.problem not in WHOLE_MILP:
            raise FileError(f"problem = {quote(record.problem)} is not P1 or P2")
        return record
