"""All benchmarks: one table on the screen, and one JSON file that names machine, versions, commit.

Growth is drawn as well, as growth.png and growth.pdf next to the JSON file.

``python tests/benchmarks/run.py [--quick] [--only NAME ...] [--out FILE]``
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from dmoe_models.environment import run_environment

MODULES = ("des", "exact", "models", "growth", "integrality", "studies")


def environment() -> dict:
    """Return what was measured on what, and when."""
    when = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "load_at_start": os.getloadavg()[0],
    }
    return when | run_environment()


def table(rows: list[dict]) -> Table:
    """Return the rows as an aligned table."""
    shown = Table(box=None, header_style="bold")
    for column in ("case", "figure", "low", "high", "unit", "target", "met"):
        shown.add_column(column, justify="left" if column == "case" else "right", no_wrap=True)
    for row in rows:
        numbers = [row.get(key) for key in ("figure", "low", "high")]
        met = {None: "", True: "yes", False: "NO"}[row["met"]]
        target = "" if row["target"] is None else f"{row['target']:g}"
        shown.add_row(
            row["case"],
            *("" if number is None else f"{number:.3g}" for number in numbers),
            row["unit"],
            target,
            met,
        )
    return shown


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, few seeds")
    parser.add_argument("--only", nargs="+", choices=MODULES, default=list(MODULES))
    parser.add_argument("--out", type=Path, default=Path("build/bench.json"))
    choices = parser.parse_args(arguments)
    start = time.perf_counter()
    report: dict = {"environment": environment(), "rows": []}
    console, written = Console(width=200), [choices.out]
    for name in choices.only:
        module = importlib.import_module(f"bench_{name}")
        first = len(report["rows"])
        for row in module.rows(quick=choices.quick):
            console.print(f"{row['case']}: {row['figure']:.3g} {row['unit']}")
            report["rows"].append(row)
            choices.out.parent.mkdir(parents=True, exist_ok=True)
            partial = choices.out.with_suffix(".partial")
            partial.write_text(json.dumps(report, indent=1))
            partial.replace(choices.out)  # after every row: a run that is stopped loses nothing
        if name == "growth":
            written += module.save_figure(report["rows"][first:], choices.out.parent)
    console.print(table(report["rows"]))
    minutes = (time.perf_counter() - start) / 60
    console.print(f"{minutes:.0f} min; written: {', '.join(map(str, written))}")


if __name__ == "__main__":
    main()
