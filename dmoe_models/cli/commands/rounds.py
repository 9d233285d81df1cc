"""Run methods through the layers of a model."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from dmoe_models.cli.options import (
    added_methods_option,
    data_option,
    file_path,
    json_option,
    method_names,
    method_options_option,
    method_variants,
    named_values,
    recorded_data,
)
from dmoe_models.cli.printing import print_json
from dmoe_models.files.paths import require_folder
from dmoe_models.layers import draws
from dmoe_models.layers import report as rounds_report
from dmoe_models.layers.rounds import Rounds, run_rounds
from dmoe_models.model.importance import DEFAULT_GAMMA0
from dmoe_models.model.instance import Instance
from dmoe_models.presentation.progress import progress
from dmoe_models.solving.catalogue import find_method, method_for
from dmoe_models.solving.method import REFERENCE, Variant
from dmoe_models.solving.sandbox import Failure, contained

_MOST_LAYERS = 10_000  # more is a slip of the keyboard
_LARGEST_SEED = 2**47 - 1  # every layer has a seed of its own, which takes 16 bits more

_HAVE_FLAGS = {
    "family": "FAMILY",
    "seed": "--seed",
    "layers": "--layers",
    "channel": "--channel",
    "importance": "--importance",
    "domain": "--domain",
    "data_dir": "--data",
}
"""What -p does not give, and what does."""


@click.command(
    epilog="""\b
Examples:
  dmoe rounds cell -p K=4 -p T=32 --layers 8 --gamma0 0.8
  dmoe rounds tdl -p K=4 --channel aging --importance 0.9,0.6,0.4,0.2 --per-layer
  dmoe rounds uneven --methods jesa,top-k --option jesa.starts=4 -o rounds/
  dmoe rounds cell --methods jesa,top-k --method "JESA, 9=jesa" --option "JESA, 9.starts=9"
  dmoe rounds rayleigh --methods exact,homogeneous --method mine.py:my_method --reference exact
  dmoe rounds recorded --domain law --data DIR --methods jesa,exact,top-k -o law/
