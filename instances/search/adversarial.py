"""Adversarial search: instances on which a method is as far above the optimum as can be found.

A search starts from the worst of some drawn instances and changes it step by step
(`instances.families.mutant`): by a further step, or by one step taken back. A change stays if the
method's energy, in units of the optimum, has not fallen by more than a threshold, which shrinks to
nothing over the search (threshold accepting). In the end steps are left out that the excess can
spare. What is found is a base, its seed and a list of steps: anybody can draw it again, bit for
bit.

References
----------
G. Dueck, T. Scheuer, "Threshold accepting: a general purpose optimization algorithm appearing
superior to simulated annealing", Journal of Computational Physics 90 (1990).
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dmoe_models.deadline import Deadline
from dmoe_models.errors import InstanceError
from dmoe_models.files.paths import naming, replacement
from dmoe_models.model.instance import Instance
from instances.families.mutant import COMMON, LEVELS, Fields, mutate, unchanged
from instances.library.set_file import Spec
from instances.search.excess import Measured, Target, measure

_FIRST_THRESHOLD = 0.05  # share of the present energy that may be lost
_TAKEN_BACK = 0.1  # share of trials that take a step back
_SPARED = 0.01  # share of the excess that may be given for fewer steps
_STEPS = 1 << 24  # distinct steps of a level
_LOG = logging.getLogger("dmoe_models.adversarial")


@dataclass
class Found:
    """What a search ended with.

    Attributes
    ----------
    spec : Spec
        Draws the instance again.
    instance : Instance
    measured : Measured
    history : list of (int, float)
        Trial and excess of every improvement.
    """

    spec: Spec
    instance: Instance
    measured: Measured
    history: list[tuple[int, float]]


def search(
    target: Target,
    base: str,
    parameters: Mapping[str, Any],
    *,
    seed: int = 0,
    draws: int = 20,
    trials: int = 500,
    time_limit: float | None = None,
) -> Found:
    """Look for one instance on which a method does badly.

    Parameters
    ----------
    target : Target
    base : str
        The family to start from.
    parameters : mapping
        Of the base; what is not given has the base's default.
    seed : int
        Of the search. Without a time limit, and unless a proof runs out of time, the same seed
        finds the same instance.
    draws : int
        Instances drawn, of the worst of which the search starts.
    trials : int
        Changes tried, besides those that leave steps out in the end.
    time_limit : float, optional
        Seconds for draws and trials; leaving out steps comes after them.

    Returns
    -------
    Found

    Raises
    ------
    InstanceError
        Where no drawn instance can be measured.
    DmoeError
        For a wrong family, parameter, method or option.
    """
    for name, number, fewest in (("draws", draws, 1), ("trials", trials, 0)):
        if not isinstance(number, int) or number < fewest:
            raise InstanceError(f"{name} = {number!r} is not a whole number of at least {fewest}")
    random = np.random.default_rng(seed)
    deadline = Deadline(time_limit)
    start = _start(target, _blank(base, parameters), random, draws, deadline)
    climb = _Climb(target, start, deadline)
    climb.run(random, trials)
    climb.shorten()
    found = Found(climb.best.spec, climb.best.spec.build(), climb.best.measured, climb.history)
    if found.instance.sha256 != climb.best.instance().sha256:
        raise InstanceError(f"{found.instance.name}: its steps do not draw it again")
    return found


@dataclass
class _Candidate:
    """A mutant, where the search stands or has stood."""

    spec: Spec
    fields: Fields
    measured: Measured

    def instance(self) -> Instance:
        return _instance(self.fields)


def _instance(fields: Fields) -> Instance:
    return Instance(name="candidate", metadata={}, **fields)


def _blank(base: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a mutant without steps."""
    common = {name: value for name, value in parameters.items() if name in COMMON}
    others = {name: value for name, value in parameters.items() if name not in COMMON}
    return {**common, "base": base, "base_parameters": others, "steps": []}


def _start(
    target: Target,
    parameters: dict[str, Any],
    random: np.random.Generator,
    draws: int,
    deadline: Deadline,
) -> _Candidate:
    """Return the worst of some drawn instances."""
    best: _Candidate | None = None
    for drawn in range(1, draws + 1):
        if best is not None and deadline.passed:
            break
        spec = Spec("mutant", int(random.integers(2**31)), parameters)
        instance = spec.build()
        least = -math.inf if best is None else best.measured.excess
        measured = measure(instance, target, least)
        if measured is not None and measured.excess > least:
            best = _Candidate(spec, unchanged(instance), measured)
            _LOG.info("draw %d: %.2f %% above the optimum", drawn, 100 * measured.excess)
    if best is None:
        raise InstanceError(
            f"{target.method} has no valid answer, or no optimum was proved, on {draws} draws of "
            f"{parameters['base']}"
        )
    return best


