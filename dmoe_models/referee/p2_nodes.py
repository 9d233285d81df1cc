"""The nodes of a P2 certificate's tree, as they stand in a file, read with care.

What they mean is specified in ``instances/FORMAT.md`` and decided in `dmoe_models.referee.p2_tree`.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from dmoe_models.model.instance import Instance
from dmoe_models.referee.proof_reading import RefusedError, index, list_of, price, quote


@dataclass(frozen=True)
class Prices:
    """Dual prices, J: p of a link for all tokens, p of single tokens, mu of subcarriers."""

    links: np.ndarray  # (n, 3) i, j, p
    tokens: np.ndarray  # (n, 3) t, j, p
    subcarriers: np.ndarray  # (n, 2) m, mu

    @property
    def largest(self) -> float:
        """The largest p, J."""
        return float(max(self.links[:, 2].max(initial=0.0), self.tokens[:, 2].max(initial=0.0)))

    @property
    def owed(self) -> float:
        """The sum of mu, J; at most the largest double."""
        return min(sum(self.subcarriers[:, 1].tolist()), sys.float_info.max)


@dataclass(frozen=True)
class Step:
    """A node of the tree as it stands in the file: a leaf, a reduction or a question."""

    kind: str
    content: Any
    where: str


def read_steps(instance: Instance, tree: list[Any]) -> list[Step]:
    """Read the nodes of a tree; RefusedError for what is none.

    Parameters
    ----------
    instance : Instance
    tree : list
        As it stands in the file.
    """
    nodes, tokens = instance.K, instance.T
    result = []
    for number, entry in enumerate(tree):
        where = f"tree[{number}]"
        if not isinstance(entry, dict) or len(entry) != 1:
            raise RefusedError(f"{where}: {quote(entry)} is not a node of the tree")
        ((kind, value),) = entry.items()
        content: Any
        if kind in ("prices", "reduce"):
            content = _prices(instance, value, where)
        elif kind == "owns":
            i, j = list_of(value, where, 2)
            content = (index(i, where, nodes), index(j, where, nodes))
        elif kind == "uses":
            t, j = list_of(value, where, 2)
            content = (index(t, where, tokens), index(j, where, nodes))
        elif kind == "among":
            i, j, named = list_of(value, where, 3)
            subcarriers = [index(m, where, instance.M) for m in list_of(named, where)]
            content = (index(i, where, nodes), index(j, where, nodes), subcarriers)
        else:
            raise RefusedError(f"{where}: {quote(kind)} is not a kind of node")
        result.append(Step(kind, content, where))
    return result


def _prices(instance: Instance, value: Any, where: str) -> Prices:
    sizes = {
        "links": (instance.K, instance.K),
        "tokens": (instance.T, instance.K),
        "subcarriers": (instance.M,),
    }
    if not isinstance(value, dict) or not set(value) <= set(sizes):
        raise RefusedError(f"{where}: prices are of {', '.join(sizes)}, not {quote(value)}")
    tables = []
    for name, counts in sizes.items():
        rows = []
        for entry in list_of(value.get(name, []), f"{where}: {name}"):
            *entries, amount = list_of(entry, f"{where}: {name}", len(counts) + 1)
            indices = [
                index(k, f"{where}: {name}", n) for k, n in zip(entries, counts, strict=True)
            ]
            rows.append((*indices, price(amount, f"{where}: {name}{indices}")))
        tables.append(np.array(rows, dtype=np.float64).reshape(len(rows), len(counts) + 1))
    return Prices(*tables)
