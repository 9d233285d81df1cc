"""Offer solutions and bounds to the table of best known values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from dmoe_models.cli.commands.library._options import records_option
from dmoe_models.cli.options import allow_code_option, file_path, json_option
from dmoe_models.cli.printing import print_json
from dmoe_models.errors import FileError
from instances.library import record, sets
from instances.library.update import DECISIONS, REFUSED, update_records


@click.command(
    epilog="""\b
Examples:
  dmoe validate small --methods exact --answers answers/ && dmoe library update answers/
  dmoe library update answer.json --author "A. Nonymous" --dry-run
  dmoe library update answers/ --set mine.toml --records mine-best/

\b
Exit status: 0 nothing is refused; 1 something is; 2 misuse.
""",
)
@click.argument("results", nargs=-1, required=True, type=file_path, metavar="RESULTS...")
@click.option(
    "--set",
    "names",
    multiple=True,
    metavar="SET",
    help="Whose instances these are: a name or a TOML file; all of the package's by default.",
)
@records_option
@click.option("--author", default="", help="Of answers that name none.")
@click.option("--dry-run", is_flag=True, help="Say what would happen and change nothing.")
@allow_code_option
@json_option
def update(
    results: Sequence[Path],
    names: Sequence[str],
    records: Path | None,
    author: str,
    dry_run: bool,
    allow_code: bool,
    as_json: bool,
) -> int:
    """Offer RESULTS, anybody's, to the table of best known values.

    RESULTS are answers (as `dmoe solve --answers` and `dmoe validate --answers` write), solution
    files, or folders of these. The referee checks every solution and every certificate. What
    improves is accepted; a witness that fails, a wrong objective, a certificate that does not hold
    and a bound above a known solution are refused, each with its reason. A bound without a
    certificate counts if a method of this package gave it, and the table says so.
    """
    missing = [path for path in results if not path.exists()]
    if missing:
        raise FileError(f"{missing[0]}: no such file or folder")
    folder = record.FOLDER if records is None else records
    chosen = [
        sets.find_set(name, allow_code=allow_code) for name in names or sets.published_names()
    ]
    # All of them first: what is printed below may be cut short by its reader, the table may not.
    verdicts = list(update_records(results, chosen, folder, author=author, keep=not dry_run))
    if not verdicts:
        raise FileError(f"{results[0]}: holds no answers and no solutions")
    if as_json:
        print_json([{**vars(verdict), "file": str(verdict.file)} for verdict in verdicts])
    else:
        for verdict in verdicts:
            where = f"{verdict.instance}: " if verdict.instance else ""
            click.echo(f"{verdict.decision}: {verdict.file.name}: {where}{verdict.reason}")
        counts = Counter(verdict.decision for verdict in verdicts)
        words = ", ".join(f"{counts[word]} {word}" for word in DECISIONS)
        click.echo(f"{words}{' (dry run: nothing is written)' if dry_run else ''}")
    return 1 if any(verdict.decision == REFUSED for verdict in verdicts) else 0
