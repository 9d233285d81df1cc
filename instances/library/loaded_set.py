"""A set that was loaded: a list of instances that knows what is known about them."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from dmoe_models.model.instance import Instance
from dmoe_models.text import html_grid
from instances.library.status import best_known_table


class LoadedSet(list[Instance]):
    """The instances of a set, as a list.

    Parameters
    ----------
    name : str
        Of the set.
    instances : iterable of Instance
    """

    def __init__(self, name: str = "", instances: Iterable[Instance] = ()) -> None:
        super().__init__(instances)
        self.name = name

    @property
    def best_known(self) -> pd.DataFrame:
        """What the package's table of best known values says of them, by `best_known_table`."""
        return best_known_table(self)

    def _repr_html_(self) -> str:
        headers = ["instance", "problem", "K", "T", "M", "D"]
        lines = [[i.name, i.problem, *map(str, (i.K, i.T, i.M, i.max_experts))] for i in self]
        caption = f"Set {self.name}: {len(self):,} instances"
        return html_grid(caption, (headers, lines), (0, 1), ["what is known of them: .best_known"])