class _Climb:
    """The search from one start: where it stands, and the worst instance so far."""

    def __init__(self, target: Target, start: _Candidate, deadline: Deadline) -> None:
        self.target, self.deadline = target, deadline
        self.present = self.best = start
        self.history = [(0, start.measured.excess)]

    def run(self, random: np.random.Generator, trials: int) -> None:
        """Try changes, under a threshold that falls to zero."""
        for trial in range(1, trials + 1):
            if self.deadline.passed:
                return
            kept = 1.0 - _FIRST_THRESHOLD * (1.0 - trial / trials)
            least = kept * (1.0 + self.present.measured.excess) - 1.0
            found = self._measured(self._changed(random), least)
            if found is None:
                continue
            self.present = found
            if found.measured.excess > self.best.measured.excess:
                self.best = found
                self.history.append((trial, found.measured.excess))
                _LOG.info(
                    "trial %d: %.2f %% above the optimum, %d steps",
                    *(trial, 100 * found.measured.excess, len(found.spec.parameters["steps"])),
                )

    def shorten(self) -> None:
        """Leave out steps of the worst instance, the latest first, that its excess can spare."""
        least = (1.0 - _SPARED) * self.best.measured.excess
        size = end = len(self.best.spec.parameters["steps"])
        while size:  # blocks of halving size, from the end
            found = self._measured(self._without(self.best, max(0, end - size), end), least)
            if found is not None:
                self.best = found
            end -= size
            if end <= 0:
                size, end = size // 2, len(self.best.spec.parameters["steps"])

    def _changed(self, random: np.random.Generator) -> tuple[Spec, Fields]:
        """Return the present mutant with one step more or less."""
        spec = self.present.spec
        steps = spec.parameters["steps"]
        if steps and random.random() < _TAKEN_BACK:
            place = int(random.integers(len(steps)))
            return self._without(self.present, place, place + 1)
        level = int(random.integers(LEVELS, size=2).min())  # large changes are the more frequent
        step = LEVELS * int(random.integers(_STEPS)) + level
        return _with_steps(spec, [*steps, step]), mutate(self.present.fields, step)

    @staticmethod
    def _without(place: _Candidate, first: int, last: int) -> tuple[Spec, Fields]:
        steps = place.spec.parameters["steps"]
        spec = _with_steps(place.spec, [*steps[:first], *steps[last:]])
        return spec, unchanged(spec.build())

    def _measured(self, change: tuple[Spec, Fields], least: float) -> _Candidate | None:
        measured = measure(_instance(change[1]), self.target, least)
        return None if measured is None else _Candidate(*change, measured)


def _with_steps(spec: Spec, steps: list[int]) -> Spec:
    return spec._replace(parameters=spec.parameters | {"steps": steps})


def write_found(file: Path, found: list[Found], target: Target) -> None:
    """Write a set's file that draws what was found.

    Parameters
    ----------
    file : path
        ``.toml``.
    found : list of Found
    target : Target
    """
    options = "".join(f", {name} = {value!r}" for name, value in target.options.items())
    method = f"{target.name}{options}"
    sheet = {
        "title": f"Instances on which {target.name} is far above the optimum.",
        "purpose": f"To see where {method} fails, and whether another method does not.",
        "drawn": "By an adversarial search: mutants that are worse than those tried before them.",
        "not_covered": "What is usual: these are exceptions, searched for.",
    }
    lines = [f"{key} = {_toml(value)}" for key, value in sheet.items()]
    for number, one in enumerate(found, 1):
        spec = one.spec
        lines += [
            "",
            f"# {method}: {100 * one.measured.excess:.2f} % above the optimum, "
            f"{one.measured.optimum_j!r} J; runs: {len(one.measured.excesses)}",
            "[[draws]]",
            f"family = {_toml(spec.family)}",
            f"seeds = [{spec.seed}]",
            f"note = {_toml(f'{Path(target.name).stem}-{number}')}",
            f"parameters = {_toml(spec.parameters)}",
        ]
    with naming(file), replacement(file) as target_file:
        target_file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _toml(value: Any) -> str:
    """Write a value as TOML: texts, numbers, truth values, lists and tables of such."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(_entries(value)) + " }" if value else "{}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(entry) for entry in value) + "]"
    return json.dumps(value)


def _entries(table: Mapping[str, Any]) -> Iterator[str]:
    for key, value in table.items():
        if value is not None:
            yield f"{key} = {_toml(value)}"
