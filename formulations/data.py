"""What every formulation needs of an instance, indexed and scaled once.

Energies are of order 1e-4 J and solver tolerances are absolute, so all prices are divided by
`unit_j`: in units of it the objective is about the number of tokens, or more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np

from dmoe_models.deadline import Deadline, OutOfTimeError
from dmoe_models.errors import MethodError
from dmoe_models.model.energy import (
    assignment_energy_j,
    best_link_energy_j,
    count_tokens,
    expert_energy_j,
)
from dmoe_models.model.feasible_sets import membership, sets_of_tokens
from dmoe_models.model.instance import Instance, require_instance

Item = TypeVar("Item")

LEAST_COVERAGE = 1.0 - 1e-6
"""What the rows of C1, divided by need, ask for.

A solver may take a row for one it differs from by less than its tolerance: HiGHS 1.15 called
models infeasible, or worse solutions optimal, where sets met need by 1e-12 of it and others by
1e-9. So all that meet need do so with room to spare here; a set that misses it by less than this
room is cut off when a solution holds it, like all that a tolerance lets by.
"""

SET_LIMIT = 200_000
"""Most minimal feasible sets that a set formulation is built over."""


@dataclass(frozen=True)
class TokenGroup:
    """Tokens of one node with the same minimal feasible sets: one token with a weight.

    Attributes
    ----------
    source : int
    tokens : tuple of int
    members : (S, K) bool array
        The sets that each of them may choose from.
    """

    source: int
    tokens: tuple[int, ...]
    members: np.ndarray


class ModelData:
    """An instance as the formulations read it.

    Parameters
    ----------
    instance : Instance
    candidates : (K, K, M) bool array, optional
        Subcarriers that may be considered for each link; all of positive gain by default.
    deadline : Deadline, optional
        Building stops with OutOfTimeError when it has passed.
    """

    def __init__(
        self,
        instance: Instance,
        candidates: np.ndarray | None = None,
        deadline: Deadline | None = None,
    ) -> None:
        require_instance(instance)
        self.instance = instance
        self._candidates = candidates
        self._deadline = deadline

    def in_time(self, item: Item) -> Item:
        """Return the item, unless the time to build the model is up: then raise OutOfTimeError."""
        if self._deadline is not None and self._deadline.passed:
            raise OutOfTimeError("time was up while the model was built")
        return item

    @cached_property
    def unit_j(self) -> float:
        """Joule that the model calls 1: the mean of the tokens' cheapest experts.

        Every token needs an expert, so no solution costs less than one unit per token. Where
        experts are free, it is the least positive energy that a solution can be charged: then
        any two solutions of different energy differ by something a solver can see. A unit that
        is too small only makes costs large; one that is too large hides them in the tolerance.
        """
        instance = self.instance
        if instance.assignment is None:
            link_energy = best_link_energy_j(instance)
            prices = instance.transmission_energy_j[tuple(instance.links.T)].ravel()
        else:
            link_energy = assignment_energy_j(instance, instance.assignment)
            prices = link_energy[tuple(instance.links.T)]
        energy = expert_energy_j(instance, link_energy)
        energy = np.where(instance.gate_scores > 0, energy, np.inf)
        mean = float(energy.min(axis=1).mean())
        if 0 < mean < math.inf:
            return mean
        charged = np.concatenate([prices, instance.computation_energy_j])
        return float(charged[np.isfinite(charged) & (charged > 0)].min(initial=1.0))

    @cached_property
    def links(self) -> list[tuple[int, int]]:
        """Links (i, j) that can carry a token."""
        return [(int(i), int(j)) for i, j in self.instance.links]

    @cached_property
    def link_number(self) -> np.ndarray:
        """(K, K) place of each link in `links`, -1 for other pairs."""
        number = np.full((self.instance.K, self.instance.K), -1)
        number[tuple(self.instance.links.T)] = np.arange(len(self.instance.links))
        return number

    @cached_property
    def option_table(self) -> np.ndarray:
        """(O, 3) all (i, j, m) in which link (i, j) may own subcarrier m, ordered by link.

        Those of positive gain, among the candidates.
        """
        i, j = self.instance.links.T
        usable = np.isfinite(self.instance.transmission_energy_j[i, j])
        if self._candidates is not None:
            usable &= self._candidates[i, j]
        link, m = np.nonzero(usable)
        return np.column_stack([i[link], j[link], m])

    @cached_property
    def options(self) -> list[tuple[int, int, int]]:
        """The rows of `option_table`."""
        return [(i, j, m) for i, j, m in self.option_table.tolist()]

    @cached_property
    def subcarriers(self) -> dict[tuple[int, int], list[int]]:
        """Subcarriers m that each link (i, j) may own, none for some."""
        found: dict[tuple[int, int], list[int]] = {link: [] for link in self.links}
        for i, j, m in self.options:
            found[i, j].append(m)
        return found

    @cached_property
    def price(self) -> np.ndarray:
        """(K, K, M) scaled energy per token of link i -> j over m; infinite without a link."""
        return self.instance.transmission_energy_j / self.unit_j

    @cached_property
    def given_price(self) -> np.ndarray:
        """(K, K) scaled energy per token under the given assignment (P1)."""
        assert self.instance.assignment is not None
        return assignment_energy_j(self.instance, self.instance.assignment) / self.unit_j

    @cached_property
    def computation(self) -> np.ndarray:
        """(K,) scaled computation energy per token."""
        return self.instance.computation_energy_j / self.unit_j

    @cached_property
    def coverage(self) -> np.ndarray:
        """(T, K) coefficients of C1 divided by need: min(1, g / need); see ``LEAST_COVERAGE``.

        An expert that reaches need alone covers the row alone, so cutting its coefficient at 1
        changes no 0-1 solution; it tightens the relaxation and keeps the rows within a solver's
        range where thresholds are tiny.
        """
        return np.minimum(1.0, self.instance.gate_scores / self.instance.need[:, None])

    @cached_property
    def usable(self) -> np.ndarray:
        """(T, K) bool: token t can use expert j."""
        return self.instance.reachable[self.instance.source]

    @cached_property
    def tokens_at(self) -> dict[int, list[int]]:
        """Tokens that reside at each node that has any."""
        source = self.instance.source
        return {int(i): np.flatnonzero(source == i).tolist() for i in np.unique(source)}

    @cached_property
    def groups(self) -> list[TokenGroup]:
        """Tokens grouped by node and minimal feasible sets.

        Raises
        ------
        MethodError
            Where there are more than SET_LIMIT sets.
        """
        found: dict[tuple[int, frozenset[frozenset[int]]], list[int]] = {}
        for token, sets in enumerate(
            sets_of_tokens(self.instance, SET_LIMIT, deadline=self._deadline)
        ):
            key = (int(self.instance.source[token]), frozenset(map(frozenset, sets)))
            found.setdefault(key, []).append(token)
        return [
            TokenGroup(
                source,
                tuple(tokens),
                membership(sorted(tuple(sorted(s)) for s in sets), self.instance.K),
            )
            for (source, sets), tokens in found.items()
        ]

    def selection_of_sets(self, value: np.ndarray) -> np.ndarray:
        """Return the (T, K) selection in which every group takes its set of highest value.

        Parameters
        ----------
        value : (S,) array
            Of every set, group by group; what follows is not read.
        """
        selection = np.zeros((self.instance.T, self.instance.K), dtype=bool)
        first = 0
        for group in self.groups:
            chosen = int(value[first : first + len(group.members)].argmax())
            selection[list(group.tokens)] = group.members[chosen]
            first += len(group.members)
        return selection

    def loads(self, selection: np.ndarray) -> dict[tuple[int, int], int]:
        """Return the token count of every loaded link under a (T, K) selection (P3).

        Raises
        ------
        MethodError
            Where the selection loads a link that does not exist.
        """
        counts = count_tokens(self.instance, selection)
        loaded = [(int(i), int(j)) for i, j in np.argwhere(counts > 0) if i != j]
        for link in loaded:
            if not self.subcarriers.get(link):
                raise MethodError(f"selection: link {link} carries tokens but has no gain")
        return {(i, j): int(counts[i, j]) for i, j in loaded}


def cheapest_candidates(instance: Instance) -> np.ndarray | None:
    """Return the L cheapest subcarriers of each of the L links: no others can matter.

    A link that owned a dearer one could move to one of its L cheapest that no other link owns
    (docs/model.md, fact 5, reductions).

    Returns
    -------
    (K, K, M) bool array, or None where M <= L (all are kept).
    """
    number = len(instance.links)
    if number >= instance.M:
        return None
    energy = instance.transmission_energy_j
    keep = np.zeros(energy.shape, dtype=bool)
    if number:
        cheapest = np.argpartition(energy, number - 1, axis=2)[:, :, :number]
        np.put_along_axis(keep, cheapest, True, axis=2)
    return keep
