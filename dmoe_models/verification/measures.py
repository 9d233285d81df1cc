"""Figures that compare methods: profiles, means over many scales, primal gaps, a paired test.

Plain numbers in, plain numbers out: what counts as solved, and on which instances methods are
compared, is decided in `compare`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from dmoe_models.errors import DmoeError
from dmoe_models.values.value import Value

CONFIDENCE = 0.95
"""Of the interval around a median difference."""

FEWEST_PAIRS = 6
"""Differing pairs below which no two-sided signed-rank test can reach p = 0.05."""


def performance_profile(
    values: pd.DataFrame, reference: pd.Series | None = None, room: float = 0.0
) -> pd.DataFrame:
    """Return the share of instances that each method solves within a factor of the best.

    The ratio of method s on instance p is r[p, s] = v[p, s] / min over s of v[p, s], and the
    profile of s at tau is the share of all instances p with r[p, s] <= tau. An instance that
    no method solved stays in the count.

    Parameters
    ----------
    values : (P, S) DataFrame
        One line per instance, one column per method: time, energy or another non-negative cost;
        NaN or inf where the method never solved the instance.
    reference : (P,) Series, optional
        Best known value of each instance, by default the smallest in its line.
    room : float
        Ratios of at most 1 + room count as 1.

    Returns
    -------
    DataFrame
        Index `ratio`: 1 and every ratio at which a profile rises, ascending; the value holds up to
        the next. One column per method, within [0, 1] and never falling.

    Raises
    ------
    DmoeError
        Where there is no instance, or a value is negative.

    References
    ----------
    E. D. Dolan, J. J. Moré, "Benchmarking optimization software with performance profiles",
    Mathematical Programming 91 (2002), 201-213.
    """
    table = values.to_numpy(dtype=float)
    if table.size == 0:
        raise DmoeError("a performance profile needs an instance and a method")
    table = np.where(np.isnan(table), np.inf, table)
    if (table < 0).any():
        raise DmoeError("a performance profile takes no negative values")
    best = table.min(axis=1) if reference is None else reference.to_numpy(dtype=float)
    ratios = np.full(table.shape, np.inf)
    solved = np.isfinite(table)
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient = table / best[:, None]
    ratios[solved] = quotient[solved]
    ratios[solved & (table <= best[:, None])] = 1.0  # zero over zero as well
    ratios[ratios <= 1.0 + room] = 1.0
    steps = np.unique(np.append(ratios[np.isfinite(ratios)], 1.0))
    shares = [np.searchsorted(np.sort(r), steps, side="right") / len(table) for r in ratios.T]
    index = pd.Index(steps, name="ratio")
    return pd.DataFrame(dict(zip(values.columns, shares, strict=True)), index=index)


def shifted_geometric_mean(values: Sequence[float] | np.ndarray, shift: float) -> float:
    """Return (prod over p of (v[p] + shift))^(1/P) - shift; NaN of nothing.

    The shift, in the unit of the values, keeps differences among the smallest from counting as
    much as those among the large.

    Parameters
    ----------
    values : (P,) sequence of float
        Non-negative.
    shift : float
        Non-negative.

    References
    ----------
    T. Achterberg, "Constraint Integer Programming", PhD thesis, TU Berlin (2007), appendix A;
    H. Mittelmann's benchmarks of optimization software use it with a shift of 10 s.
    """
    array = np.asarray(values, dtype=float)
    if not (math.isfinite(shift) and shift >= 0):
        raise DmoeError(f"shift = {shift} is not a non-negative, finite number")
    if (array < 0).any():
        raise DmoeError("a shifted geometric mean takes no negative values")
    if array.size == 0:
        return math.nan
    if (array + shift == 0).any():
        return 0.0
    mean = math.exp(math.fsum(np.log(array + shift)) / array.size) - shift
    return float(np.clip(mean, array.min(), array.max()))  # rounding leaves the range, the mean not


def primal_gap(energy_j: float, best_j: float) -> float:
    """Return |E - E*| / max(|E|, |E*|): how far from the best known, within [0, 1].

    Zero where both are zero, 1 where their signs differ and without a solution (NaN or inf).

    Parameters
    ----------
    energy_j, best_j : float
        J, both without the static energy that no decision changes.

    References
    ----------
    T. Berthold, "Measuring the impact of primal heuristics", Operations Research Letters 41
    (2013), 611-614.
    """
    if not math.isfinite(energy_j) or energy_j * best_j < 0:
        return 1.0
    if energy_j == best_j:
        return 0.0
    return abs(energy_j - best_j) / max(abs(energy_j), abs(best_j))


def primal_integral(
    times_s: Sequence[float], energies_j: Sequence[float], best_j: float, horizon_s: float
) -> float:
    """Return the integral of the primal gap over time, s.

    The gap is 1 until the first solution, and that of the best solution so far from then on:
    P(T) = sum over i of gap[i-1] (t[i] - t[i-1]), with t = 0 at the start and T at the end.

    Parameters
    ----------
    times_s : (N,) sequence of float
        When each solution was found, never falling. Later than the horizon counts for nothing.
    energies_j : (N,) sequence of float
        J, without the static energy.
    best_j : float
        The best known, J, without the static energy.
    horizon_s : float
        T.

    References
    ----------
    Berthold (2013), as for `primal_gap`.
    """
    if not (math.isfinite(horizon_s) and horizon_s > 0):
        raise DmoeError(f"horizon = {horizon_s} is not a positive, finite number of seconds")
    if any(later < earlier for earlier, later in zip([0.0, *times_s], times_s, strict=False)):
        raise DmoeError("the times of a primal integral are negative or fall")
    total, since, least, gap = 0.0, 0.0, math.inf, 1.0
    for when, energy in zip(times_s, energies_j, strict=True):
        until = min(when, horizon_s)
        total += gap * (until - since)
        since, least = until, min(least, energy)
        gap = primal_gap(least, best_j)
    return total + gap * (horizon_s - since)


@dataclass(frozen=True, eq=False)
class PairedTest(Value):
    """Whether one method's figures differ from another's on the same instances.

    Attributes
    ----------
    pairs : int
    ties : int
        Pairs that do not differ.
    lower, higher : int
        Pairs in which the first method's figure is the lower, or the higher one.
    median : float
        Of the paired differences, first less second; NaN without pairs.
    low, high : float
        Confidence interval of the median, at least `CONFIDENCE`; infinite where there are too few
        pairs for one.
    p_value : float
        Two-sided; 1 where nothing differs, NaN without pairs.
    note : str
        What to be careful about; empty otherwise.
    """

    pairs: int
    ties: int
    lower: int
    higher: int
    median: float
    low: float
    high: float
    p_value: float
    note: str


def paired_test(
    first: Sequence[float] | np.ndarray, second: Sequence[float] | np.ndarray, tie: float = 0.0
) -> PairedTest:
    """Test whether paired differences are symmetric about zero: Wilcoxon's signed-rank test.

    Pairs that do not differ are dropped before ranking, as Wilcoxon did, and counted as ties. The
    effect is the median of all differences, ties included. Its interval is exact and free of
    distributions: the order statistics d(k) and d(P + 1 - k) with the largest k that
    binomial(P, 1/2) allows.

    Parameters
    ----------
    first, second : (P,) sequences of float
        Finite; entry p of both belongs to the same instance.
    tie : float
        Differences of at most this are none.

    References
    ----------
    F. Wilcoxon, "Individual comparisons by ranking methods", Biometrics Bulletin 1 (1945), 80-83.
    """
    differences = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)
    if not np.isfinite(differences).all():
        raise DmoeError("a paired test takes finite values only")
    differences[np.abs(differences) <= tie] = 0.0
    differing = differences[differences != 0]
    pairs = len(differences)
    note = ""
    if pairs == 0:
        note = "no common instance"
    elif len(differing) == 0:
        note = "no difference"
    elif len(differing) < FEWEST_PAIRS:
        note = f"too few differing pairs (below {FEWEST_PAIRS}) for p < 0.05"
    p_value = math.nan if pairs == 0 else 1.0
    if len(differing):
        p_value = float(stats.wilcoxon(differing).pvalue)
    low, high = _median_interval(differences)
    return PairedTest(
        pairs=pairs,
        ties=pairs - len(differing),
        lower=int((differing < 0).sum()),
        higher=int((differing > 0).sum()),
        median=float(np.median(differences)) if pairs else math.nan,
        low=low,
        high=high,
        p_value=p_value,
        note=note,
    )


def _median_interval(differences: np.ndarray) -> tuple[float, float]:
    ordered = np.sort(differences)
    outside = (1 - CONFIDENCE) / 2  # P(fewer than k of P fair coins) must not exceed this
    rank = 0
    while stats.binom.cdf(rank, len(ordered), 0.5) <= outside:
        rank += 1
    if rank == 0:
        return -math.inf, math.inf
    return float(ordered[rank - 1]), float(ordered[-rank])


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust the p-values of several tests, so that all of them together err at most so often.

    The i-th smallest of m is multiplied by m + 1 - i, and never below the one before it. NaN (no
    test was possible) stays NaN and is not counted.

    References
    ----------
    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
    Statistics 6 (1979), 65-70.
    """
    adjusted = [math.nan] * len(p_values)
    tested = sorted((p, i) for i, p in enumerate(p_values) if not math.isnan(p))
    largest = 0.0
    for rank, (p_value, place) in enumerate(tested):
        largest = max(largest, min(1.0, (len(tested) - rank) * p_value))
        adjusted[place] = largest
    return adjusted
