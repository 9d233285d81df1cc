"""One small run of every command, and the files that these runs read.

A new command needs a line here: it is then tried on every kind of screen, and interrupted.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np

from dmoe_models import solve, validate, write_instance, write_solution
from dmoe_models.cli.app import dmoe
from dmoe_models.studies.configuration import design_of
from dmoe_models.studies.engine.database import Database
from dmoe_models.studies.engine.worker import perform
from dmoe_models.studies.study import study_names
from instances.families import draw

SAMPLES = {
    ("certify",): "round.json -o proof.json --solution proved.json",
    ("check",): "round.json answer.json",
    ("compare",): "rows.json -o compared",
    ("convert",): "round.json round.nc",
    ("export",): "round.json -o model.lp",
    ("families",): "",
    ("generate",): "rayleigh --seed 2 -p K=3 -p T=4 -o drawn.json",
    ("import",): "gates.npy gains.npy --nodes 3 --tokens 10 -o joined.json",
    ("info",): "round.json",
    ("methods",): "",
    ("read-solution",): "round.json model.sol -o read.json",
    ("rounds",): "rayleigh -p K=3 -p T=4 --layers 2 --methods top-k,jesa -o rounds",
    ("solve",): "round.json --method jesa -o solved.json",
    ("validate",): "round.json --methods jesa,greedy --report report",
    ("library", "build"): "mine.toml -o built",
    ("library", "list"): "",
    ("library", "search"): (
        "greedy --base rayleigh -p K=2 -p T=2 -p M=2 --runs 1 --draws 1 --trials 0 -o bad.toml"
    ),
    ("library", "show"): "smoke",
    ("library", "table"): "smoke",
    ("library", "update"): "answers --set mine.toml --records best",
    ("library", "verify"): "smoke",
    ("study", "compare"): "studied studied",
    ("study", "report"): "studied -o reported",
    ("study", "status"): "studied",
    **{("study", name): f"--config {name}.toml --workers 0 --out new" for name in study_names()},
}
"""Arguments by the command's path."""

SLOW = {
    ("compare",),
    ("rounds",),
    ("study", "report"),
    ("validate",),
    *(("study", name) for name in study_names()),
}
"""Those that draw figures, or start processes of their own, which compile first."""

_SET = """\
title = "One draw"
purpose = "To be drawn."
drawn = "Seed 1."
not_covered = "Everything else."
bundled = true

[[draws]]
family = "rayleigh"
seeds = [1]
parameters = { K = 3, T = 4 }
"""
_STUDY = """\
study = "{name}"
title = "one draw"
batch = 1
methods = ["exact", {{ label = "Top-k", method = "top-k" }}]
[[cells]]
{more}seeds = 2
family = "rayleigh"
K = 3
"""


def found(group: click.Group = dmoe, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every command of the house, such as ("library", "show")."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from found(command, (*path, name))
        else:
            yield (*path, name)


def arguments(path: tuple[str, ...]) -> list[str]:
    """Return the words after ``dmoe`` of a command's small run."""
    assert path in SAMPLES, (
        f"dmoe {' '.join(path)} has no small run in tests/support/command_samples.py"
    )
    return [*path, *shlex.split(SAMPLES[path])]


def write_files(folder: Path) -> None:
    """Write what the small runs read."""
    instance = draw("rayleigh", 1, K=3, T=4)
    write_instance(instance, folder / "round.json")
    solution = solve(instance, "greedy").solution
    assert solution is not None
    write_solution(solution, folder / "answer.json", instance)
    (folder / "answers").mkdir()
    write_solution(solution, folder / "answers" / "greedy.solution.json", instance)
    (folder / "best").mkdir()
    (folder / "mine.toml").write_text(_SET)
    random = np.random.default_rng(0)
    np.save(folder / "gates.npy", random.dirichlet(np.ones(6), 20))
    np.save(folder / "gains.npy", 1e-7 * random.exponential(size=(8, 9)))
    names = [f"select_t{t}_e{e}" for t, row in enumerate(solution.experts) for e in row]
    assert solution.assignment is not None
    for i, j in np.argwhere(solution.assignment >= 0).tolist():
        names.append(f"assign_i{i}_j{j}_m{solution.assignment[i, j]}")
    (folder / "model.sol").write_text("".join(f"{name} 1\n" for name in names))
    rows = validate(instance, ["jesa", "greedy"]).rows
    rows.to_json(folder / "rows.json", orient="records")
    for name in study_names():
        more = {"optimality": 'part = "methods"\n', "savings": "layers = 2\n"}.get(name, "")
        (folder / f"{name}.toml").write_text(_STUDY.format(name=name, more=more))
    design = design_of(_STUDY.format(name="asymptotics", more=""))
    with Database(folder / "studied", design) as database:
        database.start_session({})
        for task in design.tasks():
            answer = perform(task.content())
            database.store(task, answer["rows"], 1, answer["seconds"])
        database.end_session()
