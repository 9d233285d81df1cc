"""P1 and P2 in integers, for CP-SAT: Boolean columns, clauses, and energies rounded down.

*Energies.* A cost in joule is multiplied by 2^e and rounded down, once, before it is multiplied by
a number of tokens; e is the largest for which the sum of all costs stays within 2^48. A power of
two scales doubles exactly, so every integer cost is at most the true one, and the optimum over
integers, divided by 2^e, is at most the true optimum: a proved bound. What rounding takes away is
less than 2^-e joule for each expert and each link that a token uses.

*C1.* P2 is written over minimal feasible sets, which meet C1 exactly, so it has no such row. In P1
scores and need are multiplied by a power of two and rounded up. An integer sum that is at least as
large as some number is at least that number rounded up: no selection that meets C1 is lost. One
that misses it by less than the rounding may pass, and is cut off.

*Why not finer.* CP-SAT computes in 64 bits, but some of it in fewer. On random models of up to
eight columns version 9.15 called wrong solutions optimal: 8 of 4,000 where the coefficients of a
row summed to 2^34, 14 of 1,500 where costs summed to more than 2^56 beside a row, 321 of 1,500 at
2^63 without rows; none where rows summed to less than 2^31 (google/or-tools issue 5293) and costs
to 2^53, or to 2^57 without rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from dmoe_models.deadline import Deadline
from dmoe_models.errors import MethodError
from dmoe_models.model.energy import assignment_energy_j, expert_energy_j
from dmoe_models.model.instance import Instance
from formulations.data import ModelData

COST_BITS = 48
"""All costs sum to at most 2^48."""

ROW_BITS = 30
"""The scores of a row sum to at most 2^30."""

COLUMN_LIMIT = 2_000_000
"""Most columns that a model is built with: about 4 GB in CP-SAT."""


@dataclass
class IntegerModel:
    """A model as `formulations.with_cpsat.worker` takes it.

    Attributes
    ----------
    cost : (C,) int64 array
    exponent : int
        Costs are in units of 2^-exponent J.
    exactly_one, at_most_one : list of int arrays
        Columns.
    implies : list of (n, 2) int arrays
        The first column of each pair implies the second.
    at_least : list of (int array, int array, int)
        Columns, their coefficients, and what they sum to at least.
    """

    cost: np.ndarray
    exponent: int
    exactly_one: list[np.ndarray] = field(default_factory=list)
    at_most_one: list[np.ndarray] = field(default_factory=list)
    implies: list[np.ndarray] = field(default_factory=list)
    at_least: list[tuple[np.ndarray, np.ndarray, int]] = field(default_factory=list)

    def message(self) -> dict[str, Any]:
        """Return what the worker reads."""
        return {name: value for name, value in vars(self).items() if name != "exponent"}

    def energy_j(self, bound: int) -> float:
        """Return an integer cost in joule."""
        return math.ldexp(float(bound), -self.exponent)


@dataclass(frozen=True)
class CoverModel:
    """P1 for some tokens.

    Attributes
    ----------
    integer : IntegerModel
    tokens, experts : (C,) int arrays
        What each column selects.
    """

    integer: IntegerModel
    tokens: np.ndarray
    experts: np.ndarray

    def forbid(self, token: int, failing: np.ndarray) -> None:
        """Cut off a (K,) set of experts that C1 refuses: one outside of it must serve the token.

        Parameters
        ----------
        token : int
        failing : (K,) bool array
            The experts of the set.
        """
        outside = np.flatnonzero((self.tokens == token) & ~failing[self.experts])
        self.integer.at_least.append((outside, np.ones(len(outside), dtype=np.int64), 1))


@dataclass(frozen=True)
class SetModel:
    """P2 over minimal feasible sets. Columns: sets z by group, options x, spread loads y.

    Attributes
    ----------
    data : ModelData
    integer : IntegerModel
    choices : int
        Number of sets.
    """

    data: ModelData
    integer: IntegerModel
    choices: int


def p1_milp(instance: Instance, *, deadline: Deadline | None = None) -> CoverModel:
    """Return P1 for all tokens of an instance (see `p1_cover`).

    Parameters
    ----------
    instance : Instance
        With its assignment given.
    deadline : Deadline, optional
        Not heeded: the model is a few vectors.
    """
    assert instance.assignment is not None
    energy = expert_energy_j(instance, assignment_energy_j(instance, instance.assignment))
    return p1_cover(
        energy, instance.gate_scores, instance.need, instance.max_experts, np.arange(instance.T)
    )


def p1_cover(
    energy_j: np.ndarray,
    gate_scores: np.ndarray,
    need: np.ndarray,
    max_experts: int,
    tokens: np.ndarray,
) -> CoverModel:
    """Return P1 for some tokens: a covering row and a cardinality row for each.

    minimise  sum_t sum_j e[t, j] alpha[t, j]    alpha Boolean
    C1        sum_j g[t, j] alpha[t, j] >= need[t], in integers
    C2        sum_j alpha[t, j] <= D

    Parameters
    ----------
    energy_j : (T, K) array
        e[t, j], J; infinite where a token cannot use an expert.
    gate_scores : (T, K) array
    need : (T,) array
    max_experts : int
        D.
    tokens : (n,) int array
        Those in this model.
    """
    place, expert = np.nonzero(np.isfinite(energy_j[tokens]))
    token = tokens[place]
    energy = energy_j[token, expert]
    exponent = _exponent(float(energy.sum()))
    model = IntegerModel(_rounded_down(energy, exponent), exponent)
    bits = ROW_BITS - (energy_j.shape[1] - 1).bit_length()  # of need, and of every score at most
    mantissa, power = np.frexp(need[tokens])
    least = np.ceil(np.ldexp(mantissa, bits)).astype(np.int64)
    with np.errstate(over="ignore"):  # infinite next to a minute need: cut below
        scores = np.ldexp(gate_scores[token, expert], bits - power[place])
    weight = np.ceil(np.minimum(scores, least[place])).astype(np.int64)  # one that covers, covers
    ends = np.searchsorted(place, np.arange(len(tokens) + 1))
    for row, (first, last) in enumerate(pairwise(ends.tolist())):
        columns = np.arange(first, last)
        model.at_least.append((columns, weight[first:last], int(least[row])))
        model.at_least.append((columns, np.full(last - first, -1), -max_experts))
    return CoverModel(model, token, expert)


def p2_set(
    instance: Instance,
    *,
    candidates: np.ndarray | None = None,
    budget_j: float = math.inf,
    deadline: Deadline | None = None,
) -> SetModel:
    """Return P2 over minimal feasible sets, as `formulations.with_pyomo.models.p2_set`, in clauses.

    A group of equal tokens has exactly one set. For every remote expert j of its sets it has
    exactly one of: a set without j, or a subcarrier that carries it to j, which implies that the
    link owns that subcarrier.

    Parameters
    ----------
    instance : Instance
    candidates : (K, K, M) bool array, optional
        Subcarriers to consider for each link.
    budget_j : float
        Energy of a known solution, without the static: what alone costs more is left out. It makes
        the resolution finer where prices span many orders of magnitude.
    deadline : Deadline, optional
        Building stops with OutOfTimeError when it has passed.

    Raises
    ------
    MethodError
        Where there are more minimal feasible sets, or columns, than a model can hold.
    """
    data = ModelData(instance, candidates, deadline)
    groups, options, number = data.groups, data.option_table, data.link_number
    choices = sum(len(group.members) for group in groups)
    width = choices + len(options)
    price = instance.transmission_energy_j[tuple(options.T)]
    link = number[options[:, 0], options[:, 1]]  # ascending
    of_link = np.split(np.arange(len(link)), np.searchsorted(link, np.arange(1, len(data.links))))
    computation = instance.computation_energy_j

    exactly_one: list[np.ndarray] = []
    implies: list[np.ndarray] = []
    terms: list[tuple[int, np.ndarray]] = []  # tokens, and the option that carries them
    first = 0
    for group in groups:
        data.in_time(group)
        tokens = len(group.tokens)
        sets = np.arange(first, first + len(group.members))
        first += len(sets)
        exactly_one.append(sets)
        for expert in np.flatnonzero(group.members.any(axis=0)).tolist():
            if expert == group.source:
                continue
            carriers = of_link[number[group.source, expert]]
            carriers = carriers[tokens * price[carriers] <= budget_j]
            y = np.arange(width, width + len(carriers))
            width += len(y)
            if width > COLUMN_LIMIT:
                raise MethodError(f"the model would have more than {COLUMN_LIMIT:,} columns")
            exactly_one.append(np.concatenate([y, sets[~group.members[:, expert]]]))
            implies.append(np.column_stack([y, choices + carriers]))
            terms.append((tokens, carriers))

    total = sum(tokens * float(price[carriers].sum()) for tokens, carriers in terms)
    total += sum(len(g.tokens) * float((g.members @ computation).sum()) for g in groups)
    exponent = _exponent(total)
    whole_computation = _rounded_down(computation, exponent)
    cost = [len(g.tokens) * (g.members @ whole_computation) for g in groups]
    cost += [np.zeros(len(options), dtype=np.int64)]
    cost += [tokens * _rounded_down(price[carriers], exponent) for tokens, carriers in terms]
    owned = [choices + columns for columns in of_link if len(columns) > 1]
    order = np.argsort(options[:, 2], kind="stable")
    ends = np.flatnonzero(np.diff(options[order, 2])) + 1
    shared = [choices + columns for columns in np.split(order, ends) if len(columns) > 1]
    model = IntegerModel(np.concatenate(cost), exponent, exactly_one, [*owned, *shared], implies)
    return SetModel(data, model, choices)


def read_sets(model: SetModel, value: np.ndarray) -> np.ndarray:
    """Return the (T, K) selection of a solved model, given its (C,) column values.

    Parameters
    ----------
    model : SetModel
    value : (C,) array
        Of the columns.
    """
    return model.data.selection_of_sets(value)


def read_assignment(model: SetModel, value: np.ndarray) -> np.ndarray:
    """Return the (K, K) assignment of a solved model, given its (C,) column values.

    Parameters
    ----------
    model : SetModel
    value : (C,) array
        Of the columns.
    """
    options = model.data.option_table
    assignment = np.full((model.data.instance.K,) * 2, -1)
    i, j, m = options[value[model.choices : model.choices + len(options)]].T
    assignment[i, j] = m
    return assignment


def _exponent(total_j: float) -> int:
    """Return the largest e with total_j 2^e <= 2^COST_BITS."""
    if total_j == 0:
        return 0
    mantissa, power = math.frexp(total_j)  # total_j = mantissa 2^power, mantissa in [1/2, 1)
    return COST_BITS - power + (mantissa == 0.5)


def _rounded_down(energy_j: np.ndarray, exponent: int) -> np.ndarray:
    return np.floor(np.ldexp(energy_j, exponent)).astype(np.int64)
