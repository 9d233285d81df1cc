"""`exact`, `local-search` and JESA against their peers, on the same instances in the same run.

``python tests/benchmarks/bench_exact.py [--quick]`` prints the table that `rows` returns. The peers
are the aggregated, disaggregated and set models in HiGHS, SCIP and CP-SAT, at a zero gap. Each gets
twice the time that decides about its target, 5 to `LIMIT_S` seconds. Where it is stopped there, the
row says "at least", and on how many instances. Every row says whether the peer's objective is
exact's. Instances are of the families' defaults unless the case says otherwise; at those,
thresholds cap most tokens where K is large, which leaves them one set, so harder thresholds
(gamma) stand beside them.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

from dmoe_models import Instance, Status, solve
from dmoe_models.algorithms.lower_bound import select_at_best_prices
from dmoe_models.channels.recorded import read_channel
from dmoe_models.environment import available_cores
from dmoe_models.scores.recorded import read_gates
from instances.families import draw
from instances.recorded.join import join

import peers
from bench_des import DOMAINS, row

LIMIT_S = 60.0
QUICK_LIMIT_S = 3.0
SEEDS = 5
TIGHT_SEEDS = {8: 10, 12: 5, 16: 5}  # 20 in all; HiGHS may take ten times its limit at K = 12
REPEATS = 5
SET_PEERS = ("set on HiGHS", "set on SCIP", "set on CP-SAT")
HIGHS_PEERS = ("aggregated on HiGHS", "disaggregated on HiGHS", "set on HiGHS")
AGGREGATED_PEERS = ("aggregated on HiGHS", "aggregated on SCIP")


def seconds(instance: Instance, method: str, **options) -> tuple[float, Status]:
    """Time of one run, the method's own; the instance's derived arrays are there already."""
    result = solve(instance, method, **options)
    return result.runtime, result.status


def against(
    case: str,
    instances: list[Instance],
    names: Iterable[str],
    targets: dict[str, float],
    most: float = LIMIT_S,
    own_target_s: float | None = None,
) -> Iterator[dict]:
    """Median time of `exact` and its ratio to each peer, over some instances."""
    own = [solve(instance, "exact", time_limit=LIMIT_S) for instance in instances]
    times = [result.runtime for result in own]
    optima = [result.objective for result in own]
    done = sum(map(peers.proved, own))
    yield row(
        f"{case}: exact, {done} of {len(own)} proved",
        np.median(times), "s", own_target_s, False, (min(times), max(times)),
    )  # fmt: skip
    least, stopped_at_all = np.inf, False
    measured = 0
    for name in peers.available(names):
        target = targets.get(name)
        limits = [peers.limit_s(time, target, most) for time in times]
        runs = [peers.run(name, *of_one) for of_one in zip(instances, limits, strict=True)]
        if refusals := [run.refused for run in runs if run.refused]:
            yield row(f"{case}: {name}, refused: {refusals[0]}", len(refusals), "instances")
            continue
        ratios = [run.seconds / time for run, time in zip(runs, times, strict=True)]
        stopped = sum(not run.done for run in runs)
        limit = f", at least: stopped on {stopped} of {len(runs)}" if stopped else ""
        measured += 1
        least, stopped_at_all = min(least, *ratios), stopped_at_all or stopped > 0
        line = row(
            f"{case}: {name} / exact{limit}, {peers.difference(runs, optima)}",
            np.median(ratios), "x", target, spread=(min(ratios), max(ratios)),
        )  # fmt: skip
        if stopped and not line["met"]:
            line["met"] = None  # stopped before it could decide
        yield line | {
            "build_s": float(np.median([run.build_s for run in runs])),
            "solve_s": float(np.median([run.solve_s for run in runs])),
            "limit_s": float(np.median(limits)),
            "stopped": stopped,
        }
    if measured > 1:
        words = ", stopped ones counted up to there" if stopped_at_all else ""
        yield row(f"{case}: least ratio to any peer{words}", least, "x", 1.0)


def cheap_computation(instance: Instance) -> Instance:
    """Computation energies ten times lower."""
    return instance.replace(computation_energy_j=instance.computation_energy_j / 10)


def large(nodes: int, subcarriers: int, tokens: int, gamma: float) -> None:
    """Solve one large instance in a process of its own; print time, peak memory and status."""
    instance = draw("rayleigh", 1, K=nodes, M=subcarriers, T=tokens, gamma=gamma)
    result = solve(instance, "exact")
    print(result.runtime, peak_gib(), result.gap <= 1e-9)


def peak_gib() -> float:
    """Peak memory of this process. Linux's getrusage counts that of the parent before exec too."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM:"))
        return int(line.split()[1]) / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def large_rows(nodes: int, subcarriers: int, tokens: int, gamma: float, targets) -> list[dict]:
    """Rows of `large`, run apart."""
    arguments = [str(x) for x in (nodes, subcarriers, tokens, gamma)]
    words = subprocess.run(
        [sys.executable, __file__, "--large", *arguments], capture_output=True, text=True
    ).stdout.split()
    case = f"rayleigh K={nodes} M={subcarriers} T={tokens} gamma={gamma}"
    if len(words) != 3:
        return [row(f"{case}: failed", np.nan, "s")]
    closed = "gap <= 1e-9" if words[2] == "True" else "gap open"
    return [
        row(f"{case}: exact, {closed}", float(words[0]), "s", targets[0], at_least=False),
        row(f"{case}: peak memory of the process", float(words[1]), "GiB", targets[1], False),
    ]


