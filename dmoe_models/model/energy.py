"""The objective, and the prices that the algorithms work with. No other module computes energy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dmoe_models.errors import SolutionError
from dmoe_models.input_checks import at
from dmoe_models.model.instance import Instance, require_instance
from dmoe_models.model.solution import Solution, require_solution
from dmoe_models.text import html_grid, prefixed
from dmoe_models.values.value import Value


@dataclass(frozen=True, eq=False, repr=False)
class EnergyReport(Value):
    """The energy of a solution, in joule, and where it goes.

    Attributes
    ----------
    total_j : float
        The objective E: transmission + computation + static; infinite where a link carries tokens
        without a subcarrier of positive rate.
    transmission_j, computation_j, static_j : float
    per_token_j : (T,) array
        Transmission and computation of each token (static energy belongs to no token).
    per_token_transmission_j, per_token_computation_j : (T,) array
        Its two parts.
    per_link_j : (K, K) array
        Transmission energy of each link.
    token_counts : (K, K) int array
        n[i, j], tokens that link i -> j carries; served at home on the diagonal.
    """

    total_j: float
    transmission_j: float
    computation_j: float
    static_j: float
    per_token_j: np.ndarray
    per_token_transmission_j: np.ndarray
    per_token_computation_j: np.ndarray
    per_link_j: np.ndarray
    token_counts: np.ndarray

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per used link: source, expert, tokens, joule."""
        links = np.argwhere(self.token_counts > 0)
        i, j = links[:, 0], links[:, 1]
        return pd.DataFrame(
            {
                "source": i,
                "expert": j,
                "tokens": self.token_counts[i, j],
                "transmission_j": self.per_link_j[i, j],
            }
        )

    def __repr__(self) -> str:
        return (
            f"EnergyReport({self.total_j:.9g} J: transmission {self.transmission_j:.6g}, "
            f"computation {self.computation_j:.6g}, static {self.static_j:.6g})"
        )

    def _repr_html_(self) -> str:
        unit, scale = prefixed([self.total_j], "J")
        parts = {"transmission": self.transmission_j, "computation": self.computation_j}
        parts |= {"static": self.static_j, "total": self.total_j}
        lines = [[name, f"{scale * value:.6g}"] for name, value in parts.items()]
        used = np.argwhere(self.token_counts > 0)
        links, tokens = int((used[:, 0] != used[:, 1]).sum()), len(self.per_token_j)
        note = f"{tokens:,} tokens; {links:,} loaded links (per link: to_dataframe())"
        return html_grid(
            "Energy of a solution", (["part", f"energy ({unit})"], lines), notes=[note]
        )


def assignment_energy_j(instance: Instance, assignment: np.ndarray) -> np.ndarray:
    """Return every link's joule per token under an assignment of one subcarrier a link.

    Parameters
    ----------
    assignment : (K, K) int array
        -1 where a link has none.

    Returns
    -------
    (K, K) array
        Zero on the diagonal, infinite where the link has no subcarrier or no gain on it.
    """
    owned = np.maximum(assignment, 0)[:, :, None]
    energy = np.take_along_axis(instance.transmission_energy_j, owned, axis=2)[:, :, 0]
    energy = np.where(assignment >= 0, energy, np.inf)
    np.fill_diagonal(energy, 0.0)
    return energy


def best_link_energy_j(instance: Instance) -> np.ndarray:
    """Return the (K, K) joules per token of each link on its own best subcarrier (C3 dropped)."""
    energy = instance.transmission_energy_j.min(axis=2)
    np.fill_diagonal(energy, 0.0)
    return energy


def expert_energy_j(
    instance: Instance, link_energy_j: np.ndarray, tokens: np.ndarray | slice = slice(None)
) -> np.ndarray:
    """Return e[t, j], what expert j costs token t at given link prices.

    Parameters
    ----------
    link_energy_j : (K, K) array, J per token, zero on the diagonal
    tokens : (U,) int array, optional
        Those that are asked about; all by default.

    Returns
    -------
    (U, K) array, J
    """
    return link_energy_j[instance.source[tokens]] + instance.computation_energy_j


