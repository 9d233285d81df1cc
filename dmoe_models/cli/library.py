"""`dmoe library`: the instance sets, what they are for, and the proof of what they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from dmoe_models.cli.search import search
from dmoe_models.cli.shell import file_path, json_option, print_json
from dmoe_models.errors import InstanceFileError
from instances.library import audit, record, sets, status
from instances.library import update as update_table


@click.group(
    short_help="List, describe, build, verify and search instance sets.",
    epilog="""\b
A set is named (smoke, small, ...), or given by the path of its TOML file:
  dmoe library list
  dmoe library show small
  dmoe library build mine.toml -o mine/
  dmoe library verify
  dmoe library update answers/
  dmoe library table hard
  dmoe library search jesa -p K=4 -o bad.toml
""",
)
def library() -> None:
    """Instance sets: drawn from a TOML file bit for bit, held against a manifest of hashes."""


_records_option = click.option(
    "--records",
    type=file_path,
    metavar="DIR",
    help="The table's folder, if it is not the package's own.",
)


@library.command("list", short_help="List the sets of the package.")
@json_option
def list_sets(as_json: bool) -> None:
    """List the sets of the package: instances, families, and what each is."""
    facts = []
    for name in sets.published_names():
        chosen = sets.find_set(name)
        families = {spec.family for spec in chosen.specs}
        facts.append(
            {
                "set": name,
                "instances": len(chosen.specs),
                "families": len(families),
                "bundled": chosen.bundled,
                "title": chosen.title,
            }
        )
    if as_json:
        print_json(facts)
        return
    from dmoe_models.text import text_table

    rows = [[str(value) for value in fact.values()] for fact in facts]
    click.echo(text_table(list(facts[0]), rows, left=[0, 3, 4]))


@library.command(short_help="Show a set's datasheet and draws.")
@click.argument("name", metavar="SET")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show the datasheet of SET: what it is for, how it is drawn, what it does not cover."""
    chosen = sets.find_set(name)
    draws = [
        {"family": spec.family, "seed": spec.seed} | spec.parameters | {"note": spec.note}
        for spec in chosen.specs
    ]
    if as_json:
        sheet = {field: getattr(chosen, field) for field in ("title", "purpose", "drawn")}
        sheet |= {"not_covered": chosen.not_covered, "bundled": chosen.bundled}
        print_json({"set": chosen.name} | sheet | {"draws": draws, "sha256": chosen.manifest})
        return
    click.echo(f"{chosen.name}: {chosen.title}\n")
    for label, text in (
        ("for", chosen.purpose),
        ("drawn", chosen.drawn),
        ("not covered", chosen.not_covered),
    ):
        click.echo(f"{label}: {text}")
    click.echo()
    for spec in chosen.specs:
        words = "".join(f" {key}={value}" for key, value in spec.parameters.items())
        note = f"  ({spec.note})" if spec.note else ""
        click.echo(f"{spec.family} seed={spec.seed}{words}{note}")


@library.command(short_help="Draw a set into a folder.")
@click.argument("name", metavar="SET")
@click.option("-o", "--output", type=file_path, required=True, help="The folder.")
@click.option(
    "--format", "suffix", type=click.Choice(["json", "nc"]), default="json", show_default=True
)
@json_option
def build(name: str, output: Path, suffix: str, as_json: bool) -> None:
    """Draw SET into a folder, with a manifest of hashes beside it.

    A draw that is not what the set's own manifest says is an error.
    """
    written = sets.write_set(sets.find_set(name), output, f".{suffix}")
    if as_json:
        print_json([str(path) for path in written])
    else:
        click.echo(f"{len(written)} instances in {output}, hashes in {output}.sha256")