def search_rows(number: int) -> list[dict]:
    """Distance of local search to the proved optimum on contended instances, and its time."""
    excess, ratio = [], []
    for seed in range(number):
        nodes = 3 + seed % 4
        instance = draw("contended", seed, K=nodes, T=8 * nodes, M=2 * nodes * (nodes - 1))
        optimum = solve(instance, "exact", time_limit=LIMIT_S)
        assert optimum.status is Status.OPTIMAL
        jesa, search = solve(instance, "jesa"), solve(instance, "local-search")
        excess.append(search.objective / optimum.objective - 1)
        ratio.append(search.runtime / jesa.runtime)
    return [
        row(f"local-search on {number} contended, K 3 to 6: mean excess",
            100 * np.mean(excess), "%", 0.1, False, (0.0, 100 * max(excess))),
        row("local-search / jesa, time", np.median(ratio), "x", 20.0, False,
            (min(ratio), max(ratio))),
    ]  # fmt: skip


def recorded_rows(data: Path, layers: range, sizes: tuple[int, ...]) -> list[dict]:
    """`exact` on recorded gate scores and channels."""
    channel = read_channel(data / "csi_nexmon_indoor" / "csi.npz")
    result = []
    for tokens in sizes:
        times, proved = [], 0
        for domain in DOMAINS:
            for layer in layers:
                gates = read_gates(data / "gates_deepseek_v2_lite" / f"{domain}.npz", layer=layer)
                instance = join(gates, channel, name="recorded", nodes=8, tokens=tokens, seed=layer)
                own, status = seconds(instance, "exact", time_limit=LIMIT_S)
                times.append(own)
                proved += status is Status.OPTIMAL
        case = f"recorded T={tokens}: exact, {proved} of {len(times)} proved"
        result.append(row(case, np.median(times), "s", 0.5, False, (min(times), max(times))))
    return result


def jesa_rows(runs: int) -> Iterator[dict]:
    """JESA's whole run against one assignment of its matrix and one pass of DES; many starts."""
    for gamma in (0.49, 0.3):
        ratios, speedups = [], []
        for seed in range(runs):
            drawn = draw("rayleigh", seed, K=16, M=512, T=10_000, gamma=gamma)
            for _ in range(REPEATS):
                instance = drawn.replace()  # with none of JESA's lists
                links = instance.links
                cost = instance.transmission_energy_j[links[:, 0], links[:, 1]]
                start = time.perf_counter()
                linear_sum_assignment(cost)
                select_at_best_prices(instance)
                peer = time.perf_counter() - start
                ratios.append(solve(instance, "jesa", seed=seed).runtime / peer)
            one, all_cores = (
                solve(drawn, "jesa", seed=seed, starts=8, threads=threads).runtime
                for threads in (1, None)
            )
            speedups.append(one / all_cores)
        case = f"jesa K=16 M=512 T=10000 gamma={gamma}"
        yield row(f"{case} / (assignment + DES pass)", np.median(ratios), "x", 4.0, False,
                  (min(ratios), max(ratios)))  # fmt: skip
        yield row(f"{case}, 8 starts: 1 thread / {available_cores()}", np.median(speedups), "x",
                  None, spread=(min(speedups), max(speedups)))  # fmt: skip


