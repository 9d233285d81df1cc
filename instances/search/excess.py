"""How far above the proved optimum a method ends on an instance, over several runs.

The excess is (E - OPT) / (OPT - sum b): how far the energy that can be avoided is above the least.
OPT is proved to a gap of 1e-9 for every instance that is taken; E is the evaluator's, of an answer
that the referee accepts. Methods that draw random numbers are run with several seeds, and their
excesses are averaged so that the good runs count: the mean taken is that of OPT / E (the harmonic
mean of E / OPT). If half of the runs find the optimum it is at most 100 %, however bad the others
are; it is large where nearly all runs are bad. And it rises with every run that gets worse, which
shows a search the way where the best run of several would show none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from dmoe_models.deadline import Deadline
from dmoe_models.errors import MethodError
from dmoe_models.model.gap import CERTIFIED_GAP, relative_excess
from dmoe_models.model.instance import Instance
from dmoe_models.solving.catalogue import MethodLike, bind_method, find_method, method_for
from dmoe_models.solving.method import CERTIFIER
from dmoe_models.solving.result import Status
from dmoe_models.solving.solve import solve


@dataclass(frozen=True)
class Target:
    """The method that is to look bad.

    Attributes
    ----------
    method : str or callable
        A name from `methods()`, ``path/to/file.py:function``, or a function of an instance.
    options : mapping
        Of the method, such as ``starts=10``.
    runs : int
        Seeds 0 .. runs - 1; one run where the method takes no seed.
    certificate_s : float
        Seconds for the proof of an instance's optimum; without one an instance is not taken.
    """

    method: MethodLike = "jesa"
    options: Mapping[str, Any] = field(default_factory=dict)
    runs: int = 8
    certificate_s: float = 2.0

    def __post_init__(self) -> None:
        if not isinstance(self.runs, int) or self.runs < 1:
            raise MethodError(f"runs = {self.runs!r} is not a whole number of at least 1")
        Deadline(self.certificate_s)

    @property
    def name(self) -> str:
        """The method's name."""
        return find_method(self.method).name

    @property
    def seeds(self) -> range:
        """The seeds that it is run with."""
        return range(self.runs if "seed" in bind_method(self.method).parameters else 1)


class Measured(NamedTuple):
    """A method's excess on one instance, by seed, over its proved optimum, J."""

    optimum_j: float
    excesses: tuple[float, ...]

    @property
    def excess(self) -> float:
        """The mean (harmonic, of the energies): 0.5 is 50 % above the optimum."""
        shares = [1.0 / (1.0 + excess) for excess in self.excesses]
        return len(shares) / math.fsum(shares) - 1.0


def measure(instance: Instance, target: Target, least: float = -math.inf) -> Measured | None:
    """Run a method on an instance, and prove the instance's optimum.

    Parameters
    ----------
    instance : Instance
    target : Target
    least : float
        Mean excess below which the instance is of no interest, and need not be proved.

    Returns
    -------
    Measured or None
        None where the method has no valid answer with some seed, the optimum is not proved in time
        or is without avoidable energy, or the excess is below `least`.
    """
    energies, bound = [], -math.inf
    static = instance.static_total_j
    for seed in target.seeds:
        result = solve(instance, target.method, seed=seed, **target.options)
        if result.check is None or not result.check.ok:
            return None
        energies.append(result.objective)
        bound = max(bound, result.bound)
    # The excess over a lower bound is at least that over the optimum.
    if bound > static and _measured(energies, bound, static).excess < least:
        return None
    certifier = method_for(CERTIFIER, instance.problem)
    proof = solve(instance, certifier, time_limit=target.certificate_s)
    if proof.status is not Status.OPTIMAL or proof.gap > CERTIFIED_GAP or proof.objective <= static:
        return None
    found = _measured(energies, proof.objective, static)
    return found if found.excess >= least else None


def _measured(energies: list[float], optimum: float, static: float) -> Measured:
    return Measured(optimum, tuple(max(0.0, relative_excess(e, optimum, static)) for e in energies))