@library.command(short_help="Draw sets again and hold them against their manifests.")
@click.argument("names", metavar="[SET]...", nargs=-1)
@click.option("--values", is_flag=True, help="Check the best known values as well.")
@_records_option
@json_option
def verify(names: Sequence[str], values: bool, records: Path | None, as_json: bool) -> int:
    """Draw each SET again (all of the package's by default) and hold it against its manifest.

    Bundled files are compared as well. With --values the referee checks every witness and every
    certificate of the best known values. Exit status 0: all is as it should be; 1: something is
    not.
    """
    chosen = list(names) or sets.published_names()
    faults = {name: list(sets.verify(name)) for name in chosen}
    if values:
        folder = record.FOLDER if records is None else records
        for name, lines in faults.items():
            if not lines:
                lines += audit.audit([sets.find_set(name)], folder)
    if as_json:
        print_json(faults)
    else:
        for name, lines in faults.items():
            number = len(sets.find_set(name).specs)
            faulty = f"{len(lines) or 'no'} fault{'s' * (len(lines) != 1)}"
            click.echo(f"{name}: {number} instance{'s' * (number != 1)}, {faulty}")
            for line in lines:
                click.echo(f"  {line}")
    return 1 if any(faults.values()) else 0


@library.command(
    short_help="Offer solutions and bounds to the table of best known values.",
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
    "--set", "names", multiple=True, metavar="SET",
    help="Whose instances these are: a name or a TOML file; all of the package's by default.",
)  # fmt: skip
@_records_option
@click.option("--author", default="", help="Of answers that name none.")
@click.option("--dry-run", is_flag=True, help="Say what would happen and change nothing.")
@json_option
def update(
    results: Sequence[Path],
    names: Sequence[str],
    records: Path | None,
    author: str,
    dry_run: bool,
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
        raise InstanceFileError(f"{missing[0]}: no such file or folder")
    folder = record.FOLDER if records is None else records
    chosen = [sets.find_set(name) for name in names or sets.published_names()]
    verdicts = []
    for verdict in update_table.update(results, chosen, folder, author=author, keep=not dry_run):
        verdicts.append(verdict)
        if not as_json:
            where = f"{verdict.instance}: " if verdict.instance else ""
            click.echo(f"{verdict.decision}: {verdict.file.name}: {where}{verdict.reason}")
    if as_json:
        print_json([{**vars(verdict), "file": str(verdict.file)} for verdict in verdicts])
    else:
        counts = Counter(verdict.decision for verdict in verdicts)
        words = ", ".join(f"{counts[word]} {word}" for word in update_table.DECISIONS)
        click.echo(f"{words}{' (dry run: nothing is written)' if dry_run else ''}")
    if not verdicts:
        raise InstanceFileError(f"{results[0]}: holds no answers and no solutions")
    return 1 if any(verdict.decision == update_table.REFUSED for verdict in verdicts) else 0


@library.command(
    short_help="Show the best known values.",
    epilog="""\b
Examples:
  dmoe library table
  dmoe library table hard open
  dmoe library table --format markdown -o status.md
  dmoe library table small --format csv
""",
)
@click.argument("names", nargs=-1, metavar="[SET]...")
@_records_option
@click.option(
    "--format", "form", type=click.Choice(["text", "markdown", "csv", "json"]), default="text",
    show_default=True,
)  # fmt: skip
@click.option("-o", "--output", type=file_path, help="Write to a file instead.")
def table(names: Sequence[str], records: Path | None, form: str, output: Path | None) -> None:
    """Show what is known about the instances of each SET (all of the package's by default).

    Best energy and bound, the gap that is left, how the bound is proved, how hard the instance is
    for the whole MILP on HiGHS, and who found what when.
    """
    folder = record.FOLDER if records is None else records
    chosen = [sets.find_set(name) for name in names or sets.published_names()]
    if records is not None and not records.is_dir():
        raise InstanceFileError(f"{records}: there is no such folder of records")
    text = status.rendered(status.status_table(chosen, folder), form)
    if output is None:
        click.echo(text, nl=False)
        return
    from dmoe_models.files.paths import faults_name, replacement

    with faults_name(output), replacement(output) as temporary:
        temporary.write_text(text, encoding="utf-8")
    click.echo(f"{output}: best known values", err=True)


library.add_command(search)