def rows(quick: bool = False) -> Iterator[dict]:
    """Measure everything, row by row; `quick` with one seed and the smaller sizes."""
    seeds = range(1, 2 if quick else SEEDS + 1)
    solve(draw("contended", 1, K=3, T=6, gamma=0.3), "exact")  # what is compiled is compiled
    solve(draw("contended", 1, K=3, T=6, gamma=0.3), "local-search")
    yield from search_rows(12 if quick else 500)
    yield from jesa_rows(len(seeds))
    most = QUICK_LIMIT_S if quick else LIMIT_S
    yield from against(
        "contended K=8 M=64 T=64",
        [draw("contended", s, K=8, M=64, T=64) for s in seeds],
        (*AGGREGATED_PEERS, *SET_PEERS),
        {"aggregated on HiGHS": 200.0},
        most,
    )
    for nodes in (8,) if quick else (8, 12, 16):
        yield from against(
            f"tight K={nodes} T={8 * nodes}, computation / 10",
            [
                cheap_computation(draw("tight", s, K=nodes, T=8 * nodes))
                for s in (seeds if quick else range(1, TIGHT_SEEDS[nodes] + 1))
            ],
            peers.PEERS if quick else HIGHS_PEERS,
            {
                "aggregated on HiGHS": 10.0,
                "disaggregated on HiGHS": 10.0,
                "set on HiGHS": 2.0,
            },
            most,
        )
    if data := os.environ.get("DMOE_DATA"):
        layers = range(0, 26, 13) if quick else range(2, 22, 2)
        yield from recorded_rows(Path(data), layers, (512,) if quick else (512, 4096))
    if quick:
        return
    for gamma, names, targets in (
        (0.49, ("aggregated on HiGHS", *SET_PEERS),
         {"aggregated on HiGHS": 500.0, "set on HiGHS": 20.0}),
        (0.3, SET_PEERS, {}),
    ):  # fmt: skip
        yield from against(
            f"rayleigh K=16 M=512 T=1024 gamma={gamma}",
            [draw("rayleigh", s, K=16, M=512, T=1024, gamma=gamma) for s in seeds],
            names,
            targets,
        )
    for nodes, subcarriers, tokens, gamma, own_target_s in (
        (12, 160, 192, 0.49, 1.0),
        (16, 512, 1024, 0.49, 60.0),
        (12, 160, 192, 0.3, None),
        (8, 64, 64, 0.2, None),
    ):
        yield from against(
            f"contended K={nodes} M={subcarriers} T={tokens} gamma={gamma}",
            [draw("contended", s, K=nodes, M=subcarriers, T=tokens, gamma=gamma) for s in seeds],
            (),
            {},
            own_target_s=own_target_s,
        )
    yield from against(
        "contended K=8 M=64 T=64 gamma=0.3",
        [draw("contended", s, K=8, M=64, T=64, gamma=0.3) for s in seeds],
        SET_PEERS,
        {},
    )
    yield from large_rows(32, 4096, 100_000, 0.49, (10.0, 2.0))
    yield from large_rows(32, 4096, 100_000, 0.2, (10.0, 2.0))
    yield from large_rows(64, 8192, 100_000, 0.2, (None, None))


def main() -> None:
    if sys.argv[1:2] == ["--large"]:
        nodes, subcarriers, tokens = map(int, sys.argv[2:5])
        large(nodes, subcarriers, tokens, float(sys.argv[5]))
        return
    for line in rows(quick="--quick" in sys.argv[1:]):
        print(line)


if __name__ == "__main__":
    main()