""",
)
@click.argument("family", metavar="FAMILY | recorded")
@click.option(
    "-p",
    "--parameter",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="Of the family, such as K=6; of recorded layers, such as nodes=4. Repeatable.",
)
@click.option(
    "--layers",
    type=click.IntRange(1, _MOST_LAYERS),
    metavar="L",
    help=f"How many. [default: {draws.LAYERS}, or those of --importance; all 26 recorded ones]",
)
@click.option(
    "--gamma0",
    type=float,
    help=f"Importance gamma(l) = gamma0^l.  [default: {DEFAULT_GAMMA0}]",
)
@click.option("--importance", metavar="GAMMA,GAMMA,...", help="Importance of each layer instead.")
@click.option(
    "--channel",
    metavar="HOW",
    default="redrawn",
    show_default=True,
    help="Between layers: redrawn, fixed, or aging (families with rounds).",
)
@click.option("--domain", help="Of recorded layers: intent, law, summary or translation.")
@data_option
@click.option(
    "--seed",
    type=click.IntRange(0, _LARGEST_SEED),
    default=0,
    show_default=True,
    help="Of the draws and of the random numbers that methods draw.",
)
@click.option(
    "--methods",
    "names",
    metavar="NAME,NAME,...",
    default="jesa,exact,top-k,homogeneous",
    show_default=True,
    help="See `dmoe methods`.",
)
@added_methods_option
@method_options_option
@click.option(
    "--reference",
    metavar="NAME",
    help="What savings are measured against.  [default: top-k, if run]",
)
@click.option("--time-limit", type=float, help="Seconds per layer and method.")
@click.option("--per-layer", is_flag=True, help="Print a line for every layer and method, too.")
@click.option(
    "-o",
    "--output",
    type=file_path,
    metavar="DIR",
    help="Write totals, layers, tokens, loads and sizes (.csv, .parquet) and rounds (.json, .png, "
    ".pdf).",
)
@json_option
def rounds(
    family: str,
    parameters: Sequence[str],
    layers: int | None,
    gamma0: float | None,
    importance: str | None,
    channel: str,
    domain: str | None,
    data: Path | None,
    seed: int,
    names: str,
    added: Sequence[str],
    options: Sequence[str],
    reference: str | None,
    time_limit: float | None,
    per_layer: bool,
    output: Path | None,
    as_json: bool,
) -> None:
    """Run methods through the layers of a model drawn from FAMILY, or of the recorded one.

    All methods see the same gate scores and channels. A layer's threshold is z gamma(l), so that
    later layers need less; what the methods spend is counted by layer, token and expert.

    The recorded model has 26 layers and is read from a directory of recordings.
    """
    if gamma0 is not None and importance is not None:
        raise click.UsageError("give --gamma0 or --importance, not both")
    if output is not None:
        rounds_report.require_report()
        output = output.absolute()  # wherever a plug-in may go
        require_folder(output)
    chosen = method_variants([*method_names(names, "--methods"), *added], options)
    label = _label_of(reference, chosen)
    given = named_values(parameters, "-p")
    for name in given:
        if name in _HAVE_FLAGS:
            raise click.UsageError(f"{name} is given by {_HAVE_FLAGS[name]}, not by -p")
    profile: float | list[float] = DEFAULT_GAMMA0 if gamma0 is None else gamma0
    if importance is not None:
        profile = _numbers(importance)
        layers = len(profile) if layers is None else layers
    wanted = {"seed": seed, "importance": profile, "channel": channel, **given}
    number, drawn = _layers(family, layers, domain, data, wanted)
    found = _run(drawn, number, chosen, seed, time_limit)

    configuration = {
        "family": family,
        "domain": domain,
        "parameters": given,
        "layers": number,
        "importance": profile,
        "channel": channel,
        "seed": seed,
        "time_limit_s": time_limit,
        "methods": {one.label: {"method": one.method, **one.options} for one in chosen},
    }
    written: list[Path] = []
    if output is not None:
        written = rounds_report.write_rounds(output, found, label, configuration)
    if as_json:
        print_json(rounds_report.document(found, label, configuration))
    else:
        if per_layer:
            table = rounds_report.graded_layers(found, label)
            click.echo(rounds_report.layers_text(table, label) + "\n")
        table = rounds_report.graded_totals(found, label)
        click.echo(rounds_report.totals_text(table, label))
    if written:
        click.echo(f"rounds: {len(written)} files in {output}", err=True)


def _label_of(reference: str | None, chosen: Sequence[Variant]) -> str | None:
    """Return the label of the method of that name, or of top-k where that is run."""
    wanted = method_for(REFERENCE, "P2").name if reference is None else reference
    for variant in chosen:
        if wanted in (variant.label, variant.method):
            return variant.label
    if reference is None:
        return None
    labels = ", ".join(variant.label for variant in chosen)
    raise click.UsageError(f"--reference {reference} is not among the methods: {labels}")


def _numbers(text: str) -> list[float]:
    try:
        return [float(word) for word in text.split(",")]
    except ValueError:
        raise click.UsageError(f"--importance {text!r} is not GAMMA,GAMMA,...") from None


def _layers(
    family: str, layers: int | None, domain: str | None, data: Path | None, wanted: dict[str, Any]
) -> tuple[int, Iterator[Instance]]:
    """Return how many layers there are, and the layers."""
    if family != draws.RECORDED:
        for flag, value in (("--domain", domain), ("--data", data)):
            if value is not None:
                raise click.UsageError(f"{flag} is for recorded layers; {family} is drawn")
        number, folder = draws.LAYERS if layers is None else layers, None
    else:
        if domain is None:
            names = ", ".join(draws.DOMAINS)
            raise click.UsageError(f"recorded layers: --domain is one of {names}")
        folder = recorded_data(data)
        if folder is None:
            raise click.UsageError(
                "recorded layers: name the directory of data with --data or DMOE_DATA"
            )
        number = draws.RECORDED_LAYERS if layers is None else layers
    return number, draws.draw_layers(
        family, layers=number, domain=domain, data_dir=folder, **wanted
    )


def _run(
    layers: Iterator[Instance],
    number: int,
    chosen: Sequence[Variant],
    seed: int,
    time_limit: float | None,
) -> Rounds:
    """Run all methods, and show on standard error how far they are."""
    sources = [file for variant in chosen for file in find_method(variant.method).source_files]
    done = 0
    with progress(sys.stderr) as display:

        def watch(line: Mapping[str, Any]) -> None:
            nonlocal done
            done += 1
            total = number * len(chosen)
            text = f"{done}/{total} {line['method']} on layer {line['layer']}: {line['status']}"
            display.show(text, done, total)

        found = contained(
            lambda: run_rounds(layers, chosen, seed=seed, time_limit=time_limit, watch=watch),
            sources=sources,
        )
    if isinstance(found, Failure):
        found.raise_for(
            f"method {chosen[done % len(chosen)].label}, layer {done // len(chosen) + 1}"
        )
    return found
