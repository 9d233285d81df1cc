"""Offers to a table of best known values: answers and solutions, with the files that they name."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from dmoe_models.files.certificates import read_certificate
from dmoe_models.files.solutions import read_solution
from dmoe_models.model.solution import Solution
from dmoe_models.referee.certificate import Certificate
from dmoe_models.solving.answers import (
    ANSWER_SUFFIX,
    CERTIFICATE_SUFFIX,
    SOLUTION_SUFFIX,
    Answer,
    Provenance,
    read_answer,
)
from dmoe_models.values.value import Value


class Refusal(Exception):
    """Why an offer is refused, in one line."""


@dataclass(frozen=True, eq=False)
class Offer(Value):
    """What stands in a file and in those that it names."""

    instance_sha256: str
    bound_j: float
    solution: Solution | None
    certificate: Certificate | None
    run: Provenance


def offered_files(results: Iterable[Path]) -> Iterator[Path]:
    """Yield answers, and solutions that no answer names."""
    for path in results:
        if not path.is_dir():
            yield path
            continue
        answers = sorted(path.glob(f"*{ANSWER_SUFFIX}"))
        yield from answers
        stems = {answer.name.removesuffix(ANSWER_SUFFIX) for answer in answers}
        for solution in sorted(path.glob("*.json")):
            stem = solution.name.removesuffix(SOLUTION_SUFFIX)
            others = (ANSWER_SUFFIX, CERTIFICATE_SUFFIX)
            if stem not in stems and not solution.name.endswith(others):
                yield solution


def read_offer(path: Path, author: str) -> Offer:
    """Return what an answer file, or a solution file, offers.

    Parameters
    ----------
    path : path
    author : str
        Of an answer that names none.

    Raises
    ------
    Refusal
        For a solution of another instance, or of none.
    FileError
        For a file that cannot be read.
    """
    if not path.name.endswith(ANSWER_SUFFIX):
        solution = read_solution(path)
        if solution.instance_sha256 is None:
            raise Refusal("the solution does not say which instance it is for")
        run = Provenance(method="not told", author=author)
        return Offer(solution.instance_sha256, -math.inf, solution, None, run)
    answer = read_answer(path)
    run = answer.run if answer.run.author else replace(answer.run, author=author)
    return Offer(
        answer.instance_sha256,
        answer.bound_j,
        _beside(path, answer),
        read_certificate(path.parent / answer.certificate) if answer.certificate else None,
        run,
    )


def _beside(path: Path, answer: Answer) -> Solution | None:
    """Return the solution that an answer names, if it names one."""
    if not answer.solution:
        return None
    solution = read_solution(path.parent / answer.solution)
    if solution.instance_sha256 != answer.instance_sha256:
        raise Refusal(f"{answer.solution} is for another instance than the answer")
    return solution
