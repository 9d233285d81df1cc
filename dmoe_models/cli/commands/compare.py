"""Compare methods: profiles, means, tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from dmoe_models.cli.options import file_path, json_option, labels_of, method_names
from dmoe_models.cli.printing import print_json
from dmoe_models.files.paths import require_folder
from dmoe_models.verification.compare import Options
from dmoe_models.verification.compare import compare as compare_rows
from dmoe_models.verification.comparison_report import (
    document,
    require_report,
    write_comparison,
)


@click.command(
    epilog="""\b
Examples:
  dmoe compare report/                              all methods of a report
  dmoe compare report/rows.csv --methods jesa,local-search,exact -o compared/
  dmoe compare before/ after/ --methods exact@before,exact@after
  dmoe compare report/ --label "jesa=JESA" --label "mine.py:f=ours" -o compared/
  dmoe compare report/ --set small --problem P2 --time-shift 0.1 --json
""",
)
@click.argument("sources", nargs=-1, required=True, type=file_path, metavar="REPORT | FILE...")
@click.option("--methods", "names", metavar="NAME,NAME,...", help="By default all with solutions.")
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="METHOD=LABEL",
    help="What tables and legends call a method. Repeatable.",
)
@click.option("--set", "set_name", help="Only the instances of this set.")
@click.option("--problem", help="Only the instances of this problem: P1 or P2.")
@click.option(
    "--time-shift",
    type=float,
    default=Options.time_shift_s,
    show_default=True,
    help="Seconds: shift of geometric means of time.",
)
@click.option(
    "--gap-shift",
    type=float,
    default=Options.gap_shift,
    show_default=True,
    help="Shift of geometric means of gaps.",
)
@click.option(
    "--target",
    type=float,
    default=Options.target_gap,
    show_default=True,
    help="Gap to the best known within which an instance is solved.",
)
@click.option("--horizon", type=float, help="Seconds: of primal integrals; default: time limits.")
@click.option(
    "-o",
    "--output",
    type=file_path,
    metavar="DIR",
    help="Write tables (.csv, .md, .tex), profiles (.csv, .png, .pdf) and comparison.json.",
)
@json_option
def compare(
    sources: Sequence[Path],
    names: str | None,
    labels: Sequence[str],
    set_name: str | None,
    problem: str | None,
    time_shift: float,
    gap_shift: float,
    target: float,
    horizon: float | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Compare methods by what `dmoe validate --report DIR` or `--json` left.

    FILE is .csv, .parquet, .json or .jsonl; of a REPORT, rows.csv is read. A method that stands in
    several of them is compared with itself as method@name, by the file's or the report's name.

    What a method did not run, failed, was stopped at or had refused by the referee counts as never
    solved; pairs are formed on instances that both methods solved.
    """
    wanted = None if names is None else method_names(names, "--methods")
    if output is not None:
        require_report()
        require_folder(output)
    options = Options(time_shift, gap_shift, target, horizon)
    comparison = compare_rows(
        sources,
        wanted,
        options,
        instance_set=set_name,
        problem=problem,
        labels=labels_of(labels),
    )
    if output is not None:
        written = write_comparison(output, comparison)
    if as_json:
        print_json(document(comparison))
    else:
        click.echo(comparison.text())
    if output is not None:
        click.echo(f"comparison: {len(written)} files in {output}", err=True)