def count_tokens(instance: Instance, selection: np.ndarray) -> np.ndarray:
    """Return n[i, j], the number of tokens of node i that expert j serves, (K, K) int.

    Parameters
    ----------
    instance : Instance
    selection : (T, K) bool array
    """
    nodes = instance.K
    chosen = np.flatnonzero(selection)
    token = chosen // nodes
    expert = chosen - token * nodes
    pairs = instance.source[token] * nodes + expert
    return np.bincount(pairs, minlength=nodes * nodes).reshape(nodes, nodes)


def selected_energy_j(energy_j: np.ndarray, selection: np.ndarray) -> np.ndarray:
    """Return each token's energy, sum_j e[t, j] alpha[t, j] (an unchosen infinity counts zero).

    Parameters
    ----------
    energy_j : (T, K) array
        e[t, j], J; infinite where an expert is out of reach.
    selection : (T, K) bool array
        alpha[t, j].

    Returns
    -------
    (T,) array, J
    """
    tokens, experts = selection.shape
    chosen = np.flatnonzero(selection)
    return np.bincount(chosen // experts, energy_j.ravel()[chosen], minlength=tokens)


def total_energy_j(
    instance: Instance, link_energy_j: np.ndarray, token_counts: np.ndarray
) -> float:
    """Return E, J, of token counts at given link prices; it depends on nothing else.

    Parameters
    ----------
    link_energy_j, token_counts : (K, K) arrays
    """
    transmission = _carried_energy_j(link_energy_j, token_counts).sum()
    computation = instance.computation_energy_j @ token_counts.sum(axis=0)
    return float(transmission) + float(computation) + instance.static_total_j


def _carried_energy_j(link_energy_j: np.ndarray, token_counts: np.ndarray) -> np.ndarray:
    """Joule of each link for all its tokens; zero, whatever the price, where it has none."""
    return np.where(token_counts > 0, link_energy_j, 0.0) * token_counts


def evaluate(instance: Instance, solution: Solution) -> EnergyReport:
    """Compute the energy of a solution.

    E = sum over loaded links of P0 (number of subcarriers) s0 n[i, j] / (sum of their rates)
    + sum over tokens and experts of a[j] alpha[t, j] + sum of b[j].

    Parameters
    ----------
    instance : Instance
    solution : Solution
        With neither an assignment nor subcarriers, the instance's own assignment is taken.

    Returns
    -------
    EnergyReport

    Raises
    ------
    SolutionError
        Where shapes do not fit the instance or a subcarrier does not exist. Feasibility is not
        looked at: that is `check`'s.
    DmoeError
        For an argument that is no Instance, or no Solution.
    """
    require_instance(instance)
    require_solution(solution)
    solution.require_shape(instance)
    if solution.subcarriers is not None:
        link_energy = _shared_energy_j(instance, solution.subcarriers)
    else:
        assignment = solution.assignment_for(instance)
        outside = (assignment < -1) | (assignment >= instance.M)
        if outside.any():
            index = tuple(np.argwhere(outside)[0])
            raise SolutionError(
                f"{at('assignment', index)} = {assignment[index]} is not a subcarrier"
                f" (-1 to {instance.M - 1})"
            )
        link_energy = assignment_energy_j(instance, assignment)

    counts = count_tokens(instance, solution.selection)
    per_link = _carried_energy_j(link_energy, counts)
    selection = solution.selection
    computation = np.broadcast_to(instance.computation_energy_j, selection.shape)
    return EnergyReport(
        total_j=total_energy_j(instance, link_energy, counts),
        transmission_j=float(per_link.sum()),
        computation_j=float(instance.computation_energy_j @ counts.sum(axis=0)),
        static_j=instance.static_total_j,
        per_token_j=selected_energy_j(expert_energy_j(instance, link_energy), selection),
        per_token_transmission_j=selected_energy_j(link_energy[instance.source], selection),
        per_token_computation_j=selected_energy_j(computation, selection),
        per_link_j=per_link,
        token_counts=counts,
    )


def _shared_energy_j(instance: Instance, subcarriers: np.ndarray) -> np.ndarray:
    """Joule per token of links with several subcarriers: P0 s0 (their number) / (sum of rates)."""
    number = subcarriers.sum(axis=2)
    rate = np.where(subcarriers, instance.rate_bps, 0.0).sum(axis=2)
    energy = np.full(rate.shape, np.inf)
    work = instance.transmit_power_w * instance.hidden_state_bits
    np.divide(work * number, rate, out=energy, where=rate > 0)
    np.fill_diagonal(energy, 0.0)
    return energy
